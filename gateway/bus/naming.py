"""命名: what our topics and groups are called in a Kafka that others may share.

Inside the gateway a topic is always called as in the catalogue (`vbp.order.placed`). In Kafka its first
word is the settings' topic prefix, and every group begins with it, so that one prefixed rule of access
covers a whole gateway.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

CATALOGUE_PREFIX: Final = "vbp"


@dataclass(frozen=True, slots=True)
class Naming:
    """Names in Kafka, from and to the catalogue's."""

    prefix: str = CATALOGUE_PREFIX

    def topic(self, name: str) -> str:
        """Return the name in Kafka of a topic of the catalogue."""
        return f"{self.prefix}{name.removeprefix(CATALOGUE_PREFIX)}"

    def catalogue(self, name: str) -> str:
        """Return the catalogue's name of a topic in Kafka."""
        return f"{CATALOGUE_PREFIX}{name.removeprefix(self.prefix)}"

    def group(self, name: str) -> str:
        """Return the name in Kafka of a consumer group."""
        return f"{self.prefix}.{name}"
