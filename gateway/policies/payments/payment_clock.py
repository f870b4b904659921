"""回款 (R3): from acceptance the clock runs; who pays late is warned, published, and not paid by the fund.

The papers say until when an institution pays for what it has accepted (days from acceptance, end of the
next month, the contract's own days), when it is warned, whether late payment is published, and when the
fund's payments to it are held and resumed. What a paper does not say follows for nobody there.

Everything is computed from the set of facts that are known as of the last day that has ended, so the
order of arrival does not matter, with one exception. The state of an institution stays bounded: a
receipt that is paid exactly is forgotten KEPT_DAYS after the last day of anything about it (its last day
for paying included), and a later correction of a forgotten message counts with the opposite sign, so that
sums stay right.

The exception is what has been published (公布) of a period that ended more than KEPT_DAYS before the last
day that has ended: it is final, because the receipts that were overdue then are not all kept any more. A
fact, a correction or a closing that comes so late neither makes nor changes nor ends that publication.

The state of an institution: `day` and `day_id`, the last day that has ended and its message; `next`, the
first day at whose end anything may change by itself ("": none), so that a quiet day costs nothing;
`receipts`, in a fixed number of long texts (`payment_clock_parts`, `payment_clock_packed`), with the
tables `names` and `regions` of what these texts abbreviate; `contracts`, by product; and what is open
(`payment_clock_revision`): `warned` and `exceeded` by receipt, `held`, `hold`, `published`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gateway.policies.payments.payment_clock_days import days_after
from gateway.policies.payments.payment_clock_facts import (
    OF_RECEIPTS,
    day_of,
    facts_of,
    take,
    take_back,
)
from gateway.policies.payments.payment_clock_kept import NAMES_KEPT
from gateway.policies.payments.payment_clock_plain import taken_plainly
from gateway.policies.payments.payment_clock_receipts import Fact
from gateway.policies.payments.payment_clock_revision import NAME, Revision
from gateway.policies.payments.payment_clock_standing import KEPT_DAYS
from gateway.policies.policy import Judgement, Scope, State, correction_cause
from gateway.policies.regions import province_of
from gateway.policies.rulebook import Rulebook
from schemas.envelope import Message
from schemas.events import CALENDAR_DAY_ENDED, CONTRACT_SIGNED, VOLUME_PERIOD_CLOSED

CONTRACTS_KEPT_DAYS: Final = 400
"""So long after its term a contract is kept: a late receipt still finds its payment days."""
_OF_REGION: Final = frozenset({CALENDAR_DAY_ENDED, VOLUME_PERIOD_CLOSED})


class PaymentClock:
    """回款: acceptances, returns, payments, contracts and the days' ends in; warnings and holds out."""

    name: Final = NAME
    consumes: Final = frozenset({*OF_RECEIPTS, CONTRACT_SIGNED, *_OF_REGION})

    def keys(self, message: Message, content: State) -> Scope:
        """Return the institution's state, or those of all institutions of a province."""
        province = province_of(content["region"])
        if message.type in _OF_REGION:
            return Scope.whole(province)
        return Scope(f"{province}/{content['institution']}", region=province)

    def begin(self, record: State | None) -> State:
        """Return a state that knows which days and periods ended before it began."""
        known = record or _NO_RECORD
        return {
            "day": known["day"],
            "day_id": known["day_id"],
            "next": _final_on(known["closed"]),
            "contracts": {},
            "receipts": {},
            "names": {},
            "regions": {},
            "warned": {},
            "exceeded": {},
            "held": {},
            "hold": None,
            "published": dict(known["closed"]),
        }

    def remember(self, record: State | None, message: Message, content: State) -> State:
        """Return the province's record with the last day that ended and the periods lately closed."""
        known = record or _NO_RECORD
        if message.type == CALENDAR_DAY_ENDED:
            if content["day"] <= known["day"]:
                return dict(known)
            closed = _lately(known["closed"], content["day"])
            return {"day": content["day"], "day_id": message.id, "closed": closed}
        place, ended = _closing(message, content)
        closed = {**known["closed"], place: max(ended, known["closed"].get(place, ended))}
        return {**known, "closed": _lately(closed, known["day"])}

    def forget(self, record: State | None, gone: Message, content: State) -> State:  # noqa: ARG002
        """Return the province's record without a closed period; a day that has ended stays so."""
        known = record or _NO_RECORD
        closed = {place: each for place, each in known["closed"].items() if each[1] != gone.id}
        return {**known, "closed": closed}

    def judge(
        self, key: str, state: State, message: Message, content: State, rules: Rulebook
    ) -> Judgement:
        """Take one fact, one day's end or one closed period."""
        if message.type == CALENDAR_DAY_ENDED:
            return _day_ended(key, state, message, content["day"], rules)
        facts: list[Fact] = []
        if message.type in OF_RECEIPTS:
            facts = facts_of(key, state, message, content, rules)
            plain = taken_plainly(state, facts)
            if plain is not None:
                return Judgement(plain)
        on = day_of(message, content)
        revision = Revision(key, state, rules, cause=message.id, by=message.id, on=on)
        _taken(revision, message, content, facts)
        return revision.judgement() if revision.changed else Judgement()

    def correct(
        self,
        key: str,
        state: State,
        gone: Message,
        content: State,
        by: Message,
        instead: State | None,
        rules: Rulebook,
    ) -> Judgement | None:
        """Take back a fact, a contract or a closed period, or put another in its place.

        What it puts right is told again: an excess and a publication replace the earlier word; a warning,
        which names no other, ends and is given anew. A hold lasts while anything holds the fund's payments,
        so that it goes on, with the sums of its first day.
        """
        if gone.type == CALENDAR_DAY_ENDED:  # it stays so
            return None
        on = day_of(gone, content) if instead is None else day_of(by, instead)
        cause, corrects = correction_cause(by.id, instead), instead is not None
        revision = Revision(key, state, rules, cause=cause, by=by.id, on=on, corrects=corrects)
        _taken_back(revision, gone, content)
        if not revision.changed:
            return None
        if instead is not None:
            facts = (
                facts_of(key, revision.state, by, instead, rules) if by.type in OF_RECEIPTS else []
            )
            _taken(revision, by, instead, facts)
        return revision.judgement()


def _taken(revision: Revision, message: Message, content: State, facts: list[Fact]) -> None:
    """Take in a contract, a closed period or the facts of another message, unless they are known."""
    if message.type == CONTRACT_SIGNED:
        _agreed(revision, content["unified_code"], add=_contract(message, content))
    elif message.type == VOLUME_PERIOD_CLOSED:
        _period_closed(revision, message, content)
    else:
        take(revision, facts)


def _taken_back(revision: Revision, gone: Message, content: State) -> None:
    """Take back a fact, a contract or a closed period, if it is known."""
    if gone.type in OF_RECEIPTS:
        facts = facts_of(revision.key, revision.state, gone, content, revision.rules)
        take_back(revision, gone, facts)
    elif gone.type == CONTRACT_SIGNED:
        _agreed(revision, content["unified_code"], drop=gone.id)
    else:
        place, _ = _closing(gone, content)
        known = revision.state["published"].get(place)
        if known is not None and known[1] == gone.id:
            revision.reopen(place)


_NO_RECORD: Final[State] = {"day": "", "day_id": "", "closed": {}}


def _final_on(published: Mapping[str, list[Any]]) -> str:
    """Return the day at whose end the first publication becomes final; "" where there is none."""
    if not published:
        return ""
    return days_after(min(each[0] for each in published.values()), KEPT_DAYS + 1)


def _closing(message: Message, content: State) -> tuple[str, list[str]]:
    return f"{content['region']}|{content['period']}", [content["ended_on"], message.id]


def _lately(closed: Mapping[str, list[Any]], day: str) -> dict[str, list[Any]]:
    """Return the periods whose receipts are still kept on a day ("": no day that we know of)."""
    since = days_after(day, -KEPT_DAYS) if day else ""
    return {place: each for place, each in closed.items() if each[0] >= since}


# ------------------------------------------------------------------------------ contracts


def _contract(message: Message, content: State) -> list[Any]:
    return [
        content["contract_no"],
        content.get("version", 1),
        content["term_from"],
        content["term_to"],
        content.get("payment_days") or 0,
        content["signed_on"],
        message.id,
    ]


def _agreed(
    revision: Revision, product: str, *, add: list[Any] | None = None, drop: str = ""
) -> None:
    """Take a product's contract in or out."""
    known, day = revision.state["contracts"].get(product, []), revision.state["day"]
    if drop and all(each[6] != drop for each in known):
        return
    since = days_after(day, -CONTRACTS_KEPT_DAYS) if day else ""
    kept = [each for each in known if each[6] != drop and each[3] >= since]
    if add is not None and add not in kept:
        kept.append(add)
    if kept != known:
        revision.agree(product, kept)


# ------------------------------------------------------------------------------ the passing of time


def _day_ended(key: str, state: State, message: Message, day: str, rules: Rulebook) -> Judgement:
    """Let a day end: nothing is visited before the first day on which anything may change."""
    if day <= state["day"]:
        return Judgement()
    passed = {**state, "day": day, "day_id": message.id}
    crowded = len(state["names"]) > NAMES_KEPT and day[:7] != state["day"][:7]
    if not crowded and (not state["next"] or state["next"] > day):
        return Judgement(passed)
    passed["published"] = _lately(state["published"], day)
    passed["next"] = _final_on(passed["published"])
    revision = Revision(key, passed, rules, cause=message.id, by=message.id, on=day)
    if crowded:
        revision.kept.sort_out()
    now, later = revision.kept.take_due(day)
    revision.next_on(later)
    for number, settled in now:
        if settled:
            revision.forget(number)
        else:
            revision.put(number, revision.kept.receipt(number))
    return revision.judgement()


def _period_closed(revision: Revision, message: Message, content: State) -> None:
    """Take a closed period: what was overdue at its end is published where the paper says so."""
    if not revision.rules.spoken_of(content["region"], "payment.published"):
        return
    place, ended = _closing(message, content)
    known, day = revision.state["published"].get(place), revision.state["day"]
    if day and ended[0] < days_after(day, -KEPT_DAYS):
        return  # its receipts are not all kept any more
    if known is None or known[:2] < ended:
        revision.close(place, ended)
