"""医院 HIS: HL7 v2 messages over MLLP (orders, dispensing), answered with HL7 acknowledgements.

`wire` reads the pipe form, `inbound` makes drafts of it, `reply` answers; `simulator` is a HIS that
talks to a gateway. What the segments mean is in samples/README.md.
"""

from __future__ import annotations

from typing import Final

from adapters._kit.protocol import Interface
from adapters.his_hl7v2.inbound import read
from adapters.his_hl7v2.reply import CONTENT_TYPE, reply
from adapters.his_hl7v2.wire import sender_of
from schemas.events import ORDER_PLACED, USAGE_DISPENSED

__all__ = ["INTERFACE", "sender_of"]


def answers_natively(raw: bytes, accept: str) -> bool:
    """Return True unless the caller of an HTTP request asks for JSON by name."""
    del raw
    return "json" not in accept


INTERFACE: Final = Interface(
    name="his_hl7v2",
    title="医院信息系统 HL7 v2(MLLP)",
    transport="mllp",
    media_types=(CONTENT_TYPE, "application/edi-hl7v2", "x-application/hl7-v2+er7"),
    read=read,
    reply=reply,
    says=(ORDER_PLACED, USAGE_DISPENSED),
    answers_natively=answers_natively,
)
