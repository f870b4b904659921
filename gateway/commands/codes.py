"""jicai codes: the crosswalk, and what is held for want of a code."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.commands import code_checking, code_files, code_holds
from gateway.commands.code_review import register, version_row
from gateway.commands.questions import day, known_kind, known_partner
from gateway.commands.reviewing import known_at, read_crosswalk
from gateway.commands.terminal import (
    EXIT_NO,
    AsJson,
    load_settings,
    note,
    print_json,
    run,
)

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
code_files.register(app)
code_holds.register(app)


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
