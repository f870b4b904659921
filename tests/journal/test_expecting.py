"""预期: what commits expect (versions, messages not yet handled) is true, or nothing of them is written.

Journals on one storage do not know of each other: what one wrote, the other finds only when it writes.
"""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Contended
from gateway.journal.chain import hasher
from gateway.journal.sqlite_group import write_group
from gateway.journal.sqlite_schema import connect, prepare
from gateway.ports import Commit, Stored, Write
from tests.journal.conftest import AnyJournal, Opening
from tests.journal.making import order

# --------------------------------------------------------------------------- two journals, one storage


async def test_what_another_journal_wrote_is_contended_and_leaves_no_trace(
    opening: Opening,
) -> None:
    one, other = await opening(), await opening()
    await one.commit(Commit(writes=[Write("s", "k", b"1", 0), Write("s", "l", b"1", 0)]))
    await other.commit(Commit(writes=[Write("s", "k", b"2", 1)]))
    given = order("m1")
    work = Commit([given], [Write("s", "l", b"2", 1), Write("s", "k", b"3", 1)], [("c", "1")])
    with pytest.raises(Contended, match="s/k is at version 2"):
        await one.commit(work)
    assert await one.find(given.id) is None
    assert await one.get("s", "l") == Stored(b"1", 1)
    assert await one.unhandled("c", ["1"]) == {"1"}
    work.writes[1] = Write("s", "k", b"3", 2)
    await one.commit(work)
    assert await other.get_many("s", ["k", "l"]) == {"k": Stored(b"3", 3), "l": Stored(b"2", 2)}


async def test_what_another_journal_deleted_is_not_written_again(opening: Opening) -> None:
    one, other = await opening(), await opening()
    await one.commit(Commit(writes=[Write("s", "k", b"1", 0)]))
    await other.commit(Commit(writes=[Write("s", "k", None, 1)]))
    with pytest.raises(Contended, match="s/k is at version 0"):
        await one.commit(Commit(writes=[Write("s", "k", b"2", 1)]))
    assert await one.get("s", "k") is None


async def test_a_new_value_and_a_missing_one_do_not_make_up_for_each_other(
    journal: AnyJournal,
) -> None:
    await journal.commit(Commit(writes=[Write("s", "there", b"1", 0)]))
    crossed = [Write("s", "there", b"2", 0), Write("s", "gone", b"2", 1)]
    for writes in (crossed, crossed[::-1], crossed[:1], crossed[1:]):
        with pytest.raises(Contended):
            await journal.commit(Commit(writes=writes))
    assert await journal.get_many("s", ["there", "gone"]) == {"there": Stored(b"1", 1)}


async def test_what_another_journal_handled_names_the_pair(opening: Opening) -> None:
    one, other = await opening(), await opening()
    await other.commit(Commit(handled=[("c", "2")]))
    with pytest.raises(Contended, match="c has handled 2 before"):
        await one.commit(
            Commit(writes=[Write("s", "k", b"1", 0)], handled=[("c", "1"), ("c", "2")])
        )
    assert await one.unhandled("c", ["1", "2"]) == {"1"}
    assert await one.get("s", "k") is None


async def test_one_mistaken_commit_leaves_the_others_of_its_group_untouched(
    opening: Opening,
) -> None:
    one, other = await opening(), await opening()
    await other.commit(Commit(writes=[Write("s", "3", b"other", 0)], handled=[("c", "5")]))
    work = [
        Commit([order(f"m{n}")], [Write("s", f"{n}", b"one", 0)], [("c", f"{n}")]) for n in range(8)
    ]
    done = await asyncio.gather(*map(one.commit, work), return_exceptions=True)
    assert [n for n, each in enumerate(done) if isinstance(each, Contended)] == [3, 5]
    assert sorted(await one.get_many("s", [f"{n}" for n in range(8)])) == list("0123467")
    assert await one.unhandled("c", [f"{n}" for n in range(8)]) == {"3"}
    assert sum(head.seq for head in await one.heads()) == 6


async def test_after_a_failed_commit_the_next_one_is_judged_by_what_is_there(
    opening: Opening,
) -> None:
    one, other = await opening(), await opening()
    for version in range(1, 5):
        await one.commit(Commit(writes=[Write("s", "k", b"one", 2 * version - 2)]))
        for wrong in (2 * version - 2, 2 * version):
            with pytest.raises(Contended):
                await other.commit(Commit(writes=[Write("s", "k", b"wrong", wrong)]))
        await other.commit(Commit(writes=[Write("s", "k", b"other", 2 * version - 1)]))
        assert await one.get("s", "k") == Stored(b"other", 2 * version)


@pytest.mark.parametrize("expected", [-1, 1, 2**62 - 1, 2**62, 2**63 - 1, 2**63, 2**70])
async def test_a_version_that_cannot_be_is_contended(journal: AnyJournal, expected: int) -> None:
    with pytest.raises(Contended, match="s/k is at version 0"):
        await journal.commit(Commit(writes=[Write("s", "k", b"1", expected)]))
    assert await journal.get("s", "k") is None


# --------------------------------------------------------------------------- any groups, any order


@dataclass
class Model:
    """What the port promises, commit by commit."""

    states: dict[str, tuple[bytes, int]] = field(default_factory=dict)
    handled: set[str] = field(default_factory=set)

    def take(self, work: Commit) -> str:
        states = dict(self.states)
        for write in work.writes:
            version = states[write.key][1] if write.key in states else 0
            if write.expected not in {None, version}:
                return f"s/{write.key} is at version {version}"
            states.pop(write.key, None)
            if write.value is not None:
                states[write.key] = (write.value, version + 1)
        for _, one in work.handled:
            if one in self.handled:
                return f"c has handled {one} before"
        self.states = states
        self.handled |= {one for _, one in work.handled}
        return ""


WRITES = st.builds(
    Write,
    st.just("s"),
    st.sampled_from("klm"),
    st.sampled_from([b"", b"x", b"y" * 5000, None]),
    st.sampled_from([None, -1, 0, 0, 0, 1, 1, 1, 2, 2, 3, 4]),
)
COMMITS = st.builds(
    Commit,
    writes=st.lists(WRITES, max_size=4),
    handled=st.lists(st.tuples(st.just("c"), st.sampled_from("1234567")), max_size=1),
)
GROUPS = st.lists(st.tuples(st.booleans(), st.lists(COMMITS, min_size=1, max_size=3)), max_size=8)


@given(GROUPS)
def test_two_writers_of_one_file_do_what_the_port_promises(
    groups: list[tuple[bool, list[Commit]]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        writers = [connect(Path(folder) / "journal.db") for _ in range(2)]
        for each in writers:
            each.execute("PRAGMA synchronous = OFF")
            prepare(each, 1, "sha256")
        model = Model()
        try:
            for second, group in groups:
                plan = write_group(writers[second], group, hasher("sha256"), 1)
                told = [str(each) if isinstance(each, Contended) else "" for each in plan.results]
                assert told == [model.take(work) for work in group]
                found = writers[0].execute("SELECT key, value, version FROM state ORDER BY key")
                assert {key: (value, version) for key, value, version in found} == model.states
                ids = writers[1].execute("SELECT id FROM handled")
                assert {one for (one,) in ids} == model.handled
        finally:
            for each in writers:
                each.close()
