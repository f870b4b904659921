"""指标: the one list of metrics, a sentence each (Prometheus naming)."""

from __future__ import annotations

from typing import Final

METRICS: Final[dict[str, str]] = {
    "jicai_intake_messages_total": "接入报文数, by interface and outcome",
    "jicai_intake_seconds": "接入耗时, from the last body byte to the answer",
    "jicai_policies_failures": "规则处理失败数 since the start",
    "jicai_bus_relay_lag": "待发布条目数 per shard",
    "jicai_coding_held": "挂起报文数",
    "jicai_coding_held_of": "挂起报文数, by partner",
    "jicai_coding_hold_age": "最早挂起的报文已等待的秒数, by partner",
    "jicai_delivery_attempts_total": "下发次数, by partner and meaning",
    "jicai_delivery_pending": "待下发数, by partner",
    "jicai_delivery_dead_letters": "死信数, by partner",
}
