"""A file becomes one batch of proposals, as a whole or not at all; another person approves it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.coding.interchange.findings import BadFile
from gateway.coding.interchange.importing import file_batch
from gateway.coding.interchange.preview import State
from gateway.coding.records import Proposal
from gateway.errors import Refused, Unavailable
from gateway.ports import Journal
from tests.coding_import.making import (
    NOW,
    A,
    B,
    Breaking,
    believed_directly,
    code_no,
    imported,
    prepared,
    review_of,
    table,
    taken,
)


async def everything(journal: Journal) -> list[str]:
    """Every key that reviews and imports write."""
    spaces = ("crosswalk-proposal", "crosswalk-list", "crosswalk-batch", "crosswalk")
    return [key for space in spaces for key, _ in await journal.scan(space)]


async def test_a_file_is_one_batch_that_another_person_approves(
    journal: Journal, tmp_path: Path
) -> None:
    review = review_of(journal)
    path = table(tmp_path / "a.csv", [("0012", A, "2026-07-01", ""), ("0013", B, "2026-07-01", "")])
    done = await imported(review, path)
    assert (done.filed, done.already, done.refused) == (2, 0, ())
    assert (await review.follow()).resolve("hospital-a", "product", "0012", "2026-07-01") is None
    with pytest.raises(Refused):
        await review.approve_batch(done.batch, by="li", now=NOW)
    await review.approve_batch(done.batch, by="wang", now=NOW)
    crosswalk = await review.follow()
    assert crosswalk.resolve("hospital-a", "product", "0012", "2026-07-01") == A
    assert crosswalk.resolve("hospital-a", "product", "0012", "2026-06-30") is None
    (version,) = crosswalk.history("hospital-a", "product", "0013")
    assert version.evidence == "a.csv row 3"
    assert version.origin == f"import {done.batch}"


async def test_the_same_file_again_finds_its_batch(journal: Journal, tmp_path: Path) -> None:
    review = review_of(journal)
    path = table(tmp_path / "a.csv", [("0012", A, "2026-07-01", "")])
    first, again = await imported(review, path), await imported(review, path)
    assert again.batch == first.batch
    assert (again.filed, again.already) == (0, 1)
    (waiting,) = (await review.proposals()).items
    assert waiting.batch == first.batch
    await review.approve_batch(first.batch, by="wang", now=NOW)
    after = await prepared(review, path)
    assert after.preview.summary()["unchanged"] == 1
    assert await imported(review, path) == type(first)(first.batch, 0, 0)
    assert (await review.proposals()).items == ()


async def test_another_file_plan_or_mode_is_another_batch(journal: Journal, tmp_path: Path) -> None:
    review = review_of(journal)
    path = table(tmp_path / "a.csv", [("0012", A, "2026-07-01", "")])
    batches = {
        (await prepared(review, path, **more)).batch
        for more in ({}, {"evidence": "x"}, {"full": True, "effective": "2026-07-01"})
    }
    table(path, [("0012", A, "2026-07-02", "")])
    batches.add((await prepared(review, path)).batch)
    assert len(batches) == 4


async def test_a_refused_batch_may_be_imported_again(journal: Journal, tmp_path: Path) -> None:
    review = review_of(journal)
    path = table(tmp_path / "a.csv", [("0012", A, "2026-07-01", "")])
    first = await imported(review, path)
    (waiting,) = (await review.proposals()).items
    await review.refuse([waiting.id], by="wang", reason="依据不足", now=NOW)
    assert (await imported(review, path)).filed == 1
    await review.approve_batch(first.batch, by="wang", now=NOW)
    assert (await review.follow()).resolve("hospital-a", "product", "0012", "2026-07-01") == A


async def test_one_wrong_row_and_nothing_is_written(journal: Journal, tmp_path: Path) -> None:
    review = review_of(journal)
    rows = [(f"{n:05d}", code_no(n), "2026-07-01", "") for n in range(2000)]
    rows[1234] = ("01234", code_no(1234), "2026-02-30", "")
    path = table(tmp_path / "a.csv", rows)
    with pytest.raises(BadFile) as caught:
        await imported(review, path)
    assert [(one.row, one.code) for one in caught.value.found] == [(1236, "invalid")]
    assert await everything(journal) == []


@pytest.mark.parametrize("second", [A, B])
async def test_a_killed_import_leaves_nothing_and_may_be_done_again(
    journal: Journal, tmp_path: Path, second: str
) -> None:
    path = table(tmp_path / "a.csv", [("1", A, "2026-07-01", ""), ("2", second, "2026-07-01", "")])
    if second == A:
        table(path, [("1", A, "2026-07-01", "2026-07-31"), ("2", A, "2026-08-01", "")])
    broken = review_of(Breaking(journal, 0))
    with pytest.raises(Unavailable):
        await imported(broken, path)
    assert await everything(journal) == []
    assert (await imported(review_of(journal), path)).filed == 2


async def test_what_was_decided_meanwhile_stops_the_whole_file(
    journal: Journal, tmp_path: Path
) -> None:
    review = review_of(journal)
    path = table(tmp_path / "a.csv", [("1", A, "2026-07-01", ""), ("2", B, "2026-07-01", "")])
    seen = await prepared(review, path)
    other = Proposal("hospital-a", "product", "2", A, "2026-01-01")
    await believed_directly(review_of(journal), other)
    keys = await everything(journal)
    done = await file_batch(seen, review, by="li", now=NOW)
    assert done.filed == 0
    assert [(one.row, one.state) for one in done.refused] == [
        (2, State.CONFLICTING),
        (3, State.CONFLICTING),
    ]
    assert await everything(journal) == keys


async def test_a_rename_on_a_given_day_and_its_whole_table(
    journal: Journal, tmp_path: Path
) -> None:
    review = review_of(journal)
    first = [
        ("1", A, "2020-01-01", ""),
        ("2", B, "2020-01-01", ""),
        ("3", code_no(3), "2020-01-01", ""),
    ]
    await taken(review, table(tmp_path / "a.csv", first))
    second = [("1", code_no(1), "2026-08-01", ""), ("2", B, "2020-01-01", "")]
    path = table(tmp_path / "b.csv", second)
    seen = await prepared(review, path, full=True, effective="2026-08-01")
    assert {k: v for k, v in seen.preview.summary().items() if v} == {
        "changed": 1,
        "retired": 1,
        "unchanged": 1,
    }
    await taken(review, path, full=True, effective="2026-08-01")
    crosswalk = await review.follow()
    days = ("2026-07-31", "2026-08-01")
    meant = {
        local: tuple(crosswalk.resolve("hospital-a", "product", local, day) for day in days)
        for local in ("1", "2", "3")
    }
    assert meant == {"1": (A, code_no(1)), "2": (B, B), "3": (code_no(3), None)}
    assert not [one for one in (await prepared(review, path)).preview.changes if one.proposals]


async def test_a_correction_keeps_what_was_believed(journal: Journal, tmp_path: Path) -> None:
    review = review_of(journal)
    await taken(review, table(tmp_path / "a.csv", [("1", A, "2020-01-01", "")]))
    await taken(review, table(tmp_path / "b.csv", [("1", B, "2020-01-01", "")]))
    versions = (await review.follow()).history("hospital-a", "product", "1")
    assert [(one.unified_code, one.believed) for one in versions] == [(A, False), (B, True)]


async def test_two_codes_swap_their_meanings(journal: Journal, tmp_path: Path) -> None:
    review = review_of(journal)
    await taken(
        review, table(tmp_path / "a.csv", [("1", A, "2020-01-01", ""), ("2", B, "2020-01-01", "")])
    )
    await taken(
        review, table(tmp_path / "b.csv", [("1", B, "2020-01-01", ""), ("2", A, "2020-01-01", "")])
    )
    crosswalk = await review.follow()
    assert crosswalk.resolve("hospital-a", "product", "1", "2026-01-01") == B
    assert crosswalk.resolve("hospital-a", "product", "2", "2026-01-01") == A


async def test_many_to_one_with_choices(journal: Journal, tmp_path: Path) -> None:
    review = review_of(journal)
    rows = [("1", A, "2026-07-01", "", "inbound_only"), ("2", A, "2026-07-01", "", "preferred")]
    await taken(review, table(tmp_path / "a.csv", rows))
    crosswalk = await review.follow()
    found = crosswalk.reverse("hospital-a", "product", A, "2026-07-01")
    assert [one.local_code for one in found] == ["2"]
