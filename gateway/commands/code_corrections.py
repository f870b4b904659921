"""jicai codes impact, recode: what a change of a code's meaning touches, and saying it again."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gateway.commands.questions import day, known_kind, known_partner
from gateway.commands.reviewing import entitled, read_crosswalk, utc_now
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
from gateway.errors import Misconfigured
from gateway.settings import Settings

if TYPE_CHECKING:
    from gateway.coding.crosswalk import Crosswalk
    from gateway.coding.impact import Impact
    from gateway.coding.recoding import Recoded

_LAST_DAY = "9999-12-31"
_FIRST_DAY = "0001-01-01"
_LEFT = {
    "missing": "留痕中没有 not in the journal",
    "not_published": "未放行 held, or no message",
    "not_said_by_a_partner": "非对接方报文 the gateway's own",
    "partner_gone": "对接方未登记 the partner is not listed",
    "uncoded": "现无对照 has no meaning now",
    "contract": "不符合契约 breaks its contract",
    "unchanged": "编码未变 means the same now",
}
Kind = Annotated[str, typer.Option(help="product | institution | enterprise")]
Since = Annotated[str, typer.Option("--from", help="起始业务日 YYYY-MM-DD, 空为最早")]
Until = Annotated[str, typer.Option("--to", help="截止业务日 YYYY-MM-DD, 空为长期")]


def impact(
    partner: str,
    code: str,
    *,
    kind: Kind = "product",
    since: Since = "",
    until: Until = "",
    was: Annotated[str, typer.Option(help="原以为的统一码, 空为不限")] = "",
    becomes: Annotated[
        str | None, typer.Option(help="将成为的统一码 ('' 为无); 不给则按现行对照")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """影响范围 the messages that a changed meaning touches, and what was concluded from them."""
    settings = load_settings()
    asked = _asked(settings, partner, code, kind, since, until)
    found = run(_impact(settings, asked, was, becomes, quiet=as_json))
    if as_json:
        print_json(found.as_dict())
        return
    columns = ("报文 id", "类型 type", "业务日 day", "现 now", "将 then")
    rows = [(e.id, e.type, e.day, ", ".join(e.now) or "–", e.then or "–") for e in found.touched]
    print_table(columns, rows)
    if found.concluded:
        named = ("结论 conclusion", "类型 type", "业务键 subject", "时间 time")
        print_table(named, [(e.id, e.type, e.subject, e.time) for e in found.concluded])
    note(
        f"涉及报文 {len(found.touched)} messages touched, 结论 {len(found.concluded)} conclusions, "
        f"挂起 {found.held} still held; 非原码 {len(found.otherwise)} coded otherwise"
    )


def recode(
    ids: Annotated[list[str] | None, typer.Argument(help="报文 id")] = None,
    *,
    by: Annotated[str, typer.Option("--by", help="经办人编号, listed in operators.toml")],
    reason: Annotated[str, typer.Option(help="理由")],
    everything: Annotated[
        bool, typer.Option("--all", help="所有受影响的报文, 须给 --partner 与 --code")
    ] = False,
    partner: Annotated[str, typer.Option(help="配合 --all")] = "",
    code: Annotated[str, typer.Option(help="配合 --all")] = "",
    kind: Kind = "product",
    since: Since = "",
    until: Until = "",
    decision: Annotated[str, typer.Option(help="据以更正的审定报文 id")] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="不再询问")] = False,
    as_json: AsJson = False,
) -> None:
    """更正重放 say messages again by the codes of now; the earlier ones stay and are superseded."""
    if bool(ids) == everything or (everything and not (partner and code)):
        said = "应给出报文 id, 或 --all --partner P --code C, give ids or --all with both"
        raise typer.BadParameter(said)
    if as_json and not yes:
        raise typer.BadParameter("--json 须与 --yes 同用, --json needs --yes")
    settings = load_settings()
    person = entitled(settings, by, "approve")
    chosen = list(ids or [])
    if everything:
        asked = _asked(settings, partner, code, kind, since, until)
        touched = run(_impact(settings, asked, "", None, quiet=as_json)).touched
        chosen = [each.id for each in touched]
    if chosen and not yes:
        typer.confirm(f"更正 {len(chosen)} 条报文 messages, 继续 go on?", abort=True, err=True)
    done = run(_recode(settings, chosen, person, reason, decision, quiet=as_json))
    _tell(done, as_json=as_json)
    if any(each.why != "unchanged" for each in done.left):
        raise typer.Exit(EXIT_NO)


_Asked = tuple[str, str, str, str, str]


def _asked(
    settings: Settings, partner: str, code: str, kind: str, since: str, until: str
) -> _Asked:
    known_kind(kind)
    known_partner(settings, partner)
    first, last = day(since) if since else _FIRST_DAY, day(until) if until else _LAST_DAY
    if first > last:
        raise typer.BadParameter(f"--from {first} 晚于 is after --to {last}")
    return partner, kind, code, first, last


async def _impact(
    settings: Settings, asked: _Asked, was: str, becomes: str | None, *, quiet: bool
) -> Impact:
    from gateway.coding.impact import impact as walk  # noqa: PLC0415 - the command line starts fast

    partner, kind, code, first, last = asked
    meaning = becomes if becomes is not None else _by_day(await read_crosswalk(settings), asked)
    async with opened_journal(settings) as journal:
        with _bar("查找 looking", quiet=quiet) as progress:
            return await walk(
                journal,
                partner,
                kind,
                code,
                valid_from=first,
                valid_to=last,
                was=was,
                becomes=meaning,
                progress=progress,
            )


def _by_day(crosswalk: Crosswalk, asked: _Asked) -> Callable[[str], str]:
    partner, kind, code, *_ = asked
    return lambda on: crosswalk.resolve(partner, kind, code, on) or ""


async def _recode(
    settings: Settings, chosen: list[str], by: str, reason: str, decision: str, *, quiet: bool
) -> Recoded:
    from gateway.coding.recoding import recode as again  # noqa: PLC0415 - the command line starts fast
    from gateway.partners import Partners  # noqa: PLC0415

    partners, crosswalk = Partners.load(settings.home), await read_crosswalk(settings)
    async with opened_journal(settings) as journal:
        if decision and await journal.find(decision) is None:
            raise Misconfigured(f"--decision {decision}: 没有此报文 no such message")
        with _bar("更正 correcting", quiet=quiet) as progress:
            return await again(
                journal,
                chosen,
                crosswalk,
                partners,
                by=by,
                reason=reason,
                now=utc_now(),
                decision=decision,
                progress=progress,
            )


@contextlib.contextmanager
def _bar(title: str, *, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """Show how far the work is, on standard error."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    with Progress(*columns, TimeRemainingColumn(), console=console, disable=quiet) as bars:
        bar = bars.add_task(title, total=None)
        yield lambda done, total: bars.update(bar, completed=done, total=total)


def _tell(done: Recoded, *, as_json: bool) -> None:
    if as_json:
        left = [
            {"id": e.id, "why": e.why, "issues": [one.as_dict() for one in e.issues]}
            for e in done.left
        ]
        print_json({"corrected": [list(pair) for pair in done.corrected], "left": left})
        return
    typer.echo(f"已更正 {len(done.corrected)} 条 corrected, 未动 {len(done.left)} 条 left as is")
    if done.left:
        columns = ("报文 id", "原因 why", "说明 issues")
        rows = [(e.id, _LEFT[e.why], "; ".join(one.zh for one in e.issues)) for e in done.left]
        print_table(columns, rows)
