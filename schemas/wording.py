"""措辞: what pydantic finds wrong with a field, in Chinese with an example; its own English stands beside it.

Who reads an answer often does not read a regular expression: a pattern is told by what it stands for.
"""

from __future__ import annotations

from typing import Any, Final

from pydantic_core import ErrorDetails

from schemas.canonical import DATE_PATTERN, INSTANT_PATTERN
from schemas.codes import (
    ENTERPRISE_PATTERN,
    INSTITUTION_PATTERN,
    REGION_PATTERN,
    TRACE_CODE_PATTERN,
    UNIFIED_CODE_PATTERN,
)
from schemas.ledger import AMOUNT_PATTERN, SHARE_PATTERN
from schemas.money import PRICE_PATTERN, QUANTITY_PATTERN, SUM_PATTERN
from schemas.party import MONTH_PATTERN, PARTY_PATTERN
from schemas.prepayment import QUARTER_PATTERN
from schemas.prepayment import YEAR_PATTERN as ANY_YEAR_PATTERN
from schemas.prescribing import DOCTOR_PATTERN
from schemas.purchase import TOTAL_PERIOD_PATTERN
from schemas.volume import PERIOD_PATTERN, YEAR_PATTERN

_YEAR: Final = '四位年份,如 "2026"'
PATTERNS: Final = {
    PRICE_PATTERN: '单价文字,六位小数,如 "1.230000"',
    QUANTITY_PATTERN: '数量文字,四位小数,不为负,如 "10.0000"',
    SUM_PATTERN: '金额文字,两位小数,如 "12.30"',
    AMOUNT_PATTERN: '金额文字,两位小数,不为负,如 "12.30"',
    SHARE_PATTERN: '0 至 1 的比例文字,如 "0.30"',
    DATE_PATTERN: '日期,如 "2026-01-31"',
    INSTANT_PATTERN: '带时区的时刻,如 "2026-01-31T09:00:00+08:00"',
    REGION_PATTERN: '六位行政区划代码,如 "530000"',
    INSTITUTION_PATTERN: "H 或 P 加 11 位数字的定点机构编码",
    ENTERPRISE_PATTERN: "18 位统一社会信用代码",
    PARTY_PATTERN: "定点机构编码(H 或 P 加 11 位数字)或 18 位统一社会信用代码",
    UNIFIED_CODE_PATTERN: "3 至 40 位统一编码(大写字母、数字、点、横线)",
    TRACE_CODE_PATTERN: "追溯码(20 位数字,或 GS1 标识)",
    MONTH_PATTERN: '月份,如 "2026-01"',
    QUARTER_PATTERN: '季度,如 "2026-Q1"',
    PERIOD_PATTERN: '月份或季度,如 "2026-01"、"2026-Q1"',
    TOTAL_PERIOD_PATTERN: '年份或月份,如 "2026"、"2026-01"',
    YEAR_PATTERN: _YEAR,
    ANY_YEAR_PATTERN: _YEAR,
    DOCTOR_PATTERN: "医师假名(p 加 16 至 64 位十六进制)",
    r"^[0-9a-f]{32}$": "网关给出的报文编号(32 位十六进制),即应答中的 id",
}
"""What a pattern stands for, in words after 应为."""
_TYPES: Final = {
    "string_type": "应为文字(加引号)",
    "int_type": "应为整数",
    "bool_type": "应为 true 或 false",
    "tuple_type": "应为列表",
    "list_type": "应为列表",
    "model_type": "应为对象",
    "dict_type": "应为对象",
    "value_error": "没有这一天或这一时刻",
}
_BOUNDS: Final = {
    "greater_than_equal": "不得小于 {ge}",
    "greater_than": "须大于 {gt}",
    "less_than_equal": "不得大于 {le}",
    "less_than": "须小于 {lt}",
    "too_short": "至少 {min_length} 项,现有 {actual_length} 项",
    "too_long": "至多 {max_length} 项,现有 {actual_length} 项",
    "string_too_short": "至少 {min_length} 个字符",
    "string_too_long": "至多 {max_length} 个字符",
}


def in_chinese(found: ErrorDetails) -> str:
    """Return what is wrong in Chinese; pydantic's own words where there are none of ours."""
    kind, context = found["type"], found.get("ctx", {})
    if kind in {"enum", "literal_error"}:
        return f"应为 {str(context.get('expected', '')).replace(' or ', '、')} 之一"
    if kind == "string_pattern_mismatch":
        return _pattern(str(context.get("pattern", "")))
    if kind in _BOUNDS:
        return _bound(_BOUNDS[kind], context, found["msg"])
    return _TYPES.get(kind, found["msg"])


def _pattern(pattern: str) -> str:
    known = PATTERNS.get(pattern)
    if known is not None:
        return f"应为{known}"
    return "含控制字符" if r"\x00" in pattern else f"应符合 {pattern}"


def _bound(words: str, context: dict[str, Any], otherwise: str) -> str:
    try:
        return words.format(**context)
    except KeyError:
        return otherwise
