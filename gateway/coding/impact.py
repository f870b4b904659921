"""影响范围: which messages a change of a code's meaning touches, and what was concluded from them.

The journal is walked shard by shard in pages; only what is touched is kept. A message that was corrected
already is not touched: the one in its place is looked at instead.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from gateway.coding.occurrences import as_written, business_day, meanings_in
from gateway.coding.translate import KEY_MARK
from gateway.coding.waiting_codes import every_held
from gateway.ports import SUPERSEDED_SPACE, Entry, Head, Journal
from schemas.envelope import Message
from schemas.events import EVENT_TYPES, MESSAGE_REJECTED

PAGE: Final = 2000
BY_DAY: Final = "by_day"
_SUPERSEDES: Final = b'"supersedes":"'
_OF_THE_CROSSWALK: Final = "cn.jicai.crosswalk."

Progress = Callable[[int, int], None]
"""(rows walked, rows to walk): the latter grows when another pass is needed."""

Becomes = str | Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Touched:
    """One message in which the code occurs on a day whose meaning changes.

    `now`: the unified codes it was given (several only where its lines disagree); `then`: what the code
    would mean, "" for nothing.
    """

    id: str
    type: str
    subject: str
    day: str
    recorded_at: str
    now: tuple[str, ...]
    then: str


@dataclass(frozen=True, slots=True)
class Concluded:
    """A conclusion that rests on a touched message, directly or through another one."""

    id: str
    type: str
    subject: str
    time: str
    causes: tuple[str, ...]
    """Those of its causes that are touched, or rest on touched ones."""


@dataclass(frozen=True, slots=True)
class Impact:
    """影响: what changes where a local code means `becomes` from one day to another, both included."""

    partner: str
    kind: str
    local_code: str
    valid_from: str
    valid_to: str
    was: str
    becomes: str
    """BY_DAY where it differs from day to day: each touched message says its own."""
    touched: tuple[Touched, ...]
    concluded: tuple[Concluded, ...]
    held: int
    """Messages with the code that are still held: they are coded when they are released, not before."""

    @property
    def otherwise(self) -> tuple[Touched, ...]:
        """Return those touched messages that were not coded as `was`: somebody should know why."""
        return tuple(each for each in self.touched if self.was and each.now != (self.was,))

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain JSON data."""
        return asdict(self) | {"otherwise": [each.id for each in self.otherwise]}


async def impact(
    journal: Journal,
    partner: str,
    kind: str,
    local_code: str,
    *,
    valid_from: str,
    valid_to: str,
    was: str,
    becomes: Becomes,
    progress: Progress | None = None,
    page: int = PAGE,
) -> Impact:
    """Return what a change of meaning touches; `was` and `becomes` are unified codes, "" for none.

    `becomes` may be a function of the business day, e.g. what the crosswalk means by the code now.

    `page` rows are in memory at a time. What is recorded while it walks is not seen. Raises Unavailable.
    """
    walking = _Walking(journal, await journal.heads(), progress, page)
    meaning = (lambda _: becomes) if isinstance(becomes, str) else becomes
    sought = _Sought(partner, kind, local_code, valid_from, valid_to, meaning)
    touched = await _touched(walking, sought)
    concluded = await _concluded(walking, {each.id for each in touched}) if touched else []
    key = KEY_MARK.join((partner, kind, local_code))
    held = 0
    async for each in every_held(journal):
        held += each.partner == partner and key in each.keys
    return Impact(
        partner,
        kind,
        local_code,
        valid_from,
        valid_to,
        was,
        becomes if isinstance(becomes, str) else BY_DAY,
        tuple(touched),
        tuple(concluded),
        held,
    )


# --------------------------------------------------------------------------- walking


class _Walking:
    """Passes over the published rows up to where the chains ended when it began."""

    def __init__(
        self, journal: Journal, heads: Sequence[Head], progress: Progress | None, page: int
    ) -> None:
        self.journal, self._page = journal, page
        self._heads, self._progress = heads, progress
        self._size = sum(head.seq for head in heads)
        self._before = 0

    async def once(self) -> AsyncIterator[list[Entry]]:
        """Yield every published row, page by page, shard after shard."""
        for head in self._heads:
            after = 0
            while after < head.seq:
                page = await self.journal.read(head.shard, after, self._page)
                page = [each for each in page if each.seq <= head.seq]
                if not page:
                    break
                yield page
                self._tell(page[-1].seq - after)
                after = page[-1].seq
            self._tell(head.seq - after)

    def _tell(self, rows: int) -> None:
        self._before += rows
        if self._progress is not None and self._size:
            passes = -(-self._before // self._size)
            self._progress(self._before, passes * self._size)


# --------------------------------------------------------------------------- what is touched


@dataclass(frozen=True, slots=True)
class _Sought:
    partner: str
    kind: str
    local_code: str
    valid_from: str
    valid_to: str
    becomes: Callable[[str], str]

    def touch(self, entry: Entry) -> Touched | None:
        """Return the message as touched, None where nothing of it changes."""
        message = entry.message
        content = message.content()
        now = meanings_in(content, self.kind, self.local_code)
        day = business_day(message.type, content)
        if not self.valid_from <= day <= self.valid_to:
            return None
        then = self.becomes(day)
        if all(each == then for each in now):
            return None
        return Touched(message.id, message.type, message.subject, day, entry.recorded_at, now, then)


async def _touched(walking: _Walking, sought: _Sought) -> list[Touched]:
    written = as_written(sought.local_code)
    found: list[Touched] = []
    replaced: set[str] = set()
    async for page in walking.once():
        theirs = [each for each in page if each.message.partner == sought.partner]
        replaced.update(
            str(each.message.content().get("supersedes"))
            for each in theirs
            if _SUPERSEDES in each.message.data
        )
        touched = [
            one
            for each in theirs
            if written in each.message.data
            and _is_said(each.message)
            and (one := sought.touch(each)) is not None
        ]
        if touched:
            ids = [one.id for one in touched]
            gone = await walking.journal.get_many(SUPERSEDED_SPACE, ids)
            found += [one for one in touched if one.id not in gone]
    return [one for one in found if one.id not in replaced]


def _is_said(message: Message) -> bool:
    """Return whether a partner said it: what the gateway concludes is never coded."""
    listed = EVENT_TYPES.get(message.type)
    return listed is not None and not listed.derived


# --------------------------------------------------------------------------- what rests on it


async def _concluded(walking: _Walking, touched: set[str]) -> list[Concluded]:
    """Return what rests on the touched messages: passes until one finds nothing more."""
    found: dict[str, Concluded] = {}
    grown = True
    while grown:
        grown = False
        async for page in walking.once():
            for each in page:
                message = each.message
                if message.id in found or not _is_conclusion(message):
                    continue
                causes = [one for one in _causes(message) if one in touched or one in found]
                if causes:
                    found[message.id] = Concluded(
                        message.id, message.type, message.subject, message.time, tuple(causes)
                    )
                    grown = True
    return list(found.values())


def _is_conclusion(message: Message) -> bool:
    listed = EVENT_TYPES.get(message.type)
    return (
        listed is not None
        and listed.derived
        and message.type != MESSAGE_REJECTED
        and not message.type.startswith(_OF_THE_CROSSWALK)
    )


def _causes(message: Message) -> list[str]:
    because = message.content().get("because")
    named = because.get("causes", ()) if isinstance(because, dict) else ()
    return list(dict.fromkeys((*map(str, named), message.causationid)))
