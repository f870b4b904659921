"""The algebra of two times: whatever people do, a day has one meaning, and the past stays as it was."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.coding.crosswalk import Crosswalk
from gateway.coding.records import Choice, Proposal, Relation, known_instant
from gateway.errors import Rejected
from tests.coding_store.desk import LI, PARTNER, WANG, Desk, desk_on, moment
from tests.fakes.journal import MemoryJournal

CODES = tuple(f"XA01AAA001A00101010000{number}" for number in range(3))
LOCALS = ("L1", "L2")
DAYS = tuple(f"2026-01-{day:02d}" for day in range(1, 10))


@dataclass(frozen=True)
class Act:
    """One thing that somebody tries: a meaning, the correction of a version, or its retirement."""

    local: str
    unified: str
    since: str
    until: str
    relation: Relation
    choice: Choice
    corrects: int
    retires: bool


@st.composite
def acts(draw: st.DrawFn) -> Act:
    since, until = sorted((draw(st.sampled_from(DAYS)), draw(st.sampled_from(DAYS))))
    relation = draw(
        st.sampled_from((Relation.EQUIVALENT,) * 3 + (Relation.NARROWER, Relation.NONE))
    )
    equivalent = relation is Relation.EQUIVALENT
    return Act(
        local=draw(st.sampled_from(LOCALS)),
        unified="" if relation is Relation.NONE else draw(st.sampled_from(CODES)),
        since=since,
        until=until,
        relation=relation,
        choice=draw(st.sampled_from(tuple(Choice))) if equivalent else Choice.ONLY,
        corrects=draw(st.integers(-2, 5)),
        retires=draw(st.booleans()),
    )


async def attempt(desk: Desk, act: Act, versions: list[Any]) -> None:
    """Propose and approve, if it can be."""
    old = versions[act.corrects] if 0 <= act.corrects < len(versions) else None
    if old is not None and act.retires:
        outcome = await desk.review.retire(old.id, by=LI, reason="x", now=desk.now())
    else:
        wanted = Proposal(
            PARTNER,
            "product",
            old.local_code if old is not None else act.local,
            act.unified,
            act.since,
            act.until,
            act.relation,
            act.choice,
            reason="x" if act.relation is Relation.NONE else "",
            replaces=old.id if old is not None else "",
        )
        (outcome,) = await desk.review.propose([wanted], by=LI, now=desk.now())
    if outcome.state == "accepted":
        try:
            await desk.review.approve([outcome.id], by=WANG, now=desk.now())
        except Rejected:
            return


def answers(crosswalk: Crosswalk, hours: int) -> dict[tuple[str, str, int], str | None]:
    """Return what the crosswalk says of every code, day and known time up to now."""
    known = [known_instant(moment(hour)) for hour in range(hours + 1)]
    return {
        (local, day, hour): crosswalk.resolve_known(PARTNER, "product", local, day, known[hour])
        for local in LOCALS
        for day in DAYS
        for hour in range(hours + 1)
    }


@settings(deadline=None, max_examples=60)
@given(st.lists(acts(), min_size=1, max_size=7))
def test_whatever_people_do_the_two_times_stay_sound(tried: list[Act]) -> None:
    asyncio.run(lived(tried))


async def lived(tried: list[Act]) -> None:
    journal = MemoryJournal()
    desk = await desk_on(journal)
    before: dict[tuple[str, str, int], str | None] = {}
    for act in tried:
        await attempt(desk, act, list(desk.review.crosswalk.versions()))
        after = answers(desk.review.crosswalk, desk.hours)
        assert {place: after[place] for place in before} == before  # the past is not changed
        before = after
    one_meaning_a_day(desk.review.crosswalk, desk.hours)
    the_index_agrees_with_the_records(desk.review.crosswalk, desk.hours)
    one_choice_a_day(desk.review.crosswalk)
    fresh = await desk_on(journal)
    assert list(fresh.review.crosswalk.versions()) == list(desk.review.crosswalk.versions())
    assert answers(fresh.review.crosswalk, desk.hours) == before
    assert len(fresh.review.crosswalk) == len(desk.review.crosswalk)


def one_meaning_a_day(crosswalk: Crosswalk, hours: int) -> None:
    versions = list(crosswalk.versions())
    for hour in range(hours + 1):
        known = known_instant(moment(hour))
        for local in LOCALS:
            for day in DAYS:
                believed = [
                    one
                    for one in versions
                    if one.local_code == local
                    and one.covers(day)
                    and one.known_from <= known < one.known_to
                ]
                assert len(believed) <= 1
                found = crosswalk.as_of(PARTNER, "product", local, day, known)
                assert found == (believed[0] if believed else None)


def the_index_agrees_with_the_records(crosswalk: Crosswalk, hours: int) -> None:
    for (local, day, hour), found in answers(crosswalk, hours).items():
        version = crosswalk.as_of(PARTNER, "product", local, day, known_instant(moment(hour)))
        codes = version is not None and version.relation is Relation.EQUIVALENT
        assert found == (version.unified_code if codes and version is not None else None)
        now = crosswalk.as_of(PARTNER, "product", local, day)
        codes = now is not None and now.relation is Relation.EQUIVALENT
        assert crosswalk.resolve(PARTNER, "product", local, day) == (
            now.unified_code if codes and now is not None else None
        )


def one_choice_a_day(crosswalk: Crosswalk) -> None:
    for code in CODES:
        for day in DAYS:
            said = crosswalk.reverse(PARTNER, "product", code, day)
            others = [
                local
                for local in LOCALS
                if crosswalk.resolve(PARTNER, "product", local, day) == code
            ]
            assert {one.local_code for one in said} <= set(others)
            chosen = [one.choice for one in said]
            assert len(said) <= 1 or chosen.count(Choice.PREFERRED) == 1
            if len(said) > 1:
                assert chosen[0] is Choice.PREFERRED


@pytest.mark.parametrize(
    ("given_text", "instant"),
    [
        ("2026-03-01T08:00:00+08:00", "2026-03-01T00:00:00.000000Z"),
        ("2026-03-01T08:00:00.5Z", "2026-03-01T08:00:00.500000Z"),
        ("2026-03-01", "2026-03-01T15:59:59.999999Z"),
        ("0099-01-01T00:00:00Z", "0099-01-01T00:00:00.000000Z"),
    ],
)
def test_a_known_time_has_one_form(given_text: str, instant: str) -> None:
    assert known_instant(given_text) == instant
    assert known_instant(instant) == instant


@pytest.mark.parametrize(
    "bad", ["", "then", "2026-02-30", "2026-03-01T08:00:00", "0001-01-01T00:00:00+08:00"]
)
def test_what_is_no_time_is_no_known_time(bad: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        known_instant(bad)
