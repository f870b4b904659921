"""Workbooks: values with their types, and every cell that must not be believed."""

from __future__ import annotations

import struct
import zipfile
from datetime import date, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from gateway.coding.interchange.cells import Cell, Flaw, Limits, cell_name
from gateway.coding.interchange.findings import BadFile
from gateway.coding.interchange.opening import open_table
from tests.unit.coding.interchange.making import (
    MANIFEST,
    ROWS,
    compound,
    ods_cell,
    ods_file,
    ods_row,
    repacked,
    xls_file,
    xls_stream,
    xlsx_file,
)

STRINGS = (
    b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    + b" " * 5_000_000
    + b"</sst>"
)
EIGHT = datetime(2026, 7, 1, 8)  # noqa: DTZ001 - a spreadsheet's times have no offset


def rows(path: Path, **options: object) -> dict[int, list[Cell]]:
    return {row: list(cells) for row, cells in open_table(path, **options).rows}  # type: ignore[arg-type]


def code(path: Path, **options: object) -> str:
    with pytest.raises(BadFile) as caught:
        rows(path, **options)
    return caught.value.found[0].code


def test_an_xlsx_is_read_with_its_types(tmp_path: Path) -> None:
    path = xlsx_file(
        tmp_path / "a.xlsx",
        [["a", 12, 1.5, date(2026, 7, 1), EIGHT, True], [None], ["0012"]],
    )
    found = rows(path)
    assert found[1] == ["a", 12.0, 1.5, date(2026, 7, 1), EIGHT, True]
    assert found[3][0] == "0012"


def test_rows_and_columns_keep_their_numbers_where_a_sheet_begins_late(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet["C4"] = "x"
    sheet["D5"] = "=1+1"
    book.save(tmp_path / "a.xlsx")
    found = rows(tmp_path / "a.xlsx")
    assert found[4][2] == "x"
    assert found[5][3] == Flaw("cell.formula", "D5")


def test_formulas_errors_and_merged_cells_are_marked(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["a", "=A1", "b"])
    sheet.append(["x", "y", "z"])
    sheet["C1"].value = "#N/A"
    sheet["C1"].data_type = "e"
    sheet.merge_cells("A2:B3")
    book.save(tmp_path / "a.xlsx")
    found = rows(tmp_path / "a.xlsx")
    assert found[1][1] == Flaw("cell.formula", "B1")
    assert found[1][2] == Flaw("cell.error", "C1", "#N/A …")
    assert found[2][:2] == [
        Flaw("cell.merged", "A2", area="A2:B3"),
        Flaw("cell.merged", "B2", area="A2:B3"),
    ]
    assert found[2][2] == "z"


def test_every_formula_is_found_wherever_the_sheet_is_cut(tmp_path: Path) -> None:
    rows_ = [[f"r{row}c{column}" for column in range(12)] for row in range(1, 3001)]
    flawed = {(row, row % 12) for row in range(5, 3000, 37)}
    for row, column in flawed:
        rows_[row - 1][column] = "=1+1"
    found = rows(xlsx_file(tmp_path / "a.xlsx", rows_))
    marked = {
        (row, column): cell
        for row, cells in found.items()
        for column, cell in enumerate(cells)
        if isinstance(cell, Flaw)
    }
    assert set(marked) == flawed
    assert all(cell == Flaw("cell.formula", cell_name(*place)) for place, cell in marked.items())
    assert found[3000][0] == "r3000c0"


def test_a_formula_is_found_whatever_the_prefix(tmp_path: Path) -> None:
    path = xlsx_file(tmp_path / "a.xlsx", [["x"]])
    with zipfile.ZipFile(path) as opened:
        sheet = opened.read("xl/worksheets/sheet1.xml")
    cell = b'<c r="A1" t="inlineStr"><is><t>x</t></is></c>'
    assert cell in sheet
    wrong = sheet.replace(cell, b'<c t="n" r="A1" ><f t="shared" si="0"/><v>2</v></c>')
    assert rows(repacked(path, {"xl/worksheets/sheet1.xml": wrong}))[1] == [
        Flaw("cell.formula", "A1")
    ]
    unplaced = sheet.replace(cell, b"<c><v>2</v></c>")
    assert code(repacked(path, {"xl/worksheets/sheet1.xml": unplaced})) == "file.damaged"


def test_the_only_sheet_with_content_is_taken_and_several_are_asked_about(tmp_path: Path) -> None:
    empty = xlsx_file(tmp_path / "a.xlsx", ROWS, Sheet2=[], Sheet3=[])
    assert rows(empty)[2][0] == "0012"
    several = xlsx_file(tmp_path / "b.xlsx", ROWS, 其他=[["x"]])
    assert code(several) == "sheet.choose"
    assert rows(several, sheet="其他") == {1: ["x"]}
    assert code(several, sheet="没有") == "sheet.unknown"
    assert code(xlsx_file(tmp_path / "c.xlsx", [])) == "sheet.empty"


def test_macros_and_other_office_files_are_refused(tmp_path: Path) -> None:
    path = xlsx_file(tmp_path / "a.xlsm", ROWS)
    assert rows(path)[2][0] == "0012"
    assert code(repacked(path, {"xl/vbaProject.bin": b"x"})) == "file.macros"
    path = xlsx_file(tmp_path / "b.xlsx", ROWS)
    assert code(repacked(path, {"xl/macrosheets/sheet1.xml": b"x"})) == "file.macros"
    path = xlsx_file(tmp_path / "c.xlsx", ROWS)
    assert code(repacked(path, {"xl/workbook.bin": b""}, drop=["xl/workbook.xml"])) == "file.kind"
    path = xlsx_file(tmp_path / "d.csv", ROWS)
    assert code(path) == "file.extension"


@pytest.mark.parametrize("kept", [30, 1000, -1, -30])
def test_a_truncated_zip_is_a_finding(tmp_path: Path, kept: int) -> None:
    path = xlsx_file(tmp_path / "a.xlsx", ROWS)
    path.write_bytes(path.read_bytes()[:kept])
    assert code(path) == "file.damaged"


def test_a_part_that_is_damaged_is_a_finding(tmp_path: Path) -> None:
    path = xlsx_file(tmp_path / "a.xlsx", [["x" * 50, str(n)] for n in range(500)])
    raw = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as opened:
        at = opened.getinfo("xl/worksheets/sheet1.xml").header_offset + 200
    raw[at : at + 40] = b"\x00" * 40
    path.write_bytes(bytes(raw))
    assert code(path) == "file.damaged"


def test_a_bomb_is_counted_and_not_believed(tmp_path: Path) -> None:
    path = repacked(xlsx_file(tmp_path / "a.xlsx", ROWS), {"xl/sharedStrings.xml": STRINGS})
    assert rows(path, limits=Limits(unpacked_bytes=8_000_000))[2][0] == "0012"
    assert code(path, limits=Limits(unpacked_bytes=4_000_000)) == "file.bomb"
    raw = path.read_bytes()
    lied = raw.replace(struct.pack("<I", len(STRINGS)), struct.pack("<I", 50))
    path.write_bytes(lied)
    assert code(path) in {"file.bomb", "file.damaged"}


def test_a_cell_far_out_claims_no_memory(tmp_path: Path) -> None:
    path = xlsx_file(tmp_path / "a.xlsx", ROWS)
    with zipfile.ZipFile(path) as opened:
        sheet = opened.read("xl/worksheets/sheet1.xml")
    far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    repacked(path, {"xl/worksheets/sheet1.xml": sheet.replace(b"</sheetData>", far)})
    assert code(path) == "file.too_wide"
    tall = Limits(columns=20_000)
    assert code(path, limits=tall) == "file.too_many_rows"


def test_formatted_blank_cells_do_not_count(tmp_path: Path) -> None:
    path = xlsx_file(tmp_path / "a.xlsx", ROWS)
    with zipfile.ZipFile(path) as opened:
        sheet = opened.read("xl/worksheets/sheet1.xml")
    far = b'<row r="1048576"><c r="XFD1048576" s="1"/></row></sheetData>'
    repacked(path, {"xl/worksheets/sheet1.xml": sheet.replace(b"</sheetData>", far)})
    assert rows(path)[3][0] == "0013"


def test_a_doctype_in_a_sheet_is_refused(tmp_path: Path) -> None:
    path = xlsx_file(tmp_path / "a.xlsx", ROWS)
    with zipfile.ZipFile(path) as opened:
        sheet = opened.read("xl/worksheets/sheet1.xml")
    doctype = b'<!DOCTYPE x [<!ENTITY a "b">]><worksheet'
    repacked(path, {"xl/worksheets/sheet1.xml": sheet.replace(b"<worksheet", doctype, 1)})
    assert code(path) == "file.damaged"


# ------------------------------------------------------------------ XLS


def test_an_xls_is_read_and_marked(tmp_path: Path) -> None:
    path = xls_file(
        tmp_path / "a.xls",
        [["编码", "名"], ["0012", 3.0], ["=", "#"], ["m", ""]],
        merged=[(3, 4, 0, 0)],
    )
    found = rows(path)
    assert found[2] == ["0012", 3.0]
    assert found[3] == [Flaw("cell.formula", "A3"), Flaw("cell.error", "B3", "#N/A …")]
    assert found[4][0] == Flaw("cell.merged", "A4", area="A4:A5")


def test_a_locked_xls_or_xlsx_and_one_with_macros(tmp_path: Path) -> None:
    assert code(xls_file(tmp_path / "a.xls", ROWS, locked=True)) == "file.encrypted"
    assert code(xls_file(tmp_path / "b.xls", ROWS, sheet_type=1)) == "file.macros"
    path = tmp_path / "c.xls"
    path.write_bytes(compound(xls_stream({(0, 0): "x"}), storages=["_VBA_PROJECT_CUR"]))
    assert code(path) == "file.macros"
    path.write_bytes(compound(b"locked", name="EncryptedPackage"))
    assert code(path) == "file.encrypted"
    path.write_bytes(compound(b"text", name="WordDocument"))
    assert code(path) == "file.kind"


@pytest.mark.parametrize("kept", [8, 100, 511, 600, 1100, 2000])
def test_a_truncated_xls_is_a_finding(tmp_path: Path, kept: int) -> None:
    path = xls_file(tmp_path / "a.xls", ROWS)
    path.write_bytes(path.read_bytes()[:kept])
    assert code(path) == "file.damaged"


def test_a_chain_that_runs_in_circles_is_damage(tmp_path: Path) -> None:
    path = xls_file(tmp_path / "a.xls", ROWS)
    raw = bytearray(path.read_bytes())
    raw[512 + 4 * 3 : 512 + 4 * 4] = struct.pack("<I", 2)
    path.write_bytes(bytes(raw))
    assert code(path) == "file.damaged"


def test_a_cell_beyond_any_sheet_claims_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.xls"
    path.write_bytes(compound(xls_stream({(0, 0): "x", (65_534, 65_534): "y"})))
    assert code(path) == "file.too_wide"


def test_what_makes_the_reader_give_up_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "a.xls"
    broken = xls_stream({(0, 0): "x"}, merged=[(0, 1, 0, 0)]).replace(
        struct.pack("<3H", 0xE5, 10, 1), struct.pack("<3H", 0xE5, 10, 999)
    )
    path.write_bytes(compound(broken))
    assert code(path) == "file.damaged"
    path = xlsx_file(tmp_path / "b.xlsx", ROWS)
    assert code(path, limits=Limits(reader_seconds=0.001)) == "file.damaged"


# ------------------------------------------------------------------ ODS


def test_an_ods_is_read_and_marked(tmp_path: Path) -> None:
    path = ods_file(
        tmp_path / "a.ods",
        [
            ods_row([ods_cell("编码"), ods_cell("名")]),
            ods_row(
                [ods_cell("0012"), ods_cell("y", 'table:formula="of:=1"')],
                'table:number-rows-repeated="2"',
            ),
            ods_row(
                [ods_cell("m", 'table:number-columns-spanned="2"'), "<table:covered-table-cell/>"]
            ),
            ods_row(
                ['<table:table-cell table:number-columns-repeated="16384"/>'],
                'table:number-rows-repeated="1048000"',
            ),
        ],
    )
    found = rows(path)
    assert found[1] == ["编码", "名"]
    assert found[2] == ["0012", Flaw("cell.formula", "B2")]
    assert found[3] == ["0012", Flaw("cell.formula", "B3")]
    assert found[4][0] == Flaw("cell.merged", "A4", area="A4:B4")
    assert list(found) == [1, 2, 3, 4]


def test_an_ods_that_claims_a_billion_cells_is_refused(tmp_path: Path) -> None:
    many = ods_cell("x", 'table:number-columns-repeated="1000"')
    path = ods_file(tmp_path / "a.ods", [ods_row([many], 'table:number-rows-repeated="1000000"')])
    assert code(path) == "file.too_many_rows"


def test_xml_that_is_none_is_damage_and_no_endless_loop(tmp_path: Path) -> None:
    path = ods_file(tmp_path / "a.ods", [ods_row([ods_cell("x")])])
    with zipfile.ZipFile(path) as opened:
        content = opened.read("content.xml")
    torn = content.replace(b"</table:table>", b"</tabe:table>")
    assert code(repacked(path, {"content.xml": torn})) == "file.damaged"
    path = xlsx_file(tmp_path / "b.xlsx", ROWS)
    assert (
        code(repacked(path, {"xl/worksheets/sheet1.xml": b"<worksheet><c r='A1'>"}))
        == "file.damaged"
    )


def test_a_locked_ods_and_another_open_document(tmp_path: Path) -> None:
    locked = MANIFEST.replace(
        "/></manifest:manifest>",
        "><manifest:encryption-data/></manifest:file-entry></manifest:manifest>",
    )
    assert code(ods_file(tmp_path / "a.ods", [], manifest=locked)) == "file.encrypted"
    path = ods_file(tmp_path / "b.ods", [])
    repacked(path, {"mimetype": b"application/vnd.oasis.opendocument.text"})
    assert code(path) == "file.kind"
