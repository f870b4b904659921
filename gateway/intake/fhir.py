"""FHIR R4 术语操作: the resources that go in and out of the terminology operations. No HTTP here.

Sources: HL7 FHIR R4 (4.0.1), CodeSystem/$lookup, CodeSystem/$validate-code, ConceptMap/$translate,
Parameters, OperationOutcome. `date` on $translate and `known-at` are this gateway's own parameters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from gateway.coding.crosswalk import Crosswalk
from gateway.coding.records import CrosswalkVersion, Relation, known_instant
from gateway.coding.systems import CodeRefusal, CodeSystem, ParsedCode, code_systems, parse
from gateway.errors import Issue, Rejected, issue
from schemas.codes import CodeKind

Resource = dict[str, Any]
VERSION: Final = "4.0.1"
PARTNER_SYSTEM: Final = "urn:jicai:partner:"
"""urn:jicai:partner:<partner>:<kind> is the system of a partner's own codes of a kind."""
UNIFIED_SYSTEM: Final = "urn:jicai:unified:"
"""urn:jicai:unified:<kind> is the system of the unified codes of a kind."""
EQUIVALENCE: Final[Mapping[Relation, str]] = {
    Relation.EQUIVALENT: "equivalent",
    Relation.BROADER: "wider",
    Relation.NARROWER: "narrower",
    Relation.NONE: "unmatched",
}
_TEXTS: Final = ("valueString", "valueCode", "valueUri", "valueDate", "valueDateTime")
_KINDS: Final = frozenset(kind.value for kind in CodeKind)


@dataclass(frozen=True, slots=True)
class Given:
    """The parameters of one operation by name: texts, with `coding` taken apart."""

    texts: Mapping[str, str]
    flags: Mapping[str, bool]

    def text(self, *names: str) -> str:
        """Return the first of these parameters that was given, "" where none was."""
        return next((self.texts[name] for name in names if self.texts.get(name)), "")

    def required(self, *names: str) -> str:
        """Return the first of these parameters that was given. Raises Rejected."""
        found = self.text(*names)
        if not found:
            raise Rejected(issue("field.required", names[0]))
        return found

    def day(self, otherwise: str) -> str:
        """Return the day of `date` (a dateTime counts as its day). Raises Rejected."""
        text = self.text("date")[:10] or otherwise
        try:
            if date.fromisoformat(text).isoformat() == text:
                return text
        except ValueError:
            pass
        raise Rejected(issue("date.invalid", "date", detail=text))

    def known_at(self) -> str:
        """Return the known time of `known-at`, "" where it is not given. Raises Rejected."""
        text = self.text("known-at")
        try:
            return known_instant(text) if text else ""
        except ValueError:
            raise Rejected(issue("date.invalid", "known-at", detail=text[:40])) from None


def given_in_query(query: Sequence[tuple[str, str]]) -> Given:
    """Return the parameters of a GET."""
    return Given(dict(query), _flags(dict(query)))


def given_in_body(resource: Any) -> Given:
    """Return the parameters of a POST (a Parameters resource). Raises Rejected."""
    if not isinstance(resource, dict) or resource.get("resourceType") != "Parameters":
        raise Rejected(issue("field.format", "resourceType", detail="Parameters"))
    texts: dict[str, str] = {}
    flags: dict[str, bool] = {}
    listed = resource.get("parameter", [])
    for at, one in enumerate(listed if isinstance(listed, list) else []):
        if not isinstance(one, dict) or not isinstance(one.get("name"), str):
            raise Rejected(issue("field.format", f"parameter[{at}]", detail="name"))
        _take(one, at, texts, flags)
    return Given(texts, flags | _flags(texts))


def _take(one: Mapping[str, Any], at: int, texts: dict[str, str], flags: dict[str, bool]) -> None:
    name = one["name"]
    if name in ("coding", "codeableConcept"):
        coding = one.get("valueCoding") or _first_coding(one.get("valueCodeableConcept"))
        if not isinstance(coding, dict):
            raise Rejected(issue("field.format", f"parameter[{at}]", detail="valueCoding"))
        for part in ("system", "code", "display"):
            if isinstance(coding.get(part), str):
                texts[part] = coding[part]
        return
    if isinstance(one.get("valueBoolean"), bool):
        flags[name] = one["valueBoolean"]
        return
    value = next((one[kind] for kind in _TEXTS if kind in one), None)
    if not isinstance(value, str):
        raise Rejected(issue("field.format", f"parameter[{at}].value[x]", detail="text"))
    texts[name] = value


def _first_coding(concept: Any) -> Any:
    codings = concept.get("coding") if isinstance(concept, dict) else None
    return codings[0] if isinstance(codings, list) and codings else None


def _flags(texts: Mapping[str, str]) -> dict[str, bool]:
    return {name: value == "true" for name, value in texts.items() if value in ("true", "false")}


# --------------------------------------------------------------------------- CodeSystem


def system_of(uri: str) -> CodeSystem:
    """Return the code system with this URI. Raises Rejected (code.system_unknown)."""
    found = next((one for one in code_systems().values() if uri in (one.uri, one.name)), None)
    if found is None:
        raise Rejected(issue("code.system_unknown", "system", system=uri[:200]))
    return found


def lookup(given: Given, display: Mapping[str, str]) -> Resource:
    """Answer $lookup; `display` names codes that the catalogue knows. Raises Rejected (not found)."""
    system = system_of(given.required("system"))
    code = given.required("code")
    read = parse(system.name, code, given.day("") if given.text("date") else "")
    if isinstance(read, CodeRefusal):
        raise Rejected(Issue("code", "code.not_found", read.zh, read.en))
    named = [
        _named("name", valueString=f"{system.title_zh} {system.title_en}"),
        _named("version", valueString=system.source),
        _named("display", valueString=display.get(code) or code),
    ]
    return parameters(named + [_property(part.name, part.text) for part in read.parts])


def _property(name: str, value: str) -> Resource:
    return {
        "name": "property",
        "part": [_named("code", valueCode=name), _named("value", valueString=value)],
    }


def validate_code(given: Given, display: Mapping[str, str]) -> Resource:
    """Answer CodeSystem/$validate-code: a bad code is a result, an unknown system is an error."""
    system = system_of(given.required("url", "system"))
    code = given.required("code")
    read = parse(system.name, code, given.day("") if given.text("date") else "")
    if isinstance(read, CodeRefusal):
        told = [_named("result", valueBoolean=False)]
        return parameters([*told, _named("message", valueString=f"{read.zh} {read.en}")])
    return parameters(_valid(read, given.text("display"), display.get(code, "")))


def _valid(read: ParsedCode, claimed: str, known: str) -> list[Resource]:
    told = [_named("result", valueBoolean=True)]
    if claimed and known and claimed != known:
        told = [
            _named("result", valueBoolean=False),
            _named("message", valueString=f"名称应为 {known} the display is {known}"),
        ]
    elif read.notes:
        told.append(_named("message", valueString="; ".join(read.notes)))
    return [*told, _named("display", valueString=known or read.code)]


# --------------------------------------------------------------------------- ConceptMap


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a translation: a partner's own codes, or ("" as partner) the unified ones."""

    partner: str
    kind: str

    @property
    def system(self) -> str:
        """Return the side's URI."""
        if not self.partner:
            return UNIFIED_SYSTEM + self.kind
        return f"{PARTNER_SYSTEM}{self.partner}:{self.kind}"


def side_of(uri: str, path: str) -> Side:
    """Read a system's URI. Raises Rejected."""
    if uri.startswith(PARTNER_SYSTEM):
        partner, _, kind = uri.removeprefix(PARTNER_SYSTEM).partition(":")
        if partner and kind in _KINDS:
            return Side(partner, kind)
    kind = uri.removeprefix(UNIFIED_SYSTEM)
    if uri.startswith(UNIFIED_SYSTEM) and kind in _KINDS:
        return Side("", kind)
    raise Rejected(issue("code.system_unknown", path, system=uri[:200]))


def sides(given: Given) -> tuple[Side, Side]:
    """Return (source, target) of a $translate. Raises Rejected."""
    source = side_of(given.required("system", "source"), "system")
    named = given.text("targetsystem", "target")
    target = side_of(named, "targetsystem") if named else Side("", source.kind)
    if given.flags.get("reverse"):
        source, target = target, source
    if source.kind != target.kind or bool(source.partner) == bool(target.partner):
        raise Rejected(issue("code.system_unknown", "targetsystem", system=target.system[:200]))
    return source, target


def translate(given: Given, crosswalk: Crosswalk, today: str) -> Resource:
    """Answer ConceptMap/$translate as of `date`. No meaning is a result, not an error."""
    source, target = sides(given)
    code, day, known = given.required("code"), given.day(today), given.known_at()
    partner = source.partner or target.partner
    if source.partner:
        version = crosswalk.as_of(partner, source.kind, code, day, known)
        found: tuple[CrosswalkVersion, ...] = (version,) if version is not None else ()
        matches = [_match(one, target.system, one.unified_code, partner) for one in found]
    else:
        found = crosswalk.reverse(partner, source.kind, code, day, known)
        matches = [_match(one, target.system, one.local_code, partner) for one in found]
    matched = any(one.relation is not Relation.NONE for one in found)
    told = [_named("result", valueBoolean=matched)]
    message = _message(found, crosswalk, source, code, day)
    if message:
        told.append(_named("message", valueString=message))
    return parameters([*told, *matches])


def _message(
    found: Sequence[CrosswalkVersion], crosswalk: Crosswalk, source: Side, code: str, day: str
) -> str:
    if not found:
        absence = crosswalk.absence(source.partner, source.kind, code) if source.partner else ""
        why = (
            f"{day} 无有效对照 no meaning on {day}" if absence == "expired" else "未对照 not mapped"
        )
        return f"{code}: {why}"
    reasons = [one.reason for one in found if one.relation is Relation.NONE and one.reason]
    if len(found) > 1 and not found[0].choice:
        reasons.append("多个本地编码,未定优先 several local codes, none is preferred")
    return "; ".join(reasons)


def _match(version: CrosswalkVersion, system: str, code: str, partner: str) -> Resource:
    part = [_named("equivalence", valueCode=EQUIVALENCE[version.relation])]
    if code:
        part.append(_named("concept", valueCoding={"system": system, "code": code}))
    part.append(_named("source", valueUri=concept_map_url(partner)))
    return {"name": "match", "part": part}


def concept_map_url(partner: str) -> str:
    """Return the canonical URL of a partner's crosswalk, as its export names it."""
    return f"urn:jicai:crosswalk:{partner}"


# --------------------------------------------------------------------------- resources


def _named(name: str, **value: Any) -> Resource:
    return {"name": name, **value}


def parameters(listed: Sequence[Resource]) -> Resource:
    """Return a Parameters resource."""
    return {"resourceType": "Parameters", "parameter": list(listed)}


def outcome(code: str, zh: str, en: str, kind: str = "invalid") -> Resource:
    """Return an OperationOutcome with one error; `kind` is FHIR's issue type."""
    return {
        "resourceType": "OperationOutcome",
        "issue": [
            {
                "severity": "error",
                "code": kind,
                "details": {"coding": [{"system": "urn:jicai:issues", "code": code}]},
                "diagnostics": f"{zh} {en}",
            }
        ],
    }


def capability(today: str) -> Resource:
    """Return the CapabilityStatement: which operations there are."""
    operations = {
        "CodeSystem": ("lookup", "validate-code"),
        "ConceptMap": ("translate",),
    }
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": today,
        "kind": "instance",
        "software": {"name": "jicai"},
        "implementation": {"description": "集采互联互通网关 terminology operations"},
        "fhirVersion": VERSION,
        "format": ["application/fhir+json"],
        "rest": [
            {
                "mode": "server",
                "resource": [
                    {
                        "type": type_,
                        "operation": [
                            {
                                "name": name,
                                "definition": f"http://hl7.org/fhir/OperationDefinition/{type_}-{name}",
                            }
                            for name in names
                        ],
                    }
                    for type_, names in operations.items()
                ],
            }
        ],
    }
