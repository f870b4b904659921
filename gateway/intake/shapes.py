"""报文形状: the JSON shapes of the partner API, for its OpenAPI document, with examples."""

from __future__ import annotations

from typing import Any, Final

from gateway.intake import canonical

_EVENT_ID: Final = "PO-20260301-000001"
EXAMPLE_EVENT: Final[dict[str, Any]] = {
    "specversion": "1.0",
    "id": _EVENT_ID,
    "source": "urn:jicai:partner:example-hospital",
    "type": "cn.jicai.order.placed.v1",
    "time": "2026-03-01T09:30:00+08:00",
    "datacontenttype": "application/json",
    "data": {
        "msg_id": _EVENT_ID,
        "order_no": "DD202603010001",
        "institution_local": "H-EXAMPLE-01",
        "distributor_local": "D-EXAMPLE-01",
        "placed_at": "2026-03-01T09:30:00+08:00",
        "lines": [
            {
                "line_no": 1,
                "local_code": "YP0001",
                "quantity": "100.0000",
                "unit_price": "1.230000",
                "amount": "123.00",
            }
        ],
        "total": "123.00",
    },
}
_LINE: Final[dict[str, Any]] = {
    "line": 1,
    "state": "accepted",
    "id": "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
}
_ISSUE: Final[dict[str, Any]] = {
    "path": "lines[0].amount",
    "code": "money.number",
    "zh": "金额与数量须为字符串,不得为 JSON 数字",
    "en": "Money and quantities are strings, never JSON numbers",
}
ANSWER: Final[dict[str, Any]] = {
    "verdict": "accepted",
    "message_id": _EVENT_ID,
    "id": _LINE["id"],
    "accepted": 1,
    "duplicates": 0,
    "held": 0,
    "rejected": 0,
    "lines": [_LINE],
}
REJECTED: Final[dict[str, Any]] = {
    **ANSWER,
    "verdict": "rejected",
    "accepted": 0,
    "rejected": 1,
    "lines": [{"line": 1, "state": "rejected", "id": "", "issues": [_ISSUE]}],
}


def _object(properties: dict[str, Any], *, optional: tuple[str, ...] = ()) -> dict[str, Any]:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required}


def ref(name: str) -> dict[str, str]:
    """Return a reference to one of SCHEMAS."""
    return {"$ref": f"#/components/schemas/{name}"}


def array(items: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a list."""
    return {"type": "array", "items": items}


TEXT: Final = {"type": "string"}
_COUNT: Final = {"type": "integer", "minimum": 0}
_COUNTS: Final = dict.fromkeys(("accepted", "duplicates", "held", "rejected"), _COUNT)

SCHEMAS: Final[dict[str, Any]] = {
    "Event": {
        **_object(
            {
                "specversion": {"const": "1.0"},
                "id": {
                    **TEXT,
                    "minLength": 1,
                    "maxLength": canonical.ID_LENGTH,
                    "description": "报文编号: the sender's own; the key of deduplication",
                },
                "type": {**TEXT, "enum": list(canonical.CANONICAL.says)},
                "source": {
                    **TEXT,
                    "format": "uri-reference",
                    "description": "kept with the raw bytes; the canonical source is the partner",
                },
                "time": {**TEXT, "format": "date-time"},
                "subject": TEXT,
                "datacontenttype": {"const": "application/json"},
                "correlationid": TEXT,
                "data": {"type": "object", "description": "contracts/messages/*.schema.json"},
            },
            optional=("source", "time", "subject", "datacontenttype", "correlationid"),
        ),
        "additionalProperties": {"description": "CloudEvents extension attributes"},
    },
    "Issue": _object(
        {
            "path": {**TEXT, "description": "where, e.g. lines[2].quantity; empty: the document"},
            "code": {**TEXT, "description": "stable, for machines"},
            "zh": TEXT,
            "en": TEXT,
            "line": {"type": "integer"},
        },
        optional=("line",),
    ),
    "Line": _object(
        {
            "line": {"type": "integer", "minimum": 1},
            "state": {"enum": ["accepted", "duplicate", "held", "rejected"]},
            "id": {**TEXT, "description": "canonical id; empty for a rejected line"},
            "issues": array(ref("Issue")),
        },
        optional=("issues",),
    ),
    "Answer": _object(
        {
            "verdict": {"enum": ["accepted", "partial", "duplicate", "rejected", "conflict"]},
            "message_id": {**TEXT, "description": "报文编号; empty when it could not be read"},
            "id": TEXT,
            **_COUNTS,
            "lines": array(ref("Line")),
            "issues": array(ref("Issue")),
        },
        optional=("issues",),
    ),
    "BatchAnswer": _object(
        {**_COUNTS, "conflicts": _COUNT, "results": array(ref("Answer"))},
    ),
    "Error": _object({"error": _object({"code": TEXT, "zh": TEXT, "en": TEXT})}),
    "Way": _object(
        {
            "id": TEXT,
            "message_id": TEXT,
            "type": TEXT,
            "subject": TEXT,
            "interface": TEXT,
            "place": {**TEXT, "description": "shard-number in the audit chain"},
            "hash": TEXT,
            "states": array(
                _object(
                    {
                        "state": {
                            "enum": [
                                "received",
                                "held",
                                "rejected",
                                "released",
                                "published",
                                "concluded",
                                "delivered",
                            ]
                        },
                        "at": {**TEXT, "description": "RFC 3339; empty when no time is kept"},
                    }
                )
            ),
            "receipts": array(
                _object(
                    {
                        "id": TEXT,
                        "partner": TEXT,
                        "meaning": {"enum": ["delivered", "already", "dead", "discarded"]},
                        "at": TEXT,
                        "place": TEXT,
                        "hash": TEXT,
                    }
                )
            ),
            "issues": {
                **array(ref("Issue")),
                "description": "why a held message was sent back",
            },
            "supersedes": {**TEXT, "description": "更正: id of the message that this one corrects"},
            "superseded_by": {**TEXT, "description": "id of the message that stands in its place"},
        },
        optional=("issues", "supersedes", "superseded_by"),
    ),
    "Interfaces": _object(
        {
            "interfaces": array(
                _object(
                    {
                        "name": TEXT,
                        "title": TEXT,
                        "transport": {"enum": ["http", "mllp"]},
                        "media_types": array(TEXT),
                        "receives": array(TEXT),
                        "delivers": array(TEXT),
                    }
                )
            )
        }
    ),
}
