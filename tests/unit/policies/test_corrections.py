"""更正: a message that supersedes another stands in its place, whichever is judged first, and once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.journal.sqlite import SqliteJournal
from gateway.policies.progress.measure_receipts import rows_of
from gateway.policies.running.runner import CORRECTION, DEAD_SPACE, PAGE
from gateway.policies.running.working import STATE_SPACE
from gateway.ports import SUPERSEDED_SPACE, Entry, Search
from schemas.envelope import Message
from schemas.events import (
    EVENT_TYPES,
    PROGRESS_WARNED,
    PROGRESS_WARNING_LIFTED,
    SETTLEMENT_HELD,
    SETTLEMENT_RESUMED,
)
from tests.unit.policies.making import accepted, closed, message, task
from tests.unit.policies.test_runner import KEY, put, runner, settle

Q1 = closed("2020-Q1", "2020-03-31")
SHORT = accepted("a", "6999.0000", "2020-02-10")
FULL = accepted("b", "10000.0000", "2020-02-10", supersedes=SHORT.id)


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[SqliteJournal]:
    opened = SqliteJournal(tmp_path / "j.db")
    await opened.start()
    yield opened
    await opened.stop()


async def concluded(journal: SqliteJournal, type_: str) -> list[Entry]:
    return await journal.search(Search(type=type_))


async def state(journal: SqliteJournal) -> dict[str, Any]:
    stored = await journal.get(STATE_SPACE + "progress", KEY)
    assert stored is not None
    found: dict[str, Any] = orjson.loads(stored.value)
    return found


async def test_what_was_concluded_from_a_wrong_receipt_ends_with_its_correction(
    journal: SqliteJournal,
) -> None:
    await put(journal, task(), SHORT, Q1)
    running = runner(journal)
    await settle(running)
    assert len(await concluded(journal, SETTLEMENT_HELD)) == 1
    await put(journal, FULL)
    await settle(running)
    await running.stop()
    (lifted,) = await concluded(journal, PROGRESS_WARNING_LIFTED)
    (resumed,) = await concluded(journal, SETTLEMENT_RESUMED)
    assert lifted.message.causationid == FULL.id
    (held,) = await concluded(journal, SETTLEMENT_HELD)
    assert resumed.message.content()["hold_id"] == held.message.id
    assert [row.ids for row in rows_of(await state(journal))] == [FULL.id]
    stored = await journal.get(SUPERSEDED_SPACE, SHORT.id)
    assert stored is not None
    assert stored.value.decode() == FULL.id


@pytest.mark.parametrize("together", [True, False])
async def test_the_order_in_which_both_are_judged_does_not_matter(
    journal: SqliteJournal, together: bool
) -> None:
    await put(journal, SHORT, FULL, task(), Q1)
    running = runner(journal)
    if together:
        await running._handle([task(), FULL, SHORT, Q1])
    else:
        for one in (task(), FULL, SHORT, Q1):
            await running._handle([one])
    assert [row.ids for row in rows_of(await state(journal))] == [FULL.id]
    assert await concluded(journal, PROGRESS_WARNED) == []


async def test_a_correction_comes_into_effect_once(journal: SqliteJournal) -> None:
    await put(journal, task(), SHORT, FULL)
    running = runner(journal)
    for _ in range(2):
        await running._handle([task(), SHORT, FULL])
    assert [row.quantity for row in rows_of(await state(journal))] == [100_000_000]


async def test_a_corrected_correction_counts(journal: SqliteJournal) -> None:
    again = accepted("c", "8000.0000", "2020-02-10", supersedes=FULL.id)
    await put(journal, task(), SHORT, FULL, again)
    running = runner(journal)
    await running._handle([task(), SHORT, FULL])
    await running._handle([again])
    assert [row.ids for row in rows_of(await state(journal))] == [again.id]


def _foreign() -> Message:
    content = accepted("x", "1.0000", "2020-02-10").content() | {"supersedes": SHORT.id}
    return message(SHORT.type, "x", content, "somebody-else")


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (accepted("b", "1.0000", "2020-02-10", supersedes="0" * 32), "not in the journal"),
        (_foreign(), "another partner"),
        (accepted("c", "1.0000", "2020-02-10", supersedes=FULL.id), None),
    ],
)
async def test_an_unfounded_correction_counts_for_nothing_and_is_laid_aside(
    journal: SqliteJournal, bad: Message, said: str | None
) -> None:
    second = accepted("d", "2.0000", "2020-02-10", supersedes=SHORT.id)
    await put(journal, task(), SHORT, bad, *([FULL, second] if said is None else []))
    running = runner(journal)
    await running._handle([task(), SHORT])
    if said is None:  # two corrections of one message: the first stands
        await running._handle([FULL, second])
        bad, said, expected = second, "already stands", FULL.id
    else:
        await running._handle([bad])
        expected = SHORT.id
    stored = await journal.get(DEAD_SPACE, f"{CORRECTION}/{bad.id}")
    assert stored is not None
    assert said in stored.value.decode()
    assert [row.ids for row in rows_of(await state(journal))] == [expected]


async def test_a_withdrawn_task_takes_its_warning_and_its_hold_with_it(
    journal: SqliteJournal,
) -> None:
    other = task("other", drug="ANOTHER", supersedes=task().id)
    await put(journal, task(), SHORT, Q1, other)
    running = runner(journal)
    await running._handle([task(), SHORT, Q1])
    await running._handle([other])
    assert (await state(journal))["open"] == {}
    assert len(await concluded(journal, PROGRESS_WARNING_LIFTED)) == 1
    assert len(await concluded(journal, SETTLEMENT_RESUMED)) == 1


async def test_a_period_that_had_not_ended_takes_back_what_its_end_led_to(
    journal: SqliteJournal,
) -> None:
    content = Q1.content() | {"period": "2020-Q2", "ended_on": "2020-06-30", "supersedes": Q1.id}
    later = message(Q1.type, "later", content)
    await put(journal, task(), SHORT, Q1, later)
    running = runner(journal)
    await running._handle([task(), SHORT, Q1])
    await running._handle([later])
    periods = {
        each.message.content()["period"] for each in await concluded(journal, PROGRESS_WARNED)
    }
    assert periods == {"2020-Q1", "2020-Q2"}
    assert set((await state(journal))["open"]["NVBP-2019-LM"]) == {"2020-Q2"}
    assert len(await concluded(journal, PROGRESS_WARNING_LIFTED)) == 1


async def test_of_two_corrections_of_a_period_the_first_stands_in_a_province_of_many_states(
    journal: SqliteJournal,
) -> None:
    many = [task(f"t{at}", institution=f"H5201{at:07d}") for at in range(PAGE + 1)]
    first, second = (
        message(
            Q1.type,
            name,
            Q1.content() | {"period": f"2020-{name}", "ended_on": day, "supersedes": Q1.id},
        )
        for name, day in (("Q2", "2020-06-30"), ("Q3", "2020-09-30"))
    )
    await put(journal, *many, Q1, first, second)
    running = runner(journal)
    await running._handle([*many, Q1])
    await running._handle([first])
    await running._handle([second])
    stored = await journal.get(DEAD_SPACE, f"{CORRECTION}/{second.id}")
    assert stored is not None
    assert "already stands" in stored.value.decode()
    found = await journal.search(Search(type=PROGRESS_WARNED, limit=10_000))
    assert {each.message.content()["period"] for each in found} == {"2020-Q1", "2020-Q2"}


def test_every_family_can_be_corrected() -> None:
    assert all("supersedes" in each.model.model_fields for each in EVENT_TYPES.values())
