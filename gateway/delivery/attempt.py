"""一次下发: write the message in the partner's words, call, and understand the answer.

What cannot be known is `retry`, never success: a timed-out call, a page of HTML, a redirect, a success told
under an error status.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Final

import httpx

from adapters._kit.protocol import (
    Acknowledgement,
    Interface,
    Recipient,
    Understanding,
    WireRequest,
    WireResponse,
)
from gateway.delivery.address import OffTarget
from gateway.delivery.calling import Bounds, CallFailed, Unsendable, call_http, call_mllp
from schemas.envelope import Message
from schemas.issues import Rejected

THROTTLED: Final = frozenset({429})
AWAY: Final = frozenset({408, 425, 429, 502, 503, 504})
"""The partner, or the proxy before it, says that it cannot serve now; the body is of no account."""
TEXT_LIMIT: Final = 500
_REDIRECTS: Final = range(300, 400)
_ERRORS_FROM: Final = 400
_SERVER_ERRORS_FROM: Final = 500


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one attempt ended, in the words of a receipt."""

    meaning: Understanding
    code: str = ""
    text: str = ""
    """The partner's words or ours, cut; for receipts and dead letters, never for logs."""
    reference: str = ""
    status: int = 0
    retry_after: str = ""
    away: bool = False
    """True when the message cannot be to blame: not reached, or not served for the time being."""
    request_digest: str = ""
    response_digest: str = ""

    @property
    def was_called(self) -> bool:
        """Tell whether a call was made at all, so that the outcome says something of the partner."""
        return bool(self.status) or self.meaning == "retry"

    @property
    def throttled(self) -> bool:
        """Tell whether the partner works and only asks for patience."""
        return self.status in THROTTLED


async def attempt(
    client: httpx.AsyncClient,
    interface: Interface,
    url: str,
    message: Message,
    recipient: Recipient,
    bounds: Bounds,
) -> Outcome:
    """Deliver a message once. Never raises for anything the adapter or the partner does."""
    written = _written(interface, message, recipient)
    if isinstance(written, Outcome):
        return written
    digest = digest_of(written.body)
    try:
        if interface.transport == "mllp":
            response = await call_mllp(url, written, bounds)
        else:
            response = await call_http(
                client, url, written, bounds, traceparent=message.traceparent
            )
    except CallFailed as failed:
        return Outcome("retry", failed.code, away=failed.away, request_digest=digest)
    except (OffTarget, Unsendable) as error:
        return Outcome("refused", "request.unsendable", cut(str(error)), request_digest=digest)
    return _understood(interface, response, written)


def _written(interface: Interface, message: Message, recipient: Recipient) -> WireRequest | Outcome:
    if interface.write is None or message.type not in interface.hears:
        return Outcome(
            "refused", "interface.deaf", f"{interface.name} does not hear {message.type}"
        )
    try:
        written = interface.write(message, recipient)
    except Rejected as rejected:
        code = rejected.issues[0].code if rejected.issues else "message.unsupported"
        return Outcome("refused", code, cut(str(rejected)))
    except Exception as error:  # noqa: BLE001 - a faulty adapter must not stop the other partners
        return Outcome("refused", "write.failed", type(error).__name__)
    return replace(written, idempotency_key=written.idempotency_key or message.id)


def _understood(interface: Interface, response: WireResponse, request: WireRequest) -> Outcome:
    read = _read(interface, response, request)
    return Outcome(
        read.meaning,
        cut(read.code),
        cut(read.text),
        cut(read.reference),
        status=response.status,
        retry_after=_header(response, "retry-after"),
        away=response.status in AWAY,
        request_digest=digest_of(request.body),
        response_digest=digest_of(response.body),
    )


def _read(interface: Interface, response: WireResponse, request: WireRequest) -> Acknowledgement:
    status = response.status
    if status in AWAY:
        return Acknowledgement("retry", f"http.{status}")
    if status in _REDIRECTS:
        return Acknowledgement("retry", "http.redirected")
    if interface.understand is None:
        return Acknowledgement("retry", "answer.unread")
    try:
        read = interface.understand(response, request)
    except Exception as error:  # noqa: BLE001 - promised never to raise; unknown is not failure
        return Acknowledgement("retry", "answer.unreadable", type(error).__name__)
    if _contradicts(read.meaning, status):
        return replace(read, meaning="retry", code=f"http.{status}")
    return read


def _contradicts(meaning: Understanding, status: int) -> bool:
    """Tell whether a yes stands under a status that says no (409 with `already` is no contradiction)."""
    if meaning == "delivered":
        return status >= _ERRORS_FROM
    return meaning == "already" and status >= _SERVER_ERRORS_FROM


def _header(response: WireResponse, wanted: str) -> str:
    for name, text in response.headers.items():
        if name.lower() == wanted:
            return text
    return ""


def digest_of(body: bytes) -> str:
    """Return the SHA-256 of bytes that crossed the wire, hex."""
    return hashlib.sha256(body).hexdigest()


def cut(text: str) -> str:
    """Return at most TEXT_LIMIT characters of a sentence, storable: half a surrogate pair is none."""
    text = text.encode("utf-8", "replace").decode()
    return text if len(text) <= TEXT_LIMIT else f"{text[: TEXT_LIMIT - 1]}…"
