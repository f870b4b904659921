"""经办人: the people who propose and approve, as data (`operators.toml`), with their keys kept apart.

[[operator]]
id   = "li-ming"
name = "经办甲"
may  = ["propose", "approve"]

The key of the HTTP API lies in `secrets/operators/<id>.key`. Two entries are two people: nobody gets two.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from gateway.errors import Misconfigured
from gateway.toml_tables import by_id, check_tables, read_tables

FILE: Final = "operators.toml"
KEYS: Final = ("secrets", "operators")
SHORTEST_KEY: Final = 16
Right = Literal["propose", "approve"]
OperatorId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,62}$")]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class Operator(BaseModel):
    """One person: what they may do."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: OperatorId
    name: Name
    may: tuple[Right, ...] = Field(min_length=1)


class Operators:
    """The people by id, with their keys. Immutable: a change is a new object."""

    def __init__(self, listed: Mapping[str, Operator], keys: Mapping[str, bytes]) -> None:
        self._listed = dict(listed)
        self._keys = {name: key for name, key in keys.items() if name in self._listed}

    def __iter__(self) -> Iterator[Operator]:
        return iter(self._listed.values())

    def __len__(self) -> int:
        return len(self._listed)

    def get(self, operator_id: str) -> Operator | None:
        """Return the person with this id."""
        return self._listed.get(operator_id)

    def authenticate(self, key: bytes) -> Operator | None:
        """Return whose key this is. Takes as long whoever it is, and whether it is anybody's."""
        found: Operator | None = None
        for name, known in self._keys.items():
            if hmac.compare_digest(known, key):
                found = self._listed[name]
        return found

    @classmethod
    def load(cls, home: Path) -> Operators:
        """Read `operators.toml` and `secrets/operators/<id>.key` under `home`.

        Raises Misconfigured with every finding (file, person, field).
        """
        sound, findings = check_tables(read_tables(home / FILE), "operator", FILE, Operator)
        listed = by_id((one for _, one in sound), "operator", FILE, findings)
        folder = home.joinpath(*KEYS)
        keys = {key.stem: key.read_bytes().strip() for key in sorted(folder.glob("*.key"))}
        findings += _key_findings(keys)
        if findings:
            raise Misconfigured(*findings)
        return cls(listed, keys)


def _key_findings(keys: Mapping[str, bytes]) -> list[str]:
    """Return what is wrong with the keys: too short to be a secret, or one key for two people."""
    found = [
        f"{'/'.join(KEYS)}/{name}.key: shorter than {SHORTEST_KEY} bytes"
        for name, key in keys.items()
        if len(key) < SHORTEST_KEY
    ]
    owners: dict[bytes, str] = {}
    for name, key in keys.items():
        other = owners.setdefault(key, name)
        if other != name:
            found.append(f"{'/'.join(KEYS)}/{name}.key: the same key as {other}'s")
    return found
