"""日志事件: the one list of log lines. Never payloads, never secrets.

A line is `log(STARTED, host=…)`: the code is stable for machines, the sentence is for people.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

import structlog


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One kind of log line: stable code, level, sentence."""

    code: str
    level: int
    sentence: str


STARTED: Final = LogEvent("gateway.started", logging.INFO, "网关已启动 the gateway is up")
STOPPING: Final = LogEvent("gateway.stopping", logging.INFO, "网关正在停止 the gateway is stopping")
INTAKE_REFUSED: Final = LogEvent(
    "intake.refused", logging.WARNING, "认证未通过 a request was refused before parsing"
)
INTAKE_REJECTED: Final = LogEvent(
    "intake.rejected", logging.INFO, "报文被拒收 a message was rejected"
)
INTAKE_FAILED: Final = LogEvent(
    "intake.failed", logging.ERROR, "接入出错 receiving failed, nothing was accepted"
)
FRAME_BROKEN: Final = LogEvent(
    "intake.frame_broken", logging.WARNING, "MLLP 帧有误 bytes that are no MLLP frame were refused"
)
MLLP_FULL: Final = LogEvent(
    "intake.mllp_full", logging.WARNING, "MLLP 连接数已满 a connection was turned away"
)
RELAY_REBUILT: Final = LogEvent(
    "bus.relay_rebuilt", logging.WARNING, "Kafka 生产者已重建 the producer was rebuilt"
)
RELAY_BEHIND: Final = LogEvent(
    "bus.relay_failed",
    logging.WARNING,
    "发布失败,将从留痕库重发 publishing failed, will send again",
)
BUS_UNREADABLE: Final = LogEvent(
    "bus.unreadable",
    logging.WARNING,
    "主题上有非本网关写入的记录,已跳过 skipped a record that the gateway did not write",
)
POLICY_FAILED: Final = LogEvent(
    "policies.failed", logging.ERROR, "规则处理失败 a policy could not handle a message"
)
WORK_FAILED: Final = LogEvent(
    "work.failed", logging.ERROR, "后台任务失败,将重试 a background task failed, will retry"
)
DELIVERY_RETRIED: Final = LogEvent(
    "delivery.retried", logging.WARNING, "下发失败,将重试 a delivery failed, will retry"
)
DELIVERY_DEAD: Final = LogEvent(
    "delivery.dead_lettered", logging.ERROR, "转入死信 a delivery went to the dead letters"
)
BREAKER_OPENED: Final = LogEvent(
    "delivery.breaker_opened", logging.WARNING, "熔断器打开 a partner's circuit breaker opened"
)
BREAKER_CLOSED: Final = LogEvent(
    "delivery.breaker_closed", logging.INFO, "熔断器闭合 a partner answers again"
)
DELIVERY_PAUSED: Final = LogEvent(
    "delivery.paused",
    logging.ERROR,
    "死信过多,该对接方下发已暂停 too many dead letters, deliveries to a partner stopped",
)
DELIVERY_RESUMED: Final = LogEvent(
    "delivery.resumed", logging.INFO, "下发已恢复 an operator resumed a partner's deliveries"
)
HELD_RELEASED: Final = LogEvent(
    "coding.released", logging.INFO, "挂起报文已放行 held messages were released"
)
HELD_REJECTED: Final = LogEvent(
    "coding.sent_back",
    logging.INFO,
    "挂起报文已退回 held messages were rejected for a refused code",
)
HOLD_AGED: Final = LogEvent(
    "coding.hold_aged", logging.WARNING, "编码挂起超时 messages wait too long for a code"
)
HELD_STRANDED: Final = LogEvent(
    "coding.stranded",
    logging.WARNING,
    "挂起报文无法放行,需人工处理 a held message can never be released as it is",
)
RELOADED: Final = LogEvent(
    "gateway.reloaded", logging.INFO, "配置已重新加载 partners, routes and codes were reloaded"
)
RELOAD_REFUSED: Final = LogEvent(
    "gateway.reload_refused",
    logging.ERROR,
    "新配置有误,沿用原配置 unsound files, the old ones stay",
)
CHAIN_BROKEN: Final = LogEvent(
    "journal.chain_broken", logging.CRITICAL, "审计链校验失败 the audit chain does not verify"
)

LOG_EVENTS: Final[tuple[LogEvent, ...]] = tuple(
    found for found in list(globals().values()) if isinstance(found, LogEvent)
)
_LOGGER = structlog.get_logger("jicai")


def log(event: LogEvent, **facts: object) -> None:
    """Write one line of a kind that stands in this file."""
    _LOGGER.log(event.level, event.code, sentence=event.sentence, **facts)
