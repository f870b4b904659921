"""差错: every error as one JSON shape, `{"error": {"code", "zh", "en"}}`. No payloads, no stack traces.

Refused        its own status (401, 403, 404, 408, 413, 415)
Unavailable    503 with Retry-After: nothing was written, send the same again
Rejected       422
anything else  500; the log has its kind, the caller has not
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import orjson
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.errors import Refused, Rejected, Unavailable
from gateway.intake.answers import JSON
from gateway.log_events import INTAKE_FAILED, INTAKE_REFUSED, log

RETRY_AFTER: Final = 2
"""Seconds after which a partner may try again when the journal was unavailable."""

_SENTENCES: Final[dict[int, tuple[str, str, str]]] = {
    400: ("request.malformed", "请求有误", "The request is malformed"),
    401: ("auth.missing", "需要认证", "Authentication is required"),
    403: ("request.forbidden", "无权访问", "Not allowed"),
    404: ("request.not_found", "没有此资源", "There is no such resource"),
    405: ("request.method", "不支持此方法", "The method is not allowed here"),
    413: ("body.too_large", "报文超过上限", "The body is too large"),
    415: ("body.media_type", "不支持此内容类型", "The media type is not supported"),
    422: ("request.invalid", "参数有误", "A parameter is not valid"),
    503: (
        "gateway.unavailable",
        "暂时不可用,请稍后重发",
        "Temporarily unavailable, send again later",
    ),
}
_FAILED: Final = (
    "gateway.failed",
    "网关内部错误",
    "The gateway failed; the message was not accepted",
)


def error_body(code: str, zh: str, en: str) -> dict[str, dict[str, str]]:
    """Return the one shape of errors."""
    return {"error": {"code": code, "zh": zh, "en": en}}


def error_response(
    status: int, code: str, zh: str, en: str, headers: Mapping[str, str] | None = None
) -> Response:
    """Return an error as a response."""
    content = orjson.dumps(error_body(code, zh, en))
    return Response(content, status, headers=dict(headers or {}), media_type=JSON)


def refused(seen: Refused) -> Response:
    """Return the response to a refusal, and log that it happened."""
    log(INTAKE_REFUSED, refusal=seen.code)
    challenge = {"WWW-Authenticate": "Jicai"} if seen.status == HTTPStatus.UNAUTHORIZED else None
    return error_response(seen.status, seen.code, seen.zh, seen.en, challenge)


def sentences(seen: Refused | Unavailable) -> tuple[str, str, str]:
    """Return code, Chinese and English sentence of what ended a stream."""
    return (seen.code, seen.zh, seen.en) if isinstance(seen, Refused) else _SENTENCES[503]


def rejected(seen: Rejected) -> Response:
    """Return 422 in the one shape, with every issue."""
    first = seen.issues[0]
    told: dict[str, Any] = {"code": first.code, "zh": first.zh, "en": first.en}
    told["issues"] = [one.as_dict() for one in seen.issues]
    return Response(orjson.dumps({"error": told}), 422, media_type=JSON)


def unavailable(seen: Unavailable) -> Response:
    """Return 503: nothing was written, the same request may succeed later."""
    log(INTAKE_FAILED, failure=type(seen).__name__)
    return error_response(503, *_SENTENCES[503], {"Retry-After": str(RETRY_AFTER)})


def failed(seen: BaseException) -> Response:
    """Return 500, and log the kind of what happened; its text may hold a payload."""
    log(INTAKE_FAILED, failure=type(seen).__name__)
    return error_response(500, *_FAILED)


def response_to(seen: Exception) -> Response:
    """Return the response to whatever a handler raised."""
    match seen:
        case Refused():
            return refused(seen)
        case Unavailable():
            return unavailable(seen)
        case Rejected():
            return rejected(seen)
        case HTTPException():
            sentences = _SENTENCES.get(seen.status_code) or (
                f"http.{seen.status_code}",
                "请求未能处理",
                HTTPStatus(seen.status_code).phrase,
            )
            return error_response(seen.status_code, *sentences, seen.headers)
        case RequestValidationError():
            code, zh, en = _SENTENCES[422]
            places = ", ".join(".".join(map(str, each["loc"])) for each in seen.errors())
            return error_response(422, code, f"{zh}:{places}", f"{en}: {places}")
    return failed(seen)


def handle_errors(app: FastAPI) -> None:
    """Make an application answer every error in the one shape."""

    async def answer(_request: Request, seen: Exception) -> Response:
        return response_to(seen)

    kinds: tuple[Any, ...] = (Refused, Unavailable, Rejected, HTTPException, RequestValidationError)
    for kind in kinds:
        app.add_exception_handler(kind, answer)
    app.add_middleware(Unfailing)


class Unfailing:
    """Outermost: what nobody expected becomes a 500 in the one shape, and no trace leaves the program."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; answer 500 when it fails before its answer has begun."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as seen:  # noqa: BLE001 - the last door: nothing may pass it
            answer = failed(seen)
            if begun:  # the status is out: only breaking off can tell the caller
                raise ConnectionAbortedError("the answer broke off") from None
            await answer(scope, receive, send)
