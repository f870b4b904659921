"""模拟年的场景(供应与行为): distributors, monthly reports, failures, self-purchases and prescriptions."""

from __future__ import annotations

from typing import Any, Final

from gateway.demo.year_book import UNIT, Line, quantity
from gateway.demo.year_cast import (
    HOSPITAL,
    QUJING,
    YEAR,
    YUNNAN,
    Buyer,
    Place,
    distributor,
    maker,
)
from gateway.demo.year_goods import Year, accept, buyer_data
from gateway.demo.year_plan import TERM_TO
from schemas import events as e
from schemas.money import yuan

_DISTRIBUTORS: Final = 4
"""One more than the province's paper allows."""
_MISSING_MONTH: Final = 5
_TOTAL_FEN: Final = 100_000_000
_FILED_FEN: Final = 5_000_001
"""Self-filed: one fen above five per cent of the total."""


def stage_supply(year: Year) -> None:
    """Tell every place's scenes about supply and conduct."""
    for place in year.places:
        lines = year.lines[place.region]
        if not lines:
            continue
        line = lines[0]
        _distributors(year, place, line)
        _supply(year, place, line)
        _prescriptions(year, place, line)
        if place.region == YUNNAN:
            _monthly_reports(year, place, line)
            _off_platform(year, place, line)
            city = place.buyer(HOSPITAL, city=QUJING)
            if city is not None:
                _self_filed(year, place, city, line)
                _invoices(year, place, city, line)


def _of_maker(line: Line, region: str) -> dict[str, Any]:
    return {"maker_local": maker(1), "maker": maker(1), **line.named, "region": region}


def _distributors(year: Year, place: Place, line: Line) -> None:
    chosen = range(1, _DISTRIBUTORS + 1) if place.region == YUNNAN else range(2, 3)
    for serial in chosen:
        year.book.say(
            place.platform,
            e.DISTRIBUTION_CHOSEN,
            f"{YEAR}-01-03",
            maker_local=maker(1),
            maker=maker(1),
            distributor_local=distributor(place.region, serial),
            distributor=distributor(place.region, serial),
            **line.goods,
            region=place.region,
            chosen_from=f"{YEAR}-01-03",
        )


def _supply(year: Year, place: Place, line: Line) -> None:
    """A supply is agreed; it fails in autumn, after a halt, and is restored in winter."""
    about = _of_maker(line, place.region)
    platform, book = place.platform, year.book
    book.say(
        platform,
        e.SUPPLY_AGREED,
        f"{YEAR}-01-03",
        **about,
        batch=line.batch,
        agreed_quantity=quantity(line.quantity),
        supply_from=f"{YEAR}-01-03",
        supply_to=TERM_TO,
        agreed_on=f"{YEAR}-01-03",
    )
    halted = f"{YEAR}-09-01"
    book.say(
        platform, e.SUPPLY_HALT_REPORTED, halted, **about, halted_on=halted, reported_on=halted
    )
    failed = f"{YEAR}-09-10"
    book.say(
        platform,
        e.SUPPLY_FAILED,
        failed,
        **about,
        ground="unable",
        failed_from=failed,
        declared_on=failed,
    )
    restored = f"{YEAR}-12-01"
    book.say(platform, e.SUPPLY_RESTORED, restored, **about, restored_from=restored)


def _monthly_reports(year: Year, place: Place, line: Line) -> None:
    """The maker reports every month but one (每月报送)."""
    for month in range(1, 13):
        if month == _MISSING_MONTH:
            continue
        said = f"{YEAR}-{month:02d}-28"
        year.book.say(
            place.platform,
            e.SUPPLY_REPORTED,
            said,
            **_of_maker(line, place.region),
            month=f"{YEAR}-{month:02d}",
            produced_quantity=quantity(line.quantity // 12),
            supplied_quantity=quantity(line.quantity // 12),
            stock_quantity=quantity(line.quantity // 4),
            payments_received="1000.00",
            reported_on=said,
        )


def _prescriptions(year: Year, place: Place, line: Line) -> None:
    """Of two doctors one prescribes the selected products far less in the second month."""
    buyer = place.buyer(HOSPITAL)
    if buyer is None:
        return
    for month, fallen in ((4, 40), (5, 4)):
        said = f"{YEAR}-{month:02d}-28"
        year.book.say(
            place.hospitals,
            e.PRESCRIBING_COUNTED,
            said,
            **buyer_data(buyer),
            **line.named,
            month=f"{YEAR}-{month:02d}",
            doctors=[
                {"doctor": "p0123456789abcdef", "selected_count": 40, "all_count": 50},
                {"doctor": "pfedcba9876543210", "selected_count": fallen, "all_count": 50},
            ],
            counted_on=said,
        )


def _off_platform(year: Year, place: Place, line: Line) -> None:
    buyer = place.buyer(HOSPITAL, "private")
    if buyer is None:
        return
    year.book.say(
        place.insurer,
        e.PURCHASE_OFF_PLATFORM_FOUND,
        f"{YEAR}-06-20",
        case_no="AJ-0001",
        **buyer_data(buyer),
        **line.goods,
        amount="8888.88",
        bought_on=f"{YEAR}-06-01",
        investigated=True,
        reason_accepted=False,
        found_on=f"{YEAR}-06-20",
    )


def _self_filed(year: Year, place: Place, buyer: Buyer, line: Line) -> None:
    """An emergency is filed too late, and over the year one fen too much is bought by itself."""
    goods = {
        "local_code": f"{line.product}-B",
        "unified_code": f"{line.product}-B",
        "drug": line.drug,
    }
    common = {**buyer_data(buyer), **goods, "purchase_no": "ZX-0001", "emergency": True}
    bought, filed = f"{YEAR}-06-01", f"{YEAR}-06-20"
    year.book.say(
        place.hospitals,
        e.PURCHASE_SELF_BOUGHT,
        bought,
        **common,
        amount=yuan(_FILED_FEN),
        purchased_on=bought,
    )
    year.book.say(
        place.hospitals,
        e.PURCHASE_SELF_FILED,
        filed,
        **common,
        amount=yuan(_FILED_FEN),
        filing_no="BA-0001",
        purchased_on=bought,
        filed_on=filed,
    )
    year.book.say(
        place.hospitals,
        e.PURCHASE_TOTAL_STATED,
        TERM_TO,
        **buyer_data(buyer),
        period=str(YEAR),
        amount=yuan(_TOTAL_FEN),
        stated_on=TERM_TO,
    )


def _invoices(year: Year, place: Place, buyer: Buyer, line: Line) -> None:
    """Goods come through three invoices: maker, two distributors, institution (两票制)."""
    day = f"{YEAR}-10-08"
    first, second = distributor(place.region, 1), distributor(place.region, 2)
    hops: tuple[dict[str, Any], ...] = (
        {"maker_local": maker(1), "maker": maker(1), "buyer_local": first, "buyer": first},
        {
            "distributor_local": first,
            "distributor": first,
            "buyer_local": second,
            "buyer": second,
        },
        {
            "distributor_local": second,
            "distributor": second,
            "institution_local": buyer.code,
            "institution": buyer.code,
        },
    )
    for number, hop in enumerate(hops, start=1):
        year.book.say(
            place.platform,
            e.INVOICE_ISSUED,
            day,
            invoice_no=f"FP-{number:04d}",
            line_no=1,
            **hop,
            **line.goods,
            batch_no="PH-0001",
            region=buyer.region,
            quantity=quantity(10 * UNIT),
            issued_on=day,
        )
    accept(year, place, buyer, line, 10 * UNIT, f"{YEAR}-10-09", batch_no="PH-0001")
