"""工作集: the states that a batch of messages concerns, read together, changed in memory, written once."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import orjson

from gateway.policies.policy import (
    POLICY_PARTNER,
    Conclusion,
    State,
    conclusion_identity,
    conclusion_message_id,
)
from gateway.policies.running.tasks import Task
from gateway.ports import Commit, Journal, Row, Stored, Submission, Write
from schemas.checking import check
from schemas.envelope import SOURCE_PREFIX, Message, canonical_bytes
from schemas.events import EVENT_TYPES

STATE_SPACE: Final = "policy/"
REGION_SPACE: Final = "policy-region/"
SCANNED: Final = 200
"""States that are read at once."""
POLICY_INTERFACE: Final = "policy"
CACHE_BYTES: Final = 64 << 20
"""Of JSON; as Python objects about six times as much."""
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


class Unsound(Exception):  # noqa: N818 - a conclusion that does not satisfy its own contract
    """A policy drew a conclusion that its contract does not allow: a fault of the policy."""


@dataclass(slots=True)
class _Slot:
    """One value of the key-value space in memory; version 0: it does not exist yet."""

    state: State | None
    version: int
    changed: bool = False
    size: int = 0
    """Bytes of its JSON, once it has been written."""


class StateCache:
    """Decoded states of earlier transactions. Decoding costs more than reading, judging and writing.

    A state is still read each time; only if its version is the one that is kept here, and so its content,
    it is not decoded again. What is used least lately goes first when the JSON exceeds `limit` bytes.
    """

    def __init__(self, limit: int = CACHE_BYTES) -> None:
        self._limit, self._size = limit, 0
        self._kept: OrderedDict[tuple[str, str], tuple[int, State, int]] = OrderedDict()

    def state(self, place: tuple[str, str], stored: Stored) -> State:
        """Return a stored state, decoded now or earlier."""
        kept = self._kept.get(place)
        if kept is not None and kept[0] == stored.version:
            self._kept.move_to_end(place)
            return kept[1]
        state: State = orjson.loads(stored.value)
        self.keep(place, stored.version, state, len(stored.value))
        return state

    def keep(self, place: tuple[str, str], version: int, state: State, size: int) -> None:
        """Keep a state as it is in the journal now."""
        before = self._kept.pop(place, None)
        self._size += size - (before[2] if before is not None else 0)
        self._kept[place] = (version, state, size)
        while self._size > self._limit:
            _, (_, _, gone) = self._kept.popitem(last=False)
            self._size -= gone


@dataclass(slots=True)
class Working:
    """The states of one transaction. `settle` puts everything that follows into one commit."""

    clock_now: datetime = _LONG_AGO
    """When the states had been read: the order of transactions on the same state."""
    cache: StateCache = field(default_factory=StateCache)
    kept: int = 0
    """How many states were replaced and conclusions drawn so far."""
    _states: dict[str, dict[str, _Slot]] = field(default_factory=dict)
    """By policy and key, like the regions' records."""
    _regions: dict[str, dict[str, _Slot]] = field(default_factory=dict)
    _submissions: list[Submission] = field(default_factory=list)

    async def load(self, journal: Journal, tasks: Sequence[Task]) -> None:
        """Read every state and region record that the tasks name, at once."""
        wanted: dict[str, dict[str, None]] = {}
        for task in tasks:
            policy, scope = task.policy.name, task.scope
            if scope.key:
                wanted.setdefault(STATE_SPACE + policy, {})[scope.key] = None
            if scope.region:
                wanted.setdefault(REGION_SPACE + policy, {})[scope.region] = None
        if not wanted:
            return
        found = await journal.get_each({space: list(keys) for space, keys in wanted.items()})
        for space, keys in wanted.items():
            stored = found[space]
            if space.startswith(STATE_SPACE):
                policy = space.removeprefix(STATE_SPACE)
                states = self._states.setdefault(policy, {})
                for key in keys:
                    states[key] = self._cached((policy, key), stored.get(key))
            else:
                records = self._regions.setdefault(space.removeprefix(REGION_SPACE), {})
                for key in keys:
                    records[key] = _slot(stored.get(key))

    async def load_all(self, journal: Journal, tasks: Sequence[Task]) -> None:
        """Read every state under the tasks' prefixes; those with many are read on page by page."""
        asked = list(
            dict.fromkeys((t.policy.name, t.scope.prefix) for t in tasks if t.scope.prefix)
        )
        if not asked:
            return
        places = [(STATE_SPACE + policy, prefix) for policy, prefix in asked]
        pages = await journal.scan_each(places, limit=SCANNED)
        for (policy, prefix), page in zip(asked, pages, strict=True):
            keys = self.take(policy, page)
            while len(keys) == SCANNED:
                space = STATE_SPACE + policy
                more = await journal.scan(space, prefix, after=keys[-1], limit=SCANNED)
                keys = self.take(policy, more)

    def under(self, policy: str, prefix: str) -> list[str]:
        """Return the keys of the states that there are under a prefix, in the journal's order."""
        return sorted(
            (
                key
                for key, slot in self._states.get(policy, {}).items()
                if key.startswith(prefix) and (slot.version or slot.changed)
            ),
            key=str.encode,
        )

    def take(self, policy: str, found: Iterable[tuple[str, Stored]]) -> list[str]:
        """Take over states that were scanned; return their keys."""
        keys, states = [], self._states.setdefault(policy, {})
        for key, stored in found:
            states[key] = self._cached((policy, key), stored)
            keys.append(key)
        return keys

    def _cached(self, place: tuple[str, str], stored: Stored | None) -> _Slot:
        if stored is None:
            return _Slot(None, 0)
        return _Slot(self.cache.state(place, stored), stored.version)

    def state(self, task: Task, key: str) -> State:
        """Return a state as it is now, begun when it does not exist."""
        states = self._states.setdefault(task.policy.name, {})
        slot = states.get(key)
        if slot is None:
            slot = states[key] = _Slot(None, 0)
        if slot.state is None:
            region = self._region(task)
            slot.state = task.policy.begin(region.state if region is not None else None)
        return slot.state

    def _region(self, task: Task) -> _Slot | None:
        records = self._regions.get(task.policy.name)
        return records.get(task.scope.region) if records else None

    def keep(self, task: Task, key: str, state: State) -> None:
        """Replace a state. One that begins and is not kept leaves its region's record alone."""
        slot = self._states[task.policy.name][key]
        if slot.version == 0 and (region := self._region(task)) is not None:
            region.changed = True  # a period that closes meanwhile must not miss this new state
        slot.state, slot.changed = state, True
        self.kept += 1

    def remember(self, task: Task) -> None:
        """Let the region's record take in the message, or forget the one that is withdrawn."""
        records = self._regions.setdefault(task.policy.name, {})
        slot = records.setdefault(task.scope.region, _Slot(None, 0))
        slot.state = task.remembered(slot.state)
        slot.changed = True

    def conclude(self, submissions: Sequence[Submission]) -> None:
        """Add conclusions."""
        self._submissions.extend(submissions)
        self.kept += len(submissions)

    @property
    def changed(self) -> bool:
        """Return whether anything follows that must be written."""
        spaces = (*self._states.values(), *self._regions.values())
        return bool(self._submissions) or any(
            slot.changed for slots in spaces for slot in slots.values()
        )

    def settle(self) -> Commit:
        """Return everything as one commit."""
        work = Commit(submissions=list(self._submissions))
        for space, policies in ((STATE_SPACE, self._states), (REGION_SPACE, self._regions)):
            for policy, slots in policies.items():
                place = space + policy
                for key, slot in slots.items():
                    if slot.changed:
                        # a region without a record is written as null: only its version matters then
                        value = orjson.dumps(slot.state)
                        slot.size = len(value)
                        work.writes.append(Write(place, key, value, slot.version))
        return work

    def committed(self) -> None:
        """Keep the states that were written, once the commit has succeeded."""
        for policy, slots in self._states.items():
            for key, slot in slots.items():
                if slot.changed and slot.state is not None:
                    self.cache.keep((policy, key), slot.version + 1, slot.state, slot.size)


def _slot(stored: Stored | None) -> _Slot:
    if stored is None:
        return _Slot(None, 0)
    return _Slot(orjson.loads(stored.value), stored.version)


def derived(
    task: Task, key: str, conclusions: Sequence[Conclusion], now: datetime
) -> list[Submission]:
    """Return the conclusions as documents of the policy's own partner, with ids that never vary.

    Raises Unsound when one does not satisfy its contract.
    """
    policy, cause = task.policy, task.message
    partner = POLICY_PARTNER + policy.name
    found = []
    for number, conclusion in enumerate(conclusions):
        listed, blob = EVENT_TYPES[conclusion.type], canonical_bytes(conclusion.data)
        wrong = check(conclusion.type, conclusion.data, blob)
        if wrong or not listed.derived:
            raise Unsound("; ".join(f"{each.path}: {each.en}" for each in wrong) or listed.name)
        identity = conclusion_identity(policy.name, task.cause, key, number)
        message = Message(
            id=identity,
            source=SOURCE_PREFIX + partner,
            type=conclusion.type,
            subject=listed.subject(conclusion.data),
            time=listed.business_time(conclusion.data),
            data=blob,
            region=conclusion.data.get("region", cause.region),
            causationid=cause.id,
            correlationid=cause.correlationid,
            traceparent=cause.traceparent,
        )
        found.append(
            Submission(
                id=identity,
                partner=partner,
                message_id=conclusion_message_id(task.cause, key, number),
                interface=POLICY_INTERFACE,
                raw=blob,
                digest=hashlib.sha256(blob).hexdigest(),
                received_at=now.isoformat(),
                rows=[Row(message)],
            )
        )
    return found
