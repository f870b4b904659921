"""按月的交易结论: what one message leads to for the sales or purchases of one month's state.

A trade lies in the state by its message's id as a plain list: product, region, day and whatever else its
policy keeps; the last element is what was found of it, [] where nothing was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from gateway.policies.policy import Judgement, State
from gateway.policies.prices.drawing import Drawing
from gateway.policies.prices.price_book_months import parts

Trade = Sequence[Any]


class TradeDrawing(Drawing):
    """按月的交易结论: trades are looked at anew one by one."""

    trades: ClassVar[str]
    """Where the trades lie in the state."""
    named: ClassVar[tuple[str, str]]
    """How conclusions call a trade's message and its day."""

    def again(self, identity: str, trade: Trade, state: State) -> list[Any]:
        """Return what is found of a trade now; conclude where it changed."""
        raise NotImplementedError

    def taken(self, state: State, identity: str, trade: Trade) -> Judgement:
        """Take in a new trade."""
        told = [*trade[:-1], self.again(identity, trade, state)]
        return self._kept(state, {**state[self.trades], identity: told})

    def looked_at(self, state: State, identities: Iterable[str]) -> Judgement:
        """Look at some trades anew."""
        kept = dict(state[self.trades])
        for identity in identities:
            kept[identity] = [*kept[identity][:-1], self.again(identity, kept[identity], state)]
        return self._kept(state, kept)

    def gone(self, state: State, identity: str) -> Judgement:
        """Drop a trade, of which nothing is found any more."""
        left = {name: each for name, each in state[self.trades].items() if name != identity}
        return self._kept(state, left)

    def _kept(self, state: State, trades: dict[str, Trade]) -> Judgement:
        return Judgement({**state, self.trades: trades}, self.conclusions())

    def told(self, type_: str, identity: str, trade: Trade, data: dict[str, Any]) -> str:
        """Conclude something of a trade; return the conclusion's message id."""
        drug, institution, _ = parts(self._key)
        named, dated = self.named
        about = {
            "institution": institution,
            "unified_code": trade[0],
            "drug": drug,
            "region": trade[1],
            named: identity,
            dated: trade[2],
        }
        return self.draw(type_, about | data)


def of_product(trades: dict[str, Trade], content: State) -> list[str]:
    """Return the trades of the product that a message is about."""
    product = content["unified_code"]
    return [identity for identity, trade in trades.items() if trade[0] == product]
