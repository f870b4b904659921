"""模拟年的信使: posts a month's words to `POST /v1/messages` as NDJSON, and says that the days have ended."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import httpx
import orjson

from gateway.bootstrap import Gateway
from gateway.demo.year_book import Said
from gateway.errors import Unavailable
from gateway.policies.daykeeping import day_ended
from gateway.ports import Commit

TOGETHER: Final = 250
"""Events in one request."""
SECONDS: Final = 120.0
SETTLE_SECONDS: Final = 900.0
ATTEMPTS: Final = 5
PAUSE: Final = 0.5
_NDJSON: Final = "application/x-ndjson"


class YearCourier:
    """Sends for all partners; `surprises` names every message that was not accepted."""

    def __init__(self, gateway: Gateway, key: str, advance: Callable[[int], None]) -> None:
        self._gateway, self._key, self._advance = gateway, key, advance
        self.accepted: set[str] = set()
        self.surprises: list[str] = []
        self._client = httpx.AsyncClient(
            base_url=f"http://{gateway.settings.host}:{gateway.http_port}",
            timeout=SECONDS,
            trust_env=False,
        )

    async def stop(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def carry(self, said: Sequence[Said]) -> None:
        """Post messages, the partners side by side, each in its own order; then wait until all is judged.

        Raises Unavailable when the gateway gives no usable answer, or does not come to rest.
        """
        lanes: dict[str, list[Said]] = defaultdict(list)
        for each in said:
            lanes[each.partner].append(each)
        async with asyncio.TaskGroup() as group:
            for lane in lanes.values():
                group.create_task(self._lane(lane))
        await self.settle()

    async def settle(self) -> None:
        """Wait until everything accepted has been judged. Raises Unavailable."""
        if not await self._gateway.settle(SETTLE_SECONDS):
            raise Unavailable(f"not at rest after {SETTLE_SECONDS:.0f} s")

    async def end_days(self, provinces: Sequence[str], days: Sequence[date]) -> None:
        """Say of each day in order that it has ended in every province."""
        for day in days:
            now = datetime.combine(day + timedelta(days=1), time(), UTC)
            ended = [day_ended(province, day, now) for province in provinces]
            await self._gateway.journal.commit(Commit(submissions=ended))
        self._advance(len(days) * len(provinces))
        await self.settle()

    async def _lane(self, lane: Sequence[Said]) -> None:
        for some in _slices(lane):
            body = b"\n".join(orjson.dumps(each.event()) for each in some)
            self._book(some, await self._post(some[0].partner, body))
            self._advance(len(some))

    async def _post(self, partner: str, body: bytes) -> httpx.Response:
        headers = {
            "x-jicai-partner": partner,
            "x-jicai-key": self._key,
            "content-type": _NDJSON,
            "accept": "application/json",
        }
        for attempt in range(ATTEMPTS):
            await asyncio.sleep(PAUSE * attempt)
            try:
                response = await self._client.post("/v1/messages", content=body, headers=headers)
            except httpx.TransportError:
                continue
            if response.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                return response
        raise Unavailable(f"{partner}: no answer after {ATTEMPTS} attempts")

    def _book(self, some: Sequence[Said], response: httpx.Response) -> None:
        rows = [row for row in response.content.splitlines() if row]
        if len(rows) != len(some):
            self.surprises.append(
                f"{some[0].partner}: HTTP {response.status_code} {response.text[:300]}"
            )
            return
        for each, row in zip(some, rows, strict=True):
            answer = orjson.loads(row)
            if answer.get("verdict") in ("accepted", "duplicate"):
                self.accepted.add(each.id)
            else:
                self.surprises.append(f"{each.type} {each.number}: {str(answer)[:400]}")


def _slices(lane: Sequence[Said]) -> Iterator[Sequence[Said]]:
    for at in range(0, len(lane), TOGETHER):
        yield lane[at : at + TOGETHER]
