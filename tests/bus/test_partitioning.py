from __future__ import annotations

from aiokafka.partitioner import DefaultPartitioner  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from gateway.bus.partitioning import partition_of

KEYS = st.one_of(st.binary(max_size=80), st.text(max_size=40).map(str.encode))


@given(key=KEYS, partitions=st.integers(1, 256))
def test_a_key_goes_where_every_kafka_client_would_send_it(key: bytes, partitions: int) -> None:
    numbered = list(range(partitions))
    assert partition_of(key, partitions) == DefaultPartitioner()(key, numbered, numbered)


def test_known_values_of_kafkas_own_partitioner_hold() -> None:
    # murmur2 of these keys as asserted in Apache Kafka's own tests, made positive
    for key, murmur in ((b"21", -973932308), (b"foobar", -790332482), (b"abc", 479470107)):
        assert partition_of(key, 1 << 30) == (murmur & 0x7FFFFFFF) % (1 << 30)
