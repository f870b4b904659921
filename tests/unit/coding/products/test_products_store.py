from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.coding.products.packed import BLOCK, PackedProducts
from gateway.coding.products.record import CodeLink, ProductRecord
from gateway.coding.products.store import LINK_SPACE, SPACE, Products
from gateway.errors import Unavailable
from gateway.ports import Commit, Write
from tests.fakes.journal import MemoryJournal
from tests.journal.conftest import AnyJournal

STANDARD = "drug_standard_code_86"


def product(number: int, *codes: str, maker: str = "") -> ProductRecord:
    links = tuple(CodeLink(STANDARD, code) for code in codes)
    return ProductRecord(f"CODE{number:05d}", maker=maker, links=links)


async def test_what_was_written_is_read(journal: AnyJournal) -> None:
    products = Products(journal)
    assert await products.put_many([product(1, "A"), product(2)]) == 2
    assert await products.get("CODE00001") == product(1, "A")
    assert await products.get("CODE00003") is None
    found = await products.get_many(["CODE00002", "CODE00009", "CODE00001", "CODE00002"])
    assert list(found) == ["CODE00002", "CODE00001"]


async def test_links_are_many_to_many_and_follow_the_last_record(journal: AnyJournal) -> None:
    products = Products(journal)
    await products.put_many([product(1, "A", "B"), product(2, "B"), product(3, "B B")])
    assert [one.unified_code for one in await products.by_link(STANDARD, "B")] == [
        "CODE00001",
        "CODE00002",
    ]
    await products.put_many([product(1, "A")])
    assert [one.unified_code for one in await products.by_link(STANDARD, "B")] == ["CODE00002"]
    assert [one.unified_code for one in await products.by_link(STANDARD, "A")] == ["CODE00001"]
    assert await products.by_link("gtin13", "A") == []


@pytest.mark.parametrize("code", ["A|B", "A||", "|", "A| CODE00001"])
async def test_no_code_is_taken_for_the_beginning_of_another(
    journal: AnyJournal, code: str
) -> None:
    products = Products(journal)
    await products.put_many([product(1, "A"), product(2, code)])
    assert [one.unified_code for one in await products.by_link(STANDARD, "A")] == ["CODE00001"]
    assert [one.unified_code for one in await products.by_link(STANDARD, code)] == ["CODE00002"]


async def test_a_link_key_that_lies_leads_nowhere(journal: AnyJournal) -> None:
    products = Products(journal)
    await products.put_many([product(1, "A")])
    await journal.commit(Commit(writes=[Write(LINK_SPACE, f"{STANDARD}|Z| CODE00001", b"")]))
    assert await products.by_link(STANDARD, "Z") == []


async def test_all_products_come_page_by_page_in_order(journal: AnyJournal) -> None:
    products = Products(journal)
    await products.put_many(product(number) for number in range(23))
    pages = [page async for page in products.pages(size=5)]
    assert [len(page) for page in pages] == [5, 5, 5, 5, 3]
    assert [one.unified_code for page in pages for one in page] == [
        f"CODE{number:05d}" for number in range(23)
    ]


async def test_the_operators_file_wins_over_what_was_imported(journal: AnyJournal) -> None:
    own = PackedProducts.of([product(2, "OWN", maker="甲厂"), product(40, maker="甲厂")])
    products = Products(journal, own)
    await products.put_many(product(number, "STORED", maker="乙厂") for number in (1, 2, 3))
    assert [(one.unified_code, one.maker) for one in await products.page()] == [
        ("CODE00001", "乙厂"),
        ("CODE00002", "甲厂"),
        ("CODE00003", "乙厂"),
        ("CODE00040", "甲厂"),
    ]
    assert [one.unified_code for one in await products.by_link(STANDARD, "OWN")] == ["CODE00002"]
    stored = await products.by_link(STANDARD, "STORED")
    assert [one.unified_code for one in stored] == ["CODE00001", "CODE00003"]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
async def test_pages_of_file_and_store_lose_and_repeat_nothing(
    journal: AnyJournal, size: int
) -> None:
    own = PackedProducts.of(product(number) for number in (0, 1, 4, 5, 6, 12, 13, 14))
    products = Products(journal, own)
    await products.put_many(product(number) for number in (2, 3, 5, 7, 8, 9, 10, 11))
    seen = [one.unified_code async for page in products.pages(size) for one in page]
    assert seen == [f"CODE{number:05d}" for number in range(15)]


async def test_a_record_that_stands_already_costs_no_write() -> None:
    journal = MemoryJournal()
    products = Products(journal)
    await products.put_many([product(1, "A")])
    assert await products.writes([product(1, "A")]) == []
    changed = await products.writes([replace(product(1, "A"), maker="甲厂")])
    assert [(write.space, write.key) for write in changed] == [(SPACE, "CODE00001")]


async def test_the_last_record_of_a_code_wins_within_one_call(journal: AnyJournal) -> None:
    products = Products(journal)
    await products.put_many([product(1, "A", maker="甲厂"), product(1, "B", maker="乙厂")])
    assert await products.get("CODE00001") == product(1, "B", maker="乙厂")
    assert await products.by_link(STANDARD, "A") == []


@pytest.mark.parametrize("code", ["\x00", "A\x00", "\ud800", ""])
async def test_a_code_that_no_database_takes_finds_nothing(journal: AnyJournal, code: str) -> None:
    products = Products(journal)
    await products.put_many([product(1, "A", "B\x00")])
    assert await products.get_many([code]) == {}
    assert await products.by_link(STANDARD, code) == []


async def test_a_journal_that_is_down_is_told() -> None:
    journal = MemoryJournal()
    journal.down = True
    with pytest.raises(Unavailable):
        await Products(journal).put_many([product(1)])


def test_packed_products_are_read_across_blocks() -> None:
    count = 2 * BLOCK + 1
    packed = PackedProducts.of(product(number) for number in reversed(range(count)))
    assert [one.unified_code for one in packed] == [f"CODE{number:05d}" for number in range(count)]
    for number in (0, BLOCK - 1, BLOCK, count - 1):
        assert packed.get(f"CODE{number:05d}") == product(number)
    assert packed.get("CODE") is None
    assert packed.get("Z") is None
    above = packed.above(f"CODE{BLOCK - 2:05d}", 3)
    assert [one.unified_code for one in above] == [
        f"CODE{number:05d}" for number in (BLOCK - 1, BLOCK, BLOCK + 1)
    ]
    assert packed.above(f"CODE{count - 1:05d}", 3) == []
