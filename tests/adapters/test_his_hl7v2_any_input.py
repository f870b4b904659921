"""Any text and any bytes: escapes come back, an independent parser agrees, nothing crashes."""

from __future__ import annotations

from typing import Any

import hl7  # type: ignore[import-untyped]  # the oracle has no stubs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters._kit.protocol import Answer
from adapters.his_hl7v2 import sender_of
from adapters.his_hl7v2.inbound import read
from adapters.his_hl7v2.reply import reply
from adapters.his_hl7v2.simulator import dispense_message, order_message
from adapters.his_hl7v2.wire import Separators, parse, unescape
from schemas.issues import Rejected
from tests.adapters.hl7_messages import DISPENSE, HEAD, ORDER, SENDER, check_canonical


@pytest.mark.parametrize(
    ("wire", "meant"),
    [
        (r"a\F\b\S\c\T\d\R\e\E\f", "a|b^c&d~e\\f"),
        (r"one\.br\two", "one\ntwo"),
        (r"\X41\\X4243\\XE4B8AD\ ".rstrip(), "ABC中"),
        (r"\H\bold\N\ ".rstrip(), "bold"),
        (r"\Zab\ \C2842\ ".rstrip(), r"\Zab\ \C2842\ ".rstrip()),
        (r"\XZZ\ ".rstrip(), r"\XZZ\ ".rstrip()),
        (r"\XFF\ ".rstrip(), r"\XFF\ ".rstrip()),
        ("50\\50", "50\\50"),
        ("plain", "plain"),
    ],
)
def test_escapes_are_resolved_and_unknown_ones_kept(wire: str, meant: str) -> None:
    assert unescape(wire, Separators()) == meant


@given(st.text())
@settings(deadline=None)
def test_what_is_escaped_comes_back(text: str) -> None:
    signs = Separators()
    wire = signs.escaped(text)
    assert not set(wire) & {"|", "^", "~", "&", "\r", "\n"}
    assert unescape(wire, signs) == text


words = st.text("aZ9 .-中药", max_size=4).map(str.strip)
atoms = st.lists(words, min_size=1, max_size=2).map("\\R\\".join)
subcomponents = st.lists(atoms, min_size=1, max_size=3).map("&".join)
components = st.lists(subcomponents, min_size=1, max_size=4).map("^".join)
fields = st.lists(components, min_size=1, max_size=3).map("~".join)


@given(st.lists(st.lists(fields, max_size=6), max_size=4), st.permutations("|^~\\&"))
@settings(max_examples=80, deadline=None)
def test_every_value_is_the_one_an_independent_parser_finds(
    rows: list[list[str]], signs: list[str]
) -> None:
    head = "MSH|^~\\&|HIS|HOSP^1^ISO|A&B|GW|20250501||RDE^O11|M1|P|2.5"
    rows = [[f"ZZ{number}", *row, "end"] for number, row in enumerate(rows)]
    text = "\r".join([head, *("|".join(row) for row in rows)])
    text = text.translate(str.maketrans("|^~\\&", "".join(signs)))
    # the letter of an escape names a role, not a character: it stays
    ours, oracle = parse(text.encode(), {}), hl7.parse(text)
    assert [segment[0] for segment in ours.segments] == ["MSH", *(row[0] for row in rows)]
    for segment in ours.segments:
        theirs = oracle.segment(segment[0])
        assert len(segment) == len(theirs)
        for field in range(3 if segment[0] == "MSH" else 1, len(segment)):
            repetitions = ours.repetitions(segment, field)
            assert repetitions == (
                [] if not str(theirs(field)) else [str(one) for one in theirs(field)]
            )
            for component in range(1, 6):
                for sub in range(1, 5):
                    assert ours.text(segment, field, component, sub) == _extracted(
                        oracle, segment[0], field, component, sub
                    )


def _extracted(oracle: Any, name: str, field: int, component: int, sub: int) -> str:
    try:
        return str(oracle.extract_field(name, 1, field, 1, component, sub))
    except IndexError:
        return ""


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_no_bytes_crash_the_reader_or_the_answer(noise: bytes) -> None:
    for raw in (noise, b"MSH|^~\\&|" + noise, order_message(HEAD, ORDER) + noise):
        try:
            read(raw, SENDER)
        except Rejected as wrong:
            answer = Answer("rejected", (), wrong.issues)
            assert reply(raw, None, answer, SENDER).body.startswith(b"MSH")
        sender_of(raw)


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_no_cut_or_flipped_byte_crashes_the_reader(data: st.DataObject) -> None:
    raw = bytearray(
        data.draw(st.sampled_from([order_message(HEAD, ORDER), dispense_message(HEAD, DISPENSE)]))
    )
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] = data.draw(st.integers(0, 255))
    cut = bytes(raw[: data.draw(st.integers(0, len(raw)))])
    try:
        drafts = read(cut, SENDER).drafts
    except Rejected:
        return
    for draft in drafts:
        check_canonical(draft.type, draft.data)
