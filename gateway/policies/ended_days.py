"""已终之日: what policies have in common that conclude at the end of a day.

A province's record is the last day of it that has ended; so is what a state knows of it (`day`, `day_id`),
beside the first day at whose end anything may change by itself (`due`, "": none). So a day on which nothing
is due costs nothing.
"""

from __future__ import annotations

from typing import Final

from gateway.policies.policy import State
from schemas.envelope import Message

NO_DAY: Final[State] = {"day": "", "id": ""}
"""A province's record before any day of it has ended."""


class EndedDays:
    """已终之日: the region's record of a policy that waits for days."""

    def remember(self, record: State | None, message: Message, content: State) -> State:
        """Return the province's record: the last day that has ended."""
        known = record or NO_DAY
        return {"day": content["day"], "id": message.id} if content["day"] > known["day"] else known

    def forget(self, record: State | None, gone: Message, content: State) -> State:  # noqa: ARG002
        """Return the record as it is: a day that has ended stays so."""
        return record or NO_DAY


def day_passed(state: State, message: Message, day: str) -> tuple[State | None, bool]:
    """Return a state after a day's end (None: as it was, the day had passed) and whether anything is due."""
    if day <= state["day"]:
        return None, False
    due = bool(state["due"]) and day >= state["due"]
    return {**state, "day": day, "day_id": message.id}, due
