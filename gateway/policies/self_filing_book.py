"""备案台账: an institution's self-purchases, those in order folded into one short text per year.

Open ones stand one by one. When they become many, those that nothing waits for are folded: per year one
text with all that is known of them, and their sum. A message about a folded purchase takes it out again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Final

import orjson

from gateway.policies.policy import State
from gateway.policies.rulebook import Rulebook
from gateway.policies.self_filing_timely import Purchase

FOLDED_FROM: Final = 48
_ROW, _FIELD = "\x1e", "\x1f"


class Book:
    """The ledger of one state. It changes its own copies, never the state it was read from."""

    EMPTY: ClassVar[Mapping[str, Any]] = {"groups": {}, "folded": {}}

    def __init__(self, groups: Mapping[str, Any], folded: Mapping[str, str]) -> None:
        self._groups, self._folded = dict(groups), dict(folded)

    @classmethod
    def of(cls, state: State) -> Book:
        """Read the ledger out of a state."""
        return cls(state["groups"], state["folded"])

    def state(self) -> dict[str, Any]:
        """Return the ledger's part of the state."""
        return {"groups": dict(self._groups), "folded": dict(self._folded)}

    def numbers(self) -> list[str]:
        """Return the purchases that stand one by one, in order."""
        return sorted(self._groups)

    def group(self, number: str) -> dict[str, dict[str, list[Any]]]:
        """Return what is known of a purchase, taken out of the fold if it is there."""
        if number not in self._groups:
            for year, text in self._folded.items():
                if f"{_ROW}{number}{_FIELD}" in text:
                    self._take_out(number, year)
                    break
        found: dict[str, dict[str, list[Any]]] = self._groups.get(number, {})
        return found

    def add(self, number: str, part: str, identity: str, fact: list[Any]) -> bool:
        """Take in a purchase ("b") or a filing ("f"); return whether it was new."""
        group = self.group(number)
        known = group.get(part, {})
        if identity in known:
            return False
        self._groups[number] = {**group, part: {**known, identity: fact}}
        return True

    def remove(self, number: str, part: str, identity: str) -> bool:
        """Take a message back; return whether it was known."""
        group = self.group(number)
        known = group.get(part, {})
        if identity not in known:
            return False
        left = {each: fact for each, fact in known.items() if each != identity}
        after = {**group, part: left}
        if any(after.values()):
            self._groups[number] = after
        else:
            del self._groups[number]
        return True

    def years(self) -> set[str]:
        """Return the years of all purchases."""
        return {Purchase(number, group).year for number, group in self._groups.items()} | set(
            self._folded
        )

    def filed_any(self) -> bool:
        """Return whether anything was filed at all."""
        return bool(self._folded) or any(group.get("f") for group in self._groups.values())

    def purchases(self, year: str) -> Iterator[Purchase]:
        """Yield every purchase of a year."""
        for number, group in sorted(self._groups.items()):
            found = Purchase(number, group)
            if found.year == year:
                yield found
        for row in self._folded.get(year, "").split(_ROW):
            if row:
                number, told = row.split(_FIELD)
                yield Purchase(number, orjson.loads(told))

    def counted(self, year: str, until: str, rules: Rulebook) -> list[Purchase]:
        """Return the year's purchases up to a day that count as self-filed drugs."""
        return [
            each
            for each in self.purchases(year)
            if each.filed_on
            and each.is_drug
            and each.counts_on <= until
            and each.excluded(rules, each.counts_on) is None
        ]

    def fold(self, stays: Callable[[Purchase], bool]) -> None:
        """Fold what is many and in order; `stays` tells what must stand by itself."""
        if len(self._groups) < FOLDED_FROM:
            return
        for number in self.numbers():
            found = Purchase(number, self._groups[number])
            if found.year and not stays(found):
                told = orjson.dumps(self._groups.pop(number)).decode()
                known = self._folded.get(found.year, "")
                self._folded[found.year] = f"{known}{_ROW}{number}{_FIELD}{told}"

    def _take_out(self, number: str, year: str) -> None:
        rows = [row for row in self._folded[year].split(_ROW) if row]
        kept = []
        for row in rows:
            name, told = row.split(_FIELD)
            if name == number:
                self._groups[number] = orjson.loads(told)
            else:
                kept.append(row)
        if kept:
            self._folded[year] = "".join(f"{_ROW}{row}" for row in kept)
        else:
            del self._folded[year]
