"""编码门: what partners and operators ask about codes, thousands in one call.

    POST /v1/codes/translate   对照   {partner?, kind, on, known_at?, direction?, detail?, codes: […]}
    POST /v1/codes/validate    校验   {code_type, codes: […]} or {items: [{code_type, code}, …]}
    POST /v1/codes/parse       拆解   the same, answered with the parts
    GET  /v1/codes/systems     编码体系

A partner proves itself as for messages and sees its own codes only; who holds the operators' key names
the partner it asks about.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeVar

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from adapters._kit.json_text import parse as strict_json
from gateway.coding.crosswalk import Crosswalk
from gateway.coding.systems import code_systems
from gateway.intake import answers, code_described
from gateway.intake.authentication import Caller
from gateway.intake.body import read_body
from gateway.intake.code_questions import Entry, Reading, Translating
from gateway.partners import Partner
from schemas.event_types import CHINA

SLICE: Final = 2000
"""Codes that are answered before other requests get their turn."""
BODY_LIMIT: Final = 8 << 20
T = TypeVar("T")
Admit = Callable[[Request], Caller]
OPERATORS: Final = Caller(
    Partner(id="operators", name="运维 operators", interface="canonical", region="000000")
)
"""Stands for whoever holds the operators' key."""


class CodeDoor:
    """The handlers. `admit` authenticates a partner, `is_operator` tells whether the key is shown."""

    def __init__(
        self,
        admit: Admit,
        remember: Callable[[Caller, datetime], None],
        is_operator: Callable[[Request], bool],
        crosswalk: Callable[[], Crosswalk],
        clock: Callable[[], datetime],
        read_timeout: float,
    ) -> None:
        self._admit, self._remember, self._is_operator = admit, remember, is_operator
        self._crosswalk, self._clock, self._timeout = crosswalk, clock, read_timeout

    def caller(self, request: Request) -> Caller:
        """Return who asks: OPERATORS, or the partner that proves itself. Raises Refused."""
        return OPERATORS if self._is_operator(request) else self._admit(request)

    @property
    def crosswalk(self) -> Crosswalk:
        """Return what is believed now."""
        return self._crosswalk()

    def today(self) -> str:
        """Return the day in China."""
        return self._clock().astimezone(CHINA).date().isoformat()

    async def asked(self, request: Request, caller: Caller) -> Any:
        """Return the JSON of the body. Raises Refused, Rejected."""
        raw = await self.body(request, caller)
        return strict_json(raw)

    async def body(self, request: Request, caller: Caller) -> bytes:
        """Return the body, proven to be the one that was signed. Raises Refused."""
        raw = await read_body(request, caller, BODY_LIMIT, self._timeout)
        self._remember(caller, self._clock())
        return raw

    async def translate(self, request: Request) -> Response:
        """对照 translate codes as of a day."""
        caller = self.caller(request)
        asked = await self.asked(request, caller)
        own = "" if caller is OPERATORS else caller.partner.id
        question = Translating.of(asked, own, self.today())
        results = await _in_slices(question.codes, question.answers(self.crosswalk))
        return _said(
            {
                "partner": question.partner,
                "kind": question.kind,
                "on": question.on,
                "results": results,
            }
        )

    async def validate(self, request: Request) -> Response:
        """校验 validate codes of national systems."""
        return await self._read(request, parts=False)

    async def parse(self, request: Request) -> Response:
        """拆解 parse codes into their parts."""
        return await self._read(request, parts=True)

    async def _read(self, request: Request, *, parts: bool) -> Response:
        caller = self.caller(request)
        question = Reading.of(await self.asked(request, caller))
        answer = partial(question.answer, parts=parts)
        results = await _in_slices(question.items, answer)
        if not parts:
            return _said({"results": results})
        return _said({"results": results, "meanings": question.meanings()})

    async def systems(self, request: Request) -> Response:
        """编码体系 the code types, what they are and where that is written."""
        await self.body(request, self.caller(request))
        listed = [
            {
                "code_type": one.name,
                "title": f"{one.title_zh} {one.title_en}",
                "uri": one.uri,
                "lengths": one.lengths,
                "examples": one.examples,
                "source": one.source,
            }
            for one in code_systems().values()
        ]
        return _said({"systems": listed})


async def _in_slices(items: Sequence[T], answer: Callable[[T], Entry]) -> list[Entry]:
    results: list[Entry] = []
    for start in range(0, len(items), SLICE):
        results += [answer(item) for item in items[start : start + SLICE]]
        await asyncio.sleep(0)
    return results


def _said(told: object) -> Response:
    return Response(orjson.dumps(told), media_type=answers.JSON)


def code_router(door: CodeDoor) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/v1/codes", tags=["编码 codes"])
    for path, method, handler, told in (
        ("/translate", "POST", door.translate, code_described.TRANSLATE),
        ("/validate", "POST", door.validate, code_described.VALIDATE),
        ("/parse", "POST", door.parse, code_described.PARSE),
        ("/systems", "GET", door.systems, code_described.SYSTEMS),
    ):
        router.add_api_route(path, handler, methods=[method], **told)
    return router
