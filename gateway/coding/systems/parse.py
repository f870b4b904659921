"""解析: reads a code into its typed parts, or says why it is none of its system."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache, partial
from operator import itemgetter
from typing import Final

from gateway.coding.systems.check_digits import ALGORITHMS
from gateway.coding.systems.explain import form_refusal, length_text, surface_refusal
from gateway.coding.systems.gs1 import SEPARATOR, as_parsed, read_elements
from gateway.coding.systems.loading import code_systems
from gateway.coding.systems.refusal import CodeRefusal, half_width, refusal, shortened
from gateway.coding.systems.region_reading import read_region
from gateway.coding.systems.system import CodeSystem, ParsedCode, Part
from gateway.coding.systems.udi import read_udi

Read = Callable[[str, str], ParsedCode | CodeRefusal]
Special = Callable[[CodeSystem, str, str], ParsedCode | CodeRefusal]
_part: Final[Callable[[tuple[object, str]], Part]] = partial(tuple.__new__, Part)
_parsed: Final[Callable[[tuple[object, ...]], ParsedCode]] = partial(tuple.__new__, ParsedCode)
"""Make a part from (meaning, text) and a code from its four fields: a third of the price of a call."""


class UnknownCodeType(KeyError):  # noqa: N818 - what is wrong is the type, not the code
    """There is no such code system; the sentence names those that there are."""

    def __init__(self, code_type: str) -> None:
        super().__init__(unknown_type(code_type).en)


def parse(code_type: str, code: str, on: str = "") -> ParsedCode | CodeRefusal:
    """Return the parts of a code with their meanings, or why it is refused; never raises for a bad code.

    `on` (YYYY-MM-DD) decides which regions held then and the century of GS1 dates; "" asks for any time.
    Raises UnknownCodeType (a KeyError) for a type that code_systems() does not have, ValueError when `on`
    is no day.
    """
    try:
        read = _readers()[code_type]
    except KeyError:
        raise UnknownCodeType(code_type) from None
    if on:
        _check_day(on)
    return read(code, on)


def unknown_type(code_type: str, code: str = "") -> CodeRefusal:
    """Return the refusal of a code whose type is none of ours; it names those that there are."""
    known = " ".join(code_systems())
    return refusal(code_type, code, "code.type_unknown", given=shortened(code_type), known=known)


@lru_cache(maxsize=1024)
def _check_day(on: str) -> None:
    if date.fromisoformat(on).isoformat() != on:
        raise ValueError(f"{on}: a day is YYYY-MM-DD")


@lru_cache(maxsize=1)
def _readers() -> Mapping[str, Read]:
    return {name: reader_of(system) for name, system in code_systems().items()}


def reader_of(system: CodeSystem) -> Read:
    """Return what reads the codes of one system: (code, on) → parts or refusal."""
    if system.reading == "parts":
        return _by_parts(system)
    if system.reading == "region":
        return _by_form(system, read_region)
    specials: dict[str, tuple[Special, str]] = {
        "gs1": (_gs1, SEPARATOR),
        "udi": (read_udi, SEPARATOR),
        "opaque": (_opaque, ""),
    }
    special, allowed = specials[system.reading]
    return _special(system, special, allowed)


def _by_parts(system: CodeSystem) -> Read:
    """Read by the pattern, the check digits and the parts; the way of nearly all codes, so kept short."""
    name = system.name
    matches, cut = _pattern(system).fullmatch, _cutter(system)
    checks = tuple((ALGORITHMS[c.algorithm], c.start - 1, c.end - 1) for c in system.check_digits)
    strict = any(each.strict for each in system.parts)

    def read(code: str, _on: str) -> ParsedCode | CodeRefusal:
        try:
            matched = matches(code)
        except TypeError:
            return refusal(name, str(code), "code.not_text")
        if matched is None:
            return form_refusal(system, code, accepts)
        for algorithm, start, last in checks:
            right = algorithm(code[start:last])
            if code[last] != right:
                facts = {"place": last + 1, "expected": right, "found": code[last]}
                return refusal(name, code, "code.check", **facts)
        parts = cut(code, matched)
        if strict:
            return _with_strict(name, code, parts)
        return _parsed((name, code, parts, ()))

    def accepts(code: str) -> bool:
        return matches(code) is not None and isinstance(read(code, ""), ParsedCode)

    return read


Cut = Callable[[str, re.Match[str]], tuple[Part, ...]]


def _cutter(system: CodeSystem) -> Cut:
    """Return what cuts a code into its parts: by place where all parts have one, else by group."""
    meanings = system.parts
    slices = [slice(each.start - 1, each.end) for each in meanings]
    if all(each.start for each in meanings) and len(meanings) > 1:
        texts = itemgetter(*slices)

        def by_place(code: str, _matched: re.Match[str]) -> tuple[Part, ...]:
            return tuple(map(_part, zip(meanings, texts(code))))  # noqa: B905 - same length by construction

        return by_place

    def by_group(code: str, matched: re.Match[str]) -> tuple[Part, ...]:
        found = (
            (each, code[where] if each.start else matched[each.name])
            for each, where in zip(meanings, slices, strict=True)
        )
        return tuple(Part(each, text) for each, text in found if text)

    return by_group


def _with_strict(name: str, code: str, parts: tuple[Part, ...]) -> ParsedCode | CodeRefusal:
    """Refuse the whole when a strict part is refused; at any time, for codes outlive their regions."""
    notes: tuple[str, ...] = ()
    for meaning, text in parts:
        if meaning.strict:
            inner = _inner(meaning.code_type, text)
            if isinstance(inner, CodeRefusal):
                facts = {"place": meaning.start, "text": text, "name": meaning.name}
                why = {"zh": meaning.zh, "why_zh": inner.zh, "why_en": inner.en}
                return refusal(name, code, "code.part", **facts, **why)
            notes += inner.notes
    return _parsed((name, code, parts, notes))


@lru_cache(maxsize=16384)
def _inner(code_type: str, text: str) -> ParsedCode | CodeRefusal:
    """Return the reading of a part; remembered, because few regions have many institutions."""
    return parse(code_type, text)


def _by_form(system: CodeSystem, special: Special) -> Read:
    matches = _pattern(system).fullmatch

    def read(code: str, on: str) -> ParsedCode | CodeRefusal:
        if isinstance(code, str) and matches(code):
            return special(system, code, on)
        return form_refusal(system, code, lambda other: matches(other) is not None)

    return read


def _special(system: CodeSystem, special: Special, allowed: str) -> Read:
    def read(code: str, on: str) -> ParsedCode | CodeRefusal:
        wrong = surface_refusal(system, code, accepts, allowed)
        if wrong is not None:
            return wrong
        if len(code) > system.lengths[-1]:
            expected = length_text(system)
            return refusal(system.name, code, "code.length", expected=expected, found=len(code))
        return special(system, code, on)

    def accepts(code: str) -> bool:
        return half_width(code) == code and isinstance(special(system, code, ""), ParsedCode)

    return read


def _gs1(system: CodeSystem, code: str, on: str) -> ParsedCode | CodeRefusal:
    elements = read_elements(system.name, code, on)
    return elements if isinstance(elements, CodeRefusal) else as_parsed(system.name, code, elements)


def _opaque(system: CodeSystem, code: str, _on: str) -> ParsedCode | CodeRefusal:
    return ParsedCode(system.name, code, ())


def _pattern(system: CodeSystem) -> re.Pattern[str]:
    if system.pattern is None:
        raise ValueError(f"{system.name} has no pattern")
    return system.pattern
