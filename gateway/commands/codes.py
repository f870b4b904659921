"""jicai codes: the crosswalk, what is held for want of a code, and adding a meaning."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from gateway.commands.terminal import AsJson, load_settings, opened_journal, print_json, run
from gateway.ports import Held
from gateway.settings import Settings

app = typer.Typer(help="编码对照 codes", no_args_is_help=True)
Day = Annotated[str, typer.Option(help="日期 YYYY-MM-DD")]


@app.command()
def resolve(
    partner: str, code: str, on: Day, *, kind: str = "product", as_json: AsJson = False
) -> None:
    """查对照 what a partner's code means on a day."""
    from gateway.coding.crosswalk import Crosswalk  # noqa: PLC0415 - only here

    crosswalk = Crosswalk.load(load_settings().home / "codes")
    unified = crosswalk.resolve(partner, kind, code, on)
    reason = "" if unified else crosswalk.absence(partner, kind, code)
    if as_json:
        print_json({"code": code, "on": on, "unified_code": unified, "reason": reason})
    elif unified:
        typer.echo(unified)
    else:
        said = {"unknown": "未对照 unknown", "expired": "当日无有效对照 no meaning that day"}[
            reason
        ]
        typer.echo(f"{kind} {code}: {said}")
    if unified is None:
        raise typer.Exit(1)


@app.command()
def add(
    partner: str,
    code: str,
    unified: str,
    since: Annotated[str, typer.Option("--from", help="生效日 YYYY-MM-DD")],
    *,
    kind: str = "product",
    until: Annotated[str, typer.Option("--to", help="截止日 YYYY-MM-DD, 空为长期")] = "",
) -> None:
    """新增对照 add a meaning; a running gateway notices and releases what waited for it, in order."""
    from gateway.coding.files import add_mapping  # noqa: PLC0415 - only here
    from gateway.coding.rows import CrosswalkRow  # noqa: PLC0415

    home = load_settings().home
    add_mapping(home, CrosswalkRow(partner, kind, code, unified, since, until))
    typer.echo(f"已新增 {partner} {kind} {code} → {unified} ({since} – {until or '…'})")


@app.command()
def held(*, as_json: AsJson = False) -> None:
    """挂起清单 what is held, oldest first, and what it waits for."""
    run(_held(load_settings(), as_json=as_json))


@app.command()
def release() -> None:
    """放行 release what can now be coded (a running gateway does this by itself)."""
    run(_release(load_settings()))


async def _held(settings: Settings, *, as_json: bool) -> None:
    async with opened_journal(settings) as journal:
        found = await journal.held()
    if as_json:
        print_json([_shown(each) for each in found])
        return
    table = Table("报文 id", "对接方 partner", "业务键 subject", "原因 why", "自 since")
    for each in found:
        why = "; ".join(one.zh for one in each.issues) or "排在挂起报文之后 behind a held one"
        table.add_row(each.id, each.partner, each.subject, why, each.since)
    Console().print(table)


async def _release(settings: Settings) -> None:
    from gateway.bootstrap import utc_now  # noqa: PLC0415 - adapters load slowly
    from gateway.coding.crosswalk import Crosswalk  # noqa: PLC0415
    from gateway.coding.holds import Holds  # noqa: PLC0415
    from gateway.partners import Partners  # noqa: PLC0415

    crosswalk = Crosswalk.load(settings.home / "codes")
    async with opened_journal(settings) as journal:
        holds = Holds(journal, Partners.load(settings.home))
        released = await holds.release(crosswalk, utc_now())
    typer.echo(f"放行 {released} 条 released")


def _shown(each: Held) -> dict[str, object]:
    return {
        "id": each.id,
        "partner": each.partner,
        "subject": each.subject,
        "since": each.since,
        "issues": [one.as_dict() for one in each.issues],
    }
