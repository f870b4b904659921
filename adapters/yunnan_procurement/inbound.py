"""接入: the platform's messages → drafts.

Three sieves: the XSD (rows it refuses are set aside, anything else refuses the document), the rules that
span rows (count, numbers, sums), the rules of one row. A document of which some rows are good is
taken with these; the others are refused by their `seq`.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any, Final

from adapters._kit.protocol import Document, Sender
from adapters._kit.soap import Fault, unwrap
from adapters._kit.xml import Element, namespace
from adapters._kit.xml_contract import FINDING_LIMIT
from adapters._kit.xml_findings import distinct
from adapters.yunnan_procurement.families import FAMILIES
from adapters.yunnan_procurement.reading import Reading
from adapters.yunnan_procurement.wire import CONTRACT, DOCUMENT, NAMESPACE
from schemas.issues import Issue, Rejected, issue

_N: Final = "{" + NAMESPACE + "}"
_SEQ: Final = re.compile(r"[0-9]{1,6}")
_IDENTIFIER: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._:/-]{0,63}")
PROVINCE: Final = 2
"""Leading digits of a GB/T 2260 code that name the province."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """What the reply needs: the head of the message and how it was wrapped."""

    head: dict[str, Any]
    operation: str
    """The SOAP operation, "" without SOAP."""
    space: str


@dataclass(slots=True)
class SetAside:
    """Rows that the XSD refused, taken out of the document: their numbers, issues and amounts."""

    issues: dict[int, list[Issue]] = field(default_factory=dict)
    numbers: list[int] = field(default_factory=list)
    amounts: list[str] = field(default_factory=list)


def read(raw: bytes, sender: Sender) -> Document:
    """Return the message's drafts. Raises Rejected with every issue of the whole document."""
    try:
        call = unwrap(raw, DOCUMENT)
    except Fault as fault:
        raise Rejected(issue("soap.envelope", "", detail=f"a fault: {fault.code}")) from None
    root = call.root
    message_id = named_id(root)
    try:
        aside = SetAside() if CONTRACT.accepts(root) else _set_aside(root)
        content = CONTRACT.decode(root).content
        reading = _reading(content, sender, aside)
    except Rejected as wrong:
        raise Rejected(*wrong.issues, message_id=message_id) from None
    drafts = FAMILIES[reading.family](reading)
    refused = [(seq, tuple(found)) for seq, found in sorted(reading.refused.items())]
    if reading.found or not drafts:
        every = [*reading.found, *(one for _, found in refused for one in found)]
        raise Rejected(*every, message_id=message_id)
    head = reading.head
    spoken = Spoken(head, call.operation, call.namespace)
    return Document(
        head["MessageId"],
        head["MessageType"],
        drafts,
        refused,
        head.get("CorrelationId") or "",
        spoken,
        head["Sender"],
    )


def named_id(root: Element) -> str | None:
    """Return the message's id where it can be read, whatever else is wrong."""
    found = root.findtext(f"{_N}Head/{_N}MessageId")
    return found if found is not None and _IDENTIFIER.fullmatch(found) else None


def _set_aside(root: Element) -> SetAside:
    """Take out the rows that break the contract. Raises Rejected when anything but rows breaks it."""
    if root.tag != _N + DOCUMENT:
        named = f"{namespace(root)[:80]} {str(root.tag).rpartition('}')[2][:80]}".strip()
        raise Rejected(issue("message.unsupported", "/", detail=named))
    findings = CONTRACT.findings(root)
    every = distinct(one.issue for one in findings) or CONTRACT.issues(root)
    aside = SetAside()
    broken: dict[Element, list[Issue]] = {}
    for one in findings:
        row = _row_of(one.element)
        if row is None or len(findings) >= FINDING_LIMIT:
            raise Rejected(*every)
        broken.setdefault(row, []).append(one.issue)
    for row, found in broken.items():
        seq = _SEQ.fullmatch(row.get("seq", ""))
        detail = row.getparent()
        if seq is None or int(seq.group()) == 0 or detail is None:
            raise Rejected(*every)
        number = int(seq.group())
        aside.numbers.append(number)
        kept = aside.issues.setdefault(number, [])
        kept += [replace(one, line=number) for one in distinct(found)]
        aside.amounts.append(row.findtext(f"{_N}Amount") or "")
        detail.remove(row)
    if not broken or not CONTRACT.accepts(root):
        raise Rejected(*every)
    return aside


def _row_of(element: Element) -> Element | None:
    here: Element | None = element
    while here is not None and here.tag != _N + "Row":
        here = here.getparent()
    return here


def _reading(content: dict[str, Any], sender: Sender, aside: SetAside) -> Reading:
    """Return the message laid out for its family. Raises Rejected for what is wrong as a whole."""
    if "Body" not in content:
        raise Rejected(issue("message.unsupported", "/Reply", detail="Reply"))
    head = content["Head"]
    ((family, body),) = content["Body"].items()
    found: list[Issue] = []
    if family not in FAMILIES:
        raise Rejected(issue("message.unsupported", "Body", detail=family))
    if head["MessageType"] != family:
        detail = f"{head['MessageType']} with a body of {family}"
        found.append(issue("field.format", "Head/MessageType", detail=detail))
    if head["Platform"][:PROVINCE] != sender.region[:PROVINCE]:
        detail = f"{head['Platform']}, the sender's region is {sender.region}"
        found.append(issue("field.range", "Head/Platform", detail=detail))
    reading = Reading(
        family, head, body["Main"], body["Detail"]["Row"], sender.region, aside.amounts
    )
    reading.refused.update(aside.issues)
    found += _counted(reading, aside)
    if found:
        raise Rejected(*found)
    return reading


def _counted(reading: Reading, aside: SetAside) -> list[Issue]:
    """Check the declared count; refuse every row whose number stands twice (which one is meant?)."""
    numbers = Counter([row["@seq"] for row in reading.rows] + aside.numbers)
    rows, declared = numbers.total(), reading.main["RowCount"]
    for number, times in numbers.items():
        if times > 1:
            path = f"Detail/Row[@seq='{number}']"
            repeated = issue("line.duplicate", path, line=number, detail=number)
            reading.refused.setdefault(number, []).append(repeated)
    if rows == declared:
        return []
    return [issue("count.mismatch", "Main/RowCount", declared=declared, found=rows)]
