"""备案采购 (R10): self-purchases are filed before, emergencies soon after, and stay a small share of a year.

One state per institution takes purchases of its own (自行采购), their filings (备案) and the totals of all
its drug purchases:

* what is not an emergency is filed on or before the day of the purchase;
* an emergency (抢救急需) is filed within so many workdays after it (个工作日, with 调休; its own day does not
  count, the last one still does);
* over a year, drugs that were filed may not be more than a share of all drug purchases. That is concluded
  when the year has ended and its total is known, as one figure or twelve months; in between each month's
  end gives the running share as a figure, from the months that were stated, and no conclusion.

Narcotic and psychotropic drugs are bought by rules of their own where the paper says so. Purchases that are
in order are folded away (self_filing_book.py), so that a year of them costs no more than a day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from gateway.policies.claims import Claim, Difference
from gateway.policies.conduct.self_filing_book import Book
from gateway.policies.conduct.self_filing_share import (
    Year,
    coming_month_end,
    last_month_end,
    year_claims,
)
from gateway.policies.conduct.self_filing_timely import (
    YEAR_LENGTH,
    Purchase,
    coming_filing,
    filing_claim,
)
from gateway.policies.ended_days import NO_DAY, EndedDays, day_passed
from gateway.policies.policy import Judgement, Scope, State, withdrawal_cause
from gateway.policies.quarters import day_in_china
from gateway.policies.regions import province_of
from gateway.policies.rulebook import Rulebook
from schemas.envelope import Message
from schemas.events import (
    CALENDAR_DAY_ENDED,
    PURCHASE_FILED_SHARE_COMPUTED,
    PURCHASE_FILED_SHARE_EXCEEDED,
    PURCHASE_FILING_BREACHED,
    PURCHASE_FINDING_ENDED,
    PURCHASE_SELF_BOUGHT,
    PURCHASE_SELF_FILED,
    PURCHASE_TOTAL_STATED,
)
from schemas.money import fen

_ENDS: Final = dict.fromkeys(
    (PURCHASE_FILING_BREACHED, PURCHASE_FILED_SHARE_COMPUTED, PURCHASE_FILED_SHARE_EXCEEDED),
    PURCHASE_FINDING_ENDED,
)
_FILING: Final = "filing/"
_YEAR: Final = "year/"
_PURCHASES: Final = frozenset({PURCHASE_SELF_BOUGHT, PURCHASE_SELF_FILED})


class SelfFiling(EndedDays):
    """备案采购: purchases, filings, totals and days' ends in; breaches and shares out."""

    name: Final = "self_filing"
    consumes: Final = frozenset({*_PURCHASES, PURCHASE_TOTAL_STATED, CALENDAR_DAY_ENDED})

    def keys(self, message: Message, content: State) -> Scope:
        """Return the institution's state, or all of a province at a day's end."""
        province = province_of(content["region"])
        if message.type == CALENDAR_DAY_ENDED:
            return Scope.whole(province)
        return Scope(f"{province}/{content['institution']}", region=province)

    def begin(self, record: State | None) -> State:
        """Return a state that knows the last day that has ended."""
        known = record or NO_DAY
        return {
            "day": known["day"],
            "day_id": known["id"],
            "due": "",
            "regions": [],
            "open": {},
            "totals": {},
            "waits": {},
            **Book.EMPTY,
        }

    def judge(
        self, key: str, state: State, message: Message, content: State, rules: Rulebook
    ) -> Judgement:
        """Take one purchase, filing, total or day's end."""
        if message.type == CALENDAR_DAY_ENDED:
            passed, due = day_passed(state, message, content["day"])
            if passed is None or not due:
                return Judgement(passed)
            return _Settling(key, passed, message, message.id, rules).of_everything()
        regions = sorted({*state["regions"], content["region"]})
        after = {**state, "regions": regions}
        settling = _Settling(key, after, message, message.id, rules)
        if message.type == PURCHASE_TOTAL_STATED:
            if message.id in state["totals"]:
                return Judgement()
            total = [content["period"], content["stated_on"], fen(content["amount"])]
            after["totals"] = {**state["totals"], message.id: total}
            return settling.of_years({content["period"][:YEAR_LENGTH]})
        book, number, part = settling.book, content["purchase_no"], _part(message)
        before = Purchase(number, book.group(number))
        if not book.add(number, part, message.id, _fact(part, content)):
            return Judgement()
        return settling.of_purchase(number, before)

    def withdraw(
        self,
        key: str,
        state: State,
        gone: Message,
        content: State,
        by: Message,
        rules: Rulebook,
    ) -> Judgement:
        """Take back a purchase, a filing or a total; a day that has ended stays so."""
        if gone.type == CALENDAR_DAY_ENDED:
            return Judgement()
        settling = _Settling(key, {**state}, by, withdrawal_cause(by.id), rules)
        if gone.type == PURCHASE_TOTAL_STATED:
            if gone.id not in state["totals"]:
                return Judgement()
            kept = {each: total for each, total in state["totals"].items() if each != gone.id}
            settling.state["totals"] = kept
            return settling.of_years({content["period"][:YEAR_LENGTH]})
        book, number = settling.book, content["purchase_no"]
        before = Purchase(number, book.group(number))
        if not book.remove(number, _part(gone), gone.id):
            return Judgement()
        return settling.of_purchase(number, before)


def _part(message: Message) -> str:
    return "b" if message.type == PURCHASE_SELF_BOUGHT else "f"


def _fact(part: str, content: State) -> list[Any]:
    """Return [day of purchase or "", day of filing or "", fen, emergency, controlled, category, region]."""
    return [
        content.get("purchased_on") or "",
        content["filed_on"] if part == "f" else "",
        fen(content["amount"]),
        bool(content.get("emergency")),
        content.get("controlled") or "",
        content.get("category") or "drug",
        content["region"],
    ]


class _Settling:
    """What holds now of one purchase (and its years), of some years, or of everything at a day's end."""

    def __init__(
        self, key: str, state: State, message: Message, cause: str, rules: Rulebook
    ) -> None:
        self.state, self.book = state, Book.of(state)
        self._key, self._rules = key, rules
        self._on = max(day_in_china(message.time), state["day"])
        self._difference = Difference(
            SelfFiling.name, key, cause, message.id, self._on, state["open"], _ENDS
        )

    def of_purchase(self, number: str, before: Purchase) -> Judgement:
        """Settle one purchase that was another one before, and the years whose figures it touches."""
        now = Purchase(number, self.book.group(number))
        self._settle(dict(self._filings([now])), _slot(number))
        self._wait([now])
        ended = last_month_end(self.state["day"])
        return self.of_years({each.year for each in (before, now) if each.counts_on <= ended})

    def of_everything(self) -> Judgement:
        """Settle the purchases that waited for the day, and all years."""
        day = self.state["day"]
        late = [number for number, due in self.state["waits"].items() if due <= day]
        purchases = [Purchase(number, self.book.group(number)) for number in late]
        for slot, claim in self._filings(purchases):
            self._settle({slot: claim}, slot)
        self._wait(purchases)
        stated = {total[0][:YEAR_LENGTH] for total in self.state["totals"].values()}
        return self.of_years(self.book.years() | stated)

    def of_years(self, years: set[str]) -> Judgement:
        """Settle some years; return the state, folded, with the next day to look at."""
        for year in sorted(years - {""}):
            self._settle(dict(self._of_year(year)), f"{_YEAR}{year}")
        still, waits = self._difference.open, self.state["waits"]
        due = list(waits.values())
        if self.book.filed_any():
            due.append(coming_month_end(self.state["day"]))
        self.book.fold(lambda number: number in waits or _slot(number) in still)
        after = {**self.state, **self.book.state(), "open": still, "due": min(due, default="")}
        return Judgement(after, self._difference.conclusions)

    def _wait(self, purchases: Iterable[Purchase]) -> None:
        """Note until when each purchase may still be filed; what waits for no day is not noted."""
        waits = dict(self.state["waits"])
        for each in purchases:
            waits.pop(each.number, None)
            day = coming_filing(each, self.state["day"], self._rules)
            if day:
                waits[each.number] = day
        self.state = {**self.state, "waits": waits}

    def _settle(self, wanted: Mapping[str, Claim], within: str) -> None:
        self._difference.open = self._difference.settle(wanted, within)

    def _filings(self, purchases: Iterable[Purchase]) -> Iterator[tuple[str, Claim]]:
        ended = (self.state["day"], self.state["day_id"])
        for purchase in purchases:
            found = filing_claim(purchase, self._key, ended, self._on, self._rules)
            if found is not None:
                yield _slot(purchase.number), found

    def _of_year(self, year: str) -> Iterator[tuple[str, Claim]]:
        about = Year(
            year,
            self._key.split("/", 1)[1],
            self.state["regions"][-1],
            self.state["day"],
            self.state["day_id"],
            self._on,
        )
        for claim in year_claims(about, self.book, self.state["totals"], self._rules):
            yield f"{_YEAR}{year}", claim


def _slot(number: str) -> str:
    """Return a purchase's slot; its end is no sign of a number, so that no slot begins with another."""
    return f"{_FILING}{number}\x1f"
