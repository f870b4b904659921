"""表格文件: the files under home that list things as `[[name]]` tables (partners, operators, routes)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from gateway.errors import Misconfigured


class Named(Protocol):
    """What has an id."""

    @property
    def id(self) -> str:
        """The id."""


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
        raise Misconfigured(f"{file}: 不是有效的 TOML not valid TOML: {error}") from error


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
