"""JSON text, JSON contracts, decimals, times, signatures: the shared readers."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters._kit.decimals import read_count, read_price, read_quantity, read_sum
from adapters._kit.json_contract import JsonContract
from adapters._kit.json_text import parse
from adapters._kit.signing import require_sm3, sign, verify
from adapters._kit.times import (
    compact_instant,
    plain_instant,
    read_date,
    read_instant,
    unix_seconds,
)
from schemas.issues import Issue, Rejected
from schemas.money import QUANTITY_SCALE, plain, scaled


def refused(raw: bytes) -> list[tuple[str, str]]:
    with pytest.raises(Rejected) as caught:
        parse(raw)
    return [(one.code, one.path) for one in caught.value.issues]


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "body.empty"),
        (b" \n", "body.empty"),
        (b'{"a":"\xff"}', "body.encoding"),
        ('{"a":"阿托伐他汀钙片"}'.encode("gb18030"), "body.encoding"),
        ('{"a":1}'.encode("utf-16"), "body.encoding"),
        (b'{"a":NaN}', "json.malformed"),
        (b'{"a":Infinity}', "json.malformed"),
        (b'{"a":-Infinity}', "json.malformed"),
        (b'{"a":1e999}', "json.malformed"),
        (b'{"a":01}', "json.malformed"),
        (b'{"a":1,}', "json.malformed"),
        (b'{"a":1}x', "json.malformed"),
        (b"{'a':1}", "json.malformed"),
        (b'{"a":"\t"}', "json.malformed"),
        (b'["\\ud800"]', "json.malformed"),
        (b"<html>", "json.malformed"),
        (b"[" * 34 + b"]" * 34, "body.too_deep"),
        (b'{"a":' * 34 + b"1" + b"}" * 34, "body.too_deep"),
        (b"[" * 100_000, "body.too_deep"),
    ],
)
def test_json_that_is_not_strict_is_refused_by_name(raw: bytes, code: str) -> None:
    assert [found for found, _ in refused(raw)] == [code]


def test_a_malformed_text_says_where() -> None:
    with pytest.raises(Rejected, match="line 2 column 5"):
        parse(b'{\n"a":x}')


@pytest.mark.parametrize(
    ("raw", "keys"),
    [
        (b'{"a":1,"a":1}', ["a"]),
        (b'{"a":{"b":1,"c":2,"b":3}}', ["b"]),
        (b'[{"a":"x","a":"x"},{"z":1,"z":2}]', ["a", "z"]),
        (b'{"a":1,"\\u0061":2}', ["a"]),
        (b'{"q\\"":1,"q\\"":2}', ['q"']),
        (b'{"\\\\":"\\"","\\\\":1}', ["\\"]),
        (b'{"":1,"":2}', [""]),
        ('{"量":"一","量":"二"}'.encode(), ["量"]),
        (b'{"a":[],"a":{}}', ["a"]),
        (b'{"a":{"x":1,"y":"z"},"a":"two strings"}', ["a"]),
    ],
)
def test_duplicate_keys_are_refused_by_name(raw: bytes, keys: list[str]) -> None:
    assert refused(raw) == [("json.duplicate_key", key) for key in keys]


def test_what_only_looks_like_a_duplicate_is_read() -> None:
    for text in (
        '{"a":"\\"a\\":1"}',
        '[{"a":1},{"a":1}]',
        '{"a":{"a":1}}',
        '{"a":"\\u0022"}',
        '"a"',
    ):
        assert parse(text.encode()) == json.loads(text)
    assert parse(b'\xef\xbb\xbf{"a":1}') == {"a": 1}
    assert parse(b"[" * 32 + b"]" * 32)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(values, st.booleans(), st.sampled_from([None, 1]))
@settings(max_examples=200, deadline=None)
def test_every_sound_json_text_is_read_whatever_its_escapes(
    value: Any, ascii_only: bool, indent: int | None
) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    assert parse(text.encode()) == value


@given(st.dictionaries(st.text(max_size=4), values, min_size=1, max_size=4), st.data())
@settings(max_examples=200, deadline=None)
def test_a_key_that_is_put_in_twice_is_always_found(
    value: dict[str, Any], data: st.DataObject
) -> None:
    key = data.draw(st.sampled_from(sorted(value)))
    again = json.dumps({key: data.draw(values)}, ensure_ascii=data.draw(st.booleans()))
    raw = f"{again[:-1]},{orjson.dumps(value).decode()[1:]}".encode()
    assert ("json.duplicate_key", key) in refused(raw)


CONTRACT = JsonContract(
    {
        "type": "object",
        "required": ["id", "lines"],
        "additionalProperties": False,
        "properties": {
            "id": {"type": "string", "pattern": "^[0-9]{2}$"},
            "lines": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "required": ["qty"],
                    "additionalProperties": False,
                    "properties": {
                        "qty": {"type": "string", "pattern": "^[0-9]+[.][0-9]{4}$", "x-scale": 4},
                        "no": {"type": "integer", "minimum": 1},
                        "kind": {"enum": ["a", "b"]},
                        "name": {"type": "string", "maxLength": 3},
                    },
                },
            },
        },
    }
)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ([], [("", "json.not_object")]),
        ({"id": "01"}, [("lines", "field.required")]),
        ({"id": "01", "lines": []}, [("lines", "field.range")]),
        ({"id": "01\n", "lines": [{"qty": "1.0000"}]}, [("id", "field.format")]),
        ({"id": "１1", "lines": [{"qty": "1.0000"}]}, [("id", "field.fullwidth")]),
        ({"id": 1, "lines": [{"qty": "1.0000"}]}, [("id", "field.format")]),
        ({"id": "01", "lines": [{"qty": 1}]}, [("lines[0].qty", "money.number")]),
        ({"id": "01", "lines": [{"qty": 1.5}]}, [("lines[0].qty", "money.number")]),
        ({"id": "01", "lines": [{"qty": None}]}, [("lines[0].qty", "field.format")]),
        ({"id": "01", "lines": [{"qty": "1.0000"}, {}]}, [("lines[1].qty", "field.required")]),
        ({"id": "01", "lines": [{"qty": "1.0000", "x": 1}]}, [("lines[0].x", "field.unknown")]),
        ({"id": "01", "lines": [{"qty": "1.0000", "no": 0}]}, [("lines[0].no", "field.range")]),
        ({"id": "01", "lines": [{"qty": "1.0000", "no": "1"}]}, [("lines[0].no", "field.format")]),
        (
            {"id": "01", "lines": [{"qty": "1.0000", "kind": "c"}]},
            [("lines[0].kind", "field.format")],
        ),
        (
            {"id": "01", "lines": [{"qty": "1.0000", "name": "abcd"}]},
            [("lines[0].name", "field.range")],
        ),
    ],
)
def test_a_contract_says_every_place_and_what_is_wrong(
    value: Any, found: list[tuple[str, str]]
) -> None:
    assert not CONTRACT.accepts(value)
    assert [(one.path, one.code) for one in CONTRACT.issues(value)] == found


def test_a_contract_finds_everything_at_once() -> None:
    value = {"id": "x", "lines": [{"qty": 1, "no": 0}, {}]}
    assert len(CONTRACT.issues(value)) == 4
    assert CONTRACT.issues({"id": "01", "lines": [{"qty": "1.0000"}]}) == ()


# --------------------------------------------------------------------------- decimals


@pytest.mark.parametrize(
    ("read", "text", "shown"),
    [
        (read_quantity, "12", "12.0000"),
        (read_quantity, "12.5000000", "12.5000"),
        (read_quantity, "0.0001", "0.0001"),
        (read_quantity, "999999999999.9999", "999999999999.9999"),
        (read_count, "0", "0.0000"),
        (read_price, "0", "0.000000"),
        (read_price, "0.000001", "0.000001"),
        (read_sum, "-12.30", "-12.30"),
        (read_sum, "99999999999999.99", "99999999999999.99"),
    ],
)
def test_plain_decimals_become_fixed_scale_text(read: Any, text: str, shown: str) -> None:
    found: list[Issue] = []
    assert (read(text, "p", found), found) == (shown, [])


@pytest.mark.parametrize(
    ("read", "text", "code"),
    [
        (read_quantity, "１2", "field.fullwidth"),
        (read_quantity, "12。5", "field.format"),
        (read_quantity, "٣", "field.format"),
        (read_quantity, "1e3", "field.format"),
        (read_quantity, "1_000", "field.format"),
        (read_quantity, "1,000", "field.format"),
        (read_quantity, " 1", "field.format"),
        (read_quantity, "+1", "field.format"),
        (read_quantity, ".5", "field.format"),
        (read_quantity, "5.", "field.format"),
        (read_quantity, "", "field.format"),
        (read_quantity, "NaN", "field.format"),
        (read_quantity, "1\n", "field.format"),
        (read_quantity, "0", "quantity.negative"),
        (read_quantity, "-0.0001", "quantity.negative"),
        (read_count, "-1", "quantity.negative"),
        (read_quantity, "0.00001", "money.scale"),
        (read_quantity, "1000000000000", "field.range"),
        (read_quantity, "1" * 40, "field.range"),
        (read_price, "0.0000001", "money.scale"),
        (read_price, "-1", "field.range"),
        (read_price, "10000000000", "field.range"),
        (read_sum, "0.001", "money.scale"),
        (read_sum, "100000000000000.00", "field.range"),
    ],
)
def test_anything_else_is_no_number_and_says_why(read: Any, text: str, code: str) -> None:
    found: list[Issue] = []
    assert read(text, "lines[0].qty", found, line=3) == ""
    assert [(one.code, one.path, one.line) for one in found] == [(code, "lines[0].qty", 3)]


@given(st.integers(1, 10**16 - 1))
def test_reading_a_quantity_loses_nothing(value: int) -> None:
    found: list[Issue] = []
    text = plain(value, QUANTITY_SCALE)
    assert scaled(read_quantity(text, "p", found), QUANTITY_SCALE) == value
    assert found == []


# --------------------------------------------------------------------------- times


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("20260105", "2026-01-05"),
        ("2026-01-05", "2026-01-05"),
        ("20240229", "2024-02-29"),
        ("29991231", "2999-12-31"),
    ],
)
def test_dates_are_read(text: str, shown: str) -> None:
    assert read_date(text, "p", []) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("20260105073000", "2026-01-05T07:30:00+08:00"),
        ("202601050730", "2026-01-05T07:30:00+08:00"),
        ("20260105073000+0000", "2026-01-05T15:30:00+08:00"),
        ("20260105073000.5", "2026-01-05T07:30:00.500000+08:00"),
        ("2026-01-05T07:30:00", "2026-01-05T07:30:00+08:00"),
        ("2026-01-05 07:30:00", "2026-01-05T07:30:00+08:00"),
        ("2026-01-04T23:30:00Z", "2026-01-05T07:30:00+08:00"),
        ("2026-01-05T07:30:00.1234567+08:00", "2026-01-05T07:30:00.123456+08:00"),
    ],
)
def test_instants_come_out_in_chinas_time(text: str, shown: str) -> None:
    assert read_instant(text, "p", []) == shown


@pytest.mark.parametrize(
    "text",
    [
        "",
        "20260230",
        "2026-1-5",
        "2026-0105",
        "２0260105",
        "20260105 ",
        "20261301",
        "0",
        "00000101",
    ],
)
def test_a_day_that_does_not_exist_is_refused(text: str) -> None:
    found: list[Issue] = []
    assert read_date(text, "p", found) == ""
    assert [one.code for one in found] == ["date.invalid"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-01-05",
        "20260105",
        "20260105246000",
        "2026-01-05T24:00:00",
        "2026-01-05T07:30:60",
        "2026-01-05T07:30:00+25:00",
        "0001-01-01T00:00:00+14:00",
        "2026-W01-1T07:30:00",
        "２026-01-05T07:30:00",
        "2026-01-05T07:30:00\n",
    ],
)
def test_an_instant_that_does_not_exist_is_refused(text: str) -> None:
    found: list[Issue] = []
    assert read_instant(text, "p", found) == ""
    assert [one.code for one in found] == ["date.invalid"]


def test_instants_are_written_as_the_dialects_want_them() -> None:
    text = "2026-01-04T23:30:00Z"
    assert compact_instant(text) == "20260105073000"
    assert plain_instant(text) == "2026-01-05 07:30:00"
    assert unix_seconds(text) == 1767569400


# --------------------------------------------------------------------------- signatures


def test_sm3_is_there_and_right() -> None:
    require_sm3()


@pytest.mark.parametrize("digest", ["sm3", "sha256"])
def test_a_signature_verifies_within_the_window_only(digest: Any) -> None:
    header = sign(b"body", b"key", 1_000_000, digest)
    for seconds in (999_700, 1_000_000, 1_000_300):
        assert verify(header, b"body", b"key", seconds, digest) == ""
    assert verify(header.upper(), b"body", b"key", 1_000_000, digest) == ""
    assert verify(header, b"body", b"key", 999_699, digest) == "stale"
    assert verify(header, b"body", b"key", 1_000_301, digest) == "stale"
    assert verify(header, b"bodY", b"key", 1_000_000, digest) == "wrong"
    assert verify(header, b"body", b"keY", 1_000_000, digest) == "wrong"
    moved = f"1000001:{header.partition(':')[2]}"
    assert verify(moved, b"body", b"key", 1_000_000, digest) == "wrong"


def test_the_two_digests_are_not_taken_for_each_other() -> None:
    header = sign(b"body", b"key", 1, "sha256")
    assert verify(header, b"body", b"key", 1, "sm3") == "wrong"


@pytest.mark.parametrize("header", ["", "1", "1:", "x:y", "１:" + "0" * 64, "1:" + "0" * 63, ":"])
def test_a_header_of_another_form_is_malformed(header: str) -> None:
    assert verify(header, b"", b"key", 1) == "malformed"


def test_nothing_is_signed_or_believed_without_a_secret() -> None:
    with pytest.raises(ValueError, match="secret"):
        sign(b"", b"", 1)
    assert verify("1:" + "0" * 64, b"", b"", 1) == "malformed"


def test_the_known_answer_of_hmac_sm3() -> None:
    # computed with the OpenSSL command line: printf '1\nbody' | openssl dgst -sm3 -hmac key
    known = sign(b"body", b"key", 1).partition(":")[2]
    assert known == KNOWN_HMAC_SM3


KNOWN_HMAC_SM3 = "0c85c2fccfa63992c17b154c2ff354da4a041e845aaeaea427fb4d7a20cc84f1"
