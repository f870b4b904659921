"""视图: which versions of the crosswalk an export shows, on both time axes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.coding.crosswalk import Crosswalk
from gateway.coding.records import CrosswalkVersion


@dataclass(frozen=True, slots=True)
class View:
    """What is to be shown. All blank: everything that is believed now, on all days."""

    partner: str = ""
    kind: str = ""
    on: str = ""
    """Only what holds on this day (YYYY-MM-DD)."""
    known_at: str = ""
    """As it was believed at this time (form of `known_instant`); "" is now."""
    history: bool = False
    """Also what is believed no longer; then `known_at` must be ""."""


def viewed(crosswalk: Crosswalk, view: View) -> Iterator[CrosswalkVersion]:
    """Yield the versions, in order of partner, kind, local code, known and valid time."""
    for version in crosswalk.versions(view.partner, view.kind):
        if (not view.on or version.covers(view.on)) and _known(version, view):
            yield version


def _known(version: CrosswalkVersion, view: View) -> bool:
    if view.history:
        return True
    if not view.known_at:
        return version.believed
    return version.known_from <= view.known_at and (
        version.believed or view.known_at < version.known_to
    )
