"""汇总: parts of one period that are put together into a whole, drawn up after the period has closed.

Measurements come one by one; a sum after each of them would be a flood. So a whole waits for ends of days in
the first days of the next month, a higher level for more of them than the levels below it, and is drawn up
then from the parts that are known; on the last of these days whatever there is. Once it has been drawn up, a
part that comes late or changes draws it up anew at once, with a higher revision. What is drawn up is always
the sum of the parts: their order does not matter.

States lie under the month in which the period ended, so that a day's end visits the last month's only.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, ClassVar, Final

from gateway.policies.ended_days import EndedDays
from gateway.policies.policy import (
    Conclusion,
    Judgement,
    Scope,
    State,
    conclusion_identity,
    correction_cause,
    in_key,
)
from gateway.policies.progress.progress_figures import Figures
from gateway.policies.regions import province_of
from gateway.policies.rulebook import Rulebook
from schemas.envelope import Message, canonical_bytes
from schemas.events import CALENDAR_DAY_ENDED
from schemas.money import QUANTITY_SCALE, fen, plain, scaled, yuan

RULE: Final = "R4"
DRAWN_UP_UNTIL: Final = 10
"""Day of the month up to which ends of days draw up the month before."""
_NOWHERE: Final = "-"
_DIGEST_BYTES: Final = 8
_DAY: Final = timedelta(days=1)
_MONTH: Final = len("2026-01")
REVISION, ID, TASK = range(3)
Part = Sequence[Any]
"""Revision, message id, task (10^-4 units; 0: it was taken back), and whatever else the whole shows of it."""


@lru_cache(maxsize=4096)
def reporting_month(day: str) -> str:
    """Return the month whose periods are drawn up at the end of a day; "" on the other days."""
    ended = date.fromisoformat(day)
    if (ended + _DAY).day == 1:
        return day[:_MONTH]
    if ended.day > DRAWN_UP_UNTIL:
        return ""
    return (ended.replace(day=1) - _DAY).isoformat()[:_MONTH]


class RollUp(EndedDays, ABC):
    """汇总: the machinery. A kind of whole says where its parts belong and what it looks like."""

    name: ClassVar[str]
    consumes: ClassVar[frozenset[str]]

    @abstractmethod
    def place(self, content: State) -> dict[str, str]:
        """Return which whole a part belongs to, by the names of what makes it one; empty is none."""

    @abstractmethod
    def part(self, message: Message, content: State) -> tuple[str, list[Any]]:
        """Return the part's name within the whole and what is kept of it."""

    @abstractmethod
    def whole(self, about: Mapping[str, str], state: State, rules: Rulebook) -> Conclusion | None:
        """Return the conclusion but for `revision`, `replaces` and causes; None: the paper is silent."""

    def patience(self, about: Mapping[str, str]) -> int:  # noqa: ARG002 - for those with levels
        """Return how many ends of days a whole waits for."""
        return 1

    def keys(self, message: Message, content: State) -> Scope:
        """Return the whole that a part belongs to; a day's end concerns the month's wholes."""
        province = province_of(content["region"])
        if message.type == CALENDAR_DAY_ENDED:
            month = reporting_month(content["day"]) or _NOWHERE
            return Scope(prefix=f"{province}/{month}/", region=province)
        place = self.place(content)
        if not place:
            return Scope()
        named = "/".join(map(in_key, place.values()))
        return Scope(f"{province}/{content['ended_on'][:_MONTH]}/{named}", region=province)

    def begin(self, record: State | None) -> State:
        """Return a whole without parts, that knows the last day that has ended."""
        return {
            "day": record["day"] if record else "",
            "ends": 0,
            "about": {},
            "parts": {},
            "told": [],
        }

    def judge(
        self, key: str, state: State, message: Message, content: State, rules: Rulebook
    ) -> Judgement:
        """Take in a part or the end of a day."""
        if message.type == CALENDAR_DAY_ENDED:
            if state["told"] or content["day"] <= state["day"]:
                return Judgement()
            after = {**state, "day": content["day"], "ends": state["ends"] + 1}
            if after["ends"] < self.patience(state["about"]) and not _last_day(content["day"]):
                return Judgement(after)
        else:
            name, part = self.part(message, content)
            known = state["parts"].get(name)
            if known is not None and known[REVISION] >= part[REVISION]:
                return Judgement()
            parts = {**state["parts"], name: part}
            about = state["about"] or self.place(content)
            after = {**state, "about": about, "parts": parts}
            if not _drawn_up(key, state):
                return Judgement(after)
        return self._drawn(key, after, message, message.id, rules)

    def correct(
        self,
        key: str,
        state: State,
        gone: Message,
        content: State,
        by: Message,
        instead: State | None,
        rules: Rulebook,
    ) -> Judgement | None:
        """Take a part out again, or put another in its place; a day that has ended stays so."""
        if gone.type == CALENDAR_DAY_ENDED:
            return None
        name, part = self.part(gone, content)
        parts = dict(state["parts"])
        if name in parts and parts[name][ID] == part[ID]:
            del parts[name]
        if instead is not None:
            name, part = self.part(by, instead)
            if name not in parts or parts[name][REVISION] < part[REVISION]:
                parts[name] = part
        if parts == state["parts"]:
            return Judgement()
        after = {**state, "parts": parts}
        if instead is not None:
            after["about"] = state["about"] or self.place(instead)
        if not (_drawn_up(key, state) if instead is not None else state["told"]):
            return Judgement(after)
        return self._drawn(key, after, by, correction_cause(by.id, instead), rules)

    def _drawn(
        self,
        key: str,
        state: State,
        message: Message,
        cause: str,
        rules: Rulebook,
    ) -> Judgement:
        """Draw the whole up, unless it looks as it did before."""
        told = state["told"]
        conclusion = self.whole(state["about"], state, rules) if state["parts"] else None
        if conclusion is None:
            return Judgement(state)
        digest = _digest(conclusion.data)
        if told and told[2] == digest:
            return Judgement(state)
        if not told and not any(_stands(each) for each in state["parts"].values()):
            return Judgement(state)
        revision = told[0] + 1 if told else 1
        why = dict(conclusion.data["because"])
        parts = [state["parts"][name][ID] for name in sorted(state["parts"])]
        why["causes"] = list(dict.fromkeys([*(told[1:2]), *parts, message.id]))
        data = {**conclusion.data, "revision": revision, "because": why}
        if told:
            data["replaces"] = told[1]
        identity = conclusion_identity(self.name, cause, key, 0)
        after = {**state, "told": [revision, identity, digest]}
        return Judgement(after, [Conclusion(conclusion.type, data)])


def _last_day(day: str) -> bool:
    return date.fromisoformat(day).day == DRAWN_UP_UNTIL


def _drawn_up(key: str, state: State) -> bool:
    """Return whether the whole was drawn up, or began when its days were over already."""
    return bool(state["told"]) or state["day"] >= _drawn_up_until(key.split("/", 2)[1])


@lru_cache(maxsize=4096)
def _drawn_up_until(month: str) -> str:
    """Return the last day at whose end a month's wholes are drawn up."""
    next_month = (date.fromisoformat(f"{month}-28") + 4 * _DAY).isoformat()[:_MONTH]
    return f"{next_month}-{DRAWN_UP_UNTIL:02d}"


def _stands(part: Part) -> bool:
    return bool(part[TASK])


def standing(state: State) -> list[tuple[str, Part]]:
    """Return the parts that are not taken back, by name, in order."""
    return [(name, part) for name, part in sorted(state["parts"].items()) if _stands(part)]


def _digest(data: Mapping[str, Any]) -> str:
    dated = {"because", "published_on", "summarised_on"}
    kept = {name: value for name, value in data.items() if name not in dated}
    return hashlib.blake2b(canonical_bytes(kept), digest_size=_DIGEST_BYTES).hexdigest()


def kept_figures(message: Message, content: State) -> list[Any]:
    """Return revision, id and figures of a measurement or sum: task, accepted and cumulative, both with amounts.

    Quantities are integers of 10^-4 units, amounts of fen.
    """
    figures = content["figures"]
    return [
        content["revision"],
        message.id,
        scaled(figures["task_quantity"], QUANTITY_SCALE),
        scaled(figures["accepted_quantity"], QUANTITY_SCALE),
        fen(figures["accepted_amount"]),
        scaled(figures["cumulative_quantity"], QUANTITY_SCALE),
        fen(figures["cumulative_amount"]),
    ]


ACCEPTED, AMOUNT, CUMULATIVE, CUMULATIVE_AMOUNT = range(TASK + 1, TASK + 5)
"""Where the figures stand in what `kept_figures` returns."""
KEPT_FIGURES: Final = CUMULATIVE_AMOUNT + 1


def figures_in(part: Part) -> Figures:
    """Return the figures of a part."""
    return Figures(*part[ACCEPTED:KEPT_FIGURES])._replace(task=part[TASK])


def shown_sum(parts: list[tuple[str, Part]], place: int, *, money: bool) -> str:
    """Return one figure's sum with its addends, as far as a line holds them."""
    say = yuan if money else (lambda value: plain(value, QUANTITY_SCALE))
    total = say(sum(part[place] for _, part in parts))
    if len(parts) > SHOWN_ADDENDS:
        return f"{len(parts)} 项之和 sum of {len(parts)} parts = {total}"
    return f"{' + '.join(say(part[place]) for _, part in parts) or '0'} = {total}"


SHOWN_ADDENDS: Final = 40
