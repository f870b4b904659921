"""挂起告警: what waits for a code for too long, told once per step so that somebody looks."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from schemas.canonical import Because, Instant, MessageId, Statement, Text
from schemas.codes import CodeKind, LocalCode, Region

AtLeastOne = Annotated[int, Field(strict=True, ge=1)]


class HoldAged(Statement):
    """挂起超时: messages of `partner` wait for a meaning of `local_code` for `step` × the warning time.

    `waiting` counts those that name the code, not those behind them; `since` is when the oldest of them
    was held. `sample_ids` name the oldest ones. `region` is the partner's, while it is listed.
    """

    partner: Text
    kind: CodeKind
    local_code: LocalCode
    region: Region | None = None
    waiting: AtLeastOne
    since: Instant
    step: AtLeastOne
    warn_after_seconds: AtLeastOne
    sample_ids: tuple[MessageId, ...] = Field(min_length=1)
    aged_at: Instant
    because: Because
