"""回款重估: one institution's receipts after a message; what follows is the difference to what is open.

The open findings stand beside what they are about: a receipt's warning `w` [id, region, due day] and
excess `x` [id, fen, accounts, region, day found]; of the institution, `held` (receipts that hold its
payments), `hold` and the publications `published`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from gateway.policies.payments import payment_clock_findings as findings
from gateway.policies.payments.ledger import postings
from gateway.policies.payments.payment_clock_days import (
    Due,
    consequence,
    contract_for,
    days_after,
    due_day,
)
from gateway.policies.payments.payment_clock_receipts import (
    NOTHING,
    Overdue,
    Receipt,
    bucket,
    causes,
    overdue,
)
from gateway.policies.payments.payment_clock_standing import Standing, covers, standing
from gateway.policies.policy import Conclusion, Judgement, State, because, conclusion_identity
from gateway.policies.rulebook import Rulebook, Term
from schemas.events import (
    FUND_PAYMENT_HELD,
    FUND_PAYMENT_RESUMED,
    PAYMENT_EXCEEDED,
    PAYMENT_FINDING_ENDED,
    PAYMENT_OVERDUE,
    PAYMENT_OVERDUE_PUBLISHED,
)
from schemas.money import yuan
from schemas.payment import Finding

NAME: Final = "payment_clock"
Data = dict[str, Any]


class Revision:
    """A state being revised. `cause` makes the conclusions' ids, `by` is the message that causes it.

    `on` is the message's business day. The given state is never changed.
    """

    def __init__(
        self, key: str, state: State, rules: Rulebook, *, cause: str, by: str, on: str
    ) -> None:
        self._key, self._rules, self._cause, self._by, self._on = key, rules, cause, by, on
        self._institution = key.split("/", 1)[1]
        self.state = {**state, "held": dict(state["held"]), "published": {**state["published"]}}
        self._parts: dict[str, dict[str, Receipt]] = dict(state["receipts"])
        self._own: set[str] = set()
        self._touched: dict[str, Receipt] = {}
        self._conclusions: list[Conclusion] = []

    # ------------------------------------------------------------------ receipts

    def receipt(self, number: str) -> Receipt:
        """Return a receipt's account; an empty one where nothing is known."""
        return self._parts.get(bucket(number), {}).get(number, NOTHING)

    def receipts(self) -> list[tuple[str, Receipt]]:
        """Return all receipts that are kept."""
        return [each for part in self._parts.values() for each in part.items()]

    def put(self, number: str, receipt: Receipt) -> None:
        """Replace a receipt's account and conclude what is new or no longer so."""
        before = self.receipt(number)
        if receipt["a"] != before["a"] or receipt["c"] != before["c"]:
            self._republish(before, receipt)
            receipt = {**receipt, "t": self.state["day"]}
        stood = standing(receipt, self._institution, self.state["day"], self._rules)
        kept = self._compare(number, receipt, stood)
        self._touched[number] = receipt
        self._keep(number, None if _empty(kept) or stood.forgotten else kept, stood.next)

    def due(self, accepted_on: str, region: str, product: str) -> Due | None:
        """Return the last day for paying what was accepted on a day."""
        contract = contract_for(self.state["contracts"].get(product, ()), accepted_on)
        return due_day(accepted_on, region, self._institution, contract, self._rules)

    def _keep(self, number: str, receipt: Receipt | None, coming: str) -> None:
        place = bucket(number)
        if place not in self._own:
            self._own.add(place)
            self._parts[place] = dict(self._parts.get(place, {}))
        if receipt is None:
            self._parts[place].pop(number, None)
            return
        self._parts[place][number] = {**receipt, "n": coming}
        known = self.state["next"]
        self.state["next"] = min(known, coming) if known and coming else known or coming

    # ------------------------------------------------------------------ findings of one receipt

    def _compare(self, number: str, receipt: Receipt, stood: Standing) -> Data:
        kept = {name: part for name, part in receipt.items() if name in "actwx"}
        self._compare_warning(number, kept, stood)
        self._compare_excess(number, kept, stood)
        if stood.held and stood.overdue is not None:
            self.state["held"][number] = stood.follows.held_from
        else:
            self.state["held"].pop(number, None)
        return kept

    def _compare_warning(self, number: str, kept: Data, stood: Standing) -> None:
        known, late = kept.get("w"), stood.overdue
        if stood.warned and late is not None and known is None:
            due = self.due(late.accepted_on, late.region, late.product)
            if due is None:
                due = Due(late.due, (), f"到期日 due on {late.due}")
            data = findings.warned(number, kept, stood, late, due, self.state["day_id"])
            kept["w"] = [self._conclude(PAYMENT_OVERDUE, data), late.region, late.due]
        elif known is not None and not stood.warned:
            del kept["w"]
            follows = consequence(known[2], known[1], self._institution, self._rules)
            warned = [follows.warned] if follows.warned else []
            self._end(number, kept, Finding.OVERDUE, known, [], warned)

    def _compare_excess(self, number: str, kept: Data, stood: Standing) -> None:
        known, day = kept.get("x"), self.state["day"]
        posted = known[2] if known is not None else {}
        moved = findings.excess_entry(self._institution, kept, stood.excess)
        if stood.excess and (known is None or (known[1], posted) != (stood.excess, moved)):
            data = findings.exceeded(number, kept, stood, day, self.state["day_id"])
            data |= {"postings": postings(moved, posted)} | _replaces(known)
            identity = self._conclude(PAYMENT_EXCEEDED, data)
            kept["x"] = [identity, stood.excess, moved, data["region"], day]
        elif known is not None and not stood.excess:
            del kept["x"]
            terms = self._rules.of(known[3])
            on = date.fromisoformat(known[4])
            binding = terms.value("payment.contract", on) if terms is not None else None
            place = [known[0], known[3]]
            self._end(
                number,
                kept,
                Finding.EXCEEDED,
                place,
                postings({}, posted),
                [binding] if binding else [],
            )

    def _end(
        self,
        number: str,
        receipt: Receipt,
        finding: Finding,
        known: list[Any],
        moved: list[Any],
        terms: list[Term],
    ) -> None:
        until = days_after(self.state["day"], 1)
        why = findings.why_ended(terms, receipt, until, [known[0], self._by])
        place = {"receipt_no": number}
        data = findings.ended(finding, known[0], known[1], place, self._ends_on(), why)
        self._conclude(PAYMENT_FINDING_ENDED, data | ({"postings": moved} if moved else {}))

    # ------------------------------------------------------------------ publications

    def publish(self, place: str) -> None:
        """Sum anew what was overdue at a closed period's end."""
        known = self.state["published"][place]
        found = [self._overdue_at(receipt, place, known[0]) for _, receipt in self.receipts()]
        amounts = [amount for amount in found if amount]
        self.state["published"][place] = [*known[:2], len(amounts), sum(amounts), *known[4:]]

    def _republish(self, before: Receipt, after: Receipt) -> None:
        for place, known in self.state["published"].items():
            was = self._overdue_at(before, place, known[0])
            now = self._overdue_at(after, place, known[0])
            if was != now:
                count, total = known[2] + bool(now) - bool(was), known[3] + now - was
                self.state["published"][place] = [*known[:2], count, total, *known[4:]]

    def _overdue_at(self, receipt: Receipt, place: str, ended_on: str) -> int:
        late = overdue(receipt, ended_on, ended_on)
        if late is None or not covers(place.split("|", maxsplit=1)[0], late.region):
            return 0
        follows = self._published_by(late, ended_on)
        return late.outstanding if follows is not None else 0

    def _published_by(self, late: Overdue, ended_on: str) -> Term | None:
        terms = self._rules.of(late.region)
        return terms.value("payment.published", date.fromisoformat(ended_on)) if terms else None

    def _settle_publications(self) -> None:
        for place, known in sorted(self.state["published"].items()):
            ended_on, closed_by, count, total, identity, told = known
            if [count, total] == told:
                continue
            if count:
                identity = self._conclude(
                    PAYMENT_OVERDUE_PUBLISHED,
                    self._publication(place, known) | _replaces_id(identity),
                )
            elif identity:
                self._unpublish(place, known)
                identity = ""
            self.state["published"][place] = [
                ended_on,
                closed_by,
                count,
                total,
                identity,
                [count, total],
            ]

    def unpublish(self, place: str) -> None:
        """Take a closed period back, and its publication with it."""
        known = self.state["published"].pop(place)
        if known[4]:
            self._unpublish(place, known)

    def _publication(self, place: str, known: list[Any]) -> Data:
        ended_on, closed_by, count, total = known[:4]
        region, period = place.split("|")
        late = [
            (each, receipt)
            for _, receipt in self.receipts()
            if self._overdue_at(receipt, place, ended_on)
            and (each := overdue(receipt, ended_on, ended_on)) is not None
        ]
        terms = [term for each, _ in late if (term := self._published_by(each, ended_on))]
        why = [cause for _, receipt in late for cause in causes(receipt)]
        said = f"{count} 张验收单逾期未付 receipts overdue: {yuan(total)}"
        return {
            "region": region,
            "period": period,
            "receipts": count,
            "outstanding": yuan(total),
            "published_on": ended_on,
            "because": because(findings.RULE, terms[:1], [said], [*why, closed_by]),
        }

    def _unpublish(self, place: str, known: list[Any]) -> None:
        region, period = place.split("|")
        terms, on = self._rules.of(region), date.fromisoformat(known[0])
        published = terms.value("payment.published", on) if terms is not None else None
        why = because(
            findings.RULE,
            [published] if published else [],
            ["逾期未付 overdue: 0.00"],
            [known[4], known[1], self._by, *self._causes()],
        )
        place_named = {"period": period}
        data = findings.ended(
            Finding.PUBLISHED, known[4], region, place_named, max(known[0], self._on), why
        )
        self._conclude(PAYMENT_FINDING_ENDED, data)

    # ------------------------------------------------------------------ the fund's payments

    def _settle_hold(self) -> None:
        held, hold = self.state["held"], self.state["hold"]
        if held and hold is None:
            stood = [(number, *self._held(number)) for number in sorted(held)]
            why = [cause for number in sorted(held) for cause in self._why_held(number)]
            data = findings.held(stood, [*why, self.state["day_id"]])
            first = min(stood, key=lambda each: (each[2].follows.held_from, each[0]))[1]
            identity = self._conclude(FUND_PAYMENT_HELD, data)
            self.state["hold"] = [identity, first.region, first.due, data["held_from"]]
        elif hold is not None and not held:
            self._conclude(FUND_PAYMENT_RESUMED, self._resumed(hold))
            self.state["hold"] = None

    def _held(self, number: str) -> tuple[Overdue, Standing]:
        stood = standing(self.receipt(number), self._institution, self.state["day"], self._rules)
        if stood.overdue is None:
            raise AssertionError("a receipt that holds payments is overdue")
        return stood.overdue, stood

    def _why_held(self, number: str) -> list[str]:
        receipt = self.receipt(number)
        warning = receipt.get("w")
        return [*([warning[0]] if warning else []), *causes(receipt)]

    def _resumed(self, hold: list[Any]) -> Data:
        terms, on = self._rules.of(hold[1]), date.fromisoformat(hold[2])
        follows = consequence(hold[2], hold[1], self._institution, self._rules)
        resumed = terms.value("payment.resumed", on) if terms is not None else None
        in_force = [*follows.hold, *([resumed] if resumed is not None else [])]
        causes_now = [hold[0], self._by, *self._causes(), self.state["day_id"]]
        return {
            "region": hold[1],
            "hold_id": hold[0],
            "resumed_on": max(hold[3], self._ends_on()),
            "because": because(findings.RULE, in_force, ["逾期未付 outstanding: 0.00"], causes_now),
        }

    # ------------------------------------------------------------------ what comes of it

    def judgement(self) -> Judgement:
        """Return the state with what is open now, and the conclusions."""
        self._settle_hold()
        self._settle_publications()
        for place in self._own:
            if not self._parts[place]:
                del self._parts[place]
        self.state["receipts"] = self._parts
        return Judgement(self.state, tuple(self._conclusions))

    def _conclude(self, type_: str, data: Mapping[str, Any]) -> str:
        identity = conclusion_identity(NAME, self._cause, self._key, len(self._conclusions))
        self._conclusions.append(Conclusion(type_, {"institution": self._institution, **data}))
        return identity

    def _causes(self) -> list[str]:
        """Return the ids of all messages about the receipts that were looked at."""
        return [cause for receipt in self._touched.values() for cause in causes(receipt)]

    def _ends_on(self) -> str:
        """Return the day on which something ends: the message's, at most the day after the last one."""
        ended = self.state["day"]
        return min(max(self._on, ended), days_after(ended, 1)) if ended else self._on


def _empty(receipt: Receipt) -> bool:
    return not (receipt["a"] or receipt["c"])


def _replaces(known: list[Any] | None) -> Data:
    return {"replaces": known[0]} if known is not None else {}


def _replaces_id(identity: str) -> Data:
    return {"replaces": identity} if identity else {}
