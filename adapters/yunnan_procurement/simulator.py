"""平台模拟: the platform as the gateway sees it, and the documents that it sends.

`YunnanPlatform` takes notices as the real one would: signature, contract, count, idempotency, ledger.
The `*_document` functions build valid documents from plain rows, fast, for whoever plays the platform.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from adapters._kit.sending import Cue, Outgoing
from adapters._kit.signing import Digest, verify
from adapters._kit.simulation import Call, Mood, Said, SimulatedPartner
from adapters._kit.soap import CONTENT_TYPE, Fault, unwrap, wrap
from adapters._kit.times import CHINA, compact_date
from adapters.yunnan_procurement.wire import (
    ALREADY,
    ARGUMENT,
    BAD_XML,
    BUSY,
    CONTRACT,
    CREDENTIALS,
    DOCUMENT,
    ID_TAKEN,
    NAMESPACE,
    OK,
    OPERATION,
    REFUSED,
    RESULT,
    SERVICE,
    WRONG_COUNT,
    element,
    elements,
    head,
    platform_message,
    severity,
)
from schemas.issues import Rejected
from schemas.money import line_amount, yuan

NAME: Final = "YNPP"
GATEWAY: Final = "JICAI"
REGION: Final = "530000"
_ID_SPACE: Final = uuid.UUID("6f1b7f52-6c0e-5d43-9a39-0c3f5e1f7a10")
_TEXTS: Final = {
    OK: "成功",
    ALREADY: "此前已确认",
    BAD_XML: "报文不符合契约",
    CREDENTIALS: "签名比对失败",
    ID_TAKEN: "同一报文编号内容不同",
    REFUSED: "平台不接收此类报文",
    WRONG_COUNT: "记录数不符",
    BUSY: "通讯异常,请稍后再发",
}


class YunnanPlatform(SimulatedPartner):
    """The receiving side of the platform. `secret` b"" switches the signature check off."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        *,
        secret: bytes = b"",
        digest: Digest = "sm3",
        mood: Mood | None = None,
    ) -> None:
        super().__init__(clock, mood)
        self._secret = secret
        self._digest: Digest = digest
        self._seen: dict[str, str] = {}
        self.received: list[dict[str, Any]] = []
        """Every accepted message once: {"id", "family", "main", "rows"}."""
        self.repeats = 0
        """Accepted messages that came again."""

    def answer(self, call: Call) -> Said:
        """Check the message as the platform would; a good one goes into the ledger once."""
        if self._secret and self._unsigned(call):
            return self._say(CREDENTIALS, "")
        try:
            root = unwrap(call.body, DOCUMENT).root
        except (Rejected, Fault):
            return self._say(BAD_XML, "")
        if not CONTRACT.accepts(root):
            return self._say(BAD_XML, "")
        content = CONTRACT.decode(root).content
        message_id: str = content["Head"]["MessageId"]
        return self._say(self._judge(content, message_id), message_id)

    def _judge(self, content: Mapping[str, Any], message_id: str) -> str:
        ((family, body),) = content["Body"].items()
        if family not in ("PriceNotice", "Notice"):
            return REFUSED
        rows = body["Detail"]["Row"]
        if body["Main"]["RowCount"] != len(rows) or len({row["@seq"] for row in rows}) != len(rows):
            return WRONG_COUNT
        digest = hashlib.sha256(repr(content).encode()).hexdigest()
        if message_id in self._seen:
            same = self._seen[message_id] == digest
            self.repeats += same
            return ALREADY if same else ID_TAKEN
        self._seen[message_id] = digest
        self.received.append(
            {"id": message_id, "family": family, "main": body["Main"], "rows": rows}
        )
        return OK

    def _unsigned(self, call: Call) -> bool:
        header = call.headers.get("x-ca-signature", "")
        return verify(header, call.body, self._secret, self.seconds(), self._digest) != ""

    def glance(self, call: Call, said: Said) -> str:
        """Return family, message id and result code."""
        try:
            content = CONTRACT.decode(unwrap(call.body, DOCUMENT).root).content
            result = unwrap(said.body, "Reply").root
        except (Rejected, Fault, ValueError):
            return ""
        if not isinstance(content, dict) or not isinstance(content.get("Body"), dict):
            return ""
        asked = f"{next(iter(content['Body']), '?')} {content['Head']['MessageId']}"
        space = "{" + NAMESPACE + "}"
        code = result.findtext(f"{space}Result/{space}Code") or ""
        return f"{asked} → {code} {_TEXTS.get(code, '')}".strip()

    def error_inside(self, call: Call) -> Said:
        """Answer 11001 (try later) under HTTP 200."""
        return self._say(BUSY, "", call)

    def _say(self, code: str, correlation: str, call: Call | None = None) -> Said:
        seed = call.body if call is not None else f"{code}{correlation}".encode()
        own = "R" + hashlib.sha256(seed).hexdigest()[:31]
        sent_at = self.clock().isoformat(timespec="seconds")
        top = head(own, "Reply", REGION, NAME, GATEWAY, sent_at, correlation)
        result = elements(Code=code, Severity=severity(code), Text=_TEXTS[code])
        text = f'<Reply xmlns="{NAMESPACE}">{top}<Result>{result}</Result></Reply>'
        return Said(wrap(text, f"{OPERATION}Response", SERVICE, RESULT), CONTENT_TYPE)

    def ledger(self) -> dict[str, Any]:
        """Return the accepted messages and how often one came again."""
        return {"received": self.received, "repeats": self.repeats, "calls": len(self.calls)}

    def linked_prices(self) -> dict[str, str]:
        """Return the newest linked price per national code, as a canonical price string."""
        return {
            row["NationalCode"]: row["NewPrice"]
            for each in self.received
            if each["family"] == "PriceNotice"
            for row in each["rows"]
        }


# --------------------------------------------------------------------------- what the platform sends


@dataclass(frozen=True, slots=True)
class Cover:
    """What every document of the platform carries besides its content."""

    message_id: str
    sent_at: str
    """RFC 3339."""
    platform: str = REGION
    sender: str = NAME
    receiver: str = GATEWAY
    soap: bool = True
    """False: the bare document."""


def uuid_of(text: str) -> str:
    """Return the message id (a UUID) that always belongs to `text`."""
    return str(uuid.uuid5(_ID_SPACE, text))


def _built(cover: Cover, family: str, main: str, rows: list[str]) -> bytes:
    top = head(
        cover.message_id, family, cover.platform, cover.sender, cover.receiver, cover.sent_at
    )
    text = platform_message(top, family, main, rows)
    if not cover.soap:
        return f'<?xml version="1.0" encoding="UTF-8"?>{text}'.encode()
    return wrap(text, OPERATION, SERVICE, ARGUMENT)


def listing_document(
    rows: Iterable[Mapping[str, Any]], cover: Cover, *, listing_no: str, basis: str = ""
) -> bytes:
    """Return a Listing (挂网).

    Rows: product_code, drug_name, kind, unit_price, effective_from; optional specification,
    strength_microgram, pack_quantity (1), manufacturer, effective_to. Dates are YYYY-MM-DD.
    """
    main = elements(ListingNo=listing_no, Basis=basis)
    return _built(cover, "Listing", main, [_listing_row(row) for row in rows])


def _listing_row(row: Mapping[str, Any]) -> str:
    return elements(
        ProductCode=row["product_code"],
        DrugName=row["drug_name"],
        Specification=row.get("specification"),
        StrengthMicrogram=row.get("strength_microgram"),
        PackQuantity=row.get("pack_quantity", 1),
        Manufacturer=row.get("manufacturer"),
        Kind=row["kind"],
        UnitPrice=row["unit_price"],
        EffectiveFrom=compact_date(row["effective_from"]),
        EffectiveTo=compact_date(row.get("effective_to") or ""),
    )


def task_document(
    rows: Iterable[Mapping[str, Any]],
    cover: Cover,
    *,
    batch: str,
    term_from: str,
    term_to: str,
    assigned_on: str,
) -> bytes:
    """Return a VolumeReport (采购任务量).

    Rows: product_code, drug_name, institution_code, task_quantity, quarters (their quantities in order).
    """
    main = elements(
        BatchNo=batch,
        TermFrom=compact_date(term_from),
        TermTo=compact_date(term_to),
        AssignedOn=compact_date(assigned_on),
    )
    return _built(cover, "VolumeReport", main, [_task_row(row) for row in rows])


def _task_row(row: Mapping[str, Any]) -> str:
    quarters = "".join([element("Quantity", quarter) for quarter in row["quarters"]])
    return (
        elements(
            ProductCode=row["product_code"],
            DrugName=row["drug_name"],
            InstitutionCode=row["institution_code"],
            TaskQuantity=row["task_quantity"],
        )
        + f"<Quarters>{quarters}</Quarters>"
    )


def order_document(
    rows: Iterable[Mapping[str, Any]],
    cover: Cover,
    *,
    order_no: str,
    institution_code: str,
    distributor_code: str,
    placed_at: str,
) -> bytes:
    """Return an Order (采购订单); amounts and total are computed.

    Rows: product_code, quantity (4 decimals), unit_price (6 decimals).
    """
    built: list[str] = []
    total = 0
    for row in rows:
        amount = line_amount(row["unit_price"], row["quantity"])
        total += amount
        built.append(_goods_row(row, "Quantity", row["quantity"], amount))
    main = elements(
        OrderNo=order_no,
        InstitutionCode=institution_code,
        DistributorCode=distributor_code,
        PlacedAt=placed_at,
        TotalAmount=yuan(total),
    )
    return _built(cover, "Order", main, built)


def receipt_document(
    rows: Iterable[Mapping[str, Any]],
    cover: Cover,
    *,
    receipt_no: str,
    institution_code: str,
    accepted_at: str,
    order_no: str = "",
) -> bytes:
    """Return a Receipt (验收入库); amounts are computed.

    Rows: product_code, quantity, unit_price; optional batch_no, expires_on (YYYY-MM-DD).
    """
    built = [
        _goods_row(
            row,
            "AcceptedQuantity",
            row["quantity"],
            line_amount(row["unit_price"], row["quantity"]),
        )
        for row in rows
    ]
    main = elements(
        ReceiptNo=receipt_no,
        OrderNo=order_no,
        InstitutionCode=institution_code,
        AcceptedAt=accepted_at,
    )
    return _built(cover, "Receipt", main, built)


def _goods_row(row: Mapping[str, Any], counted: str, quantity: str, amount: int) -> str:
    return (
        f"{element('ProductCode', row['product_code'])}<{counted}>{quantity}</{counted}>"
        f"<UnitPrice>{row['unit_price']}</UnitPrice><Amount>{yuan(amount)}</Amount>"
        f"{element('BatchNo', row.get('batch_no'))}"
        f"{element('ExpiresOn', compact_date(row.get('expires_on') or ''))}"
    )


# --------------------------------------------------------------------------- for `jicai simulate`


def make_simulator(
    clock: Callable[[], datetime],
    *,
    secret: bytes = b"",
    digest: Digest = "sm3",
    mood: Mood | None = None,
) -> YunnanPlatform:
    """Return the platform as a server: it takes notices."""
    return YunnanPlatform(clock, secret=secret, digest=digest, mood=mood)


def compose(cue: Cue) -> Outgoing:
    """Return a synthetic listing (odd numbers) or order (even numbers)."""
    sent_at = cue.at.astimezone(CHINA).isoformat(timespec="seconds")
    number = uuid_of(f"{cue.sender}/{cue.run}/{cue.number}")
    cover = Cover(number, sent_at, cue.region, cue.sender)
    if cue.number % 2:
        row = {
            "product_code": cue.product,
            "drug_name": "合成示例药",
            "kind": "selected",
            "unit_price": "12.340000",
            "effective_from": sent_at[:10],
        }
        raw = listing_document([row], cover, listing_no=f"GW{cue.digits(12)}", basis="合成示例")
        return Outgoing(number, "Listing", raw, CONTENT_TYPE)
    goods = {"product_code": cue.product, "quantity": "10.0000", "unit_price": "12.340000"}
    raw = order_document(
        [goods],
        cover,
        order_no=f"SY{cue.digits(12)}",
        institution_code=cue.institution,
        distributor_code=cue.distributor,
        placed_at=sent_at,
    )
    return Outgoing(number, "Order", raw, CONTENT_TYPE)
