"""The smallest host of a policy: takes messages in an order, keeps its states and conclusions."""

from __future__ import annotations

from typing import Any

import orjson

from gateway.policies.policy import (
    Conclusion,
    Judgement,
    Policy,
    conclusion_identity,
    withdrawal_cause,
)
from gateway.policies.rulebook import Rulebook
from gateway.policies.terms import load_terms
from schemas.envelope import Message, canonical_bytes
from schemas.events import EVENT_TYPES

RULES = load_terms()


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
            content = message.content()
            for key in self._keys(message, content):
                self._judge(key, message, content)
        return [conclusion for _, conclusion in self.drawn[before:]]

    def supersede(self, gone: Message, by: Message) -> list[Conclusion]:
        """Withdraw a message, judge the one in its place, as the runner does; return what followed."""
        before = len(self.drawn)
        content = gone.content()
        for key in self._keys(gone, content, withdrawn=True):
            given = orjson.dumps(self.states[key])
            judgement = self.policy.withdraw(key, self.states[key], gone, content, by, self.rules)
            assert orjson.dumps(self.states[key]) == given, (
                "a policy changed the state it was given"
            )
            self._keep(key, judgement, withdrawal_cause(by.id))
        self.take(by)
        return [conclusion for _, conclusion in self.drawn[before:]]

    def _keys(
        self, message: Message, content: dict[str, Any], *, withdrawn: bool = False
    ) -> list[str]:
        scope = self.policy.keys(message, content)
        record = self.records.get(scope.region)
        if scope.prefix:
            changed = self.policy.forget if withdrawn else self.policy.remember
            self.records[scope.region] = changed(record, message, content)
            return sorted(k for k in self.states if k.startswith(scope.prefix))
        if not scope.key:
            return []
        self.states.setdefault(scope.key, self.policy.begin(record))
        return [scope.key]

    def _judge(self, key: str, message: Message, content: dict[str, Any]) -> None:
        given = orjson.dumps(self.states[key])
        judgement = self.policy.judge(key, self.states[key], message, content, self.rules)
        assert orjson.dumps(self.states[key]) == given, "a policy changed the state it was given"
        self._keep(key, judgement, message.id)

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
