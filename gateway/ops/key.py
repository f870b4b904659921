"""运维密钥: the one check before anything of the operators' routes is read.

Closed when no key is configured. The key comes in `X-Admin-Key`, or as a bearer token for scrapers that
know nothing else.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Final

from pydantic import SecretStr
from starlette.requests import Request

from gateway.errors import Refused

HEADER: Final = "x-admin-key"
_BEARER: Final = "bearer "


def operators_only(key: SecretStr) -> Callable[[Request], None]:
    """Return the check. It raises Refused (403 closed, 401 without the key or with another one)."""
    wanted = key.get_secret_value().encode()

    def check(request: Request) -> None:
        if not wanted:
            raise Refused(
                "admin.closed",
                "未配置运维密钥,运维接口已关闭",
                "No admin key is configured: the admin routes are closed",
                status=403,
            )
        if not hmac.compare_digest(_given(request), wanted):
            raise Refused("auth.admin_key", "运维密钥无效", "The admin key is not valid")

    return check


def _given(request: Request) -> bytes:
    """Return the key of the request as bytes (headers are latin-1 on the wire)."""
    named = request.headers.get(HEADER)
    if named is None:
        bearer = request.headers.get("authorization", "")
        named = bearer[len(_BEARER) :] if bearer.lower().startswith(_BEARER) else ""
    return named.encode("latin-1")
