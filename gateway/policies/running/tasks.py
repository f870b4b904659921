"""分派: which policies a message is for, which states it concerns there, and what it stands in the place of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.policies.policy import Judgement, Policy, Scope, State, correction_cause
from gateway.policies.rulebook import Rulebook
from schemas.envelope import Message

Failure = tuple[str, str]
"""(policy, error)"""


@dataclass(slots=True)
class Task:
    """One message for one policy: what it concerns.

    `gone`: the message that `message` supersedes and whose contribution is taken back; `content` and
    `scope` are then those of `gone`. `instead`: content of `message` where it is taken in at once.
    """

    policy: Policy
    message: Message
    content: State
    scope: Scope
    gone: Message | None = None
    instead: State | None = None

    def judged(self, key: str, state: State, rules: Rulebook) -> Judgement:
        """Let the policy judge the message, or correct the one it supersedes."""
        if self.gone is None:
            return self.policy.judge(key, state, self.message, self.content, rules)
        corrected = self.policy.correct(
            key, state, self.gone, self.content, self.message, self.instead, rules
        )
        if corrected is not None:
            return corrected
        if self.instead is None:
            return Judgement()
        return self.policy.judge(key, state, self.message, self.instead, rules)

    def remembered(self, record: State | None) -> State:
        """Return the region's record with the message, or without the one that it supersedes."""
        if self.gone is None:
            return self.policy.remember(record, self.message, self.content)
        left = self.policy.forget(record, self.gone, self.content)
        return (
            left if self.instead is None else self.policy.remember(left, self.message, self.instead)
        )

    def alone(self) -> Task | None:
        """Return the task without what is superseded; None: nothing is left of it."""
        if self.gone is None:
            return self
        if self.instead is None:
            return None
        return Task(self.policy, self.message, self.instead, self.scope)

    @property
    def cause(self) -> str:
        """Return what stands for the cause in the ids of the conclusions."""
        if self.gone is None:
            return self.message.id
        return correction_cause(self.message.id, self.instead)


def paired(withdrawn: Sequence[Task], judged: Sequence[Task]) -> list[Task]:
    """Return the tasks of a correction: what concerns the same states for a policy is done at once.

    What then only goes comes first, what only comes follows: another institution's, say.
    """
    going: list[Task] = []
    coming = {task.policy.name: task for task in judged}
    for task in withdrawn:
        other = coming.get(task.policy.name)
        if other is not None and other.scope == task.scope:
            del coming[task.policy.name]
            going.append(replace(task, instead=other.content))
        else:
            going.append(task)
    return [*going, *coming.values()]


class Takers:
    """Which policies take which messages."""

    def __init__(self, policies: Sequence[Policy]) -> None:
        self._policies = policies
        self._by_type: dict[str, tuple[Policy, ...]] = {}

    def of(self, type_: str) -> tuple[Policy, ...]:
        """Return the policies that take messages of a type."""
        found = self._by_type.get(type_)
        if found is None:
            found = tuple(policy for policy in self._policies if type_ in policy.consumes)
            self._by_type[type_] = found
        return found

    def tasks(self, message: Message, gone: Message | None, failed: list[Failure]) -> list[Task]:
        """Ask the policies which states a message concerns; one that cannot be read is `failed`.

        `gone` is the message that it supersedes.
        """
        judged = self._tasks(message, message, None, failed)
        if gone is None:
            return judged
        return paired(self._tasks(message, gone, gone, failed), judged)

    def _tasks(
        self, message: Message, said: Message, gone: Message | None, failed: list[Failure]
    ) -> list[Task]:
        content: State | None = None
        tasks: list[Task] = []
        for policy in self.of(said.type):
            try:
                # parsed once for all: policies change nothing that they are given
                content = said.content() if content is None else content
                scope = policy.keys(said, content)
                tasks.append(Task(policy, message, content, scope, gone))
            except Exception as error:  # noqa: BLE001 - a fault of one message must not stop all
                failed.append((policy.name, repr(error)))
        return tasks
