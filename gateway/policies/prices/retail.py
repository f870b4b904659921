"""零售 (R11, R6): a pharmacy's sale, split by the payment standard in force.

The papers say: designated pharmacies may add to the selected price (适当加价); what exceeds the standard the
patient bears, below it the insurance reimburses by its rules. How much may be added no paper says, so no
mark-up is judged; it is shown. Whether prices are displayed (明码标价) is not ours to conclude.

The standards are those that were concluded (`payment_standard.set` and its end). A standard that changes
afterwards splits again the sales it touches, and names the split that it replaces. A region whose paper
does not say who bears the excess splits nothing.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final, NamedTuple

from gateway.policies.policy import Judgement, Scope, State, because
from gateway.policies.prices.payment_standard_split import split_by_standard
from gateway.policies.prices.price_book import FOREVER
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
    PAYMENT_SPLIT_COMPUTED,
    PAYMENT_SPLIT_ENDED,
    PAYMENT_STANDARD_ENDED,
    PAYMENT_STANDARD_SET,
    RETAIL_SOLD,
)
from schemas.money import PRICE_SCALE, QUANTITY_SCALE, plain, scaled, yuan
from schemas.payment_standard import StandardBasis

RULE: Final = "R11"
STANDARD_RULE: Final = "R6"
"""Where the papers say nothing of selling, a sale is split by what they say of the standard."""
EXCESS: Final = "payment_standard.excess"
BELOW: Final = "payment_standard.below"
MARKUP: Final = "retail.markup"
_NAMES: Final = (EXCESS, BELOW, MARKUP)


def _rule_of(terms: list[Term]) -> str:
    return RULE if any(term.name == MARKUP for term in terms) else STANDARD_RULE


class Standard(NamedTuple):
    """A concluded standard as it lies in the state, by its message id."""

    product: str
    region: str
    since: str
    until: str
    price: int
    own: bool
    """Whether it is the product's own selected price."""


class Sale(NamedTuple):
    """A sale as it lies in the state, by its message id; `split`: what was said of it, or [].

    [message id, standard's price, whether that is the product's own selected price]
    """

    product: str
    region: str
    day: str
    price: int
    quantity: int
    sale_no: str
    line_no: int
    split: list[Any]


class Retail:
    """零售: sales and standards in, splits out. One state per pharmacy, drug and month."""

    name: Final = "retail"
    consumes: Final = frozenset({RETAIL_SOLD, PAYMENT_STANDARD_SET, PAYMENT_STANDARD_ENDED})

    def keys(self, message: Message, content: State) -> Scope:
        """Return the month's state of a sale, or all states of the drug in a standard's province."""
        if message.type == RETAIL_SOLD:
            return trade_scope(content, day_in_china(content["sold_at"]))
        return price_scope(content)

    def begin(self, record: State | None) -> State:
        """Return a month without sales that knows the standards there are."""
        return {"sales": {}, **(record or _NO_STANDARDS)}

    def remember(self, record: State | None, message: Message, content: State) -> State:
        """Return the drug's record with a standard, or without the one that ended."""
        return _with_standard(record or _NO_STANDARDS, message, content)

    def forget(self, record: State | None, gone: Message, content: State) -> State:  # noqa: ARG002
        """Return the drug's record without a standard."""
        return _without(record or _NO_STANDARDS, gone.id)

    def judge(
        self, key: str, state: State, message: Message, content: State, rules: Rulebook
    ) -> Judgement:
        """Take a sale, a standard or its end."""
        if message.type == RETAIL_SOLD:
            if message.id in state["sales"]:
                return Judgement()
            after = _of_month(state, month_in(key))
            return _Splitting(key, message.id, (), rules).taken(after, message.id, _sale(content))
        after = _told(state, key, message, content)
        if after == state:
            return Judgement()
        touched = of_product(state["sales"], content)
        return _Splitting(key, message.id, (message.id,), rules).looked_at(after, touched)

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
        """Take back a sale or a standard, and take another in in its place; an end is not taken back."""
        sales = state["sales"]
        if gone.id not in (sales if gone.type == RETAIL_SOLD else state["standards"]):
            return None
        splitting = _Splitting.correcting(key, gone, by, instead, rules)
        if gone.type == RETAIL_SOLD:
            if instead is None or by.id in sales:
                return splitting.gone(state, gone.id)
            return splitting.in_place(state, gone.id, by.id, _sale(instead))
        after, contents = {**state, **_without(state, gone.id)}, [content]
        if instead is not None:
            after = _told(after, key, by, instead)
            contents.append(instead)
        return splitting.looked_at(after, of_product(sales, *contents))


_NO_STANDARDS: Final[State] = {"standards": {}, "ended": []}


def _sale(content: State) -> list[Any]:
    """Return a sale as it lies in the state, without a split."""
    return [
        content["unified_code"],
        content["region"],
        day_in_china(content["sold_at"]),
        scaled(content["unit_price"], PRICE_SCALE),
        scaled(content["quantity"], QUANTITY_SCALE),
        content["sale_no"],
        content["line_no"],
        [],
    ]


def _told(state: State, key: str, message: Message, content: State) -> State:
    """Return a month's state with a standard or its end, where it may touch its sales."""
    if not concerns(key, content) or month_of(content["effective_from"]) > month_in(key):
        return state
    return _of_month(_with_standard(state, message, content), month_in(key))


def _with_standard(known: State, message: Message, content: State) -> State:
    """Return what is known with a standard, or without one that ended (perhaps before it was heard of)."""
    if message.type == PAYMENT_STANDARD_ENDED:
        return _ended(known, content["standard_id"])
    replaced = content.get("replaces")
    if replaced:
        known = _ended(known, replaced)
    if message.id in known["ended"]:
        return {**known, "ended": [each for each in known["ended"] if each != message.id]}
    standard = Standard(
        content["unified_code"],
        content["region"],
        content["effective_from"],
        content.get("effective_to") or FOREVER,
        scaled(content["unit_price"], PRICE_SCALE),
        content["basis"] == StandardBasis.SELECTED_PRICE,
    )
    return {**known, "standards": {**known["standards"], message.id: list(standard)}}


def _ended(known: State, identity: str) -> State:
    if identity in known["standards"]:
        return {**known, **_without(known, identity)}
    return {**known, "ended": sorted({*known["ended"], identity})}


def _without(known: State, identity: str) -> State:
    kept = {name: each for name, each in known["standards"].items() if name != identity}
    return {"standards": kept, "ended": known["ended"]}


def _of_month(state: State, month: str) -> State:
    """Return the state without standards that begin after its month: they never touch it."""
    kept = {
        name: each
        for name, each in state["standards"].items()
        if month_of(each[2]) <= month <= month_of(each[3])
    }
    return state if len(kept) == len(state["standards"]) else {**state, "standards": kept}


class _Splitting(TradeDrawing):
    """The splits that one message leads to in one state, in order."""

    policy = Retail.name
    trades = "sales"
    named = ("sale_id", "sold_on")

    def finds(self, identity: str, trade: Trade, state: State) -> list[Any]:
        """Return a sale's split as it is now; conclude one that is new or other than before."""
        sale = Sale(*trade)
        found = _standard_for(sale, state["standards"])
        terms = self._terms(sale)
        if found is None or not terms:
            return []
        name, standard = found
        figures = [standard.price, standard.own]
        if sale.split and sale.split[1:] == figures:
            return sale.split
        return [self._split(identity, sale, name, standard, terms), *figures]

    def _split(
        self, identity: str, sale: Sale, name: str, standard: Standard, terms: list[Term]
    ) -> str:
        split = split_by_standard(sale.price, sale.quantity, standard.price)
        replaces = sale.split[0] if sale.split else ""
        quantity = plain(sale.quantity, QUANTITY_SCALE)
        lines = [
            f"{priced(sale.price)} × {quantity} = {yuan(split.total)}",
            f"min({priced(sale.price)}, {priced(standard.price)}) × {quantity} = {yuan(split.fund_base)}",
            f"{yuan(split.total)} − {yuan(split.fund_base)} = {yuan(split.patient_excess)}",
        ]
        markup = max(0, sale.price - standard.price) if standard.own else None
        causes = (identity, name, replaces, *(self._causes if replaces else ()))
        return self.told(
            PAYMENT_SPLIT_COMPUTED,
            identity,
            sale,
            {
                "sale_no": sale.sale_no,
                "line_no": sale.line_no,
                "quantity": quantity,
                "unit_price": plain(sale.price, PRICE_SCALE),
                "standard_price": plain(standard.price, PRICE_SCALE),
                "standard_id": name,
                "total": yuan(split.total),
                "fund_base": yuan(split.fund_base),
                "patient_excess": yuan(split.patient_excess),
                "markup": plain(markup, PRICE_SCALE) if markup is not None else None,
                "replaces": replaces or None,
                "because": because(_rule_of(terms), terms, lines, causes),
            },
        )

    def ends(
        self,
        identity: str,
        trade: Trade,
        now: Trade | None,  # noqa: ARG002 - the machinery's form
        state: State,  # noqa: ARG002
    ) -> None:
        """Conclude that a sale's split no longer follows."""
        sale = Sale(*trade)
        line = "支付分担不再成立 no longer follows"
        causes = (sale.split[0], identity, *self._causes)
        terms = self._terms(sale)
        why = because(_rule_of(terms), terms, [line], causes)
        data = {"split_id": sale.split[0], "because": why}
        self.told(PAYMENT_SPLIT_ENDED, identity, sale, data)

    def _terms(self, sale: Sale) -> list[Term]:
        """Return what the region's papers say of a sale's split; [] where they are silent."""
        terms, day = self._rules.of(sale.region), date.fromisoformat(sale.day)
        if terms is None or terms.value(EXCESS, day) is None:
            return []
        found = (terms.value(name, day) for name in _NAMES)
        return [each for each in found if each is not None]


def _standard_for(sale: Sale, standards: dict[str, list[Any]]) -> tuple[str, Standard] | None:
    """Return the standard in force for a sale: the nearest region's, the latest that has begun."""
    known = [(name, Standard(*each)) for name, each in standards.items()]
    for region in regions_above(sale.region):
        here = [
            (standard.since, name, standard)
            for name, standard in known
            if standard.product == sale.product
            and standard.region == region
            and standard.since <= sale.day
        ]
        if here:
            _, name, standard = max(here)
            if standard.until >= sale.day:
                return name, standard
    return None
