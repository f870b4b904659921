"""联动的比较: how prices of two forms of a drug compare, worked out once and applied in integers."""

from __future__ import annotations

from typing import Final, NamedTuple

from gateway.policies.prices.listings import About
from gateway.policies.ratio import factor
from gateway.policies.rulebook import Ratios
from schemas.money import PRICE_SCALE, divide_half_up


class Comparison(NamedTuple):
    """How prices of one form are taken for another: as they are where `written` is ""."""

    numerator: int
    denominator: int
    step: int
    written: str

    def of(self, price: int) -> int:
        """Return a price for the other form, rounded once (10^-6 yuan)."""
        if not self.written:
            return price
        return divide_half_up(price * self.numerator, self.denominator) * self.step

    def limits(self, lowest: int) -> tuple[int, int]:
        """Return which prices are above zero and not above `lowest` in the other form: first and last."""
        if not self.written:
            return 1, lowest
        twice = 2 * self.numerator
        last = -(-(2 * (lowest // self.step) + 1) * self.denominator // twice) - 1
        return -(-self.denominator // twice), last


AS_IT_IS: Final = Comparison(1, 1, 1, "")


class Yardstick:
    """How prices of every two forms compare, worked out once: the ratios do not change meanwhile."""

    def __init__(self, ratios: Ratios) -> None:
        self._ratios = ratios
        self._known: dict[tuple[About, About], Comparison | None] = {}

    def between(self, given: About, wanted: About) -> Comparison | None:
        """Return how prices of `given` are taken for `wanted`; None: they are not comparable."""
        pair = (given, wanted)
        if pair not in self._known:
            self._known[pair] = self._compared(given, wanted)
        return self._known[pair]

    def _compared(self, given: About, wanted: About) -> Comparison | None:
        if given.same_form(wanted):
            return AS_IT_IS
        found = None
        if given.content is not None and wanted.content is not None:
            found = factor(given.form, wanted.form, self._ratios)
        if found is None:
            return None
        by, step = found[0], int(10 ** (PRICE_SCALE - self._ratios.decimals))
        return Comparison(by.numerator, by.denominator * step, step, found[1])
