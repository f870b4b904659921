"""jicai topics: what is on the bus."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Annotated

import typer
from rich.console import Console

from gateway.commands.questions import known_topic
from gateway.commands.terminal import (
    AsJson,
    load_settings,
    opened_journal,
    print_json,
    print_line,
    print_table,
    run,
)
from gateway.errors import Misconfigured
from gateway.ports import Bus, Delivered, TopicPosition
from gateway.settings import Settings

app = typer.Typer(help="主题 topics of the bus", no_args_is_help=True)
Question = Callable[[Bus], Awaitable[None]]
GROUPS = ("policies", "delivery")


@app.command("list")
def list_topics(*, as_json: AsJson = False) -> None:
    """列出主题及消息位置 list the topics with their ends."""
    run(_list(load_settings(), as_json=as_json))


@app.command()
def tail(
    topic: str,
    *,
    count: Annotated[int, typer.Option("--count", "-n", min=1, max=10_000, help="条数")] = 10,
    as_json: AsJson = False,
) -> None:
    """最新报文 the newest messages of a topic."""
    known_topic(topic)
    run(_tail(load_settings(), topic, count, as_json=as_json))


@app.command()
def lag(*, as_json: AsJson = False) -> None:
    """消费滞后 how far each group is behind."""
    run(_lag(load_settings(), as_json=as_json))


async def _with_bus(settings: Settings, ask: Question) -> None:
    from gateway.bus.opening import open_bus  # noqa: PLC0415 - Kafka loads slowly

    async with opened_journal(settings) as journal:
        bus = open_bus(settings, journal)
        await bus.start()
        try:
            await ask(bus)
        finally:
            await bus.stop()


async def _list(settings: Settings, *, as_json: bool) -> None:
    async def ask(bus: Bus) -> None:
        ends = await bus.ends()
        if as_json:
            print_json([_position(each) for each in ends])
            return
        columns = ("主题 topic", "分区 partitions", "始 first", "末 end")
        print_table(columns, list(_totals(ends)))

    await _with_bus(settings, ask)


def _totals(ends: Iterable[TopicPosition]) -> Iterator[tuple[str, str, str, str]]:
    from schemas.events import TOPICS  # noqa: PLC0415 - the message types load slowly

    for topic in TOPICS:
        mine = [each for each in ends if each.topic == topic]
        if mine:
            first, end = min(one.offset for one in mine), max(one.end for one in mine)
            yield topic, str(len(mine)), str(first), str(end)


async def _tail(settings: Settings, topic: str, count: int, *, as_json: bool) -> None:
    async def ask(bus: Bus) -> None:
        found = await bus.tail(topic, count)
        if as_json:
            print_json([_shown(each) for each in found])
            return
        for each in found:
            place = f"{each.partition}@{each.offset}"
            console = Console(highlight=False, markup=False)
            console.print(f"{place:>12}  {each.message.time}  {each.message.subject}")
            console.print(f"{'':>12}  {each.message.data.decode()}")

    await _with_bus(settings, ask)


async def _lag(settings: Settings, *, as_json: bool) -> None:
    async def ask(bus: Bus) -> None:
        found = [(group, each) for group in GROUPS for each in await bus.positions(group)]
        if as_json:
            print_json([{"group": group, **_position(each)} for group, each in found])
            return
        behind: dict[tuple[str, str], int] = {}
        for group, each in found:
            behind[group, each.topic] = behind.get((group, each.topic), 0) + each.lag
        columns = ("消费组 group", "主题 topic", "滞后 lag")
        print_table(columns, [(*place, str(lag)) for place, lag in behind.items()])

    await _with_bus(settings, ask)


async def reread(settings: Settings, topic: str, partition: int, offset: int, limit: int) -> None:
    """Print a partition's messages from an offset on, one JSON a line."""

    async def ask(bus: Bus) -> None:
        known = sorted(each.partition for each in await bus.ends() if each.topic == topic)
        if partition not in known:
            said = f"没有此分区 no such partition of {topic}; known: {known}"
            raise Misconfigured(f"partition {partition}: {said}")
        consumer = bus.consumer(f"reread-{os.getpid()}", [topic])
        await consumer.start()
        await consumer.seek(topic, partition, offset)
        printed = 0
        while printed < limit:
            found = await consumer.fetch(min(500, limit - printed), 1.0)
            for each in found:
                if each.partition == partition:
                    print_line(_shown(each))
                    printed += 1
            if not found:
                break
        await consumer.stop()

    await _with_bus(settings, ask)


def _position(each: TopicPosition) -> dict[str, str | int]:
    return {
        "topic": each.topic,
        "partition": each.partition,
        "offset": each.offset,
        "end": each.end,
        "lag": each.lag,
    }


def _shown(each: Delivered) -> dict[str, object]:
    message = each.message
    return {
        "topic": each.topic,
        "partition": each.partition,
        "offset": each.offset,
        "id": message.id,
        "type": message.type,
        "source": message.source,
        "subject": message.subject,
        "time": message.time,
        "data": message.content(),
    }
