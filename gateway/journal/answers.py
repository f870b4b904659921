"""回执行: the lines of the first answer, as they are kept in the journal and given again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import orjson

from gateway.ports import EntryKind, LineOutcome, LineState, Verdict
from schemas.envelope import canonical_bytes
from schemas.issues import Issue

Lines = tuple[LineOutcome, ...]


def answer_bytes(verdict: Verdict, lines: Lines) -> bytes:
    """Return the data of the row that heads a document: our answer, line by line."""
    return canonical_bytes(
        {"verdict": verdict.value, "lines": [_line_as_dict(line) for line in lines]}
    )


def lines_of(kind: str, identity: str, line: int, data: bytes) -> Lines:
    """Return the lines of the first answer out of a stored row (a document's head or a single row)."""
    if kind == EntryKind.RECEIVED:
        return tuple(_line_from(found) for found in orjson.loads(data)["lines"])
    return (LineOutcome(line, LineState.ACCEPTED, identity),)


def again(lines: Lines) -> Lines:
    """Return the first answer as a repeated submission gets it: rejected stays so, the rest is duplicate."""
    return tuple(
        line
        if line.state is LineState.REJECTED
        else replace(line, state=LineState.DUPLICATE, issues=())
        for line in lines
    )


def issues_bytes(issues: Iterable[Issue]) -> bytes:
    """Return issues as they are kept beside a held row."""
    return canonical_bytes([issue.as_dict() for issue in issues])


def issues_from(data: bytes | str) -> tuple[Issue, ...]:
    """Read back what `issues_bytes` made."""
    return _issues(orjson.loads(data))


def _line_as_dict(line: LineOutcome) -> dict[str, Any]:
    shown: dict[str, Any] = {"line": line.line, "state": line.state.value}
    if line.id:
        shown["id"] = line.id
    if line.issues:
        shown["issues"] = [issue.as_dict() for issue in line.issues]
    return shown


def _line_from(found: dict[str, Any]) -> LineOutcome:
    return LineOutcome(
        found["line"],
        LineState(found["state"]),
        found.get("id", ""),
        _issues(found.get("issues", ())),
    )


def _issues(found: Iterable[dict[str, Any]]) -> tuple[Issue, ...]:
    return tuple(
        Issue(
            one["path"],
            one["code"],
            one["zh"],
            one["en"],
            one.get("line"),
            tuple(one.get("facts", {}).items()),
        )
        for one in found
    )
