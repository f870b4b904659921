"""状态格式: states that another version wrote are never misread; whoever changes their form must say so."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import pytest

from benchmarks.policies import Year
from gateway.errors import Misconfigured
from gateway.journal.sqlite import SqliteJournal
from gateway.policies.registry import POLICIES
from gateway.policies.running.state_form import (
    FORM_KEY,
    FORM_SPACE,
    STATE_FORM,
    check_state_form,
)
from gateway.policies.running.working import STATE_SPACE
from gateway.ports import Commit, Write
from tests.unit.policies.making import accepted, closed, task
from tests.unit.policies.test_runner import put, runner, settle

WRITTEN = {
    "progress": "953226e5",
    "linkage": "77ae7e2d",
    "eligibility": "4525c4a9",
    "payment_standard": "57df9f9e",
    "purchase_price": "39d342fb",
    "payment_clock": "7ad52d02",
    "monitoring": "267042dd",
    "publication": "8956ac72",
    "region_roll_up": "fbac53ce",
    "batch_roll_up": "26d5d7d0",
    "drug_products": "4b74c617",
    "purchases": "8dea2381",
    "distribution_deliveries": "8dea1eab",
    "substitution": "fb596eeb",
    "credit": "330fd2cb",
}
"""Digest of the states that a short quarter and a held institution leave behind, by policy."""


async def test_a_new_journal_is_marked_and_judged_on(journal: SqliteJournal) -> None:
    await put(journal, task())
    assert await settle(runner(journal)) == 1
    marked = await journal.get(FORM_SPACE, FORM_KEY)
    assert marked is not None
    assert marked.value == b"%d" % STATE_FORM
    await check_state_form(journal, POLICIES)


@pytest.mark.parametrize("form", [b"0", b"%d" % (STATE_FORM + 1), b""])
async def test_states_of_another_form_are_not_gone_on_with(
    journal: SqliteJournal, form: bytes
) -> None:
    await journal.commit(Commit(writes=[Write(FORM_SPACE, FORM_KEY, form)]))
    await put(journal, task())
    with pytest.raises(Misconfigured, match=r"规则状态的格式是 .*form"):
        await runner(journal).step(0.05)
    assert await journal.get(STATE_SPACE + "progress", "520000") is None


async def test_states_of_a_form_that_nobody_noted_are_not_gone_on_with(
    journal: SqliteJournal,
) -> None:
    await journal.commit(Commit(writes=[Write(STATE_SPACE + "progress", "k", b"{}")]))
    with pytest.raises(Misconfigured, match="未标明"):
        await runner(journal).step(0.05)
    assert await journal.get(FORM_SPACE, FORM_KEY) is None


async def test_workers_that_begin_at_once_mark_it_once(
    journal: SqliteJournal, tmp_path: Path
) -> None:
    other = SqliteJournal(tmp_path / "journal.db")
    await other.start()
    await asyncio.gather(*(check_state_form(each, POLICIES) for each in (journal, other) * 5))
    marked = await other.get(FORM_SPACE, FORM_KEY)
    assert marked is not None
    assert marked.version == 1
    await other.stop()


async def test_states_are_written_as_this_form_says(journal: SqliteJournal) -> None:
    """Where this fails, old states are misread unless proved otherwise: raise STATE_FORM, then pin anew."""
    short = [task(), accepted("a", "6999.0000", "2020-02-10"), closed("2020-Q1", "2020-03-31")]
    for messages in [*Year(400, 4, 3, orders=True).days(), short]:
        await put(journal, *messages)
        await settle(runner(journal, *POLICIES))
    found = {}
    for policy in POLICIES:
        states = await journal.scan(STATE_SPACE + policy.name)
        text = b"\n".join(key.encode() + b" " + stored.value for key, stored in states)
        if states:
            found[policy.name] = hashlib.sha256(text).hexdigest()[:8]
    assert (STATE_FORM, found) == (2, WRITTEN)
