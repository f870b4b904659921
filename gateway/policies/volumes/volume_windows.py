"""报量(统计)窗口: what the policies have in common that wait for a window of a batch to close.

A province's record is the windows that have closed in it; so is what a state knows of them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from gateway.policies.policy import Scope, State
from gateway.policies.regions import province_of
from schemas.envelope import Message
from schemas.events import VOLUME_WINDOW_CLOSED
from schemas.volume import WindowKind


class WaitsForWindow(ABC):
    """States under a province that a window of one kind concerns all together."""

    window: ClassVar[WindowKind]
    facts: ClassVar[tuple[str, ...]]
    """Names of what a state collects until the window closes."""

    @abstractmethod
    def place(self, content: State) -> str:
        """Return the key of a fact's state within the province."""

    def keys(self, message: Message, content: State) -> Scope:
        """Return a fact's state, or all states of a closed window's province."""
        province = province_of(content["region"])
        if message.type != VOLUME_WINDOW_CLOSED:
            return Scope(f"{province}/{self.place(content)}", region=province)
        if content["window"] != self.window:
            return Scope()
        return Scope.whole(province)

    def begin(self, record: State | None) -> State:
        """Return a state that knows the windows which closed before it began."""
        facts: State = {name: {} for name in self.facts}
        return {**facts, "windows": record["windows"] if record else {}, "open": {}}

    def remember(self, record: State | None, message: Message, content: State) -> State:
        """Return the province's record with one more closed window."""
        return {"windows": with_window(record["windows"] if record else {}, message, content)}

    def forget(self, record: State | None, gone: Message, content: State) -> State:  # noqa: ARG002
        """Return the province's record without a closed window."""
        return {"windows": without(record["windows"] if record else {}, gone)}


def with_window(
    known: Mapping[str, list[Any]], message: Message, content: State
) -> dict[str, list[Any]]:
    """Return the closed windows with one more, by message id: region, batch, year, day."""
    window = [content["region"], content["batch"], content["year"], content["closed_on"]]
    return {**known, message.id: window}


def without(known: Mapping[str, Any], gone: Message) -> dict[str, Any]:
    """Return facts or windows, by message id, without the one that a message told."""
    return {identity: each for identity, each in known.items() if identity != gone.id}
