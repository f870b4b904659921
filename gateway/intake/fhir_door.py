"""术语门: the FHIR R4 terminology operations over HTTP. Authentication is that of the code door.

GET|POST /fhir/CodeSystem/$lookup          ?system=…&code=…&date=…
GET|POST /fhir/CodeSystem/$validate-code   ?url=…&code=…&date=…
GET|POST /fhir/ConceptMap/$translate       ?system=…&code=…&targetsystem=…&reverse=…&date=…&known-at=…
GET      /fhir/metadata
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from adapters._kit.json_text import parse as strict_json
from gateway.errors import Refused, Rejected, issue
from gateway.intake import code_described, fhir
from gateway.intake.authentication import Caller
from gateway.intake.code_door import OPERATORS, CodeDoor

FHIR_JSON: Final = "application/fhir+json"
_NOT_FOUND: Final = frozenset({"code.not_found", "code.system_unknown"})
Display = Callable[[Sequence[str]], Awaitable[Mapping[str, str]]]
"""Names of those unified codes that the catalogue knows."""
Operation = Callable[[fhir.Given, Caller], Awaitable[fhir.Resource]]


class FhirDoor:
    """The handlers."""

    def __init__(self, codes: CodeDoor, display: Display) -> None:
        self._codes, self._display = codes, display

    async def lookup(self, given: fhir.Given, _caller: Caller) -> fhir.Resource:
        """What a code is made of."""
        return fhir.lookup(given, await self._names(given))

    async def validate_code(self, given: fhir.Given, _caller: Caller) -> fhir.Resource:
        """Whether a code keeps to its system."""
        return fhir.validate_code(given, await self._names(given))

    async def translate(self, given: fhir.Given, caller: Caller) -> fhir.Resource:
        """What a partner's code means, or how a partner says a unified one."""
        source, target = fhir.sides(given)
        named = source.partner or target.partner
        if caller is not OPERATORS and named != caller.partner.id:
            raise Rejected(issue("code.not_yours", "system", partner=named[:200]))
        return fhir.translate(given, self._codes.crosswalk, self._codes.today())

    async def metadata(self, _request: Request) -> Response:
        """能力声明 what is spoken here; the same for everyone, so it needs no key."""
        return _said(fhir.capability(self._codes.today()))

    async def _names(self, given: fhir.Given) -> Mapping[str, str]:
        code = given.text("code")
        return await self._display([code]) if code else {}

    def over_http(self, operation: Operation) -> Callable[[Request], Awaitable[Response]]:
        """Return the handler of one operation: parameters in, resource out, errors as outcomes."""

        async def handle(request: Request) -> Response:
            try:
                caller = self._codes.caller(request)
                raw = await self._codes.body(request, caller)
                if request.method == "GET":
                    given = fhir.given_in_query(request.query_params.multi_items())
                else:
                    given = fhir.given_in_body(strict_json(raw))
                return _said(await operation(given, caller))
            except Rejected as wrong:
                return _rejected(wrong)
            except Refused as seen:
                kind = "login" if seen.status == 401 else "forbidden"  # noqa: PLR2004 - HTTP's number
                return _said(fhir.outcome(seen.code, seen.zh, seen.en, kind), seen.status)

        return handle


def _rejected(wrong: Rejected) -> Response:
    first = wrong.issues[0]
    if first.code in _NOT_FOUND:
        status, kind = 404, "not-found"
    elif first.code == "code.not_yours":
        status, kind = 403, "forbidden"
    else:
        status, kind = 400, "required" if first.code == "field.required" else "invalid"
    told = fhir.outcome(first.code, f"{first.path}: {first.zh}", first.en, kind)
    return _said(told, status)


def _said(resource: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(resource), status, media_type=FHIR_JSON)


def fhir_router(door: FhirDoor) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/fhir", tags=["术语 terminology (FHIR R4)"])
    for path, operation in (
        ("/CodeSystem/$lookup", door.lookup),
        ("/CodeSystem/$validate-code", door.validate_code),
        ("/ConceptMap/$translate", door.translate),
    ):
        queried, posted = code_described.FHIR[path]
        handler = door.over_http(operation)
        router.add_api_route(path, handler, methods=["GET"], **queried)
        router.add_api_route(path, handler, methods=["POST"], **posted)
    router.add_api_route("/metadata", door.metadata, methods=["GET"], **code_described.METADATA)
    return router
