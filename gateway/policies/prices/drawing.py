"""价格结论: the conclusions that one message leads to for one state of a price policy, in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from gateway.policies.policy import Conclusion, conclusion_identity
from gateway.policies.prices.listings import Market
from gateway.policies.prices.price_book import ABOUT
from gateway.policies.rulebook import Rulebook


class Drawing:
    """价格结论: what was concluded so far. `causes` stand in what is concluded anew or ended."""

    policy: ClassVar[str]

    def __init__(self, key: str, cause: str, causes: Sequence[str], rules: Rulebook) -> None:
        self._key, self._cause, self._causes, self._rules = key, cause, causes, rules
        self._drawn: list[Conclusion] = []

    def conclusions(self) -> tuple[Conclusion, ...]:
        """Return what was concluded."""
        return tuple(self._drawn)

    def draw(self, type_: str, data: dict[str, Any]) -> str:
        """Conclude; return the conclusion's message id."""
        number = len(self._drawn)
        self._drawn.append(Conclusion(type_, data))
        return conclusion_identity(self.policy, self._cause, self._key, number)


class NamingDrawing(Drawing):
    """价格结论 that name products as their listings do."""

    def __init__(self, key: str, cause: str, causes: Sequence[str], rules: Rulebook) -> None:
        super().__init__(key, cause, causes, rules)
        self.names: dict[str, str] = {}
        """Names of products whose last listing is gone."""

    def name_of(self, market: Market, code: str) -> str:
        """Return how a product's listings call it."""
        for series in market.of_product(code).values():
            return market.about(series[-1][ABOUT]).drug_name
        return self.names.get(code, code)
