"""The smallest host of a policy: takes messages in an order, keeps its states and conclusions."""

from __future__ import annotations

import re
from typing import Any

import orjson

from gateway.policies.policy import (
    Conclusion,
    Judgement,
    Policy,
    Scope,
    conclusion_identity,
)
from gateway.policies.rulebook import Rulebook
from gateway.policies.running.tasks import Task, paired
from gateway.policies.terms import load_terms
from schemas.envelope import Message, canonical_bytes
from schemas.events import EVENT_TYPES

RULES = load_terms()
_ENDS = re.compile(r"(ended|resumed|lifted|restored|reopened|withdrawn)\.v[0-9]+\Z")


def judged_in_place(
    policy: Policy,
    key: str,
    state: dict[str, Any],
    gone: Message,
    by: Message,
    instead: dict[str, Any] | None,
    rules: Rulebook = RULES,
) -> Judgement:
    """Judge a correction for one state, as every host does."""
    return Task(policy, by, gone.content(), Scope(key), gone, instead).judged(key, state, rules)


class Host:
    def __init__(self, policy: Policy, rules: Rulebook = RULES) -> None:
        self.policy, self.rules = policy, rules
        self.states: dict[str, dict[str, Any]] = {}
        self.records: dict[str, dict[str, Any]] = {}
        self.drawn: list[tuple[str, Conclusion]] = []

    def take(self, *messages: Message) -> list[Conclusion]:
        """Judge each message; return what these messages led to."""
        before = len(self.drawn)
        for message in messages:
            self._do(self._task(message))
        return [conclusion for _, conclusion in self.drawn[before:]]

    def supersede(self, gone: Message, by: Message) -> list[Conclusion]:
        """Let a message stand in another's place, as the runner does; return what followed."""
        before = len(self.drawn)
        tasks = paired([self._task(by, gone)], [self._task(by)])
        for task in tasks:
            self._do(task)
        if len(tasks) == 1:
            self._assert_all_stand(self.drawn[before:])
        return [conclusion for _, conclusion in self.drawn[before:]]

    @staticmethod
    def _assert_all_stand(drawn: list[tuple[str, Conclusion]]) -> None:
        """What a correction leads to is not ended or replaced by the same correction."""
        new = {identity for identity, _ in drawn}
        for _, each in drawn:
            for name, value in each.data.items():
                ends = name == "replaces" or (name.endswith("_id") and _ENDS.search(each.type))
                assert not (ends and value in new), (each.type, name)

    def _task(self, message: Message, gone: Message | None = None) -> Task:
        said = gone or message
        content = said.content()
        return Task(self.policy, message, content, self.policy.keys(said, content), gone)

    def _do(self, task: Task) -> None:
        for key in self._keys(task):
            state = self.states[key]
            given = orjson.dumps(state)
            judgement = task.judged(key, state, self.rules)
            assert orjson.dumps(state) == given, "a policy changed the state it was given"
            self._keep(key, judgement, task.cause)

    def _keys(self, task: Task) -> list[str]:
        scope = task.scope
        record = self.records.get(scope.region)
        if scope.prefix:
            self.records[scope.region] = task.remembered(record)
            return sorted(k for k in self.states if k.startswith(scope.prefix))
        if not scope.key:
            return []
        self.states.setdefault(scope.key, self.policy.begin(record))
        return [scope.key]

    def _keep(self, key: str, judgement: Judgement, cause: str) -> None:
        if judgement.state is not None:
            self.states[key] = orjson.loads(orjson.dumps(judgement.state))
            assert self.states[key] == judgement.state, "a state is plain JSON: no tuples"
        for number, conclusion in enumerate(judgement.conclusions):
            listed = EVENT_TYPES[conclusion.type]
            assert listed.derived
            listed.model.model_validate_json(canonical_bytes(conclusion.data))
            identity = conclusion_identity(self.policy.name, cause, key, number)
            self.drawn.append((identity, conclusion))
