"""产品候选: which products an item may mean, best first, with the evidence of every field."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from gateway.coding.matching.evidence import Candidate, FieldEvidence, Verdict
from gateway.coding.matching.exactness import qualifies, rivals
from gateway.coding.matching.product_comparison import (
    TRADE_NAME,
    UNSAID,
    WEIGHTS,
    Comparison,
    Points,
)
from gateway.coding.matching.product_index import ProductIndex
from gateway.coding.matching.text import bracketed, flat
from gateway.coding.records import LocalItem

STANDARD_CODE: Final = "drug_standard_code_86"
TRADE_ALIKE: Final = 0.8
ENOUGH: Final = 6000
"""Products that are weighed for one question, likeliest names first."""


class _Group(NamedTuple):
    """Products under one name (or trade name) and what that name can give at most."""

    share: float
    name: Points | None
    """Set where the trade name is what agrees."""
    products: Sequence[int]


class _Weighed(NamedTuple):
    score: float
    product: int
    points: dict[str, Points]


class ProductRanking:
    """Ranks items of kind product against an index."""

    def __init__(self, index: ProductIndex, groups: Mapping[str, str]) -> None:
        self._index, self._groups = index, groups

    def rank(self, item: LocalItem, limit: int, on: str = "") -> list[Candidate]:
        """Return up to `limit` candidates; those that do not hold on the day `on` are never exact."""
        comparison = Comparison(item, self._index, self._groups)
        weighed = self._weigh(comparison)
        exact = self._exact(comparison, weighed, on)
        best = heapq.nsmallest(
            limit, weighed, key=lambda one: (-one.score, self._index.codes[one.product])
        )
        return [self._candidate(comparison, one, one.product == exact, on) for one in best]

    def _weigh(self, comparison: Comparison) -> list[_Weighed]:
        weighed: dict[int, _Weighed] = {}
        for product in self._anchored(comparison):
            weighed[product] = self._score(comparison, product, None)
        for group in self._groups_by_name(comparison):
            for product in group.products:
                if product not in weighed:
                    weighed[product] = self._score(comparison, product, group.name)
            if len(weighed) >= ENOUGH:
                break
        return list(weighed.values())

    def _anchored(self, comparison: Comparison) -> Iterator[int]:
        """Yield the products that share a number or a code with the item."""
        for number in comparison.approvals:
            yield from self._index.approved(number)
        for code_type, code in comparison.item.other_codes:
            yield from self._index.linked(code_type, code)

    def _groups_by_name(self, comparison: Comparison) -> list[_Group]:
        """Return the products by name, likeliest names first."""
        index, name = self._index, comparison.name
        plain = flat(comparison.item.name)
        spoken = (name.core, *name.aliases)
        trades = (plain, *bracketed(plain)[1])
        groups: list[_Group] = []
        for core, alike in index.cores.alike((*spoken, *trades)).items():
            for number in index.named_by_core.get(core, ()):
                share = comparison.named(number)[0].share
                groups.append(_Group(share, None, index.products_by_name[number]))
            if core in index.products_by_trade and alike >= TRADE_ALIKE:
                verdict = Verdict.COMPATIBLE if alike == 1 else Verdict.SIMILAR
                points = Points(TRADE_NAME * alike, verdict)
                groups.append(_Group(points.share, points, index.products_by_trade[core]))
        groups.sort(key=lambda group: -group.share)
        return groups

    def _score(self, comparison: Comparison, product: int, trade: Points | None) -> _Weighed:
        index = self._index
        name, form = comparison.named(index.name_of[product])
        strength, pack = comparison.specified(index.specification_of[product])
        if trade is not None and trade.share > name.share:
            name = trade
        points = {
            "name": name,
            "dosage_form": form,
            "specification": strength,
            "pack": pack,
            "manufacturer": comparison.made(index.maker_of[product]),
        }
        if comparison.approvals:
            points["approval_no"] = comparison.approved(index.approval_of[product])
        if comparison.item.other_codes:
            points["other_codes"] = comparison.linked(product)
        weights = comparison.weights
        score = sum(weight * points[field].share for field, weight in weights.items())
        return _Weighed(score, product, points)

    def _exact(self, comparison: Comparison, weighed: list[_Weighed], on: str) -> int:
        """Return the one product that qualifies and has no rival; -1 where there is none."""
        found = -1
        for one in weighed:
            if on and not self._holds(one.product, on):
                continue
            verdicts = self._verdicts(comparison, one)
            if not rivals(verdicts):
                continue
            anchored = self._is_anchored(comparison, one)
            if found >= 0 or not qualifies(verdicts, anchored=anchored):
                return -1
            found = one.product
        return found

    def _verdicts(self, comparison: Comparison, one: _Weighed) -> dict[str, Verdict]:
        """Return what was found on the fields that the item states."""
        verdicts = {field: one.points[field].verdict for field in comparison.weights}
        if verdicts["name"] is not Verdict.EQUAL and self._only_trade_name(comparison, one.product):
            verdicts["name"] = Verdict.EQUAL
        return verdicts

    def _only_trade_name(self, comparison: Comparison, product: int) -> bool:
        """Return whether the names differ by nothing but the product's trade name in brackets."""
        ours = comparison.name
        theirs = self._index.named(self._index.name_of[product]).name
        trade = flat(self._index.trades.values[self._index.trade_of[product]])
        same = (ours.core, ours.salts) == (theirs.core, theirs.salts)
        return same and bool(trade) and ours.qualifiers - {trade} == theirs.qualifiers

    def _is_anchored(self, comparison: Comparison, one: _Weighed) -> bool:
        approval = one.points.get("approval_no")
        if approval is not None and approval.verdict is Verdict.EQUAL:
            return True
        return any(
            one.product in self._index.linked(code_type, code)
            for code_type, code in comparison.item.other_codes
            if code_type == STANDARD_CODE
        )

    def _holds(self, product: int, day: str) -> bool:
        since, until = self._index.spans.values[self._index.span_of[product]]
        return since <= day <= until

    def _candidate(self, comparison: Comparison, one: _Weighed, exact: bool, on: str) -> Candidate:  # noqa: FBT001
        since, until = self._index.spans.values[self._index.span_of[one.product]]
        score = round(100 * one.score / comparison.total, 1)
        evidence = self._evidence(comparison, one)
        if on and not since <= on <= until:
            evidence += (
                FieldEvidence("validity", on, f"{since}..{until}", Verdict.DIFFERENT, 0.0),
            )
        code = self._index.codes[one.product]
        return Candidate(code, min(score, 100.0), exact, evidence, since, until)

    def _evidence(self, comparison: Comparison, one: _Weighed) -> tuple[FieldEvidence, ...]:
        item, theirs = comparison.item, self._texts(one.product)
        codes = " ".join(f"{kind}:{code}" for kind, code in item.other_codes)
        ours = {
            "name": item.name,
            "dosage_form": item.dosage_form or comparison.form.form or comparison.form.group,
            "specification": item.specification,
            "pack": item.pack or item.specification,
            "manufacturer": item.manufacturer,
            "approval_no": item.approval_no,
            "other_codes": codes,
        }
        agreed = one.points.get("other_codes", Points(UNSAID, Verdict.UNKNOWN))
        theirs["other_codes"] = codes if agreed.verdict is Verdict.EQUAL else ""
        found: list[FieldEvidence] = []
        for field in WEIGHTS:
            stated = field in comparison.weights
            points = one.points[field] if stated else Points(0.0, Verdict.UNKNOWN)
            if not stated and not theirs[field]:
                continue
            worth = 100 * comparison.weights.get(field, 0.0) * points.share / comparison.total
            shown = ours[field] if stated else ""
            found.append(
                FieldEvidence(field, shown, theirs[field], points.verdict, round(worth, 1))
            )
        return tuple(found)

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
