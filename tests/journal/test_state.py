"""状态: the versioned key-values and the handled messages that become durable with a commit."""

from __future__ import annotations

import asyncio

import pytest

from gateway.errors import Contended
from gateway.ports import Commit, Outcome, Stored, Verdict, Write
from tests.journal.conftest import AnyJournal, Opening
from tests.journal.making import order


async def test_versions_begin_at_one_and_grow_with_every_write(journal: AnyJournal) -> None:
    for version in (1, 2, 3):
        await journal.commit(Commit(writes=[Write("s", "k", b"%d" % version, version - 1)]))
        assert await journal.get("s", "k") == Stored(b"%d" % version, version)
    await journal.commit(Commit(writes=[Write("s", "k", b"blind")]))
    assert await journal.get("s", "k") == Stored(b"blind", 4)
    await journal.commit(Commit(writes=[Write("s", "k", None, 4)]))
    assert await journal.get("s", "k") is None
    await journal.commit(Commit(writes=[Write("s", "k", b"new", 0)]))
    assert await journal.get("s", "k") == Stored(b"new", 1)


@pytest.mark.parametrize("expected", [0, 2, 99])
async def test_a_version_that_moved_on_fails_the_whole_commit(
    journal: AnyJournal, expected: int
) -> None:
    await journal.commit(Commit(writes=[Write("s", "k", b"1")]))
    given = order("m1")
    work = Commit(
        submissions=[given],
        writes=[Write("s", "fine", b"x", 0), Write("s", "k", b"2", expected)],
        handled=[("c", "id")],
    )
    with pytest.raises(Contended):
        await journal.commit(work)
    assert await journal.find(given.id) is None
    assert await journal.get("s", "fine") is None
    assert await journal.get("s", "k") == Stored(b"1", 1)
    assert await journal.unhandled("c", ["id"]) == {"id"}


async def test_a_contended_commit_does_not_disturb_the_others_of_its_group(
    journal: AnyJournal,
) -> None:
    work = [
        Commit(submissions=[order(f"m{n}")], writes=[Write("s", "k", b"%d" % n, 0)])
        for n in range(10)
    ]
    done = await asyncio.gather(*map(journal.commit, work), return_exceptions=True)
    accepted = [each for each in done if not isinstance(each, BaseException)]
    contended = [each for each in done if isinstance(each, Contended)]
    assert (len(accepted), len(contended)) == (1, 9)
    assert sum(head.seq for head in await journal.heads()) == 1


async def test_writes_of_one_commit_see_each_other(journal: AnyJournal) -> None:
    steps = [Write("s", "k", b"1", 0), Write("s", "k", b"2", 1), Write("s", "k", b"3", 2)]
    await journal.commit(Commit(writes=steps))
    assert await journal.get("s", "k") == Stored(b"3", 3)
    await journal.commit(Commit(writes=[Write("s", "k", None, 3), Write("s", "k", b"4", 0)]))
    assert await journal.get("s", "k") == Stored(b"4", 1)
    await journal.commit(Commit(writes=[Write("s", "k", b"5", 1), Write("s", "k", None, 2)]))
    assert await journal.get("s", "k") is None
    await journal.commit(Commit(writes=[Write("s", "k", None)]))


async def test_counting_up_by_many_loses_no_step(opening: Opening) -> None:
    journals = [await opening(), await opening()]

    async def count_up(journal: AnyJournal, times: int) -> None:
        while times:
            found = await journal.get("s", "counter") or Stored(b"0", 0)
            value = b"%d" % (int(found.value) + 1)
            try:
                await journal.commit(Commit(writes=[Write("s", "counter", value, found.version)]))
            except Contended:
                continue
            times -= 1

    await asyncio.gather(*(count_up(journal, 10) for journal in journals for _ in range(2)))
    assert await journals[0].get("s", "counter") == Stored(b"40", 40)


async def test_a_message_is_handled_once_per_consumer(journal: AnyJournal) -> None:
    await journal.commit(Commit(handled=[("c", "1"), ("c", "2"), ("c", "2")]))
    assert await journal.unhandled("c", ["1", "2", "3"]) == {"3"}
    assert await journal.unhandled("d", ["1", "2"]) == {"1", "2"}
    assert await journal.unhandled("c", []) == set()
    given = order("m1")
    with pytest.raises(Contended):
        await journal.commit(Commit(submissions=[given], handled=[("c", "3"), ("c", "1")]))
    assert await journal.find(given.id) is None
    assert await journal.unhandled("c", ["3"]) == {"3"}


async def test_two_workers_never_both_handle_a_message(opening: Opening) -> None:
    journals = [await opening(), await opening()]

    async def handle(journal: AnyJournal, number: int) -> list[Outcome]:
        return await journal.commit(
            Commit(submissions=[order(f"{id(journal)}-{number}")], handled=[("c", f"{number}")])
        )

    done = await asyncio.gather(
        *(handle(journal, number) for number in range(30) for journal in journals),
        return_exceptions=True,
    )
    assert sum(isinstance(each, Contended) for each in done) == 30
    effects = [each[0].verdict for each in done if isinstance(each, list)]
    assert effects == [Verdict.ACCEPTED] * 30


async def test_values_are_found_by_key_and_by_prefix_in_byte_order(journal: AnyJournal) -> None:
    keys = ["a", "a/1", "a/10", "a/2", "aé", "b", "Z", "药", "药品", "\U0010ffff", "\U0010ffff1"]
    await journal.commit(Commit(writes=[Write("s", key, key.encode()) for key in keys]))
    await journal.commit(Commit(writes=[Write("other", "a/3", b"")]))
    listed = [key for key, _ in await journal.scan("s")]
    assert listed == sorted(keys, key=str.encode)
    assert [key for key, _ in await journal.scan("s", "a/")] == ["a/1", "a/10", "a/2"]
    assert [key for key, _ in await journal.scan("s", "a/", after="a/1")] == ["a/10", "a/2"]
    assert [key for key, _ in await journal.scan("s", "药")] == ["药", "药品"]
    assert [key for key, _ in await journal.scan("s", "\U0010ffff")] == keys[-2:]
    assert [key for key, _ in await journal.scan("s", limit=2)] == ["Z", "a"]
    assert await journal.scan("s", limit=0) == []
    assert await journal.scan("nowhere") == []
    found = await journal.get_many("s", ["a", "missing", "药"])
    assert found == {"a": Stored(b"a", 1), "药": Stored("药".encode(), 1)}
    assert await journal.get_many("s", []) == {}


async def test_several_spaces_and_prefixes_are_asked_at_once(journal: AnyJournal) -> None:
    kept = [
        ("s", "a/1"),
        ("s", "a/2"),
        ("s", "a/3"),
        ("s", "b/1"),
        ("t", "a/1"),
        ("t", "\U0010ffff"),
    ]
    await journal.commit(Commit(writes=[Write(*place, b"%d" % n) for n, place in enumerate(kept)]))
    asked = {
        "s": ["b/1", "a/2", "none", "\0"],
        "t": ["a/1", "a/2"],
        "u": ["a/1"],
        "v": [],
        "\0": ["a"],
    }
    assert await journal.get_each(asked) == {
        "s": {"a/2": Stored(b"1", 1), "b/1": Stored(b"3", 1)},
        "t": {"a/1": Stored(b"4", 1)},
        "u": {},
        "v": {},
        "\0": {},
    }
    assert await journal.get_each({}) == {}
    places = [
        ("t", "a/"),
        ("s", "a/"),
        ("s", ""),
        ("u", ""),
        ("t", "\U0010ffff"),
        ("s", "\0"),
        ("\0", ""),
    ]
    found = await journal.scan_each(places, limit=2)
    assert found == [await journal.scan(*place, limit=2) for place in places]
    assert [[key for key, _ in each] for each in found] == [
        ["a/1"],
        ["a/1", "a/2"],
        ["a/1", "a/2"],
        [],
        ["\U0010ffff"],
        [],
        [],
    ]
    assert await journal.scan_each([]) == []


async def test_many_keys_and_large_values(journal: AnyJournal) -> None:
    large = bytes(range(256)) * 8192
    writes = [Write("s", f"{n:05d}", b"v") for n in range(2500)] + [Write("s", "large", large)]
    await journal.commit(Commit(writes=writes))
    assert len(await journal.get_many("s", [f"{n:05d}" for n in range(2500)])) == 2500
    stored = await journal.get("s", "large")
    assert stored is not None
    assert stored.value == large
    await journal.commit(Commit(handled=[("c", f"{n}") for n in range(2500)]))
    assert await journal.unhandled("c", [f"{n}" for n in range(2501)]) == {"2500"}
