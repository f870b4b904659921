"""FHIR 概念映射: the crosswalk as an HL7 FHIR R4 ConceptMap, one group per partner and kind of code.

Source: FHIR R4 (4.0.1) ConceptMap. R4 has no place for validity: each target carries it as an extension
with a Period. The systems are those of the gateway's terminology operations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import IO, Any, Final

import orjson

from gateway.coding.records import OPEN_END, CrosswalkVersion, Relation

PARTNER_SYSTEM: Final = "urn:jicai:partner:"
UNIFIED_SYSTEM: Final = "urn:jicai:unified:"
VALIDITY: Final = "urn:jicai:fhir:validity"
"""Extension of a target: the days (Period, both inclusive) on which it holds."""
CHOICE: Final = "urn:jicai:fhir:choice"
"""Extension of a target: preferred | inbound_only."""
EQUIVALENCE: Final[Mapping[Relation, str]] = {
    Relation.EQUIVALENT: "equivalent",
    Relation.BROADER: "wider",
    Relation.NARROWER: "narrower",
    Relation.NONE: "unmatched",
}
_COMMENTED: Final = {
    Relation.NARROWER: "统一码较窄 the unified code means less",
    Relation.NONE: "不予对照 no unified code",
}
"""What R4 demands a comment for (cmd-1), where nobody gave one."""


@dataclass(frozen=True, slots=True)
class MapHead:
    """What a ConceptMap says of itself. `date` is RFC 3339, `version` the crosswalk's revision."""

    url: str
    version: str
    date: str
    title: str = "统一编码对照 crosswalk"
    publisher: str = "jicai"


def write_concept_map(versions: Iterable[CrosswalkVersion], file: IO[bytes], head: MapHead) -> int:
    """Write a ConceptMap of versions ordered by partner, kind and local code; return how many.

    Written as it goes, so that a million versions take no memory.
    """
    opening = orjson.dumps(_opening(head))
    file.write(opening[:-1])
    count = 0
    for number, ((partner, kind), group) in enumerate(groupby(versions, key=_room)):
        file.write(b',"group":[' if number == 0 else b"]},")
        told = {
            "source": f"{PARTNER_SYSTEM}{partner}:{kind}",
            "target": f"{UNIFIED_SYSTEM}{kind}",
        }
        file.write(orjson.dumps(told)[:-1] + b',"element":[')
        for at, (local, meanings) in enumerate(groupby(group, key=_local)):
            listed = list(meanings)
            count += len(listed)
            file.write(b"," * bool(at) + orjson.dumps(element(local, listed)))
    file.write(b"]}]}" if count else b"}")
    return count


def _opening(head: MapHead) -> dict[str, Any]:
    return {
        "resourceType": "ConceptMap",
        "url": head.url,
        "version": head.version,
        "name": "JicaiCrosswalk",
        "title": head.title,
        "status": "active",
        "date": head.date,
        "publisher": head.publisher,
    }


def _room(version: CrosswalkVersion) -> tuple[str, str]:
    return (version.partner, version.kind)


def _local(version: CrosswalkVersion) -> str:
    return version.local_code


def element(local: str, versions: Iterable[CrosswalkVersion]) -> dict[str, Any]:
    """Return one element: a local code with a target for each of its meanings."""
    listed = list(versions)
    display = next((one.local_name for one in listed if one.local_name), "")
    shown: dict[str, Any] = {"code": local}
    if display:
        shown["display"] = display
    return shown | {"target": [_target(one) for one in listed]}


def _target(version: CrosswalkVersion) -> dict[str, Any]:
    target: dict[str, Any] = {"extension": list(_extensions(version))}
    if version.unified_code:
        target["code"] = version.unified_code
    target["equivalence"] = EQUIVALENCE[version.relation]
    comment = version.reason or version.evidence or _COMMENTED.get(version.relation, "")
    if comment:
        target["comment"] = comment
    return target


def _extensions(version: CrosswalkVersion) -> Iterator[dict[str, Any]]:
    period = {"start": version.valid_from}
    if version.valid_to != OPEN_END:
        period["end"] = version.valid_to
    yield {"url": VALIDITY, "valuePeriod": period}
    if version.choice:
        yield {"url": CHOICE, "valueCode": version.choice.value}
