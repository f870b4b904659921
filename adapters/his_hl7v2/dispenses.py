"""发药: RDS^O13 to one dispensed product per RXD. Layout: see samples/README.md.

No patient identity is read: PID is not looked at, and PV1-19 is the HIS's own visit number.
"""

from __future__ import annotations

from typing import Any, Final

from adapters.his_hl7v2.findings import Findings, offset_of
from adapters.his_hl7v2.wire import Hl7Message, Segment

LINE_LIMIT: Final = 500
TRACE_LIMIT: Final = 500
DISPENSED: Final = frozenset({"NW", "RE", "OK", "SC"})
"""ORC-1 of a dispensing; cancelling and returning are other matters and refused."""


class _Group:
    """One RXD with the segments it depends on."""

    __slots__ = ("number", "order", "order_at", "priced", "rxd", "traced")

    def __init__(self, number: int, rxd: Segment, order: Segment, order_at: str) -> None:
        self.number, self.rxd, self.order, self.order_at = number, rxd, order, order_at
        self.traced: list[Segment] = []
        self.priced: Segment = ["ZPR"]


def read_dispenses(message: Hl7Message, institution: str, found: Findings) -> list[dict[str, Any]]:
    """Return the canonical data of each RXD; what is wrong with them goes to `found`.

    `institution` is the partner's setting for a HIS that serves one institution only ("" for none).
    """
    groups = _collect(message, found)
    if not groups:
        found.add("field.required", "RXD")
    if len(groups) > LINE_LIMIT:
        found.add("field.range", "RXD", detail=f"{len(groups)} > {LINE_LIMIT}")
        return []
    visit = next(message.named("PV1"), ["PV1"])
    encounter = found.text(message.text(visit, 19), "PV1-19", required=False)
    rows = [_dispense(message, group, institution, encounter, found) for group in groups]
    _check_numbers(rows, found)
    return rows


def _collect(message: Hl7Message, found: Findings) -> list[_Group]:
    groups: list[_Group] = []
    order, orders = ["ORC"], 0
    for segment in message.segments:
        name = segment[0]
        if name == "ORC":
            order, orders = segment, orders + 1
            control = message.text(order, 1)
            if control and control not in DISPENSED:
                found.add("hl7.unsupported", f"ORC[{orders}]-1", detail=f"ORC-1 {control[:8]}")
        elif name == "RXD":
            groups.append(_Group(len(groups) + 1, segment, order, f"ORC[{orders or 1}]"))
        elif name in {"ZTC", "ZPR"} and not groups:
            found.add("hl7.malformed", name, detail=f"{name} 前无 RXD no RXD before {name}")
        elif name == "ZTC":
            groups[-1].traced.append(segment)
        elif name == "ZPR":
            groups[-1].priced = segment
    return groups


def _dispense(
    message: Hl7Message, group: _Group, institution: str, encounter: str, found: Findings
) -> dict[str, Any]:
    rxd, order, line = group.rxd, group.order, group.number
    at = f"RXD[{line}]"
    for field in (2, 4, 18, 19):
        if message.repeats(rxd, field):
            found.add(
                "field.format", f"{at}-{field}", line, detail="请每个批号一个 RXD one RXD per lot"
            )
    offset = offset_of(message.text(message.head, 7))
    data: dict[str, Any] = {
        "dispense_no": _number(message, group, found),
        "line_no": _line_number(message.text(rxd, 1), group, found),
        "institution_local": found.code(
            message.text(order, 21, 10) or institution, f"{group.order_at}-21.10", line
        ),
        "local_code": found.code(message.text(rxd, 2), f"{at}-2.1", line),
        "quantity": found.quantity(message.text(rxd, 4), f"{at}-4", line),
        "dispensed_at": found.moment(message.text(rxd, 3), f"{at}-3", line, offset=offset),
        "trace_codes": _trace_codes(message, group, found),
        "split_pack": _split_pack(message, group, found),
    }
    optional = {
        "product_name": found.text(
            message.text(rxd, 2, 2), f"{at}-2.2", line, required=False, ascii_digits=False
        ),
        "unit_price": found.unit_price(
            message.text(group.priced, 1), f"ZPR[{line}]-1", line, required=False
        ),
        "batch_no": found.text(message.text(rxd, 18), f"{at}-18", line, required=False),
        "expires_on": found.day(message.text(rxd, 19), f"{at}-19", line),
        "prescription_no": found.text(message.text(rxd, 7), f"{at}-7", line, required=False),
        "encounter": encounter,
        "prescriber": _person(message, order, 12, f"{group.order_at}-12", line, found),
        "pharmacist": _person(message, rxd, 10, f"{at}-10", line, found),
    }
    return data | {name: value for name, value in optional.items() if value}


def _number(message: Hl7Message, group: _Group, found: Findings) -> str:
    """Return the dispensing's number: the pharmacy's (ORC-3), else the order's (ORC-2)."""
    for field in (3, 2):
        value = message.text(group.order, field)
        if value:
            return found.text(value, f"{group.order_at}-{field}", group.number)
    return found.add("field.required", f"{group.order_at}-3", group.number)


def _line_number(counter: str, group: _Group, found: Findings) -> int:
    """Return RXD-1; where a HIS leaves it out, the RXD's place in the message."""
    if not counter:
        return group.number
    if counter.isascii() and counter.isdigit() and len(counter) < 7 and int(counter) > 0:  # noqa: PLR2004 - no real counter is longer
        return int(counter)
    found.add("field.format", f"RXD[{group.number}]-1", group.number, detail=f"{counter[:32]!r}")
    return group.number


def _person(
    message: Hl7Message, segment: Segment, field: int, path: str, line: int, found: Findings
) -> str:
    """Return a doctor's or pharmacist's number, else the name (never a patient's)."""
    number = message.text(segment, field, 1)
    name = message.text(segment, field, 2) + message.text(segment, field, 3)
    return found.text(number or name, path, line, required=False)


def _trace_codes(message: Hl7Message, group: _Group, found: Findings) -> list[str]:
    """Return ZTC-1, all repetitions of all ZTC of this RXD. Separators inside a code must be escaped."""
    codes: list[str] = []
    path = f"ZTC[{group.number}]-1"
    for segment in group.traced:
        for raw in message.repetitions(segment, 1):
            value = message.value(raw)
            if value:
                codes.append(found.trace_code(value, path, group.number))
    if len(codes) > TRACE_LIMIT:
        found.add("field.range", path, group.number, detail=f"{len(codes)} > {TRACE_LIMIT}")
    return codes


def _split_pack(message: Hl7Message, group: _Group, found: Findings) -> bool:
    """Return ZTC-2: Y where a pack was opened (拆零)."""
    flags = {message.text(segment, 2) for segment in group.traced} - {""}
    if flags - {"Y", "N"}:
        found.add("field.format", f"ZTC[{group.number}]-2", group.number, detail="Y | N")
    return "Y" in flags


def _check_numbers(rows: list[dict[str, Any]], found: Findings) -> None:
    seen: set[tuple[str, int]] = set()
    for line, row in enumerate(rows, start=1):
        key = (row["dispense_no"], row["line_no"])
        if key[0] and key in seen:
            found.add("line.duplicate", f"RXD[{line}]-1", line, detail=f"{key[0]} / {key[1]}")
        seen.add(key)
