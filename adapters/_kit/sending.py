"""模拟发送: what a simulated system says by itself. The bytes only; who carries them is not known here.

Every simulator module offers `make_simulator(clock, *, secret, digest, mood)`; one whose system sends of
its own accord also offers `compose(cue)`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from adapters._kit.simulation import Call, Mood, Said, SimulatedPartner

_NO_DOOR: Final = '{"error":"该系统只发送,不接收 this system only sends"}'.encode()


@dataclass(frozen=True, slots=True)
class Cue:
    """What a synthetic message is made of. The same cue gives the same bytes."""

    number: int
    """Place in the run, from 1."""
    run: str
    """ASCII digits that keep the message ids of two runs apart, e.g. YYYYMMDDHHMMSS."""
    sender: str
    """How the system names itself inside the message."""
    at: datetime
    region: str = "530000"
    product: str = "SYN-P-0001"
    """The product code as the system knows it; held by the gateway until it is mapped."""
    institution: str = "H53010100001"
    distributor: str = "91530100MA6K2ABC0X"

    def digits(self, length: int) -> str:
        """Return that many digits that belong to sender, run and number."""
        seed = f"{self.sender}/{self.run}/{self.number}".encode()
        return f"{int.from_bytes(hashlib.blake2b(seed, digest_size=16).digest()):039d}"[-length:]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message, ready to be sent."""

    message_id: str
    kind: str
    """What it is, in a word of the dialect."""
    body: bytes
    content_type: str


Compose = Callable[[Cue], Outgoing]


class SimulatedSender(SimulatedPartner):
    """A system that only sends: whoever calls it learns so."""

    def __init__(self, clock: Callable[[], datetime], mood: Mood | None = None) -> None:
        super().__init__(clock, mood)
        self.said: list[Outgoing] = []
        """What went out, oldest first."""

    def answer(self, call: Call) -> Said:  # noqa: ARG002 - whatever it is
        """Answer 404: there is no service here."""
        return Said(_NO_DOOR, "application/json", 404)

    def error_inside(self, call: Call) -> Said:
        """Answer as always: without a service there is no error inside an answer."""
        return self.answer(call)

    def ledger(self) -> dict[str, Any]:
        """Return how many messages went out and how many calls came in."""
        return {"said": len(self.said), "calls": len(self.calls)}
