"""签名: how a partner signs a request, for clients, simulators and the door that checks it.

Signed are six lines, joined by a line feed: method, path with query as sent, message id ("" when the
request names none), unix seconds, nonce, digest of the body as sent. So nothing of a request can be
changed or sent twice. With SHA-256 or with SM3 (国密).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import Final, Literal

from gateway.errors import Misconfigured

Algorithm = Literal["hmac-sha256", "hmac-sm3"]

PARTNER: Final = "X-Jicai-Partner"
KEY: Final = "X-Jicai-Key"
TIMESTAMP: Final = "X-Jicai-Timestamp"
NONCE: Final = "X-Jicai-Nonce"
CONTENT_DIGEST: Final = "X-Jicai-Content-Digest"
MESSAGE_ID: Final = "X-Jicai-Message-Id"
SIGNATURE: Final = "X-Jicai-Signature"

DIGESTS: Final[dict[str, str]] = {"sha-256": "sha256", "sm3": "sm3"}
"""Name in the digest header → name in hashlib."""
MACS: Final[dict[str, str]] = {"hmac-sha256": "sha256", "hmac-sm3": "sm3"}
"""Name in the signature header → name in hashlib."""
NONCE_FORM: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
MESSAGE_ID_FORM: Final = re.compile(r"[!-~](?:[ -~]{0,126}[!-~])?")

_SM3_OF_ABC: Final = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
"""GB/T 32905-2016, appendix A.1."""


def require_sm3() -> None:
    """Raise Misconfigured unless this Python's OpenSSL computes SM3 correctly."""
    try:
        right = hashlib.new("sm3", b"abc").hexdigest() == _SM3_OF_ABC
    except ValueError:
        right = False
    if not right:
        raise Misconfigured("OpenSSL: SM3 (国密) is missing, partners with auth hmac_sm3 need it")


def signed_text(
    method: str, target: str, message_id: str, timestamp: str, nonce: str, digest: str
) -> bytes:
    """Return what is signed. `target` is path and query exactly as on the request line."""
    return f"{method}\n{target}\n{message_id}\n{timestamp}\n{nonce}\n{digest}".encode("latin-1")


def mac(secret: bytes, text: bytes, algorithm: str) -> str:
    """Return the lower-case hex HMAC. Raises KeyError for an algorithm that is not in MACS."""
    return hmac.new(secret, text, MACS[algorithm]).hexdigest()


def digest_of(body: bytes, algorithm: str = "sha-256") -> str:
    """Return the digest header's value, e.g. `sha-256=9f86…`, of a body as sent."""
    return f"{algorithm}={hashlib.new(DIGESTS[algorithm], body).hexdigest()}"


def sign(
    partner: str,
    secret: bytes,
    method: str,
    target: str,
    body: bytes,
    timestamp: int,
    *,
    nonce: str = "",
    message_id: str = "",
    algorithm: Algorithm = "hmac-sha256",
) -> dict[str, str]:
    """Return the headers of a signed request.

    `target` is path and query as sent, `body` the bytes as sent (after compression), `timestamp` unix
    seconds; a nonce is drawn when none is given.
    """
    nonce = nonce or secrets.token_urlsafe(18)
    digest = digest_of(body, "sm3" if algorithm == "hmac-sm3" else "sha-256")
    text = signed_text(method.upper(), target, message_id, str(timestamp), nonce, digest)
    headers = {
        PARTNER: partner,
        TIMESTAMP: str(timestamp),
        NONCE: nonce,
        CONTENT_DIGEST: digest,
        SIGNATURE: f"{algorithm}={mac(secret, text, algorithm)}",
    }
    if message_id:
        headers[MESSAGE_ID] = message_id
    return headers
