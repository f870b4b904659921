"""信使: carries letters over real sockets: signed HTTP requests and MLLP connections.

Letters of one lane go out one after another; lanes side by side, a bounded number at a time. A letter
whose answer is lost or that is told to come again later is sent again as it is: that is what partners do.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, Self

import httpx

from adapters.his_hl7v2.simulator import MllpClient
from gateway.demo.answered import read_acknowledgement, read_http
from gateway.demo.ledger import Ledger
from gateway.demo.letters import Letter
from gateway.demo.stage import HOST, Stage
from gateway.errors import Unavailable
from gateway.intake.signing import sign

SIDE_BY_SIDE: Final = 8
ATTEMPTS: Final = 5
SECONDS: Final = 60.0
PAUSE: Final = 0.5
ANSWERED: Final = frozenset({200, 207, 409, 422})


class Courier:
    """One sender for all partners of the stage. `async with Courier(…)`."""

    def __init__(
        self,
        stage: Stage,
        ports: tuple[int, int],
        ledger: Ledger,
        clock: Callable[[], datetime],
    ) -> None:
        """Take the stage (secrets) and the gateway's HTTP and MLLP ports."""
        self._stage, self._ledger, self._clock = stage, ledger, clock
        self._http_port, self._mllp_port = ports
        limits = httpx.Limits(max_connections=SIDE_BY_SIDE * 2)
        self.client = httpx.AsyncClient(
            base_url=f"http://{HOST}:{self._http_port}",
            timeout=SECONDS,
            limits=limits,
            trust_env=False,
        )
        self._mllp: dict[str, MllpClient] = {}
        self._side_by_side = asyncio.Semaphore(SIDE_BY_SIDE)

    async def __aenter__(self) -> Self:
        """Nothing to open: connections are made when needed."""
        return self

    async def __aexit__(self, *seen: object) -> None:
        """Close all connections."""
        for client in self._mllp.values():
            await client.__aexit__(*seen)
        await self.client.aclose()

    async def carry(self, letters: Iterable[Letter], advance: Callable[[], None]) -> None:
        """Send all letters and book every answer; `advance` is called once per letter.

        Raises Unavailable when the gateway gives no usable answer after several attempts.
        """
        lanes: dict[str, list[Letter]] = defaultdict(list)
        for letter in letters:
            lanes[letter.lane].append(letter)
        async with asyncio.TaskGroup() as group:
            for lane in lanes.values():
                group.create_task(self._carry_lane(lane, advance))

    async def _carry_lane(self, lane: Sequence[Letter], advance: Callable[[], None]) -> None:
        for letter in lane:
            async with self._side_by_side:
                states = await (self._say(letter) if letter.door == "mllp" else self._post(letter))
            self._ledger.note(letter, states)
            advance()

    async def _post(self, letter: Letter) -> dict[int, str]:
        for attempt in range(ATTEMPTS):
            if attempt:
                await asyncio.sleep(PAUSE * attempt)
            try:
                response = await self.request(letter)
            except httpx.TransportError:
                continue
            if response.status_code in ANSWERED:
                return _first_answer(read_http(response).states, again=attempt > 0)
            if response.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                self._ledger.surprises.append(
                    f"{letter.title} {letter.message_id}: HTTP {response.status_code} "
                    f"{response.text[:200]}"
                )
                return {}
        raise Unavailable(f"{letter.message_id}: no answer after {ATTEMPTS} attempts")

    async def request(
        self, letter: Letter, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Send one HTTP request for a letter; `headers` replaces the freshly signed ones."""
        target = target_of(letter)
        given = headers if headers is not None else self.signed(letter)
        return await self.client.post(target, content=letter.body, headers=dict(given))

    def signed(self, letter: Letter) -> dict[str, str]:
        """Return the signed headers of a letter."""
        named = self._stage.algorithms[letter.partner]
        headers = sign(
            letter.partner,
            self._stage.secrets[letter.partner],
            "POST",
            target_of(letter),
            letter.body,
            int(self._clock().timestamp()),
            algorithm="hmac-sm3" if named == "hmac-sm3" else "hmac-sha256",
        )
        return headers | {"content-type": letter.content_type, "accept": "application/json"}

    async def _say(self, letter: Letter) -> dict[int, str]:
        """Send an HL7 message and read its acknowledgement: one answer for all lines."""
        for attempt in range(ATTEMPTS):
            if attempt:
                await asyncio.sleep(PAUSE * attempt)
            try:
                ack = await self.say(letter.partner, letter.body)
            except (OSError, TimeoutError, asyncio.IncompleteReadError):
                await self._hang_up(letter.partner)
                continue
            return dict(read_acknowledgement(ack, len(letter.facts)).states)
        raise Unavailable(f"{letter.message_id}: no acknowledgement after {ATTEMPTS} attempts")

    async def say(self, partner: str, message: bytes) -> bytes:
        """Return the acknowledgement of an HL7 message on a partner's own MLLP connection."""
        client = self._mllp.get(partner)
        if client is None:
            client = MllpClient(HOST, self._mllp_port, timeout=SECONDS)
            await client.__aenter__()
            self._mllp[partner] = client
        return await client.send(message)

    async def _hang_up(self, partner: str) -> None:
        client = self._mllp.pop(partner, None)
        if client is not None:
            await client.__aexit__(None, None, None)


def _first_answer(states: Mapping[int, str], *, again: bool) -> dict[int, str]:
    """Return the states; sent again after a lost answer, a duplicate is the acceptance it repeats."""
    if not again:
        return dict(states)
    return {line: "accepted" if state == "duplicate" else state for line, state in states.items()}


def target_of(letter: Letter) -> str:
    """Return the path a letter is posted to."""
    if letter.interface == "canonical":
        return "/v1/messages"
    return f"/v1/interfaces/{letter.interface}/messages"
