"""重演: policies over messages in memory, as the runner does it, without writing anything anywhere.

A replay keeps states as the journal would (plain JSON, through the same bytes), draws conclusions with
the same ids, and checks them against the same contracts. What it is given and in which order is the
caller's business: `replaying_check.py` goes by the recorded order of a journal, `simulating.py` runs a
history under other terms.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import orjson

from gateway.policies.policy import Policy, State
from gateway.policies.rulebook import Rulebook
from gateway.policies.running.tasks import Failure, Takers, Task
from gateway.policies.running.working import derived
from gateway.ports import Submission
from schemas.envelope import Message

_NOW: Final = datetime.min.replace(tzinfo=UTC)
"""Conclusions of a replay are never recorded: the instant means nothing."""
_ABOVE: Final = chr(0x10FFFF)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A conclusion of a replay: what the runner would have handed to the journal."""

    policy: str
    key: str
    submission: Submission

    @property
    def message(self) -> Message:
        """Return the conclusion."""
        return self.submission.rows[0].message


@dataclass(slots=True)
class _States:
    """One policy's states and region records, as JSON; keys are kept in byte order beside them."""

    values: dict[str, State] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    records: dict[str, State | None] = field(default_factory=dict)

    def under(self, prefix: str, after: str = "", upto: str = "") -> list[str]:
        """Return the keys with a prefix, those behind `after` and up to `upto` (inclusive)."""
        low = max(bisect_left(self.keys, prefix), bisect_right(self.keys, after))
        high = bisect_right(self.keys, upto) if upto else len(self.keys)
        return [key for key in self.keys[low:high] if key.startswith(prefix)]

    def keep(self, key: str, state: State) -> None:
        """Keep a state as the journal would give it back."""
        if key not in self.values:
            insort(self.keys, key)
        self.values[key] = orjson.loads(orjson.dumps(state))


@dataclass(slots=True)
class Replay:
    """重演: hosts policies in memory. `only_key` restricts it to one state (of one policy)."""

    policies: Sequence[Policy]
    rules: Rulebook
    only_key: str = ""
    failures: list[tuple[str, str, str]] = field(default_factory=list)
    """(policy, message id, error): what the runner would lay aside."""
    _states: dict[str, _States] = field(default_factory=dict)
    _takers: Takers = field(init=False)

    def __post_init__(self) -> None:
        """Prepare the look-up of who takes what."""
        self._takers = Takers(self.policies)

    def takes(self, type_: str) -> bool:
        """Return whether any of the policies takes messages of a type."""
        return bool(self._takers.of(type_))

    def take(self, message: Message, gone: Message | None = None) -> list[Drawn]:
        """Judge a message wherever it concerns a state, as one undisturbed worker does.

        `gone`: the message that it supersedes and that was judged before.
        """
        drawn: list[Drawn] = []
        tasks = self._tasks(message, gone)
        for task in tasks:
            if task.scope.prefix:
                self._remember(task)
                for key in self._of(task).under(task.scope.prefix):
                    drawn += self._judge(task, key)
        return drawn + self._ordinary(tasks)

    def judge(self, message: Message, gone: Message | None = None) -> list[Drawn]:
        """Judge a message for the single states that it concerns; it stands in the place of `gone`."""
        return self._ordinary(self._tasks(message, gone))

    def record(self, policy: str, message: Message, gone: Message | None = None) -> None:
        """Let one policy's region record take in a message, or forget `gone`."""
        for task in self._regional(policy, message, gone):
            self._remember(task)

    def page(
        self, policy: str, message: Message, gone: Message | None, after: str, upto: str
    ) -> list[Drawn]:
        """Judge a message about a region for one policy's states with after < key <= upto."""
        return [
            each
            for task in self._regional(policy, message, gone)
            for key in self._of(task).under(task.scope.prefix, after, upto)
            for each in self._judge(task, key)
        ]

    # ------------------------------------------------------------------ tasks

    def _tasks(self, message: Message, gone: Message | None) -> list[Task]:
        failed: list[Failure] = []
        tasks = self._takers.tasks(message, gone, failed)
        self.failures += ((policy, message.id, error) for policy, error in failed)
        return tasks

    def _regional(self, policy: str, message: Message, gone: Message | None) -> list[Task]:
        withdrawn = gone is not None
        return [
            task
            for task in self._tasks(message, gone)
            if task.policy.name == policy
            and task.scope.prefix
            and (task.gone is not None) == withdrawn
        ]

    def _of(self, task: Task) -> _States:
        return self._states.setdefault(task.policy.name, _States())

    def _wanted(self, key: str) -> bool:
        return not self.only_key or key == self.only_key

    # ------------------------------------------------------------------ judging

    def _remember(self, task: Task) -> None:
        own, region = self._of(task), task.scope.region
        own.records[region] = orjson.loads(orjson.dumps(task.remembered(own.records.get(region))))

    def _ordinary(self, tasks: Iterable[Task]) -> list[Drawn]:
        return [
            each
            for task in tasks
            if task.scope.key and self._wanted(task.scope.key)
            for each in self._judge(task, task.scope.key)
        ]

    def _judge(self, task: Task, key: str) -> list[Drawn]:
        own = self._of(task)
        try:
            state = own.values.get(key)
            if (
                state is None
            ):  # it begins with what the region knows; unless it changes, it is not kept
                state = task.policy.begin(own.records.get(task.scope.region))
            judged = task.judged(key, state, self.rules)
            found = derived(task, key, judged.conclusions, _NOW)
        except Exception as error:  # noqa: BLE001 - as the runner does: one state, one fault
            self.failures.append((task.policy.name, task.message.id, repr(error)))
            return []
        if judged.state is not None:
            own.keep(key, judged.state)
        return [Drawn(task.policy.name, key, each) for each in found]
