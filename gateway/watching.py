"""变更监视: notices when the files under home have changed."""

from __future__ import annotations

from pathlib import Path

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
        named = [self._home / "partners.toml", self._home / "routes.toml"]
        named += sorted((self._home / "codes").glob("*.csv"))
        named += sorted((self._home / "secrets").glob("*.key"))
        found: Seen = {}
        for path in named:
            try:
                facts = path.stat()
            except FileNotFoundError:
                continue
            found[str(path)] = (facts.st_mtime_ns, facts.st_size)
        return found
