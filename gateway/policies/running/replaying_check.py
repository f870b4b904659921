"""重算: draws conclusions again from the journal and compares them with what was concluded then (I9).

How: the policies take the journal's messages once more in the order in which the workers judged them
(`working_order.py`), conclusions that other policies take among them, and must say the same under the
same ids, byte for byte. Where a journal has no such record, messages are taken in recorded order; then
what is in force at the end comes out the same, but something said on the way may not.

What cannot be reproduced: a conclusion drawn under terms that were changed in the files without dates of
their own (it differs, and the difference is shown), or by a program that judged otherwise.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson

from gateway.policies.policy import POLICY_PARTNER, WITHDRAWAL, Policy
from gateway.policies.rulebook import Rulebook
from gateway.policies.running.corrections import find_corrections, superseded_by
from gateway.policies.running.replaying import Drawn, Replay
from gateway.policies.running.replaying_history import (
    Progress,
    Rows,
    concluded,
    instant_of,
    recorded_order,
    told_nobody,
)
from gateway.policies.running.working_order import ORDER_SPACE, Step, StepKind, steps_in_order
from gateway.ports import SUPERSEDED_SPACE, Entry, Journal
from schemas.envelope import Message


class Sameness(StrEnum):
    """How a conclusion that was drawn again compares."""

    IDENTICAL = "identical"
    DIFFERS = "differs"
    NOT_REPRODUCED = "not_reproduced"
    """It stands in the journal, but did not follow again."""
    NOT_RECORDED = "not_recorded"
    """It follows, but does not stand in the journal."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One conclusion and how it compares; `fields`: (path, as recorded, as drawn again)."""

    id: str
    type: str
    sameness: Sameness
    fields: tuple[tuple[str, str, str], ...] = ()


@dataclass(slots=True)
class Recomputed:
    """What a recomputation came to. `findings` are all that are not identical."""

    order: str
    """`judged`: as the workers did; `recorded`: no record of that, in the order of the journal."""
    identical: int = 0
    findings: list[Compared] = field(default_factory=list)

    @property
    def reproduced(self) -> bool:
        """Return whether everything came out identical."""
        return not self.findings


async def recompute(
    journal: Journal,
    policies: Sequence[Policy],
    rules: Rulebook,
    *,
    known_at: datetime | None = None,
    told: Progress = told_nobody,
) -> Recomputed:
    """Draw every conclusion known at an instant again. Raises Unavailable; nothing is written."""
    checker = _Everything(journal)
    replay = Replay(policies, rules)
    order = await _run(journal, replay, checker.took, checker.met, known_at, told)
    return await checker.ended(order)


async def recompute_one(
    journal: Journal,
    policies: Sequence[Policy],
    rules: Rulebook,
    entry: Entry,
    *,
    known_at: datetime | None = None,
    told: Progress = told_nobody,
) -> tuple[str, Compared]:
    """Draw one conclusion again; return by which order, and how it compares.

    Raises Unavailable, KeyError where it is no conclusion of a policy that runs here.
    """
    message = entry.message
    policy = _policy_of(message, policies)
    cut = instant_of(entry.recorded_at)
    if known_at is not None and known_at < cut:  # nobody knew it by then, and it must not follow
        cut = known_at
    found: list[Drawn] = []

    def took(drawn: Sequence[Drawn]) -> None:
        found.extend(each for each in drawn if each.message.id == message.id)

    replay = Replay((policy,), rules, only_key=_key_of(entry))
    order = await _run(journal, replay, took, _unseen, cut, told)
    if not found:
        return order, Compared(message.id, message.type, Sameness.NOT_REPRODUCED)
    return order, _compared(message, found[-1].message)


def _unseen(_entry: Entry) -> None:
    """Look away."""


def _policy_of(message: Message, policies: Sequence[Policy]) -> Policy:
    named = {POLICY_PARTNER + policy.name: policy for policy in policies}
    return named[message.partner]


def _key_of(entry: Entry) -> str:
    """Return the state whose conclusion it is, out of its message id `<cause>:<key>:<number>`."""
    rest = entry.message_id.removeprefix(entry.message.causationid).removeprefix(WITHDRAWAL)
    return rest[1:].rpartition(":")[0]


# ------------------------------------------------------------------------------- running


async def _run(
    journal: Journal, replay: Replay, took: Any, met: Any, known_at: datetime | None, told: Progress
) -> str:
    if await journal.scan(ORDER_SPACE, limit=1):
        rows = Rows(journal, lambda each: replay.takes(each.type), met, known_at, told)
        async for drawn in _as_judged(journal, replay, rows, known_at):
            took(drawn)
        await rows.rest()
        return "judged"
    async for entry in recorded_order(journal, known_at=known_at, told=told):
        met(entry)
        took(await _as_recorded(journal, replay, entry))
    return "recorded"


async def _as_judged(
    journal: Journal, replay: Replay, rows: Rows, known_at: datetime | None
) -> AsyncIterator[list[Drawn]]:
    regional: tuple[str, Message | None] = ("", None)
    async for step in steps_in_order(journal, known_at=known_at):
        if step.kind in {StepKind.RECORDED, StepKind.PAGED} and step.id == regional[0]:
            message = regional[1]  # one message, many steps
        else:
            message = await rows.message(step.id)
            regional = (step.id, message)
        if message is not None and replay.takes(message.type):
            yield await _step(journal, replay, step, message)


async def _step(journal: Journal, replay: Replay, step: Step, message: Message) -> list[Drawn]:
    gone = None
    if step.kind is StepKind.CORRECTED or step.withdrawn:
        entry = await journal.find(superseded_by(message))
        gone = entry.message if entry is not None else None
    if step.kind is StepKind.RECORDED:
        replay.record(step.policy, message, gone)
        return []
    if step.kind is StepKind.PAGED:
        return replay.page(step.policy, message, gone, step.after, step.upto)
    return replay.judge(message, gone)


async def _as_recorded(journal: Journal, replay: Replay, entry: Entry) -> list[Drawn]:
    message = entry.message
    if not replay.takes(message.type):
        return []
    correction = (await find_corrections(journal, [message])).get(message.id)
    if correction is None:
        return replay.take(message)
    stored = await journal.get(SUPERSEDED_SPACE, superseded_by(message))
    if correction.gone is None or stored is None or stored.value.decode() != message.id:
        return []
    return replay.take(message, correction.gone)


# ------------------------------------------------------------------------------- comparing


class _Everything:
    """Matches what is drawn with what stands in the journal; only what has no partner yet is kept."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._done: set[bytes] = set()
        self._recorded: dict[str, bytes] = {}
        self._differing: dict[str, Drawn] = {}
        self._latest: dict[str, Drawn] = {}
        self._identical = 0

    def took(self, drawn: Sequence[Drawn]) -> None:
        """Take what was drawn; a page that was done again says the same once more."""
        for each in drawn:
            if bytes.fromhex(each.message.id) not in self._done:
                self._latest[each.message.id] = each
                self._match(each.message.id)

    def met(self, entry: Entry) -> None:
        """Take a row of the journal."""
        if concluded(entry.message):
            self._recorded[entry.message.id] = _digest(entry.message)
            self._match(entry.message.id)

    def _match(self, identity: str) -> None:
        drawn, recorded = self._latest.get(identity), self._recorded.get(identity)
        if drawn is None or recorded is None:
            return
        del self._latest[identity], self._recorded[identity]
        self._done.add(bytes.fromhex(identity))
        if _digest(drawn.message) == recorded:
            self._identical += 1
        else:
            self._differing[identity] = drawn

    async def ended(self, order: str) -> Recomputed:
        """Return the whole, once everything has been taken."""
        found = Recomputed(order, self._identical)
        for identity, drawn in self._differing.items():
            entry = await self._journal.find(identity)
            if entry is not None:
                found.findings.append(_compared(entry.message, drawn.message))
        for identity in self._recorded:
            entry = await self._journal.find(identity)
            type_ = entry.message.type if entry is not None else ""
            found.findings.append(Compared(identity, type_, Sameness.NOT_REPRODUCED))
        for identity, drawn in self._latest.items():
            again = Compared(identity, drawn.message.type, Sameness.NOT_RECORDED)
            found.findings.append(again)
        return found


def _digest(message: Message) -> bytes:
    told = (message.type, message.subject, message.time, message.region, message.causationid)
    return hashlib.sha256("\0".join(told).encode() + b"\0" + message.data).digest()


def _compared(recorded: Message, drawn: Message) -> Compared:
    if _digest(recorded) == _digest(drawn):
        return Compared(recorded.id, recorded.type, Sameness.IDENTICAL)
    before, after = dict(_leaves(recorded.content(), "")), dict(_leaves(drawn.content(), ""))
    for name in ("type", "subject", "time", "region", "causationid"):
        before[f"@{name}"], after[f"@{name}"] = getattr(recorded, name), getattr(drawn, name)
    paths = [*before, *(path for path in after if path not in before)]
    differing = tuple(
        (path, before.get(path, "–"), after.get(path, "–"))
        for path in paths
        if before.get(path) != after.get(path)
    )
    return Compared(recorded.id, recorded.type, Sameness.DIFFERS, differing)


def _leaves(value: object, path: str) -> list[tuple[str, str]]:
    if isinstance(value, dict) and value:
        return [
            leaf for name in value for leaf in _leaves(value[name], f"{path}.{name}".lstrip("."))
        ]
    if isinstance(value, list) and value:
        return [leaf for at, each in enumerate(value) for leaf in _leaves(each, f"{path}[{at}]")]
    return [(path, value if isinstance(value, str) else orjson.dumps(value).decode())]
