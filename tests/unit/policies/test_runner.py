from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, cast

import orjson
import pytest

from gateway.bus.embedded import EmbeddedBus
from gateway.errors import Contended, Misconfigured, Unavailable
from gateway.journal.sqlite import SqliteJournal
from gateway.policies.policy import Conclusion, Judgement, Policy, Scope, State
from gateway.policies.prices.linkage import Linkage
from gateway.policies.progress.measure_receipts import ids_of, rows_of
from gateway.policies.progress.progress import Progress
from gateway.policies.registry import POLICIES
from gateway.policies.rulebook import Rulebook
from gateway.policies.running.runner import DEAD_SPACE, FAILURE_RUN, PAGE, PolicyRunner
from gateway.policies.running.working import STATE_SPACE
from gateway.ports import Commit, Entry, Journal, Row, Search, Submission
from schemas.envelope import Message
from schemas.events import (
    ACCEPTANCE_RECORDED,
    EVENT_TYPES,
    PRICE_LINKED,
    PROGRESS_WARNED,
    SETTLEMENT_HELD,
    SETTLEMENT_RESUMED,
)
from tests.unit.policies.hosting import RULES
from tests.unit.policies.making import (
    DRUG,
    HOSPITAL,
    SICHUAN,
    YUNNAN,
    accepted,
    closed,
    listing,
    task,
)

NOW = datetime(2020, 4, 2, tzinfo=UTC)
KEY = f"520000/{HOSPITAL}/{DRUG}"
TWO: tuple[Policy, ...] = (Progress(), Linkage())
"""Policies that no conclusion is put to: what is handled is what was put."""
Q1 = closed("2020-Q1", "2020-03-31")


def clock() -> datetime:
    return NOW


async def put(journal: Journal, *messages: Message) -> None:
    await journal.commit(
        Commit(
            submissions=[
                Submission(
                    one.id,
                    one.partner,
                    f"of-{one.id[:6]}",
                    "canonical",
                    one.data,
                    hashlib.sha256(one.data).hexdigest(),
                    NOW.isoformat(),
                    [Row(one)],
                )
                for one in messages
            ]
        )
    )


def runner(journal: Journal, *policies: Policy) -> PolicyRunner:
    return PolicyRunner(journal, EmbeddedBus(journal), policies or TWO, RULES, clock)


async def settle(running: PolicyRunner) -> int:
    total = 0
    while handled := await running.step(0.05):
        total += handled
    return total


async def concluded(journal: Journal) -> list[Entry]:
    found = await journal.search(Search(partner="policy-progress", limit=10_000))
    return found + await journal.search(Search(partner="policy-linkage", limit=10_000))


async def types(journal: Journal) -> list[str]:
    return sorted(entry.message.type for entry in await concluded(journal))


async def state(journal: Journal) -> dict[str, Any]:
    stored = await journal.get(STATE_SPACE + "progress", KEY)
    assert stored is not None
    found: dict[str, Any] = orjson.loads(stored.value)
    return found


async def test_conclusions_enter_the_journal_like_any_other_message(
    journal: SqliteJournal,
) -> None:
    await put(journal, task(), accepted("a", "6999.0000", "2020-02-10"))
    running = runner(journal)
    assert await settle(running) == 2
    await put(journal, Q1)
    assert await settle(running) == 1
    assert await types(journal) == [PROGRESS_WARNED, SETTLEMENT_HELD]
    hold = next(e for e in await concluded(journal) if e.message.type == SETTLEMENT_HELD)
    message = hold.message
    assert message.source == "urn:jicai:partner:policy-progress"
    assert (message.causationid, message.correlationid) == (Q1.id, Q1.correlationid)
    assert hold.message_id == f"{Q1.id}:{KEY}:1"
    assert (message.region, message.subject) == ("520000", f"{HOSPITAL}/{DRUG}")
    assert message.time == "2020-04-01T00:00:00+08:00"
    assert await journal.raw(hold.head_id) == message.data
    await put(journal, accepted("b", "3001.0000", "2020-04-20"))
    await settle(running)
    resumed = next(e for e in await concluded(journal) if e.message.type == SETTLEMENT_RESUMED)
    assert resumed.message.content()["hold_id"] == hold.message.id
    await running.stop()


async def test_a_message_delivered_again_has_no_second_effect(journal: SqliteJournal) -> None:
    given = [task(), accepted("a", "6999.0000", "2020-02-10"), Q1]
    await put(journal, *given)
    first, again = runner(journal), runner(journal)
    await settle(first)
    await first.stop()
    consumer = await again._started()
    own = {EVENT_TYPES[each].topic for policy in TWO for each in policy.consumes}
    for position in await again._bus.ends():
        if position.topic in own:  # the group's offsets are lost: everything comes again
            await consumer.seek(position.topic, position.partition, 1)
    fetched = await consumer.fetch(10, 0.05)
    assert {each.message.id for each in fetched} == {each.id for each in given}
    assert await again._handle([each.message for each in fetched]) == 0
    await again.stop()
    assert await types(journal) == [PROGRESS_WARNED, SETTLEMENT_HELD]
    assert len(rows_of(await state(journal))) == 1


async def test_the_same_message_twice_in_one_batch_counts_once(journal: SqliteJournal) -> None:
    buys = accepted("a", "10.0000", "2020-02-10")
    assert await runner(journal)._handle([buys, task(), buys]) == 2
    assert len(rows_of(await state(journal))) == 1


async def test_a_task_that_comes_after_its_quarter_closed_is_measured(
    journal: SqliteJournal,
) -> None:
    running = runner(journal)
    await running._handle([Q1])
    await running._handle([task()])
    assert await types(journal) == [PROGRESS_WARNED, SETTLEMENT_HELD]


async def test_a_period_closes_for_every_institution_of_the_region(journal: SqliteJournal) -> None:
    count = PAGE + 5
    tasks = [task(f"t{at}", institution=f"H5201{at:07d}", region="520100") for at in range(count)]
    outside = task("other", institution="H53010000001", region=YUNNAN)
    running = runner(journal)
    await running._handle([*tasks, outside])
    await running._handle([Q1])
    assert len(await concluded(journal)) == 2 * count
    await running._handle([closed("2020-Q1", "2020-03-31", "520100")])
    assert len(await concluded(journal)) == 2 * count


async def test_a_region_that_closed_half_way_is_finished_without_doubles(
    journal: SqliteJournal,
) -> None:
    await runner(journal)._handle(
        [task(f"t{at}", institution=f"H5201{at:07d}") for at in range(PAGE + 5)]
    )
    broken = Failing(journal, after=2)  # the region's record and the first page
    with pytest.raises(Unavailable):
        await runner(cast("Journal", broken))._handle([Q1])
    assert len(await concluded(journal)) == 2 * PAGE
    assert await runner(journal)._handle([Q1]) == 1
    assert len(await concluded(journal)) == 2 * (PAGE + 5)
    assert len({entry.message.id for entry in await concluded(journal)}) == 2 * (PAGE + 5)


async def test_a_failed_commit_leaves_the_batch_to_be_taken_up_again(
    journal: SqliteJournal,
) -> None:
    await put(journal, task(), Q1)
    broken = Failing(journal, after=0)
    running = PolicyRunner(cast("Journal", broken), EmbeddedBus(journal), TWO, RULES, clock)
    with pytest.raises(Unavailable):
        await running.step(0.5)
    broken.after = 1000
    assert await settle(running) == 2
    assert len(await concluded(journal)) == 2


async def test_a_slower_worker_reads_again_and_redoes(journal: SqliteJournal) -> None:
    await runner(journal)._handle([task()])
    meddling = Meddling(journal, accepted("other", "5.0000", "2020-02-11"))
    await runner(cast("Journal", meddling))._handle([accepted("own", "7.0000", "2020-02-10")])
    assert meddling.contended == 1
    quantities = [row.quantity for row in rows_of(await state(journal))]
    assert sorted(quantities) == [50_000, 70_000]


async def test_many_workers_at_once_lose_and_double_nothing(journal: SqliteJournal) -> None:
    await runner(journal)._handle([task()])
    buys = [accepted(f"a{at}", "1.0000", "2020-02-10") for at in range(40)]
    await asyncio.gather(*(runner(journal)._handle([each]) for each in [*buys, *buys[:10], Q1]))
    found = await state(journal)
    assert len(ids_of(rows_of(found))) == 40
    said = {each.message.id: each.message.content() for each in await concluded(journal)}
    replaced = [each["replaces"] for each in said.values() if "replaces" in each]
    assert len(replaced) == len(set(replaced))
    last = [each for identity, each in said.items() if identity not in replaced]
    assert [each["accepted_quantity"] for each in last] == ["40.0000"] * 2  # the warning, the hold


async def test_what_a_policy_cannot_handle_is_laid_where_people_see_it(
    journal: SqliteJournal,
) -> None:
    poisoned, good = accepted("x", "1.0000", "2020-02-10"), accepted("a", "2.0000", "2020-02-10")
    running = runner(journal, Progress(), Touchy({poisoned.id}))
    await running._handle([task(), poisoned, good])
    ((key, stored),) = await journal.scan(DEAD_SPACE)
    told = orjson.loads(stored.value)
    assert key == f"touchy/{poisoned.id}"
    assert (told["subject"], told["count"]) == (poisoned.subject, 1)
    assert "no" in told["errors"][0]
    assert running.failures == 1
    # the other policy took all of them
    assert len(rows_of(await state(journal))) == 2
    assert await running._handle([poisoned]) == 0


async def test_a_message_that_is_no_json_is_laid_aside_too(journal: SqliteJournal) -> None:
    good = accepted("a", "2.0000", "2020-02-10")
    broken = Message(good.id, good.source, good.type, good.subject, good.time, b"{")
    running = runner(journal)
    assert await running._handle([broken]) == 1
    assert running.failures == 1


async def test_a_conclusion_that_breaks_its_contract_is_the_policys_fault(
    journal: SqliteJournal,
) -> None:
    running = runner(journal, Babbling())
    await running._handle([accepted("a", "2.0000", "2020-02-10")])
    assert running.failures == 1
    assert await journal.search(Search(partner="policy-babbling")) == []


async def test_a_run_of_failures_stops_the_runner_and_buries_nothing_more(
    journal: SqliteJournal,
) -> None:
    buys = [accepted(f"a{at}", "1.0000", "2020-02-10") for at in range(2 * FAILURE_RUN)]
    bad = {each.id for each in buys}
    running = runner(journal, Touchy(bad))
    await running._handle(buys[: FAILURE_RUN - 1])
    assert len(await journal.scan(DEAD_SPACE)) == FAILURE_RUN - 1
    with pytest.raises(Misconfigured, match="20 messages in a row"):
        await running._handle(buys[FAILURE_RUN - 1 :])
    assert len(await journal.scan(DEAD_SPACE)) == FAILURE_RUN - 1


async def test_single_failures_among_good_messages_do_not_stop_the_runner(
    journal: SqliteJournal,
) -> None:
    buys = [accepted(f"a{at}", "1.0000", "2020-02-10") for at in range(3 * FAILURE_RUN)]
    running = runner(journal, Touchy({each.id for each in buys[::2]}))
    await running._handle(buys)
    assert running.failures == len(buys[::2])


async def test_prices_are_linked_through_the_bus(journal: SqliteJournal) -> None:
    await put(journal, listing("yn", "0.500000", YUNNAN), listing("sc", "0.400000", SICHUAN))
    running = runner(journal, Linkage())
    await settle(running)
    (linked,) = await concluded(journal)
    assert linked.message.type == PRICE_LINKED
    assert running.concluded[PRICE_LINKED] == 1
    await running.stop()


async def test_it_runs_until_it_is_told_to_stop(journal: SqliteJournal) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(runner(journal).run(stop))
    await put(journal, task())
    await put(journal, Q1)
    for _ in range(100):
        if len(await concluded(journal)) == 2:
            break
        await asyncio.sleep(0.02)
    stop.set()
    await asyncio.wait_for(running, 5)
    assert len(await concluded(journal)) == 2


# ---------------------------------------------------------------------------- stand-ins


class Touchy:
    """A policy that cannot stand certain messages."""

    name = "touchy"
    consumes = frozenset({ACCEPTANCE_RECORDED})

    def __init__(self, bad: set[str]) -> None:
        self.bad = bad

    def keys(self, message: Message, content: State) -> Scope:
        return Scope("k")

    def begin(self, record: State | None) -> State:
        return {"n": 0}

    def remember(self, record: State | None, message: Message, content: State) -> State:
        return {}

    def judge(
        self, key: str, state: State, message: Message, content: State, rules: Rulebook
    ) -> Judgement:
        if message.id in self.bad:
            raise KeyError("no")
        return Judgement({"n": state["n"] + 1})

    def correct(self, key: str, state: State, *_: Any) -> Judgement:
        return Judgement(state)

    def forget(self, record: State | None, gone: Message, content: State) -> State:
        return {}


class Babbling(Touchy):
    """A policy whose conclusion is nonsense."""

    name = "babbling"

    def __init__(self) -> None:
        super().__init__(set())

    def judge(
        self, key: str, state: State, message: Message, content: State, rules: Rulebook
    ) -> Judgement:
        return Judgement(state, [Conclusion(PROGRESS_WARNED, {"institution": "x"})])


class Around:
    """A journal with something in the way of its commits."""

    def __init__(self, journal: SqliteJournal) -> None:
        self._journal = journal

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)


class Failing(Around):
    """Takes some commits, then none."""

    def __init__(self, journal: SqliteJournal, after: int) -> None:
        super().__init__(journal)
        self.after = after

    async def commit(self, work: Commit) -> Sequence[Any]:
        if self.after == 0:
            raise Unavailable("no space left")
        self.after -= 1
        return await self._journal.commit(work)


class Meddling(Around):
    """Lets another worker handle a message just before the first commit."""

    def __init__(self, journal: SqliteJournal, other: Message) -> None:
        super().__init__(journal)
        self._other: Message | None = other
        self.contended = 0

    async def commit(self, work: Commit) -> Sequence[Any]:
        other, self._other = self._other, None
        if other is not None:
            await runner(self._journal)._handle([other])
        try:
            return await self._journal.commit(work)
        except Contended:
            self.contended += 1
            raise


def test_every_policy_takes_types_that_exist_under_a_name_of_its_own() -> None:
    assert len({policy.name for policy in POLICIES}) == len(POLICIES)
    for policy in POLICIES:
        assert policy.consumes <= set(EVENT_TYPES)
