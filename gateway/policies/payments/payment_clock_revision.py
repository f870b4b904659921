"""回款重估: one institution's receipts after a message; what follows is the difference to what is open.

The open findings stand beside the receipts (`receipts`, see `payment_clock_kept`): warnings by receipt
`warned` [id, region, due day], excesses by receipt `exceeded` [id, fen, accounts, region, day found],
the receipts that hold the fund's payments `held` (from which day), the one `hold` [id, region, due day,
held from], and the publications `published` (see `payment_clock_published`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from gateway.policies.payments import payment_clock_findings as findings
from gateway.policies.payments import payment_clock_published as published
from gateway.policies.payments.ledger import postings
from gateway.policies.payments.payment_clock_days import (
    Due,
    consequence,
    contract_for,
    days_after,
    due_day,
)
from gateway.policies.payments.payment_clock_kept import Kept
from gateway.policies.payments.payment_clock_receipts import (
    Overdue,
    Receipt,
    causes,
    first_due,
    overdue,
    region_of,
)
from gateway.policies.payments.payment_clock_standing import KEPT_DAYS, Standing, standing
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
from schemas.payment import Finding

NAME: Final = "payment_clock"
Data = dict[str, Any]


class Revision:
    """A state being revised. `cause` makes the conclusions' ids, `by` is the message that causes it.

    `on` is the message's business day. `corrects`: it stands in another one's place, so that what was
    told with figures that it puts right is told again. The given state is never changed.
    """

    def __init__(
        self,
        key: str,
        state: State,
        rules: Rulebook,
        *,
        cause: str,
        by: str,
        on: str,
        corrects: bool = False,
    ) -> None:
        self.key, self.rules, self._cause, self._by, self._on = key, rules, cause, by, on
        self._corrects = corrects
        self._institution = key.split("/", 1)[1]
        self._given = state
        self.state = {**state}
        self.kept = Kept(state)
        self._drafts: dict[str, Receipt] = {}
        self._agreed: dict[str, None] = {}
        self._touched: dict[str, Receipt] = {}
        self._conclusions: list[Conclusion] = []

    # ------------------------------------------------------------------ facts

    @property
    def changed(self) -> bool:
        """Return whether any fact, contract or closed period was taken in or out."""
        published_ = self.state["published"] is not self._given["published"]
        return bool(self._drafts or self._agreed) or published_

    def receipt(self, number: str) -> Receipt:
        """Return a receipt's account with what was taken in or out so far."""
        draft = self._drafts.get(number)
        return self.kept.receipt(number) if draft is None else draft

    def draft(self, number: str, receipt: Receipt) -> None:
        """Replace a receipt's account; what follows is concluded once all is taken in and out."""
        self._drafts[number] = receipt

    def agree(self, product: str, contracts: list[Any]) -> None:
        """Replace a product's contracts; the last days of what they are about will move."""
        others = {name: each for name, each in self.state["contracts"].items() if name != product}
        self.state["contracts"] = others | ({product: contracts} if contracts else {})
        self._agreed[product] = None

    def _redate(self, product: str) -> None:
        for number, _ in self.kept.of_product(product):
            receipt = self.receipt(number)
            lines = [self._redated(line, product) for line in receipt["a"]]
            if lines != receipt["a"]:
                self.draft(number, {**receipt, "a": lines})

    def _redated(self, line: list[Any], product: str) -> list[Any]:
        if line[4] != product:
            return line
        due = self.due(line[1], line[5], product)
        return [*line[:3], due.day if due is not None else "", *line[4:]]

    # ------------------------------------------------------------------ receipts

    def put(self, number: str, receipt: Receipt) -> None:
        """Replace a receipt's account and conclude what is new or no longer so."""
        before = self.kept.receipt(number)
        if receipt["a"] != before["a"] or receipt["c"] != before["c"]:
            if self.state["published"]:
                self._republish(before, receipt)
            receipt = {**receipt, "t": self.state["day"]}
        stood = standing(receipt, self._institution, self.state["day"], self.rules)
        if stood.overdue is not None or stood.excess or self._open(number):
            self._compare(number, receipt, stood)
        self._touched[number] = receipt
        if stood.forgotten or not (receipt["a"] or receipt["c"]):
            self.kept.drop(number)
            return
        self.kept.put(number, receipt, stood.next, settled=stood.settled)
        self.next_on(stood.next)

    def forget(self, number: str) -> None:
        """Forget a receipt that is paid exactly and has been kept long enough: nothing is open of it."""
        if self.state["hold"] is not None:  # that may end now, with what was looked at as causes
            self._touched[number] = self.kept.receipt(number)
        self.kept.drop(number)

    def next_on(self, coming: str) -> None:
        """Look at the state again when a day has ended ("": never), if not before."""
        known = self.state["next"]
        self.state["next"] = min(known, coming) if known and coming else known or coming

    def due(self, accepted_on: str, region: str, product: str) -> Due | None:
        """Return the last day for paying what was accepted on a day."""
        contract = contract_for(self.state["contracts"].get(product, ()), accepted_on)
        return due_day(accepted_on, region, self._institution, contract, self.rules)

    def _own(self, name: str) -> dict[str, Any]:
        """Return a part of the state that may be changed."""
        if self.state[name] is self._given[name]:
            self.state[name] = dict(self._given[name])
        found: dict[str, Any] = self.state[name]
        return found

    # ------------------------------------------------------------------ findings of one receipt

    def _open(self, number: str) -> bool:
        """Return whether anything is open that was found of a receipt."""
        state = self.state
        return number in state["warned"] or number in state["exceeded"] or number in state["held"]

    def _compare(self, number: str, receipt: Receipt, stood: Standing) -> None:
        self._compare_warning(number, receipt, stood)
        self._compare_excess(number, receipt, stood)
        if stood.held and stood.overdue is not None:
            self._own("held")[number] = stood.follows.held_from
        elif number in self.state["held"]:
            del self._own("held")[number]

    def _compare_warning(self, number: str, receipt: Receipt, stood: Standing) -> None:
        known = self.state["warned"].get(number)
        late = stood.overdue if stood.warned else None
        if known is not None:
            if late is not None and not self._puts_right(number, late):
                return
            del self._own("warned")[number]
            follows = consequence(known[2], known[1], self._institution, self.rules)
            warned = [follows.warned] if follows.warned else []
            again = late is not None
            self._end(number, receipt, Finding.OVERDUE, known, [], warned, again=again)
        if late is not None:
            due = self.due(late.accepted_on, late.region, late.product)
            if due is None:
                due = Due(late.due, (), f"到期日 due on {late.due}")
            data = findings.warned(number, receipt, stood, late, due, self.state["day_id"])
            if known is not None:
                findings.put_right(data, known[0], self._by)
            identity = self._conclude(PAYMENT_OVERDUE, data)
            self._own("warned")[number] = [identity, late.region, late.due]

    def _puts_right(self, number: str, late: Overdue) -> bool:
        """Return whether a correction changes what a warning says: it then ends and is given anew."""
        if not self._corrects:
            return False
        ended = self.state["day"]
        before = overdue(self.kept.receipt(number), ended, days_after(ended, 1))
        return before is None or findings.figures_of(before) != findings.figures_of(late)

    def _compare_excess(self, number: str, receipt: Receipt, stood: Standing) -> None:
        known, day = self.state["exceeded"].get(number), self.state["day"]
        if known is None and not stood.excess:
            return
        posted = known[2] if known is not None else {}
        moved = findings.excess_entry(self._institution, receipt, stood.excess)
        if stood.excess and (
            known is None
            or (known[1], posted) != (stood.excess, moved)
            or (self._corrects and known[3] != region_of(receipt))
        ):
            data = findings.exceeded(number, receipt, stood, day, self.state["day_id"])
            data |= {"postings": postings(moved, posted)} | _replaces(known)
            identity = self._conclude(PAYMENT_EXCEEDED, data)
            found = [identity, stood.excess, moved, data["region"], day]
            self._own("exceeded")[number] = found
        elif known is not None and not stood.excess:
            del self._own("exceeded")[number]
            binding = self.rules.term(known[3], "payment.contract", known[4])
            terms, place = [binding] if binding else [], [known[0], known[3]]
            self._end(number, receipt, Finding.EXCEEDED, place, postings({}, posted), terms)

    def _end(
        self,
        number: str,
        receipt: Receipt,
        finding: Finding,
        known: list[Any],
        moved: list[Any],
        terms: list[Term],
        *,
        again: bool = False,
    ) -> None:
        until = days_after(self.state["day"], 1)
        why = findings.why_ended(terms, receipt, until, [known[0], self._by], again=again)
        place = {"receipt_no": number}
        data = findings.ended(finding, known[0], known[1], place, self._ends_on(), why)
        self._conclude(PAYMENT_FINDING_ENDED, data | ({"postings": moved} if moved else {}))

    # ------------------------------------------------------------------ publications

    def close(self, place: str, ended: list[str]) -> None:
        """Take a closed period [its last day, the closing's id], and sum what was overdue at its end."""
        amounts = []
        if published.spoken_of(self.kept.regions, place, ended[0], self.rules):
            receipts = self.kept.unsettled_at(ended[0])
            found = (self._overdue_at(receipt, place, ended[0]) for _, receipt in receipts)
            amounts = [amount for amount in found if amount]
        told = published.counted(self._given["published"].get(place))[2:]
        self._own("published")[place] = published.place_with(
            ended, len(amounts), sum(amounts), *told
        )
        self.next_on(days_after(ended[0], KEPT_DAYS + 1))

    def reopen(self, place: str) -> None:
        """Take a closed period back; what was published of it ends, unless it is closed anew."""
        del self._own("published")[place]

    def _republish(self, before: Receipt, after: Receipt) -> None:
        first = min(first_due(before), first_due(after))
        for place, known in self.state["published"].items():
            if known[0] < first:  # by far the most
                continue
            was = self._overdue_at(before, place, known[0])
            now = self._overdue_at(after, place, known[0])
            if was != now:
                count, total, *told = published.counted(known)
                count, total = count + bool(now) - bool(was), total + now - was
                self._own("published")[place] = published.place_with(known, count, total, *told)

    def _overdue_at(self, receipt: Receipt, place: str, ended_on: str) -> int:
        late = published.overdue_at(receipt, place, ended_on, self.rules)
        return late.outstanding if late is not None else 0

    def _settle_publications(self) -> None:
        given, now = self._given["published"], self.state["published"]
        for place in sorted(given.keys() | now.keys()):
            before, known = given.get(place), now.get(place)
            if known is None:
                if published.counted(before)[2]:
                    self._unpublish(place, before)
                continue
            count, total, identity, by = published.counted(known)
            put_right = self._corrects and before is not None and before[0] != known[0]
            if (count, total) == published.counted(before)[:2] and not put_right:
                continue
            if count:
                receipts = self.kept.unsettled_at(known[0])
                data, by = published.publication(place, known, receipts, self.rules)
                identity = self._conclude(PAYMENT_OVERDUE_PUBLISHED, data | _replaces_id(identity))
            elif identity:
                self._unpublish(place, known)
                identity = ""
            self._own("published")[place] = published.place_with(known, count, total, identity, by)

    def _unpublish(self, place: str, known: list[Any]) -> None:
        why = [self._by, *self._causes()]
        data = published.unpublished(place, known, self._on, why, self.rules)
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
        stood = standing(
            self.kept.receipt(number), self._institution, self.state["day"], self.rules
        )
        if stood.overdue is None:
            raise AssertionError("a receipt that holds payments is overdue")
        return stood.overdue, stood

    def _why_held(self, number: str) -> list[str]:
        warning = self.state["warned"].get(number)
        return [*([warning[0]] if warning else []), *causes(self.kept.receipt(number))]

    def _resumed(self, hold: list[Any]) -> Data:
        terms, on = self.rules.of(hold[1]), date.fromisoformat(hold[2])
        follows = consequence(hold[2], hold[1], self._institution, self.rules)
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
        for product in self._agreed:
            self._redate(product)
        for number, receipt in self._drafts.items():
            self.put(number, receipt)
        self._settle_hold()
        if self.state["published"] is not self._given["published"]:
            self._settle_publications()
        self.kept.into(self.state)
        return Judgement(self.state, tuple(self._conclusions))

    def _conclude(self, type_: str, data: Mapping[str, Any]) -> str:
        identity = conclusion_identity(NAME, self._cause, self.key, len(self._conclusions))
        self._conclusions.append(Conclusion(type_, {"institution": self._institution, **data}))
        return identity

    def _causes(self) -> list[str]:
        """Return the ids of all messages about the receipts that were looked at."""
        return [cause for receipt in self._touched.values() for cause in causes(receipt)]

    def _ends_on(self) -> str:
        """Return the day on which something ends: the message's, at most the day after the last one."""
        ended = self.state["day"]
        return min(max(self._on, ended), days_after(ended, 1)) if ended else self._on


def _replaces(known: list[Any] | None) -> Data:
    return {"replaces": known[0]} if known is not None else {}


def _replaces_id(identity: str) -> Data:
    return {"replaces": identity} if identity else {}
