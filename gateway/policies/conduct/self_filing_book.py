"""备案台账: an institution's self-purchases, those in order folded into one short text per year.

Open ones stand one by one. When they become many, those that nothing waits for are folded: per year one
text with all that is known of them, and their sum. A message about a folded purchase takes it out again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final

from gateway.policies.conduct.self_filing_timely import Group, Purchase
from gateway.policies.policy import State
from gateway.policies.rulebook import Rulebook
from gateway.policies.supply.supply_ledger import read, written

FOLDED_FROM: Final = 48
_FACT_WORDS: Final = 9
"""Of a folded message: part, id and its seven facts."""


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

    def group(self, number: str) -> dict[str, dict[str, list[Any]]]:
        """Return what is known of a purchase, taken out of the fold if it is there."""
        if number not in self._groups:
            for year, text in self._folded.items():
                if f";{written((number,))[:-1]} " in text:
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
        for number, *words in read(self._folded.get(year, "")):
            yield Purchase(number, _unfolded(words))

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

    def fold(self, stays: Callable[[str], bool]) -> None:
        """Fold what is many and in order; `stays` tells which numbers must stand by themselves."""
        if len(self._groups) < FOLDED_FROM:
            return
        for number in [each for each in self._groups if not stays(each)]:
            year = Purchase(number, self._groups[number]).year
            words = _folded(self._groups.pop(number))
            # the text begins with a semicolon, so that each number stands after one
            self._folded[year] = self._folded.get(year, ";") + written((number, *words))

    def _take_out(self, number: str, year: str) -> None:
        kept = []
        for name, *words in read(self._folded[year]):
            if name == number:
                self._groups[number] = _unfolded(words)
            else:
                kept.append(written((name, *words)))
        if kept:
            self._folded[year] = ";" + "".join(kept)
        else:
            del self._folded[year]


def _folded(group: Group) -> list[str]:
    """Return what is known of a purchase as words."""
    return [
        word
        for part, messages in sorted(group.items())
        for identity, fact in sorted(messages.items())
        for word in (part, identity, *map(_word, fact))
    ]


def _word(fact: Any) -> str:
    return str(int(fact)) if isinstance(fact, int) else str(fact)


def _unfolded(words: Sequence[str]) -> dict[str, dict[str, list[Any]]]:
    """Return what words say of a purchase."""
    found: dict[str, dict[str, list[Any]]] = {}
    for at in range(0, len(words), _FACT_WORDS):
        part, identity, bought, filed, amount, emergency, *rest = words[at : at + _FACT_WORDS]
        fact = [bought, filed, int(amount), emergency == "1", *rest]
        found.setdefault(part, {})[identity] = fact
    return found
