"""审计链: any change of one byte is found, and the first entry that does not fit is named."""

from __future__ import annotations

import hashlib
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import orjson
import pytest

from gateway.errors import Misconfigured, Tampered
from gateway.journal.chain import COLUMNS, hasher, shard_of
from tests.journal.conftest import AnyJournal, Opening, PostgresStorage, Storage
from tests.journal.making import commit, order

ROWS = 7
TARGET = 4


async def filled(opening: Opening, **options: Any) -> AnyJournal:
    journal = await opening(shards=1, **options)
    for number in range(1, ROWS + 1):
        await journal.commit(commit(order(f"m{number}", raw=b"<raw/>%d" % number)))
    return journal


async def verified(journal: AnyJournal, shard: int = 0, after: int = 0) -> list[int]:
    return [seq async for seq in journal.verify(shard, after)]


async def broken_at(journal: AnyJournal, after: int = 0) -> int:
    with pytest.raises(Tampered) as found:
        await verified(journal, after=after)
    assert found.value.shard == 0
    return found.value.seq


def changed(value: Any) -> Any:
    if isinstance(value, int):
        return value + 100
    if isinstance(value, bytes):
        return value[:-1] + bytes([value[-1] ^ 1])
    return value[:-1] + chr(ord(value[-1]) ^ 1) if value else "x"


async def test_an_untouched_chain_verifies_from_any_entry(opening: Opening) -> None:
    journal = await filled(opening)
    assert await verified(journal) == list(range(1, ROWS + 1))
    assert await verified(journal, after=TARGET) == list(range(TARGET + 1, ROWS + 1))
    assert await verified(journal, after=ROWS) == []


async def test_an_empty_chain_verifies(journal: AnyJournal) -> None:
    assert [await verified(journal, shard) for shard in range(journal.shards)] == [[]] * 4


async def test_a_chain_beyond_the_last_is_no_chain(journal: AnyJournal) -> None:
    with pytest.raises(Tampered):
        await verified(journal, journal.shards)


@pytest.mark.parametrize("at", [1, TARGET, ROWS])
async def test_a_change_of_one_byte_in_any_column_is_found_and_located(
    opening: Opening, storage: Storage, at: int
) -> None:
    journal = await filled(opening)
    for column in COLUMNS:
        before = (await storage.execute(f"SELECT {column} FROM entry WHERE seq = ?", at))[0][0]
        after = changed(before)
        await storage.execute(f"UPDATE entry SET {column} = ? WHERE seq = ?", after, at)
        assert await broken_at(journal) == at, column
        number = after if column == "seq" else at
        await storage.execute(f"UPDATE entry SET {column} = ? WHERE seq = ?", before, number)
    assert await verified(journal) == list(range(1, ROWS + 1))


@pytest.mark.parametrize("position", [0, 3, -1])
async def test_every_byte_of_raw_and_data_counts(
    opening: Opening, storage: Storage, position: int
) -> None:
    journal = await filled(opening)
    for column in ("raw", "data"):
        ((before,),) = await storage.execute(f"SELECT {column} FROM entry WHERE seq = 2")
        flipped = bytearray(before)
        flipped[position] ^= 0x80
        await storage.execute(f"UPDATE entry SET {column} = ? WHERE seq = 2", bytes(flipped))
        assert await broken_at(journal) == 2
        await storage.execute(f"UPDATE entry SET {column} = ? WHERE seq = 2", before)
        assert await verified(journal) == list(range(1, ROWS + 1))


@pytest.mark.parametrize("raw", ["NULL", "EMPTY"])
async def test_removed_raw_bytes_are_missed(opening: Opening, storage: Storage, raw: str) -> None:
    journal = await filled(opening)
    if raw == "NULL":
        await storage.execute("UPDATE entry SET raw = NULL WHERE seq = ?", TARGET)
    else:
        await storage.execute("UPDATE entry SET raw = ? WHERE seq = ?", b"", TARGET)
    assert await broken_at(journal) == TARGET


@pytest.mark.parametrize("seq", [1, TARGET, ROWS])
async def test_a_deleted_entry_is_missed_where_it_stood(
    opening: Opening, storage: Storage, seq: int
) -> None:
    journal = await filled(opening)
    await storage.execute("DELETE FROM entry WHERE seq = ?", seq)
    assert await broken_at(journal) == seq


@pytest.mark.parametrize("left", [0, 1, ROWS - 1])
async def test_a_cut_tail_is_missed(opening: Opening, storage: Storage, left: int) -> None:
    journal = await filled(opening)
    await storage.execute("DELETE FROM entry WHERE seq > ?", left)
    assert await broken_at(journal) == left + 1
    assert await broken_at(journal, after=left) == left + 1


async def test_a_changed_end_of_the_chain_is_noticed(opening: Opening, storage: Storage) -> None:
    journal = await filled(opening)
    ((last,),) = await storage.execute("SELECT hash FROM shard")
    await storage.execute("UPDATE shard SET hash = ?", changed(last))
    assert await broken_at(journal) == ROWS
    await storage.execute("UPDATE shard SET hash = ?, seq = 3", last)
    assert await broken_at(journal) == TARGET
    await storage.execute("DELETE FROM shard")
    assert await broken_at(journal) == 0


async def test_two_exchanged_entries_are_found_at_the_first(
    opening: Opening, storage: Storage
) -> None:
    journal = await filled(opening)
    for old, new in ((2, 90), (5, 2), (90, 5)):
        await storage.execute("UPDATE entry SET seq = ? WHERE seq = ?", new, old)
    assert await broken_at(journal) == 2


async def test_an_entry_added_past_the_journal_is_found(opening: Opening, storage: Storage) -> None:
    journal = await filled(opening)
    columns = ", ".join("seq + 1" if name == "seq" else name for name in COLUMNS)
    await storage.execute(f"INSERT INTO entry SELECT {columns} FROM entry WHERE seq = ?", ROWS)
    assert await broken_at(journal) == ROWS + 1


async def test_the_first_of_several_broken_entries_is_named(
    opening: Opening, storage: Storage
) -> None:
    journal = await filled(opening)
    await storage.execute("UPDATE entry SET partner = 'nobody' WHERE seq >= 3")
    assert await broken_at(journal) == 3


async def test_an_entry_far_into_a_long_chain_is_named(opening: Opening, storage: Storage) -> None:
    journal = await opening(shards=1)
    await journal.commit(commit(*(order(f"m{n}") for n in range(450))))
    await storage.execute("UPDATE entry SET region = '510000' WHERE seq = 401")
    assert await broken_at(journal) == 401
    assert await broken_at(journal, after=400) == 401
    assert await verified(journal, after=401) == list(range(402, 451))


async def test_damaged_text_is_named_as_well(opening: Opening, storage: Storage) -> None:
    journal = await filled(opening)
    if isinstance(storage, PostgresStorage):  # it does not even let such text in
        with pytest.raises(asyncpg.PostgresError, match="invalid byte sequence"):
            await storage.execute(
                f"UPDATE entry SET partner = convert_from('\\xff41'::bytea, 'UTF8') WHERE seq = {TARGET}"
            )
        return
    await storage.execute("UPDATE entry SET partner = CAST(x'ff41' AS TEXT) WHERE seq = ?", TARGET)
    assert await broken_at(journal) == TARGET


async def test_the_hash_can_be_recomputed_without_our_code(
    opening: Opening, storage: Storage
) -> None:
    await filled(opening)
    names = ", ".join(COLUMNS)
    previous = bytes(32)
    for row in await storage.execute(f"SELECT {names} FROM entry ORDER BY seq"):
        one = dict(zip(COLUMNS, row, strict=True))
        told = [one[name] for name in COLUMNS[:15]]
        told += [hashlib.sha256(one["data"]).hexdigest(), len(one["raw"])]
        told += [one[name] for name in COLUMNS[17:22]]
        previous = hashlib.sha256(previous + orjson.dumps(told)).digest()
        assert one["hash"] == previous


async def test_the_chain_can_be_made_with_sm3(opening: Opening, storage: Storage) -> None:
    journal = await filled(opening, algorithm="sm3")
    assert await verified(journal) == list(range(1, ROWS + 1))
    await opening.close()
    reopened = await opening()
    assert await verified(reopened) == list(range(1, ROWS + 1))
    await reopened.commit(commit(order("m8")))
    assert await verified(reopened) == list(range(1, ROWS + 2))
    await storage.execute("UPDATE entry SET subject = 'x' WHERE seq = 8")
    assert await broken_at(reopened) == 8


def test_an_unknown_hash_function_is_refused() -> None:
    with pytest.raises(Misconfigured, match="md5"):
        hasher("md5")


def test_a_business_key_goes_where_kafka_would_put_it() -> None:
    """Values of Kafka's own murmur2 test (org.apache.kafka.common.utils.UtilsTest)."""
    known = {"21": -973932308, "foobar": -790332482, "a-little-bit-long-string": -985981536}
    for key, value in known.items():
        assert shard_of(key, 64) == (value & 0x7FFFFFFF) % 64
    assert shard_of("", 64) in range(64)
