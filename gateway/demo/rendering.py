"""排版: the report as a person reads it, Chinese first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import islice
from typing import Final

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from gateway.demo.findings import TITLES, Finding
from gateway.demo.letters import MEASURES
from gateway.demo.report import Report, Standing
from gateway.demo.reviewing import ReviewScene
from schemas.events import EVENT_TYPES
from schemas.money import PRICE_SCALE, QUANTITY_SCALE, plain, yuan

COUNTED: Final = ("documents", "accepted", "duplicate", "held", "rejected")
SHOWN_PRICES: Final = 40
SHOWN_STANDINGS: Final = 40
SHOWN_NAMES: Final = 12
SHOWN_EXPLANATION: Final = 45
NAMED_IN_FULL: Final = frozenset(
    {
        "file.missing",
        "file.encoding",
        "volume.no_winner",
        "volume.no_supplier",
        "volume.no_price",
        "winner.no_volume",
        "winner.no_region",
        "supply.no_volume",
        "spec.mismatch",
        "drug.ambiguous",
        "drug.form_assumed",
        "drug.unmatched",
        "enterprise.unresolved",
        "enterprise.fits_nobody",
        "region.unknown",
        "batch.undated",
    }
)
"""What must be read by name; the others are shown in part, and all stand in the JSON report."""
_KINDS: Final = {
    "warned": "[yellow]预警 warned[/]",
    "held": "[red]暂停结算 held[/]",
    "resumed": "[green]恢复结算 resumed[/]",
    "lifted": "[green]预警解除 lifted[/]",
}


def render(report: Report, console: Console) -> None:
    """Print the report."""
    _title(report, console)
    console.print(_inputs(report))
    console.print(_topics(report))
    if report.linked_prices:
        console.print(_prices(report))
        _more(console, len(report.linked_prices), SHOWN_PRICES)
    if report.standings:
        console.print(_standings(report.standings))
        _more(console, len(report.standings), SHOWN_STANDINGS)
    if report.review is not None:
        console.print(_review(report.review))
    console.print(_wrong_inputs(report))
    _findings(report.findings, console)
    _explained(report, console)
    console.print(_reconciliation(report))
    _verdict(report, console)


def _table(title: str, *columns: str, numbers: int = 0) -> Table:
    """Return an empty table; the last `numbers` columns are right-aligned."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, title_style="bold cyan")
    for place, column in enumerate(columns):
        right = place >= len(columns) - numbers
        table.add_column(column, justify="right" if right else "left", overflow="fold")
    return table


def _title(report: Report, console: Console) -> None:
    data = report.data
    sizes = (
        f"品种 drugs {data['drugs']} · 中选产品 selected products {data['selected_products']} · "
        f"地区 regions {data['regions']}"
    )
    volumes = (
        f"约定采购量 {data['task_units']} 最小单位,分解为 {data['tasks']} 项任务 "
        f"({_some(data['buying_regions'])})"
    )
    lines = [
        f"批次 batches: {'、'.join(data['batches'])}",
        sizes,
        volumes,
        f"价格与数量为公开事实;{data['synthetic_institutions']} 家机构及其行为均为合成。",
        "Prices and volumes are public facts; institutions and what they do are synthetic.",
    ]
    console.print(
        Panel(
            Text("\n".join(lines)),
            title="集采互联互通网关 演示报告 jicai demo",
            border_style="cyan",
            expand=False,
        )
    )


def _inputs(report: Report) -> Table:
    table = _table(
        "一、收到什么 what came in",
        *("报文 document", "接口 interface"),
        *("份数", "受理 accepted", "重复 dup.", "挂起 held", "拒收 rejected"),
        numbers=5,
    )
    for title, counted in report.inputs.items():
        numbers = (_number(counted.get(state, 0)) for state in COUNTED)
        table.add_row(title, report.interfaces.get(title, ""), *numbers)
    totals = [sum(each.get(state, 0) for each in report.inputs.values()) for state in COUNTED]
    table.add_section()
    table.add_row("合计 total", "", *map(_number, totals), style="bold")
    counts = report.counts
    table.caption = (
        f"编码挂起 {counts['held']} 条,对照后按序放行 {counts['released']} 条;"
        f"认证或限量拒绝 {counts['refused']} 次,编号冲突 {counts['conflicts']} 次"
    )
    return table


def _topics(report: Report) -> Table:
    table = _table(
        "二、去了哪里 where it went",
        *("主题 topic", "内容", "条数 messages"),
        numbers=1,
    )
    titles = {listed.topic: listed for listed in EVENT_TYPES.values()}
    for topic, count in report.by_topic.items():
        if count:
            said = (titles[topic].model.__doc__ or "").split(":")[0].split(".")[0].strip()
            style = "magenta" if titles[topic].derived else ""
            table.add_row(topic, said, _number(count), style=style)
    found = report.reconciliation
    table.caption = (
        f"结论 conclusions {report.counts['conclusions']} 条;下发并有回执 delivered "
        f"{found.delivered} 次,死信 dead letters {found.dead_lettered}"
    )
    return table


def _prices(report: Report) -> Table:
    table = _table(
        "三、价格联动 linked prices",
        *("地区", "药品", "规格", "原价", "联动价", "降幅 %", "依据地区", "依据规格", "依据价"),
    )
    for one in report.linked_prices[:SHOWN_PRICES]:
        table.add_row(
            escape(one.region),
            escape(one.drug),
            escape(one.specification),
            _price(one.price_before),
            f"[green]{_price(one.price_after)}[/]",
            one.change_pct,
            escape(one.reference_region),
            escape(one.reference_specification) + (" 差比价" if one.converted else ""),
            _price(one.reference_price),
        )
    clauses = sorted({clause for one in report.linked_prices for clause in one.clauses})
    table.caption = "依据 clauses: " + ";".join(clauses)
    return table


def _standings(standings: Iterable[Standing]) -> Table:
    listed = list(standings)
    table = _table(
        "四、预警与暂停 warnings and holds (合成机构 synthetic institutions)",
        *("日期", "结论", "机构", "药品", "季度", "完成率"),
        numbers=1,
    )
    for one in listed[:SHOWN_STANDINGS]:
        completion = one.completion
        drug = escape(one.drug)
        table.add_row(one.date, _KINDS[one.kind], one.institution, drug, one.period, completion)
    clauses = sorted({clause for one in listed for clause in one.clauses})
    counted = {kind: sum(one.kind == kind for one in listed) for kind in _KINDS}
    table.caption = (
        f"预警 {counted['warned']} · 暂停 {counted['held']} · 恢复 {counted['resumed']} · "
        f"解除 {counted['lifted']};依据 {';'.join(clauses)}"
    )
    return table


def _review(scene: ReviewScene) -> Table:
    table = _table(
        "五、编码评审 review of a code",
        "候选 candidate",
        "得分 score",
        "完全一致 exact",
        "依据 evidence",
    )
    for one in scene.candidates:
        chosen = "bold green" if one.unified_code == scene.meaning else ""
        exact = "是 yes" if one.exact else "否 no"
        table.add_row(one.unified_code, one.score, exact, one.evidence, style=chosen)
    table.caption = (
        f"{scene.partner} 的本地编码 {scene.local_code} 无人对照:{scene.direct} 条报文等它,"
        f"{scene.behind} 条排在其后\n"
        f"{scene.people[0]} 提议 → {scene.meaning};想自行审定时:{scene.alone}\n"
        f"{scene.people[1]} 审定后按序放行 {scene.released} 条 released in order"
    )
    return table


def _wrong_inputs(report: Report) -> Table:
    table = _table("六、错误报文 wrong inputs", "报文", "应答", "网关说明", "")
    for one in report.wrong_inputs:
        mark = "[green]✓[/]" if one.as_expected else f"[red]✗ {one.expected}[/]"
        table.add_row(one.title, one.answered, escape(one.said), mark)
    return table


def _findings(findings: Iterable[Finding], console: Console) -> None:
    grouped: dict[str, list[Finding]] = defaultdict(list)
    for one in findings:
        grouped[one.kind].append(one)
    console.print(Text("七、数据发现 what is odd about the data", style="bold cyan"))
    for kind, found in grouped.items():
        console.print(f"  [bold]{TITLES[kind]}[/] ({len(found)})", highlight=False)
        shown = found if kind in NAMED_IN_FULL else found[:SHOWN_NAMES]
        for one in shown:
            where = f"  [{one.where}]" if one.where else ""
            console.print(Text(f"    · {one.what}{where}"), style="dim")
        if len(shown) < len(found):
            console.print(f"    … 另有 {len(found) - len(shown)} 项,见 JSON 报告", style="dim")
    console.print()


def _explained(report: Report, console: Console) -> None:
    if not report.explained:
        return
    lines = report.explained.splitlines()
    shown = list(islice(lines, SHOWN_EXPLANATION))
    if len(lines) > len(shown):
        shown.append(f"… 另有 {len(lines) - len(shown)} 行 more lines (jicai explain)")
    console.print(Text("八、一个结论的来龙去脉 one conclusion explained", style="bold cyan"))
    console.print(Panel(Text("\n".join(shown)), border_style="dim"))


def _reconciliation(report: Report) -> Table:
    table = _table(
        "九、对账 reconciliation",
        *("报文类型", "报送", "留痕", "主题", "合计内容", "报送合计", "主题合计", ""),
    )
    for row in report.reconciliation.rows:
        measure = MEASURES.get(row.type)
        unit = measure.unit if measure is not None else ""
        table.add_row(
            EVENT_TYPES[row.type].entity_event,
            *(_number(each[0]) for each in (row.sent, row.journal, row.topics)),
            measure.title if measure is not None else "",
            _sum(row.sent[1], unit),
            _sum(row.topics[1], unit),
            "[green]✓[/]" if row.same else "[red]✗[/]",
        )
    return table


def _verdict(report: Report, console: Console) -> None:
    found = report.reconciliation
    evidence = found.evidence
    chain = evidence.chain_broken or f"完整 intact, {_number(evidence.chain_entries)} 条"
    counted = (
        f"丢失 lost {len(found.lost)} · 重复 doubled {len(found.doubled)} · "
        f"未解释 unexplained {len(found.unexplained)} · 死信 dead letters {found.dead_lettered}"
        + (f" · 主题内重发 republished {found.republished}" if found.republished else "")
    )
    booked = sum(evidence.booked.values())
    lines = [
        f"审计链 audit chain: {chain}",
        f"差额 difference: {yuan(found.fen_difference)} 元",
        f"对接方入账 in the partners' books: {_number(booked)} 笔,销售 {yuan(evidence.sold_fen)} 元",
        counted,
        *(f"  丢失 {name}" for name in found.lost[:SHOWN_NAMES]),
        *(f"  重复 {name}" for name in found.doubled[:SHOWN_NAMES]),
        *(f"  未解释 {name}" for name in found.unexplained[:SHOWN_NAMES]),
        f"用时 {report.elapsed_s} 秒",
    ]
    title = (
        "✓ 分毫不差 everything is accounted for" if report.ok else "✗ 对账不平 NOT accounted for"
    )
    colour = "green" if report.ok else "red"
    console.print(Panel(Text("\n".join(lines)), title=title, border_style=colour, expand=False))


def _more(console: Console, count: int, shown: int) -> None:
    if count > shown:
        console.print(f"  … 另有 {count - shown} 条,见 JSON 报告 (--report)\n", style="dim")


def _sum(value: int, unit: str) -> str:
    if unit == "fen":
        return f"{yuan(value)} 元"
    if unit == "units":
        return plain(value, QUANTITY_SCALE)
    if unit == "price":
        return f"{plain(value, PRICE_SCALE)} 元"
    return _number(value) if unit else ""


def _number(value: int) -> str:
    return f"{value:,}" if value else "-"


def _price(text: str) -> str:
    """Return a unit price without the zeros that its scale adds."""
    whole, _, fraction = text.partition(".")
    kept = fraction.rstrip("0")
    return f"{whole}.{kept}" if kept else whole


def _some(names: list[str]) -> str:
    shown = "、".join(names[:SHOWN_NAMES])
    return shown + (f" 等 {len(names)} 个地区" if len(names) > SHOWN_NAMES else "")
