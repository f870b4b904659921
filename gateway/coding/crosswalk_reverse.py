"""反查: from a unified code to the local codes that may say it. An index of candidates, made when asked.

A candidate may be stale (its meaning has changed); whoever asks looks the candidate up. So an index can be
shared by a crosswalk and those that go on from it, and only grows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.coding.crosswalk_loading import Space
from gateway.coding.store_documents import Past, PastMeanings, Room

Locals = dict[str, str | list[str]]
"""Unified code → the one local code (by far the most), or several in order."""
_NOTHING: Final[Mapping[str, tuple[Past, ...]]] = {}


class Reverse:
    """The indices that were asked for, by partner and kind."""

    __slots__ = ("_built",)

    def __init__(self, built: Mapping[Room, Locals] | None = None) -> None:
        self._built = dict(built or {})

    def locals_of(
        self, room: Room, unified: str, space: Space, past: PastMeanings
    ) -> tuple[str, ...]:
        """Return the candidates; builds the index of a partner and kind out of `space` and `past`."""
        index = self._built.get(room)
        if index is None:
            index = self._built[room] = _index(space, past.get(room, _NOTHING))
        found = index.get(unified, ())
        return (found,) if isinstance(found, str) else tuple(found)

    def going_on(self) -> Reverse:
        """Return the indices for a crosswalk that goes on from this one."""
        return Reverse(self._built)

    def add(self, room: Room, unified: str, local: str) -> None:
        """Take in one more candidate where the index has been built."""
        index = self._built.get(room)
        if index is not None:
            found = index.setdefault(unified, local)
            if local not in (found if isinstance(found, list) else (found,)):
                _add(index, unified, local)


def _index(space: Space, past: Mapping[str, tuple[Past, ...]]) -> Locals:
    index: Locals = {}
    for local, meanings in space.items():
        for meaning in (meanings,) if isinstance(meanings, tuple) else meanings:
            _add(index, meaning[2], local)
    for local, ended in past.items():
        for each in ended:
            found = index.get(each[2], ())
            if local not in ((found,) if isinstance(found, str) else found):
                _add(index, each[2], local)
    return index


def _add(index: Locals, unified: str, local: str) -> None:
    """Take in a candidate; the meanings of one local code follow each other."""
    before = index.setdefault(unified, local)
    if isinstance(before, list):
        if before[-1] != local:
            before.append(local)
    elif before != local:
        index[unified] = [before, local]
