"""认证: who sends, proven by the headers alone, before a byte of the body is read or parsed.

A partner proves itself as it is configured to and in no other way: by API key, or by an HMAC over the
request (signing.py). Nothing in a refusal says which part of a secret was wrong, an unknown partner
costs as much as a known one, and only who holds the secret learns about window and replay.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from gateway.errors import Refused
from gateway.intake import signing
from gateway.partners import Partner, Partners

_STORED_DIGEST: Final = re.compile(rb"sha256:([0-9a-fA-F]{64})")
_SECONDS: Final = re.compile(r"[0-9]{1,11}")
_DIGEST: Final = re.compile(r"(?:sha-256|sm3)=[0-9a-fA-F]{64}")
_ALGORITHMS: Final = {"hmac_sha256": "hmac-sha256", "hmac_sm3": "hmac-sm3"}
_NAMES: Final[dict[bytes, str]] = {
    name.lower().encode(): name
    for name in (
        signing.PARTNER,
        signing.KEY,
        signing.TIMESTAMP,
        signing.NONCE,
        signing.CONTENT_DIGEST,
        signing.MESSAGE_ID,
        signing.SIGNATURE,
    )
}
_REFUSALS: Final[dict[str, tuple[str, str]]] = {
    "auth.missing": (
        "认证头缺失、重复或格式不符",
        "Authentication headers are missing, repeated or malformed",
    ),
    "auth.unknown": ("对接方或密钥无效", "Unknown partner or key"),
    "auth.signature": ("签名无效", "The signature is not valid"),
    "auth.window": (
        "请求时间超出允许窗口",
        "The request's time lies outside the accepted window",
    ),
    "auth.replayed": ("请求重放,已拒绝", "This request was received before"),
    "auth.digest": (
        "报文摘要与报文不符",
        "The body does not have the digest that the request states",
    ),
    "auth.algorithm": (
        "认证方式不是该对接方约定的方式",
        "Not the way of authentication agreed with this partner",
    ),
    "auth.message_id": (
        "签名所绑定的报文编号与报文不符",
        "The message id in the header is not the message's own",
    ),
}


def refusal(code: str) -> Refused:
    """Return the refusal with this code and its two sentences."""
    return Refused(code, *_REFUSALS[code])


class _Hash(Protocol):
    def update(self, data: bytes, /) -> None: ...
    def hexdigest(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Caller:
    """调用方: an authenticated partner and what its request promised about the body."""

    partner: Partner
    nonce: str = ""
    """To be committed with what the request brings; "" with an API key (the message id must do)."""
    message_id: str = ""
    digest: str = ""
    """`<algorithm>=<hex>` of the body as sent; "" with an API key."""

    def body_hash(self) -> _Hash | None:
        """Return the hash to feed the body as sent into; None when no digest was promised."""
        algorithm, _, _ = self.digest.partition("=")
        return hashlib.new(signing.DIGESTS[algorithm]) if algorithm else None

    def check_body(self, found: _Hash | None) -> None:
        """Raise Refused (auth.digest) unless the body was the promised one."""
        _, _, promised = self.digest.partition("=")
        if found is not None and not hmac.compare_digest(found.hexdigest(), promised.lower()):
            raise refusal("auth.digest")


class Authenticator:
    """认证: one instance for all HTTP doors."""

    def __init__(self, partners: Partners, window: int) -> None:
        """Take the partners and the replay window in seconds. Raises Misconfigured without SM3."""
        self.partners = partners
        self._window = window
        self._nobody = secrets.token_bytes(32)
        self._seen: OrderedDict[tuple[str, str], float] = OrderedDict()
        if any(each.auth == "hmac_sm3" for each in partners):
            signing.require_sm3()

    def admit(
        self, method: str, target: str, headers: Iterable[tuple[bytes, bytes]], now: datetime
    ) -> Caller:
        """Return who sends. `headers` are raw, names in lower case. Raises Refused."""
        given = _given(headers)
        named = given.get(signing.PARTNER, "")
        partner = self.partners.get(named)
        if not named or (signing.KEY not in given and signing.SIGNATURE not in given):
            raise refusal("auth.missing")
        if signing.KEY in given:
            return self._by_key(partner, given)
        return self._by_signature(partner, given, method, target, now)

    def remember(self, caller: Caller, now: datetime) -> None:
        """Keep a used nonce at hand, so that its replay is refused before the body is read.

        The journal remembers it for good; here it is forgotten when the window has passed.
        """
        if not caller.nonce:
            return
        seconds = now.timestamp()
        # a timestamp may lie a window ahead, so it can be replayed for two windows
        self._seen[caller.partner.id, caller.nonce] = seconds + 2 * self._window
        while self._seen:
            oldest = next(iter(self._seen))
            if self._seen[oldest] > seconds:
                break
            del self._seen[oldest]

    def _by_key(self, partner: Partner | None, given: dict[str, str]) -> Caller:
        stored = self._secret(partner)
        found = _STORED_DIGEST.fullmatch(stored)
        expected = found.group(1).decode().lower() if found else hashlib.sha256(stored).hexdigest()
        offered = hashlib.sha256(given[signing.KEY].encode("latin-1")).hexdigest()
        equal = hmac.compare_digest(expected, offered)
        if partner is None:
            raise refusal("auth.unknown")
        if partner.auth != "api_key" or signing.SIGNATURE in given:
            raise refusal("auth.algorithm")
        if not equal:
            raise refusal("auth.unknown")
        return Caller(partner)

    def _by_signature(
        self,
        partner: Partner | None,
        given: dict[str, str],
        method: str,
        target: str,
        now: datetime,
    ) -> Caller:
        algorithm, _, offered = given[signing.SIGNATURE].partition("=")
        timestamp, nonce = given.get(signing.TIMESTAMP, ""), given.get(signing.NONCE, "")
        digest = given.get(signing.CONTENT_DIGEST, "")
        message_id = given.get(signing.MESSAGE_ID, "")
        _require_form(timestamp, nonce, digest, message_id)
        if algorithm not in signing.MACS:
            raise refusal("auth.algorithm")
        text = signing.signed_text(method, target, message_id, timestamp, nonce, digest)
        expected = signing.mac(self._secret(partner), text, algorithm)
        equal = hmac.compare_digest(expected.encode(), offered.lower().encode("latin-1"))
        if partner is None:
            raise refusal("auth.unknown")
        if algorithm != _ALGORITHMS.get(partner.auth):
            raise refusal("auth.algorithm")
        if not equal:
            raise refusal("auth.signature")
        if abs(now.timestamp() - int(timestamp)) > self._window:
            raise refusal("auth.window")
        if self._seen.get((partner.id, nonce), 0.0) > now.timestamp():
            raise refusal("auth.replayed")
        return Caller(partner, nonce, message_id, digest)

    def _secret(self, partner: Partner | None) -> bytes:
        """Return a partner's secret; one that nobody can know for a partner without."""
        found = self.partners.secret(partner.id) if partner is not None else b""
        return found or self._nobody


def _given(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    given: dict[str, str] = {}
    for name, value in headers:
        known = _NAMES.get(name)
        if known is None:
            continue
        if known in given:  # two values: whoever reads the other one sees another request
            raise refusal("auth.missing")
        given[known] = value.decode("latin-1").strip()
    return given


def _require_form(timestamp: str, nonce: str, digest: str, message_id: str) -> None:
    if (
        _SECONDS.fullmatch(timestamp) is None
        or signing.NONCE_FORM.fullmatch(nonce) is None
        or _DIGEST.fullmatch(digest) is None
        or (message_id and signing.MESSAGE_ID_FORM.fullmatch(message_id) is None)
    ):
        raise refusal("auth.missing")
