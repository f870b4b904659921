"""价格结论: the conclusions that one message leads to for one state of a price policy, in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

from gateway.policies.policy import Conclusion, State, conclusion_identity, correction_cause
from gateway.policies.prices.listings import Market
from gateway.policies.prices.price_book import ABOUT
from gateway.policies.rulebook import Rulebook
from schemas.envelope import Message


class Drawing:
    """价格结论: what was concluded so far. `causes` stand in what is concluded anew or ended."""

    policy: ClassVar[str]

    def __init__(self, key: str, cause: str, causes: Sequence[str], rules: Rulebook) -> None:
        self._key, self._cause, self._causes, self._rules = key, cause, causes, rules
        self._drawn: list[Conclusion] = []
        self._in_place = False
        """Whether something stands in the place of what was taken back: then ends are said first."""

    @classmethod
    def correcting(
        cls, key: str, gone: Message, by: Message, instead: State | None, rules: Rulebook
    ) -> Self:
        """Begin with what a correction leads to."""
        found = cls(key, correction_cause(by.id, instead), (gone.id, by.id), rules)
        found._in_place = instead is not None
        return found

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
        self.renamed: set[str] = set()
        """Products that a correction names otherwise: what is open of them is said again."""

    def note_names(self, before: Market, after: Market, gone: State, instead: State) -> None:
        """Note whether a listing that stands in the place of another one names its product otherwise."""
        code = gone["unified_code"]
        if code != instead["unified_code"]:
            return
        told = self.name_of(before, code), self.name_of(after, code)
        renamed = told[0] != told[1] and gone["drug_name"] != instead["drug_name"]
        if renamed or gone["drug"] != instead["drug"]:
            self.renamed.add(code)

    def name_of(self, market: Market, code: str) -> str:
        """Return how a product's listings call it."""
        for series in market.of_product(code).values():
            return market.about(series[-1][ABOUT]).drug_name
        return self.names.get(code, code)
