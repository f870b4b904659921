"""jicai codes: the crosswalk, and what is held for want of a code."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.commands import code_checking
from gateway.commands.code_review import register, version_row
from gateway.commands.questions import day, known_kind, known_partner
from gateway.commands.reviewing import known_at, read_crosswalk, utc_now
from gateway.commands.terminal import (
    EXIT_NO,
    AsJson,
    load_settings,
    note,
    opened_journal,
    print_json,
    print_table,
    run,
)
from gateway.ports import Held
from gateway.settings import Settings

if TYPE_CHECKING:
    from gateway.coding.records import CrosswalkVersion

app = typer.Typer(help="编码对照 codes", no_args_is_help=True)
app.command("check")(code_checking.check)
Day = Annotated[str, typer.Option(help="日期 YYYY-MM-DD")]
Kind = Annotated[str, typer.Option(help="product | institution | enterprise")]
_SAID = {
    "unknown": "未对照 unknown",
    "expired": "当日无有效对照 no meaning that day",
    "broader": "统一码较宽,不用于转码 the unified code means more",
    "narrower": "统一码较窄,不用于转码 the unified code means less",
    "none": "不予对照 has no unified code",
}
register(app)


@app.command()
def resolve(
    partner: str,
    code: str,
    on: Day,
    *,
    kind: Kind = "product",
    known: Annotated[str, typer.Option("--known-at", help="当时的认知: 时间或日期")] = "",
    as_json: AsJson = False,
) -> None:
    """查对照 what a partner's code means on a day, as is believed now or was at another time."""
    settings = load_settings()
    known_kind(kind)
    known_partner(settings, partner)
    at = known_at(known)
    crosswalk = run(read_crosswalk(settings))
    version = crosswalk.as_of(partner, kind, code, day(on), at)
    unified = version.unified_code if version is not None and _codes(version) else None
    reason = _reason(version, crosswalk.absence(partner, kind, code))
    if as_json:
        found = {"code": code, "on": on, "unified_code": unified, "reason": reason}
        print_json(found | {"known_at": at, "version": version and asdict(version)})
    else:
        typer.echo(unified or f"{partner} {kind} {code} {on}: {_SAID[reason]}")
        if version is not None:
            note(" · ".join(filter(None, version_row(version))))
    if unified is None:
        raise typer.Exit(EXIT_NO)


def _codes(version: CrosswalkVersion) -> bool:
    return version.relation == "equivalent"


def _reason(version: CrosswalkVersion | None, absence: str) -> str:
    """Return why there is no unified code to code by, "" where there is one."""
    if version is None:
        return absence
    return "" if _codes(version) else version.relation.value


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
    from gateway.coding.holds import Holds  # noqa: PLC0415
    from gateway.partners import Partners  # noqa: PLC0415

    crosswalk = await read_crosswalk(settings)
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
