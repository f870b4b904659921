"""流程: the table of contents. What happens to a document, and to a message, in order.

    RECEIVING   read → permit → code → address → check   then one commit, then the answer
    HANDLING    fetch → skip what was handled → load states → judge → conclude (policies/runner.py)
    DELIVERING  fetch → match routes → queue → write → call → understand → receipt (delivery/)

Everything before the commit is a pure function (steps.py). Accept is one commit: only after it does a
partner get a yes. A rejection is a fact too: it is journalled and published like any other message.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from adapters._kit.protocol import Answer, AnswerLine, Document, Interface, LineVerdict
from gateway.coding.crosswalk import Crosswalk
from gateway.errors import Issue, Refused, Rejected, issue
from gateway.ports import (
    Commit,
    Journal,
    LineState,
    Outcome,
    Row,
    Submission,
    Verdict,
)
from gateway.steps import (
    WHOLE,
    Arrival,
    Reception,
    address,
    check_canonical,
    code,
    permit,
    read_document,
)
from schemas.envelope import SOURCE_PREFIX, Message, canonical_bytes, message_identity
from schemas.events import MESSAGE_REJECTED
from schemas.rejection import reason_of

RECEIVING: Final[tuple[Callable[[Reception], None], ...]] = (
    read_document,
    permit,
    code,
    address,
    check_canonical,
)

SLICE: Final = 20
"""Documents of a request that are prepared before other requests get their turn."""
HEAVY: Final = 1 << 18
"""Bytes from which on a document is prepared beside the event loop."""
REJECTION_LINE: Final = -1
SHOWN_ISSUES: Final = 100
_VERDICTS: Final[Mapping[LineState, LineVerdict]] = {
    LineState.ACCEPTED: "accepted",
    LineState.DUPLICATE: "duplicate",
    LineState.HELD: "held",
    LineState.REJECTED: "rejected",
}


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document after the steps: what to commit, and what is needed for the answer."""

    submission: Submission
    document: Document | None
    refused: tuple[tuple[int, tuple[Issue, ...]], ...] = ()
    rejected: tuple[Issue, ...] = ()
    """Not empty: the whole document is rejected; `submission` only records that."""


@dataclass(frozen=True, slots=True)
class Received:
    """The journal's word on a document, as the interface's `reply` and the API tell it."""

    document: Document | None
    answer: Answer
    submission_id: str


class Receiving:
    """接入流程: takes documents through the steps and the commit. One instance serves all doors."""

    def __init__(
        self, journal: Journal, interfaces: Mapping[str, Interface], crosswalk: Crosswalk
    ) -> None:
        self._journal = journal
        self._interfaces = interfaces
        self.crosswalk = crosswalk
        """Replaced as a whole when codes are reloaded; a document is coded by one version."""

    def prepare(self, arrival: Arrival) -> Prepared:
        """Take one document through the steps. No I/O; never raises for a bad document."""
        interface = self._interfaces[arrival.interface]
        if interface.read is None:
            raise Refused(
                "interface.outbound_only",
                "该接口不接收报文",
                "This interface does not take messages",
                status=404,
            )
        # in the canonical language a partner says what its own interface says, and no more
        spoken = self._interfaces.get(arrival.partner.interface, interface)
        reception = Reception(arrival, interface.read, spoken.says, self.crosswalk)
        digest = hashlib.sha256(arrival.raw).hexdigest()
        try:
            for step in RECEIVING:
                step(reception)
        except Rejected as wrong:
            message_id = wrong.message_id or reception.message_id
            return _rejected(arrival, digest, message_id, wrong.issues, reception.document)
        if not reception.lines:
            issues = tuple(
                _numbered(line, each) for line, all_ in reception.refused for each in all_
            )
            return _rejected(arrival, digest, reception.message_id, issues, reception.document)
        return _submission(reception, digest)

    async def receive(self, arrivals: Sequence[Arrival], *, nonce: str = "") -> list[Received]:
        """Prepare all, commit all in one transaction, answer each.

        Raises Refused (the request's nonce was used before), Unavailable (nothing was written).
        """
        if not arrivals:
            return []
        prepared = await self._prepare_all(arrivals)
        for each in prepared:
            each.submission.nonce = nonce
        outcomes = await self._journal.commit(
            Commit(submissions=[each.submission for each in prepared])
        )
        if any(outcome.verdict is Verdict.REPLAYED for outcome in outcomes):
            raise Refused("auth.replayed", "请求重放,已拒绝", "This request was received before")
        return [
            _received(each, outcome, arrival.received_at)
            for each, outcome, arrival in zip(prepared, outcomes, arrivals, strict=True)
        ]

    async def _prepare_all(self, arrivals: Sequence[Arrival]) -> list[Prepared]:
        """Prepare in slices, so that one partner's batch does not keep the others waiting."""
        prepared: list[Prepared] = []
        for arrival in arrivals:
            if len(arrival.raw) > HEAVY:
                prepared.append(await asyncio.to_thread(self.prepare, arrival))
                continue
            prepared.append(self.prepare(arrival))
            if len(prepared) % SLICE == 0:
                await asyncio.sleep(0)
        return prepared


# --------------------------------------------------------------------------- what is committed


def _submission(reception: Reception, digest: str) -> Prepared:
    arrival, message_id = reception.arrival, reception.message_id
    rows = [
        Row(
            line.message,
            line.draft.line,
            line.kind,
            (line.message.subject, *line.keys),
            line.uncoded,
            holds_back=(line.message.subject, *line.lacking),
        )
        for line in reception.lines
        if line.message is not None
    ]
    if reception.refused:
        issues = tuple(_numbered(line, each) for line, all_ in reception.refused for each in all_)
        identity = message_identity(arrival.partner.id, f"{message_id}!refused")
        rejection = _rejection(arrival, identity, message_id, issues)
        rows.append(Row(rejection, REJECTION_LINE))
    submission = Submission(
        # a document of one message is that message
        id=rows[0].message.id
        if len(rows) == 1
        else message_identity(arrival.partner.id, message_id, WHOLE),
        partner=arrival.partner.id,
        message_id=message_id,
        interface=arrival.interface,
        raw=arrival.raw,
        digest=digest,
        received_at=arrival.received_at,
        rows=rows,
        refused=reception.refused,
    )
    return Prepared(submission, reception.document, tuple(reception.refused))


def _rejected(
    arrival: Arrival,
    digest: str,
    message_id: str,
    issues: tuple[Issue, ...],
    document: Document | None,
) -> Prepared:
    """Record the rejection under an id that includes the digest: a corrected document may follow."""
    identity = message_identity(arrival.partner.id, f"{message_id}!rejected!{digest}")
    rejection = _rejection(arrival, identity, message_id, issues)
    submission = Submission(
        id=identity,
        partner=arrival.partner.id,
        message_id=message_id,
        interface=arrival.interface,
        raw=arrival.raw,
        digest=digest,
        received_at=arrival.received_at,
        rows=[Row(rejection)],
    )
    return Prepared(submission, document, rejected=issues)


def _rejection(
    arrival: Arrival, identity: str, message_id: str, issues: tuple[Issue, ...]
) -> Message:
    data: dict[str, Any] = {
        "msg_id": message_id,
        "interface": arrival.interface,
        "reason": reason_of(issues),
        "issues": [each.as_dict() for each in issues[:SHOWN_ISSUES]],
        "rejected_at": arrival.received_at,
    }
    return Message(
        id=identity,
        source=SOURCE_PREFIX + arrival.partner.id,
        type=MESSAGE_REJECTED,
        subject=message_id or identity,
        time=arrival.received_at,
        data=canonical_bytes(data),
        region=arrival.partner.region,
        traceparent=arrival.traceparent,
    )


def _numbered(line: int, found: Issue) -> Issue:
    if found.line is not None or line == WHOLE:
        return found
    return replace(found, line=line)


# --------------------------------------------------------------------------- what is answered


def _received(prepared: Prepared, outcome: Outcome, answered_at: str) -> Received:
    if outcome.verdict is Verdict.CONFLICT:
        answer = Answer("conflict", (), (issue("id.conflict", "message_id"),), answered_at)
    elif prepared.rejected:
        lines = [
            AnswerLine(number, "rejected", "", tuple(found))
            for number, found in _by_line(prepared.rejected)
        ]
        answer = Answer("rejected", lines, prepared.rejected, answered_at)
    else:
        again = outcome.verdict is Verdict.DUPLICATE
        lines = _answer_lines(prepared, outcome)
        answer = Answer("duplicate" if again else "accepted", lines, (), answered_at)
    return Received(prepared.document, answer, outcome.submission_id)


def _answer_lines(prepared: Prepared, outcome: Outcome) -> list[AnswerLine]:
    """Return the lines in document order. A duplicate's lines are those of the first answer."""
    lines = [
        AnswerLine(line.line, _VERDICTS[line.state], line.id, line.issues)
        for line in outcome.lines
        if line.line != REJECTION_LINE and line.state is not LineState.REJECTED
    ]
    lines += [
        AnswerLine(line.line, "rejected", "", line.issues)
        for line in outcome.lines
        if line.state is LineState.REJECTED
    ] or [AnswerLine(number, "rejected", "", found) for number, found in prepared.refused]
    return sorted(lines, key=lambda line: line.line)


def _by_line(issues: tuple[Issue, ...]) -> list[tuple[int, list[Issue]]]:
    grouped: dict[int, list[Issue]] = {}
    for each in issues:
        grouped.setdefault(each.line or WHOLE, []).append(each)
    return sorted(grouped.items())
