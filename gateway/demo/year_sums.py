"""模拟年的验算: what must come out, by a second arithmetic that shares no code with the policies.

Everything here is computed from the sent messages alone with `decimal`, as an official with a
calculator would do it: share × amount, rounded; quantity × price, rounded half up.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_HALF_UP, Context, Decimal, localcontext
from typing import Final

from gateway.demo.year_book import Said
from gateway.demo.year_cast import CHONGQING, COMMUNITY, GUIZHOU, LINCANG, PHARMACY, Buyer
from gateway.demo.year_goods import Year
from schemas.events import (
    ACCEPTANCE_RECORDED,
    CONTRACT_SIGNED,
    FUND_YEAR_PAID,
    GOODS_RETURNED,
    PAYMENT_MADE,
    PREPAYMENT_CLEARING_STATED,
    PREPAYMENT_PACKAGE_SET,
    RETAIL_SOLD,
)

FEN: Final = Decimal("0.01")
EXACT: Final = Context(prec=60)
_MONTHS: Final = 12
Dues = dict[tuple[str, str, str], Decimal]
"""(institution, reference, stage) → yuan"""


def half_up(value: Decimal) -> Decimal:
    """Return yuan rounded half up to the fen."""
    return value.quantize(FEN, ROUND_HALF_UP, context=EXACT)


def at_least(value: Decimal) -> Decimal:
    """Return yuan rounded up to the fen (不低于)."""
    return value.quantize(FEN, ROUND_CEILING, context=EXACT)


def money(said: Said, field: str = "amount") -> Decimal:
    """Return one of a message's decimals."""
    return Decimal(said.data[field])


def buyers_of(year: Year) -> dict[str, Buyer]:
    """Return the institutions by code."""
    return {buyer.code: buyer for place in year.places for buyer in place.buyers}


def line_faults(year: Year) -> list[str]:
    """Return the contracts, receipts and sales whose amount is not quantity × price."""
    found: list[str] = []
    quantities = {
        CONTRACT_SIGNED: "agreed_quantity",
        ACCEPTANCE_RECORDED: "accepted_quantity",
        RETAIL_SOLD: "quantity",
    }
    with localcontext(EXACT):
        for each in year.book.standing(*quantities):
            exact = half_up(money(each, "unit_price") * money(each, quantities[each.type]))
            if exact != money(each):
                found.append(f"{each.type} {each.number}: {exact} ≠ {each.data['amount']}")
    return found


def prepayments(year: Year) -> Dues:
    """Return every prepayment that is due, region by region in the way of its paper."""
    found: Dues = {}
    buyers = buyers_of(year)
    with localcontext(EXACT):
        for each in year.book.of(CONTRACT_SIGNED):
            buyer = buyers[each.data["institution"]]
            if buyer.province == CHONGQING:
                share = Decimal("0.50")
            elif buyer.province != GUIZHOU and buyer.ownership != "private":
                share = Decimal("0.30")
            else:
                continue
            if buyer.city == LINCANG and buyer.kind == COMMUNITY:
                continue  # inside its quarterly package
            found[buyer.code, each.data["contract_no"], "initial"] = at_least(money(each) * share)
            again = _again(year, each, buyer)
            if again:
                due = at_least(again * share)
                found[buyer.code, each.data["contract_no"], "after_completion"] = due
        found |= _years(year, buyers) | _packages(year)
    return found


def _again(year: Year, contract: Said, buyer: Buyer) -> Decimal:
    """Return what was bought above a contract, at its price; nothing where no paper goes on."""
    if buyer.province in (CHONGQING, GUIZHOU):
        return Decimal()
    goods = (buyer.code, contract.data["unified_code"])
    over = _bought(year).get(goods, Decimal()) - money(contract, "agreed_quantity")
    return half_up(over * money(contract, "unit_price")) if over > 0 else Decimal()


def _bought(year: Year) -> dict[tuple[str, str], Decimal]:
    if not year.bought:
        found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for each in year.book.standing(ACCEPTANCE_RECORDED):
            goods = (each.data["institution"], each.data["unified_code"])
            found[goods] += money(each, "accepted_quantity")
        for each in year.book.of(GOODS_RETURNED):
            goods = (each.data["institution"], each.data["unified_code"])
            found[goods] -= money(each, "returned_quantity")
        year.bought.update(found)
    return year.bought


def _years(year: Year, buyers: dict[str, Buyer]) -> Dues:
    found: Dues = {}
    for each in year.book.of(FUND_YEAR_PAID):
        buyer = buyers[each.data["institution"]]
        if buyer.kind != PHARMACY:
            due = half_up(money(each) * Decimal("0.30") / _MONTHS)
            found[buyer.code, str(int(each.data["year"]) + 1), "initial"] = due
    return found


def _packages(year: Year) -> Dues:
    return {
        (each.data["institution"], each.data["quarter"], "initial"): half_up(
            money(each, "selected_purchases") * Decimal("0.30")
        )
        for each in year.book.of(PREPAYMENT_PACKAGE_SET)
    }


def clearings(year: Year, dues: Dues) -> dict[tuple[str, str], tuple[Decimal, Decimal, Decimal]]:
    """Return (prepaid, offset, returned) of every clearing that was stated, by institution and reference."""
    found = {}
    prepaid: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for (institution, reference, _), due in dues.items():
        prepaid[institution, reference] += due
    for each in year.book.of(PREPAYMENT_CLEARING_STATED):
        key = (each.data["institution"], each.data["reference"])
        if key in prepaid:
            offset = min(prepaid[key], money(each, "selected_purchases"))
            found[key] = (prepaid[key], offset, prepaid[key] - offset)
    return found


def receivables(year: Year) -> dict[tuple[str, str], Decimal]:
    """Return what is still unpaid at the year's end, by institution and receipt; nothing that is zero."""
    found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for each in year.book.standing(ACCEPTANCE_RECORDED):
        found[each.data["institution"], each.data["receipt_no"]] += money(each)
    for each in year.book.of(GOODS_RETURNED):
        found[each.data["institution"], each.data["receipt_no"]] -= money(each)
    for each in year.book.of(PAYMENT_MADE):
        for line in each.data["lines"]:
            key = (each.data["institution"], line["receipt_no"])
            found[key] -= Decimal(line["amount"])
    return {key: left for key, left in found.items() if left}


def overdue(year: Year) -> dict[tuple[str, str], Decimal]:
    """Return the receivables whose last day for payment, and the day of warning after it, have passed."""
    accepted = {(each.buyer.code, each.number): each for each in year.receipts}
    end = max(each.day for each in year.receipts).replace(month=12, day=31)
    found = {}
    for key, left in receivables(year).items():
        receipt = accepted[key]
        if left > 0 and _warned(receipt.day, receipt.buyer) <= end:
            found[key] = left
    return found


def _warned(accepted: date, buyer: Buyer) -> date:
    """Return the day of warning: GZ month's end after 30 days; cities next month's end; else the contract."""
    if buyer.province == GUIZHOU:
        return _month_after(accepted + timedelta(days=30))
    contract = accepted + timedelta(days=60)
    if buyer.city.endswith(("0300", "0900")):
        latest = _month_after(_month_after(accepted)) - timedelta(days=1)
        return min(contract, latest) + timedelta(days=1)
    return contract + timedelta(days=1)


def _month_after(day: date) -> date:
    """Return the first day of the next month."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def splits(year: Year) -> dict[str, tuple[Decimal, Decimal]]:
    """Return (fund's base, patient's excess) of every sale by its message id: the selected price bounds."""
    prices = {
        (line.region, line.product): Decimal(line.price_text)
        for lines in year.lines.values()
        for line in lines
    }
    found = {}
    with localcontext(EXACT):
        for each in year.book.of(RETAIL_SOLD):
            standard = prices[f"{each.data['region'][:2]}0000", each.data["unified_code"]]
            base = half_up(min(standard, money(each, "unit_price")) * money(each, "quantity"))
            found[each.id] = (base, money(each) - base)
    return found
