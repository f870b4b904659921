"""产品库: the products of the national catalogue, in the journal's key-value space.

Space `product` holds one record per unified code, the last that was written; space `product-link` one
empty value per (code type, code, unified code). Nothing is kept in memory: 280,000 products are read
page by page. A link is believed only when the record it leads to still carries it, so that two writers
who overtake each other leave at worst a key that leads nowhere.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, TypeVar

from gateway.coding.products.packed import PackedProducts
from gateway.coding.products.record import ProductRecord, record_bytes, record_of
from gateway.ports import Commit, Journal, Write

SPACE: Final = "product"
LINK_SPACE: Final = "product-link"
PAGE: Final = 500
LINKED_LIMIT: Final = 10_000
"""Most products that are returned for one linked code."""

_AFTER: Final = "|"

Item = TypeVar("Item")


class Products:
    """The catalogue as it stands: the operator's file first, then what was imported."""

    def __init__(self, journal: Journal, own: PackedProducts | None = None) -> None:
        self._journal = journal
        self._own = own or PackedProducts.of(())

    async def get(self, unified_code: str) -> ProductRecord | None:
        """Return one product, None where neither the file nor the catalogue has it."""
        return (await self.get_many([unified_code])).get(unified_code)

    async def get_many(self, codes: Sequence[str]) -> dict[str, ProductRecord]:
        """Return those of the products that exist; the operator's file wins."""
        found: dict[str, ProductRecord] = {}
        missing: list[str] = []
        for code in filter(str.isprintable, dict.fromkeys(codes)):
            own = self._own.get(code)
            if own is None:
                missing.append(code)
            else:
                found[code] = own
        for chunk in _chunks(missing):
            stored = await self._journal.get_many(SPACE, chunk)
            found.update((code, record_of(value.value)) for code, value in stored.items())
        return {code: found[code] for code in dict.fromkeys(codes) if code in found}

    async def put_many(self, records: Iterable[ProductRecord]) -> int:
        """Write records, PAGE per transaction, and return how many; the last of a code wins.

        Raises Unavailable; what was written before stays written and may be written again.
        """
        written = 0
        for chunk in _chunks(records):
            await self._journal.commit(Commit(writes=await self.writes(chunk)))
            written += len(chunk)
        return written

    async def writes(self, records: Sequence[ProductRecord]) -> list[Write]:
        """Return what to write for these records, for a caller who has more to commit with them.

        Records that stand already as they are cost no write.
        """
        last = {record.unified_code: record for record in records}
        before = await self._journal.get_many(SPACE, list(last))
        writes: list[Write] = []
        for code, record in last.items():
            stood = before.get(code)
            data = record_bytes(record)
            if stood is not None and stood.value == data:
                continue
            old = set(_link_keys(record_of(stood.value))) if stood else set()
            new = dict.fromkeys(_link_keys(record))
            writes.append(Write(SPACE, code, data))
            writes += [Write(LINK_SPACE, key, None) for key in sorted(old - new.keys())]
            writes += [Write(LINK_SPACE, key, b"") for key in new if key not in old]
        return writes

    async def by_link(self, code_type: str, code: str) -> list[ProductRecord]:
        """Return the products that carry a code of another system, in order of unified code."""
        if not (code_type + code).isprintable():
            return []
        prefix = _link_key(code_type, code, "")
        keys = await self._journal.scan(LINK_SPACE, prefix, limit=LINKED_LIMIT)
        codes = {key.removeprefix(prefix) for key, _ in keys}
        codes.update(self._own.linked(code_type, code))
        found = await self.get_many(sorted(codes))
        return [record for record in found.values() if code in record.codes(code_type)]

    async def page(self, after: str = "", limit: int = PAGE) -> list[ProductRecord]:
        """Return up to `limit` products with a unified code above `after`, in that order."""
        stored = await self._journal.scan(SPACE, after=after, limit=limit)
        merged = {code: record_of(value.value) for code, value in stored}
        last = max(merged) if len(stored) == limit else ""
        for record in self._own.above(after, limit):
            if last and record.unified_code > last:
                break
            merged[record.unified_code] = record
        return [merged[code] for code in sorted(merged)][:limit]

    async def pages(self, size: int = PAGE) -> AsyncIterator[list[ProductRecord]]:
        """Yield all products, page by page, in order of unified code."""
        after = ""
        while page := await self.page(after, size):
            yield page
            after = page[-1].unified_code


def _link_keys(record: ProductRecord) -> Iterator[str]:
    for link in record.links:
        if (link.code_type + link.code).isprintable():  # a database takes no NUL in a key
            yield _link_key(link.code_type, link.code, record.unified_code)


def _link_key(code_type: str, code: str, unified_code: str) -> str:
    """Return the key; the separator in a code is written double, so that no two codes share a prefix."""
    return f"{code_type}{_AFTER}{code.replace(_AFTER, _AFTER * 2)}{_AFTER} {unified_code}"


def _chunks(items: Iterable[Item]) -> Iterator[list[Item]]:
    rest = iter(items)
    while chunk := list(islice(rest, PAGE)):
        yield chunk
