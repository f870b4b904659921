"""jicai codes held, release, work: what waits for a code, and what somebody must map."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.commands import code_corrections
from gateway.commands.questions import known_partner
from gateway.commands.reviewing import read_crosswalk, utc_now
from gateway.commands.terminal import (
    AsJson,
    load_settings,
    log_beside_output,
    note,
    opened_journal,
    print_json,
    print_table,
    run,
)
from gateway.ports import Held
from gateway.settings import Settings

if TYPE_CHECKING:
    from gateway.coding.work_items import WorkItem

Limit = Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000, help="至多条数")]


def register(app: typer.Typer) -> None:
    """Add the commands about holds and corrections to `jicai codes`."""
    app.command("held")(held)
    app.command("release")(release)
    app.command("work")(work)
    app.command("impact")(code_corrections.impact)
    app.command("recode")(code_corrections.recode)


def held(*, limit: Limit = 1000, as_json: AsJson = False) -> None:
    """挂起清单 what is held, oldest first, and what it waits for."""
    run(_held(load_settings(), limit, as_json=as_json))


def release(*, as_json: AsJson = False) -> None:
    """放行 release what can now be coded, send back what was refused (a running gateway does so)."""
    run(_release(load_settings(), as_json=as_json))


def work(
    *,
    partner: Annotated[str, typer.Option(help="对接方, 空为全部")] = "",
    limit: Limit = 100,
    after: Annotated[str, typer.Option(help="上一页最后一条的 cursor")] = "",
    as_json: AsJson = False,
) -> None:
    """待办编码 the codes that messages wait for, the longest first, with what is known of them."""
    settings = load_settings()
    if partner:
        known_partner(settings, partner)
    found = run(_work(settings, partner, limit, after))
    if as_json:
        print_json([asdict(each) for each in found])
        return
    columns = (
        "对接方 partner",
        "类别 kind",
        "本地码 local",
        "已知 known",
        "等待 waiting",
        "自 since",
    )
    print_table(columns, [_work_row(each) for each in found])
    if len(found) == limit:
        note(f"下一页 next page: --after '{found[-1].cursor}'")


async def _held(settings: Settings, limit: int, *, as_json: bool) -> None:
    async with opened_journal(settings) as journal:
        found = await journal.held(limit=limit)
    if as_json:
        print_json([_shown(each) for each in found])
        return
    columns = ("报文 id", "对接方 partner", "业务键 subject", "原因 why", "自 since")
    print_table(columns, [(e.id, e.partner, e.subject, _why(e), e.since) for e in found])


def _why(held: Held) -> str:
    said = [f"{one.zh} {one.en}" for one in held.issues]
    return "; ".join(said) or "排在挂起报文之后 waits behind a held one"


async def _release(settings: Settings, *, as_json: bool) -> None:
    from gateway.coding.holds import Holds  # noqa: PLC0415 - the command line starts fast
    from gateway.partners import Partners  # noqa: PLC0415

    log_beside_output()
    crosswalk = await read_crosswalk(settings)
    async with opened_journal(settings) as journal:
        holds = Holds(journal, Partners.load(settings.home))
        settled = await holds.settle(crosswalk, utc_now())
    stranded = [asdict(each) for each in holds.stranded]
    if as_json:
        print_json({**settled._asdict(), "stranded": stranded})
        return
    typer.echo(f"放行 {settled.released} 条 released, 退回 {settled.rejected} 条 sent back")
    for each in stranded:
        note(
            f"需人工处理 a person must look at it: {each['partner']} {each['id']} {each['reason']}"
        )


def _shown(each: Held) -> dict[str, object]:
    return {
        "id": each.id,
        "partner": each.partner,
        "subject": each.subject,
        "since": each.since,
        "waits_for": list(each.keys),
        "issues": [one.as_dict() for one in each.issues],
    }


async def _work(settings: Settings, partner: str, limit: int, after: str) -> list[WorkItem]:
    from gateway.coding.work_items import work_items  # noqa: PLC0415 - the command line starts fast
    from gateway.partners import Partners  # noqa: PLC0415

    partners = Partners.load(settings.home)
    async with opened_journal(settings) as journal:
        return await work_items(journal, partners, partner=partner, limit=limit, after=after)


def _work_row(each: WorkItem) -> tuple[str, ...]:
    item = each.item
    facts = (item.name, item.dosage_form, item.specification, item.pack, item.manufacturer)
    known = " ".join(filter(None, (*facts, item.approval_no)))
    waiting = f"{each.direct} + {each.behind}"
    if each.proposals:
        waiting += " 已提议 proposed"
    return (item.partner, item.kind, item.local_code, known, waiting, each.since)
