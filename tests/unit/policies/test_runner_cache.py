"""规则运行: what the runner keeps between transactions never changes what it concludes."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson

from gateway.journal.sqlite import SqliteJournal
from gateway.policies.progress.measure_receipts import rows_of
from gateway.policies.running.working import StateCache
from gateway.policies.running.working_order import (
    ORDER_SPACE,
    OrderKeeper,
    Step,
    StepKind,
    order_instant,
    steps_in_order,
)
from gateway.ports import Commit, Stored
from tests.unit.policies.making import accepted, closed, task
from tests.unit.policies.test_runner import concluded, runner, state

PLACE = ("progress", "k")
AT = datetime(2020, 4, 2, tzinfo=UTC)


def test_a_state_is_decoded_once_per_version() -> None:
    cache = StateCache()
    first = cache.state(PLACE, Stored(b'{"n":1}', 1))
    assert cache.state(PLACE, Stored(b'{"n":1}', 1)) is first
    assert cache.state(PLACE, Stored(b'{"n":2}', 2)) == {"n": 2}
    cache.keep(PLACE, 3, {"n": 3}, 7)
    assert cache.state(PLACE, Stored(b'{"n":3}', 3)) == {"n": 3}
    assert cache.state(PLACE, Stored(b'{"n":4}', 4)) == {"n": 4}  # another worker wrote it


def test_what_was_used_least_lately_goes_first() -> None:
    cache = StateCache(limit=20)
    values = {name: orjson.dumps({"n": name}) for name in "abc"}  # nine bytes each
    for name in "ab":
        cache.state(("p", name), Stored(values[name], 1))
    a = cache.state(("p", "a"), Stored(values["a"], 1))
    b = cache.state(("p", "b"), Stored(values["b"], 1))
    assert cache.state(("p", "a"), Stored(values["a"], 1)) is a
    cache.state(("p", "c"), Stored(values["c"], 1))
    assert cache.state(("p", "a"), Stored(values["a"], 1)) is a
    assert cache.state(("p", "b"), Stored(values["b"], 1)) is not b


async def test_two_workers_in_turn_see_what_the_other_wrote(journal: SqliteJournal) -> None:
    one, other = runner(journal), runner(journal)
    await one._handle([task()])
    for number in range(6):
        mine = accepted(f"a{number}", "1000.0000", "2020-02-10")
        await (one if number % 2 else other)._handle([mine])
    await one._handle([closed("2020-Q1", "2020-03-31")])
    (warned, held) = sorted(await concluded(journal), key=lambda each: each.message.type)
    for each in (warned, held):
        assert each.message.content()["accepted_quantity"] == "6000.0000"
    assert len(rows_of(await state(journal))) == 6


async def test_a_day_on_which_nothing_is_due_writes_no_state(journal: SqliteJournal) -> None:
    running = runner(journal)
    await running._handle([task(), accepted("a", "9000.0000", "2020-02-10")])
    await running._handle([closed("2020-Q1", "2020-03-31")])
    before = await state(journal)
    written = len(await journal.scan(ORDER_SPACE))
    await running._handle([closed("2020-Q1", "2020-03-31")])  # handled before: nothing at all
    assert (await state(journal), len(await journal.scan(ORDER_SPACE))) == (before, written)


async def test_steps_come_back_in_the_order_of_their_transactions(journal: SqliteJournal) -> None:
    keeper, other = OrderKeeper(), OrderKeeper()
    steps = [
        Step(StepKind.JUDGED, "a" * 32),
        Step(StepKind.CORRECTED, "b" * 32),
        Step(StepKind.RECORDED, "c" * 32, "progress", withdrawn=True),
        Step(StepKind.PAGED, "c" * 32, "progress", after="520000/", upto="520000/z"),
    ]
    later = other.write(AT.replace(microsecond=1), steps[2:])
    first, second = keeper.write(AT, steps[:1]), keeper.write(AT, steps[1:2])
    await journal.commit(Commit(writes=[later, second, first]))
    assert [each async for each in steps_in_order(journal)] == steps
    assert [each async for each in steps_in_order(journal, known_at=AT)] == steps[:2]
    assert order_instant(AT) < order_instant(AT.replace(microsecond=1))
