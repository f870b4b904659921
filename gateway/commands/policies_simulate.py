"""jicai policies simulate, recompute: what other terms would do; whether a conclusion follows again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from gateway.commands.questions import day, moment
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
from schemas.money import yuan

if TYPE_CHECKING:
    from gateway.policies.running.replaying_check import Compared
    from gateway.policies.running.replaying_history import Progress as Told
    from gateway.policies.running.simulating import Question
    from gateway.policies.running.simulating_difference import Comparison, Difference, Summary
    from gateway.ports import Journal

SHOWN: Final = 200
"""Differences in a table; JSON has them all."""
_CHANGES: Final = {"added": "新增 added", "removed": "不再 removed", "changed": "改变 changed"}


def simulate(
    *,
    region: Annotated[str, typer.Option(help="条款所属地区 six digits, as the terms file says")],
    terms: Annotated[Path, typer.Option(metavar="NEW.toml", help="拟用条款 the changed terms")],
    since: Annotated[str, typer.Option("--from", help="起 first day YYYY-MM-DD")],
    until: Annotated[str, typer.Option("--to", help="止 last day YYYY-MM-DD, inclusive")],
    known_at: Annotated[str, typer.Option(help="只用此刻前已留痕的报文 RFC 3339")] = "",
    as_json: AsJson = False,
) -> None:
    """推演条款 run changed terms over the journal's history and print what would differ; writes nothing."""
    from gateway.policies.running.simulating import (  # noqa: PLC0415 - only here
        Question,
        doubts,
        terms_with,
    )

    first, last = date.fromisoformat(day(since)), date.fromisoformat(day(until))
    if last < first:
        raise Misconfigured(f"--to {last} 早于 is before --from {first}")
    rules = terms_with(region, terms)
    for each in doubts(region, terms):
        note(f"注意 note: {each.line()}")
    question = Question(region, first, last, _instant(known_at))
    found = run(_simulate(load_settings(), rules, question, quiet=as_json))
    if as_json:
        print_json({"region": region, "from": str(first), "to": str(last)} | found.as_dict())
        return
    _show(found)


def recompute(
    message_id: Annotated[str, typer.Argument(metavar="[ID]", help="结论编号; 空为全部")] = "",
    *,
    known_at: Annotated[str, typer.Option(help="以此刻所知 as known at, RFC 3339 or a day")] = "",
    as_json: AsJson = False,
) -> None:
    """重算结论 draw conclusions again from the journal and compare; 1 when one is not identical."""
    told = run(_recompute(load_settings(), message_id, _instant(known_at), quiet=as_json))
    if as_json:
        print_json(told)
    else:
        _show_recomputed(told)
    if told["findings"]:
        raise typer.Exit(EXIT_NO)


def _instant(text: str) -> datetime | None:
    """Return an instant; a bare day is known to its end in China."""
    from gateway.policies.running.replaying_history import instant_of  # noqa: PLC0415 - only here

    moment(text)
    if not text:
        return None
    return instant_of(text if "T" in text or " " in text else f"{text}T23:59:59.999999")


@contextmanager
def _progress(total: int, what: str, *, quiet: bool) -> Iterator[Told]:
    from rich.console import Console  # noqa: PLC0415 - only where something is shown
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415
    from rich.progress import TimeRemainingColumn as Remaining  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Remaining())
    with Progress(*columns, console=Console(stderr=True), disable=quiet) as bars:
        bar = bars.add_task(what, total=total)
        yield lambda rows: bars.update(bar, advance=rows)


async def _rows_of(journal: Journal) -> int:
    return sum(head.seq for head in await journal.heads())


# ------------------------------------------------------------------------------- simulate


async def _simulate(
    settings: Settings, rules: Any, question: Question, *, quiet: bool
) -> Comparison:
    from gateway.policies.registry import POLICIES  # noqa: PLC0415
    from gateway.policies.running import simulating, simulating_difference  # noqa: PLC0415 - only here
    from gateway.policies.running.replaying_history import recorded_order  # noqa: PLC0415
    from gateway.policies.terms import load_terms  # noqa: PLC0415

    async with opened_journal(settings) as journal:
        total = await _rows_of(journal)
        with _progress(total, "推演 simulating", quiet=quiet) as told:
            entries = recorded_order(journal, known_at=question.known_at, told=told)
            both = (load_terms(), rules)
            sides = await simulating.simulate(entries, journal.find, POLICIES, both, question)
    for side, named in zip(sides, ("现行 in force", "拟用 changed"), strict=True):
        if side.replay.failures:
            note(f"{named}: {len(side.replay.failures)} 条报文规则无法处理 could not be judged")
    return simulating_difference.compare(*sides)


def _show(found: Comparison) -> None:
    columns = ("项目 item", "现行 in force", "拟用 changed", "差 difference")
    print_table(columns, list(_totals(found.summary)))
    if not found.differences:
        note("无差异 nothing differs")
        return
    named = (
        "差异 change",
        "结论 conclusion",
        "对象 about",
        "现行 → 拟用 in force → changed",
        "依据 clause",
    )
    print_table(named, [_row(each) for each in found.differences[:SHOWN]])
    if len(found.differences) > SHOWN:
        note(f"共 {len(found.differences)} 项，以上 {SHOWN} 项，其余见 --json the rest with --json")


def _totals(summary: Summary) -> Iterator[tuple[str, str, str, str]]:
    for name, zh in (
        ("newly_warned", "新被预警机构 newly warned"),
        ("no_longer_warned", "不再预警机构 no longer warned"),
        ("newly_held", "新被暂停结算机构 settlement newly held"),
        ("no_longer_held", "不再暂停结算机构 no longer held"),
        ("newly_resumed", "新恢复结算机构 newly resumed"),
        ("no_longer_resumed", "不再恢复结算机构 no longer resumed"),
    ):
        institutions = getattr(summary, name)
        yield zh, "", "", f"{len(institutions)}: {', '.join(institutions)}" if institutions else "0"
    for zh, (before, after) in (
        ("暂停拨付金额(元) withheld, yuan", summary.withheld),
        ("应预付金额(元) prepaid, yuan", summary.prepaid),
        *((f"科目(元) account {name}", pair) for name, pair in summary.accounts.items()),
    ):
        yield zh, yuan(before), yuan(after), yuan(after - before)
    yield "变动价格 prices moved", "", "", str(summary.prices_moved)
    for name, (count, instead) in summary.conclusions.items():
        yield name, str(count), str(instead), f"{instead - count:+d}" if instead != count else "0"


def _row(each: Difference) -> tuple[str, ...]:
    about = ", ".join(f"{name}={value}" for name, value in each.about)
    fields = "\n".join(f"{name}: {old or '–'} → {new or '–'}" for name, old, new in each.fields)
    return (_CHANGES[each.change.value], each.type, about, fields, "\n".join(each.clauses))


# ------------------------------------------------------------------------------- recompute


async def _recompute(
    settings: Settings, message_id: str, known_at: datetime | None, *, quiet: bool
) -> dict[str, Any]:
    from gateway.policies.registry import POLICIES  # noqa: PLC0415
    from gateway.policies.running import replaying_check as checking  # noqa: PLC0415 - only here
    from gateway.policies.running.replaying_history import instant_of  # noqa: PLC0415
    from gateway.policies.terms import load_terms  # noqa: PLC0415

    async with opened_journal(settings) as journal:
        entry = await journal.find(message_id) if message_id else None
        if message_id and entry is None:
            raise Misconfigured(f"{message_id}: 没有此报文 no such message")
        if entry is not None and known_at is not None and instant_of(entry.recorded_at) > known_at:
            note(f"{message_id}: 此结论留痕在后 was recorded later, at {entry.recorded_at}")
        total = await _rows_of(journal)
        with _progress(total, "重算 recomputing", quiet=quiet) as told:
            if entry is None:
                whole = await checking.recompute(
                    journal, POLICIES, load_terms(), known_at=known_at, told=told
                )
                return _told(whole.order, whole.identical, whole.findings)
            try:
                order, one = await checking.recompute_one(
                    journal, POLICIES, load_terms(), entry, known_at=known_at, told=told
                )
            except KeyError:
                raise Misconfigured(f"{message_id}: 不是规则的结论 not a conclusion") from None
    identical = one.sameness is checking.Sameness.IDENTICAL
    return _told(order, int(identical), [] if identical else [one])


def _told(order: str, identical: int, findings: list[Compared]) -> dict[str, Any]:
    shown = [
        {
            "id": each.id,
            "type": each.type,
            "result": each.sameness.value,
            "fields": [
                {"path": path, "recorded": recorded, "recomputed": again}
                for path, recorded, again in each.fields
            ],
        }
        for each in findings
    ]
    return {"order": order, "identical": identical, "findings": shown}


_RESULTS: Final = {
    "differs": "不同 differs",
    "not_reproduced": "未能重现 not reproduced",
    "not_recorded": "留痕中没有 not recorded",
}


def _show_recomputed(told: dict[str, Any]) -> None:
    if told["findings"]:
        rows = [
            (
                _RESULTS[each["result"]],
                each["type"],
                each["id"],
                "\n".join(
                    f"{f['path']}: {f['recorded']} → {f['recomputed']}" for f in each["fields"]
                ),
            )
            for each in told["findings"]
        ]
        columns = ("结果 result", "结论 conclusion", "编号 id", "留痕 → 重算 recorded → recomputed")
        print_table(columns, rows)
    typer.echo(f"相同 identical: {told['identical']}, 不符 other: {len(told['findings'])}")
    if told["order"] == "recorded":
        note("无处理顺序记录，按留痕顺序重算 no record of the order of judging: in recorded order")
