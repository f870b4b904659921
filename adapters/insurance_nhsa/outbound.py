"""下发: canonical messages → one call of the insurance platform; and what its answer means.

The body is the same at every attempt (msgid, times and batch number follow from the message alone); only
the signature's time is the attempt's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson

from adapters._kit.protocol import Recipient, WireRequest
from adapters._kit.signing import Digest, sign
from adapters._kit.times import compact_instant, plain_instant, unix_seconds
from adapters.insurance_nhsa.mappings import mapping_record, transaction
from adapters.insurance_nhsa.records import (
    count_record,
    hold_record,
    lifted_record,
    resume_record,
    sale_record,
    warning_record,
)
from adapters.insurance_nhsa.wire import (
    ENVELOPE,
    HOLD,
    INPUT_LIMIT,
    LISTED,
    NODES,
    RESUME,
    SALE,
    STOCK_COUNT,
    TRACE_FIELDS,
    WARNING,
    WARNING_LIFTED,
    check,
)
from schemas.envelope import Message
from schemas.events import (
    CROSSWALK_MAPPING_DECIDED,
    PROGRESS_WARNED,
    PROGRESS_WARNING_LIFTED,
    SETTLEMENT_HELD,
    SETTLEMENT_RESUMED,
    STOCK_COUNTED,
    USAGE_DISPENSED,
)
from schemas.issues import Issue, Rejected, issue

Record = Callable[[Message, Mapping[str, Any], Mapping[str, str]], dict[str, Any]]
_SAID: Final[Mapping[str, tuple[str, Record]]] = {
    STOCK_COUNTED: (STOCK_COUNT, count_record),
    USAGE_DISPENSED: (SALE, sale_record),
    SETTLEMENT_HELD: (HOLD, hold_record),
    SETTLEMENT_RESUMED: (RESUME, resume_record),
    PROGRESS_WARNED: (WARNING, warning_record),
    PROGRESS_WARNING_LIFTED: (WARNING_LIFTED, lifted_record),
    CROSSWALK_MAPPING_DECIDED: ("", mapping_record),  # 3301 or 3302, as was decided
}
HEARS: Final = tuple(_SAID)
CONTENT_TYPE: Final = "application/json; charset=utf-8"
_DAY_SECONDS: Final = 86_400


def write(message: Message, recipient: Recipient) -> WireRequest:
    """Return the signed call. Raises Rejected with everything that the platform would refuse."""
    if message.type not in _SAID:
        raise Rejected(issue("message.unsupported", "type", detail=message.type))
    infno, record_of = _SAID[message.type]
    data = message.content()
    if not infno:
        infno = transaction(data)
    record = record_of(message, data, recipient.settings)
    envelope = _envelope(infno, message, data, recipient)
    node, fields = NODES[infno]
    found = check(envelope, ENVELOPE, "") + check(record, fields, node) + _check_traces(record)
    given = {node: [record] if infno in LISTED else record}
    size = len(orjson.dumps(given).decode())
    if size > INPUT_LIMIT:
        found.append(issue("field.range", "input", detail=f"{size} > {INPUT_LIMIT}"))
    if found:
        raise Rejected(*found)
    body = orjson.dumps({**envelope, "input": given})
    headers = {
        "x-ca-key": recipient.settings.get("account", recipient.partner),
        "x-ca-signature": _signature(body, recipient),
    }
    return WireRequest(body, CONTENT_TYPE, headers=headers, idempotency_key=message.id)


def _check_traces(record: Mapping[str, Any]) -> list[Issue]:
    found: list[Issue] = []
    for at, each in enumerate(record.get("drugtracinfo", ())):
        found += check(each, TRACE_FIELDS, f"drugtracinfo[{at}]")
    return found


def _envelope(
    infno: str, message: Message, data: Mapping[str, Any], recipient: Recipient
) -> dict[str, Any]:
    settings, institution = recipient.settings, str(data["institution"])
    return {
        "infno": infno,
        "msgid": message_number(institution, message),
        "mdtrtarea_admvs": recipient.region,
        "insuplc_admdvs": "",
        "recer_sys_code": settings.get("recer_sys_code", "JICAI"),
        "dev_no": "",
        "dev_safe_info": "",
        "cainfo": "",
        "signtype": "",
        "infver": "V1.0",
        "opter_type": settings.get("opter_type", "1"),
        "opter": settings.get("opter", "jicai"),
        "opter_name": settings.get("opter_name", "集采网关"),
        "inf_time": plain_instant(message.time),
        "fixmedins_code": institution,
        "fixmedins_name": settings.get(f"institution_name.{institution}", institution),
        "sign_no": settings.get("sign_no", ""),
    }


def message_number(institution: str, message: Message) -> str:
    """Return the msgid: institution (12), time of the message (14), sequence (4); the same at each resend.

    Many messages of an institution may share a second. The sequence is the place in the journal where
    there is one, else it follows from the message's id. A midnight stands for a mere date: such messages
    are spread over their day, by their id.
    """
    digest = int(message.id, 16)
    moment, number = compact_instant(message.time), digest % 10_000
    if moment.endswith("000000"):
        minutes, second = divmod(digest // 10_000 % _DAY_SECONDS, 60)
        hour, minute = divmod(minutes, 60)
        return f"{institution}{moment[:8]}{hour:02d}{minute:02d}{second:02d}{number:04d}"
    shard, _, seq = message.sequence.partition("-")
    if shard.isdecimal() and seq.isdecimal():
        number = int(seq) % 1000 * 10 + int(shard) % 10
    return f"{institution}{moment}{number:04d}"


def _signature(body: bytes, recipient: Recipient) -> str:
    named: Mapping[str, Digest] = {"sm3": "sm3", "sha256": "sha256"}
    digest = named.get(recipient.settings.get("signature", "sm3"))
    if digest is None or not recipient.secret:
        detail = "sm3 or sha256 is expected" if digest is None else "no secret to sign with"
        raise Rejected(issue("field.format", "settings.signature", detail=detail))
    return sign(body, recipient.secret, unix_seconds(recipient.now), digest)
