"""表格文件: the files under home that list things as `[[name]]` tables (partners, operators, routes)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from gateway.errors import Misconfigured


class Named(Protocol):
    """What has an id."""

    @property
    def id(self) -> str:
        """The id."""


_PLACE: Final = re.compile(r"at line ([0-9]+), column ([0-9]+)")
_MISTAKES: Final = {
    "Cannot declare": "表重复",
    "Cannot overwrite": "键重复",
    "Invalid date": "没有这一天",
    "Invalid value": "取值有误，文字须加引号",
    "Illegal character": "有不容许的字符，或引号未闭合",
    "Unterminated": "引号未闭合",
}
"""What the parser's messages begin with, and what that means."""

Model = TypeVar("Model", bound=BaseModel)
Listed = TypeVar("Listed", bound=Named)


def read_tables(path: Path) -> dict[str, Any]:
    """Return what a file says, {} where there is none. Raises Misconfigured (unreadable, no TOML)."""
    return parse_tables(read_text(path), path.name)


def read_text(path: Path) -> str:
    """Return a file's text, "" where there is none. Raises Misconfigured (unreadable, not UTF-8)."""
    try:
        return path.read_text(encoding="utf-8-sig")  # Windows editors put a mark before the text
    except FileNotFoundError:
        return ""
    except OSError as error:
        why = error.strerror or error
        raise Misconfigured(f"{path.name}: 无法读取 cannot be read: {why}") from error
    except UnicodeDecodeError as error:
        raise Misconfigured(f"{path.name}: 不是 UTF-8 not UTF-8: {error}") from error


def parse_tables(text: str, file: str) -> dict[str, Any]:
    """Return what a text says; `file` is its name in the finding. Raises Misconfigured."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said = str(error)
        why = next((f"：{zh}" for en, zh in _MISTAKES.items() if said.startswith(en)), "")
        raise Misconfigured(
            f"{file}: 不是有效的 TOML{why}{_place(said)} not valid TOML: {said}"
        ) from error


def _place(said: str) -> str:
    """Return the place that a parser's message names, for people; "" where it names none."""
    found = _PLACE.search(said)
    return f"（第 {found[1]} 行第 {found[2]} 列）" if found is not None else ""


def check_tables(
    given: Mapping[str, Any], name: str, file: str, model: type[Model]
) -> tuple[list[tuple[int, Model]], list[str]]:
    """Return the sound `[[name]]` tables, each with its number from 1, and a line per finding.

    A finding names the file, the table (its `id`, else its number) and the field. Nothing but these
    tables may stand in the file: a mistyped heading must not make a list look empty.
    """
    findings = [
        f"{file}: {each}: 没有此表 no such table, only [[{name}]]" for each in given if each != name
    ]
    records = given.get(name, [])
    if not isinstance(records, list):
        findings.append(f"{file}: {name}: 应写作 [[{name}]] a list of tables is expected")
        return [], findings
    sound: list[tuple[int, Model]] = []
    for number, record in enumerate(records, start=1):
        named = record.get("id", f"#{number}") if isinstance(record, dict) else f"#{number}"
        try:
            sound.append((number, model.model_validate(record)))
        except ValidationError as error:
            findings += [
                f"{file}: {name} {named}: {'.'.join(map(str, each['loc']))}: {each['msg']}"
                for each in error.errors()
            ]
    return sound, findings


def by_id(listed: Iterable[Listed], name: str, file: str, findings: list[str]) -> dict[str, Listed]:
    """Return them by id; one that stands twice is added to the findings."""
    found: dict[str, Listed] = {}
    for one in listed:
        if one.id in found:
            findings.append(f"{file}: {name} {one.id}: 重复 stands twice")
        found[one.id] = one
    return found
