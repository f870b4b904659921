"""jicai codes import, import-items, import-catalogue, export: whole tables in and out.

Exit 0: taken (or nothing to do); 1: findings, and nothing was written.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from gateway.commands.file_answers import (
    tell_catalogue,
    tell_findings,
    tell_import,
    tell_items,
    tell_preview,
)
from gateway.commands.questions import day, known_kind, known_partner
from gateway.commands.reviewing import (
    entitled,
    known_at,
    opened_review,
    read_crosswalk,
    utc_now,
)
from gateway.commands.terminal import (
    EXIT_NO,
    AsJson,
    load_settings,
    note,
    opened_journal,
    run,
    writing,
)
from gateway.settings import Settings

if TYPE_CHECKING:
    from gateway.coding.interchange.importing import ImportOrder, Progress
    from gateway.coding.interchange.views import View

Input = Annotated[Path, typer.Argument(metavar="FILE", help="CSV, XLSX, XLS 或 ODS")]
Partner = Annotated[str, typer.Option(help="对接方; 文件有此列时可省")]
By = Annotated[str, typer.Option("--by", help="经办人编号, listed in operators.toml")]
Columns = Annotated[
    list[str] | None, typer.Option("--column", help="字段=表头, 例 local_code=药品编码; 可重复")
]
PlanFile = Annotated[Path | None, typer.Option("--mapping", help="列映射 TOML")]
Sheet = Annotated[str, typer.Option(help="工作表名")]
Suggested = Annotated[bool, typer.Option("--suggested", help="采用常见表头的含义")]
PreviewOnly = Annotated[bool, typer.Option("--preview", help="只看差异, 不提交")]
Kind = Annotated[str, typer.Option(help="product | institution | enterprise")]
FORMATS: Final = ("csv", "xlsx", "fhir")


def import_file(
    file: Input,
    *,
    partner: Partner = "",
    kind: Kind = "",
    by: By = "",
    mapping: PlanFile = None,
    column: Columns = None,
    sheet: Sheet = "",
    since: Annotated[str, typer.Option("--valid-from", help="表中无生效日时的生效日")] = "",
    full: Annotated[bool, typer.Option("--full", help="此为该对接方全表: 表中没有的停用")] = False,
    suggested: Suggested = False,
    preview: PreviewOnly = False,
    evidence: Annotated[str, typer.Option(help="依据: 文号、函件")] = "",
    as_json: AsJson = False,
) -> None:
    """导入对照 propose a partner's table as one batch; another person approves it as a whole."""
    settings = load_settings()
    _check_names(settings, partner, kind)
    person = entitled(settings, by, "propose") if by or not preview else ""
    with _findings(as_json=as_json):
        order = _order(
            file,
            partner,
            kind,
            mapping,
            column,
            sheet,
            since,
            evidence,
            suggested=suggested,
            full=full,
        )
        if preview:
            run(_preview(settings, order, as_json=as_json))
        else:
            run(_import(settings, order, person, as_json=as_json))


def import_items(
    file: Input,
    *,
    partner: Partner = "",
    kind: Kind = "",
    by: By = "",
    mapping: PlanFile = None,
    column: Columns = None,
    sheet: Sheet = "",
    suggested: Suggested = False,
    preview: PreviewOnly = False,
    as_json: AsJson = False,
) -> None:
    """导入对接方目录 keep what a partner calls its codes; candidates are ranked by it."""
    settings = load_settings()
    _check_names(settings, partner, kind)
    if by or not preview:
        entitled(settings, by, "propose")
    with _findings(as_json=as_json):
        order = _order(file, partner, kind, mapping, column, sheet, "", "", suggested=suggested)
        run(_items(settings, order, preview=preview, as_json=as_json))


def import_catalogue(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="1301 下载: TXT 或 ZIP")],
    *,
    by: By = "",
    preview: PreviewOnly = False,
    without_bad: Annotated[
        bool, typer.Option("--without-bad-rows", help="有误的行除外, 其余照导")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """导入国家目录 take the national catalogue's download (1301) into the product store."""
    settings = load_settings()
    person = entitled(settings, by, "propose") if by or not preview else ""
    with _findings(as_json=as_json):
        run(
            _catalogue(
                settings, file, person, preview=preview, without_bad=without_bad, as_json=as_json
            )
        )


def export(
    *,
    partner: Annotated[str, typer.Option(help="对接方; 空为全部")] = "",
    kind: Kind = "",
    on: Annotated[str, typer.Option(help="只要该日有效的 YYYY-MM-DD")] = "",
    known: Annotated[str, typer.Option("--known-at", help="当时的认知: 时间或日期")] = "",
    history: Annotated[bool, typer.Option("--history", help="连同已不再采信的版本")] = False,
    form: Annotated[str, typer.Option("--format", help="csv | xlsx | fhir")] = "csv",
    plain: Annotated[
        bool, typer.Option("--plain", help="CSV 不加防公式的前缀, 供程序读取")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="文件; 空为标准输出")
    ] = None,
) -> None:
    """导出对照 write the crosswalk as a table that can be imported again, or as a FHIR ConceptMap."""
    from gateway.coding.interchange.views import View  # noqa: PLC0415 - the command line starts fast

    settings = load_settings()
    if form not in FORMATS:
        raise typer.BadParameter(f"{form}: 应为 one of {', '.join(FORMATS)}")
    if form == "xlsx" and output is None:
        raise typer.BadParameter("xlsx 须以 -o 指明文件 needs -o FILE")
    if history and (known or form == "fhir"):
        raise typer.BadParameter("--history 不可与 --known-at 或 fhir 同用 goes with neither")
    if partner:
        known_partner(settings, partner)
    if kind:
        known_kind(kind)
    view = View(partner, kind, day(on) if on else "", known_at(known), history)
    count = run(_export(settings, view, form, output, safe=not plain))
    note(f"已导出 {count} 条 exported")


def register(app: typer.Typer) -> None:
    """Add the commands to `jicai codes`."""
    app.command("import")(import_file)
    app.command("import-items")(import_items)
    app.command("import-catalogue")(import_catalogue)
    app.command("export")(export)


# ------------------------------------------------------------------ the work


def _check_names(settings: Settings, partner: str, kind: str) -> None:
    if partner:
        known_partner(settings, partner)
    if kind:
        known_kind(kind)


def _order(
    file: Path,
    partner: str,
    kind: str,
    mapping: Path | None,
    column: list[str] | None,
    sheet: str,
    since: str,
    evidence: str,
    *,
    suggested: bool,
    full: bool = False,
) -> ImportOrder:
    from gateway.coding.interchange.importing import ImportOrder  # noqa: PLC0415
    from gateway.coding.interchange.plan import ColumnPlan  # noqa: PLC0415
    from schemas.event_types import CHINA  # noqa: PLC0415

    plan = ColumnPlan.load(mapping) if mapping else ColumnPlan()
    plan = plan.with_columns(column or ()).with_constants(valid_from=day(since) if since else "")
    if sheet:
        plan = plan.model_copy(update={"sheet": sheet})
    today = utc_now().astimezone(CHINA).date().isoformat()
    return ImportOrder(
        file,
        plan,
        partner,
        kind,
        evidence,
        full=full,
        effective=plan.constant_day("valid_from") or today,
        suggested=suggested,
    )


@contextlib.contextmanager
def _findings(*, as_json: bool) -> Iterator[None]:
    """Tell what stands against a file as a whole, and end with 1."""
    from gateway.coding.interchange.findings import BadFile  # noqa: PLC0415

    try:
        yield
    except BadFile as error:
        tell_findings(error.found, as_json=as_json)
        raise typer.Exit(EXIT_NO) from error


def _partners(settings: Settings) -> list[str]:
    from gateway.partners import Partners  # noqa: PLC0415

    return [one.id for one in Partners.load(settings.home)]


async def _preview(settings: Settings, order: ImportOrder, *, as_json: bool) -> None:
    from gateway.coding.interchange.importing import prepare  # noqa: PLC0415

    crosswalk = await read_crosswalk(settings)
    _keep_for_good()
    with progressing() as progress:
        prepared = await asyncio.to_thread(prepare, order, crosswalk, _partners(settings), progress)
    tell_preview(prepared, as_json=as_json)
    if not prepared.preview.good:
        raise typer.Exit(EXIT_NO)


async def _import(settings: Settings, order: ImportOrder, by: str, *, as_json: bool) -> None:
    from gateway.coding.interchange.importing import file_batch, prepare  # noqa: PLC0415

    async with opened_review(settings) as review:
        _keep_for_good()
        with progressing() as progress:
            prepared = await asyncio.to_thread(
                prepare, order, review.crosswalk, _partners(settings), progress
            )
            if prepared.preview.good:
                imported = await file_batch(
                    prepared, review, by=by, now=utc_now(), progress=progress
                )
    if not prepared.preview.good:
        tell_preview(prepared, as_json=as_json)
        raise typer.Exit(EXIT_NO)
    tell_import(prepared, imported, as_json=as_json)
    if imported.refused:
        raise typer.Exit(EXIT_NO)


async def _items(settings: Settings, order: ImportOrder, *, preview: bool, as_json: bool) -> None:
    from gateway.coding.interchange.items import (  # noqa: PLC0415
        compare_items,
        keep_items,
        read_items,
    )

    async with opened_journal(settings, begin=True) as journal:
        with progressing() as progress:
            read = await asyncio.to_thread(read_items, order, _partners(settings), progress)
            bad = bool(read.findings)
            work: Callable[..., Awaitable[Any]] = compare_items if preview or bad else keep_items
            await work(journal, read)
    tell_items(read, written=not (preview or bad), as_json=as_json)
    if bad:
        raise typer.Exit(EXIT_NO)


async def _catalogue(
    settings: Settings, file: Path, by: str, *, preview: bool, without_bad: bool, as_json: bool
) -> None:
    from gateway.coding.interchange.catalogue import Catalogue, last_import  # noqa: PLC0415
    from gateway.coding.interchange.cells import Limits  # noqa: PLC0415
    from gateway.coding.interchange.national import CatalogueFile, Layout  # noqa: PLC0415

    opened = CatalogueFile(file, Layout.load(), Limits())
    async with opened_journal(settings, begin=True) as journal:
        before = await last_import(journal)
        if before is not None and before["state"] != "done":
            note(f"上次导入未完成 the last import was cut off: {before['source']}")
        work = Catalogue(opened, journal)
        with progressing() as progress:
            seen = await asyncio.to_thread(work.survey, progress)
            only_seen = preview or (seen.bad > 0 and not without_bad)
            if only_seen:
                await work.preview(progress)
            else:
                await work.write(
                    file.name, by=by, now=utc_now(), without_bad=without_bad, progress=progress
                )
    for line in opened.notes:
        note(line)
    tell_catalogue(seen, written=not only_seen, as_json=as_json)
    if seen.bad:
        raise typer.Exit(EXIT_NO)


async def _export(
    settings: Settings, view: View, form: str, output: Path | None, *, safe: bool
) -> int:
    from gateway.coding.interchange.outgoing import write_view  # noqa: PLC0415

    crosswalk = await read_crosswalk(settings)
    with writing(output) if output else contextlib.nullcontext():
        return await asyncio.to_thread(
            write_view, crosswalk, view, form, output, now=utc_now(), safe=safe
        )


def _keep_for_good() -> None:
    """Spare the collector the crosswalk: it stays until the command ends."""
    gc.collect()
    gc.freeze()


@contextlib.contextmanager
def progressing() -> Iterator[Progress]:
    """Show on the terminal what is being done; nothing where standard error is no terminal."""
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress as Bar  # noqa: PLC0415
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    console = Console(stderr=True)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description} {task.completed}"),
        TimeElapsedColumn(),
    )
    with Bar(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        tasks: dict[str, Any] = {}

        def tell(what: str, done: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(_DOING.get(what, what), total=None)
            bar.update(tasks[what], completed=done)

        yield tell


_DOING: Final = {
    "reading": "读取 reading",
    "comparing": "比较 comparing",
    "filing": "提交 filing",
    "writing": "写入 writing",
}
