"""平台订单 JSON: procurement orders of trading platforms, one JSON document per order (bulk as NDJSON)."""

from __future__ import annotations

from typing import Final

from adapters._kit.protocol import Interface
from adapters.platform_json.inbound import read
from schemas.events import ORDER_PLACED

INTERFACE: Final = Interface(
    name="platform_json",
    title="采购平台订单(JSON)",
    media_types=("application/json",),
    read=read,
    says=(ORDER_PLACED,),
)
