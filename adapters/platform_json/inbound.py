"""接入: a platform's JSON order → ORDER_PLACED.

`read_fast` is the whole of the reading, without any model object: parse, contract, canonical data,
sum. `read` puts the result into a `Document`. Both ways cost the same few microseconds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from adapters._kit.json_contract import JsonContract
from adapters._kit.json_text import has_more_strings, loads, parse, refuse_duplicate_keys
from adapters._kit.protocol import Document, Draft, Sender
from schemas.events import ORDER_PLACED
from schemas.issues import Issue, Rejected, issue
from schemas.money import yuan

CONTRACT: Final = JsonContract.load(Path(__file__).with_name("wire.schema.json"))
_ACCEPTS: Final = CONTRACT.accepts
_HEAD_STRINGS: Final = 15
"""8 keys and 7 string values at the top (the lines are no string)."""
_LINE_STRINGS: Final = 9
"""5 keys and 4 string values in a line (its number is no string)."""
_MESSAGE_ID: Final = re.compile(r"[0-9A-F]{16}")
_instant: Final = datetime.fromisoformat


def read(raw: bytes, sender: Sender) -> Document:  # noqa: ARG001 - the protocol's signature
    """Return the order as one draft. Raises Rejected with every issue."""
    given = read_wire(raw)
    data, found = canonical_order(given)
    if found:
        raise Rejected(*found, message_id=given["msg_id"])
    draft = Draft(ORDER_PLACED, data)
    return Document(given["msg_id"], "order", [draft], sender=given["partner"])


def read_fast(raw: bytes) -> tuple[dict[str, Any], Sequence[Issue]]:
    """Return canonical data of the order and what is wrong with it; the data is only good without issues."""
    try:
        return canonical_order(read_wire(raw))
    except Rejected as wrong:
        return {}, wrong.issues


def read_wire(raw: bytes) -> dict[str, Any]:
    """Return the order as it stands on the wire, satisfying the contract. Raises Rejected."""
    given: Any = loads(raw)
    if not _ACCEPTS(given):
        _refuse(raw)
    if has_more_strings(raw, _HEAD_STRINGS + _LINE_STRINGS * len(given["lines"])):
        try:
            refuse_duplicate_keys(raw)
        except Rejected as wrong:
            raise Rejected(*wrong.issues, message_id=given["msg_id"]) from None
    return given  # type: ignore[no-any-return]  # the contract says it is an object


def _refuse(raw: bytes) -> None:
    given = parse(raw)
    named = given.get("msg_id") if isinstance(given, dict) else None
    known = isinstance(named, str) and _MESSAGE_ID.fullmatch(named) is not None
    raise Rejected(*CONTRACT.issues(given), message_id=named if known else None)


def canonical_order(given: dict[str, Any]) -> tuple[dict[str, Any], Sequence[Issue]]:
    """Return ORDER_PLACED data of a wire order, and what the contract cannot say about it.

    Amounts are summed, not recomputed: platforms round unit price × quantity differently.
    """
    fen = 0
    odd = False
    numbers = set()
    lines = []
    for line in given["lines"]:
        amount, quantity, number = line["amount"], line["qty"], line["line_no"]
        # the contract's patterns fix the scales: without its point an amount is fen
        fen += int(amount[:-3] + amount[-2:])
        if quantity[0] == "0" or number.__class__ is not int:
            odd = True
        numbers.add(number)
        lines.append(
            {
                "line_no": number,
                "local_code": line["code"],
                "quantity": quantity,
                "unit_price": line["unit_price"],
                "amount": amount,
            }
        )
    total, placed_at = given["total"], given["placed_at"]
    data = {
        "msg_id": given["msg_id"],
        "order_no": given["order_no"],
        "institution": given["hospital"],
        "distributor": given["distributor"],
        "placed_at": placed_at,
        "lines": lines,
        "total": total,
    }
    found: list[Issue] = []
    if fen != int(total[:-3] + total[-2:]):
        found.append(issue("sum.mismatch", "total", declared=total, found=yuan(fen)))
    try:
        _instant(placed_at)
    except ValueError:
        found.append(issue("date.invalid", "placed_at", detail=placed_at))
    if odd or len(numbers) != len(lines):
        found.extend(_odd_lines(lines))
    return data, found


def _odd_lines(lines: list[dict[str, Any]]) -> list[Issue]:
    """Return the rare findings; the hot loop only notices that there may be some."""
    found: list[Issue] = []
    seen: set[int] = set()
    for at, line in enumerate(lines):
        number = line["line_no"]
        if number.__class__ is not int:  # 1.0 and 1e2 are integers to JSON Schema
            found.append(issue("field.format", f"lines[{at}].line_no", detail="plain integer"))
        elif number in seen:
            found.append(issue("line.duplicate", f"lines[{at}].line_no", detail=number))
        seen.add(number)
        if not line["quantity"].strip("0."):
            found.append(issue("quantity.negative", f"lines[{at}].qty"))
    return found
