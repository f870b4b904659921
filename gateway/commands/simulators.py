"""jicai simulate: an interface's simulator as a real server, telling live what it hears and says."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any, Final

import orjson
import typer
from rich.console import Console
from rich.text import Text
from starlette.types import Receive, Scope, Send

from adapters._kit.sending import Outgoing, SimulatedSender
from adapters._kit.simulation import MOODS, Call, Mood, MoodName, Said, SimulatedPartner
from adapters.registry import INTERFACES
from gateway.bootstrap import utc_now
from gateway.commands.running import stop_at_signals
from gateway.commands.sending import Sending, compose_of, send, shown, simulator_of
from gateway.commands.terminal import note, print_line
from gateway.demo.answered import Answered
from gateway.errors import GatewayError, Misconfigured
from gateway.intake.server import HttpServer

_COLOURS: Final = {2: "green", 4: "yellow", 5: "red"}
_ORDER_LIMIT: Final = 64 << 10
_MOST: Final = 10_000
_ASKED: Final = {"to": str, "partner": str, "secret": str, "count": int, "every": (int, float)}
"""What POST /_send may say, and its JSON type."""


async def serve_simulator(
    sending: Sending, host: str, port: int, mood: str, *, as_json: bool
) -> None:
    """Serve until SIGINT or SIGTERM. Raises Misconfigured: interface, mood, address."""
    module = simulator_of(sending.interface)
    partner: SimulatedPartner = module.make_simulator(
        utc_now, secret=sending.secret.encode(), digest=sending.digest or "sm3", mood=mood_of(mood)
    )
    partner.heard = _printer(partner, as_json=as_json)
    stopping = stop_at_signals()
    server = HttpServer(Stage(partner, sending), host, port)
    await server.start()
    _welcome(sending, partner, f"http://{host}:{server.port}", as_json=as_json)
    try:
        await stopping.wait()
    finally:
        partner.closing.set()
        await server.stop()


def mood_of(text: str) -> Mood:
    """Return the mood that `unavailable,lost,ok` means: in turn, the last one stays.

    Raises Misconfigured for a mood that does not exist.
    """
    *script, always = [one.strip() for one in text.split(",")]
    mood = Mood()
    try:
        mood.change({"script": script, "always": always})
    except ValueError as error:
        raise Misconfigured(f"--mood: {error}; 可选 known: {', '.join(MOODS)}") from error
    return mood


class Stage:
    """The simulator's application, with POST /_send beside its own control endpoints."""

    def __init__(self, partner: SimulatedPartner, sending: Sending) -> None:
        self._partner, self._sending = partner, sending

    async def __call__(self, scope: Scope, receive: Receive, send_: Send) -> None:
        """Serve one ASGI scope."""
        if scope["type"] != "http" or scope["path"] != "/_send":
            await self._partner(scope, receive, send_)
            return
        status, answer = await self._send(await _body(receive))
        await send_(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [(b"content-type", b"application/json")],
            }
        )
        await send_({"type": "http.response.body", "body": orjson.dumps(answer)})

    async def _send(self, body: bytes) -> tuple[int, dict[str, Any]]:
        """Send as asked: {"to", "partner", "secret", "count", "every"}; what is not said stays."""
        told: list[dict[str, object]] = []

        def tell(said: Outgoing, answer: Answered) -> None:
            if isinstance(self._partner, SimulatedSender):
                self._partner.said.append(said)
            told.append(shown(said, answer))

        try:
            await send(self._asked(body), tell)
        except Misconfigured as wrong:
            return 422, {"error": str(wrong), "sent": told}
        except GatewayError as down:
            return 502, {"error": str(down), "sent": told}
        return 200, {"sent": told}

    def _asked(self, body: bytes) -> Sending:
        try:
            asked = orjson.loads(body) if body.strip() else {}
        except orjson.JSONDecodeError as error:
            raise Misconfigured(f"应为 JSON, JSON is expected: {error}") from error
        if not isinstance(asked, dict):
            raise Misconfigured("应为 JSON 对象, a JSON object is expected")
        for name, value in asked.items():
            if name not in _ASKED or isinstance(value, bool) or not isinstance(value, _ASKED[name]):  # type: ignore[arg-type]
                raise Misconfigured(f"{name}: 不认识或类型不符 unknown or of another type")
        wanted = replace(self._sending, **asked)
        if not 1 <= wanted.count <= _MOST or wanted.every < 0:
            raise Misconfigured(f"count: 1 – {_MOST}; every: ≥ 0")
        if not wanted.to:
            raise Misconfigured("to: 发往何处 where to? host:port or a URL")
        compose_of(wanted.interface)
        return wanted


def _welcome(sending: Sending, partner: SimulatedPartner, base: str, *, as_json: bool) -> None:
    title, only_sends = INTERFACES[sending.interface].title, isinstance(partner, SimulatedSender)
    if as_json:
        print_line({"listening": base, "interface": sending.interface, "mood": partner.mood.always})
        return
    typer.echo(f"{title} 模拟器 simulator on {base}")
    checked = "验签 checked" if sending.secret else "不验签 not checked (--secret)"
    typer.echo(f"  签名 signatures: {'–' if only_sends else checked}; mood {partner.mood.always}")
    typer.echo(f"  {base}/_ledger 台账 · POST {base}/_control 状态 · POST {base}/_send 发送")
    if only_sends:
        typer.echo(f"  该系统只发送 it sends: jicai simulate {sending.interface} --to host:port …")
    note("  停止 Ctrl-C or SIGTERM")


def _printer(partner: SimulatedPartner, *, as_json: bool) -> Any:
    """Return what prints a call on one line."""
    console = Console(highlight=False, soft_wrap=True)

    def heard(call: Call, mood: MoodName, said: Said) -> None:
        about = partner.glance(call, said)
        if as_json:
            line = {"at": utc_now().isoformat(), "path": call.path, "bytes": len(call.body)}
            print_line(line | {"mood": mood, "status": said.status, "about": about})
            return
        at = time.strftime("%H:%M:%S")
        text = Text(f"{at}  {call.path}  {len(call.body)} B  ")
        text.append(str(said.status), _COLOURS.get(said.status // 100, ""))
        text.append("" if mood == "ok" else f"  {mood}", "magenta")
        text.append(f"  {about}")
        console.print(text)

    return heard


async def _body(receive: Receive) -> bytes:
    body = b""
    more = True
    while more:
        event = await receive()
        body += event.get("body", b"")[:_ORDER_LIMIT]
        more = event.get("more_body", False) and len(body) < _ORDER_LIMIT
    return body
