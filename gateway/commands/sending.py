"""jicai simulate --to: sends an interface's synthetic messages to a gateway, and reads what it answers."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import httpx
import typer

from adapters._kit.sending import Compose, Cue, Outgoing
from adapters.his_hl7v2.simulator import MllpClient
from adapters.registry import INTERFACES
from gateway.bootstrap import utc_now
from gateway.commands.terminal import note, print_line
from gateway.demo.answered import Answered, read_acknowledgement, read_http
from gateway.errors import Misconfigured, Unavailable
from gateway.intake import signing

SECONDS: Final = 30.0
GOOD: Final = frozenset({"accepted", "duplicate", "held"})
Carry = Callable[[Outgoing], Awaitable[Answered]]
Tell = Callable[[Outgoing, Answered], None]


@dataclass(frozen=True, slots=True)
class Sending:
    """What to send, to whom, and as whom."""

    interface: str
    to: str
    """host:port, http(s)://…, mllp://…; "" where nothing is sent yet."""
    partner: str
    secret: str
    digest: Literal["sm3", "sha256"] | None = None
    """None: as `jicai partner add` sets a partner up to send (sha256), and to be called (sm3)."""
    api_key: bool = False
    count: int = 1
    every: float = 0.0
    codes: tuple[str, str, str] = ("SYN-P-0001", "H53010100001", "91530100MA6K2ABC0X")
    """Product, institution, distributor."""
    sender: str = ""
    region: str = "530000"

    def cue(self, number: int, run: str) -> Cue:
        """Return what message `number` of a run is made of."""
        named = self.sender or self.partner or "SYN"
        return Cue(number, run, named, utc_now(), self.region, *self.codes)


def simulator_of(interface: str) -> Any:
    """Return an interface's simulator module. Raises Misconfigured for an unknown interface."""
    if interface not in INTERFACES:
        known = ", ".join(sorted(INTERFACES))
        raise Misconfigured(f"{interface}: 没有此接口 no such interface; known: {known}")
    return importlib.import_module(f"adapters.{interface}.simulator")


def compose_of(interface: str) -> Compose:
    """Return what makes an interface's messages. Raises Misconfigured when it only receives."""
    compose: Compose | None = getattr(simulator_of(interface), "compose", None)
    if compose is None:
        senders = [name for name in INTERFACES if hasattr(simulator_of(name), "compose")]
        raise Misconfigured(
            f"{interface}: 该系统只接收 it only receives; those that send: {', '.join(senders)}"
        )
    return compose


async def send_all(sending: Sending, *, as_json: bool) -> bool:
    """Send the messages one after another and print every answer; return whether all were taken.

    Raises Misconfigured for a target or a secret that cannot be used, Unavailable without an answer.
    """
    good = 0

    def tell(said: Outgoing, answer: Answered) -> None:
        nonlocal good
        good += bool(answer.states) and GOOD.issuperset(answer.states.values())
        if as_json:
            print_line(shown(said, answer))
        else:
            typer.echo(told(said, answer))

    await send(sending, tell)
    if not as_json:
        note(f"{good}/{sending.count} 被接收 taken")
    return good == sending.count


async def send(sending: Sending, tell: Tell) -> None:
    """Send the messages one after another; `tell` is called with every answer."""
    compose, run = compose_of(sending.interface), f"{utc_now():%Y%m%d%H%M%S}"
    async with _carrier(sending) as carry:
        for number in range(1, sending.count + 1):
            if number > 1 and sending.every:
                await asyncio.sleep(sending.every)
            said = compose(sending.cue(number, run))
            tell(said, await carry(said))


def told(said: Outgoing, answer: Answered) -> str:
    """Return one line for people: what went out, and what became of each of its lines."""
    states = ", ".join(dict.fromkeys(answer.states.values())) or "未接收 not taken"
    reason = f" {answer.said}" if answer.said else ""
    return f"{said.kind:<12} {said.message_id}  {answer.short}  {states}{reason}"


def shown(said: Outgoing, answer: Answered) -> dict[str, object]:
    """Return the same for scripts."""
    return {
        "message_id": said.message_id,
        "kind": said.kind,
        "status": answer.status,
        "code": answer.code,
        "said": answer.said,
        "states": list(answer.states.values()),
    }


@asynccontextmanager
async def _carrier(sending: Sending) -> AsyncIterator[Carry]:
    """Return what carries a message to the target and reads the answer."""
    target = _target(sending)
    if target.scheme == "mllp":
        async with _mllp(target.hostname or "", target.port or 0) as carry:
            yield carry
        return
    if not sending.partner or not sending.secret:
        raise Misconfigured(
            "--partner, --secret/JICAI_SECRET: HTTP 发送需要对接方与密钥 both are needed to send by HTTP"
        )
    async with httpx.AsyncClient(timeout=SECONDS, trust_env=False) as client:
        yield _Http(sending, client, target.geturl().rstrip("/")).carry


def _target(sending: Sending) -> Any:
    """Return the split target; host:port means the interface's own transport."""
    interface = INTERFACES[sending.interface]
    text = sending.to if "://" in sending.to else f"{interface.transport}://{sending.to}"
    known = ("http", "https", "mllp") if interface.transport == "mllp" else ("http", "https")
    try:
        found = urlsplit(text)
        complete = found.hostname and (found.port or found.scheme != "mllp")
    except ValueError:  # a port that is no port
        complete = False
    if not complete or found.scheme not in known:
        raise Misconfigured(f"--to {sending.to!r}: 应为 host:port or a URL of {', '.join(known)}")
    return found


@asynccontextmanager
async def _mllp(host: str, port: int) -> AsyncIterator[Carry]:
    where = f"mllp://{host}:{port}"

    async def carry(said: Outgoing) -> Answered:
        try:
            ack = await client.send(said.body)
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            raise Unavailable(_no_answer(where, said, error)) from error
        return read_acknowledgement(ack, 1)

    client = MllpClient(host, port, timeout=SECONDS)
    try:
        await client.__aenter__()
    except (OSError, TimeoutError) as error:
        raise Unavailable(f"{where}: 无法连接 cannot connect: {error}") from error
    try:
        yield carry
    finally:
        await client.__aexit__()


class _Http:
    """Signed requests to the interface's path."""

    def __init__(self, sending: Sending, client: httpx.AsyncClient, base: str) -> None:
        self._sending, self._client, self._base = sending, client, base

    async def carry(self, said: Outgoing) -> Answered:
        path = f"/v1/interfaces/{self._sending.interface}/messages"
        target = urlsplit(self._base).path + path
        headers = self._proof(target, said.body)
        headers |= {"content-type": said.content_type, "accept": "application/json"}
        where = self._base + path
        try:
            answer = await self._client.post(where, content=said.body, headers=headers)
        except httpx.HTTPError as error:
            raise Unavailable(_no_answer(where, said, error)) from error
        return read_http(answer)

    def _proof(self, target: str, body: bytes) -> dict[str, str]:
        one, secret = self._sending, self._sending.secret
        if one.api_key:
            return {signing.PARTNER: one.partner, signing.KEY: secret}
        now = int(utc_now().timestamp())
        algorithm: signing.Algorithm = "hmac-sm3" if one.digest == "sm3" else "hmac-sha256"
        return signing.sign(
            one.partner, secret.encode(), "POST", target, body, now, algorithm=algorithm
        )


def _no_answer(where: str, said: Outgoing, error: Exception) -> str:
    reason = str(error) or type(error).__name__
    return f"{where}: {said.message_id}: 没有应答 no answer: {reason}"
