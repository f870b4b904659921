"""待办编码: one item per code that is waited for, with what is known of it and who waits behind."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.coding.local_items import keeping, kept_items
from gateway.coding.records import LocalItem, Proposal
from gateway.coding.review import Review
from gateway.coding.store import CrosswalkStore
from gateway.coding.waiting_codes import missing_code, waiting_codes
from gateway.coding.work_items import WorkItem, work_items
from gateway.partners import Partners
from gateway.ports import Commit, EntryKind, Journal, Row
from schemas.envelope import canonical_bytes, message_identity
from schemas.events import CATALOGUE_ITEM_PUBLISHED, STOCK_COUNTED
from schemas.issues import issue
from tests.fakes.journal import MemoryJournal
from tests.journal.conftest import AnyJournal
from tests.journal.making import commit, message, submission
from tests.unit.coding import waiting
from tests.unit.coding.waiting import NOW, PARTNER, acceptance, put

PARTNERS = Partners({"his-a": PARTNER}, {})


async def items(journal: Journal, **asked: Any) -> list[WorkItem]:
    return await work_items(journal, PARTNERS, **asked)


def named(found: list[WorkItem]) -> list[tuple[str, str, int, int]]:
    return [(one.item.kind, one.item.local_code, one.direct, one.behind) for one in found]


async def test_each_unknown_code_is_one_item_and_the_oldest_comes_first(
    journal: AnyJournal,
) -> None:
    await put(
        journal,
        waiting.submission("m1", acceptance("2", "8")),
        waiting.submission("m2", acceptance("1", "7")),
        waiting.submission("m3", acceptance("1", "new-ward")),
    )
    found = await items(journal)
    assert named(found) == [
        ("product", "2", 1, 0),
        ("product", "1", 2, 0),
        ("institution", "new-ward", 1, 0),
    ]
    first = found[0]
    assert (first.partner_name, first.since) == ("合成示例医院", "2026-03-02T00:00:00+08:00")
    assert first.sample_ids == (message_identity("his-a", "m1"),)
    assert (first.days, first.proposals) == (("2026-03-01",), ())


def held(name: str, subject: str, codes: list[str], keys: list[str]) -> Any:
    why = tuple(issue("code.unknown", "local_code", kind="product", code=code) for code in codes)
    kind = EntryKind.HELD if codes else EntryKind.MESSAGE
    row = Row(message(message_identity("his-a", name), subject), 0, kind, (subject, *keys), why)
    return submission(name, [row])


async def test_those_that_wait_behind_are_counted_through_the_whole_chain(
    journal: AnyJournal,
) -> None:
    await journal.commit(
        commit(
            held("m1", "s1", ["A"], ["his-a|product|A", "k1"]),
            held("m2", "s2", [], ["k1", "k2"]),  # behind A
            held("m3", "s3", ["B"], ["his-a|product|B", "k2"]),  # lacks B, and stands behind A
            held("m4", "s4", [], ["k2"]),  # behind A and B
            held("m5", "s5", ["A", "B"], ["his-a|product|A", "his-a|product|B"]),  # lacks both
            held("m6", "s6", ["C"], ["his-a|product|C"]),
        )
    )
    assert named(await items(journal)) == [
        ("product", "A", 2, 3),
        ("product", "B", 2, 1),
        ("product", "C", 1, 0),
    ]


async def test_the_list_is_read_in_pages(journal: AnyJournal) -> None:
    await put(journal, *(waiting.submission(f"m{n}", acceptance(f"c{n}")) for n in range(7)))
    seen: list[str] = []
    after = ""
    while page := await items(journal, limit=3, after=after):
        seen += [one.item.local_code for one in page]
        after = page[-1].cursor
    assert seen == [f"c{n}" for n in range(7)]
    assert await items(journal, limit=0) == []
    assert await items(journal, partner="nobody") == []


async def test_a_release_between_two_pages_loses_no_item(journal: AnyJournal) -> None:
    await put(journal, *(waiting.submission(f"m{n}", acceptance(f"{n}")) for n in range(4)))
    first = await items(journal, limit=2)
    assert await waiting.holds(journal).release(waiting.crosswalk("0", "1"), NOW) == 2
    rest = await items(journal, limit=9, after=first[-1].cursor)
    assert [one.item.local_code for one in rest] == ["2", "3"]


async def test_what_messages_tell_of_the_code_is_collected(journal: AnyJournal) -> None:
    catalogue = {
        "local_code": "L1",
        "generic_name": "氨氯地平片",
        "strength": "5mg",
        "pack_quantity": 28,
        "manufacturer": "合成示例药厂",
        "published_on": "2026-01-01",
    }
    stock = {
        "local_code": "L1",
        "product_name": "氨氯地平",
        "trace_codes": ["81234560000000000001", "81234569999999999999"],
        "counted_at": "2026-02-01T00:00:00+08:00",
    }
    rows = []
    for at, (type_, data) in enumerate(
        [(STOCK_COUNTED, stock), (CATALOGUE_ITEM_PUBLISHED, catalogue)]
    ):
        given = waiting.submission(f"m{at}", acceptance("L1"))
        before = given.rows[0].message
        given.rows[0].message = type(before)(
            before.id, before.source, type_, before.subject, before.time, canonical_bytes(data)
        )
        rows.append(given)
    await put(journal, *rows)
    await journal.commit(
        Commit(
            writes=keeping([LocalItem("his-a", "product", "L1", approval_no="国药准字H10000001")])
        )
    )
    (found,) = await items(journal)
    assert found.item == LocalItem(
        "his-a",
        "product",
        "L1",
        name="氨氯地平片",
        specification="5mg",
        pack="28",
        manufacturer="合成示例药厂",
        approval_no="国药准字H10000001",
        other_codes=(("drug_id_code_7", "8123456"),),
    )
    assert found.days == ("2026-01-01", "2026-02-01")


async def test_the_line_with_the_code_tells_of_it_and_no_other(journal: AnyJournal) -> None:
    given = waiting.submission("m1", acceptance("L1"))
    before = given.rows[0].message
    data = {
        "product_name": "别的",
        "lines": [
            {"local_code": "L0", "product_name": "又一个"},
            {"local_code": "L1", "product_name": "对的"},
        ],
    }
    given.rows[0].message = type(before)(
        before.id, before.source, STOCK_COUNTED, before.subject, before.time, canonical_bytes(data)
    )
    await put(journal, given)
    (found,) = await items(journal)
    assert found.item.name == "对的"


async def test_an_open_proposal_is_named(journal: AnyJournal) -> None:
    await put(journal, waiting.submission("m1", acceptance("1")))
    review = Review(CrosswalkStore(journal), waiting.crosswalk())
    (outcome,) = await review.propose(
        [Proposal("his-a", "product", "1", waiting.product("1"), "2026-01-01")],
        by="对照员甲",
        now=NOW,
    )
    (found,) = await items(journal)
    assert found.proposals == (outcome.id,)


async def test_facts_of_a_code_survive_being_kept() -> None:
    whole = LocalItem("p", "product", "c", "名", "片剂", "5mg", "28", "厂", "号", (("a", "b"),))
    journal = MemoryJournal()
    await journal.commit(Commit(writes=keeping([whole])))
    assert await kept_items(journal, [LocalItem("p", "product", "c")]) == {"p|product|c": whole}


@pytest.mark.parametrize(
    "code", ["A", "A B", "x:product y", "{code}", "药(盒)", "编码未对照:product A"]
)
@pytest.mark.parametrize("kind", ["product", "institution", "enterprise"])
def test_an_issue_says_which_code_is_lacking(kind: str, code: str) -> None:
    assert missing_code(issue("code.unknown", "p", kind=kind, code=code)) == (kind, code)
    expired = issue("code.expired", "p", kind=kind, code=code, date="2026-01-01")
    assert missing_code(expired) == (kind, code)
    assert missing_code(issue("code.refused", "p", kind=kind, code=code, reason="r")) is None


async def test_many_codes_of_one_partner_are_counted_apart(journal: AnyJournal) -> None:
    await journal.commit(
        commit(
            *(
                held(f"m{n}", f"s{n}", [f"C{n}"], [f"his-a|product|C{n}", "ward"])
                for n in range(300)
            )
        )
    )
    found = await waiting_codes(journal)
    assert [one.behind for one in found.values()] == list(range(299, -1, -1))
    assert {one.direct for one in found.values()} == {1}
