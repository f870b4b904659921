"""错误报文: deliberate mistakes, each with the answer that it must get. Everything is booked.

What of a document is good is kept, what is wrong is named by field and code, and nothing is lost by it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

from gateway.demo.answered import Answered, read_acknowledgement, read_http
from gateway.demo.courier import Courier
from gateway.demo.facts import Order
from gateway.demo.hospital_letters import HospitalLetters, event
from gateway.demo.ledger import Ledger
from gateway.demo.letters import Letter
from gateway.demo.platform_letters import PlatformLetters
from schemas.events import STOCK_COUNTED
from schemas.money import QUANTITY_SCALE

TOO_LARGE: Final = 2 << 20
SMALL: Final = 10 * 10**QUANTITY_SCALE
_SUFFIX: Final = "-CW"
"""错: what the numbers of deliberately wrong documents end with."""

Sending = Callable[[], Awaitable[Answered]]


@dataclass(slots=True)
class WrongInputs:
    """Sends one mistake after another, all made of one good order and its receipt."""

    courier: Courier
    ledger: Ledger
    platforms: PlatformLetters
    hospitals: HospitalLetters
    order: Order
    """Of an institution that has a HIS; it was sent and accepted before."""

    _good: Letter = field(init=False)

    def __post_init__(self) -> None:
        self._good = next(iter(self.platforms.orders([self.order])))

    async def send(self, advance: Callable[[], None]) -> None:
        """Send all of them and book the answers."""
        for title, expected, sending in self.cases():
            self.ledger.note_wrong(title, expected, await sending())
            advance()

    def cases(self) -> Iterator[tuple[str, str, Sending]]:
        """Yield (what is wrong, the answer it must get, how to send it)."""
        yield "签名错误 wrong signature", "401 auth.signature", self._wrong_signature
        yield "请求重放 replayed request", "401 auth.replayed", self._replayed
        yield "重复报文 same message again", "200 32001", self._again
        yield "同号异文 same id, other content", "200 22011", self._conflicting
        yield "DOCTYPE 与实体 DOCTYPE in XML", "200 11006", self._doctype
        yield "行数不符 count of lines is wrong", "200 22003", self._miscounted
        yield "合计不符 total is wrong", "200 23001", self._missummed
        yield "半数明细有误 half of the lines wrong", "200 10000", self._half_wrong
        yield "全角数字 full-width digits", "200 22000", self._full_width
        yield "编码不是 UTF-8 broken UTF-8", "200 11006", self._broken_utf8
        yield "金额为 JSON 数字 number for a quantity", "422 money.number", self._json_number
        yield "JSON 键重复 duplicate key", "422 json.duplicate_key", self._duplicate_key
        yield "报文过大 oversized body", "413 body.too_large", self._oversized
        yield "HL7 类型不支持 unsupported HL7", "AR", self._unsupported_hl7
        yield "HL7 金额不符 wrong HL7 amount", "AE", self._wrong_hl7

    # ------------------------------------------------------------------ who it is

    async def _wrong_signature(self) -> Answered:
        letter = self._as("-Q")
        headers = self.courier.signed(letter)
        name = next(each for each in headers if each.lower().endswith("signature"))
        flipped = "0" if headers[name][-1] != "0" else "1"
        return await self._refused(letter, headers | {name: headers[name][:-1] + flipped})

    async def _replayed(self) -> Answered:
        letter = self._as("-R", self._renumbered(self._good.body, "-R"))
        headers = self.courier.signed(letter)
        first = read_http(await self.courier.request(letter, headers))
        self.ledger.note(letter, first.states)
        return await self._refused(letter, headers)

    async def _refused(self, letter: Letter, headers: dict[str, str]) -> Answered:
        self.ledger.refused += 1
        return read_http(await self.courier.request(letter, headers))

    # ------------------------------------------------------------------ the same again

    async def _again(self) -> Answered:
        answered = read_http(await self.courier.request(self._good))
        self.ledger.note(replace(self._good, state="duplicate"), answered.states)
        return answered

    async def _conflicting(self) -> Answered:
        body = self._good.body.replace(b"T09:", b"T08:")
        self.ledger.conflicts += 1
        return read_http(await self.courier.request(replace(self._good, body=body)))

    # ------------------------------------------------------------------ what it says

    async def _doctype(self) -> Answered:
        bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa">]>'
        head, mark, rest = self._good.body.partition(b"?>")
        return await self._rejected(self._as("-D", head + mark + bomb + rest))

    async def _miscounted(self) -> Answered:
        count = len(self.order.lines)
        body = self._renumbered(self._good.body, "-J").replace(
            f"RowCount&gt;{count}&lt;".encode(), f"RowCount&gt;{count + 1}&lt;".encode()
        )
        return await self._rejected(self._as("-J", body))

    async def _missummed(self) -> Answered:
        head, mark, rest = self._renumbered(self._good.body, "-S").partition(b"TotalAmount&gt;")
        return await self._rejected(self._as("-S", head + mark + b"1" + rest))

    async def _half_wrong(self) -> Answered:
        """Send a receipt of two lines, the first of a negative quantity: the second is kept."""
        lines = tuple(replace(line, quantity=SMALL) for line in self.order.lines[:2])
        order = replace(self.order, number=f"{self.order.number}{_SUFFIX}-B", lines=lines)
        receipt = next(iter(self.platforms.receipts([order])))
        body = receipt.body.replace(b"AcceptedQuantity&gt;", b"AcceptedQuantity&gt;-", 1)
        answered = read_http(await self.courier.request(replace(receipt, body=body)))
        self.ledger.note_partial(receipt, answered.states)
        return answered

    async def _full_width(self) -> Answered:
        order = replace(
            self.order, number=f"{self.order.number}{_SUFFIX}-F", lines=self.order.lines[:1]
        )
        letter = next(iter(self.platforms.orders([order])))
        head, mark, rest = letter.body.partition(b"Quantity&gt;")
        return await self._rejected(replace(letter, body=head + mark + "１".encode() + rest))

    async def _broken_utf8(self) -> Answered:
        body = self._renumbered(self._good.body, "-U").replace(
            b"OrderNo&gt;", b"OrderNo&gt;\xff", 1
        )
        return await self._rejected(self._as("-U", body))

    async def _json_number(self) -> Answered:
        return await self._rejected(self._event("-N", b'"1.0000"', b"1.0"))

    async def _duplicate_key(self) -> Answered:
        return await self._rejected(self._event("-K", b'"count_no"', b'"count_no":"x","count_no"'))

    async def _oversized(self) -> Answered:
        letter = self._event("-G", b"1.0000", b"1" * TOO_LARGE)
        self.ledger.refused += 1
        return read_http(await self.courier.request(letter))

    # ------------------------------------------------------------------ HL7

    async def _unsupported_hl7(self) -> Answered:
        return await self._hl7(b"RDE^O11^RDE_O11", b"ADT^A01^ADT_A01")

    async def _wrong_hl7(self) -> Answered:
        return await self._hl7(b"\rZTO|", b"\rZTO|9")

    async def _hl7(self, old: bytes, new: bytes) -> Answered:
        number = f"{self.order.number}{_SUFFIX}-H{len(new)}"
        letter = self.hospitals.his_order(self.order, number, ["K"], self.order.lines[:1])
        ack = await self.courier.say(letter.partner, letter.body.replace(old, new))
        self.ledger.note_rejected(letter)
        return read_acknowledgement(ack, len(letter.facts))

    # ------------------------------------------------------------------ what they share

    def _as(self, mark: str, body: bytes | None = None) -> Letter:
        number = self._good.message_id + _SUFFIX + mark
        return replace(
            self._good, message_id=number, body=body if body is not None else self._good.body
        )

    def _renumbered(self, body: bytes, mark: str) -> bytes:
        number = self._good.message_id.encode()
        return body.replace(number, number + (_SUFFIX + mark).encode())

    def _event(self, mark: str, old: bytes, new: bytes) -> Letter:
        product = self.order.lines[0].product
        number = self._good.message_id + _SUFFIX + mark
        data: dict[str, Any] = {
            "count_no": number,
            "institution_local": self.order.institution.code,
            "local_code": product.code,
            "counted_quantity": "1.0000",
            "batch_no": "CW",
            "made_on": "2020-01-01",
            "expires_on": "2022-01-01",
            "counted_at": "2020-02-01T09:00:00+08:00",
        }
        letter = event(self.order.place, number, STOCK_COUNTED, data, "盘存 stock counts", 0)
        return replace(letter, body=letter.body.replace(old, new, 1))

    async def _rejected(self, letter: Letter) -> Answered:
        """Send a document that must be rejected as a whole; the gateway journals the rejection."""
        self.ledger.note_rejected(letter)
        return read_http(await self.courier.request(letter))
