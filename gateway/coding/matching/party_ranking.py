"""机构与企业候选: which institution or enterprise a partner's code may stand for."""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Iterable, Mapping
from typing import Final

from gateway.coding.matching.evidence import Candidate, FieldEvidence, Verdict
from gateway.coding.matching.makers import Maker, likeness, parse_maker
from gateway.coding.matching.name_index import NameIndex
from gateway.coding.matching.parties import PartyRecord
from gateway.coding.matching.product_comparison import UNSAID, Points
from gateway.coding.records import LocalItem
from schemas.codes import CodeKind

WEIGHTS: Final[Mapping[str, float]] = {"name": 70, "uscc": 60, "region": 20}
REGION_TYPES: Final = ("region", "admdvs_6")
PREFECTURE: Final = 4
PROVINCE: Final = 2
_HARMLESS: Final = frozenset({Verdict.EQUAL, Verdict.COMPATIBLE, Verdict.UNKNOWN})


class PartyRanking:
    """Ranks items of one kind (institution or enterprise)."""

    def __init__(self, kind: str, groups: Mapping[str, str]) -> None:
        self._kind, self._groups = kind, groups
        self._records: list[PartyRecord] = []
        self._names = NameIndex()
        self._by_name: dict[int, array[int]] = {}
        self._by_uscc: dict[str, array[int]] = {}
        self._by_group: dict[str, array[int]] = {}

    def __len__(self) -> int:
        return len(self._records)

    def add(self, record: PartyRecord) -> None:
        """Take a record in, under its name and its former names."""
        at = len(self._records)
        self._records.append(record)
        for text in (record.name, *record.former_names):
            maker = parse_maker(text)
            for name in dict.fromkeys((maker.name, maker.short, *maker.former)):
                if name:
                    self._by_name.setdefault(self._names.add(name), array("I")).append(at)
            if group := self._groups.get(maker.name):
                self._by_group.setdefault(group, array("I")).append(at)
        for uscc in _usccs(record):
            self._by_uscc.setdefault(uscc, array("I")).append(at)

    def rank(self, item: LocalItem, limit: int, on: str = "") -> list[Candidate]:
        """Return up to `limit` candidates, best first."""
        stated = dict(item.other_codes)
        region = next((stated[kind] for kind in REGION_TYPES if stated.get(kind)), "")
        question = _Question(item, parse_maker(item.name), stated.get("uscc", ""), region)
        weighed = {at: self._compare(question, self._records[at]) for at in self._near(question)}
        exact = self._exact(question, weighed, on)
        best = heapq.nsmallest(
            limit,
            weighed,
            key=lambda at: (-question.score(weighed[at]), self._records[at].unified_code),
        )
        return [self._candidate(question, at, weighed[at], exact=at == exact, on=on) for at in best]

    def _near(self, question: _Question) -> set[int]:
        maker = question.maker
        found: set[int] = set(self._by_uscc.get(question.uscc, ()))
        for name in self._names.alike((maker.name, maker.short, *maker.former)):
            found.update(self._by_name[name])
        group = self._groups.get(maker.name, maker.name)
        return found | set(self._by_group.get(group, ()))

    def _compare(self, question: _Question, record: PartyRecord) -> dict[str, Points]:
        names = [parse_maker(text) for text in (record.name, *record.former_names)]
        found = [Points(*likeness(question.maker, name, self._groups)) for name in names]
        for at in range(1, len(found)):
            if found[at].verdict is Verdict.EQUAL:
                found[at] = Points(0.95, Verdict.COMPATIBLE)
        points = {"name": max(found, key=lambda one: one.share)}
        same = (question.maker.name, question.maker.others) == (names[0].name, names[0].others)
        if self._kind == CodeKind.INSTITUTION and same and question.maker:
            points["name"] = Points(
                1.0, Verdict.EQUAL
            )  # hospitals have no legal form in their names
        points["uscc"] = _compare_uscc(question.uscc, _usccs(record))
        points["region"] = _compare_regions(question.region, record.region)
        return points

    def _exact(self, question: _Question, weighed: Mapping[int, dict[str, Points]], on: str) -> int:
        """Return the one record that all stated fields agree with; -1 where there is none or two."""
        found = -1
        for at, points in weighed.items():
            record = self._records[at]
            verdicts = {field: points[field].verdict for field in question.weights}
            if on and not record.valid_from <= on <= record.valid_to:
                continue
            if not all(verdict in _HARMLESS for verdict in verdicts.values()):
                continue
            if not self._qualifies(verdicts):
                return -1
            if found >= 0 and self._records[found].unified_code != record.unified_code:
                return -1
            found = at
        return found

    def _qualifies(self, verdicts: Mapping[str, Verdict]) -> bool:
        """An enterprise's full legal name is its own; a hospital's is so within its region only."""
        if verdicts.get("uscc") is Verdict.EQUAL:
            return verdicts["name"] in {Verdict.EQUAL, Verdict.COMPATIBLE}
        named = verdicts["name"] is Verdict.EQUAL
        if self._kind == CodeKind.INSTITUTION:
            return named and verdicts.get("region") is Verdict.EQUAL
        return named

    def _candidate(
        self, question: _Question, at: int, points: Mapping[str, Points], *, exact: bool, on: str
    ) -> Candidate:
        record = self._records[at]
        ours = {"name": question.item.name, "uscc": question.uscc, "region": question.region}
        theirs = {
            "name": record.name,
            "uscc": next(iter(_usccs(record)), ""),
            "region": record.region,
        }
        evidence = [
            FieldEvidence(
                field,
                ours[field],
                theirs[field],
                points[field].verdict,
                question.worth(field, points),
            )
            for field in question.weights
        ]
        if on and not record.valid_from <= on <= record.valid_to:
            span = f"{record.valid_from}..{record.valid_to}"
            evidence.append(FieldEvidence("validity", on, span, Verdict.DIFFERENT, 0.0))
        return Candidate(
            record.unified_code,
            round(question.score(points), 1),
            exact,
            tuple(evidence),
            record.valid_from,
            record.valid_to,
        )


class _Question:
    """An item with what it states."""

    def __init__(self, item: LocalItem, maker: Maker, uscc: str, region: str) -> None:
        self.item, self.maker, self.uscc, self.region = item, maker, uscc, region
        states = {"name": True, "uscc": bool(uscc), "region": bool(region)}
        self.weights = {field: weight for field, weight in WEIGHTS.items() if states[field]}
        self._total = sum(self.weights.values())

    def worth(self, field: str, points: Mapping[str, Points]) -> float:
        """Return what a field gives of the 100."""
        return round(100 * self.weights[field] * points[field].share / self._total, 1)

    def score(self, points: Mapping[str, Points]) -> float:
        """Return the score, 0 to 100."""
        given = sum(weight * points[field].share for field, weight in self.weights.items())
        return 100 * given / self._total


def _usccs(record: PartyRecord) -> tuple[str, ...]:
    if record.kind == CodeKind.ENTERPRISE:
        return tuple(dict.fromkeys(code for code in (record.uscc, record.unified_code) if code))
    return (record.uscc,) if record.uscc else ()


def _compare_uscc(ours: str, theirs: Iterable[str]) -> Points:
    known = tuple(theirs)
    if not ours or not known:
        return Points(UNSAID, Verdict.UNKNOWN)
    return Points(1.0, Verdict.EQUAL) if ours in known else Points(0.0, Verdict.DIFFERENT)


def _compare_regions(ours: str, theirs: str) -> Points:
    if not ours or not theirs:
        return Points(UNSAID, Verdict.UNKNOWN)
    if ours == theirs:
        return Points(1.0, Verdict.EQUAL)
    if ours[:PREFECTURE] == theirs[:PREFECTURE]:
        return Points(
            0.7, Verdict.COMPATIBLE if "00" in {ours[4:], theirs[4:]} else Verdict.SIMILAR
        )
    same = ours[:PROVINCE] == theirs[:PROVINCE]
    wide = "0000" in {ours[PROVINCE:], theirs[PROVINCE:]}
    if same:
        return Points(0.4, Verdict.COMPATIBLE if wide else Verdict.DIFFERENT)
    return Points(0.0, Verdict.DIFFERENT)
