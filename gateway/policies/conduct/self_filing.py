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

from gateway.policies.claims import Claim, Difference, Slots
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
from gateway.policies.policy import Judgement, Scope, State, correction_cause
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
            "regions": {},
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
        settling = _Settling(key, state, message, message.id, rules)
        return settling.of_touched() if settling.take(message, content) else Judgement()

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
        """Take back a purchase, a filing or a total, and take another in in its place.

        A day that has ended stays so.
        """
        settling = _Settling(key, state, by, correction_cause(by.id, instead), rules)
        if gone.type == CALENDAR_DAY_ENDED or not settling.drop(gone, content):
            return None
        if instead is not None:
            settling.take(by, instead)
        return settling.of_touched()


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
    """What holds now of what facts touch: purchases and years; or of everything at a day's end."""

    def __init__(
        self, key: str, state: State, message: Message, cause: str, rules: Rulebook
    ) -> None:
        self.state, self.book = state, Book.of(state)
        self._key, self._rules = key, rules
        self._on = max(day_in_china(message.time), state["day"])
        self._difference = Difference(
            SelfFiling.name, key, cause, message.id, self._on, state["open"], _ENDS
        )
        self._region = _region_of(state)
        self._before: dict[str, Purchase] = {}
        """The purchases that are touched, as they were before."""
        self._years: set[str] = set()
        """The years of the totals that are touched."""

    def take(self, message: Message, content: State) -> bool:
        """Take in a purchase, a filing or a total; return whether it was new."""
        if message.type == PURCHASE_TOTAL_STATED:
            if message.id in self.state["totals"]:
                return False
            total = [content["period"], content["stated_on"], fen(content["amount"])]
            totals = {**self.state["totals"], message.id: total}
            self.state = {**self.state, "totals": totals}
            self._count(content["region"], 1)
            self._years.add(content["period"][:YEAR_LENGTH])
            return True
        part = _part(message)
        fact = _fact(part, content)
        if not self.book.add(self._touch(content), part, message.id, fact):
            return False
        self._count(content["region"], 1)
        return True

    def drop(self, gone: Message, content: State) -> bool:
        """Take back a purchase, a filing or a total; return whether it was known."""
        if gone.type != PURCHASE_TOTAL_STATED:
            known = self.book.remove(self._touch(content), _part(gone), gone.id)
            if known:
                self._count(content["region"], -1)
            return known
        if gone.id not in self.state["totals"]:
            return False
        self._count(content["region"], -1)
        kept = {each: total for each, total in self.state["totals"].items() if each != gone.id}
        self.state = {**self.state, "totals": kept}
        self._years.add(content["period"][:YEAR_LENGTH])
        return True

    def _count(self, region: str, facts: int) -> None:
        """Count how many facts name each region: the finest that any names is the institution's."""
        known = self.state["regions"]
        counts = {**known, region: known.get(region, 0) + facts}
        left = {each: number for each, number in sorted(counts.items()) if number > 0}
        self.state = {**self.state, "regions": left or {region: 0}}

    def _touch(self, content: State) -> str:
        """Return a purchase's number, having noted how the purchase was before."""
        number: str = content["purchase_no"]
        if number not in self._before:
            self._before[number] = Purchase(number, self.book.group(number))
        return number

    def of_touched(self) -> Judgement:
        """Settle the purchases that are touched, and the years whose figures they and the totals make.

        All years are settled where the institution lies elsewhere now: its region's terms apply to them.
        """
        before, ended = self._before, last_month_end(self.state["day"])
        now = [Purchase(number, self.book.group(number)) for number in before]
        if now:
            self._settle(dict(self._filings(now)), tuple(map(_slot, before)))
            self._wait(now)
        counted = (each for each in (*before.values(), *now) if each.counts_on <= ended)
        years = self._years | {each.year for each in counted}
        moved = self._region != _region_of(self.state)
        return self.of_years(years | self._all_years() if moved else years)

    def of_everything(self) -> Judgement:
        """Settle the purchases that waited for the day, and all years."""
        day = self.state["day"]
        late = [number for number, due in self.state["waits"].items() if due <= day]
        purchases = [Purchase(number, self.book.group(number)) for number in late]
        for slot, claim in self._filings(purchases):
            self._settle({slot: claim}, slot)
        self._wait(purchases)
        return self.of_years(self._all_years())

    def _all_years(self) -> set[str]:
        stated = {total[0][:YEAR_LENGTH] for total in self.state["totals"].values()}
        return self.book.years() | stated

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

    def _settle(self, wanted: Mapping[str, Claim], within: Slots) -> None:
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
            _region_of(self.state),
            self.state["day"],
            self.state["day_id"],
            self._on,
        )
        for claim in year_claims(about, self.book, self.state["totals"], self._rules):
            yield f"{_YEAR}{year}", claim


def _region_of(state: State) -> str:
    """Return the institution's region: of those that facts name the last one; "" where none does."""
    return max(state["regions"], default="")


def _slot(number: str) -> str:
    """Return a purchase's slot; its end is no sign of a number, so that no slot begins with another."""
    return f"{_FILING}{number}\x1f"
