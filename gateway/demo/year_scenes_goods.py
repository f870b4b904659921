"""模拟年的场景(价与量): listings, corrections, non-selected purchases, sales, evaluations, tenders."""

from __future__ import annotations

from typing import Any, Final

from gateway.demo.year_book import UNIT, Line, amount, quantity
from gateway.demo.year_cast import (
    CHONGQING,
    COMMUNITY,
    GUIZHOU,
    HOSPITAL,
    PHARMACY,
    QUJING,
    YEAR,
    YUNNAN,
    Buyer,
    Place,
    maker,
)
from gateway.demo.year_goods import Year, accept, buyer_data
from schemas.events import (
    CONSISTENCY_PASSED,
    PRICE_LISTED,
    RETAIL_SOLD,
    TENDER_GROUP_QUALIFIED,
)
from schemas.money import plain

_HALF: Final = 2
QUALIFYING: Final = (("01", 3), ("02", 2))
"""Groups of the city's tender and how many are qualified: both sides of the threshold."""


def stage_goods(year: Year) -> None:
    """Tell every place's scenes about prices and quantities."""
    for place in year.places:
        if not year.lines[place.region]:
            continue
        line = year.lines[place.region][0]
        other = _unselected(line)
        _list_unselected(year, place, line, other)
        _buy_unselected(year, place, line, other)
        _sales(year, place, line)
        if place.region == YUNNAN:
            _above_the_task(year, place, line)
            _tender(year, place)
        if place.region == GUIZHOU:
            _passes(year, place, line, other)
        _late_price(year, place)
        _corrected_acceptance(year, place)


def _unselected(line: Line) -> Line:
    """Return a synthetic product of the same drug that was not selected, at twice the price."""
    return Line(
        line.region,
        line.batch,
        line.drug,
        line.drug_name,
        f"{line.product}-N",
        line.spec,
        line.price * 2,
        line.quantity,
    )


def _list(
    year: Year, partner: str, line: Line, region: str, price: int, day: str, **more: Any
) -> None:
    year.book.say(
        partner,
        PRICE_LISTED,
        more.pop("said_on", day),
        **line.named,
        region=region,
        kind=more.pop("kind", "listed"),
        unit_price=plain(price, 6),
        effective_from=day,
        **more,
    )


def _list_unselected(year: Year, place: Place, line: Line, other: Line) -> None:
    """List the other product here and, at three quarters of its price, in another province."""
    first = f"{YEAR}-01-01"
    strength = {"content": 1_000_000, "unit": "ug"}
    more = {"insured": True, "origin": "generic", "strength": strength, "pack_quantity": 1}
    _list(year, place.platform, other, place.region, other.price, first, **more)
    cheaper = other.price * 3 // 4
    _list(year, place.platform, other, "510000", cheaper, f"{YEAR}-06-01", **more)
    if place.region == YUNNAN:
        group = {"comparison_group": "合成示例组", "insured": True}
        day = f"{YEAR}-04-01"
        _list(year, place.platform, other, QUJING, other.price, day, **group)
        _list(year, place.platform, line, QUJING, line.price, day, kind="selected", **group)


def _buy_unselected(year: Year, place: Place, line: Line, other: Line) -> None:
    """The private hospital (and the city's) buys far more of the other product than of the selected one."""
    buyers = [place.buyer(HOSPITAL, "private"), place.buyer(HOSPITAL, city=QUJING)]
    for buyer in buyers:
        if buyer is not None:
            volume = line.quantity // UNIT * UNIT
            accept(year, place, buyer, other, volume or line.quantity, f"{YEAR}-09-06")


def _sales(year: Year, place: Place, line: Line) -> None:
    pharmacy = place.buyer(PHARMACY, "private")
    if pharmacy is None:
        return
    prices = (line.price + line.price // 10, line.price, max(1, line.price * 9 // 10))
    for number, price in enumerate(prices, start=1):
        _sell(year, place, pharmacy, line, price, number)


def _sell(year: Year, place: Place, shop: Buyer, line: Line, price: int, number: int) -> None:
    volume = (20 + number) * UNIT
    year.book.say(
        place.hospitals,
        RETAIL_SOLD,
        f"{YEAR}-07-{number:02d}",
        sale_no=f"LS-{number:04d}",
        line_no=1,
        **buyer_data(shop),
        **line.goods,
        quantity=quantity(volume),
        unit_price=plain(price, 6),
        amount=amount(price, volume),
        sold_at=f"{YEAR}-07-{number:02d}T10:00:00+08:00",
    )


def _above_the_task(year: Year, place: Place, line: Line) -> None:
    """After its task is done, the community buys on at a price above the selected one."""
    buyer = place.buyer(COMMUNITY)
    if buyer is not None:
        dearer = line.price + max(1, line.price // _HALF)
        accept(year, place, buyer, line, 100 * UNIT, f"{YEAR}-12-01", price=dearer)


def _passes(year: Year, place: Place, line: Line, other: Line) -> None:
    """Three makers pass the evaluation; the other product, a generic, did not."""
    for number in range(1, 4):
        year.book.say(
            place.platform,
            CONSISTENCY_PASSED,
            f"{YEAR}-0{number + 1}-10",
            maker_local=maker(number),
            maker=maker(number),
            **(
                line.named
                | {
                    "local_code": f"{other.product}{number}",
                    "unified_code": f"{other.product}{number}",
                }
            ),
            region=place.region,
            passed_on=f"{YEAR}-0{number + 1}-10",
        )


def _tender(year: Year, place: Place) -> None:
    for group, count in QUALIFYING:
        year.book.say(
            place.platform,
            TENDER_GROUP_QUALIFIED,
            f"{YEAR}-04-06",
            region=QUJING,
            project="合成示例项目",
            group=group,
            group_name=f"合成示例竞价组{group}",
            bidders=[maker(number) for number in range(1, count + 1)],
            qualified_on=f"{YEAR}-04-06",
        )


def _late_price(year: Year, place: Place) -> None:
    """A price of June is heard of in August (迟到的价格); Chongqing links to it, as Yunnan does."""
    line = year.lines[place.region][-1]
    other = _unselected(line)
    day, heard = f"{YEAR}-06-01", f"{YEAR}-08-15"
    if place.region in (YUNNAN, CHONGQING):
        _list(year, place.platform, other, place.region, other.price, f"{YEAR}-01-01")
        _list(year, place.platform, other, "510000", other.price // _HALF, day, said_on=heard)


def _corrected_acceptance(year: Year, place: Place) -> None:
    """A receipt was entered ten units too high; the institution corrects it a month later (更正)."""
    buyer = place.buyer(HOSPITAL)
    if buyer is None:
        return
    line = year.lines[place.region][0]
    wrong = accept(year, place, buyer, line, 110 * UNIT, f"{YEAR}-10-10")
    right = year.book.say(
        place.hospitals,
        wrong.said.type,
        f"{YEAR}-11-03",
        **(
            wrong.said.data
            | {"accepted_quantity": quantity(100 * UNIT), "amount": amount(line.price, 100 * UNIT)}
        ),
        supersedes=wrong.said.id,
    )
    wrong.said = right
