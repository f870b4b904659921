"""现行对照: what an import asks of the crosswalk, and the crosswalk answering it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from gateway.coding.crosswalk import Crosswalk
from gateway.coding.records import CrosswalkVersion

Key = tuple[str, str, str]
"""(partner, kind, local code)."""


class Believed(Protocol):
    """What is asked of a crosswalk."""

    def history(self, partner: str, kind: str, local_code: str) -> Sequence[CrosswalkVersion]:
        """Return every version of a code, past ones included."""
        ...

    def locals_of(self, partner: str, kind: str, unified_code: str) -> Sequence[str]:
        """Return the local codes that mean or once meant a unified code."""
        ...

    def codes(self, partner: str, kind: str) -> Iterable[str]:
        """Return every local code of a partner and kind, in order."""
        ...


class StandingCrosswalk:
    """The crosswalk as it was loaded."""

    def __init__(self, crosswalk: Crosswalk) -> None:
        self._crosswalk = crosswalk
        self.history = crosswalk.history
        self.locals_of = crosswalk.locals_of

    def codes(self, partner: str, kind: str) -> list[str]:
        """Return every local code of a partner and kind, in order."""
        space = self._crosswalk.spaces.get(partner, {}).get(kind, {})
        others = {key[2] for key in self._crosswalk.others if key[:2] == (partner, kind)}
        return sorted({*space, *others})


def believed(crosswalk: Believed, key: Key) -> list[CrosswalkVersion]:
    """Return what is believed now of a code, in order of `valid_from`."""
    found = [one for one in crosswalk.history(*key) if one.believed]
    return sorted(found, key=lambda one: one.valid_from) if len(found) > 1 else found
