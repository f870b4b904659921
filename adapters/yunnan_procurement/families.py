"""Listing, VolumeReport, Order, Receipt → drafts. Codes stay the platform's own; coding follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from adapters._kit.decimals import read_count
from adapters._kit.protocol import Draft
from adapters._kit.times import read_instant
from adapters.yunnan_procurement.reading import Reading, RowReading, amount_in_fen
from schemas.events import (
    ACCEPTANCE_RECORDED,
    ORDER_PLACED,
    PRICE_LISTED,
    VOLUME_TASK_ASSIGNED,
)
from schemas.issues import issue
from schemas.money import QUANTITY_SCALE, SUM_SCALE, plain, scaled, yuan

STRENGTH_UNIT: Final = "ug"


def listings(reading: Reading) -> list[Draft]:
    """挂网价格: one PRICE_LISTED per row."""
    basis = reading.main_text("Basis")
    drafts = [
        Draft(PRICE_LISTED, _listing(one, reading.region, basis), one.seq)
        for one in reading.each_row()
    ]
    return _good(drafts, reading)


def _listing(one: RowReading, region: str, basis: str | None) -> dict[str, Any]:
    row = one.row
    price = one.price("UnitPrice")
    if price and not price.strip("0."):
        one.found.append(
            issue("field.range", one.path("UnitPrice"), line=one.seq, detail="must be positive")
        )
    begins, ends = one.date("EffectiveFrom"), one.date("EffectiveTo")
    if begins is None and not one.found:
        one.found.append(
            issue("date.invalid", one.path("EffectiveFrom"), line=one.seq, detail="no day")
        )
    if begins and ends and ends < begins:
        detail = f"{ends} is before {begins}"
        one.found.append(issue("field.range", one.path("EffectiveTo"), line=one.seq, detail=detail))
    micrograms = row.get("StrengthMicrogram")
    strength = None if micrograms is None else {"content": micrograms, "unit": STRENGTH_UNIT}
    return _present(
        local_code=row["ProductCode"],
        drug_name=one.text("DrugName"),
        specification=one.text("Specification"),
        strength=strength,
        pack_quantity=row["PackQuantity"],
        manufacturer=one.text("Manufacturer"),
        region=region,
        kind=row["Kind"],
        unit_price=price,
        effective_from=begins,
        effective_to=ends,
        basis=basis,
    )


def tasks(reading: Reading) -> list[Draft]:
    """采购任务量: one VOLUME_TASK_ASSIGNED per row."""
    begins, ends = reading.main_date("TermFrom"), reading.main_date("TermTo")
    assigned = reading.main_date("AssignedOn")
    if begins and ends and ends < begins:
        detail = f"{ends} is before {begins}"
        reading.found.append(issue("field.range", "Main/TermTo", detail=detail))
    batch = reading.main_text("BatchNo")
    if batch is None:
        reading.found.append(issue("field.required", "Main/BatchNo"))
    shared = {
        "region": reading.region,
        "batch": batch,
        "term_from": begins,
        "term_to": ends,
        "assigned_on": assigned,
    }
    drafts = [
        Draft(VOLUME_TASK_ASSIGNED, {**_task(one), **shared}, one.seq) for one in reading.each_row()
    ]
    return _good(drafts, reading)


def _task(one: RowReading) -> dict[str, Any]:
    task = one.quantity("TaskQuantity")
    quarters = [
        read_count(text, one.path(f"Quarters/Quantity[{at}]"), one.found, line=one.seq)
        for at, text in enumerate(one.row["Quarters"]["Quantity"], start=1)
    ]
    if not one.found:
        split = sum(scaled(quarter, QUANTITY_SCALE) for quarter in quarters)
        if split != scaled(task, QUANTITY_SCALE):
            path, shown = one.path("Quarters"), plain(split, QUANTITY_SCALE)
            one.found.append(issue("sum.mismatch", path, line=one.seq, declared=task, found=shown))
    return {
        "local_code": one.row["ProductCode"],
        "drug_name": one.text("DrugName"),
        "institution_local": one.row["InstitutionCode"],
        "task_volume": task,
        "quarters": quarters,
    }


def order(reading: Reading) -> list[Draft]:
    """采购订单: one ORDER_PLACED with the good rows; its total is theirs.

    The declared total is held against every row whose amount can be read, refused or not: a total that
    cannot be reconciled refuses the order.
    """
    main = reading.main
    lines: list[dict[str, Any]] = []
    fen = [amount_in_fen(text) for text in reading.amounts_aside]
    for one in reading.each_row():
        quantity, price = one.quantity("Quantity"), one.price("UnitPrice")
        amount = one.amount()
        fen.append(one.amount_fen)
        if not one.found and not reading.is_refused(one.seq):
            lines.append(
                {
                    "line_no": one.seq,
                    "local_code": one.row["ProductCode"],
                    "quantity": quantity,
                    "unit_price": price,
                    "amount": amount,
                }
            )
    _check_total(reading, sum(each for each in fen if each is not None))
    placed = read_instant(main["PlacedAt"], "Main/PlacedAt", reading.found)
    if not lines:
        return []
    data = {
        "msg_id": reading.head["MessageId"],
        "order_no": main["OrderNo"],
        "institution_local": main["InstitutionCode"],
        "distributor_local": main["DistributorCode"],
        "placed_at": placed,
        "lines": lines,
        "total": yuan(sum(scaled(line["amount"], SUM_SCALE) for line in lines)),
    }
    return [Draft(ORDER_PLACED, data)]


def _check_total(reading: Reading, summed: int) -> None:
    declared = reading.main["TotalAmount"]
    if amount_in_fen(declared) != summed:
        found = yuan(summed)
        reading.found.append(
            issue("sum.mismatch", "Main/TotalAmount", declared=declared, found=found)
        )


def receipts(reading: Reading) -> list[Draft]:
    """验收入库: one ACCEPTANCE_RECORDED per row."""
    main = reading.main
    accepted = read_instant(main["AcceptedAt"], "Main/AcceptedAt", reading.found)
    drafts: list[Draft] = []
    for one in reading.each_row():
        quantity, price = one.quantity("AcceptedQuantity"), one.price("UnitPrice")
        data = _present(
            receipt_no=main["ReceiptNo"],
            line_no=one.seq,
            order_no=main.get("OrderNo"),
            institution_local=main["InstitutionCode"],
            region=reading.region,
            local_code=one.row["ProductCode"],
            accepted_quantity=quantity,
            unit_price=price,
            amount=one.amount(),
            batch_no=one.text("BatchNo"),
            expires_on=one.date("ExpiresOn"),
            accepted_at=accepted,
        )
        drafts.append(Draft(ACCEPTANCE_RECORDED, data, one.seq))
    return _good(drafts, reading)


def _present(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _good(drafts: list[Draft], reading: Reading) -> list[Draft]:
    return [draft for draft in drafts if not reading.is_refused(draft.line)]


FAMILIES: Final[Mapping[str, Callable[[Reading], list[Draft]]]] = {
    "Listing": listings,
    "VolumeReport": tasks,
    "Order": order,
    "Receipt": receipts,
}
SAYS: Final = (PRICE_LISTED, VOLUME_TASK_ASSIGNED, ORDER_PLACED, ACCEPTANCE_RECORDED)
