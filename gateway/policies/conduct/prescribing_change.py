"""处方量变化: a doctor's selected prescriptions of a month against the one before, corrected for the others.

Exact: counts are integers, ratios are fractions; what is told is cut off after four decimals, what is
compared is not. The formula and why it is so stand in `prescribing.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Final, NamedTuple

from schemas.money import plain

_SCALE: Final = 4
Counts = Mapping[str, Sequence[int]]
"""Doctor → [prescriptions of selected products, of all products of the generic]."""
_NONE: Final = (0, 0)


class Change(NamedTuple):
    """变化: one doctor's counts, and those of all the others of the institution, in both months."""

    doctor: str
    selected: int
    every: int
    previous_selected: int
    previous_every: int
    others: int
    others_before: int

    @property
    def expected(self) -> tuple[int, int]:
        """Return how many selected prescriptions the others' own change lets expect: (n, d) for n ÷ d."""
        if not self.others_before:
            return self.previous_selected, 1
        others = min(self.others, self.others_before)
        return self.previous_selected * others, self.others_before

    @property
    def drop(self) -> tuple[int, int] | None:
        """Return 1 − selected ÷ expected as (n, d); None where nothing is expected."""
        expected, by = self.expected
        return (expected - self.selected * by, expected) if expected else None

    @property
    def drop_told(self) -> str:
        """Return the drop with four decimals, towards zero; "" where there is none to tell."""
        return "" if self.drop is None else _told(*self.drop)

    def clear(self, drop_from: str, least_count: int) -> bool:
        """Tell whether the drop is clear by a region's own threshold."""
        if self.drop is None or Fraction(*self.drop) < Fraction(drop_from):
            return False
        if self.previous_selected < least_count or not self.every:
            return False
        # shares compared without division: s ÷ n < s' ÷ n'
        return self.selected * self.previous_every < self.previous_selected * self.every

    @property
    def shown(self) -> dict[str, Any]:
        """Return it as it stands in conclusions."""
        found = {
            "doctor": self.doctor,
            "selected_count": self.selected,
            "all_count": self.every,
            "previous_selected_count": self.previous_selected,
            "previous_all_count": self.previous_every,
            "expected": _told(*self.expected),
        }
        told = self.drop_told
        return found | {"drop": told} if told else found

    @property
    def line(self) -> str:
        """Return its arithmetic."""
        others = f"{self.others}/{self.others_before}" if self.others_before else "1"
        told, drop = _told(*self.expected), self.drop_told
        said = f"{self.doctor}: 预期 expected {self.previous_selected} × min(1, {others}) = {told}"
        return f"{said}; 1 − {self.selected} ÷ {told} = {drop}" if drop else said

    @property
    def shares_line(self) -> str:
        """Return how the doctor's own share of selected products changed."""
        return (
            f"占比 share {self.selected}/{self.every}"
            f" < {self.previous_selected}/{self.previous_every}"
        )


def changes(now: Counts, before: Counts) -> list[Change]:
    """Return the change of every doctor who prescribed the generic in either month, in order of names."""
    total = sum(each[0] for each in now.values())
    total_before = sum(each[0] for each in before.values())
    found = []
    for doctor in sorted({*now, *before}):
        (selected, every), (earlier, earlier_every) = (
            now.get(doctor, _NONE),
            before.get(doctor, _NONE),
        )
        others = (total - selected, total_before - earlier)
        found.append(Change(doctor, selected, every, earlier, earlier_every, *others))
    return found


def _told(numerator: int, denominator: int) -> str:
    """Return a ratio (its denominator above zero) with four decimals, cut off towards zero."""
    cut = abs(numerator) * int(10**_SCALE) // denominator
    return plain(-cut if numerator < 0 else cut, _SCALE)
