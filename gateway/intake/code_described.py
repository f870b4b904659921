"""编码接口说明: the OpenAPI description of the questions about codes, with examples."""

from __future__ import annotations

from typing import Any, Final

from gateway.intake.described import REFUSALS, SECURITY, error_example
from gateway.intake.shapes import TEXT

_OPERATORS: Final[dict[str, list[str]]] = {"operators": []}
SECURITY_SCHEMES: Final = {
    "operators": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Admin-Key",
        "description": "运维密钥: may name any partner",
    }
}
_WRONG: Final = error_example(
    "问题有误 something is wrong with the question; all of it is listed in `issues`",
    "field.required",
    "缺少必填字段",
    "A required field is missing",
)
_TRANSLATING: Final = {
    "partner": "his-a",
    "kind": "product",
    "on": "2026-03-01",
    "codes": ["YP0099", "YP0100", "YP0101"],
}
_TRANSLATED: Final = {
    "partner": "his-a",
    "kind": "product",
    "on": "2026-03-01",
    "results": [
        {"code": "YP0099", "unified_code": "XA01AAA001A001010100001"},
        {"code": "YP0100", "reason": "unknown"},
        {"code": "YP0101", "relation": "none", "reason": "refused", "because": "院内制剂"},
    ],
}
_READING: Final = {"code_type": "drug_standard_code_86", "codes": ["86904879000126"]}
_VALIDATED: Final = {"results": [{"code": "86904879000126", "verdict": "valid"}]}
_PARSED: Final = {
    "results": [
        {
            "code": "86904879000126",
            "verdict": "valid",
            "code_type": "drug_standard_code_86",
            "parts": {"prefix": "86", "enterprise": "04879"},
        }
    ],
    "meanings": {"drug_standard_code_86": {"enterprise": {"zh": "企业", "en": "enterprise"}}},
}


def _question(operation_id: str, summary: str, asked: Any, told: Any) -> dict[str, Any]:
    body = {"application/json": {"schema": {"type": "object"}, "example": asked}}
    return {
        "operation_id": operation_id,
        "summary": summary,
        "responses": {
            200: {
                "description": "一一对应 one entry per code, in order",
                "content": {"application/json": {"schema": {"type": "object"}, "example": told}},
            },
            **REFUSALS,
            422: _WRONG,
        },
        "openapi_extra": {
            "security": [*SECURITY, _OPERATORS],
            "requestBody": {"required": True, "content": body},
        },
    }


TRANSLATE: Final = _question(
    "translateCodes", "编码对照 what codes mean on a day", _TRANSLATING, _TRANSLATED
)
VALIDATE: Final = _question(
    "validateCodes", "编码校验 whether codes keep to their system", _READING, _VALIDATED
)
PARSE: Final = _question("parseCodes", "编码拆解 what codes are made of", _READING, _PARSED)
SYSTEMS: Final[dict[str, Any]] = {
    "operation_id": "listCodeSystems",
    "summary": "编码体系 the code types",
    "responses": {200: {"description": "code types with URI, lengths, source"}, **REFUSALS},
    "openapi_extra": {"security": [*SECURITY, _OPERATORS]},
}
_FHIR: Final = "application/fhir+json"
_OUTCOME: Final = {_FHIR: {"schema": {"type": "object", "description": "OperationOutcome"}}}


def _operation(name: str, summary: str, *parameters: str) -> dict[str, Any]:
    return {
        "operation_id": name,
        "summary": summary,
        "responses": {
            200: {"description": "Parameters", "content": {_FHIR: {"schema": {"type": "object"}}}},
            400: {"description": "参数有误 a parameter is wrong", "content": _OUTCOME},
            401: {"description": "认证未通过 not authenticated", "content": _OUTCOME},
            403: {"description": "非本方编码 another partner's codes", "content": _OUTCOME},
            404: {"description": "没有此体系或编码 no such system or code", "content": _OUTCOME},
        },
        "openapi_extra": {
            "security": [*SECURITY, _OPERATORS],
            "parameters": [
                {"name": each, "in": "query", "required": False, "schema": TEXT}
                for each in parameters
            ],
        },
    }


def _posted(name: str, summary: str) -> dict[str, Any]:
    told = _operation(name, summary)
    told["openapi_extra"]["requestBody"] = {
        "required": True,
        "content": {_FHIR: {"schema": {"type": "object", "description": "Parameters"}}},
    }
    return told


_LOOKUP = "编码释义 what a code is made of"
_VALID = "编码校验 whether a code is valid"
_MEANING = "编码对照 what a code means as of a date"
FHIR: Final[dict[str, tuple[dict[str, Any], dict[str, Any]]]] = {
    "/CodeSystem/$lookup": (
        _operation("fhirLookup", _LOOKUP, "system", "code", "date"),
        _posted("fhirLookupPosted", _LOOKUP),
    ),
    "/CodeSystem/$validate-code": (
        _operation("fhirValidateCode", _VALID, "url", "code", "display", "date"),
        _posted("fhirValidateCodePosted", _VALID),
    ),
    "/ConceptMap/$translate": (
        _operation(
            "fhirTranslate",
            _MEANING,
            "system",
            "code",
            "targetsystem",
            "reverse",
            "date",
            "known-at",
        ),
        _posted("fhirTranslatePosted", _MEANING),
    ),
}
METADATA: Final[dict[str, Any]] = {
    "operation_id": "fhirCapability",
    "summary": "能力声明 the CapabilityStatement; public",
    "responses": {200: {"description": "CapabilityStatement", "content": {_FHIR: {}}}},
}
