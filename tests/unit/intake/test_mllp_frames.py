"""The MLLP frame reader under every way of cutting bytes."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.intake.mllp_frames import PATIENCE, Broken, Frame, FrameReader, framed
from tests.unit.intake.mllp_door import LIMIT

messages = st.binary(max_size=60).map(lambda raw: raw.replace(b"\x0b", b"|").replace(b"\x1c", b"|"))


@given(st.lists(messages, max_size=6), st.data())
def test_frames_are_the_same_however_the_bytes_are_cut(
    contents: list[bytes], data: st.DataObject
) -> None:
    stream = b"\r\n".join(map(framed, contents))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    reader = FrameReader(LIMIT)
    events: list[Frame | Broken] = []
    for begin, end in itertools.pairwise([0, *cuts, len(stream)]):
        events += reader.feed(stream[begin:end])
    assert events == [Frame(content) for content in contents]
    assert reader.cut_off() is None


@given(st.lists(st.sampled_from([b"\x0b", b"\x1c", b"\r", b"a", b"\n"]), max_size=40), st.data())
def test_garbage_is_found_in_the_same_places_however_it_is_cut(
    pieces: list[bytes], data: st.DataObject
) -> None:
    stream = b"".join(pieces)
    whole, single = FrameReader(8), FrameReader(8)
    at_once = whole.feed(stream)
    bytewise = [event for byte in stream for event in single.feed(bytes([byte]))]
    assert bytewise == at_once
    assert single.inside is whole.inside
    assert single.cut_off() == whole.cut_off()


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"xyz" + framed(b"A"), ["hl7.framing", b"A"]),
        (framed(b"A") + b"xyz" + framed(b"B"), [b"A", "hl7.framing", b"B"]),
        (b"\x0bhalf" + framed(b"A"), ["hl7.framing", b"A"]),
        (b"\x0bA\x1cB" + framed(b"C"), ["hl7.framing", b"C"]),
        (b"\x0bA\x1c\n" + framed(b"C"), ["hl7.framing", b"C"]),
        (b"\x0bA\x1c" + framed(b"C"), ["hl7.framing", b"C"]),
        (b"\x0b" + b"A" * 8 + b"\x1c\r", [b"A" * 8]),
        (b"\x0b" + b"A" * 9 + b"\x1c\r", ["body.too_large"]),
        (b"A" * 8, []),
        (b"A" * 9, ["body.too_large"]),
        (b"\r\n\r\n" + framed(b"A") + b"\n" + framed(b"B"), [b"A", b"B"]),
        (framed(b""), [b""]),
        (b"", []),
    ],
)
def test_a_broken_frame_does_not_cost_the_next_one(
    stream: bytes, expected: list[bytes | str]
) -> None:
    reader = FrameReader(8)
    events = reader.feed(stream)
    shown = [event.content if isinstance(event, Frame) else event.found.code for event in events]
    assert shown == expected


def test_the_reader_holds_no_more_than_its_limit() -> None:
    reader = FrameReader(100)
    (found,) = reader.feed(b"\x0b" + b"A" * 100_000)
    assert isinstance(found, Broken)
    assert found.fatal
    assert len(found.seen) <= 101
    assert reader.feed(framed(b"B")) == []


def test_the_reader_gives_up_after_broken_frames_in_a_row() -> None:
    events = FrameReader(100).feed(b"\x0b" * 5000)
    assert len(events) == PATIENCE
    assert [isinstance(event, Broken) and event.fatal for event in events] == [
        *[False] * (PATIENCE - 1),
        True,
    ]


def test_a_good_frame_restores_patience() -> None:
    events = FrameReader(100).feed((b"x" * 3 + framed(b"A")) * (3 * PATIENCE))
    assert sum(isinstance(event, Frame) for event in events) == 3 * PATIENCE
