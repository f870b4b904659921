"""产品计分: the scores of all products that an item may mean, as plain numbers.

The hot loop of ranking: a popular substance has thousands of products, but they share few strengths,
packs and makers, and each of these is compared once. Points with their verdicts are made again for the
few products that are shown or may be exact.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from gateway.coding.matching.evidence import Verdict
from gateway.coding.matching.product_comparison import HARMLESS, TRADE_NAME, Comparison, Points
from gateway.coding.matching.product_index import ProductIndex
from gateway.coding.matching.text import bracketed, flat

TRADE_ALIKE: Final = 0.8


class _Group(NamedTuple):
    """Products under one name, or under one trade name (`trade` set)."""

    share: float
    trade: Points | None
    products: Sequence[int]


class Weighed(NamedTuple):
    """Scores of products, and those that nothing contradicts."""

    scores: dict[int, float]
    trades: dict[int, Points]
    """Products that were found by their trade name, with what it gives."""
    open: list[int]
    """Products that no field of the item contradicts: the exact one and its rivals are among them."""

    def best(self, limit: int) -> list[int]:
        """Return the products with the highest scores; more than `limit` where the last are equal."""
        least = min(heapq.nlargest(limit, self.scores.values()), default=0.0)
        return [product for product, score in self.scores.items() if score >= least]


class _Column(dict[int, float]):
    """What each distinct value of a field gives, compared when it is first met.

    A dictionary that fills itself: looking up a known value costs no call.
    """

    def __init__(self, weight: float, compare: Callable[[int], Points]) -> None:
        super().__init__()
        self.weight, self._compare = weight, compare
        self.harmless: dict[int, bool] = {}

    def __missing__(self, number: int) -> float:
        points = self._compare(number)
        self.harmless[number] = points.verdict in HARMLESS
        found = self[number] = self.weight * points.share
        return found


class Weighing:
    """Weighs the products of one index for one item."""

    def __init__(self, comparison: Comparison, index: ProductIndex, limit: int) -> None:
        self._comparison, self._index, self._limit = comparison, index, limit
        weights = comparison.weights
        self._strengths = _Column(weights.get("specification", 0.0), comparison.strengths)
        self._packs = _Column(weights.get("pack", 0.0), comparison.packs)
        self._makers = _Column(weights.get("manufacturer", 0.0), comparison.makers)
        self._approvals = _Column(weights.get("approval_no", 0.0), comparison.approvals_of)
        self._codes = _Column(weights.get("other_codes", 0.0), comparison.codes_of)
        self._result = Weighed({}, {}, [])

    def weigh(self) -> Weighed:
        """Return the scores; names that cannot reach the best `limit` any more are left out."""
        result, weights = self._result, self._comparison.weights
        for product in self._anchored():
            self._take(self._index.name_of[product], None, (product,))
        rest = self._comparison.total - weights["name"]
        best: list[float] = []
        for group in self._groups():
            if len(best) == self._limit and weights["name"] * group.share + rest < best[-1]:
                break
            taken = self._take(self._index.name_of[group.products[0]], group.trade, group.products)
            if taken:
                best = heapq.nlargest(self._limit, [*best, *taken])
        return result

    def _anchored(self) -> Iterator[int]:
        """Yield the products that share a number or a code with the item."""
        for number in self._comparison.approvals:
            yield from self._index.approved(number)
        for code_type, code in self._comparison.item.other_codes:
            yield from self._index.linked(code_type, code)

    def _groups(self) -> list[_Group]:
        """Return the products by name, likeliest names first."""
        index, comparison = self._index, self._comparison
        plain = flat(comparison.item.name)
        spoken = (comparison.name.core, *comparison.name.aliases)
        trades = (plain, *bracketed(plain)[1])
        groups: list[_Group] = []
        for core, alike in index.cores.alike((*spoken, *trades)).items():
            for number in index.named_by_core.get(core, ()):
                share = comparison.names(number).share
                groups.append(_Group(share, None, index.products_by_name[number]))
            if core in index.products_by_trade and alike >= TRADE_ALIKE:
                verdict = Verdict.COMPATIBLE if alike == 1 else Verdict.SIMILAR
                points = Points(TRADE_NAME * alike, verdict)
                # products of one trade name may have several names: each is a group of its own
                groups += (
                    _Group(points.share, points, (product,))
                    for product in index.products_by_trade[core]
                )
        groups.sort(key=lambda group: -group.share)
        return groups

    def _take(self, name: int, trade: Points | None, products: Sequence[int]) -> Iterable[float]:
        """Score products that have one name; returns the scores of those not met before."""
        comparison, result = self._comparison, self._result
        weights = comparison.weights
        products = [product for product in products if product not in result.scores]
        points, form = comparison.names(name), comparison.forms(name)
        if trade is not None and trade.share > points.share:
            points = trade
            result.trades.update((product, trade) for product in products)
        base = weights["name"] * points.share + weights.get("dosage_form", 0.0) * form.share
        scores = self._scores(base, products)
        result.scores.update(scores)
        if points.verdict is not Verdict.DIFFERENT and form.verdict in HARMLESS:
            # a SIMILAR name may still differ by the trade name only: that is judged at the end
            result.open.extend(self._uncontradicted(products))
        return scores.values()

    def _scores(self, base: float, products: Sequence[int]) -> dict[int, float]:
        index = self._index
        strengths, packs, makers = self._strengths, self._packs, self._makers
        strength_of, pack_of, maker_of = index.strength_of, index.pack_of, index.maker_of
        scores = {
            product: base
            + strengths[strength_of[product]]
            + packs[pack_of[product]]
            + makers[maker_of[product]]
            for product in products
        }
        for column in (self._approvals, self._codes):
            for product in self._spoken(column, products):
                scores[product] += column[product]
        return scores

    def _spoken(self, column: _Column, products: Sequence[int]) -> Sequence[int]:
        """Return the products of which a field of their own can say anything but a contradiction.

        Another approval number gives nothing, so that the many who have one need no look.
        """
        if not column.weight:
            return ()
        if column is self._codes:
            return products
        numbered, ours = self._index.numbered, self._comparison.approved
        return [product for product in products if not numbered[product] or product in ours]

    def _uncontradicted(self, products: Sequence[int]) -> list[int]:
        """Return the products that no stated field but the name speaks against."""
        index, weights = self._index, self._comparison.weights
        for field, column, numbers in (
            ("specification", self._strengths, index.strength_of),
            ("pack", self._packs, index.pack_of),
            ("manufacturer", self._makers, index.maker_of),
        ):
            if field in weights:
                harmless = column.harmless
                products = [product for product in products if harmless[numbers[product]]]
        for column in (self._approvals, self._codes):
            if column.weight:
                spoken = self._spoken(column, products)
                products = [product for product in spoken if column.harmless[product]]
        return list(products)
