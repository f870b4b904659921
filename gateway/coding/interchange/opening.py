"""打开: a file of any kind that is read, as one table."""

from __future__ import annotations

from pathlib import Path

from gateway.coding.interchange.cells import Limits, Table
from gateway.coding.interchange.findings import bad_file
from gateway.coding.interchange.source import Content, content_of
from gateway.coding.interchange.texts import text_table
from gateway.coding.interchange.workbooks import workbook_table


def open_table(
    path: Path,
    *,
    sheet: str = "",
    delimiter: str = "",
    limits: Limits | None = None,
    escaped: bool = True,
) -> Table:
    """Return the table of a CSV, XLSX, XLS or ODS file. Raises BadFile with what stands against it."""
    kept = limits or Limits()
    content = content_of(path, kept)
    if content is Content.TEXT:
        if sheet:
            raise bad_file("sheet.unknown", name=sheet, names="–")
        return text_table(path, delimiter, kept, escaped=escaped)
    if content is Content.ZIP:
        raise bad_file("file.kind", content="zip")
    return workbook_table(path, content, sheet, kept)
