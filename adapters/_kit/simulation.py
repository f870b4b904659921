"""对端模拟: what the simulated partners share: a plain ASGI application with moods and a ledger.

A mood says how the next calls go wrong; the script is used up first, then `always` holds. The control
endpoints (POST /_control, GET /_ledger) are for whoever drives the simulation.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, get_args

import orjson

MoodName = Literal[
    "ok", "unavailable", "throttled", "lost", "html", "error_inside", "slow", "truncated"
]
MOODS: Final[tuple[str, ...]] = get_args(MoodName)
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_HTML: Final = b"<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass(slots=True)
class Mood:
    """How the partner behaves: 503, 429, silence after doing the work, HTML or an error in a 200, slow."""

    always: MoodName = "ok"
    script: deque[MoodName] = field(default_factory=deque)
    retry_after: int = 1
    """Seconds, told with 429."""
    delay: float = 0.2
    """Seconds that `slow` takes."""
    hang: float = 60.0
    """Seconds that `lost` keeps the caller waiting after the work was done."""

    def next(self) -> MoodName:
        """Return the mood of this call."""
        return self.script.popleft() if self.script else self.always

    def change(self, wanted: Mapping[str, Any]) -> None:
        """Take new values. Raises ValueError for a mood that does not exist."""
        script: Iterable[MoodName] = wanted.get("script", ())
        always: MoodName = wanted.get("always", self.always)
        if unknown := {always, *script} - set(MOODS):
            message = f"no such mood: {sorted(unknown)}"
            raise ValueError(message)
        self.always = always
        self.script.extend(script)
        self.delay = float(wanted.get("delay", self.delay))
        self.hang = float(wanted.get("hang", self.hang))
        self.retry_after = int(wanted.get("retry_after", self.retry_after))


@dataclass(frozen=True, slots=True)
class Call:
    """One request as the simulated partner sees it."""

    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


@dataclass(frozen=True, slots=True)
class Said:
    """What the simulated partner answers."""

    body: bytes
    content_type: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Heard = Callable[[Call, MoodName, Said], None]


class SimulatedPartner:
    """An ASGI application. Subclasses answer calls and tell an error inside a 200."""

    def __init__(self, clock: Callable[[], datetime], mood: Mood | None = None) -> None:
        self.clock = clock
        self.mood = mood or Mood()
        self.calls: list[tuple[str, MoodName]] = []
        """Path and mood of every call, the spoilt ones included."""
        self.heard: Heard | None = None
        """Told of every call with what will be answered, before any waiting."""
        self.closing = asyncio.Event()
        """Set when the simulation ends: whoever waits in `slow` or `lost` is let go."""

    def answer(self, call: Call) -> Said:
        """Do the work and answer."""
        raise NotImplementedError

    def error_inside(self, call: Call) -> Said:
        """Answer a temporary failure under HTTP 200, without doing the work."""
        raise NotImplementedError

    def ledger(self) -> dict[str, Any]:
        """Return what was received, in JSON's types; sums in fen."""
        raise NotImplementedError

    def glance(self, call: Call, said: Said) -> str:  # noqa: ARG002 - dialects know more
        """Return in a few words what a call was about and what was answered, for people."""
        return ""

    def seconds(self) -> int:
        """Return the partner's own time as unix seconds."""
        return int(self.clock().timestamp())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope (http and lifespan)."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        call = Call(scope["path"], headers, await _body(receive))
        if call.path == "/_control":
            said = self._control(call)
        elif call.path == "/_ledger":
            said = Said(orjson.dumps(self.ledger()), "application/json")
        else:
            said = await self._in_mood(call)
        await _send(send, said)

    def _control(self, call: Call) -> Said:
        try:
            self.mood.change(orjson.loads(call.body))
        except (ValueError, TypeError, AttributeError) as wrong:
            return Said(orjson.dumps({"error": str(wrong)}), "application/json", 422)
        return Said(b'{"ok":true}', "application/json")

    async def _in_mood(self, call: Call) -> Said:
        mood = self.mood.next()
        self.calls.append((call.path, mood))
        said = self._spoilt(call, mood) or self.answer(call)
        if mood == "truncated":
            half = said.body[: len(said.body) // 2]
            said = Said(half, said.content_type, said.status)
        if self.heard is not None:
            self.heard(call, mood, said)
        if mood in ("slow", "lost"):
            await self._dawdle(self.mood.delay if mood == "slow" else self.mood.hang)
        return said

    def _spoilt(self, call: Call, mood: MoodName) -> Said | None:
        """Return the answer of a mood in which the work is not done; None: it is done."""
        if mood == "unavailable":
            return Said(b"Service Unavailable", "text/plain", 503)
        if mood == "throttled":
            told = {"retry-after": str(self.mood.retry_after)}
            return Said(b"Too Many Requests", "text/plain", 429, told)
        if mood == "html":
            return Said(_HTML, "text/html")
        return self.error_inside(call) if mood == "error_inside" else None

    async def _dawdle(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.closing.wait(), seconds)


async def _body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    more = True
    while more:
        event = await receive()
        parts.append(event.get("body", b""))
        more = event.get("more_body", False)
    return b"".join(parts)


async def _send(send: Send, said: Said) -> None:
    headers = [(b"content-type", said.content_type.encode())]
    headers += [(name.encode(), value.encode()) for name, value in said.headers.items()]
    headers.append((b"content-length", str(len(said.body)).encode()))
    await send({"type": "http.response.start", "status": said.status, "headers": headers})
    await send({"type": "http.response.body", "body": said.body})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        event = await receive()
        if event["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        elif event["type"] == "lifespan.shutdown":
            await send({"type": "lifespan.shutdown.complete"})
            return
