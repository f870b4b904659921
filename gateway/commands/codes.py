"""jicai codes: the crosswalk, what is held for want of a code, and adding a meaning."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.commands import code_checking
from gateway.commands.questions import day, known_kind, known_partner
from gateway.commands.terminal import (
    EXIT_NO,
    AsJson,
    home_of,
    load_settings,
    opened_journal,
    print_json,
    print_table,
    run,
    writing,
)
from gateway.ports import Held
from gateway.settings import Settings

app = typer.Typer(help="编码对照 codes", no_args_is_help=True)
app.command("check")(code_checking.check)
Day = Annotated[str, typer.Option(help="日期 YYYY-MM-DD")]
Kind = Annotated[str, typer.Option(help="product | institution | enterprise")]


@app.command()
def resolve(
    partner: str, code: str, on: Day, *, kind: Kind = "product", as_json: AsJson = False
) -> None:
    """查对照 what a partner's code means on a day."""
    from gateway.coding.crosswalk import Crosswalk  # noqa: PLC0415 - only here

    settings = load_settings()
    known_kind(kind)
    known_partner(settings, partner)
    crosswalk = Crosswalk.load(home_of(settings) / "codes")
    unified = crosswalk.resolve(partner, kind, code, day(on))
    reason = "" if unified else crosswalk.absence(partner, kind, code)
    if as_json:
        print_json({"code": code, "on": on, "unified_code": unified, "reason": reason})
    elif unified:
        typer.echo(unified)
    else:
        said = {"unknown": "未对照 unknown", "expired": "当日无有效对照 no meaning that day"}[
            reason
        ]
        typer.echo(f"{partner} {kind} {code} {on}: {said}")
    if unified is None:
        raise typer.Exit(EXIT_NO)


@app.command()
def add(
    partner: str,
    code: str,
    unified: str,
    since: Annotated[str, typer.Option("--from", help="生效日 YYYY-MM-DD")],
    *,
    kind: Kind = "product",
    until: Annotated[str, typer.Option("--to", help="截止日 YYYY-MM-DD, 空为长期")] = "",
    as_json: AsJson = False,
) -> None:
    """新增对照 add a meaning; a running gateway notices and releases what waited for it, in order."""
    from gateway.coding.files import add_mapping  # noqa: PLC0415 - only here
    from gateway.coding.rows import CrosswalkRow  # noqa: PLC0415

    settings = load_settings()
    known_kind(kind)
    known_partner(settings, partner)
    row = CrosswalkRow(partner, kind, code, unified, day(since), day(until) if until else "")
    with writing(settings.home / "codes"):
        add_mapping(settings.home, row)
    if as_json:
        print_json(row._asdict())
        return
    typer.echo(f"已新增 {partner} {kind} {code} → {unified} ({since} – {until or '…'})")


@app.command()
def held(*, as_json: AsJson = False) -> None:
    """挂起清单 what is held, oldest first, and what it waits for."""
    run(_held(load_settings(), as_json=as_json))


@app.command()
def release(*, as_json: AsJson = False) -> None:
    """放行 release what can now be coded (a running gateway does this by itself)."""
    run(_release(load_settings(), as_json=as_json))


async def _held(settings: Settings, *, as_json: bool) -> None:
    async with opened_journal(settings) as journal:
        found = await journal.held()
    if as_json:
        print_json([_shown(each) for each in found])
        return
    columns = ("报文 id", "对接方 partner", "业务键 subject", "原因 why", "自 since")
    print_table(columns, [(e.id, e.partner, e.subject, _why(e), e.since) for e in found])


def _why(held: Held) -> str:
    said = [f"{one.zh} {one.en}" for one in held.issues]
    return "; ".join(said) or "排在挂起报文之后 waits behind a held one"


async def _release(settings: Settings, *, as_json: bool) -> None:
    from gateway.bootstrap import utc_now  # noqa: PLC0415 - adapters load slowly
    from gateway.coding.crosswalk import Crosswalk  # noqa: PLC0415
    from gateway.coding.holds import Holds  # noqa: PLC0415
    from gateway.partners import Partners  # noqa: PLC0415

    crosswalk = Crosswalk.load(settings.home / "codes")
    async with opened_journal(settings) as journal:
        holds = Holds(journal, Partners.load(settings.home))
        released = await holds.release(crosswalk, utc_now())
    if as_json:
        print_json({"released": released})
    else:
        typer.echo(f"放行 {released} 条 released")


def _shown(each: Held) -> dict[str, object]:
    return {
        "id": each.id,
        "partner": each.partner,
        "subject": each.subject,
        "since": each.since,
        "waits_for": list(each.keys),
        "issues": [one.as_dict() for one in each.issues],
    }
