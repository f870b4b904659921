"""处方量变化: a doctor's selected prescriptions of a month against the one before, corrected for the others.

Exact: counts are integers, ratios are fractions; what is told is cut off after four decimals, what is
compared is not. The formula and why it is so stand in `prescribing.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from schemas.money import plain

_SCALE: Final = 4
Counts = Mapping[str, Sequence[int]]
"""Doctor → [prescriptions of selected products, of all products of the generic]."""
_NONE: Final = (0, 0)


@dataclass(frozen=True, slots=True)
class Change:
    """变化: one doctor's counts, and those of all the others of the institution, in both months."""

    doctor: str
    selected: int
    every: int
    previous_selected: int
    previous_every: int
    others: int
    others_before: int

    @property
    def expected(self) -> Fraction:
        """Return how many selected prescriptions the others' own change lets expect."""
        if not self.others_before:
            return Fraction(self.previous_selected)
        return self.previous_selected * min(Fraction(1), Fraction(self.others, self.others_before))

    @property
    def drop(self) -> Fraction | None:
        """Return 1 − selected ÷ expected; None where nothing is expected."""
        return 1 - self.selected / self.expected if self.expected else None

    @property
    def drop_told(self) -> str:
        """Return the drop with four decimals, towards zero; "" where there is none to tell."""
        return "" if self.drop is None else _told(self.drop)

    def clear(self, drop_from: str, least_count: int) -> bool:
        """Tell whether the drop is clear by a region's own threshold."""
        if self.drop is None or self.drop < Fraction(drop_from):
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
            "expected": _told(self.expected),
        }
        return found | ({"drop": self.drop_told} if self.drop is not None else {})

    @property
    def line(self) -> str:
        """Return its arithmetic."""
        others = f"{self.others}/{self.others_before}" if self.others_before else "1"
        expected = f"{self.previous_selected} × min(1, {others}) = {_told(self.expected)}"
        if self.drop is None:
            return f"{self.doctor}: 预期 expected {expected}"
        return (
            f"{self.doctor}: 预期 expected {expected};"
            f" 1 − {self.selected} ÷ {_told(self.expected)} = {self.drop_told}"
        )

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


def _told(value: Fraction) -> str:
    cut = abs(value) * int(10**_SCALE)
    sign = "-" if value < 0 and int(cut) else ""
    return sign + plain(int(cut), _SCALE)
