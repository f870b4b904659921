"""编码查询: many codes in one question: translate (对照), validate (校验), parse (拆解). No HTTP here.

A question is a JSON object, an answer has one entry per code in the same order; a code that cannot be
translated or read is an entry with its reason, never an error of the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

from gateway.coding.crosswalk import Crosswalk
from gateway.coding.records import CrosswalkVersion, known_instant
from gateway.coding.systems import CodeRefusal, UnknownCodeType, code_systems, parse
from gateway.errors import Rejected, issue
from schemas.codes import CodeKind

CODES_LIMIT: Final = 50_000
"""Codes in one question."""
LONGEST: Final = 256
KINDS: Final = tuple(kind.value for kind in CodeKind)
DIRECTIONS: Final = ("to_unified", "to_local")
_TRANSLATING: Final = frozenset(
    {"partner", "kind", "on", "known_at", "direction", "codes", "detail"}
)
_READING: Final = frozenset({"code_type", "codes", "items", "on"})
Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Translating:
    """对照查询: codes of one partner and kind as of a day, as believed at a known time ("": now)."""

    partner: str
    kind: str
    on: str
    known_at: str
    direction: Literal["to_unified", "to_local"]
    codes: Sequence[str]
    detail: bool

    @classmethod
    def of(cls, asked: Any, partner: str, today: str) -> Translating:
        """Read a question; `partner` is who asks, "" where any may be named. Raises Rejected."""
        given = _object(asked, _TRANSLATING)
        wrong: list[Any] = []
        named = given.get("partner", partner)
        if not isinstance(named, str) or not named:
            wrong.append(issue("field.required", "partner"))
        elif partner and named != partner:  # I8: a partner never sees another's data
            wrong.append(issue("code.not_yours", "partner", partner=named[:LONGEST]))
        kind, direction = given.get("kind", "product"), given.get("direction", "to_unified")
        wrong += _one_of(kind, KINDS, "kind") + _one_of(direction, DIRECTIONS, "direction")
        on, known_at = given.get("on", today), given.get("known_at", "")
        wrong += _day_issues(on) + _known_issues(known_at)
        detail = given.get("detail", False)
        if not isinstance(detail, bool):
            wrong.append(issue("field.format", "detail", detail="true or false"))
        codes = given.get("codes")
        wrong += _codes_issues(codes, "codes")
        if wrong:
            raise Rejected(*wrong)
        known = known_instant(known_at) if known_at else ""
        return cls(named, kind, on, known, direction, codes, detail)  # type: ignore[arg-type]

    def answers(self, crosswalk: Crosswalk) -> Callable[[str], Entry]:
        """Return what answers one code."""
        if self.direction == "to_local":
            return lambda code: self._to_local(crosswalk, code)
        if self.detail:
            return lambda code: self._in_full(crosswalk, code)
        return self._plainly(crosswalk)

    def _plainly(self, crosswalk: Crosswalk) -> Callable[[str], Entry]:
        partner, kind, on, known = self.partner, self.kind, self.on, self.known_at
        resolve, resolve_known = crosswalk.resolve, crosswalk.resolve_known

        def answer(code: str) -> Entry:
            if known:
                unified = resolve_known(partner, kind, code, on, known)
            else:
                unified = resolve(partner, kind, code, on)
            if unified is not None:
                return {"code": code, "unified_code": unified}
            return self._absent(crosswalk, code)

        return answer

    def _absent(self, crosswalk: Crosswalk, code: str) -> Entry:
        version = crosswalk.as_of(self.partner, self.kind, code, self.on, self.known_at)
        if version is not None:  # broader, narrower, or a person found that there is none
            return {"code": code, **_shown(version)}
        return {"code": code, "reason": crosswalk.absence(self.partner, self.kind, code)}

    def _in_full(self, crosswalk: Crosswalk, code: str) -> Entry:
        version = crosswalk.as_of(self.partner, self.kind, code, self.on, self.known_at)
        if version is None:
            return self._absent(crosswalk, code)
        return {"code": code, **_shown(version)}

    def _to_local(self, crosswalk: Crosswalk, code: str) -> Entry:
        found = crosswalk.reverse(self.partner, self.kind, code, self.on, self.known_at)
        if not found:
            return {"code": code, "reason": "unknown"}
        entry: Entry = {"code": code, "local_code": found[0].local_code}
        if len(found) > 1:
            entry["others"] = [one.local_code for one in found[1:]]
            if not found[0].choice:
                entry["reason"] = "ambiguous"
        return entry


def _shown(version: CrosswalkVersion) -> Entry:
    """Return a version as answers show it: what is blank is left out."""
    told = {
        "unified_code": version.unified_code,
        "relation": version.relation.value,
        "choice": version.choice.value,
        "valid_from": version.valid_from,
        "valid_to": version.valid_to,
        "known_from": version.known_from,
        "origin": version.origin,
        "evidence": version.evidence,
        "approved_by": version.approved_by,
        "because": version.reason,
    }
    if version.relation.value == "none":
        told["reason"] = "refused"
    return {name: value for name, value in told.items() if value}


@dataclass(frozen=True, slots=True)
class Reading:
    """校验与拆解: (code type, code) pairs, read as of a day ("": at any time)."""

    items: Sequence[tuple[str, str]]
    on: str

    @classmethod
    def of(cls, asked: Any) -> Reading:
        """Read a question: `code_type` with `codes`, or `items` of both. Raises Rejected."""
        given = _object(asked, _READING)
        on = given.get("on", "")
        wrong = _day_issues(on) if on != "" else []
        if ("items" in given) == ("codes" in given):
            raise Rejected(issue("field.format", "codes", detail="either codes or items"), *wrong)
        if "codes" in given:
            wrong += _codes_issues(given["codes"], "codes")
            wrong += _one_of(given.get("code_type"), tuple(code_systems()), "code_type")
            pairs: Iterator[tuple[str, str]] = (
                (given["code_type"], code) for code in given["codes"] or ()
            )
        else:
            wrong += _items_issues(given["items"])
            pairs = ((one["code_type"], one["code"]) for one in given["items"])
        if wrong:
            raise Rejected(*wrong)
        return cls(tuple(pairs), on)

    def answer(self, item: tuple[str, str], *, parts: bool) -> Entry:
        """Return the verdict on one code, with its parts where they are asked for."""
        code_type, code = item
        try:
            read = parse(code_type, code, self.on)
        except UnknownCodeType as unknown:
            return {"code": code, "verdict": "invalid", "reason": str(unknown.args[0])}
        if isinstance(read, CodeRefusal):
            return {
                "code": code,
                "verdict": "invalid",
                "reason_code": read.reason_code,
                "zh": read.zh,
                "en": read.en,
            }
        entry: Entry = {"code": code, "verdict": "valid"}
        if parts:
            entry["code_type"] = code_type
            entry["parts"] = {part.meaning.name: part.text for part in read.parts}
            says = {part.name: part.says for part in read.parts if part.meaning.values}
            if any(says.values()):
                entry["says"] = {name: said for name, said in says.items() if said}
            if read.notes:
                entry["notes"] = read.notes
        return entry

    def meanings(self) -> Entry:
        """Return, by code type, what the parts of its codes stand for: told once, not per code."""
        systems = code_systems()
        named = dict.fromkeys(code_type for code_type, _ in self.items)
        return {
            name: {
                part.name: {"zh": part.zh, "en": part.en}
                for whole in systems[name].parts
                for part in (whole, *whole.inner)
            }
            for name in named
            if name in systems
        }


def _object(asked: Any, known: frozenset[str]) -> Mapping[str, Any]:
    if not isinstance(asked, dict):
        raise Rejected(issue("json.not_object", ""))
    unknown = [issue("field.unknown", str(name)[:LONGEST]) for name in asked if name not in known]
    if unknown:
        raise Rejected(*unknown[:100])
    return asked


def _one_of(given: Any, allowed: Sequence[str], path: str) -> list[Any]:
    if given in allowed:
        return []
    return [issue("field.format", path, detail=" | ".join(allowed))]


def _day_issues(on: Any) -> list[Any]:
    try:
        if isinstance(on, str) and date.fromisoformat(on).isoformat() == on:
            return []
    except ValueError:
        pass
    return [issue("date.invalid", "on", detail=str(on)[:40])]


def _known_issues(known_at: Any) -> list[Any]:
    if known_at == "":
        return []
    try:
        if isinstance(known_at, str) and known_instant(known_at):
            return []
    except ValueError:
        pass
    return [issue("date.invalid", "known_at", detail=str(known_at)[:40])]


def _codes_issues(codes: Any, path: str) -> list[Any]:
    if not isinstance(codes, list) or not codes:
        return [issue("field.required", path)]
    if len(codes) > CODES_LIMIT:
        return [issue("field.range", path, detail=f"{len(codes)} > {CODES_LIMIT}")]
    return [
        issue("field.format", f"{path}[{at}]", detail=f"text of at most {LONGEST} characters")
        for at, code in enumerate(codes)
        if type(code) is not str or len(code) > LONGEST
    ][:100]


def _items_issues(items: Any) -> list[Any]:
    if not isinstance(items, list) or not items:
        return [issue("field.required", "items")]
    if len(items) > CODES_LIMIT:
        return [issue("field.range", "items", detail=f"{len(items)} > {CODES_LIMIT}")]
    return [
        issue("field.format", f"items[{at}]", detail="{code_type, code}")
        for at, one in enumerate(items)
        if not isinstance(one, dict)
        or set(one) != {"code_type", "code"}
        or any(type(text) is not str or len(text) > LONGEST for text in one.values())
    ][:100]
