"""产品比较: one item against what the index knows, each distinct text compared once.

A field gives a share (0 to 1) of its weight, and a verdict. Weights are set by what a field can decide
(a name and a maker alone leave several products; an approval number leaves its packs), not fitted to
any table.
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
FORM_SHARES: Final = {
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
HARMLESS: Final = frozenset({Verdict.EQUAL, Verdict.COMPATIBLE, Verdict.UNKNOWN})


class Points(NamedTuple):
    """What one field gave (0 to 1 of its weight) and why."""

    share: float
    verdict: Verdict


UNKNOWN: Final = Points(UNSAID, Verdict.UNKNOWN)
EQUAL: Final = Points(1.0, Verdict.EQUAL)
DIFFERENT: Final = Points(0.0, Verdict.DIFFERENT)


class Comparison:
    """An item with the comparisons made so far; lives for one question."""

    def __init__(self, item: LocalItem, index: ProductIndex, groups: Mapping[str, str]) -> None:
        self.item, self._index, self._groups = item, index, groups
        self.name: DrugName = parse_name(item.name)
        self.form: Form = finest(self.name.form, field_form(item.dosage_form))
        self.specification = parse_specification(item.specification, item.pack)
        self.maker = parse_maker(item.manufacturer)
        self.approvals = approval_numbers(item.approval_no)
        self.approved = {product for number in self.approvals for product in index.approved(number)}
        """Products that share a number with the item."""
        self.weights = self._given()
        self.total = sum(self.weights.values())
        self.contradicts_itself = _contradict(self.name.form, field_form(item.dosage_form))
        """Whether the item's name and form field speak of two forms: then nothing is exact."""

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

    def names(self, number: int) -> Points:
        """Return what the name of this number gives."""
        return compare_names(self.name, self._index.named(number).name)

    def forms(self, number: int) -> Points:
        """Return what the form of the name of this number gives."""
        verdict = compare_forms(self.form, self._index.named(number).form)
        return Points(FORM_SHARES[verdict], verdict)

    def strengths(self, number: int) -> Points:
        """Return what the strength of this number gives."""
        return _said(compare_strengths(self.specification, self._index.strengths.values[number]))

    def packs(self, number: int) -> Points:
        """Return what the pack of this number gives."""
        return _said(compare_packs(self.specification.pack, self._index.packs.values[number]))

    def makers(self, number: int) -> Points:
        """Return what the maker gives; the holder stands in where it is the likelier reading."""
        maker, holder = self._index.maker(number)
        found = likeness(self.maker, maker, self._groups)
        if holder:
            other = likeness(self.maker, holder, self._groups)
            if other[1] is Verdict.EQUAL and maker:
                other = (0.97, Verdict.COMPATIBLE)
            found = max(found, other, key=lambda points: points[0])
        return _said(found)

    def approvals_of(self, product: int) -> Points:
        """Return what the approval number gives; the first one of a field counts as its number."""
        if not self.approvals or not self._index.numbered[product]:
            return UNKNOWN
        if product not in self.approved:
            return DIFFERENT
        number = self._index.approval_of[product]
        theirs = approval_numbers(self._index.approvals.values[number])
        same = theirs[0] == self.approvals[0]
        return EQUAL if same else Points(0.8, Verdict.COMPATIBLE)

    def codes_of(self, product: int) -> Points:
        """Return what the codes of other systems give: one shared code against all contradictions."""
        contradicts = agrees = False
        for code_type, code in self.item.other_codes:
            if product in self._index.linked(code_type, code):
                agrees = True
            else:
                contradicts |= self._index.has_links(product, code_type)
        if agrees:
            return Points(0.6, Verdict.SIMILAR) if contradicts else EQUAL
        return DIFFERENT if contradicts else UNKNOWN


def _contradict(first: Form, second: Form) -> bool:
    return compare_forms(first, second) in {Verdict.DIFFERENT, Verdict.SIMILAR}


def _said(found: tuple[float, Verdict]) -> Points:
    return UNKNOWN if found[1] is Verdict.UNKNOWN else Points(*found)


def compare_names(ours: DrugName, theirs: DrugName) -> Points:
    """Return how two drug names stand to each other, their forms aside."""
    if not ours.core or not theirs.core:
        return UNKNOWN
    if ours.core == theirs.core:
        return _same_core(ours, theirs)
    if ours.core in theirs.aliases or theirs.core in ours.aliases:
        return Points(0.93, Verdict.COMPATIBLE)
    if set(ours.aliases) & set(theirs.aliases):
        return Points(0.85, Verdict.SIMILAR)
    alike = spelling_likeness(ours.core, theirs.core)
    return Points(0.8 * alike * alike, Verdict.SIMILAR if alike >= ALIKE else Verdict.DIFFERENT)


def _same_core(ours: DrugName, theirs: DrugName) -> Points:
    if not (ours.salts <= theirs.salts or theirs.salts <= ours.salts):
        return Points(OTHER_SALT, Verdict.DIFFERENT)
    share = 1.0 if ours.salts == theirs.salts else 0.95
    if ours.qualifiers == theirs.qualifiers:
        return Points(share, Verdict.EQUAL if share == 1 else Verdict.COMPATIBLE)
    if not ours.qualifiers:  # theirs says more
        return Points(0.96 * share, Verdict.COMPATIBLE)
    return Points((0.8 if theirs.qualifiers else 0.93) * share, Verdict.SIMILAR)
