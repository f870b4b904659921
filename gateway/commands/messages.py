"""jicai verify, explain, search, replay: the journal's evidence."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from gateway.commands.questions import known_partner, known_topic, known_type, moment
from gateway.commands.terminal import (
    EXIT_NO,
    AsJson,
    load_settings,
    opened_journal,
    print_json,
    print_table,
    run,
    writing,
)
from gateway.errors import Tampered
from gateway.ports import Entry, EntryKind, Head, Journal, Search
from gateway.settings import Settings

replay_app = typer.Typer(help="重放 replay dead letters and past messages", no_args_is_help=True)
EXIT_TAMPERED = 4


def verify(*, as_json: AsJson = False) -> None:
    """校验审计链 walk every chain; names the first broken entry and ends with 4 when one is."""
    broken = run(_verify(load_settings(), as_json=as_json))
    if broken:
        raise typer.Exit(EXIT_TAMPERED)


class Form(StrEnum):
    """How an explanation is shown."""

    TEXT = "text"
    JSON = "json"
    MERMAID = "mermaid"
    SVG = "svg"


def explain(
    message_id: str,
    *,
    form: Annotated[
        Form, typer.Option("--format", help="形式 text, JSON or a picture")
    ] = Form.TEXT,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="写入文件 write to a file")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """解释结论 print the chain of causes of a conclusion, down to the raw messages."""
    shown = run(_explain(load_settings(), message_id, Form.JSON if as_json else form))
    if out is None:
        sys.stdout.buffer.write(shown.encode())
        sys.stdout.flush()
        return
    with writing(out):
        out.write_text(shown, encoding="utf-8")


def search(
    *,
    partner: Annotated[str, typer.Option(help="对接方")] = "",
    subject: Annotated[str, typer.Option(help="业务键")] = "",
    type_name: Annotated[str, typer.Option("--type", help="报文类型 cn.jicai.…")] = "",
    kind: Annotated[EntryKind | None, typer.Option(help="类别")] = None,
    since: Annotated[str, typer.Option(help="起 RFC 3339")] = "",
    until: Annotated[str, typer.Option(help="止 RFC 3339")] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000)] = 20,
    as_json: AsJson = False,
) -> None:
    """检索报文 search the journal, newest first."""
    known_type(type_name)
    wanted = kind.value if kind else ""
    question = Search(partner, subject, type_name, moment(since), moment(until), wanted, limit)
    run(_search(load_settings(), question, as_json=as_json))


@replay_app.command("dead")
def replay_dead(
    partner: str,
    *,
    key: Annotated[
        str, typer.Option(help="只重放这一封 only this letter (see `replay list`)")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """重放死信 put a partner's dead letters back into its queue, with a fresh attempt count."""
    run(_replay_dead(load_settings(), partner, key, as_json=as_json))


@replay_app.command("list")
def list_dead(
    *,
    partner: Annotated[str, typer.Option(help="对接方")] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000)] = 1000,
    as_json: AsJson = False,
) -> None:
    """死信清单 list the dead letters with their reasons."""
    run(_list_dead(load_settings(), partner, limit, as_json=as_json))


@replay_app.command("topic")
def replay_topic(
    topic: str,
    offset: Annotated[int, typer.Option("--from", min=0, help="起始位置 offset")] = 0,
    partition: Annotated[int, typer.Option(min=0, help="分区")] = 0,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1)] = 1000,
) -> None:
    """重读主题 print a partition's messages from an offset on, one JSON a line."""
    from gateway.commands.topics import reread  # noqa: PLC0415 - only here

    known_topic(topic)
    run(reread(load_settings(), topic, partition, offset, limit))


async def _verify(settings: Settings, *, as_json: bool) -> bool:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    results: list[dict[str, object]] = []
    async with opened_journal(settings) as journal:
        heads = await journal.heads()
        with Progress(*columns, TimeRemainingColumn(), console=console, disable=as_json) as bars:
            for head in heads:
                bar = bars.add_task(f"审计链 shard {head.shard}", total=head.seq)
                results.append(await _walk(journal, head, bars, bar))
    ok = all(each["ok"] for each in results)
    if as_json:
        print_json({"ok": ok, "shards": results})
        return not ok
    for each in results:
        state = "完整 intact" if each["ok"] else f"损坏 BROKEN at {each['seq']}: {each['what']}"
        typer.echo(f"shard {each['shard']}: {each['entries']} 条 entries, {state}")
    return not ok


async def _walk(journal: Journal, head: Head, bars: Progress, bar: TaskID) -> dict[str, object]:
    result: dict[str, object] = {"shard": head.shard, "entries": head.seq, "hash": head.hash}
    try:
        async for done in journal.verify(head.shard):
            bars.update(bar, completed=done)
    except Tampered as broken:
        return result | {"ok": False, "seq": broken.seq, "what": broken.what}
    return result | {"ok": True}


async def _explain(settings: Settings, message_id: str, form: Form) -> str:
    from gateway.policies.explaining import explain as explaining  # noqa: PLC0415 - only here
    from gateway.policies.explaining import picture, picture_mermaid, picture_svg  # noqa: PLC0415
    from gateway.policies.papers.papers import load_papers  # noqa: PLC0415

    async with opened_journal(settings) as journal:
        if await journal.find(message_id) is None:
            typer.echo(f"没有此报文 no such message: {message_id}", err=True)
            raise typer.Exit(EXIT_NO)
        tree = await explaining.explain(journal, message_id)
    papers = load_papers()
    if form is Form.JSON:
        shown = orjson.dumps(explaining.as_dict(tree, papers), option=orjson.OPT_INDENT_2)
        return f"{shown.decode()}\n"
    if form is Form.TEXT:
        return f"{explaining.render_text(tree, papers)}\n"
    drawn = picture.picture_of(tree, papers)
    return picture_svg.svg(drawn) if form is Form.SVG else picture_mermaid.mermaid(drawn)


async def _search(settings: Settings, question: Search, *, as_json: bool) -> None:
    async with opened_journal(settings) as journal:
        found = await journal.search(question)
    if as_json:
        print_json([_shown(each) for each in found])
        return
    columns = ("报文 id", "类别 kind", "类型 type", "业务键 subject", "对接方 partner", "时间 at")
    print_table(columns, map(_row, found))


def _row(each: Entry) -> tuple[str, ...]:
    message = each.message
    named = (message.id, each.kind.value, message.type, message.subject, message.partner)
    return (*named, each.recorded_at)


async def _replay_dead(settings: Settings, partner: str, key: str, *, as_json: bool) -> None:
    from gateway.bootstrap import utc_now  # noqa: PLC0415 - adapters load slowly
    from gateway.delivery.dead_letters import DeadLetters  # noqa: PLC0415

    async with opened_journal(settings) as journal:
        drawer = DeadLetters(journal, utc_now)
        try:
            count = await drawer.replay(partner, key)
        except KeyError:
            typer.echo(f"没有此死信 no such dead letter: {partner}/{key}", err=True)
            raise typer.Exit(EXIT_NO) from None
    if not count:  # a partner that was removed may still have letters; one that never was has none
        known_partner(settings, partner)
    if as_json:
        print_json({"replayed": count})
    else:
        typer.echo(f"已放回队列 {count} 条 put back")


async def _list_dead(settings: Settings, partner: str, limit: int, *, as_json: bool) -> None:
    from gateway.bootstrap import utc_now  # noqa: PLC0415 - adapters load slowly
    from gateway.delivery.dead_letters import DeadLetters  # noqa: PLC0415

    async with opened_journal(settings) as journal:
        found = await DeadLetters(journal, utc_now).listed(partner, limit=limit)
    if partner and not found:
        known_partner(settings, partner)
    if as_json:
        print_json(
            [
                each.letter.facts()
                | {"partner": each.partner, "key": each.key, "message": each.letter.item.message_id}
                for each in found
            ]
        )
        return
    columns = ("键 key", "报文 id", "对接方 partner", "原因 reason", "说明 text", "时间 at")
    print_table(
        columns,
        [
            (
                each.key,
                each.letter.item.message_id,
                each.partner,
                each.letter.reason,
                f"{each.letter.code} {each.letter.text}",
                each.letter.died_at,
            )
            for each in found
        ],
    )


def _shown(each: Entry) -> dict[str, object]:
    message = each.message
    return {
        "id": message.id,
        "kind": each.kind.value,
        "type": message.type,
        "subject": message.subject,
        "partner": message.partner,
        "message_id": each.message_id,
        "interface": each.interface,
        "region": message.region,
        "time": message.time,
        "recorded_at": each.recorded_at,
        "causation_id": message.causationid,
        "place": f"{each.shard}-{each.seq}",
        "digest": each.digest,
        "data": message.content() if message.data else None,
    }
