"""重算: every conclusion follows again from the journal, as of any instant, byte for byte (I9)."""

from __future__ import annotations

import hashlib
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.bus.embedded import EmbeddedBus
from gateway.journal.postgres import PostgresJournal
from gateway.journal.sqlite import SqliteJournal
from gateway.policies.policy import POLICY_PARTNER
from gateway.policies.registry import POLICIES
from gateway.policies.rulebook import Rulebook, Term
from gateway.policies.running.replaying import Replay
from gateway.policies.running.replaying_check import Sameness, recompute, recompute_one
from gateway.policies.running.replaying_history import instant_of, recorded_order
from gateway.policies.running.runner import PolicyRunner
from gateway.policies.running.working_order import ORDER_SPACE, steps_in_order
from gateway.ports import Commit, Entry, Journal, Row, Submission, Write
from schemas.envelope import Message, canonical_bytes, message_identity
from schemas.events import (
    PAYMENT_STANDARD_SCHEDULE_REFUSED,
    PAYMENT_STANDARD_SCHEDULED,
    PROGRESS_WARNED,
    SETTLEMENT_HELD,
    SETTLEMENT_RESUMED,
)
from tests.unit.policies.hosting import RULES
from tests.unit.policies.making import (
    DRUG,
    GUIZHOU,
    OTHER_PRODUCT,
    SICHUAN,
    YUNNAN,
    accepted,
    closed,
    listing,
    task,
)
from tests.unit.policies.making import message as made
from tests.unit.policies.making_money import contract, day_ended, paid, received

BEGAN = datetime(2020, 1, 1, tzinfo=UTC)


class Ticking:
    """A clock that moves on by a second each time it is looked at."""

    def __init__(self) -> None:
        self.now = BEGAN

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


class Story:
    """A journal that grows, and workers that judge it."""

    def __init__(self, journal: Journal, workers: int = 1) -> None:
        self.journal, self.clock = journal, Ticking()
        bus = EmbeddedBus(journal)
        self.workers = [
            PolicyRunner(journal, bus, POLICIES, RULES, self.clock) for _ in range(workers)
        ]

    async def put(self, *messages: Message) -> datetime:
        """Record messages one by one, each at its own instant; return the last one."""
        for one in messages:
            at = self.clock()
            digest = hashlib.sha256(one.data).hexdigest()
            row = [Row(one)]
            given = Submission(
                one.id, one.partner, one.id, "c", one.data, digest, at.isoformat(), row
            )
            await self.journal.commit(Commit(submissions=[given]))
        return self.clock.now

    async def judge(self) -> datetime:
        """Let the workers judge until nothing is left; return the instant then."""
        busy = True
        while busy:
            busy = any([await worker.step(0) for worker in self.workers])
        for worker in self.workers:
            assert worker.failures == 0
        return self.clock.now

    async def leave(self) -> None:
        for worker in self.workers:
            await worker.stop()


def corrected(gone: Message, number: str, **changed: Any) -> Message:
    """A message in the place of an earlier one of the same sender."""
    data = canonical_bytes(gone.content() | changed | {"supersedes": gone.id})
    identity = message_identity(gone.partner, number)
    return Message(identity, gone.source, gone.type, gone.subject, gone.time, data, gone.region)


def facts() -> list[list[Message]]:
    """A half year: late acceptances, corrections of facts and of a closed quarter, payments, prices."""
    first = accepted("a", "7500.0000", "2020-02-10")
    bought = received("r1", "500.00", "2020-02-01")
    q1 = closed("2020-Q1", "2020-03-31")
    return [
        [contract(), task(), first, bought, listing("gz", "0.900000", GUIZHOU)],
        [day_ended("2020-03-01"), day_ended("2020-03-31"), closed("2020-01", "2020-01-31"), q1],
        [corrected(first, "a2", accepted_quantity="6000.0000"), listing("yn", "0.500000", YUNNAN)],
        [paid("p1", "2020-04-03", ("r1", "500.00")), day_ended("2020-04-30")],
        [accepted("late", "4500.0000", "2020-03-20"), listing("sc", "0.400000", SICHUAN)],
        [corrected(bought, "r2", amount="600.00"), day_ended("2020-05-31")],
        [corrected(q1, "q1b", ended_on="2020-03-30"), day_ended("2020-06-30")],
    ]


LAST_STEPS = ("2030-01-01", "2031-01-01")


def schedule(number: str, last_step: str) -> Message:
    data = {
        "local_code": "L2",
        "unified_code": OTHER_PRODUCT,
        "drug": DRUG,
        "drug_name": "氨氯地平",
        "region": GUIZHOU,
        "document": "合成医保〔2020〕1号",
        "decided_on": "2020-05-20",
        "steps": [
            {"effective_from": "2020-06-01", "unit_price": "0.800000"},
            {"effective_from": last_step, "unit_price": "0.400000"},
        ],
    }
    return made(PAYMENT_STANDARD_SCHEDULED, number, data)


async def concluded(journal: Journal) -> list[Entry]:
    rows = [entry async for entry in recorded_order(journal)]
    return [entry for entry in rows if entry.message.partner.startswith(POLICY_PARTNER)]


async def test_every_conclusion_follows_again_as_of_every_instant(journal: SqliteJournal) -> None:
    story = Story(journal)
    known: list[tuple[datetime, set[str]]] = []
    for chapter in facts():
        await story.put(*chapter)
        at = await story.judge()
        known.append((at, {entry.message.id for entry in await concluded(journal)}))
    assert len(known[-1][1]) > 10
    for at, ids in known:
        again = await recompute(journal, POLICIES, RULES, known_at=at)
        assert (again.order, again.findings) == ("judged", [])
        assert again.identical == len(ids)
    for entry in await concluded(journal):
        order, one = await recompute_one(journal, POLICIES, RULES, entry)
        assert (order, one.sameness) == ("judged", Sameness.IDENTICAL), one
    await story.leave()


async def test_where_the_order_of_recording_decides_it_decides_again(
    journal: SqliteJournal,
) -> None:
    """Two schedules of one day: the one recorded later counts, whichever id is the greater."""
    form = {"strength": {"content": 5000, "unit": "ug"}, "insured": True}
    original = {"local_code": "L2", "unified_code": OTHER_PRODUCT, "origin": "originator"}
    story = Story(journal)
    await story.put(
        listing("chosen", "0.400000", GUIZHOU, kind="selected", **form),
        listing("original", "0.900000", GUIZHOU, **form, **original),
    )
    numbers = sorted(("s1", "s2"), key=lambda one: message_identity("platform", one), reverse=True)
    await story.put(*(schedule(one, day) for one, day in zip(numbers, LAST_STEPS, strict=True)))
    await story.judge()
    drawn = [entry.message for entry in await concluded(journal)]
    refused = [one for one in drawn if one.type == PAYMENT_STANDARD_SCHEDULE_REFUSED]
    assert [one.content()["reason"] for one in refused] == ["too_late", "too_late"]
    again = await recompute(journal, POLICIES, RULES)
    assert (again.findings, again.identical) == ([], len(drawn))
    for entry in await concluded(journal):
        _, one = await recompute_one(journal, POLICIES, RULES, entry)
        assert one.sameness == Sameness.IDENTICAL, one
    await story.leave()


async def test_it_is_so_on_postgresql_too(postgres_url: str) -> None:
    journal = PostgresJournal(postgres_url)
    await journal.start()
    story = Story(journal, workers=2)
    for chapter in facts():
        await story.put(*chapter)
        await story.judge()
    again = await recompute(journal, POLICIES, RULES)
    assert (again.order, again.findings) == ("judged", [])
    assert again.identical == len(await concluded(journal)) > 10
    await story.leave()
    await journal.stop()


async def test_what_was_concluded_before_a_correction_is_reproduced_as_it_was(
    journal: SqliteJournal,
) -> None:
    story = Story(journal)
    first = accepted("a", "6500.0000", "2020-02-10")
    await story.put(task(), first, closed("2020-Q1", "2020-03-31"))
    then = await story.judge()
    await story.put(corrected(first, "a2", accepted_quantity="10000.0000"))
    await story.judge()
    everything = await concluded(journal)
    held = next(each for each in everything if each.message.type == SETTLEMENT_HELD)
    resumed = next(each for each in everything if each.message.type == SETTLEMENT_RESUMED)
    for known_at in (then, None):
        _, one = await recompute_one(journal, POLICIES, RULES, held, known_at=known_at)
        assert one.sameness is Sameness.IDENTICAL
    _, early = await recompute_one(journal, POLICIES, RULES, resumed, known_at=then)
    assert early.sameness is Sameness.NOT_REPRODUCED  # nobody could have known
    await story.leave()


@pytest.mark.parametrize("seed", range(4))
async def test_arrival_in_any_order_and_any_batches_is_reproduced(
    journal: SqliteJournal, seed: int
) -> None:
    chance = random.Random(seed)
    given = [message for chapter in facts() for message in chapter]
    for at, message in enumerate(list(given)):  # a correction comes after what it corrects
        if b'"supersedes"' not in message.data and chance.random() < 0.5:
            given.insert(chance.randrange(at + 1), given.pop(at))
    story = Story(journal, workers=2)
    while given:
        count = chance.randrange(1, 6)
        await story.put(*given[:count])
        del given[:count]
        if chance.random() < 0.7:
            await story.judge()
    ended = await story.judge()
    again = await recompute(journal, POLICIES, RULES)
    assert (again.order, again.findings) == ("judged", [])
    halfway = BEGAN + (ended - BEGAN) / 2
    assert (await recompute(journal, POLICIES, RULES, known_at=halfway)).reproduced
    await story.leave()


async def test_nothing_is_written_by_recomputing(journal: SqliteJournal) -> None:
    story = Story(journal)
    await story.put(*facts()[0], *facts()[1])
    await story.judge()
    before = await journal.heads(), [each async for each in steps_in_order(journal)]
    await recompute(journal, POLICIES, RULES)
    assert (await journal.heads(), [each async for each in steps_in_order(journal)]) == before
    await story.leave()


def other_terms(**values: str) -> Rulebook:
    """Guizhou's terms with other values of progress."""
    own = RULES.regions[GUIZHOU]
    changed = {
        f"progress.{name}": tuple(
            Term(term.name, value, term.clause, term.since, term.until)
            for term in own.values[f"progress.{name}"]
        )
        for name, value in values.items()
    }
    terms = type(own)(
        own.code, own.name, own.paper_number, own.paper_title, {**own.values, **changed}
    )
    return Rulebook({**RULES.regions, GUIZHOU: terms}, RULES.ratios, RULES.workdays)


async def test_other_terms_show_field_by_field_what_differs(journal: SqliteJournal) -> None:
    story = Story(journal)
    await story.put(
        task(), accepted("a", "7500.0000", "2020-02-10"), closed("2020-Q1", "2020-03-31")
    )
    await story.judge()
    (warned,) = [e for e in await concluded(journal) if e.message.type == PROGRESS_WARNED]
    _, one = await recompute_one(journal, POLICIES, other_terms(warn_below="0.85"), warned)
    assert one.sameness is Sameness.DIFFERS
    assert ("because.terms.progress.warn_below", "0.80", "0.85") in one.fields
    _, none = await recompute_one(
        journal, POLICIES, other_terms(warn_below="0.75", hold_below="0.75"), warned
    )
    assert none.sameness is Sameness.NOT_REPRODUCED
    whole = await recompute(journal, POLICIES, other_terms(warn_below="0.85", hold_below="0.80"))
    kinds = {each.type: each.sameness for each in whole.findings}
    assert kinds[PROGRESS_WARNED] is Sameness.DIFFERS
    assert kinds[SETTLEMENT_HELD] is Sameness.NOT_RECORDED
    assert not whole.reproduced
    await story.leave()


async def test_without_a_record_of_the_order_it_goes_by_the_journals(
    journal: SqliteJournal,
) -> None:
    story = Story(journal)
    for chapter in facts()[:2]:
        for message in chapter:
            await story.put(message)
            await story.judge()
    await story.leave()
    for key, _ in await journal.scan(ORDER_SPACE, limit=10_000):
        await journal.commit(Commit(writes=[Write(ORDER_SPACE, key, None)]))
    again = await recompute(journal, POLICIES, RULES)
    assert (again.order, again.findings) == ("recorded", [])
    assert again.identical == len(await concluded(journal))


async def test_a_forged_order_is_found_and_changes_no_conclusion(journal: SqliteJournal) -> None:
    story = Story(journal)
    await story.put(
        task(), accepted("a", "6500.0000", "2020-02-10"), closed("2020-Q1", "2020-03-31")
    )
    await story.judge()
    await story.leave()
    (key, _), *_ = await journal.scan(ORDER_SPACE, limit=1)
    await journal.commit(Commit(writes=[Write(ORDER_SPACE, key, b"[]")]))
    assert not (await recompute(journal, POLICIES, RULES)).reproduced


async def test_a_message_that_no_policy_wrote_is_no_conclusion(journal: SqliteJournal) -> None:
    story = Story(journal)
    await story.put(task())
    entry = await journal.find(task().id)
    assert entry is not None
    with pytest.raises(KeyError):
        await recompute_one(journal, POLICIES, RULES, entry)


def test_instants_without_an_offset_are_chinas() -> None:
    assert instant_of("2020-01-01T08:00:00") == BEGAN == instant_of("2020-01-01T00:00:00Z")


def test_a_replay_lays_aside_what_the_runner_would() -> None:
    broken = task()
    broken = Message(broken.id, broken.source, broken.type, "s", broken.time, b"{")
    replay = Replay(POLICIES, RULES)
    assert replay.take(broken) == []
    assert {name for name, _, _ in replay.failures} >= {"progress"}
