"""下发: conclusions → PriceNotice and Notice, in SOAP, signed (dialect C); and what the reply means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from adapters._kit.protocol import Acknowledgement, Recipient, WireRequest, WireResponse
from adapters._kit.signing import Digest, sign
from adapters._kit.soap import CONTENT_TYPE, Fault, unwrap, wrap
from adapters._kit.times import compact_date, unix_seconds
from adapters.yunnan_procurement.reply import OUR_NAME
from adapters.yunnan_procurement.wire import (
    ALREADY,
    ARGUMENT,
    BUSY,
    CONTRACT,
    INTERNAL,
    OPERATION,
    SERVICE,
    element,
    elements,
    head,
    platform_message,
)
from schemas.envelope import Message
from schemas.events import (
    PRICE_LINKED,
    PROGRESS_WARNED,
    PROGRESS_WARNING_LIFTED,
    SETTLEMENT_HELD,
    SETTLEMENT_RESUMED,
)
from schemas.issues import Rejected, issue

HEARS: Final = (
    PRICE_LINKED,
    PROGRESS_WARNED,
    PROGRESS_WARNING_LIFTED,
    SETTLEMENT_HELD,
    SETTLEMENT_RESUMED,
)
_KINDS: Final = {
    PROGRESS_WARNED: ("ProgressWarned", "warned_on"),
    PROGRESS_WARNING_LIFTED: ("ProgressWarningLifted", "lifted_on"),
    SETTLEMENT_HELD: ("SettlementHeld", "held_from"),
    SETTLEMENT_RESUMED: ("SettlementResumed", "resumed_on"),
}
_CAUSES: Final = 100
_SUCCESSES: Final = "03"
"""First digits of success: 0, and 3 = with a note."""
_SERVER_ERRORS: Final = 500
_LATER: Final = (408, 425, 429)


def write(message: Message, recipient: Recipient) -> WireRequest:
    """Return the call that says this message to the platform.

    The document and its MessageId are the same at every attempt; only the signature's time differs.
    Raises Rejected for a type that this dialect has no words for, and for a signature that cannot be made.
    """
    data = message.content()
    if message.type == PRICE_LINKED:
        family, main, rows = "PriceNotice", _price_main(message, data), [_price_row(data)]
    elif message.type in _KINDS:
        family, main = "Notice", _notice_main(message, data)
        rows = [element("Clause", clause) for clause in data["because"]["clauses"]]
    else:
        raise Rejected(issue("message.unsupported", "type", detail=message.type))
    settings = recipient.settings
    top = head(
        message.id,
        family,
        recipient.region,
        settings.get("sender_code", OUR_NAME),
        settings.get("platform_code", recipient.partner),
        message.time,
        message.causationid,
    )
    body = wrap(platform_message(top, family, main, rows), OPERATION, SERVICE, ARGUMENT)
    headers = {"SOAPAction": '""', "x-ca-key": settings.get("account", recipient.partner)}
    if settings.get("signature") != "none":
        headers["x-ca-signature"] = _signature(body, recipient)
    return WireRequest(body, CONTENT_TYPE, headers=headers, idempotency_key=message.id)


def _signature(body: bytes, recipient: Recipient) -> str:
    named: Mapping[str, Digest] = {"sm3": "sm3", "sha256": "sha256"}
    digest = named.get(recipient.settings.get("signature", "sm3"))
    if digest is None or not recipient.secret:
        detail = "signature is sm3, sha256 or none" if digest is None else "no secret to sign with"
        raise Rejected(issue("field.format", "settings.signature", detail=detail))
    return sign(body, recipient.secret, unix_seconds(recipient.now), digest)


def _price_main(message: Message, data: Mapping[str, Any]) -> str:
    because = data["because"]
    return (
        elements(NoticeNo=message.id, Rule=because["rule"])
        + "".join([element("Clause", clause) for clause in because["clauses"][:20]])
        + _causes(because)
    )


def _causes(because: Mapping[str, Any]) -> str:
    return "".join([element("Cause", cause) for cause in because["causes"][:_CAUSES]])


def _price_row(data: Mapping[str, Any]) -> str:
    return elements(
        NationalCode=data["unified_code"],
        DrugCode=data["drug"],
        DrugName=data["drug_name"],
        OldPrice=data["price_before"],
        NewPrice=data["price_after"],
        EffectiveFrom=compact_date(data["effective_from"]),
        ReferenceCode=data["reference_code"],
        ReferencePlatform=data["reference_region"],
        ReferencePrice=data["reference_price"],
        Converted="true" if data["converted"] else "false",
    )


def _notice_main(message: Message, data: Mapping[str, Any]) -> str:
    kind, day = _KINDS[message.type]
    because = data["because"]
    return elements(
        NoticeNo=message.id,
        Kind=kind,
        InstitutionCode=data["institution"],
        DrugCode=data["drug"],
        DrugName=data["drug_name"],
        BatchNo=data["batch"],
        Period=data.get("period"),
        AcceptedQuantity=data.get("accepted_quantity"),
        TaskQuantity=data.get("task_quantity"),
        Completion=data.get("completion"),
        ReplacedNotice=data.get("replaces"),
        HoldNo=data.get("hold_no"),
        EndedNotice=data.get("hold_id") or data.get("warning_id"),
        EffectiveFrom=compact_date(data[day]),
        Rule=because["rule"],
    ) + _causes(because)


def understand(response: WireResponse, request: WireRequest) -> Acknowledgement:
    """Return what the platform's answer means; anything that is not a Reply document is `retry`."""
    try:
        root = unwrap(response.body, "Reply").root
        if not CONTRACT.accepts(root):
            return _unclear(response, "the answer is not a Reply document")
        decoded = CONTRACT.decode(root)
    except Rejected as wrong:
        return _unclear(response, f"the answer cannot be read: {wrong.issues[0].en}")
    except Fault as fault:
        return _unclear(response, f"SOAP fault {fault.code}: {fault.text}")
    if decoded.name != "Reply":
        return _unclear(response, "the answer is a message, not a Reply")
    if decoded.content["Head"].get("CorrelationId") not in (None, request.idempotency_key):
        return _unclear(response, "the answer belongs to another message")
    return _meant(decoded.content, response.status)


def _meant(content: Mapping[str, Any], status: int) -> Acknowledgement:
    """Read the code by its first digit: a code that is not in the table is carried, not refused."""
    code: str = content["Result"]["Code"]
    text: str = content["Result"]["Text"] or ""
    reference: str = content["Head"]["MessageId"]
    if status >= _SERVER_ERRORS or status in _LATER or code in (BUSY, INTERNAL):
        return Acknowledgement("retry", code, text, reference)
    failed = [row for row in content.get("RowResult", ()) if row["Code"][0] not in _SUCCESSES]
    if failed:
        return Acknowledgement("refused", failed[0]["Code"], failed[0]["Text"] or text, reference)
    if code[0] in _SUCCESSES:
        return Acknowledgement("already" if code == ALREADY else "delivered", code, text, reference)
    return Acknowledgement("refused" if code[0] in "12" else "retry", code, text, reference)


def _unclear(response: WireResponse, text: str) -> Acknowledgement:
    return Acknowledgement("retry", str(response.status), text)
