"""产品候选: which products an item may mean, best first, with the evidence of every field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.coding.matching.evidence import Candidate, FieldEvidence, Verdict
from gateway.coding.matching.exactness import qualifies, rivals
from gateway.coding.matching.product_comparison import UNKNOWN, WEIGHTS, Comparison, Points
from gateway.coding.matching.product_index import ProductIndex
from gateway.coding.matching.product_weighing import Weighed, Weighing
from gateway.coding.matching.text import flat
from gateway.coding.records import LocalItem

STANDARD_CODE: Final = "drug_standard_code_86"


class ProductRanking:
    """Ranks items of kind product against an index."""

    def __init__(
        self, index: ProductIndex, groups: Mapping[str, str], *, complete: bool = False
    ) -> None:
        self._index, self._groups, self._complete = index, groups, complete

    def rank(self, item: LocalItem, limit: int, on: str = "") -> list[Candidate]:
        """Return up to `limit` candidates; those that do not hold on the day `on` are never exact."""
        comparison = Comparison(item, self._index, self._groups)
        weighed = Weighing(comparison, self._index, max(limit, 1)).weigh()
        exact = self._exact(comparison, weighed, on)
        codes = self._index.codes
        best = sorted(
            weighed.best(limit), key=lambda product: (-weighed.scores[product], codes[product])
        )
        return [
            self._candidate(comparison, weighed, product, exact=product == exact, on=on)
            for product in best[:limit]
        ]

    def _points(self, comparison: Comparison, weighed: Weighed, product: int) -> dict[str, Points]:
        """Return what every field gives."""
        index = self._index
        name = comparison.names(index.name_of[product])
        return {
            "name": weighed.trades.get(product, name),
            "dosage_form": comparison.forms(index.name_of[product]),
            "specification": comparison.strengths(index.strength_of[product]),
            "pack": comparison.packs(index.pack_of[product]),
            "manufacturer": comparison.makers(index.maker_of[product]),
            "approval_no": comparison.approvals_of(product),
            "other_codes": comparison.codes_of(product),
        }

    def _exact(self, comparison: Comparison, weighed: Weighed, on: str) -> int:
        """Return the one product that qualifies and has no rival; -1 where there is none."""
        found, codes = -1, self._index.codes
        if comparison.contradicts_itself:
            return found
        for product in weighed.open:
            if on and not self._holds(product, on):
                continue
            points = self._points(comparison, weighed, product)
            verdicts = {field: points[field].verdict for field in comparison.weights}
            if verdicts["name"] is Verdict.SIMILAR and self._only_trade_name(comparison, product):
                verdicts["name"] = Verdict.EQUAL
            if not rivals(verdicts):
                continue
            anchored = self._is_anchored(comparison, points, product)
            silent = not comparison.approvals and bool(self._index.numbered[product])
            unconfirmed = silent and not self._complete
            if not qualifies(verdicts, anchored=anchored, unconfirmed=unconfirmed):
                return -1
            if found >= 0 and codes[found] != codes[product]:
                return -1
            found = product
        return found

    def _only_trade_name(self, comparison: Comparison, product: int) -> bool:
        """Return whether the names differ by nothing but the product's trade name in brackets."""
        ours = comparison.name
        theirs = self._index.named(self._index.name_of[product]).name
        trade = flat(self._index.trades.values[self._index.trade_of[product]])
        same = (ours.core, ours.salts) == (theirs.core, theirs.salts)
        return same and bool(trade) and ours.qualifiers - {trade} == theirs.qualifiers

    def _is_anchored(
        self, comparison: Comparison, points: Mapping[str, Points], product: int
    ) -> bool:
        if points["approval_no"].verdict is Verdict.EQUAL:
            return True
        return any(
            product in self._index.linked(code_type, code)
            for code_type, code in comparison.item.other_codes
            if code_type == STANDARD_CODE
        )

    def _holds(self, product: int, day: str) -> bool:
        since, until = self._index.spans.values[self._index.span_of[product]]
        return since <= day <= until

    def _candidate(
        self, comparison: Comparison, weighed: Weighed, product: int, *, exact: bool, on: str
    ) -> Candidate:
        since, until = self._index.spans.values[self._index.span_of[product]]
        score = round(100 * weighed.scores[product] / comparison.total, 1)
        points = self._points(comparison, weighed, product)
        evidence = self._evidence(comparison, points, product)
        if on and not since <= on <= until:
            span = FieldEvidence("validity", on, f"{since}..{until}", Verdict.DIFFERENT, 0.0)
            evidence.append(span)
        code = self._index.codes[product]
        return Candidate(code, min(score, 100.0), exact, tuple(evidence), since, until)

    def _evidence(
        self, comparison: Comparison, points: Mapping[str, Points], product: int
    ) -> list[FieldEvidence]:
        """Return the fields that either side states, with what each gave of the 100."""
        ours, theirs = _stated(comparison), self._texts(product)
        agreed = points["other_codes"].verdict is Verdict.EQUAL
        theirs["other_codes"] = ours["other_codes"] if agreed else ""
        found: list[FieldEvidence] = []
        for field in WEIGHTS:
            weight = comparison.weights.get(field)
            if weight is None:
                if theirs[field]:
                    found.append(FieldEvidence(field, "", theirs[field], UNKNOWN.verdict, 0.0))
                continue
            share, verdict = points[field]
            worth = round(100 * weight * share / comparison.total, 1)
            found.append(FieldEvidence(field, ours[field], theirs[field], verdict, worth))
        return found

    def _texts(self, product: int) -> dict[str, str]:
        index = self._index
        named = index.named(index.name_of[product])
        specification, pack = index.specifications.values[index.specification_of[product]]
        maker, holder = index.makers.values[index.maker_of[product]]
        trade = index.trades.values[index.trade_of[product]]
        return {
            "name": f"{named.text}({trade})" if trade else named.text,
            "dosage_form": named.form_text or named.form.form or named.form.group,
            "specification": specification,
            "pack": pack or specification,
            "manufacturer": maker if maker == holder or not holder else f"{maker} / {holder}",
            "approval_no": index.approvals.values[index.approval_of[product]],
        }


def _stated(comparison: Comparison) -> dict[str, str]:
    item = comparison.item
    return {
        "name": item.name,
        "dosage_form": item.dosage_form or comparison.form.form or comparison.form.group,
        "specification": item.specification,
        "pack": item.pack or item.specification,
        "manufacturer": item.manufacturer,
        "approval_no": item.approval_no,
        "other_codes": " ".join(f"{kind}:{code}" for kind, code in item.other_codes),
    }
