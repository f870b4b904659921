"""列映射: which column of a partner's table stands for which field, as data (TOML or command line).

sheet = "目录"                 # the sheet of a workbook
header_row = 3                 # 0 or absent: searched for
delimiter = ";"                # of a text file; absent: seen from the first lines
integers = ["local_code"]      # whole numbers are these codes: nobody put zeros in front
date_formats = ["DD.MM.YYYY"]  # beside the usual ways
unified_system = "nhsa_drug_western"   # the code system of the unified codes
[columns]
local_code = "药品编码"
[constants]
partner = "hospital-a"
valid_from = "2026-07-01"
[values.choice]
"是" = "preferred"
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Self

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from rapidfuzz import process

from gateway.coding.interchange.days import NotADay, compiled, day_of
from gateway.coding.interchange.fields import Field as TableField
from gateway.coding.interchange.fields import field_named
from gateway.coding.interchange.findings import BadFile, Finding, bad_file, finding


class ColumnPlan(BaseModel):
    """列映射, see the module's text. Immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    sheet: str = ""
    header_row: int = Field(default=0, ge=0, le=1000)
    delimiter: str = Field(default="", max_length=1)
    integers: tuple[str, ...] = Field(default=(), strict=False)
    date_formats: tuple[str, ...] = Field(default=(), strict=False)
    unified_system: str = ""
    escaped: bool = True
    columns: dict[str, str] = Field(default_factory=dict)
    constants: dict[str, str] = Field(default_factory=dict)
    values: dict[str, dict[str, str]] = Field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a TOML file. Raises BadFile with every finding."""
        try:
            given = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise bad_file("plan.bad", detail=f"{path.name}: {error.strerror}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise bad_file("plan.bad", detail=f"{path.name}: {error}") from error
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            raise BadFile(
                *(
                    finding("plan.bad", detail=f"{'.'.join(map(str, one['loc']))}: {one['msg']}")
                    for one in error.errors()
                )
            ) from error

    def with_columns(self, pairs: Iterable[str]) -> Self:
        """Return the plan with `field=Heading` pairs added. Raises BadFile for a text that is none."""
        added: dict[str, str] = {}
        for pair in pairs:
            name, equals, heading = pair.partition("=")
            if not (equals and name.strip() and heading.strip()):
                raise bad_file("plan.bad", detail=f"{pair!r}: field=Heading")
            added[name.strip()] = heading.strip()
        return self.model_copy(update={"columns": {**self.columns, **added}})

    def with_constants(self, **given: str) -> Self:
        """Return the plan with these constants; blank ones are left out."""
        added = {name: value for name, value in given.items() if value}
        return self.model_copy(update={"constants": {**self.constants, **added}})

    def patterns(self) -> tuple[re.Pattern[str], ...]:
        """Return the compiled date formats. Raises BadFile for one that is none."""
        try:
            return tuple(compiled(one) for one in self.date_formats)
        except ValueError as error:
            raise bad_file("plan.bad", detail=str(error)) from error

    def constant_day(self, name: str) -> str:
        """Return the day that is the constant of a field, "" where it has none. Raises BadFile."""
        try:
            return day_of(self.constants.get(name, ""), self.patterns())
        except NotADay as error:
            raise BadFile(finding(error.code, 0, name, text=error.text)) from error

    def canonical(self) -> bytes:
        """Return the plan as bytes that are the same for the same plan."""
        return orjson.dumps(self.model_dump(), option=orjson.OPT_SORT_KEYS)

    def problems(self, fields: Mapping[str, TableField]) -> list[Finding]:
        """Return what is wrong with the plan for a table with these fields."""
        named = [*self.columns, *self.constants, *self.values, *self.integers]
        found = [
            finding("columns.field", name=name, nearest=near(name, fields))
            for name in dict.fromkeys(named)
            if field_named(name, fields) is None
        ]
        shared = [one for one in set(self.columns.values()) if _count(self.columns, one) > 1]
        return found + [finding("columns.shared", name=name) for name in sorted(shared)]


def _count(columns: Mapping[str, str], heading: str) -> int:
    return sum(1 for one in columns.values() if one == heading)


def near(name: str, known: Iterable[str]) -> str:
    """Return ` (did you mean …?)` with the likest of the known names, "" where none is like it."""
    found = process.extractOne(name, list(known), score_cutoff=50)
    return f"(是否指 did you mean {found[0]}?)" if found else ""
