"""选定配送 (R9): a selected product that was delivered by a distributor whom its maker had not chosen.

The papers let the maker choose who delivers, and those chosen deliver (选定的经营企业负责配送). A delivery by
somebody else is found on the day of acceptance, where the maker's choice for that product and place is
known on that day; where nobody told of a choice, nobody is unchosen. A maker may always deliver itself.

What the maker has chosen is the product's record, which every institution's state of the product shares;
the states keep the receipts of their last months as a ledger; what was found of earlier ones stands, and
nothing more is found of them. `kept_from` is the first month that is kept ("": every month until now); it
is remembered, because a month whose only receipt is taken back has no rows either and yet is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from gateway.policies.claims import Claim, Difference
from gateway.policies.policy import Judgement, Scope, State, because, correction_cause
from gateway.policies.quarters import day_in_china
from gateway.policies.regions import province_of, regions_above
from gateway.policies.rulebook import Rulebook
from gateway.policies.supply.distribution import CHOSEN, RULE, WITHDRAWN, Choices, choice, in_force
from gateway.policies.supply.supply_facts import taken_over
from gateway.policies.supply.supply_ledger import (
    MONTH,
    MONTHS_KEPT,
    Months,
    knows,
    lately,
    rows,
    with_rows,
    without_row,
)
from schemas.envelope import Message
from schemas.events import (
    ACCEPTANCE_RECORDED,
    DISTRIBUTION_CHOSEN,
    DISTRIBUTION_FINDING_ENDED,
    DISTRIBUTION_UNCHOSEN_FOUND,
    DISTRIBUTION_WITHDRAWN,
)

DELIVERED_BY: Final = "distribution.delivered_by"
_KINDS: Final = {DISTRIBUTION_CHOSEN: CHOSEN, DISTRIBUTION_WITHDRAWN: WITHDRAWN}
_ENDS: Final = {DISTRIBUTION_UNCHOSEN_FOUND: DISTRIBUTION_FINDING_ENDED}
_NO_CHOICES: Final[State] = {CHOSEN: {}, WITHDRAWN: {}}


class ChosenDeliveries:
    """选定配送: choices and acceptances in; deliveries by others out. One state per product and institution."""

    name: Final = "distribution_deliveries"
    consumes: Final = frozenset({*_KINDS, ACCEPTANCE_RECORDED})

    def keys(self, message: Message, content: State) -> Scope:
        """Return the institution's state for the product, or all of a product whose maker chooses.

        A receipt that names no distributor, or takes goods back (红字), says nothing of a delivery.
        """
        product = f"{province_of(content['region'])}/{content['unified_code']}"
        if message.type in _KINDS:
            return Scope(prefix=f"{product}/", region=product)
        if not content.get("distributor") or content["amount"].startswith("-"):
            return Scope()
        return Scope(f"{product}/{content['institution']}", region=product)

    def begin(self, record: State | None) -> State:
        """Return a state that knows the maker's choices."""
        return {"choices": record or _NO_CHOICES, "months": {}, "kept_from": "", "open": {}}

    def remember(self, record: State | None, message: Message, content: State) -> State:
        """Return the product's record with one more choice or withdrawal."""
        return _with_choice(record or _NO_CHOICES, message, content)

    def forget(self, record: State | None, gone: Message, content: State) -> State:  # noqa: ARG002
        """Return the product's record without a choice or withdrawal."""
        return _without_choice(record or _NO_CHOICES, gone)

    def judge(
        self, key: str, state: State, message: Message, content: State, rules: Rulebook
    ) -> Judgement:
        """Take one acceptance, choice or withdrawal."""
        if message.type in _KINDS:
            after = _with(state, message, content)
            if after is None:
                return Judgement()
        else:
            if not rules.spoken_of(key, DELIVERED_BY):
                return Judgement()
            fields = _fields(content)
            after = _with_receipt(state, message.id, fields)
            if after is None or _unchosen(state["choices"], fields) is None:
                return Judgement(after)
        return _settled(key, after, message, message.id, rules, {})

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
        """Take back an acceptance, a choice or a withdrawal, and take another in in its place."""
        after = _without(state, gone, content)
        if after is None:
            return None
        slots: dict[str, str] = {}
        if instead is not None:
            after = _with(after, by, instead) or after
            if gone.type not in _KINDS:
                slots[_slot(_day(content), gone.id)] = _slot(_day(instead), by.id)
        return _settled(key, after, by, correction_cause(by.id, instead), rules, slots)


def _with(state: State, message: Message, content: State) -> State | None:
    """Return the state with one more fact; None where it is known, or of a month that is kept no more."""
    if message.type in _KINDS:
        if message.id in state["choices"][_KINDS[message.type]]:
            return None
        return {**state, "choices": _with_choice(state["choices"], message, content)}
    return _with_receipt(state, message.id, _fields(content))


def _with_receipt(state: State, identity: str, fields: list[str]) -> State | None:
    months, day = state["months"], fields[0]
    if day[:MONTH] < _kept_from(state) or knows(months, day, identity):
        return None
    return _with_months(state, with_rows(months, day, identity, (fields,)))


def _without(state: State, gone: Message, content: State) -> State | None:
    """Return the state without a fact; None where it is not known."""
    if gone.type in _KINDS:
        if gone.id not in state["choices"][_KINDS[gone.type]]:
            return None
        return {**state, "choices": _without_choice(state["choices"], gone)}
    day = _day(content)
    if not knows(state["months"], day, gone.id):
        return None
    return {**state, "months": without_row(state["months"], day, gone.id)}


def _with_choice(record: State, message: Message, content: State) -> State:
    kind = _KINDS[message.type]
    return {**record, kind: {**record[kind], message.id: choice(message, content)}}


def _without_choice(record: State, gone: Message) -> State:
    kind = _KINDS[gone.type]
    kept = {identity: each for identity, each in record[kind].items() if identity != gone.id}
    return {**record, kind: kept}


def _with_months(state: State, months: dict[str, str]) -> State:
    """Return the state with the last of these months; what is before them is not kept from now on."""
    kept: Months = lately(months)
    first = min(kept) if len(kept) < len(months) else _kept_from(state)
    return {**state, "months": kept, "kept_from": first}


def _kept_from(state: State) -> str:
    """Return the first month that is kept; "" where none was dropped.

    A state written before `kept_from` was may have dropped months only if as many are there as are kept.
    """
    months = state["months"]
    told: str = state.get("kept_from", min(months) if len(months) >= MONTHS_KEPT else "")
    return told


def _day(content: State) -> str:
    return day_in_china(content["accepted_at"])


def _slot(day: str, identity: str) -> str:
    return f"{day[:MONTH]}/{identity}"


def _fields(content: State) -> list[str]:
    named = ("distributor", "region", "drug", "receipt_no")
    return [_day(content), *(content[name] for name in named), str(content["line_no"])]


def _unchosen(choices: Choices, fields: list[str]) -> list[tuple[str, Any]] | None:
    """Return the choices that a delivery's distributor is none of; None where nothing is to be found."""
    day, distributor, region = fields[:3]
    above = regions_above(region)
    here = [each for each in in_force(choices, day) if each[1]["region"] in above]
    if not here or any(distributor in (each["distributor"], each["maker"]) for _, each in here):
        return None
    return here


def _settled(
    key: str, state: State, message: Message, cause: str, rules: Rulebook, slots: Mapping[str, str]
) -> Judgement:
    """Conclude the difference; what rests on receipts of months that are kept no more stands as it is.

    `slots`: under what name that stands which a superseded receipt gave its name, and its name now.
    """
    on = day_in_china(message.time)
    wanted = dict(_claims(key, state, on, rules))
    known, first = taken_over(state["open"], wanted, slots), _kept_from(state)
    forgotten = {
        slot: each for slot, each in known.items() if slot[:MONTH] < first and slot not in slots
    }
    standing = {slot: each for slot, each in known.items() if slot not in forgotten}
    name = ChosenDeliveries.name
    difference = Difference(name, key, cause, message.id, on, standing, _ENDS)
    still = difference.settle(wanted)
    return Judgement({**state, "open": {**forgotten, **still}}, difference.conclusions)


def _claims(key: str, state: State, on: str, rules: Rulebook) -> Iterator[tuple[str, Claim]]:
    _, product, institution = key.split("/")
    for identity, *fields in rows(state["months"]):
        here = _unchosen(state["choices"], fields)
        if here is None:
            continue
        day, distributor, region, drug, receipt_no, line_no = fields
        term = rules.term(region, DELIVERED_BY, day)
        if term is None:
            continue
        chosen = sorted({each["distributor"] for _, each in here})
        data = {
            "party": institution,
            "region": region,
            "institution": institution,
            "distributor": distributor,
            "maker": here[0][1]["maker"],
            "unified_code": product,
            "drug": drug,
            "receipt_no": receipt_no,
            "line_no": int(line_no),
            "accepted_on": day,
            "chosen": chosen,
            "found_on": max(on, day),
            "because": because(
                RULE,
                (term,),
                (f"{day}: {distributor} ∉ 选定 chosen {{{'、'.join(chosen)}}}",),
                (identity, *(each for each, _ in here)),
            ),
        }
        yield _slot(day, identity), Claim(DISTRIBUTION_UNCHOSEN_FOUND, data, ("party", "region"))
