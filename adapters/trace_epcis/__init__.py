"""药品追溯 EPCIS: packs shipped, received and dispensed, as GS1 EPCIS 2.0 JSON-LD.

`wire` finds the events, `inbound` makes drafts of them, `vocabulary` knows the words and our private
URIs; `simulator` is a trace system that reports movements.
"""

from __future__ import annotations

from typing import Final

from adapters._kit.protocol import Interface
from adapters.trace_epcis.inbound import read
from schemas.events import TRACE_PACK_DISPENSED, TRACE_PACK_RECEIVED, TRACE_PACK_SHIPPED

__all__ = ["INTERFACE"]

INTERFACE: Final = Interface(
    name="trace_epcis",
    title="药品追溯系统 GS1 EPCIS 2.0",
    transport="http",
    media_types=("application/ld+json", "application/json"),
    read=read,
    says=(TRACE_PACK_SHIPPED, TRACE_PACK_RECEIVED, TRACE_PACK_DISPENSED),
)
