"""订单: RDE^O11 and ORM^O01 to one order. Layout: see samples/README.md.

Head: ORC-1 NW (or RE), ORC-2 order number, ORC-9 placed at, ORC-17.1 distributor, ORC-21.10 institution,
ZTO-1 total. A line is an RXE (in ORM also RXO or RQD) and the ZPR behind it: unit price, amount.
"""

from __future__ import annotations

from typing import Any, Final

from adapters.his_hl7v2.findings import Findings, offset_of
from adapters.his_hl7v2.wire import Hl7Message, Segment
from schemas.money import yuan

LINE_LIMIT: Final = 500
NEW_ORDER: Final = frozenset({"NW", "RE"})
"""ORC-1 of an order: new order, or the pharmacy's encoded new order. Anything else is no order placed."""

# where code and quantity of a detail segment may stand, first choice first
_PLACES: Final[dict[str, tuple[tuple[int, ...], tuple[int, ...]]]] = {
    "RXE": ((2,), (3, 10)),
    "RXO": ((1,), (2, 11)),
    "RQD": ((2, 3, 4), (5,)),
}
_UNPRICED: Final[Segment] = ["ZPR"]


def details_of(message: Hl7Message, kind: str) -> tuple[str, ...]:
    """Return which segments are the lines: in an RDE the RXO is only the order behind the RXE."""
    if kind == "RDE" or any(segment[0] == "RXE" for segment in message.segments):
        return ("RXE",)
    return ("RXO", "RQD")


class _Line:
    """A detail segment with its place and the ZPR that belongs to it."""

    __slots__ = ("number", "place", "priced", "segment")

    def __init__(self, number: int, segment: Segment, place: str) -> None:
        self.number, self.segment, self.place = number, segment, place
        self.priced: Segment | None = None


def read_order(message: Hl7Message, kind: str, institution: str, found: Findings) -> dict[str, Any]:
    """Return the order's canonical data; what is wrong with it goes to `found`.

    `institution` is the partner's setting for a HIS that serves one institution only ("" for none).
    """
    head, total, lines = _collect(message, details_of(message, kind), found)
    data = _head(message, head, institution, found)
    if not lines:
        found.add("field.required", details_of(message, kind)[0])
    if len(lines) > LINE_LIMIT:
        found.add("field.range", "RXE", detail=f"{len(lines)} > {LINE_LIMIT}")
        return data
    data["lines"] = [_line(message, line, found) for line in lines]
    place = "ZTO-1"
    data["total"] = found.sum(message.text(total, 1) if total else "", place)
    _check_sum(data, found, place)
    return data


def _collect(
    message: Hl7Message, details: tuple[str, ...], found: Findings
) -> tuple[Segment | None, Segment | None, list[_Line]]:
    head: Segment | None = None
    total: Segment | None = None
    lines: list[_Line] = []
    seen = dict.fromkeys(details, 0)
    for segment in message.segments:
        name = segment[0]
        if name in seen:
            seen[name] += 1
            lines.append(_Line(len(lines) + 1, segment, f"{name}[{seen[name]}]"))
        elif name == "ZPR":
            _price(segment, lines, found)
        elif name == "ORC":
            if head is None:
                head = segment
            elif message.text(segment, 2) != message.text(head, 2):
                found.add("field.format", "ORC-2", detail="一条报文一张订单 one order per message")
        elif name == "ZTO":
            if total is not None:
                found.add("field.format", "ZTO", detail="重复 stands twice")
            total = segment
    return head, total, lines


def _price(segment: Segment, lines: list[_Line], found: Findings) -> None:
    if not lines:
        found.add("hl7.malformed", "ZPR", detail="ZPR 前无明细 no line before ZPR")
    elif lines[-1].priced is not None:
        number = lines[-1].number
        found.add("field.format", f"ZPR[{number}]", number, detail="重复 stands twice")
    else:
        lines[-1].priced = segment


def _head(
    message: Hl7Message, head: Segment | None, institution: str, found: Findings
) -> dict[str, Any]:
    head = head if head is not None else ["ORC"]
    control = message.text(head, 1)
    if control and control not in NEW_ORDER:
        found.add("hl7.unsupported", "ORC-1", detail=f"ORC-1 {control[:8]}")
    elif not control:
        found.add("field.required", "ORC-1")
    return {
        "msg_id": message.text(message.head, 10),
        "order_no": found.text(message.text(head, 2), "ORC-2"),
        "institution_local": found.code(message.text(head, 21, 10) or institution, "ORC-21.10"),
        "distributor_local": found.code(message.text(head, 17), "ORC-17.1"),
        "placed_at": found.moment(
            message.text(head, 9), "ORC-9", offset=offset_of(message.text(message.head, 7))
        ),
    }


def _line(message: Hl7Message, line: _Line, found: Findings) -> dict[str, Any]:
    number, segment, priced = line.number, line.segment, line.priced or _UNPRICED
    codes, quantities = _PLACES[segment[0]]
    at, code = codes[0], message.text(segment, codes[0])
    for other in codes[1:]:
        if not code:
            at, code = other, message.text(segment, other)
    if not code:
        at = codes[0]
    return {
        "line_no": number,
        "local_code": found.code(code, f"{line.place}-{at}.1", number),
        "quantity": _quantity(message, line, quantities, found),
        "unit_price": found.unit_price(message.text(priced, 1), f"ZPR[{number}]-1", number),
        "amount": found.sum(message.text(priced, 2), f"ZPR[{number}]-2", number),
    }


def _quantity(message: Hl7Message, line: _Line, places: tuple[int, ...], found: Findings) -> str:
    """Return the quantity; two places that say different things are refused, not chosen from."""
    segment, given = line.segment, ""
    for at in places:
        raw = message.text(segment, at)
        if not raw:
            continue
        path = f"{line.place}-{at}"
        if message.repeats(segment, at):
            return found.add("field.format", path, line.number, detail="不得重复 must not repeat")
        value = found.quantity(raw, path, line.number)
        if not value:
            return ""
        if given and value != given:
            detail = f"与 {line.place}-{places[0]} 不一致 differs from it"
            return found.add("field.format", path, line.number, detail=detail)
        given = value
    return given or found.add("field.required", f"{line.place}-{places[0]}", line.number)


def _check_sum(data: dict[str, Any], found: Findings, place: str) -> None:
    amounts = [line["amount"] for line in data["lines"]]
    if not data["total"] or not all(amounts):
        return
    total = sum(_fen(amount) for amount in amounts)
    if total != _fen(data["total"]):
        found.add("sum.mismatch", place, declared=data["total"], found=yuan(total))


def _fen(amount: str) -> int:
    """Return a sum that is already canonical (two decimals, not negative) as integer fen."""
    return int(amount.replace(".", ""))
