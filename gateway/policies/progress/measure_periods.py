"""监测期: which periods have closed for a region, and what the policies that measure them have in common.

The closed periods of a province are the same for all its institutions and stand in each state: as one
short text, so that what follows from it is worked out once for all of them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import ClassVar, Final, NamedTuple

from gateway.policies.policy import Scope, State
from gateway.policies.regions import province_of
from schemas.envelope import Message
from schemas.events import VOLUME_PERIOD_CLOSED

_REMEMBERED: Final = 4096
_ENTRIES, _FIELDS, _PLACE = ";", " ", "|"


class Closed(NamedTuple):
    """A closed period, its last day (ISO) and the id of the message that closed it."""

    period: str
    ended_on: str
    closed_by: str


class MeasuresPeriods:
    """按期监测: states by institution and drug that measure what closed periods come to.

    States lie under the province: partners do not agree on how finely they name a region.
    """

    nothing: ClassVar[State]
    """A state of which nothing is known."""

    def counts(self, period: str) -> bool:  # noqa: ARG002 - for those who measure some periods only
        """Return whether anything can ever follow from a period."""
        return True

    def keys(self, message: Message, content: State) -> Scope:
        """Return the institution's state for the drug, or all states of a closed period's province."""
        province = province_of(content["region"])
        if message.type == VOLUME_PERIOD_CLOSED:
            return Scope.whole(province)
        return Scope(f"{province}/{content['institution']}/{content['drug']}", region=province)

    def begin(self, record: State | None) -> State:
        """Return a state that knows the periods which closed before it began."""
        return {**self.nothing, "closed": record["closed"]} if record else self.nothing

    def remember(self, record: State | None, message: Message, content: State) -> State:
        """Return the province's record with one more closed period, where it counts."""
        known = record["closed"] if record else ""
        if not self.counts(content["period"]):
            return {"closed": known}
        return {"closed": with_closed(known, message, content)}

    def forget(self, record: State | None, gone: Message, content: State) -> State:  # noqa: ARG002
        """Return the province's record without a closed period."""
        return {"closed": not_closed(record["closed"] if record else "", gone)}


def with_closed(known: str, message: Message, content: State) -> str:
    """Return the closed periods with one more; of two days said for one place the later last day wins."""
    place = f"{content['region']}{_PLACE}{content['period']}"
    return _with_entry(known, place, content["ended_on"], message.id)


@lru_cache(maxsize=_REMEMBERED)
def _with_entry(known: str, place: str, ended_on: str, closed_by: str) -> str:
    entries = _read(known)
    entry = (ended_on, closed_by)
    return _written({**entries, place: max(entry, entries.get(place, entry))})


def not_closed(known: str, gone: Message) -> str:
    """Return the closed periods without the one that a message closed."""
    return _without(known, gone.id)


@lru_cache(maxsize=_REMEMBERED)
def _without(known: str, gone: str) -> str:
    return _written({place: each for place, each in _read(known).items() if each[1] != gone})


def _read(known: str) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for entry in known.split(_ENTRIES) if known else ():
        place, ended_on, closed_by = entry.split(_FIELDS)
        found[place] = (ended_on, closed_by)
    return found


def _written(entries: dict[str, tuple[str, str]]) -> str:
    return _ENTRIES.join(_FIELDS.join((place, *entries[place])) for place in sorted(entries))


@lru_cache(maxsize=_REMEMBERED)
def closed_for(known: str, region: str) -> tuple[Closed, ...]:
    """Return the periods that closed for a region, in the order of their last days."""
    nearest: dict[str, Closed] = {}
    for place, (ended_on, closed_by) in _read(known).items():
        where, period = place.split(_PLACE)
        if lies_in(region, where):  # in order: a city's own word comes after its province's
            nearest[period] = Closed(period, ended_on, closed_by)
    return tuple(sorted(nearest.values(), key=lambda each: (each.ended_on, each.period)))


@lru_cache(maxsize=_REMEMBERED)
def last_days(known: str) -> dict[str, str]:
    """Return the latest last day that anybody said of each period, by period."""
    last: dict[str, str] = {}
    for place, (ended_on, _) in _read(known).items():
        period = place.split(_PLACE)[1]
        last[period] = max(ended_on, last.get(period, ""))
    return last


@lru_cache(maxsize=_REMEMBERED)
def closed_until(known: str) -> str:
    """Return the latest last day of all closed periods; "" where none has closed."""
    return max(last_days(known).values(), default="")


def lies_in(region: str, wider: str) -> bool:
    """Return whether a region is another one or lies inside it (GB/T 2260)."""
    return region.startswith(level_of(wider))


def level_of(region: str) -> str:
    """Return the prefix of all regions inside one: 53 for a province, 5303 for a city."""
    if region.endswith("0000"):
        return region[:2]
    return region[:4] if region.endswith("00") else region
