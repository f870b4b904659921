"""模拟年的计划: the whole catalogue in every place: listings, agreements, purchases and payments.

Each province's published quantity is split among its institutions, each task bought quarter by quarter
and paid for. What deviates on purpose is named here by the place of the line in the catalogue, and told
as scenes by `year_scenes`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.demo.dataset import Dataset
from gateway.demo.volumes_split import LAGGING, achieved, by_quarter
from gateway.demo.year_book import UNIT, Book, Line, allot, amount, lines_of, quantity
from gateway.demo.year_cast import (
    BEFORE,
    COMMUNITY,
    HOSPITAL,
    LINCANG,
    QUJING,
    VILLAGE,
    YEAR,
    Buyer,
    Place,
    distributor,
)
from gateway.demo.year_goods import Year, accept, buyer_data
from schemas.events import (
    CONTRACT_SIGNED,
    INSTITUTION_REGISTERED,
    PRICE_LISTED,
    VOLUME_PUBLISHED,
    VOLUME_REPORTED,
    VOLUME_TASK_ASSIGNED,
    VOLUME_USED_LAST_YEAR,
    VOLUME_WINDOW_CLOSED,
)
from schemas.money import plain
from schemas.volume import QuantityBasis

TERM_TO: Final = f"{YEAR}-12-31"
STARTS: Final = f"{YEAR}-01-01"
PAYMENT_DAYS: Final = 60
"""Days that a contract gives for payment."""
_ACCEPTED_ON: Final = ("02-15", "05-16", "08-15", "11-15")
_OVER: Final = 10
"""An institution that goes on after its task buys one tenth of it more."""


def plan_year(dataset: Dataset, everywhere: Sequence[Place], most: int = 0) -> Year:
    """Write the ordinary year down. `most`: only so many drugs per province; 0: all."""
    year = Year(everywhere)
    for place in everywhere:
        year.lines[place.region], left = lines_of(dataset, place.region, most)
        year.left_out += left
    _listings(dataset, year)
    for place in everywhere:
        _register(year.book, place)
        for line in year.lines[place.region]:
            _agree(year, place, line)
        _close_windows(year, place)
    return year


def _register(book: Book, place: Place) -> None:
    for buyer in place.buyers:
        book.say(
            place.platform,
            INSTITUTION_REGISTERED,
            STARTS,
            **buyer_data(buyer),
            name=buyer.name,
            kind=buyer.kind,
            ownership=buyer.ownership,
            level=buyer.level,
            remote=buyer.remote,
            registered_on=f"{BEFORE}-12-01",
        )


def _listings(dataset: Dataset, year: Year) -> None:
    """List every selected product of every region, as the provinces' platforms share them (价格共享)."""
    mine = {place.region: place.platform for place in year.places}
    teller = year.places[0].platform
    asked = {line.drug for lines in year.lines.values() for line in lines}
    told: set[tuple[str, str]] = set()
    lines = {(line.region, line.product): line for each in year.lines.values() for line in each}
    for supply in dataset.supplies:
        where = (supply.region, supply.product.code)
        price = lines[where].price if where in lines else supply.unit_price
        if price is None or where in told or supply.product.drug.code not in asked:
            continue
        told.add(where)
        product = supply.product
        strength = product.strength
        year.book.say(
            mine.get(supply.region, teller),
            PRICE_LISTED,
            STARTS,
            local_code=product.code,
            unified_code=product.code,
            drug=product.drug.code,
            drug_name=product.drug.name,
            region=supply.region,
            kind="selected",
            unit_price=plain(price, 6),
            effective_from=STARTS,
            insured=True,
            **({"strength": {"content": strength[0], "unit": strength[1]}} if strength else {}),
        )


# ------------------------------------------------------------------------------ agreements


def _agree(year: Year, place: Place, line: Line) -> None:
    """Say last year's figures, the published quantity, reports, tasks and contracts, and the purchases."""
    book = year.book
    buyers = {each.code: each for each in place.buyers if each.weight}
    step = UNIT if line.quantity % UNIT == 0 else 1
    used = {code: buyer.weight * line.quantity // 10 for code, buyer in buyers.items()}
    for code, buyer in buyers.items():
        _used(book, place, buyer, line, used[code])
    book.say(
        place.platform,
        VOLUME_PUBLISHED,
        f"{YEAR}-01-05",
        **line.named,
        region=place.region,
        batch=line.batch,
        year=str(YEAR),
        published_volume=quantity(line.quantity),
        step=quantity(step),
        selected_makers=1,
        term_from=STARTS,
        **({} if place.basis is QuantityBasis.USE else {"term_to": TERM_TO}),
        published_on=f"{YEAR}-01-05",
    )
    weights = {code: used[code] for code in buyers} if any(used.values()) else {}
    parts = allot(line.quantity // step, weights) if weights else {}
    for code, part in parts.items():
        if part:
            _buy(year, place, buyers[code], line, part * step)


def _used(book: Book, place: Place, buyer: Buyer, line: Line, volume: int) -> None:
    city = buyer.city in (QUJING, LINCANG)
    late = buyer.first_quarter > 1
    bases = (place.basis, QuantityBasis.USE) if city else (place.basis,)
    for basis in bases:
        book.say(
            place.platform,
            VOLUME_USED_LAST_YEAR,
            STARTS,
            **line.named,
            **buyer_data(buyer),
            batch=line.batch,
            year=BEFORE,
            basis=basis.value,
            public=buyer.ownership == "public",
            used_volume=quantity(volume),
            counted_on=f"{YEAR}-01-02",
        )
    reports = city or (place.basis is QuantityBasis.PLATFORM_PURCHASE and buyer.kind != VILLAGE)
    if not reports:
        return
    day = f"{YEAR}-03-20" if late else f"{YEAR}-01-10"
    share = _reported_share(buyer)
    book.say(
        place.hospitals,
        VOLUME_REPORTED,
        day,
        **line.named,
        **buyer_data(buyer),
        batch=line.batch,
        year=str(YEAR),
        reported_volume=quantity(volume * share // 10_000),
        reported_on=day,
    )


def _reported_share(buyer: Buyer) -> int:
    """Return the reported share of last year's use, in hundredths of a percent: both sides of the floors."""
    if buyer.kind == HOSPITAL:
        return {LINCANG: 7_000, QUJING: 8_499}.get(buyer.city, 10_000)
    return {LINCANG: 6_999, QUJING: 8_500}.get(buyer.city, 10_000)


def _close_windows(year: Year, place: Place) -> None:
    batches = sorted({line.batch for line in year.lines[place.region]})
    cities = sorted({buyer.city: buyer.first_quarter for buyer in place.buyers}.items())
    for batch in batches:
        common = {"batch": batch, "year": str(YEAR)}
        for city, first in cities:
            day = f"{YEAR}-03-25" if first > 1 else f"{YEAR}-01-20"
            year.book.say(
                place.platform,
                VOLUME_WINDOW_CLOSED,
                day,
                **common,
                region=city,
                window="reporting",
                closed_on=day,
            )
        year.book.say(
            place.platform,
            VOLUME_WINDOW_CLOSED,
            f"{YEAR}-01-20",
            **common,
            region=place.region,
            window="statistics",
            closed_on=f"{YEAR}-01-20",
        )


def _buy(year: Year, place: Place, buyer: Buyer, line: Line, task: int) -> None:
    quarters = list(range(buyer.first_quarter, 5))
    due = by_quarter(task, len(quarters))
    signed = f"{YEAR}-01-20" if buyer.first_quarter == 1 else f"{YEAR}-03-28"
    common = {**buyer_data(buyer), **line.goods}
    term = {"term_from": buyer.term_from, "term_to": TERM_TO}
    year.book.say(
        place.platform,
        VOLUME_TASK_ASSIGNED,
        signed,
        **common,
        drug_name=line.drug_name,
        batch=line.batch,
        task_volume=quantity(task),
        quarters=[quantity(each) for each in due],
        selected_price=line.price_text,
        **term,
        assigned_on=signed,
    )
    year.book.say(
        place.platform,
        CONTRACT_SIGNED,
        signed,
        **common,
        contract_no=f"HT-{buyer.code}-{line.drug}",
        distributor_local=distributor(place.region),
        distributor=distributor(place.region),
        agreed_quantity=quantity(task),
        unit_price=line.price_text,
        amount=amount(line.price, task),
        **term,
        payment_days=PAYMENT_DAYS,
        signed_on=signed,
    )
    bought = _bought(year, place, buyer, line, due)
    for at, volume in zip(quarters, bought, strict=True):
        if volume:
            accept(year, place, buyer, line, volume, f"{YEAR}-{_ACCEPTED_ON[at - 1]}")


def _bought(year: Year, place: Place, buyer: Buyer, line: Line, due: list[int]) -> list[int]:
    """Return what is accepted quarter by quarter; most institutions do what is due."""
    at = year.lines[place.region].index(line)
    bought = list(due)
    if (buyer.kind, buyer.ownership) == (HOSPITAL, "private"):
        if at < len(LAGGING):  # the edges of the thresholds; caught up in the next quarter
            bought[0] = achieved(due[0], LAGGING[at])
            bought[1] += due[0] - bought[0]
        elif at == len(LAGGING):  # never finished
            bought = [each * 6 // 10 for each in due]
    if buyer.city == QUJING and buyer.kind == HOSPITAL and at == 1:
        bought = [each * 6 // 10 for each in due]
    if buyer.kind == COMMUNITY and not at:
        bought[-1] += sum(due) // _OVER
    return bought
