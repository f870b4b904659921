"""候选: the one door of the matching room. Build once from the records, then rank any item."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Self

from gateway.coding.matching.evidence import Candidate
from gateway.coding.matching.makers import parse_maker
from gateway.coding.matching.parties import PartyRecord
from gateway.coding.matching.party_ranking import PartyRanking
from gateway.coding.matching.product_index import ProductIndex
from gateway.coding.matching.product_ranking import ProductRanking
from gateway.coding.products.record import ProductRecord
from gateway.coding.records import LocalItem, Proposal
from schemas.codes import CodeKind

Record = ProductRecord | PartyRecord
LIMIT: Final = 10


class Candidates:
    """Products, institutions and enterprises by what they say. Adding is cheap; ranking changes nothing.

    `aliases` maps a company's name to the short name of its group (正大天晴…): it lifts candidates of the
    same group and never identifies one. `complete` says that the products are the whole national
    catalogue: only then may an item without an approval number be exact with a product that has one.
    """

    def __init__(self, aliases: Mapping[str, str] | None = None, *, complete: bool = False) -> None:
        groups = {
            name: group
            for raw, group in (aliases or {}).items()
            if (name := parse_maker(raw).name) and group
        }
        groups.update(
            {parse_maker(group).name: group for group in (aliases or {}).values() if group}
        )
        self._products = ProductIndex()
        self._ranking = ProductRanking(self._products, groups, complete=complete)
        self._parties = {
            kind.value: PartyRanking(kind.value, groups)
            for kind in (CodeKind.INSTITUTION, CodeKind.ENTERPRISE)
        }

    @classmethod
    def of(
        cls,
        records: Iterable[Record],
        aliases: Mapping[str, str] | None = None,
        *,
        complete: bool = False,
    ) -> Self:
        """Build the index of all records. A party of another kind raises KeyError."""
        made = cls(aliases, complete=complete)
        made.add_many(records)
        return made

    def add_many(self, records: Iterable[Record]) -> None:
        """Take more records in, e.g. page by page of a store. A code twice is two records."""
        for record in records:
            if isinstance(record, ProductRecord):
                self._products.add(record)
            else:
                self._parties[record.kind].add(record)

    def __len__(self) -> int:
        return len(self._products) + sum(map(len, self._parties.values()))

    def rank(self, item: LocalItem, limit: int = LIMIT, on: str = "") -> list[Candidate]:
        """Return up to `limit` candidates, best first; at most one is `exact`.

        `on` (an ISO day): a record that does not hold on that day is shown with that evidence and is
        never exact. An item of an unknown kind has no candidates.
        """
        if item.kind == CodeKind.PRODUCT:
            return self._ranking.rank(item, limit, on)
        parties = self._parties.get(item.kind)
        return parties.rank(item, limit, on) if parties is not None else []


def propose_exact(
    items: Iterable[LocalItem], candidates: Candidates, valid_from: str
) -> list[Proposal]:
    """Return a proposal for every item with an exact candidate on `valid_from`; fuzzy ones never.

    A product that ends bounds the proposal: the meaning cannot outlast what it means.
    """
    proposals: list[Proposal] = []
    for item in items:
        found = next((one for one in candidates.rank(item, on=valid_from) if one.exact), None)
        if found is not None:
            proposals.append(exact_proposal(item, found, valid_from))
    return proposals


def exact_proposal(item: LocalItem, found: Candidate, valid_from: str) -> Proposal:
    """Return the proposal that an exact candidate makes; its evidence goes with it."""
    return Proposal(
        partner=item.partner,
        kind=item.kind,
        local_code=item.local_code,
        unified_code=found.unified_code,
        valid_from=valid_from,
        valid_to=found.valid_to,
        evidence=f"{found.zh}\n{found.en}",
        exact=True,
        local_name=item.name,
        local_specification=item.specification,
    )
