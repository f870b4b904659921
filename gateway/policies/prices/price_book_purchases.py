"""采购价 (R7): what institutions pay for a selected product, against the selected price in force.

The papers say: the selected price is strictly executed and nobody negotiates again (严格执行……不得再次议价);
contracts are signed at the selected price. So a purchase of a product that is selected in the region, on a
day on which it is, at another price is found: above it, or either way, as the region's term says. What is
not selected has no price that a paper orders institutions to pay; a silent region finds nothing.

Purchases are taken from goods receipts. A selected price that comes late or is corrected finds anew, or
lifts, the deviations of the receipts that it touches.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final, NamedTuple

from gateway.policies.policy import Judgement, Scope, State, because
from gateway.policies.prices.price_book import (
    ID,
    SINCE,
    Series,
    Span,
    entry_of,
    inserted,
    price_on,
    without,
)
from gateway.policies.prices.price_book_months import (
    concerns,
    month_in,
    month_of,
    price_scope,
    trade_scope,
)
from gateway.policies.prices.trade_drawing import Trade, TradeDrawing, of_product
from gateway.policies.quarters import day_in_china
from gateway.policies.ratio import priced
from gateway.policies.regions import regions_above
from gateway.policies.rulebook import Rulebook, Term
from schemas.envelope import Message
from schemas.events import (
    ACCEPTANCE_RECORDED,
    PRICE_DEVIATION_FOUND,
    PRICE_DEVIATION_LIFTED,
    PRICE_LISTED,
)
from schemas.money import PRICE_SCALE, plain, scaled
from schemas.price import Deviation, PriceKind

RULE: Final = "R7"
SELECTED: Final = "purchase_price.selected"
Prices = dict[str, Series]
"""Selected prices by `product/region`."""


_PRICE: Final = 3
"""Place of the price paid in a receipt."""


class Purchase(NamedTuple):
    """A receipt as it lies in the state, by its message id; `finding`: [message id, price in force] or []."""

    product: str
    region: str
    day: str
    price: int
    receipt_no: str
    line_no: int
    finding: list[Any]


class PurchasePrices:
    """采购价: receipts and selected prices in, deviations out. One state per institution, drug and month."""

    name: Final = "purchase_price"
    consumes: Final = frozenset({ACCEPTANCE_RECORDED, PRICE_LISTED})

    def keys(self, message: Message, content: State) -> Scope:
        """Return the month's state of a receipt, or all states of the drug in a selected price's province."""
        if message.type == ACCEPTANCE_RECORDED:
            return trade_scope(content, day_in_china(content["accepted_at"]))
        return price_scope(content) if content["kind"] == PriceKind.SELECTED else Scope()

    def begin(self, record: State | None) -> State:
        """Return a month without purchases that knows the selected prices there are."""
        return {"bought": {}, "prices": (record or _NO_PRICES)["prices"]}

    def remember(self, record: State | None, message: Message, content: State) -> State:
        """Return the drug's record with one more selected price."""
        return {"prices": _with_price((record or _NO_PRICES)["prices"], message, content)}

    def forget(self, record: State | None, gone: Message, content: State) -> State:
        """Return the drug's record without a selected price."""
        return {"prices": _without_price((record or _NO_PRICES)["prices"], gone, content)}

    def judge(
        self, key: str, state: State, message: Message, content: State, rules: Rulebook
    ) -> Judgement:
        """Take a receipt or a selected price."""
        if message.type == ACCEPTANCE_RECORDED:
            if not _speaks(rules, content) or message.id in state["bought"]:
                return Judgement()
            after = state
            if not state["bought"]:  # the prices are as the drug's record had them
                after = {**state, "prices": _until_month(state["prices"], month_in(key))}
            bought = _purchase(content)
            chosen = _selected(bought, after["prices"])
            if chosen is None or bought[_PRICE] == chosen.price:  # by far the most
                return Judgement({**after, "bought": {**state["bought"], message.id: bought}})
            return _Comparing(key, message.id, (), rules).taken(after, message.id, bought)
        if not _holds_in(key, content):
            return Judgement()
        after = {**state, "prices": _with_price(state["prices"], message, content)}
        comparing = _Comparing(key, message.id, (message.id,), rules)
        return comparing.looked_at(after, of_product(state["bought"], content))

    def correct(
        self,
        key: str,
        state: State,
        gone: Message,
        content: State,
        by: Message,
        instead: State | None,
        rules: Rulebook,
    ) -> Judgement | None:
        """Take back a receipt or a selected price, and take another in in its place."""
        bought, prices = state["bought"], state["prices"]
        receipt = gone.type == ACCEPTANCE_RECORDED
        known = gone.id in bought if receipt else _knows_price(prices, gone, content)
        if not known:
            return None
        comparing = _Comparing.correcting(key, gone, by, instead, rules)
        if receipt:
            if instead is None or by.id in bought or not _speaks(rules, instead):
                return comparing.gone(state, gone.id)
            return comparing.in_place(state, gone.id, by.id, _purchase(instead))
        prices, contents = _without_price(prices, gone, content), [content]
        if instead is not None and _holds_in(key, instead):
            prices = _with_price(prices, by, instead)
            contents.append(instead)
        return comparing.looked_at({**state, "prices": prices}, of_product(bought, *contents))


_NO_PRICES: Final[State] = {"prices": {}}


def _speaks(rules: Rulebook, content: State) -> bool:
    """Return whether the papers of a receipt's region speak of what is paid."""
    terms = rules.of(content["region"])
    return terms is not None and terms.speaks_of(SELECTED)


def _holds_in(key: str, content: State) -> bool:
    """Return whether a selected price may touch the purchases of a state."""
    return concerns(key, content) and month_of(content["effective_from"]) <= month_in(key)


def _knows_price(prices: Prices, message: Message, content: State) -> bool:
    return any(each[ID] == message.id for each in prices.get(_place(content), ()))


def _purchase(content: State) -> list[Any]:
    """Return a receipt as it lies in the state, without a finding."""
    return [
        content["unified_code"],
        content["region"],
        day_in_china(content["accepted_at"]),
        scaled(content["unit_price"], PRICE_SCALE),
        content["receipt_no"],
        content["line_no"],
        [],
    ]


def _place(content: State) -> str:
    return f"{content['unified_code']}/{content['region']}"


def _with_price(prices: Prices, message: Message, content: State) -> Prices:
    place = _place(content)
    return {**prices, place: inserted(prices.get(place, []), entry_of(message, content))}


def _without_price(prices: Prices, gone: Message, content: State) -> Prices:
    place = _place(content)
    left = without(prices.get(place, []), gone.id)
    kept = {name: series for name, series in prices.items() if name != place}
    return {**kept, place: left} if left else kept


def _until_month(prices: Prices, month: str) -> Prices:
    """Return the prices without those that begin after a month: they never touch its purchases."""
    if all(month_of(series[-1][SINCE]) <= month for series in prices.values()):
        return prices
    kept = {
        place: [entry for entry in series if month_of(entry[SINCE]) <= month]
        for place, series in prices.items()
    }
    return {place: series for place, series in kept.items() if series}


class _Comparing(TradeDrawing):
    """The deviations that one message leads to in one state, in order."""

    policy = PurchasePrices.name
    trades = "bought"
    named = ("acceptance_id", "bought_on")

    def finds(self, identity: str, trade: Trade, state: State) -> list[Any]:
        """Return a purchase's deviation as it is now; conclude one that is new or other than before."""
        bought = Purchase(*trade)
        chosen = _selected(bought, state["prices"])
        if chosen is None or chosen.price in {0, bought.price}:
            return []
        term = self._term(bought)
        if term is None or (bought.price < chosen.price and term.value != "exact"):
            return []
        if bought.finding and bought.finding[1] == chosen.price:
            return bought.finding
        return [self._find(identity, bought, chosen, term), chosen.price]

    def _find(self, identity: str, bought: Purchase, chosen: Span, term: Term) -> str:
        above = bought.price > chosen.price
        replaces = bought.finding[0] if bought.finding else ""
        sign = ">" if above else "<"
        line = f"{priced(bought.price)} {sign} 中选价 selected price {priced(chosen.price)}"
        causes = (identity, chosen.id, replaces, *(self._causes if replaces else ()))
        return self.told(
            PRICE_DEVIATION_FOUND,
            identity,
            bought,
            {
                "receipt_no": bought.receipt_no,
                "line_no": bought.line_no,
                "deviation": (Deviation.ABOVE if above else Deviation.BELOW).value,
                "paid_price": plain(bought.price, PRICE_SCALE),
                "price_in_force": plain(chosen.price, PRICE_SCALE),
                "replaces": replaces or None,
                "because": because(RULE, [term], [line], causes),
            },
        )

    def ends(self, identity: str, trade: Trade, now: Trade | None, state: State) -> None:
        """Conclude that a purchase's finding no longer follows."""
        bought, paid = Purchase(*trade), (now or trade)[_PRICE]
        chosen = _selected(now, state["prices"]) if now is not None else None
        price = priced(chosen.price) if chosen is not None else "无中选价 none selected"
        line = f"{priced(paid)}; 中选价 selected price {price}"
        causes = (bought.finding[0], identity, chosen.id if chosen else "", *self._causes)
        term = self._term(bought)
        why = because(RULE, [term] if term is not None else [], [line], causes)
        data = {"deviation_id": bought.finding[0], "because": why}
        self.told(PRICE_DEVIATION_LIFTED, identity, bought, data)

    def _term(self, bought: Purchase) -> Term | None:
        terms = self._rules.of(bought.region)
        return terms.value(SELECTED, date.fromisoformat(bought.day)) if terms is not None else None


def _selected(bought: Trade, prices: Prices) -> Span | None:
    """Return the selected price in force for a purchase: the nearest region's."""
    product, region, day = bought[:_PRICE]
    for each in regions_above(region):
        series = prices.get(f"{product}/{each}")
        found = price_on(series, day) if series else None
        if found is not None:
            return found
    return None
