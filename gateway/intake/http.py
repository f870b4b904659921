"""HTTP 接入: the partner API as an application. What each route does is in door.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from fastapi_offline import FastAPIOffline
from starlette.requests import Request

from adapters._kit.protocol import Interface
from gateway.flow import Received, Receiving
from gateway.intake import code_described, described
from gateway.intake.code_door import CodeDoor, code_router
from gateway.intake.direct import Direct
from gateway.intake.door import Door, Observed
from gateway.intake.failures import handle_errors
from gateway.intake.fhir_door import Display, FhirDoor, fhir_router
from gateway.partners import Partners
from gateway.ports import Journal
from gateway.settings import Settings

TITLE: Final = "集采互联互通网关 jicai gateway"
VERSION: Final = "1"


class _Lean(APIRoute):
    """A documented route whose handler takes the plain request: nothing is resolved per call."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        return self.endpoint


def _nobody(_request: Request) -> bool:
    """Nobody is an operator."""
    return False


async def _nameless(_codes: Sequence[str]) -> Mapping[str, str]:
    """No code has a name."""
    return {}


def make_app(
    receiving: Receiving,
    journal: Journal,
    partners: Partners,
    interfaces: Mapping[str, Interface],
    settings: Settings,
    clock: Callable[[], datetime],
    *,
    routers: Sequence[APIRouter] = (),
    observed: Observed | None = None,
    is_operator: Callable[[Request], bool] = _nobody,
    display: Display = _nameless,
) -> FastAPI:
    """Return the application; `routers` are other rooms' (health, metrics, admin).

    `is_operator` tells whether a request shows the operators' key, `display` names unified codes.
    `observed` is told (interface, what was received, seconds) after each commit, for the metrics. The
    door stands in `app.state.door`. Raises Misconfigured when a partner's algorithm is missing here.
    """
    door = Door(receiving, journal, partners, interfaces, settings, clock, observed or _unobserved)
    codes = CodeDoor(
        door.admit,
        door.authenticator.remember,
        is_operator,
        lambda: receiving.crosswalk,
        clock,
        settings.read_timeout,
    )
    asked = [code_router(codes), fhir_router(FhirDoor(codes, display))]
    return _application(door, [*asked, *routers])


def api_document() -> dict[str, Any]:
    """Return the partner API's OpenAPI document."""
    # only described, never called: the door needs nothing behind it
    codes = CodeDoor.__new__(CodeDoor)
    terminology = FhirDoor(codes, _nameless)
    asked = [code_router(codes), fhir_router(terminology)]
    return _application(Door.__new__(Door), asked).openapi()


def _application(door: Door, routers: Sequence[APIRouter]) -> FastAPI:
    app: FastAPI = FastAPIOffline(
        title=TITLE,
        version=VERSION,
        description=described.DESCRIPTION,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    api = APIRouter(prefix="/v1", route_class=_Lean, tags=["接入 intake"])
    api.add_api_route("/messages", door.messages, methods=["POST"], **described.MESSAGES)
    api.add_api_route(
        "/interfaces/{interface}/messages", door.documents, methods=["POST"], **described.DOCUMENTS
    )
    api.add_api_route("/messages/{id:path}", door.message, methods=["GET"], **described.MESSAGE)
    api.add_api_route("/interfaces", door.interfaces, methods=["GET"], **described.INTERFACES)
    app.include_router(api)
    for router in routers:
        app.include_router(router)
    app.add_middleware(Direct, messages=door.messages, documents=door.documents)
    handle_errors(app)
    app.state.door = door
    described.describe(app, code_described.SECURITY_SCHEMES)
    return app


def _unobserved(_interface: str, _received: Sequence[Received], _seconds: float) -> None:
    """Nobody counts."""
