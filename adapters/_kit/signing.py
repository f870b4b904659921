r"""签名方式: request signatures of the partner interfaces.

Dialect C of the insurance and procurement interfaces (read from public clients): header
`x-ca-signature: <unix seconds>:<hex>`, hex = HMAC(secret, "<unix seconds>\n" + body), lower case, with
SM3; the same with SHA-256 where a partner's OpenSSL has no SM3.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Final, Literal

Digest = Literal["sm3", "sha256"]
REPLAY_WINDOW: Final = 300
"""Seconds a signature is good for, to either side."""
_HEADER: Final = re.compile(r"([0-9]{1,11}):([0-9a-fA-F]{64})")
_SM3_OF_ABC: Final = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
"""GB/T 32905-2016, appendix A.1."""


def require_sm3() -> None:
    """Raise RuntimeError unless this Python's OpenSSL computes SM3 (国密) correctly."""
    try:
        digest = hashlib.new("sm3", b"abc").hexdigest()
    except ValueError as error:
        message = "this Python's OpenSSL has no SM3; HMAC-SM3 partners cannot be signed for"
        raise RuntimeError(message) from error
    if digest != _SM3_OF_ABC:
        message = "this Python's OpenSSL computes a wrong SM3"
        raise RuntimeError(message)


def sign(body: bytes, secret: bytes, seconds: int, digest: Digest = "sm3") -> str:
    """Return the signature header's value `ts:hex`. Raises ValueError for an empty secret."""
    if not secret:
        message = "a signature needs a secret"
        raise ValueError(message)
    return f"{seconds}:{_mac(body, secret, str(seconds), digest)}"


def _mac(body: bytes, secret: bytes, seconds: str, digest: Digest) -> str:
    return hmac.new(secret, seconds.encode() + b"\n" + body, digest).hexdigest()


def verify(
    header: str,
    body: bytes,
    secret: bytes,
    seconds: int,
    digest: Digest = "sm3",
    *,
    window: int = REPLAY_WINDOW,
) -> str:
    """Return "" for a good signature at `seconds`, else malformed, stale or wrong."""
    found = _HEADER.fullmatch(header)
    if found is None or not secret:
        return "malformed"
    if abs(seconds - int(found.group(1))) > window:
        return "stale"
    expected = _mac(body, secret, found.group(1), digest)
    return "" if hmac.compare_digest(expected, found.group(2).lower()) else "wrong"
