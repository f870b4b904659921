"""按月的交易结论: what one message leads to for the sales or purchases of one month's state.

A trade lies in the state by its message's id as a plain list: product, region, day and whatever else its
policy keeps; the last element is what was found of it, [] where nothing was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Final

from gateway.policies.policy import Judgement, State
from gateway.policies.prices.drawing import Drawing
from gateway.policies.prices.price_book_months import parts

Trade = Sequence[Any]
_DAY: Final = 2
"""Place of a trade's day, after its product and region."""


class TradeDrawing(Drawing):
    """按月的交易结论: trades are looked at anew one by one."""

    trades: ClassVar[str]
    """Where the trades lie in the state."""
    named: ClassVar[tuple[str, str]]
    """How conclusions call a trade's message and its day."""

    def finds(self, identity: str, trade: Trade, state: State) -> list[Any]:
        """Return what is found of a trade now, [] for nothing; conclude where it is other than before."""
        raise NotImplementedError

    def ends(self, identity: str, trade: Trade, now: Trade | None, state: State) -> None:
        """Conclude that what was found of a trade, which is as in `now` (None: no more), does not follow."""
        raise NotImplementedError

    def again(self, identity: str, trade: Trade, state: State) -> list[Any]:
        """Return what is found of a trade now; conclude where it changed."""
        found = self.finds(identity, trade, state)
        if trade[-1] and not found:
            self.ends(identity, trade, trade, state)
        return found

    def taken(self, state: State, identity: str, trade: Trade) -> Judgement:
        """Take in a new trade."""
        told = [*trade[:-1], self.again(identity, trade, state)]
        return self._kept(state, {**state[self.trades], identity: told})

    def in_place(self, state: State, gone: str, identity: str, trade: Trade) -> Judgement:
        """Take in a trade in the place of another one: what is found of it replaces what was found.

        Of another product or region something else is found: what was found there ends.
        """
        before = state[self.trades][gone]
        others = {name: each for name, each in state[self.trades].items() if name != gone}
        found = []
        if before[-1] and before[:_DAY] == trade[:_DAY]:
            found = [before[-1][0], None]
        elif before[-1]:
            self.ends(gone, before, None, state)
        told = self.finds(identity, [*trade[:-1], found], state)
        if found and not told:
            self.ends(gone, before, trade, state)
        return self._kept(state, {**others, identity: [*trade[:-1], told]})

    def looked_at(self, state: State, identities: Iterable[str]) -> Judgement:
        """Look at some trades anew."""
        kept = dict(state[self.trades])
        for identity in identities:
            kept[identity] = [*kept[identity][:-1], self.again(identity, kept[identity], state)]
        return self._kept(state, kept)

    def gone(self, state: State, identity: str) -> Judgement:
        """Drop a trade; what was found of it ends."""
        trade = state[self.trades][identity]
        if trade[-1]:
            self.ends(identity, trade, None, state)
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


def of_product(trades: dict[str, Trade], *contents: State) -> list[str]:
    """Return the trades of the products that messages are about."""
    products = {content["unified_code"] for content in contents}
    return [identity for identity, trade in trades.items() if trade[0] in products]
