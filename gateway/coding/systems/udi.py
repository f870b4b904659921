"""医疗器械唯一标识: reads a UDI of the three issuing bodies (发码机构): device identifier, then production.

GS1: an element string with (01). MA: `MA.156.M0.<registrant>.<product>` and units that begin with a letter.
AHM: only the prefix is known. Source: 医疗器械唯一标识系统规则; MA(IDcode) 编码手册 as told in public answers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from gateway.coding.systems.gs1 import SEPARATOR, as_parsed, day_of, read_elements
from gateway.coding.systems.refusal import CodeRefusal, refusal, shortened
from gateway.coding.systems.system import CodeSystem, ParsedCode, Part, PartMeaning

_NO_PI: Final = (
    "只有产品标识 DI，没有生产标识 PI only the device identifier, no production identifier"
)
_MA_DI: Final = re.compile(r"MA\.([0-9]{3})\.(M[0-9])\.([0-9A-Z]{6})\.([0-9A-Za-z]{1,20})(?=\.|\Z)")
_MA_VALUE: Final = re.compile(r"[!-\-/-~]{1,40}")
_MA_PI_ALONE: Final = re.compile(r"\.?[SLMPEDVY][^.]*(\.[SLMPEDVYC][^.]*)+")
_AHM: Final = re.compile(r"AHM[!-~]{4,200}")


def _meaning(name: str, zh: str, en: str) -> PartMeaning:
    return PartMeaning(name, zh, en)


_ISSUER: Final = _meaning("issuer", "发码机构", "issuing body")
_DI: Final = (
    _meaning("country", "国家代码", "country"),
    _meaning("industry", "行业代码", "industry"),
    _meaning("registrant", "注册人代码", "registrant"),
    _meaning("product", "产品编码（包装、项目、校验）", "product: package, item, check"),
)
_MA_UNITS: Final[Mapping[str, PartMeaning]] = {
    "S": _meaning("serial", "序列号", "serial number"),
    "L": _meaning("lot", "生产批号", "lot"),
    "M": _meaning("production_date", "生产日期", "production date"),
    "P": _meaning("production_date_p", "生产日期（旧写法）", "production date, older letter"),
    "E": _meaning("expiry", "失效日期", "expiry date"),
    "V": _meaning("valid_until", "有效期", "valid until"),
    "D": _meaning("sterilisation_lot", "灭菌批号", "sterilisation lot"),
    "Y": _meaning("insurance_code", "医保编码", "insurance code"),
    "C": _meaning("check", "校验码（不校验）", "check character, not verified"),
}
_MA_DATES: Final = frozenset("MPEV")
_AHM_WHOLE: Final = _meaning(
    "identifier", "AHM 标识（结构未公开）", "identifier, structure not public"
)


def read_udi(system: CodeSystem, code: str, on: str) -> ParsedCode | CodeRefusal:
    """Return the identifiers of a device, or why it is no UDI; production identifiers alone are refused."""
    if code.startswith("MA."):
        return _ma(system, code, on)
    if code.startswith("AHM"):
        return _ahm(system, code)
    if code.startswith(("(", "]", SEPARATOR, "01")) or _is_elements(system, code):
        return _gs1(system, code, on)
    reason = "udi.no_di" if _MA_PI_ALONE.fullmatch(code) else "udi.issuer"
    return refusal(system.name, code, reason)


def _is_elements(system: CodeSystem, code: str) -> bool:
    return isinstance(read_elements(system.name, code), tuple)


def _gs1(system: CodeSystem, code: str, on: str) -> ParsedCode | CodeRefusal:
    elements = read_elements(system.name, code, on)
    if isinstance(elements, CodeRefusal):
        return elements
    if all(each.identifier.ai != "01" for each in elements):
        return refusal(system.name, code, "udi.no_di")
    more = () if len(elements) > 1 else (_NO_PI,)
    return as_parsed(system.name, code, elements, *more)


def _ahm(system: CodeSystem, code: str) -> ParsedCode | CodeRefusal:
    if _AHM.fullmatch(code) is None:
        return refusal(system.name, code, "udi.issuer")
    parts = (Part(_ISSUER, "AHM"), Part(_AHM_WHOLE, code[3:]))
    note = (
        "AHM 编码结构未公开，未校验 the structure of AHM codes is not public, nothing was verified"
    )
    return ParsedCode(system.name, code, parts, (note,))


def _ma(system: CodeSystem, code: str, on: str) -> ParsedCode | CodeRefusal:
    di = _MA_DI.match(code)
    if di is None:
        return refusal(system.name, code, "udi.ma_form")
    parts = [Part(_ISSUER, "MA"), *map(Part, _DI, di.groups())]
    found: dict[str, Part] = {}
    at = di.end() + 1
    for unit in code[at:].split(".") if at <= len(code) else ():
        wrong = _unit_refusal(system, code, unit, at, found, on)
        if wrong is not None:
            return wrong
        found[unit[0]] = Part(_MA_UNITS[unit[0]], unit[1:])
        at += len(unit) + 1
    notes = () if set(found) - {"C"} else (_NO_PI,)
    return ParsedCode(system.name, code, (*parts, *found.values()), notes)


def _unit_refusal(
    system: CodeSystem, code: str, unit: str, at: int, found: Mapping[str, Part], on: str
) -> CodeRefusal | None:
    """Return what is wrong with one unit of the production identifier, which begins at `at` (from 0)."""
    tag, place = unit[:1], at + 1
    if tag not in _MA_UNITS or _MA_VALUE.fullmatch(unit[1:]) is None:
        return refusal(system.name, code, "udi.ma_tag", place=place, text=shortened(unit))
    if tag in found:
        return refusal(system.name, code, "udi.ma_twice", place=place, tag=tag)
    if tag in _MA_DATES:
        text, zh = unit[1:], _MA_UNITS[tag].zh
        if re.fullmatch(r"[0-9]{6}", text) is None or day_of(text, "yymmdd", on) is None:
            return refusal(system.name, code, "udi.ma_date", place=place, zh=zh, text=text)
    return None
