"""模拟年的场景(资金): packages, last year's payments, late, partial and returned, clearing and budgets."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from gateway.demo.year_book import quantity
from gateway.demo.year_cast import (
    BEFORE,
    CHONGQING,
    COMMUNITY,
    GUIZHOU,
    HOSPITAL,
    LINCANG,
    PHARMACY,
    QUJING,
    YEAR,
    YUNNAN,
    Buyer,
    Place,
)
from gateway.demo.year_goods import Receipt, Year, buyer_data, pay
from gateway.demo.year_plan import TERM_TO
from schemas.events import (
    ACCEPTANCE_RECORDED,
    BUDGET_OUTTURN_STATED,
    BUDGET_SET,
    CONTRACT_SIGNED,
    FUND_YEAR_PAID,
    GOODS_RETURNED,
    PREPAYMENT_CLEARING_STATED,
    PREPAYMENT_PACKAGE_SET,
)
from schemas.money import yuan

LATE_DAYS: Final = 95
_YEAR_PAID_FEN: Final = 123_456_789
_BUDGET_FEN: Final = 500_000_000


def stage_money(year: Year) -> None:
    """Tell every place's scenes about money. Purchases must have been written down before."""
    for place in year.places:
        if not year.lines[place.region]:
            continue
        if place.region == GUIZHOU:
            _years_paid(year, place)
        if place.region == YUNNAN:
            _packages(year, place)
        _late_payments(year, place)
        _returned(year, place)
        _clearings(year, place)
        _budgets(year, place)


def fen_of(receipt: Receipt) -> int:
    """Return the receipt's amount in fen, as it was said last."""
    return int(receipt.said.data["amount"].replace(".", ""))


def _years_paid(year: Year, place: Place) -> None:
    for serial, buyer in enumerate(place.buyers):
        year.book.say(
            place.insurer,
            FUND_YEAR_PAID,
            f"{YEAR}-01-06",
            **buyer_data(buyer),
            year=BEFORE,
            amount=yuan(_YEAR_PAID_FEN + 7 * serial),
            stated_on=f"{YEAR}-01-06",
        )


def _packages(year: Year, place: Place) -> None:
    buyer = place.buyer(COMMUNITY, city=LINCANG)
    if buyer is None:
        return
    for number in range(1, 5):
        day = f"{YEAR}-{3 * number - 2:02d}-05"
        year.book.say(
            place.insurer,
            PREPAYMENT_PACKAGE_SET,
            day,
            **buyer_data(buyer),
            quarter=f"{YEAR}-Q{number}",
            package_amount="900000.00",
            selected_purchases=yuan(10_000_001 + number),
            prepaid_inside="1000.00",
            set_on=day,
        )


def _first(year: Year, buyer: Buyer | None, after: str) -> Receipt | None:
    """Return the buyer's first receipt of a day or later that no scene has yet."""
    if buyer is None:
        return None
    day = date.fromisoformat(after)
    found = (
        each
        for each in year.receipts
        if each.buyer == buyer
        and each.day >= day
        and each.number not in year.late
        and fen_of(each) > 1
    )
    return next(found, None)


def _late_payments(year: Year, place: Place) -> None:
    """One receipt is paid long after its day; of another one only half is ever paid."""
    late = [(place.buyer(HOSPITAL), f"{YEAR}-02-01")]
    if place.region == YUNNAN:
        late += [
            (place.buyer(HOSPITAL, city=QUJING), f"{YEAR}-05-01"),
            (place.buyer(COMMUNITY, city=LINCANG), f"{YEAR}-02-01"),
        ]
    for buyer, after in late:
        receipt = _first(year, buyer, after)
        if receipt is not None:
            year.late.add(receipt.number)
            day = (receipt.day + timedelta(days=LATE_DAYS)).isoformat()
            pay(year, place, receipt.buyer, day, [(receipt.number, fen_of(receipt))])
    partial = _first(year, place.buyer(COMMUNITY), f"{YEAR}-05-01")
    if partial is not None:
        year.late.add(partial.number)
        day = (partial.day + timedelta(days=10)).isoformat()
        pay(year, place, partial.buyer, day, [(partial.number, fen_of(partial) // 2)])


def _returned(year: Year, place: Place) -> None:
    """A tenth of a receipt's goods goes back (退货); the rest is paid."""
    receipt = _first(year, place.buyer(HOSPITAL), f"{YEAR}-08-01")
    if receipt is None:
        return
    year.late.add(receipt.number)
    said = receipt.said.data
    back = max(1, fen_of(receipt) // 10)
    volume = int(said["accepted_quantity"].replace(".", "")) // 10
    day = (receipt.day + timedelta(days=3)).isoformat()
    copied = (
        "receipt_no",
        "distributor_local",
        "distributor",
        "local_code",
        "unified_code",
        "drug",
    )
    year.book.say(
        place.hospitals,
        GOODS_RETURNED,
        day,
        **buyer_data(receipt.buyer),
        **{name: said[name] for name in copied},
        return_no=f"TH-{receipt.number}",
        line_no=1,
        returned_quantity=quantity(volume),
        unit_price=said["unit_price"],
        amount=yuan(back),
        returned_on=day,
    )
    paid_on = (receipt.day + timedelta(days=20)).isoformat()
    pay(year, place, receipt.buyer, paid_on, [(receipt.number, fen_of(receipt) - back)])


def purchased(year: Year, buyer: Buyer, product: str = "") -> int:
    """Return what a buyer has accepted of the selected products (of one), in fen."""
    selected = {line.product for line in year.lines[buyer.province]}
    return sum(
        int(each.data["amount"].replace(".", ""))
        for each in year.book.standing(ACCEPTANCE_RECORDED)
        if each.data["institution"] == buyer.code
        and each.data["unified_code"] in ({product} if product else selected)
    )


def _clearings(year: Year, place: Place) -> None:
    if place.region == GUIZHOU:
        for buyer in place.buyers:
            if buyer.kind != PHARMACY:
                _clear(year, place, buyer, "monthly_average", str(YEAR), purchased(year, buyer))
    if place.region == CHONGQING:
        bought = _by_contract(year)
        for each in list(year.book.of(CONTRACT_SIGNED)):
            if each.partner == place.platform:
                buyer = next(one for one in place.buyers if one.code == each.data["institution"])
                key = (buyer.code, each.data["unified_code"])
                goods = {name: each.data[name] for name in ("local_code", "unified_code", "drug")}
                number = each.data["contract_no"]
                _clear(year, place, buyer, "purchase_amount", number, bought.get(key, 0), **goods)


def _by_contract(year: Year) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for each in year.book.standing(ACCEPTANCE_RECORDED):
        key = (each.data["institution"], each.data["unified_code"])
        found[key] = found.get(key, 0) + int(each.data["amount"].replace(".", ""))
    return found


def _clear(
    year: Year, place: Place, buyer: Buyer, base: str, reference: str, fen: int, **goods: Any
) -> None:
    year.book.say(
        place.insurer,
        PREPAYMENT_CLEARING_STATED,
        TERM_TO,
        **buyer_data(buyer),
        base=base,
        reference=reference,
        **goods,
        selected_purchases=yuan(fen),
        cleared_on=TERM_TO,
    )


def _budgets(year: Year, place: Place) -> None:
    """Every public institution's budget and outturn: below it, and above it for the city's hospital."""
    for buyer in place.buyers:
        if not buyer.weight:
            continue
        agreed = sum(
            int(each.data["amount"].replace(".", ""))
            for each in year.book.of(CONTRACT_SIGNED)
            if each.data["institution"] == buyer.code
        )
        over = buyer.city in (QUJING, LINCANG) and buyer.kind == HOSPITAL
        spent = _BUDGET_FEN + 12_345 if over else _BUDGET_FEN - 54_321
        common = {**buyer_data(buyer), "year": str(YEAR)}
        year.book.say(
            place.insurer,
            BUDGET_SET,
            f"{YEAR}-03-28",
            **common,
            amount=yuan(_BUDGET_FEN),
            set_on=f"{YEAR}-03-28",
        )
        year.book.say(
            place.insurer,
            BUDGET_OUTTURN_STATED,
            TERM_TO,
            **common,
            spent=yuan(spent),
            selected_before="2000000.00",
            selected_cost="1500000.00",
            agreed_amount=yuan(agreed),
            purchased_amount=yuan(purchased(year, buyer)),
            assessment_passed=True,
            retained_share="0.60",
            fund_overrun_share="0.50",
            stated_on=TERM_TO,
        )
