"""错误: sorted by what happens next, not by where they arose.

GatewayError
├── Unavailable      retry: the same message may succeed later (HTTP 503, HL7 AE, kept in the queue)
│   └── Contended    retry at once: another worker was faster, read again
├── Misconfigured    the operator must act; the program does not start
├── Refused          the caller is not who it must be, or may not do this (HTTP 401 / 403)
└── Tampered         the evidence does not verify; intake stops rather than lie
Rejected             the partner must correct and resend (HTTP 422, HL7 AE/AR); in `schemas.issues`
"""

from __future__ import annotations

from schemas.issues import Issue, Rejected, issue

__all__ = [
    "Contended",
    "GatewayError",
    "Issue",
    "Misconfigured",
    "Refused",
    "Rejected",
    "Tampered",
    "Unavailable",
    "issue",
]


class GatewayError(Exception):
    """Anything the gateway itself raises on purpose."""


class Unavailable(GatewayError):  # noqa: N818 - names say what happens next
    """The same message may succeed later."""


class Contended(Unavailable):
    """Another worker wrote the same state or handled the same message first: read again and redo."""


class Misconfigured(GatewayError):  # noqa: N818
    """The operator must act; every finding is carried, one line each."""

    def __init__(self, *findings: str) -> None:
        super().__init__("\n".join(findings))
        self.findings = findings


class Refused(GatewayError):  # noqa: N818
    """The caller is not who it must be (401) or may not do this (403).

    `code` is machine-readable (auth.signature, auth.replayed, …); the sentences never say which part of
    a secret was wrong.
    """

    def __init__(self, code: str, zh: str, en: str, *, status: int = 401) -> None:
        super().__init__(f"{code}: {en}")
        self.code, self.zh, self.en, self.status = code, zh, en, status


class Tampered(GatewayError):  # noqa: N818
    """The audit chain does not verify; names the first broken entry."""

    def __init__(self, shard: int, seq: int, what: str) -> None:
        super().__init__(f"shard {shard} entry {seq}: {what}")
        self.shard, self.seq, self.what = shard, seq, what
