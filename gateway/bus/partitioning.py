"""分区: which partition a business key goes to. The same answer as every Kafka client's default."""

from __future__ import annotations

from typing import Final

from murmurhash2 import murmurhash2

_SEED: Final = 0x9747B28C
_POSITIVE: Final = 0x7FFFFFFF


def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition of `key` among `partitions` (murmur2, as Kafka's DefaultPartitioner)."""
    positive: int = murmurhash2(key, _SEED) & _POSITIVE
    return positive % partitions
