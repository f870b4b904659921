"""发布: an idempotent Kafka producer that is thrown away and rebuilt at the first error.

After an outage aiokafka's idempotent producer can stay stuck on OutOfOrderSequenceNumber for good, and
one whose broker is away retries without end. So nothing is repaired here: an error or too long a
silence ends the producer, the caller is told Unavailable and sends again from the journal to a new one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aiokafka import AIOKafkaProducer  # type: ignore[import-untyped]
from aiokafka.errors import (  # type: ignore[import-untyped]
    KafkaError,
    MessageSizeTooLargeError,
    ProducerClosed,
    RecordListTooLargeError,
)

from gateway.errors import Misconfigured, Unavailable
from gateway.log_events import RELAY_REBUILT, log

BATCH_BYTES: Final = 1 << 20
CONNECT_SECONDS: Final = 15.0
_CLOSE_SECONDS: Final = 3.0
_REQUEST_MS: Final = 15_000


@dataclass(frozen=True, slots=True)
class Record:
    """One record to publish, with the id of its message for the sentence when it cannot be."""

    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]
    message_id: str


Lane = tuple[str, int]


class _TooLarge(Exception):  # noqa: N818 - never leaves this file
    def __init__(self, lane: Lane, records: int, message_id: str) -> None:
        super().__init__(message_id)
        self.lane, self.records, self.message_id = lane, records, message_id


class Publisher:
    """Publishes lanes of records (a lane is a topic and partition), each lane in order.

    `time_limit` bounds one `publish`, `patience` the way to the broker, in seconds; `batch_bytes` is the
    size of a record batch before compression, halved each time the broker finds one too large.
    `compression` is Kafka's name of a codec, None for none: aiokafka compresses in the event loop, and
    its lz4 costs a sixth of the whole work on an order.
    """

    def __init__(
        self,
        bootstrap: str,
        *,
        time_limit: float = 30.0,
        patience: float = CONNECT_SECONDS,
        batch_bytes: int = BATCH_BYTES,
        compression: str | None = None,
    ) -> None:
        self._bootstrap = bootstrap
        self._compression = compression
        self._time_limit = time_limit
        self._patience = patience
        self._batch_bytes = batch_bytes
        self._producer: Any = None
        self._building = asyncio.Lock()
        self.rebuilt = 0
        """How many producers were thrown away."""

    async def partitions(self, topics: Iterable[str]) -> dict[str, int]:
        """Return the number of partitions that each topic really has. Raises Unavailable."""
        producer = await self._ready()
        try:
            async with asyncio.timeout(self._time_limit):
                return {name: len(await producer.partitions_for(name)) for name in topics}
        except (KafkaError, TimeoutError, OSError) as error:
            await self._give_up(producer, repr(error))
            raise Unavailable(f"Kafka does not tell its partitions: {error!r}") from error

    async def publish(self, lanes: Mapping[Lane, Sequence[Record]]) -> None:
        """Send all lanes; return when every record is acknowledged by all in-sync replicas.

        Raises Unavailable (nothing may be assumed of what was written; send all of it again) and
        Misconfigured (a single record is larger than its topic allows).
        """
        producer = await self._ready()
        sending = [
            asyncio.create_task(self._send(producer, lane, records))
            for lane, records in lanes.items()
        ]
        try:
            _, late = await asyncio.wait(
                sending, timeout=self._time_limit, return_when=asyncio.FIRST_EXCEPTION
            )
        finally:
            for task in sending:
                task.cancel()
            ended = await asyncio.gather(*sending, return_exceptions=True)
        failures = [each for each in ended if isinstance(each, Exception)]
        if failures or late:
            await self._failed(producer, failures)

    async def stop(self) -> None:
        """Close the producer; whatever is not yet acknowledged will be sent again from the journal."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await _discard(producer)

    async def _send(self, producer: Any, lane: Lane, records: Sequence[Record]) -> None:
        """Send one lane, a batch at a time: the next batch leaves when the one before is acknowledged."""
        topic, partition = lane
        sent = 0
        while sent < len(records):
            batch, end = self._fill(producer, records, sent)
            try:
                await (await producer.send_batch(batch, topic, partition=partition))
            except (MessageSizeTooLargeError, RecordListTooLargeError) as error:
                raise _TooLarge(lane, end - sent, records[sent].message_id) from error
            sent = end

    def _fill(self, producer: Any, records: Sequence[Record], start: int) -> tuple[Any, int]:
        """Return a batch of the records from `start` on, and where the next one begins.

        The first record always fits, however large; the broker decides then.
        """
        batch = producer.create_batch()
        end = start
        while end < len(records):
            record = records[end]
            added = batch.append(
                key=record.key, value=record.value, headers=record.headers, timestamp=None
            )
            if added is None:
                break
            end += 1
        batch.close()
        return batch, end

    async def _failed(self, producer: Any, failures: Sequence[Exception]) -> None:
        """End the producer and say why."""
        reason = repr(failures[0]) if failures else f"no answer within {self._time_limit:g} s"
        await self._give_up(producer, reason)
        for failure in failures:
            if isinstance(failure, _TooLarge):
                self._make_smaller(failure)
            elif not isinstance(failure, (KafkaError, OSError, TimeoutError)):
                raise failure
        raise Unavailable(f"publishing to Kafka failed: {reason}")

    def _make_smaller(self, failure: _TooLarge) -> None:
        topic, partition = failure.lane
        if failure.records == 1:
            raise Misconfigured(
                f"message {failure.message_id} is larger than max.message.bytes of topic {topic} "
                f"(partition {partition}); raise it, publishing goes on from there"
            ) from failure
        self._batch_bytes = max(1, self._batch_bytes // 2)

    async def _ready(self) -> Any:
        """Return the producer, built anew when there is none."""
        async with self._building:
            if self._producer is None:
                self._producer = await self._build()
            return self._producer

    async def _build(self) -> Any:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            acks="all",
            enable_idempotence=True,
            compression_type=self._compression,
            max_batch_size=self._batch_bytes,
            request_timeout_ms=_REQUEST_MS,
        )
        try:
            async with asyncio.timeout(self._patience):
                await producer.start()
        except (KafkaError, TimeoutError, OSError) as error:
            await _discard(producer)
            raise Unavailable(unreachable(self._bootstrap, self._patience)) from error
        except BaseException:
            await _discard(producer)
            raise
        return producer

    async def _give_up(self, producer: Any, reason: str) -> None:
        if self._producer is producer:
            self._producer = None
            self.rebuilt += 1
            log(RELAY_REBUILT, reason=reason)
        await _discard(producer)


def unreachable(bootstrap: str, seconds: float) -> str:
    """Return the sentence for a broker that cannot be reached."""
    return f"Kafka cannot be reached at {bootstrap} within {seconds:g} s"


async def _discard(producer: Any) -> None:
    """End a producer without waiting for what it still wants to send.

    Its own `stop` flushes first and would wait for an absent broker for ever, so the sender is ended
    from here. Cancelled once, it still waits for the request in flight; cancelled again, it lets go.
    """
    producer._closed = True  # noqa: SLF001 - see above
    sender = producer._sender.sender_task  # noqa: SLF001
    deadline = asyncio.get_running_loop().time() + _CLOSE_SECONDS
    while sender is not None and not sender.done():
        if asyncio.get_running_loop().time() > deadline:
            break
        sender.cancel()
        await asyncio.wait([sender], timeout=0.1)
    producer._message_accumulator.fail_all(ProducerClosed())  # noqa: SLF001
    await producer.client.close()
