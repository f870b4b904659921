from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.demo.findings import Findings
from gateway.demo.tables import ascii_text, decimal, read_table
from gateway.errors import Misconfigured


def _read(path: Path, text: bytes) -> tuple[list[dict[str, str]], list[tuple[str, str, str]]]:
    file = path / "t.csv"
    file.write_bytes(text)
    findings = Findings()
    rows = read_table(file, ("a", "b"), findings)
    return [row.cells for row in rows], [(one.kind, one.what, one.where) for one in findings]


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig"])
def test_utf8_is_read_with_and_without_a_byte_order_mark(tmp_path: Path, charset: str) -> None:
    assert _read(tmp_path, "a,b\n药, 品 \n".encode(charset)) == ([{"a": "药", "b": "品"}], [])


def test_gb18030_is_read_and_noted(tmp_path: Path) -> None:
    rows, found = _read(tmp_path, "a,b\n氨氯地平,测试品种\n".encode("gb18030"))
    assert rows == [{"a": "氨氯地平", "b": "测试品种"}]
    assert found == [("file.encoding", "gb18030", "t.csv")]


def test_bytes_that_are_no_text_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"t\.csv.*UTF-8"):
        _read(tmp_path, b"a,b\n\xff\xff,\x80\n")
    with pytest.raises(Misconfigured, match=r"t\.csv"):
        _read(tmp_path, b"a,b\n\x00,1\n")


def test_every_missing_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as seen:
        _read(tmp_path, b"c,d\n1,2\n")
    assert seen.value.findings == (
        "t.csv: 缺少列 missing column: a",
        "t.csv: 缺少列 missing column: b",
    )
    with pytest.raises(Misconfigured, match="missing column: a"):
        _read(tmp_path, b"")


def test_a_missing_file_stops_the_run_unless_it_is_optional(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="gone"):
        read_table(tmp_path / "gone.csv", (), Findings())
    findings = Findings()
    assert read_table(tmp_path / "gone.csv", (), findings, optional=True) == []
    assert [one.kind for one in findings] == ["file.missing"]


def test_ragged_rows_and_full_width_digits_are_noted_and_read(tmp_path: Path) -> None:
    rows, found = _read(tmp_path, "A,b\n1,2,3\n\n４,5\n6\n".encode())
    assert rows == [{"a": "1", "b": "2"}, {"a": "４", "b": "5"}, {"a": "6"}]
    assert found == [
        ("row.ragged", "3 ≠ 2", "t.csv:2"),
        ("row.ragged", "1 ≠ 2", "t.csv:5"),
        ("text.fullwidth", "４", "t.csv:4"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.060000", (60_000, False)),
        ("798", (798_000_000, False)),
        ("１２.５", (12_500_000, False)),
        (" 1 2.5", (12_500_000, False)),
        ("0.1234565", (123_457, True)),
        ("0.12345649999", (123_456, True)),
        ("0.9999995", (1_000_000, True)),
        ("0.1234560000", (123_456, False)),
        ("-1", None),
        ("1e3", None),
        ("1,234", None),
        ("", None),
        ("abc", None),
        (".5", None),
        ("5.", None),
    ],
)
def test_decimals_are_exact_and_rounding_is_told(
    text: str, expected: tuple[int, bool] | None
) -> None:
    assert decimal(text, 6) == expected


@given(st.integers(0, 10**15), st.integers(0, 8))
def test_a_decimal_with_no_more_places_than_the_scale_is_never_rounded(
    value: int, places: int
) -> None:
    whole, fraction = divmod(value, 10**places)
    text = f"{whole % 10**12}.{fraction:0{places}d}" if places else str(whole % 10**12)
    expected = (whole % 10**12) * 10**8 + fraction * 10 ** (8 - places)
    assert decimal(text, 8) == (expected, False)


def test_text_is_compared_without_width_and_blanks() -> None:
    assert ascii_text(" ５\uff4d\uff47 （a） ") == "5mg(a)"
