"""批次与行: taking bodies apart, byte for byte."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.intake.batch import elements
from gateway.intake.lines import Lines
from gateway.intake.outbox import IN_MEMORY, Outbox
from schemas.issues import Rejected

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(JSON, max_size=6), st.sampled_from([None, 1, 4]), st.booleans())
def test_elements_are_the_bytes_that_were_sent(
    values: list[Any], indent: int | None, escaped: bool
) -> None:
    raw = json.dumps(values, indent=indent, ensure_ascii=escaped).encode("utf-8", "surrogatepass")
    taken = list(elements(raw))
    assert [json.loads(each) for each in taken] == values
    assert all(each in raw for each in taken)


def test_what_is_wrong_inside_an_element_is_left_to_its_own_reading() -> None:
    raw = b'[{"a":1,"a":2}, {"n":NaN}, {"big":1e999, "long":' + b"9" * 5000 + b"}]"
    assert len(list(elements(raw))) == 3


@pytest.mark.parametrize("raw", [b"[]", b" [ ] ", b"\xef\xbb\xbf[]"])
def test_an_empty_batch_has_no_elements(raw: bytes) -> None:
    assert list(elements(raw)) == []


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "body.empty"),
        (b" \r\n", "body.empty"),
        (b"{}", "json.malformed"),
        (b"[", "json.malformed"),
        (b'[{"a":1}', "json.malformed"),
        (b'[{"a":1},', "json.malformed"),
        (b'[{"a":1},]', "json.malformed"),
        (b'[{"a":1} {"b":2}]', "json.malformed"),
        (b'[{"a":1}]x', "json.malformed"),
        (b"[\x00]", "json.malformed"),
        (b'["\xff"]', "body.encoding"),
        (b"[" * 100_000, "body.too_deep"),
    ],
)
def test_a_batch_that_is_not_one_array_is_refused_whole(raw: bytes, code: str) -> None:
    with pytest.raises(Rejected) as seen:
        list(elements(raw))
    assert [each.code for each in seen.value.issues] == [code]


@given(st.lists(st.binary(max_size=30), max_size=8), st.integers(1, 7))
def test_lines_come_whole_however_the_bytes_arrive(given_lines: list[bytes], step: int) -> None:
    given_lines = [each.replace(b"\n", b"") for each in given_lines]
    raw = b"\n".join(given_lines)
    lines = Lines(limit=100)
    found = [line for at in range(0, len(raw), step) for line in lines.feed(raw[at : at + step])]
    found += lines.finish()
    stripped = [(number, each.strip(b" \t\r\n")) for number, each in enumerate(given_lines, 1)]
    assert found == [(number, each) for number, each in stripped if each]


@given(st.integers(1, 9))
def test_a_line_beyond_the_limit_is_reported_once_and_passed_over(step: int) -> None:
    raw = b"good\n" + b"x" * 50 + b"\nalso good\n"
    lines = Lines(limit=10)
    found = [line for at in range(0, len(raw), step) for line in lines.feed(raw[at : at + step])]
    assert found == [(1, b"good"), (2, None), (3, b"also good")]
    assert list(lines.finish()) == []


def test_memory_for_an_endless_line_stays_bounded() -> None:
    lines = Lines(limit=1000)
    reported = [line for _ in range(1000) for line in lines.feed(b"x" * 1000)]
    assert reported == [(1, None)]
    assert len(lines._rest) <= 2000


async def test_the_outbox_gives_back_what_was_put_in_order_even_beyond_memory() -> None:
    pieces = [orjson.dumps({"line": number}) * 1000 for number in range(200)]
    assert sum(map(len, pieces)) > IN_MEMORY
    taken = b""
    with Outbox() as outbox:
        for number, piece in enumerate(pieces):
            outbox.put(piece)
            if number % 3 == 0:
                taken += await outbox.take()
        outbox.close()
        while more := await outbox.take():
            taken += more
    assert taken == b"".join(pieces)
