"""模拟 HIS: builds valid messages and sends them over MLLP. For demonstrations and tests."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Self

from adapters._kit.sending import Cue, Outgoing, SimulatedSender
from adapters._kit.signing import Digest
from adapters._kit.simulation import Mood
from adapters._kit.times import CHINA
from adapters.his_hl7v2.wire import Separators

START: Final = b"\x0b"
END: Final = b"\x1c\r"
ACK_LIMIT: Final = 1 << 20
_SIGNS: Final = Separators()
_CHARSETS: Final = {"utf-8": "UNICODE UTF-8", "gb18030": "GB 18030-2000"}


@dataclass(frozen=True, slots=True)
class OrderItem:
    """One line of an order; numbers as the HIS writes them (decimal strings)."""

    code: str
    quantity: str
    unit_price: str
    amount: str


@dataclass(frozen=True, slots=True)
class DispensedItem:
    """One dispensed product; dates as HL7 writes them (YYYYMMDD)."""

    code: str
    quantity: str
    name: str = ""
    lot: str = ""
    expires: str = ""
    prescription_no: str = ""
    pharmacist: str = ""
    trace_codes: Sequence[str] = ()
    split_pack: bool = False
    unit_price: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """What every message says first. `sent_at` is an HL7 moment such as 20250501103000+0800."""

    message_id: str
    sender: str
    sent_at: str
    charset: str = "utf-8"
    version: str = "2.5"
    accept_ack: str = ""
    application_ack: str = ""

    def segment(self, kind: str) -> list[str]:
        """Return the MSH for a message type such as RDE^O11^RDE_O11."""
        signs = _SIGNS.encoding_characters
        start = ["MSH", signs, "HIS", _said(self.sender), "JICAI", "GW", self.sent_at, "", kind]
        rest = [_said(self.message_id), "P", self.version, "", "", self.accept_ack]
        return [*start, *rest, self.application_ack, "CHN", _CHARSETS[self.charset]]


@dataclass(frozen=True, slots=True)
class Order:
    """An order of an institution."""

    order_no: str
    institution: str
    distributor: str
    placed_at: str
    total: str
    items: Sequence[OrderItem] = field(default=())


@dataclass(frozen=True, slots=True)
class Dispense:
    """A dispensing at an institution."""

    dispense_no: str
    institution: str
    dispensed_at: str
    encounter: str = ""
    prescriber: str = ""
    items: Sequence[DispensedItem] = field(default=())


def _said(text: str) -> str:
    return _SIGNS.escaped(text)


def _message(head: Head, rows: Sequence[list[str]]) -> bytes:
    text = "".join(_SIGNS.field.join(row) + "\r" for row in rows)
    return text.encode(head.charset)


def order_message(head: Head, order: Order) -> bytes:
    """Return an RDE^O11 with the order, ready to be framed."""
    orc = [""] * 22
    orc[0], orc[1], orc[2], orc[9] = "ORC", "NW", _said(order.order_no), order.placed_at
    orc[17] = f"{_said(order.distributor)}^USCC"
    orc[21] = f"{'^' * 9}{_said(order.institution)}"
    rows = [head.segment("RDE^O11^RDE_O11"), orc, ["ZTO", order.total]]
    for item in order.items:
        rows.append(["RXE", "", f"{_said(item.code)}^DRUG^LOCAL", item.quantity, "", "BOX"])
        rows.append(["ZPR", item.unit_price, item.amount])
    return _message(head, rows)


def dispense_message(head: Head, dispense: Dispense) -> bytes:
    """Return an RDS^O13 with one RXD per item, ready to be framed."""
    visit = ["PV1", "1", "O", *[""] * 16, _said(dispense.encounter)]
    orc = [""] * 22
    orc[0], orc[1], orc[3] = "ORC", "RE", _said(dispense.dispense_no)
    orc[12] = _said(dispense.prescriber)
    orc[21] = f"{'^' * 9}{_said(dispense.institution)}"
    rows = [head.segment("RDS^O13^RDS_O13"), visit, orc]
    for number, item in enumerate(dispense.items, start=1):
        rxd = [""] * 20
        rxd[0:3] = ["RXD", str(number), f"{_said(item.code)}^{_said(item.name)}^LOCAL"]
        rxd[3], rxd[4], rxd[5] = dispense.dispensed_at, item.quantity, "BOX"
        rxd[7], rxd[10] = _said(item.prescription_no), _said(item.pharmacist)
        rxd[18], rxd[19] = _said(item.lot), item.expires
        rows.append(rxd)
        codes = _SIGNS.repetition.join(map(_said, item.trace_codes))
        rows.append(["ZTC", codes, "Y" if item.split_pack else "N"])
        if item.unit_price:
            rows.append(["ZPR", item.unit_price])
    return _message(head, rows)


class MllpClient:
    """One MLLP connection: sends a message and waits for its answer. `async with MllpClient(…)`."""

    def __init__(
        self, host: str, port: int, *, timeout: float = 10.0, tls: ssl.SSLContext | None = None
    ) -> None:
        self._host, self._port, self._timeout, self._tls = host, port, timeout, tls
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __aenter__(self) -> Self:
        """Connect."""
        self._streams = await asyncio.wait_for(
            asyncio.open_connection(self._host, self._port, ssl=self._tls, limit=ACK_LIMIT),
            self._timeout,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close."""
        if self._streams is not None:
            writer = self._streams[1]
            writer.close()
            try:
                await writer.wait_closed()
            except (ConnectionError, ssl.SSLError):
                return

    async def send(self, message: bytes) -> bytes:
        """Return the answer to one message, unframed.

        Raises TimeoutError, asyncio.IncompleteReadError (the gateway closed without an answer: what
        became of the message is unknown, send it again).
        """
        if self._streams is None:
            raise RuntimeError("not connected")
        reader, writer = self._streams
        writer.write(START + message + END)
        async with asyncio.timeout(self._timeout):
            await writer.drain()
            answer = await reader.readuntil(END)
        return answer.removeprefix(START).removesuffix(END)


def make_simulator(
    clock: Callable[[], datetime],
    *,
    secret: bytes = b"",  # noqa: ARG001 - nobody calls a HIS
    digest: Digest = "sm3",  # noqa: ARG001
    mood: Mood | None = None,
) -> SimulatedSender:
    """Return the HIS as a server: it only sends."""
    return SimulatedSender(clock, mood)


def compose(cue: Cue) -> Outgoing:
    """Return a synthetic order (odd numbers) or dispensing (even numbers)."""
    moment = cue.at.astimezone(CHINA).strftime("%Y%m%d%H%M%S") + "+0800"
    number = cue.digits(10)
    head = Head(f"SYN{cue.run}{cue.digits(6)}", cue.sender, moment)
    if cue.number % 2:
        item = OrderItem(cue.product, "10", "2.50", "25.00")
        order = Order(f"SY{number}", cue.institution, cue.distributor, moment, "25.00", (item,))
        kind, body = "RDE^O11", order_message(head, order)
    else:
        given = DispensedItem(
            cue.product,
            "1",
            name="合成示例药",
            lot="SYN2601",
            expires="20991231",
            prescription_no=f"RX{number}",
            pharmacist="测试药师乙",
            trace_codes=(f"81{cue.digits(18)}",),
        )
        dispense = Dispense(f"FY{number}", cue.institution, moment, items=(given,))
        kind, body = "RDS^O13", dispense_message(head, dispense)
    return Outgoing(head.message_id, kind, body, "application/hl7-v2")
