"""设置: every setting, described, in one class. Environment prefix JICAI_.

Everything the gateway keeps by itself lies under `home`: `journal.db`, `partners.toml`, `routes.toml`,
`codes/*.csv`, `secrets/<partner>.key`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """The program's settings; `jicai check` prints one line per finding."""

    model_config = SettingsConfigDict(env_prefix="JICAI_", extra="ignore", frozen=True)

    home: Path = Field(
        default=Path("var"), description="数据目录: folder of journal, partners, codes"
    )
    journal: Literal["sqlite", "postgres"] = Field(
        default="sqlite", description="留痕库: sqlite (embedded) or postgres"
    )
    postgres: SecretStr = Field(
        default=SecretStr(""), description="PostgreSQL URL; empty: start one under home"
    )
    shards: int = Field(default=4, ge=1, le=64, description="审计链条数, fixed at the first start")
    bus: Literal["embedded", "kafka"] = Field(default="embedded", description="消息总线")
    kafka: str = Field(default="127.0.0.1:9092", description="Kafka bootstrap host:port[,…]")
    partitions: int = Field(default=4, ge=1, le=256, description="Kafka 分区数 per topic")
    replication: int = Field(default=1, ge=1, le=9, description="Kafka 副本数")
    topic_prefix: str = Field(
        default="vbp", pattern="^[a-z0-9][a-z0-9.-]{0,40}$", description="主题前缀 of every topic"
    )
    compression: Literal["none", "lz4", "snappy", "zstd"] = Field(
        default="none", description="Kafka 批次压缩: costs processor, saves network and disk"
    )
    host: str = Field(default="127.0.0.1", description="HTTP 与 MLLP 监听地址")
    port: int = Field(default=8600, ge=0, le=65535, description="HTTP 端口")
    mllp_port: int = Field(default=2575, ge=0, le=65535, description="MLLP 端口")
    body_limit: int = Field(default=16 << 20, ge=1024, description="单个请求体上限(字节)")
    message_limit: int = Field(default=1 << 20, ge=1024, description="单条报文上限(字节)")
    line_limit: int = Field(default=10_000, ge=1, description="单个批次行数上限")
    replay_window: int = Field(default=300, ge=30, le=3600, description="重放窗口(秒)")
    read_timeout: float = Field(default=30.0, gt=0, description="读完一个请求体的时限(秒)")
    delivery_timeout: float = Field(default=20.0, gt=0, description="下发单次调用时限(秒)")
    delivery_attempts: int = Field(default=8, ge=1, description="转入死信前的尝试次数")
    delivery_backoff: float = Field(
        default=0.5, gt=0, description="首次重试等待(秒), doubles with jitter"
    )
    delivery_backoff_cap: float = Field(default=60.0, gt=0, description="重试等待上限(秒)")
    hold_warn_after: int = Field(
        default=86_400, ge=60, description="编码挂起多久告警(秒); again at 3, 7, 14 … times that"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="日志级别"
    )
    admin_key: SecretStr = Field(
        default=SecretStr(""), description="运维接口密钥; empty: admin routes are closed"
    )
