"""接口约定: what an interface folder offers. Adapters translate; they do no I/O and know no gateway."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from schemas.envelope import Message
from schemas.issues import Issue

LineVerdict = Literal["accepted", "duplicate", "held", "rejected"]


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sent the message and when it arrived; all an adapter may know of its surroundings."""

    partner: str
    region: str
    """GB/T 2260, six digits."""
    received_at: str
    """RFC 3339 with offset."""
    content_type: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    """The partner's own settings for this interface (charset, account names …)."""


@dataclass(slots=True)
class Draft:
    """标准报文草稿: canonical data whose codes are still the partner's own.

    Local codes stand in `local_code`, `institution_local`, `distributor_local` (see
    schemas.codes.CODED_FIELDS); the coding room fills in the unified ones.
    """

    type: str
    data: dict[str, Any]
    line: int = 0
    """1-based line of the document this came from; 0 when the document is one message."""


@dataclass(slots=True)
class Document:
    """One inbound document, read: its id, its drafts and the lines that could not be read."""

    message_id: str
    message_type: str
    drafts: list[Draft]
    refused: list[tuple[int, tuple[Issue, ...]]] = field(default_factory=list)
    correlation: str = ""
    wire: Any = None
    """What `reply` needs of the original (parsed head, encoding characters …); opaque to the gateway."""
    sender: str = ""
    """How the document itself names its sender (MSH-4, Head/Sender …), to be held against the partner's
    `sender_ids`; "" when the dialect has no such name."""


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """One line of our answer, for `reply`."""

    line: int
    verdict: LineVerdict
    id: str = ""
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gateway decided on a document."""

    verdict: Literal["accepted", "duplicate", "conflict", "rejected", "refused", "unavailable"]
    lines: Sequence[AnswerLine]
    issues: tuple[Issue, ...] = ()
    """Issues of the whole document (verdict rejected, conflict)."""
    answered_at: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """Our answer in the partner's own words."""

    body: bytes
    content_type: str
    status: int = 200


@dataclass(frozen=True, slots=True)
class Recipient:
    """The partner a message is delivered to."""

    partner: str
    region: str
    now: str
    """RFC 3339 with offset: the time of this attempt."""
    attempt: int = 1
    settings: Mapping[str, str] = field(default_factory=dict)
    """Account names, institution codes … of this partner (data, no secrets)."""
    secret: bytes = b""
    """The signing key, for the adapter's signing profile."""


@dataclass(frozen=True, slots=True)
class WireRequest:
    """One outbound call. `path` is appended to the partner's configured base URL."""

    body: bytes
    content_type: str
    path: str = ""
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True)
class WireResponse:
    """What the partner answered."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


Understanding = Literal["delivered", "already", "refused", "retry"]


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What the partner's answer means.

    delivered / already (it had the message before: as good as delivered) / refused (a person must act:
    dead letter) / retry (may succeed later). `reference` is the partner's own number for it.
    """

    meaning: Understanding
    code: str = ""
    text: str = ""
    reference: str = ""


class Read(Protocol):
    """Wire → drafts. Raises schemas.issues.Rejected when the whole document cannot be read."""

    def __call__(self, raw: bytes, sender: Sender) -> Document: ...


class WriteReply(Protocol):
    """Our answer → wire. `document` is None when the bytes could not be read at all."""

    def __call__(
        self, raw: bytes, document: Document | None, answer: Answer, sender: Sender
    ) -> Reply: ...


class Write(Protocol):
    """Canonical message → one outbound call. Raises Rejected when it cannot be said in this dialect."""

    def __call__(self, message: Message, recipient: Recipient) -> WireRequest: ...


class Understand(Protocol):
    """The partner's response → what it means. Never raises: an unreadable answer is `retry`."""

    def __call__(self, response: WireResponse, request: WireRequest) -> Acknowledgement: ...


@dataclass(frozen=True, slots=True)
class Interface:
    """One line of the registry: an interface folder's doors. None: that direction does not exist."""

    name: str
    title: str
    """Chinese name for people."""
    transport: Literal["http", "mllp"] = "http"
    media_types: tuple[str, ...] = ()
    """What it reads, and answers in when the caller asks for it."""
    read: Read | None = None
    reply: WriteReply | None = None
    write: Write | None = None
    understand: Understand | None = None
    says: tuple[str, ...] = ()
    """Canonical types that inbound documents can become."""
    hears: tuple[str, ...] = ()
    """Canonical types that can be delivered."""
    concerns: Callable[[Message], bool] | None = None
    """Whether a message of a type that it hears is for it at all; None: each is. Others are not queued."""
    answers_natively: Callable[[bytes, str], bool] | None = None
    """Whether a request (raw body, Accept header) must be answered in the interface's own words."""
