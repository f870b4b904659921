"""What the operators' routes need of the delivery room, as protocols: rooms do not import each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from gateway.ports import Entry


class FiledLetter(Protocol):
    """A dead letter with its place."""

    @property
    def partner(self) -> str:
        """Whom it was meant for."""
        ...

    @property
    def key(self) -> str:
        """Its key in the partner's drawer."""
        ...

    @property
    def letter(self) -> Any:
        """The letter itself, a dataclass."""
        ...


class Drawer(Protocol):
    """死信: the dead letters of all partners."""

    async def listed(
        self, partner: str = "", *, after: str = "", limit: int = 100
    ) -> Sequence[FiledLetter]:
        """Return dead letters, oldest first."""
        ...

    async def inspect(self, partner: str, key: str) -> tuple[Any, Entry | None]:
        """Return a letter and its message's row. Raises KeyError."""
        ...

    async def replay(self, partner: str, key: str = "") -> int:
        """Put one, or all of a partner, back at the queue's end. Raises KeyError."""
        ...

    async def discard(self, partner: str, key: str, reason: str, by: str = "") -> None:
        """Take one out for good. Raises KeyError."""
        ...


class Deliveries(Protocol):
    """下发: what an operator sees of the deliveries, and may resume."""

    async def pending(self) -> dict[str, int]:
        """Return how many deliveries wait, by partner."""
        ...

    async def paused(self) -> Mapping[str, Any]:
        """Return the stopped partners and why (dataclasses)."""
        ...

    async def resume(self, partner: str) -> bool:
        """Let a stopped partner's deliveries go on."""
        ...

    def breakers(self) -> dict[str, str]:
        """Return the state of the circuit breakers, by partner."""
        ...
