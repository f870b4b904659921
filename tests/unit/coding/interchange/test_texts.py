"""Separated text: encodings, delimiters, cells that a spreadsheet would run."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.coding.interchange.cells import Cell, Flaw, Limits
from gateway.coding.interchange.findings import BadFile
from gateway.coding.interchange.opening import open_table
from gateway.coding.interchange.texts import made_safe
from tests.unit.coding.interchange.making import csv_file

TEXT = "药品编码,国家码\n0012,XJ01XDT045A001010104642\n"


def cells(path: Path, **options: object) -> list[list[Cell]]:
    return [list(row) for _, row in open_table(path, **options).rows]  # type: ignore[arg-type]


def code(path: Path, **options: object) -> str:
    with pytest.raises(BadFile) as caught:
        cells(path, **options)
    return caught.value.found[0].code


@pytest.mark.parametrize(
    ("encoding", "note"),
    [
        ("utf-8", ""),
        ("utf-8-sig", ""),
        ("gb18030", "GB18030"),
        ("gbk", "GB18030"),
        ("utf-16", "UTF-16"),
    ],
)
def test_an_encoding_is_found_and_named(tmp_path: Path, encoding: str, note: str) -> None:
    table = open_table(csv_file(tmp_path / "a.csv", TEXT, encoding))
    assert next(list(row) for _, row in table.rows) == ["药品编码", "国家码"]
    assert [note in one for one in table.notes] == ([True] if note else [])


def test_utf16_in_the_other_order_of_bytes_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"))
    assert cells(path)[1][0] == "0012"


def test_utf8_with_a_broken_byte_is_not_read_as_gb18030(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(("药品编码,国家码\n" * 5).encode() + b"\xe8\x8d,x\n")
    assert code(path) == "file.utf8_broken"


@pytest.mark.parametrize("raw", [b"a,b\n\xff\xff\xff\n", b"a\x00b,c\n", TEXT.encode("utf-16-le")])
def test_other_encodings_are_refused(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(raw)
    assert code(path) == "file.encoding"


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_is_seen(tmp_path: Path, delimiter: str) -> None:
    path = csv_file(tmp_path / "a.txt", f'标题\na{delimiter}"b,;|c"{delimiter}d\n')
    assert cells(path)[1] == ["a", "b,;|c", "d"]


def test_line_breaks_in_a_cell_and_crlf(tmp_path: Path) -> None:
    path = csv_file(tmp_path / "a.csv", 'a,b\r\n"x\r\ny",z\r\n')
    assert cells(path) == [["a", "b"], ["x\r\ny", "z"]]


def test_a_broken_quote_is_a_finding(tmp_path: Path) -> None:
    assert code(csv_file(tmp_path / "a.csv", 'a,b\n"x,y\n')) == "file.not_csv"
    assert code(csv_file(tmp_path / "b.csv", 'a,b\n"x"y,z\n')) == "file.not_csv"


def test_limits_hold_on_both_sides(tmp_path: Path) -> None:
    path = csv_file(tmp_path / "a.csv", "a,b\n1,2\n")
    assert len(cells(path, limits=Limits(rows=2, columns=2, file_bytes=8))) == 2
    assert code(path, limits=Limits(rows=1)) == "file.too_many_rows"
    assert code(path, limits=Limits(columns=1)) == "file.too_wide"
    assert code(path, limits=Limits(file_bytes=7)) == "file.too_large"


def test_an_empty_file_and_a_missing_one(tmp_path: Path) -> None:
    assert code(csv_file(tmp_path / "a.csv", "")) == "file.empty"
    assert code(tmp_path / "b.csv") == "file.unreadable"
    assert code(tmp_path) == "file.unreadable"


def test_a_formula_is_marked_and_text_in_a_formula_is_text(tmp_path: Path) -> None:
    path = csv_file(tmp_path / "a.csv", 'a,b,c\n=1+1,"=""0012""",=HYPERLINK(x)\n')
    first, second, third = cells(path)[1]
    assert first == Flaw("cell.formula", "A2")
    assert second == "0012"
    assert third == Flaw("cell.formula", "C2")


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.text(max_size=6).filter(lambda text: "\x00" not in text), min_size=2, max_size=3)
)
def test_a_safe_cell_never_starts_a_formula(texts: list[str]) -> None:
    for text in texts:
        safe = made_safe(text)
        assert safe[:1] not in {"=", "+", "-", "@", "\t", "\r"}


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "'=1", "''x", "'x", "plain", "\tx", ""])
def test_an_escaped_cell_comes_back(tmp_path: Path, text: str) -> None:
    path = csv_file(tmp_path / "a.csv", f'a,b\n"{made_safe(text)}",x\n')
    assert cells(path)[1][0] == text


def test_a_web_page_or_another_format_is_named(tmp_path: Path) -> None:
    assert code(csv_file(tmp_path / "a.xls", "<html><table></table></html>")) == "file.kind"
    assert code(csv_file(tmp_path / "b.csv", "%PDF-1.4")) == "file.kind"
    assert code(csv_file(tmp_path / "c.xlsx", "a,b\n1,2\n")) == "file.extension"
