"""变更监视: notices when the files under home have changed, and follows what was decided elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from gateway.errors import Misconfigured, Unavailable
from gateway.log_events import RELOAD_REFUSED, log

WATCH_EVERY: Final = 1.0
"""Seconds."""

Seen = dict[str, tuple[int, int]]


class Watching:
    """Remembers size and time of the configuration files; `changed` compares."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._seen = self._look()

    def changed(self) -> bool:
        """Tell whether a file was added, changed or removed since the last call."""
        now = self._look()
        differs, self._seen = now != self._seen, now
        return differs

    def _look(self) -> Seen:
        named = [self._home / name for name in ("partners.toml", "routes.toml", "operators.toml")]
        named += sorted((self._home / "codes").glob("*.csv"))
        named += sorted((self._home / "secrets").rglob("*.key"))
        found: Seen = {}
        for path in named:
            try:
                facts = path.stat()
            except FileNotFoundError:
                continue
            found[str(path)] = (facts.st_mtime_ns, facts.st_size)
        return found


async def keep_watch(
    stop: asyncio.Event,
    watching: Watching,
    reload: Callable[[], Awaitable[object]],
    follow: Callable[[], Awaitable[object]],
) -> None:
    """Reload when a file has changed, else follow what was decided about codes; until `stop`.

    What is unsound is reported once and not taken.
    """
    changed, told = False, tuple[str, ...]()
    while not await either(stop, WATCH_EVERY):
        changed = watching.changed() or changed
        try:
            await (reload() if changed else follow())
        except Unavailable:
            continue  # the journal is down: what has changed waits
        except Misconfigured as wrong:
            if wrong.findings != told:
                log(RELOAD_REFUSED, findings=list(wrong.findings))
            told = wrong.findings
        changed = False


async def either(stop: asyncio.Event, seconds: float) -> bool:
    """Wait until it is time to stop or the seconds are over; return whether it is time to stop."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
    return stop.is_set()
