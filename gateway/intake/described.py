"""接口说明: the OpenAPI description of the partner API: shapes, examples, errors, ways of authentication.

The handlers take plain requests, so what they take and give is written down here; the journeys' tests
hold the examples against real answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fastapi import FastAPI

from gateway.intake import canonical, signing
from gateway.intake.answers import NDJSON
from gateway.intake.shapes import (
    ANSWER,
    EXAMPLE_EVENT,
    REJECTED,
    SCHEMAS,
    TEXT,
    array,
    ref,
)

DESCRIPTION: Final = """
一次接收,永久留痕:应答 `accepted` 表示报文已与其标准形式、去重键一并落库。
Accepted means durable: the message, its canonical form and its dedupe key were committed together.

重复发送同一编号、同一内容,得到首次的应答;同一编号、不同内容为冲突(409),原报文不变。
The same id with the same content gets the first answer again; with other content it is a conflict (409).

签名 signature: `X-Jicai-Signature: hmac-sha256=<hex>` (或 or `hmac-sm3`) over six lines joined by LF:
method, path?query as sent, X-Jicai-Message-Id (may be empty), X-Jicai-Timestamp (unix seconds),
X-Jicai-Nonce (8-64 characters A-Z a-z 0-9 _ -), X-Jicai-Content-Digest (`sha-256=<hex>` or `sm3=<hex>` of
the body as sent). A nonce is good once; after 503 the same request may be sent again.
With a signature, a binary-mode event needs X-Jicai-Message-Id equal to its ce-id.
"""


def _json(name: str, example: Any = None) -> dict[str, Any]:
    shown: dict[str, Any] = {"schema": ref(name)}
    if example is not None:
        shown["example"] = example
    return {"application/json": shown}


def error_example(description: str, code: str, zh: str, en: str) -> dict[str, Any]:
    """Return a response of the one shape of errors, with an example."""
    example = {"error": {"code": code, "zh": zh, "en": en}}
    return {"description": description, "content": _json("Error", example)}


REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    401: error_example(
        "认证未通过 not authenticated: auth.missing, auth.unknown, auth.signature, auth.window, "
        "auth.replayed, auth.digest, auth.algorithm, auth.message_id",
        "auth.signature",
        "签名无效",
        "The signature is not valid",
    ),
}
_BODY_REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    400: error_example(
        "报文体不完整 the body broke off or is not valid gzip",
        "body.incomplete",
        "报文体不完整",
        "The body broke off",
    ),
    **REFUSALS,
    408: error_example(
        "发送过慢 too slow", "body.timeout", "报文体发送超时", "The body came too slowly"
    ),
    413: error_example(
        "过大 too large, also after decompression",
        "body.too_large",
        "报文超过上限 16777216 字节",
        "The body is larger than the limit of 16777216 bytes",
    ),
    415: error_example(
        "内容类型或压缩方式不支持 media type, charset or compression",
        "body.compression_unknown",
        "仅支持 gzip 压缩",
        "Only gzip is accepted as Content-Encoding",
    ),
    503: {
        **error_example(
            "未写入,可原样重发 nothing was written, send the same again",
            "gateway.unavailable",
            "暂时不可用,请稍后重发",
            "Temporarily unavailable, send again later",
        ),
        "headers": {"Retry-After": {"schema": {"type": "integer"}}},
    },
}
_ONE_OR_MANY: Final = {
    "application/json": {
        "schema": {"anyOf": [ref("Answer"), ref("BatchAnswer")]},
        "examples": {
            "single": {"value": ANSWER},
            "batch": {
                "value": {
                    "accepted": 1,
                    "duplicates": 0,
                    "held": 0,
                    "rejected": 0,
                    "conflicts": 0,
                    "results": [ANSWER],
                }
            },
        },
    },
    NDJSON: {
        "schema": {**TEXT, "description": "one Answer with its `line` per line, in order"},
    },
}
_RESULTS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "全部接收、重复或挂起 all accepted, duplicates or held",
        "content": _ONE_OR_MANY,
    },
    207: {
        "description": "部分行被拒收或冲突 some accepted, some rejected or in conflict",
        "content": _ONE_OR_MANY,
    },
    409: {
        "description": "同一编号内容不同 same id, other content; the first one stands",
        "content": _json("Answer"),
    },
    422: {
        "description": "全部拒收,请更正后重发 all rejected, correct and send again",
        "content": _json("Answer", REJECTED),
    },
    **_BODY_REFUSALS,
}
_HEADERS: Final[list[dict[str, Any]]] = [
    {
        "name": "traceparent",
        "in": "header",
        "required": False,
        "schema": TEXT,
        "description": "W3C Trace Context; travels with the message",
    },
    {
        "name": "Content-Encoding",
        "in": "header",
        "required": False,
        "schema": {"enum": ["gzip", "identity"]},
    },
]
SECURITY: Final[list[dict[str, list[str]]]] = [
    {"partner": [], "key": []},
    {"partner": [], "signature": []},
]
_SECURITY_SCHEMES: Final = {
    "partner": {"type": "apiKey", "in": "header", "name": signing.PARTNER},
    "key": {"type": "apiKey", "in": "header", "name": signing.KEY},
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": signing.SIGNATURE,
        "description": f"with {signing.TIMESTAMP}, {signing.NONCE}, {signing.CONTENT_DIGEST} and, "
        f"where an id is bound, {signing.MESSAGE_ID}",
    },
}

MESSAGES: Final[dict[str, Any]] = {
    "operation_id": "sendMessages",
    "summary": "发送标准报文 send canonical messages (CloudEvents 1.0)",
    "responses": _RESULTS,
    "openapi_extra": {
        "security": SECURITY,
        "parameters": _HEADERS,
        "requestBody": {
            "required": True,
            "content": {
                canonical.STRUCTURED: {"schema": ref("Event"), "example": EXAMPLE_EVENT},
                canonical.BATCH: {"schema": array(ref("Event")), "example": [EXAMPLE_EVENT]},
                canonical.BINARY: {
                    "schema": {
                        "type": "object",
                        "description": "the data; attributes stand in ce-* headers",
                    },
                    "example": EXAMPLE_EVENT["data"],
                },
                NDJSON: {"schema": {**TEXT, "description": "one Event per line, any number"}},
            },
        },
    },
}
DOCUMENTS: Final[dict[str, Any]] = {
    "operation_id": "sendDocument",
    "summary": "按对接方接口原样发送 send a document in the interface's own words",
    "responses": {
        **_RESULTS,
        200: {
            "description": "全部接收、重复或挂起;需要时以接口自身报文应答 all good; answered in the "
            "interface's own words where it asks for that",
            "content": {
                **_ONE_OR_MANY,
                "application/xml": {"schema": TEXT},
                "application/soap+xml": {"schema": TEXT},
            },
        },
        403: error_example(
            "未开通 not configured for this interface",
            "interface.not_yours",
            "该对接方未开通此接口",
            "This partner is not configured for this interface",
        ),
        404: error_example(
            "没有此接口 unknown interface",
            "interface.unknown",
            "没有此接口",
            "There is no such interface",
        ),
    },
    "openapi_extra": {
        "security": SECURITY,
        "parameters": [
            {"name": "interface", "in": "path", "required": True, "schema": TEXT},
            *_HEADERS,
        ],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": {"description": "as its contract says"}},
                NDJSON: {"schema": {**TEXT, "description": "one JSON document per line"}},
                "application/xml": {"schema": TEXT},
                "text/xml": {"schema": TEXT},
                "application/hl7-v2": {"schema": TEXT},
            },
        },
    },
}
MESSAGE: Final[dict[str, Any]] = {
    "operation_id": "messageWay",
    "summary": "报文去向 where a message stands",
    "description": "Only one's own messages and those delivered to one; anything else is 404.",
    "responses": {
        200: {"description": "states and receipts", "content": _json("Way")},
        **REFUSALS,
        404: error_example(
            "没有此报文 no such message",
            "message.unknown",
            "没有此报文",
            "There is no such message",
        ),
    },
    "openapi_extra": {
        "security": SECURITY,
        "parameters": [
            {
                "name": "id",
                "in": "path",
                "required": True,
                "schema": TEXT,
                "description": "canonical id, or the caller's own id of a single message",
            }
        ],
    },
}
INTERFACES: Final[dict[str, Any]] = {
    "operation_id": "listInterfaces",
    "summary": "接口清单 the interfaces, their titles and message types",
    "responses": {200: {"description": "public", "content": _json("Interfaces")}},
}


def describe(app: FastAPI, more_schemes: Mapping[str, Any]) -> None:
    """Add the shapes and the ways of authentication to the application's OpenAPI document."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        document = made()
        components = document.setdefault("components", {})
        components["schemas"] = {**components.get("schemas", {}), **SCHEMAS}
        components["securitySchemes"] = {
            **components.get("securitySchemes", {}),
            **_SECURITY_SCHEMES,
            **more_schemes,
        }
        return document

    # FastAPI's documented way to extend the document
    app.openapi = openapi  # type: ignore[method-assign]
