"""预付 (R2): what the fund prepays for selected products, on which base, to whom, and its clearing.

Each paper has its own way: a share of the year's contract or task, of the purchase amount, of last year's
monthly average, or inside the quarterly package of a county community. Where the paper says so,
prepayment goes on for what is bought above the agreed quantity. Prepayments stand on a ledger of their own
and are cleared against actual purchases; every conclusion carries its postings.

States lie under the institution: one per product, one for its years and one for its packages. What the
institution is (kind, ownership, level) is known to all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gateway.policies.payments.ledger_open import Ending, Occasion, difference
from gateway.policies.payments.prepayment_dues import RULE, may_go_on, wanted
from gateway.policies.payments.prepayment_facts import (
    Fact,
    knows_purchase,
    with_purchase,
    without_purchase,
)
from gateway.policies.policy import Judgement, Scope, State, correction_cause
from gateway.policies.quarters import day_in_china
from gateway.policies.regions import province_of
from gateway.policies.rulebook import Rulebook
from schemas.contract import ContractBasis
from schemas.envelope import Message
from schemas.events import (
    ACCEPTANCE_RECORDED,
    CONTRACT_SIGNED,
    FUND_YEAR_PAID,
    GOODS_RETURNED,
    INSTITUTION_REGISTERED,
    PREPAYMENT_CLEARING_STATED,
    PREPAYMENT_ENDED,
    PREPAYMENT_PACKAGE_SET,
)
from schemas.money import QUANTITY_SCALE, fen, scaled
from schemas.prepayment import PrepaymentBase

NAME: Final = "prepayment"
_ENDING: Final = Ending(PREPAYMENT_ENDED, "ended_id")
_PURCHASES: Final = frozenset({ACCEPTANCE_RECORDED, GOODS_RETURNED})
_LISTS: Final = {
    INSTITUTION_REGISTERED: "who",
    CONTRACT_SIGNED: "contracts",
    FUND_YEAR_PAID: "years",
    PREPAYMENT_PACKAGE_SET: "packages",
    PREPAYMENT_CLEARING_STATED: "clearings",
}
_DATED_BY: Final = {
    INSTITUTION_REGISTERED: "registered_on",
    CONTRACT_SIGNED: "signed_on",
    FUND_YEAR_PAID: "stated_on",
    PREPAYMENT_PACKAGE_SET: "set_on",
    PREPAYMENT_CLEARING_STATED: "cleared_on",
    ACCEPTANCE_RECORDED: "accepted_at",
    GOODS_RETURNED: "returned_on",
}
_DEFAULTS: Final[Mapping[str, Mapping[str, Any]]] = {
    CONTRACT_SIGNED: {"version": 1, "basis": ContractBasis.CONTRACT.value},
    FUND_YEAR_PAID: {"months": 12},
}
_YEARS, _PACKAGES = "!years", "!packages"


class Prepayment:
    """预付: contracts, tasks, purchases, years, packages and clearings in; prepayments out."""

    name: Final = NAME
    consumes: Final = frozenset({*_LISTS, *_PURCHASES})

    def keys(self, message: Message, content: State) -> Scope:
        """Return the state of the product, the years or the packages; all of an institution's for who it is."""
        institution = f"{province_of(content['region'])}/{content['institution']}"
        if message.type == INSTITUTION_REGISTERED:
            return Scope(prefix=f"{institution}/", region=institution)
        return Scope(f"{institution}/{_part(message, content)}", region=institution)

    def begin(self, record: State | None) -> State:
        """Return a state that knows who the institution is."""
        who = record["who"] if record is not None else []
        lists: State = {name: [] for name in _LISTS.values()}
        return lists | {"who": who, "bought": {}, "open": {}}

    def remember(self, record: State | None, message: Message, content: State) -> State:
        """Return the institution's record with one more registration."""
        known = record["who"] if record is not None else []
        if any(each["id"] == message.id for each in known):
            return {"who": known}
        return {"who": [*known, _fact(message, content)]}

    def forget(self, record: State | None, gone: Message, content: State) -> State:  # noqa: ARG002
        """Return the institution's record without a registration."""
        known = record["who"] if record is not None else []
        return {"who": [each for each in known if each["id"] != gone.id]}

    def judge(
        self, key: str, state: State, message: Message, content: State, rules: Rulebook
    ) -> Judgement:
        """Take one fact; what follows is the difference to what is open."""
        after = _with(state, message, content, rules)
        if after is None:
            return Judgement()
        if message.type in _PURCHASES and not may_go_on(after):
            return Judgement(after)
        day = _day(message, content)
        return _concluded(key, after, rules, message.id, message.id, day)

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
        """Take back one fact, or put another in its place; end or change what rested on it."""
        after = _without(state, gone, content)
        if after is None:
            return None
        day = _day(gone, content)
        if instead is not None:
            after, day = _with(after, by, instead, rules) or after, _day(by, instead)
        return _concluded(key, after, rules, correction_cause(by.id, instead), by.id, day)


def _part(message: Message, content: State) -> str:
    if message.type == FUND_YEAR_PAID:
        return _YEARS
    if message.type == PREPAYMENT_PACKAGE_SET:
        return _PACKAGES
    if message.type == PREPAYMENT_CLEARING_STATED:
        if content["base"] == PrepaymentBase.MONTHLY_AVERAGE:
            return _YEARS
        if content["base"] == PrepaymentBase.QUARTERLY_PACKAGE:
            return _PACKAGES
    return str(content["unified_code"])


def _fact(message: Message, content: State) -> Fact:
    given = {name: value for name, value in content.items() if value is not None}
    return {**_DEFAULTS.get(message.type, {}), **given, "id": message.id}


def _quantity(message: Message, content: State) -> int:
    """Return the quantity that a receipt adds; a return, or a negative receipt (红字), takes away."""
    if message.type == GOODS_RETURNED:
        return -scaled(content["returned_quantity"], QUANTITY_SCALE)
    quantity = scaled(content["accepted_quantity"], QUANTITY_SCALE)
    return -quantity if fen(content["amount"]) < 0 else quantity


def _day(message: Message, content: State) -> str:
    return day_in_china(content[_DATED_BY[message.type]])


def _with(state: State, message: Message, content: State, rules: Rulebook) -> State | None:
    """Return the state with a fact; None where it says nothing new or nothing could follow from it."""
    if message.type in _PURCHASES:
        terms = rules.of(content["region"])
        if terms is None or not terms.speaks_of("prepayment.again"):
            return None
        day = _day(message, content)
        if knows_purchase(state["bought"], day, message.id):
            return None
        quantity = _quantity(message, content)
        return {**state, "bought": with_purchase(state["bought"], day, message.id, quantity)}
    name = _LISTS[message.type]
    if any(each["id"] == message.id for each in state[name]):
        return None
    return {**state, name: [*state[name], _fact(message, content)]}


def _without(state: State, gone: Message, content: State) -> State | None:
    if gone.type in _PURCHASES:
        day = _day(gone, content)
        if not knows_purchase(state["bought"], day, gone.id):
            return None
        return {**state, "bought": without_purchase(state["bought"], day, gone.id)}
    name = _LISTS[gone.type]
    kept = [each for each in state[name] if each["id"] != gone.id]
    return {**state, name: kept} if len(kept) < len(state[name]) else None


def _concluded(
    key: str, state: State, rules: Rulebook, cause: str, trigger: str, day: str
) -> Judgement:
    """Return the state with what is open now, and what leads there."""
    institution = key.split("/")[1]
    now = wanted(institution, state, rules)
    occasion = Occasion(NAME, RULE, key, institution, cause, trigger, day)
    still, drawn = difference(state["open"], now, occasion, _ENDING)
    return Judgement({**state, "open": still}, drawn)
