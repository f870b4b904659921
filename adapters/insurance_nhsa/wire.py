"""The dialect's tables: fields with length, scale and necessity, as public clients transcribe them.

Quantities are decimals of 16 digits with 4 places (2 in a stock count), prices 16 with 6; both travel as
strings here, never as JSON numbers. Dates are yyyy-MM-dd, times yyyy-MM-dd HH:mm:ss.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from schemas.issues import Issue, issue

Kind = Literal["text", "date", "time", "price", "quantity", "count", "list"]
INPUT_LIMIT: Final = 40_000
"""Characters that `input` may have."""
DECIMAL_DIGITS: Final = 16

STOCK_COUNT: Final = "3501"
SALE: Final = "3505"
MAPPING: Final = "3301"
MAPPING_REVOKED: Final = "3302"
HOLD: Final = "JC01"
RESUME: Final = "JC02"
WARNING: Final = "JC03"
WARNING_LIFTED: Final = "JC04"

SUCCESS: Final = "0"
FAILURE: Final = "-1"
ALREADY: Final = "3299"
"""Ours: the same fixmedins_bchno (or notice number) with the same content was recorded before."""
RECORDED: Final = "1"
"""output.result.retRslt of the second level of success."""


@dataclass(frozen=True, slots=True)
class Field:
    """One row of a table. `length` is characters of a text; the scales follow from the kind."""

    name: str
    length: int = 0
    kind: Kind = "text"
    required: bool = True


def _optional(name: str, length: int = 0, kind: Kind = "text") -> Field:
    return Field(name, length, kind, required=False)


ENVELOPE: Final = (
    Field("infno", 6),
    Field("msgid", 30),
    Field("mdtrtarea_admvs", 6),
    _optional("insuplc_admdvs", 6),
    Field("recer_sys_code", 10),
    _optional("dev_no", 100),
    _optional("dev_safe_info", 2000),
    _optional("cainfo", 1024),
    _optional("signtype", 10),
    Field("infver", 6),
    Field("opter_type", 3),
    Field("opter", 30),
    Field("opter_name", 50),
    Field("inf_time", kind="time"),
    Field("fixmedins_code", 12),
    Field("fixmedins_name", 200),
    _optional("sign_no", 30),
)
_GOODS: Final = (
    Field("med_list_codg", 50),
    Field("fixmedins_hilist_id", 30),
    Field("fixmedins_hilist_name", 200),
    Field("fixmedins_bchno", 30),
)
_TRACE_LIST: Final = _optional("drugtracinfo", kind="list")
COUNT_FIELDS: Final = (
    *_GOODS,
    Field("rx_flag", 3),
    Field("invdate", kind="date"),
    Field("inv_cnt", kind="count"),
    Field("manu_lotnum", 30),
    Field("manu_date", kind="date"),
    Field("expy_end", kind="date"),
    _optional("memo", 500),
    _TRACE_LIST,
)
# Certificates, insured person and settlement are optional in the newest reading; the canonical language
# carries no person, so those are never sent.
SALE_FIELDS: Final = (
    *_GOODS,
    Field("prsc_dr_name", 50),
    Field("phar_name", 50),
    _optional("phar_prac_cert_no", 50),
    _optional("hi_feesetl_type", 6),
    Field("mdtrt_sn", 30),
    Field("manu_lotnum", 30),
    Field("manu_date", kind="date"),
    _optional("expy_end", kind="date"),
    Field("rx_flag", 3),
    Field("trdn_flag", 3),
    _optional("finl_trns_pric", kind="price"),
    _optional("rxno", 40),
    Field("rtal_docno", 40),
    Field("sel_retn_cnt", kind="quantity"),
    Field("sel_retn_time", kind="time"),
    Field("sel_retn_opter_name", 50),
    _optional("memo", 500),
    _optional("mdtrt_setl_type", 6),
    _TRACE_LIST,
)
MAPPING_FIELDS: Final = (
    Field("fixmedins_hilist_id", 30),
    Field("fixmedins_hilist_name", 200),
    Field("list_type", 30),
    Field("med_list_codg", 50),
    Field("begndate", kind="date"),
    Field("enddate", kind="date"),
    _optional("spec", 200),
    _optional("memo", 500),
)
REVOCATION_FIELDS: Final = (
    Field("fixmedins_code", 12),
    Field("fixmedins_hilist_id", 30),
    Field("list_type", 30),
    Field("med_list_codg", 50),
)
TRACE_FIELDS: Final = (Field("drug_trac_codg", 100),)
_NOTICE: Final = (
    Field("notice_no", 32),
    Field("fixmedins_code", 12),
    Field("drug_code", 64),
    Field("drug_name", 200),
    Field("admdvs", 6),
    Field("batch_no", 200),
    Field("rule", 200),
    Field("clauses", kind="list"),
    Field("causes", kind="list"),
    _optional("arithmetic", kind="list"),
)
_PROGRESS: Final = (
    Field("period", 7),
    Field("accepted_cnt", kind="quantity"),
    Field("task_cnt", kind="quantity"),
    Field("completion", 200),
    _optional("replaced_no", 32),
)
HOLD_FIELDS: Final = (*_NOTICE, *_PROGRESS, Field("hold_id", 32), Field("held_from", kind="date"))
RESUME_FIELDS: Final = (*_NOTICE, Field("hold_id", 32), Field("resumed_on", kind="date"))
WARNING_FIELDS: Final = (*_NOTICE, *_PROGRESS, Field("warned_on", kind="date"))
LIFTED_FIELDS: Final = (
    *_NOTICE,
    Field("period", 7),
    Field("completion", 200),
    Field("ended_no", 32),
    Field("lifted_on", kind="date"),
)
NODES: Final[Mapping[str, tuple[str, tuple[Field, ...]]]] = {
    STOCK_COUNT: ("invinfo", COUNT_FIELDS),
    SALE: ("selinfo", SALE_FIELDS),
    MAPPING: ("data", MAPPING_FIELDS),
    MAPPING_REVOKED: ("data", REVOCATION_FIELDS),
    HOLD: ("data", HOLD_FIELDS),
    RESUME: ("data", RESUME_FIELDS),
    WARNING: ("data", WARNING_FIELDS),
    WARNING_LIFTED: ("data", LIFTED_FIELDS),
}
LISTED: Final = frozenset({MAPPING})
"""Transactions whose node is an array; ours has one element, so that each mapping has its own answer."""
_SCALES: Final[Mapping[str, int]] = {"price": 6, "quantity": 4, "count": 2}
_FORMATS: Final = {"date": "%Y-%m-%d", "time": "%Y-%m-%d %H:%M:%S"}
_DECIMAL: Final = re.compile(r"-?([0-9]{1,16})\.([0-9]{1,16})")
_SHAPES: Final = {
    "date": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    "time": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}"),
}


def check(record: Mapping[str, Any], fields: Sequence[Field], path: str) -> list[Issue]:
    """Return what a record breaks of its table: necessity, type, length, scale, date."""
    found: list[Issue] = []
    for field in fields:
        value = record.get(field.name)
        at = f"{path}.{field.name}" if path else field.name
        if value is None or value == "":
            if field.required:
                found.append(issue("field.required", at))
            continue
        found += _check_value(value, field, at)
    known = {field.name for field in fields}
    found += [issue("field.unknown", f"{path}.{name}") for name in record if name not in known]
    return found


def _check_value(value: Any, field: Field, at: str) -> list[Issue]:
    if field.kind == "list":
        return [] if isinstance(value, list) and value else [_wrong(at, "a list")]
    if not isinstance(value, str):
        is_number = isinstance(value, int | float) and field.kind in _SCALES
        return [issue("money.number", at) if is_number else _wrong(at, "a string")]
    if field.kind in _SCALES:
        return _check_decimal(value, _SCALES[field.kind], at)
    if field.kind in _SHAPES:
        return (
            [] if _is_moment(value, field.kind) else [issue("date.invalid", at, detail=value[:40])]
        )
    if len(value) > field.length:
        return [issue("field.range", at, detail=f"{len(value)} > {field.length}")]
    return []


def _check_decimal(value: str, scale: int, at: str) -> list[Issue]:
    found = _DECIMAL.fullmatch(value)
    if found is None:
        return [_wrong(at, "a decimal")]
    whole, places = found.groups()
    if len(places) > scale:
        return [issue("money.scale", at, scale=scale)]
    if len(whole) > DECIMAL_DIGITS - scale:
        return [issue("field.range", at, detail=f"{DECIMAL_DIGITS},{scale}")]
    return []


def _is_moment(value: str, kind: str) -> bool:
    if _SHAPES[kind].fullmatch(value) is None:
        return False
    try:
        datetime.strptime(value, _FORMATS[kind])  # noqa: DTZ007 - only whether it exists
    except ValueError:
        return False
    return True


def _wrong(at: str, expected: str) -> Issue:
    return issue("field.format", at, detail=f"{expected} is expected")
