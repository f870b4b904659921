"""应预付: what follows for an institution from its contracts, its year, its packages and its clearing.

Everything is computed from the facts that are known. A minimum (不低于) is rounded up to the fen, an exact
share half up. What a paper does not say is not due.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from fractions import Fraction
from functools import partial
from typing import Any, Final

from gateway.policies.payments.ledger import (
    FUND_PREPAYMENT,
    FUND_SETTLEMENT,
    entry,
    institution_account,
)
from gateway.policies.payments.ledger_open import Wanted
from gateway.policies.payments.prepayment_facts import (
    Bought,
    Fact,
    excluded,
    in_community,
    newest,
    overlap,
    purchased,
    purchases,
    registration,
)
from gateway.policies.payments.rounding import worked
from gateway.policies.policy import State, shown
from gateway.policies.rulebook import Rulebook, Term, Terms
from schemas.contract import ContractBasis
from schemas.events import PREPAYMENT_CLEARED, PREPAYMENT_DUE
from schemas.money import QUANTITY_SCALE, divide_half_up, fen, line_amount, plain, scaled, yuan
from schemas.prepayment import PrepaymentBase, PrepaymentStage

RULE: Final = "R2"
_ABOVE: Final = "o:"
_PLACE: Final = ("region", "base", "reference")
_OF_CONTRACT: Final = frozenset({PrepaymentBase.CONTRACT_AMOUNT, PrepaymentBase.PURCHASE_AMOUNT})


def wanted(institution: str, state: State, rules: Rulebook) -> list[Wanted]:
    """Return everything that follows from the facts in a state."""
    dues = [
        *_of_contracts(institution, state, rules),
        *_of_years(institution, state, rules),
        *_of_packages(institution, state, rules),
    ]
    return [*dues, *_clearings(institution, state, dues, rules)]


def may_go_on(state: State) -> bool:
    """Return whether a purchase may matter: something is bought above an agreed quantity, or was."""
    if any(slot.startswith(_ABOVE) for slot in state["open"]):
        return True
    return any(
        purchased(state["bought"], each["term_from"], each["term_to"])
        > scaled(each["agreed_quantity"], QUANTITY_SCALE)
        for each in state["contracts"]
    )


def share_of(amount: Fraction, share: Term, at_least: Term | None) -> int:
    """Return a share of an amount in fen: rounded up where it is a minimum (不低于), else half up."""
    exact = amount * Fraction(share.value)
    if _is_minimum(at_least):
        return -(-exact.numerator // exact.denominator)
    return divide_half_up(exact.numerator, exact.denominator)


def _is_minimum(at_least: Term | None) -> bool:
    return at_least is not None and at_least.value == "at_least"


def _worked(of: str, amount: Fraction, share: Term, at_least: Term | None) -> str:
    exact, due = amount * Fraction(share.value), share_of(amount, share, at_least)
    return worked(f"{of} × {share.value}", exact, due, up=_is_minimum(at_least))


def in_force(terms: Terms, on: date, *names: str) -> tuple[Term, ...]:
    """Return those of a family's terms that are in force on a day."""
    found = (terms.value(f"prepayment.{name}", on) for name in names)
    return tuple(term for term in found if term is not None)


# ------------------------------------------------------------------------------ contracts


def _of_contracts(institution: str, state: State, rules: Rulebook) -> Iterator[Wanted]:
    contracts = newest(state["contracts"], "contract_no", ("version",))
    signed = [each for each in contracts if each["basis"] == ContractBasis.CONTRACT]
    for each in contracts:
        if each["basis"] == ContractBasis.TASK and any(overlap(each, one) for one in signed):
            continue  # 年度购销合同或采购任务金额: one of them, not both
        who = registration(state["who"], each["term_from"])
        terms = rules.of(each["region"])
        if terms is not None:
            yield from _of_contract(institution, each, who, state, terms)


def _of_contract(
    institution: str, contract: Fact, who: Fact, state: State, terms: Terms
) -> Iterator[Wanted]:
    on = date.fromisoformat(contract["term_from"])
    share, base = terms.value("prepayment.share", on), terms.value("prepayment.base", on)
    if share is None or base is None or base.value not in _OF_CONTRACT:
        return
    if excluded(institution, who, terms.value("prepayment.excludes", on)):
        return
    if terms.value("prepayment.package_share", on) is not None and in_community(who):
        return  # its package contains the prepayment
    at_least = terms.value("prepayment.share_is", on)
    cited = in_force(terms, on, "base", "share", "share_is", "excludes", "ledger")
    causes = (contract["id"], *([who["id"]] if who else []))
    amount = fen(contract["amount"])
    due = share_of(Fraction(amount), share, at_least)
    said = _worked(f"合同金额 {yuan(amount)}", Fraction(amount), share, at_least)
    about = _about(contract, base.value, PrepaymentStage.INITIAL, amount, share, due)
    yield _due(institution, f"c:{contract['contract_no']}", about, due, cited, (said,), causes)
    again = terms.value("prepayment.again", on)
    if again is not None:
        yield from _after_completion(
            institution, contract, state, (base.value, share, at_least, (*cited, again), causes)
        )


def _after_completion(
    institution: str,
    contract: Fact,
    state: State,
    by: tuple[str, Term, Term | None, tuple[Term, ...], tuple[str, ...]],
) -> Iterator[Wanted]:
    """Yield what is prepaid for purchases above the agreed quantity, by the actual quantity."""
    base, share, at_least, cited, causes = by
    first, last = contract["term_from"], contract["term_to"]
    agreed = scaled(contract["agreed_quantity"], QUANTITY_SCALE)
    over = purchased(state["bought"], first, last) - agreed
    if over <= 0:
        return
    amount = line_amount(contract["unit_price"], plain(over, QUANTITY_SCALE))
    due = share_of(Fraction(amount), share, at_least)
    if not due:
        return
    numbers = [shown(plain(each, QUANTITY_SCALE)) for each in (agreed + over, agreed, over)]
    said = (
        f"实际采购 {numbers[0]} - 约定 {numbers[1]} = {numbers[2]}",
        f"{numbers[2]} × {shown(contract['unit_price'])} = {yuan(amount)}",
        _worked(yuan(amount), Fraction(amount), share, at_least),
    )
    about = _about(contract, base, PrepaymentStage.AFTER_COMPLETION, amount, share, due)
    receipts = partial(_purchases, state["bought"], first, last)
    slot = f"{_ABOVE}{contract['contract_no']}"
    yield _due(institution, slot, about, due, cited, said, causes, receipts)


def _purchases(bought: Bought, first: str, last: str) -> tuple[str, ...]:
    return tuple(purchases(bought, first, last))


def _about(
    contract: Fact, base: str, stage: PrepaymentStage, amount: int, share: Term, due: int
) -> dict[str, Any]:
    return {
        "region": contract["region"],
        "base": base,
        "reference": contract["contract_no"],
        "stage": stage.value,
        "unified_code": contract["unified_code"],
        "base_amount": yuan(amount),
        "share": share.value,
        "amount": yuan(due),
    }


def _due(
    institution: str,
    slot: str,
    about: Mapping[str, Any],
    amount: int,
    cited: Sequence[Term],
    said: Sequence[str],
    causes: Sequence[str],
    receipts: Callable[[], Sequence[str]] = tuple,
) -> Wanted:
    owed = institution_account(institution, "vbp-prepayment")
    return Wanted(
        slot=slot,
        type=PREPAYMENT_DUE,
        data=about,
        place=_PLACE,
        terms=tuple(cited),
        arithmetic=tuple(said),
        causes=tuple(causes),
        balances=entry(owed, FUND_PREPAYMENT, amount),
        dated="decided_on",
        facts=receipts,
    )


# ------------------------------------------------------------------------------ years


def _of_years(institution: str, state: State, rules: Rulebook) -> Iterator[Wanted]:
    for each in newest(state["years"], "year", ("stated_on",)):
        terms, year = rules.of(each["region"]), int(each["year"]) + 1
        on = _first_day_in_force(terms, year) if terms is not None else None
        if terms is not None and on is not None:
            yield from _of_year(institution, each, state, terms, on)


def _first_day_in_force(terms: Terms, year: int) -> date | None:
    """Return the year's first day on which the paper sets a share: a paper may come within the year."""
    found = terms.next_value("prepayment.share", date(year, 1, 1))
    if found is None or found.since.year > year:
        return None
    return max(found.since, date(year, 1, 1))


def _of_year(
    institution: str, paid: Fact, state: State, terms: Terms, on: date
) -> Iterator[Wanted]:
    share, base = terms.value("prepayment.share", on), terms.value("prepayment.base", on)
    if share is None or base is None or base.value != PrepaymentBase.MONTHLY_AVERAGE:
        return
    who = registration(state["who"], on.isoformat())
    if excluded(institution, who, terms.value("prepayment.excludes", on)):
        return
    pay_by = terms.value("prepayment.pay_by", on)
    cited = in_force(terms, on, "base", "share", "share_is", "pay_by", "excludes")
    total, months = fen(paid["amount"]), paid["months"]
    average, at_least = Fraction(total, months), terms.value("prepayment.share_is", on)
    due = share_of(average, share, at_least)
    said = (_worked(f"{yuan(total)} ÷ {months} 个月", average, share, at_least),)
    about = {
        "region": paid["region"],
        "base": base.value,
        "reference": str(on.year),
        "stage": PrepaymentStage.INITIAL.value,
        "base_amount": yuan(divide_half_up(total, months)),
        "share": share.value,
        "amount": yuan(due),
    } | ({"pay_by": f"{on.year}-{pay_by.value}"} if pay_by is not None else {})
    causes = (paid["id"], *([who["id"]] if who else []))
    if due:
        yield _due(institution, f"y:{on.year}", about, due, cited, said, causes)


# ------------------------------------------------------------------------------ packages


def _of_packages(institution: str, state: State, rules: Rulebook) -> Iterator[Wanted]:
    for each in newest(state["packages"], "quarter", ("set_on",)):
        terms, on = rules.of(each["region"]), date.fromisoformat(each["set_on"])
        share = terms.value("prepayment.package_share", on) if terms is not None else None
        if terms is None or share is None:
            continue
        who = registration(state["who"], each["set_on"])
        if excluded(institution, who, terms.value("prepayment.excludes", on)):
            continue
        amount = fen(each["selected_purchases"])
        due = share_of(Fraction(amount), share, None)
        if due:
            causes = (each["id"], *([who["id"]] if who else []))
            cited = in_force(terms, on, "package_share", "package_rhythm", "ledger", "excludes")
            yield _package(institution, each, (share, amount, due), cited, causes)


def _package(
    institution: str,
    package: Fact,
    sums: tuple[Term, int, int],
    cited: Sequence[Term],
    causes: Sequence[str],
) -> Wanted:
    share, amount, due = sums
    said = [_worked(f"中选药品采购金额 {yuan(amount)}", Fraction(amount), share, None)]
    about = {
        "region": package["region"],
        "base": PrepaymentBase.QUARTERLY_PACKAGE.value,
        "reference": package["quarter"],
        "stage": PrepaymentStage.INITIAL.value,
        "base_amount": yuan(amount),
        "share": share.value,
        "amount": yuan(due),
    }
    inside = package.get("prepaid_inside")
    if inside is not None and fen(inside) < due:
        short = yuan(due - fen(inside))
        about["package_short_by"] = short
        said.append(f"打包基金已含 {inside}, 尚缺 short by {short}")
    return _due(institution, f"p:{package['quarter']}", about, due, cited, said, causes)


# ------------------------------------------------------------------------------ clearing


def _clearings(
    institution: str, state: State, dues: Sequence[Wanted], rules: Rulebook
) -> Iterator[Wanted]:
    for each in newest(state["clearings"], "reference", ("cleared_on",)):
        terms, on = rules.of(each["region"]), date.fromisoformat(each["cleared_on"])
        when = terms.value("prepayment.cleared", on) if terms is not None else None
        mine = [
            due
            for due in dues
            if (due.data["base"], due.data["reference"]) == (each["base"], each["reference"])
        ]
        if when is not None and mine and _may_clear(when, each, state):
            yield _cleared(institution, each, when, mine)


def _may_clear(when: Term, stated: Fact, state: State) -> bool:
    """Return whether it may be cleared on its day: at a contract's end only when the contract ended."""
    if when.value != "contract_end":
        return True
    return not any(
        each["contract_no"] == stated["reference"] and stated["cleared_on"] < each["term_to"]
        for each in newest(state["contracts"], "contract_no", ("version",))
    )


def _cleared(institution: str, stated: Fact, when: Term, dues: Sequence[Wanted]) -> Wanted:
    prepaid = sum(fen(due.data["amount"]) for due in dues)
    bought = fen(stated["selected_purchases"])
    offset = min(prepaid, bought)
    back = prepaid - offset
    owed = institution_account(institution, "vbp-prepayment")
    moved = entry(FUND_SETTLEMENT, owed, offset)
    for account, amount in entry(FUND_PREPAYMENT, owed, back).items():
        moved[account] = moved.get(account, 0) + amount
    data = {
        "region": stated["region"],
        "base": stated["base"],
        "reference": stated["reference"],
        "prepaid": yuan(prepaid),
        "selected_purchases": yuan(bought),
        "offset": yuan(offset),
        "returned": yuan(back),
        "cleared_on": stated["cleared_on"],
    }
    product = stated.get("unified_code")
    said = (
        f"冲抵 min({yuan(prepaid)}, {yuan(bought)}) = {yuan(offset)}",
        f"退回 {yuan(prepaid)} - {yuan(offset)} = {yuan(back)}",
    )
    return Wanted(
        slot=f"k:{stated['reference']}",
        type=PREPAYMENT_CLEARED,
        data=data | ({"unified_code": product} if product else {}),
        place=_PLACE,
        terms=(when,),
        arithmetic=said,
        causes=(stated["id"],),
        balances=moved,
        rests_on=tuple(due.slot for due in dues),
    )
