"""取值: the cells of one row as the texts of its fields, or findings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from gateway.coding.interchange.cells import Cell, Flaw, cell_name
from gateway.coding.interchange.days import NotADay, day_of, end_of
from gateway.coding.interchange.fields import Content, Field, field_named
from gateway.coding.interchange.findings import BadFile, Finding, finding, quoted
from gateway.coding.interchange.headings import Headed
from gateway.coding.interchange.plan import ColumnPlan

_SHORTENED: Final = re.compile(r"[0-9](?:\.[0-9]+)?[Ee]\+[0-9]+\Z")
_UNSEEN: Final = re.compile("[\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\ufeff\ufffd]")
_BREAKS: Final = re.compile(r"[ ]*[\t\r\n]+[ ]*")
_EXACT: Final = 10**15
"""Whole numbers below this are exact in a spreadsheet."""
_BLANKS: Final = " \t\r\n\u00a0\u3000"


class Taking:
    """Reads rows of one table; the same for every row, so it is prepared once."""

    def __init__(self, table: Headed, plan: ColumnPlan, fields: Mapping[str, Field]) -> None:
        self._plan = plan
        self._patterns = plan.patterns()
        self._places = [(_field(name, fields), at) for name, at in table.places.items()]
        self._wanted = max(table.places.values(), default=-1) + 1
        self._width = len(table.headings)
        self._usual = {
            name: plan.constants.get(name, field.default) for name, field in fields.items()
        }
        self._required = [name for name, field in fields.items() if field.required]
        self._read_constants(fields)
        self._known: dict[tuple[str, str], str] = {}
        self.said_from = False
        """Whether the last row said itself from when it holds."""

    def _read_constants(self, fields: Mapping[str, Field]) -> None:
        """Bring the constants into the form of their fields. Raises BadFile."""
        found: list[Finding] = []
        for name, given in self._plan.constants.items():
            field = _field(name, fields)
            value = self._read(field, given, 0, 0)
            if isinstance(value, Finding):
                found.append(value)
            else:
                self._usual[name] = value
        if found:
            raise BadFile(*found)
        end = self._usual.get("valid_to")
        if end == "":
            self._usual["valid_to"] = end_of("")

    def values(self, row: int, cells: Sequence[Cell], found: list[Finding]) -> dict[str, str]:
        """Return field → text; what is wrong is added to `found`, and then the rest is not complete."""
        values = dict(self._usual)
        if len(cells) < self._wanted:
            found.append(finding("row.short", row, found=len(cells), wanted=self._wanted))
            return values
        if len(cells) > self._width and (more := [one for one in cells[self._width :] if one]):
            found.append(finding("row.long", row, count=len(more), wanted=self._width))
        self.said_from = False
        before = len(found)
        for field, at in self._places:
            value = self._taken(field, cells[at], row, at)
            if isinstance(value, Finding):
                found.append(value)
            elif value:
                values[field.name] = value
                self.said_from |= field.name == "valid_from"
        if len(found) == before:
            found += [
                finding("row.required", row, one) for one in self._required if not values[one]
            ]
        return values

    def _taken(self, field: Field, cell: Cell, row: int, at: int) -> str | Finding:
        """Return a cell's text, "" for a blank one; the constant must agree where it has to."""
        value: str | Finding
        if isinstance(cell, str):
            known = self._known.get((field.name, cell))
            if known is not None:
                return known
            value = self._read(field, cell, row, at)
            if isinstance(value, Finding):
                return value
            if field.content is not Content.CODE:  # codes hardly repeat
                self._known[field.name, cell] = value
        else:
            value = self._read(field, cell, row, at)
            if isinstance(value, Finding):
                return value
        usual = self._plan.constants.get(field.name, "")
        if field.same and usual and value and value != self._usual[field.name]:
            return finding("row.differs", row, field.name, text=quoted(value), wanted=usual)
        return value

    def _read(self, field: Field, cell: Cell, row: int, at: int) -> str | Finding:
        if isinstance(cell, Flaw):
            return finding(
                cell.code, row, field.name, cell=cell.cell, text=cell.text, area=cell.area
            )
        if field.content in {Content.DAY, Content.END}:
            return self._day(field, cell, row)
        text = self._text(field, cell, row, at)
        if isinstance(text, Finding):
            return text
        if len(text) > field.longest:
            return finding("cell.too_long", row, field.name, limit=field.longest)
        return self._word(field, text, row) if field.content is Content.WORD else text

    def _day(self, field: Field, cell: Cell, row: int) -> str | Finding:
        try:
            if field.content is Content.END:
                return "" if cell == "" else end_of(cell, self._patterns)
            return day_of(cell, self._patterns)
        except NotADay as error:
            return finding(error.code, row, field.name, text=error.text)

    def _text(self, field: Field, cell: Cell, row: int, at: int) -> str | Finding:
        if isinstance(cell, str):
            return self._typed(field, cell.strip(_BLANKS), row)
        if isinstance(cell, bool):
            word = str(cell).upper()
            known = word in self._plan.values.get(field.name, {})
            name = cell_name(row, at)
            return word if known else finding("cell.boolean", row, field.name, cell=name)
        if isinstance(cell, (int, float)):
            return self._number(field, cell, row, at)
        if field.content is not Content.TEXT:
            name = cell_name(row, at)
            return finding("cell.date_for_code", row, field.name, cell=name, text=str(cell))
        return str(cell)

    def _typed(self, field: Field, text: str, row: int) -> str | Finding:
        """Return a text that was typed as a text."""
        if field.content is Content.TEXT:
            text = _BREAKS.sub(" ", text)
        elif field.content is Content.CODE and _SHORTENED.match(text):
            return finding("cell.shortened", row, field.name, text=quoted(text))
        if _UNSEEN.search(text):
            return finding("cell.unseen", row, field.name, text=quoted(text))
        return text

    def _number(self, field: Field, cell: float, row: int, at: int) -> str | Finding:
        whole = int(cell) if abs(cell) < _EXACT and cell == int(cell) else None
        shown = repr(cell) if whole is None else str(whole)
        allowed = field.content is Content.TEXT or field.name in self._plan.integers
        if field.content is Content.WORD and shown in self._plan.values.get(field.name, {}):
            return shown
        if allowed and (whole is not None or field.content is Content.TEXT):
            return shown
        return finding("cell.number", row, field.name, cell=cell_name(row, at), text=shown)

    def _word(self, field: Field, text: str, row: int) -> str | Finding:
        words = self._plan.values.get(field.name, {})
        meant = words.get(text, text)
        if meant in field.words or not meant:
            return meant
        allowed = ", ".join(filter(None, (*words, *field.words)))
        return finding("cell.value", row, field.name, text=quoted(text), allowed=allowed)


def _field(name: str, fields: Mapping[str, Field]) -> Field:
    field = field_named(name, fields)
    if field is None:
        raise KeyError(name)
    return field
