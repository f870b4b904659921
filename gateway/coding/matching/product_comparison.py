"""产品比较: one item against what the index knows, each distinct text compared once.

Points: what each field gives of the total, and what it gives when only the item states it. Weights are
set by what a field can decide (a name and a maker alone leave several products; an approval number
leaves its packs), not fitted to any table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from gateway.coding.matching.drug_names import DrugName, parse_name
from gateway.coding.matching.evidence import Verdict
from gateway.coding.matching.forms import Form, compare_forms, field_form, finest
from gateway.coding.matching.makers import likeness, parse_maker
from gateway.coding.matching.name_index import spelling_likeness
from gateway.coding.matching.product_index import ProductIndex, approval_numbers
from gateway.coding.matching.specifications import compare_packs, compare_strengths
from gateway.coding.products.specification import parse_specification
from gateway.coding.records import LocalItem

WEIGHTS: Final[Mapping[str, float]] = {
    "name": 40,
    "dosage_form": 10,
    "specification": 20,
    "pack": 8,
    "manufacturer": 22,
    "approval_no": 30,
    "other_codes": 30,
}
UNSAID: Final = 0.3
"""Share of the weight for a field that only the item states: below agreement, above contradiction."""
FORM_POINTS: Final = {
    Verdict.EQUAL: 1.0,
    Verdict.COMPATIBLE: 0.9,
    Verdict.SIMILAR: 0.6,
    Verdict.DIFFERENT: 0.0,
    Verdict.UNKNOWN: UNSAID,
}
OTHER_SALT: Final = 0.7
TRADE_NAME: Final = 0.9
ALIKE: Final = 0.6
"""Likeness of spelling from which two substances count as similar."""


class Points(NamedTuple):
    """What one field gave (of its weight, 0 to 1) and why."""

    share: float
    verdict: Verdict


class Comparison:
    """An item with the comparisons made so far; lives for one question."""

    def __init__(self, item: LocalItem, index: ProductIndex, groups: Mapping[str, str]) -> None:
        self.item, self._index, self._groups = item, index, groups
        self.name: DrugName = parse_name(item.name)
        self.form: Form = finest(self.name.form, field_form(item.dosage_form))
        self.specification = parse_specification(item.specification, item.pack)
        self.maker = parse_maker(item.manufacturer)
        self.approvals = approval_numbers(item.approval_no)
        self.weights = self._given()
        self.total = sum(self.weights.values())
        self._names: dict[int, tuple[Points, Points]] = {}
        self._specifications: dict[int, tuple[Points, Points]] = {}
        self._makers: dict[int, Points] = {}

    def _given(self) -> dict[str, float]:
        """Return the weights of the fields that the item states; the rest cannot speak for anyone."""
        states = {
            "name": True,
            "dosage_form": bool(self.form),
            "specification": bool(self.specification.strength),
            "pack": bool(self.specification.pack),
            "manufacturer": bool(self.maker),
            "approval_no": bool(self.approvals),
            "other_codes": bool(self.item.other_codes),
        }
        return {field: weight for field, weight in WEIGHTS.items() if states[field]}

    def named(self, number: int) -> tuple[Points, Points]:
        """Return what the (name, form) of a product give."""
        found = self._names.get(number)
        if found is None:
            named = self._index.named(number)
            verdict = compare_forms(self.form, named.form)
            form = Points(FORM_POINTS[verdict], verdict)
            found = self._names[number] = (compare_names(self.name, named.name), form)
        return found

    def specified(self, number: int) -> tuple[Points, Points]:
        """Return what the (strength, pack) give."""
        found = self._specifications.get(number)
        if found is None:
            theirs = self._index.specification(number)
            ours = self.specification
            strength = _said(Points(*compare_strengths(ours, theirs)))
            pack = _said(Points(*compare_packs(ours.pack, theirs.pack)))
            found = self._specifications[number] = (strength, pack)
        return found

    def made(self, number: int) -> Points:
        """Return what the maker gives; the holder stands in where it is the likelier reading."""
        found = self._makers.get(number)
        if found is None:
            maker, holder = self._index.maker(number)
            found = Points(*likeness(self.maker, maker, self._groups))
            if holder:
                other = Points(*likeness(self.maker, holder, self._groups))
                if other.verdict is Verdict.EQUAL and maker:
                    other = Points(0.97, Verdict.COMPATIBLE)
                found = max(found, other, key=lambda points: points.share)
            found = self._makers[number] = _said(found)
        return found

    def approved(self, number: int) -> Points:
        """Return what the approval number gives; the first one of a field counts as its number."""
        theirs = approval_numbers(self._index.approvals.values[number])
        if not theirs or not self.approvals:
            return Points(UNSAID, Verdict.UNKNOWN)
        if theirs[0] == self.approvals[0]:
            return Points(1.0, Verdict.EQUAL)
        if set(theirs) & set(self.approvals):
            return Points(0.8, Verdict.COMPATIBLE)
        return Points(0.0, Verdict.DIFFERENT)

    def linked(self, product: int) -> Points:
        """Return what the codes of other systems give: one shared code against all contradictions."""
        contradicts = agrees = False
        for code_type, code in self.item.other_codes:
            if product in self._index.linked(code_type, code):
                agrees = True
            else:
                contradicts |= self._index.has_links(product, code_type)
        if agrees:
            return Points(0.6, Verdict.SIMILAR) if contradicts else Points(1.0, Verdict.EQUAL)
        return Points(0.0, Verdict.DIFFERENT) if contradicts else Points(UNSAID, Verdict.UNKNOWN)


def _said(points: Points) -> Points:
    return Points(UNSAID, points.verdict) if points.verdict is Verdict.UNKNOWN else points


def compare_names(ours: DrugName, theirs: DrugName) -> Points:
    """Return how two drug names stand to each other, their forms aside."""
    if not ours.core or not theirs.core:
        return Points(UNSAID, Verdict.UNKNOWN)
    if ours.core == theirs.core:
        return _same_core(ours, theirs)
    if ours.core in theirs.aliases or theirs.core in ours.aliases:
        return Points(0.93, Verdict.COMPATIBLE)
    if set(ours.aliases) & set(theirs.aliases):
        return Points(0.85, Verdict.SIMILAR)
    alike = spelling_likeness(ours.core, theirs.core)
    return Points(0.8 * alike * alike, Verdict.SIMILAR if alike >= ALIKE else Verdict.DIFFERENT)


def _same_core(ours: DrugName, theirs: DrugName) -> Points:
    if ours.salts == theirs.salts:
        if ours.qualifiers == theirs.qualifiers:
            return Points(1.0, Verdict.EQUAL)
        one_silent = not ours.qualifiers or not theirs.qualifiers
        return Points(0.96, Verdict.COMPATIBLE) if one_silent else Points(0.8, Verdict.SIMILAR)
    if ours.salts <= theirs.salts or theirs.salts <= ours.salts:
        return Points(0.95, Verdict.COMPATIBLE)
    return Points(OTHER_SALT, Verdict.DIFFERENT)
