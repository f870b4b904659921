"""应答: what a partner reads about its messages, and with which HTTP status.

200  all accepted, duplicates or held        409  same id, other content: the first one stands
207  some lines accepted, others rejected    422  all rejected: correct and resend
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any, Final

import orjson
from starlette.responses import Response

from adapters._kit.protocol import Answer, AnswerLine
from gateway.errors import Issue
from gateway.flow import Received

JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"
COUNTED: Final = {
    "accepted": "accepted",
    "duplicate": "duplicates",
    "held": "held",
    "rejected": "rejected",
}
"""State of a line → name of its count."""


def shown(received: Received) -> dict[str, Any]:
    """Return the answer to one document.

    `verdict` is accepted, partial (some lines rejected), duplicate, rejected or conflict; `id` the
    canonical id of a single message, else the submission's.
    """
    answer, document = received.answer, received.document
    lines = [_line(line, answer) for line in answer.lines]
    counts = dict.fromkeys(COUNTED.values(), 0)
    for line in lines:
        counts[COUNTED[line["state"]]] += 1
    verdict: str = answer.verdict
    if verdict == "accepted" and counts["rejected"]:
        verdict = "partial"
    told: dict[str, Any] = {
        "verdict": verdict,
        "message_id": document.message_id if document is not None else "",
        "id": _id(received),
        **counts,
        "lines": lines,
    }
    if answer.issues and verdict == "conflict":
        told["issues"] = _issues(answer.issues)
    return told


def rejected(found: Issue, message_id: str = "") -> dict[str, Any]:
    """Return the answer to a document that was rejected at the door, and is not in the journal."""
    line = AnswerLine(0, "rejected", "", (found,))
    whole = Answer("rejected", (line,), (found,))
    told = {"verdict": "rejected", "message_id": message_id, "id": ""}
    counts = {**dict.fromkeys(COUNTED.values(), 0), "rejected": 1}
    return {**told, **counts, "lines": [_line(line, whole)]}


def _id(received: Received) -> str:
    lines = received.answer.lines
    if len(lines) == 1 and lines[0].id:
        return lines[0].id
    return received.submission_id


def _line(line: AnswerLine, answer: Answer) -> dict[str, Any]:
    state = line.verdict
    if answer.verdict == "duplicate" and state == "accepted":
        state = "duplicate"
    # a document that is one message has line 0 inside; people and partners count from 1
    told: dict[str, Any] = {"line": line.line or 1, "state": state, "id": line.id}
    if line.issues:
        told["issues"] = _issues(line.issues)
    return told


def _issues(issues: Sequence[Issue]) -> list[dict[str, str | int]]:
    return [each.as_dict() for each in issues]


def status_of(answers: Iterable[dict[str, Any]]) -> HTTPStatus:
    """Return the HTTP status for the answers of a request: see the module's docstring."""
    good = bad = conflicts = 0
    for each in answers:
        if each["verdict"] == "conflict":
            conflicts += 1
        else:
            bad += each["rejected"]
            good += each["accepted"] + each["duplicates"] + each["held"]
    if good and (bad or conflicts):
        return HTTPStatus.MULTI_STATUS
    if bad:
        return HTTPStatus.UNPROCESSABLE_ENTITY
    return HTTPStatus.CONFLICT if conflicts else HTTPStatus.OK


def single(received: Received) -> Response:
    """Return the response to one document."""
    told = shown(received)
    return Response(orjson.dumps(told), status_of((told,)), media_type=JSON)


def several(results: Sequence[dict[str, Any]]) -> Response:
    """Return the response to a batch: one result per event, in order, and the counts of all."""
    counts = {name: sum(each[name] for each in results) for name in COUNTED.values()}
    counts["conflicts"] = sum(each["verdict"] == "conflict" for each in results)
    return Response(
        orjson.dumps({**counts, "results": results}), status_of(results), media_type=JSON
    )


def streamed(line: int, received: Received) -> bytes:
    """Return the answer to line `line` of a stream, as a line."""
    return orjson.dumps({"line": line, **shown(received)}, option=orjson.OPT_APPEND_NEWLINE)
