"""地址: where a partner's calls may go, and nowhere else.

Everything an adapter adds to the configured base URL (path, query) is checked to stay on the same scheme,
host and port: message data must not be able to steer a call to another machine.
"""

from __future__ import annotations

import re
from typing import Final

import httpx

from adapters._kit.protocol import Interface
from gateway.errors import GatewayError
from gateway.partners import Partner

SCHEMES: Final = {"http": ("http", "https"), "mllp": ("mllp",)}
PARALLEL_LIMIT: Final = 64
_PORTS: Final = 1 << 16
_PARALLEL: Final = re.compile(r"[1-9][0-9]?")
_UNCLEAN: Final = re.compile(r"[\x00-\x20\x7f\\]")


class OffTarget(GatewayError):  # noqa: N818 - says what is wrong with the address
    """A call would have left the partner's configured scheme, host and port."""


def address_findings(partner: Partner, interface: Interface) -> list[str]:
    """Return what is wrong with a partner's base URL and its `parallel` setting, for the operator."""
    found: list[str] = []
    if not partner.url:
        found.append("has no url: nothing could be delivered")
    else:
        try:
            base_of(partner.url, interface.transport)
        except OffTarget as error:
            found.append(f"url: {error}")
    try:
        parallel_of(partner)
    except ValueError as error:
        found.append(str(error))
    return found


def parallel_of(partner: Partner) -> int:
    """Return how many deliveries of different subjects may be under way at once (default 1: strict).

    Raises ValueError when the partner's setting `parallel` is not a number from 1 to PARALLEL_LIMIT.
    """
    given = partner.settings.get("parallel", "1")
    if not _PARALLEL.fullmatch(given) or int(given) > PARALLEL_LIMIT:
        raise ValueError(f"settings.parallel: {given!r} is not a number from 1 to {PARALLEL_LIMIT}")
    return int(given)


def base_of(url: str, transport: str) -> httpx.URL:
    """Return a partner's base URL. Raises OffTarget when it is no plain URL of the transport."""
    base = _parsed(url)
    if base.scheme not in SCHEMES[transport]:
        raise OffTarget(f"scheme must be one of {', '.join(SCHEMES[transport])}")
    if not base.host:
        raise OffTarget("there is no host in it")
    if base.userinfo:
        raise OffTarget("credentials do not belong into a URL")
    if base.fragment or base.query:
        raise OffTarget("a base URL has no query and no fragment")
    if base.port is not None and not 0 < base.port < _PORTS:
        raise OffTarget("the port is out of range")
    if transport == "mllp" and base.port is None:
        raise OffTarget("an mllp URL needs a port")
    return base


def target_of(base: httpx.URL, path: str) -> httpx.URL:
    """Return the base URL with an adapter's path (and query) appended.

    Raises OffTarget when the path is no path, or the result lies elsewhere than the base.
    """
    if path and not path.startswith(("/", "?")):
        path = f"/{path}"
    target = _parsed(str(base).rstrip("/") + path if path else str(base))
    if (target.scheme, target.host, target.port, target.userinfo) != (
        base.scheme,
        base.host,
        base.port,
        b"",
    ):
        raise OffTarget("the path leads to another host")
    stem = base.path.rstrip("/")
    if target.path.rstrip("/") != stem and not target.path.startswith(f"{stem}/"):
        raise OffTarget("the path leads out of the base path")
    return target


def _parsed(text: str) -> httpx.URL:
    if _UNCLEAN.search(text):
        raise OffTarget("blanks, control characters and backslashes are not allowed")
    if any(part in {".", "..", "%2e%2e", ".%2e", "%2e."} for part in _segments(text)):
        raise OffTarget("dot segments are not allowed")
    try:
        return httpx.URL(text)
    except httpx.InvalidURL as error:
        raise OffTarget(f"not a URL: {error}") from error


def _segments(text: str) -> list[str]:
    return text.split("?", 1)[0].split("#", 1)[0].lower().split("/")
