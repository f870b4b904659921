"""模拟年的报告: data, volumes, scenes by rule and the reconciliation, for people and for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from gateway.demo.dataset import Dataset
from gateway.demo.year_cast import YEAR
from gateway.demo.year_evidence import Evidence
from gateway.demo.year_goods import Year
from gateway.demo.year_reconcile import SHOWN, Check
from gateway.demo.year_scenes import Scene

_MARKS: Final = {
    "shown": "[green]✓[/]",
    "missing": "[red]✗[/]",
    "pending": "[yellow]待实现 pending[/]",
}


@dataclass(frozen=True, slots=True)
class YearReport:
    """What the year came to. `scenes`: (scene, shown | missing | pending)."""

    rows: Mapping[str, int]
    places: Mapping[str, int]
    """Drugs by province."""
    institutions: int
    left_out: Sequence[str]
    sent: Mapping[str, int]
    concluded: Mapping[str, int]
    scenes: Sequence[tuple[Scene, str]]
    checks: Sequence[Check]
    elapsed_s: float

    @property
    def ok(self) -> bool:
        """Return whether everything reconciles and every scene shows whose rule is judged."""
        return all(check.ok for check in self.checks) and all(
            state != "missing" for _, state in self.scenes
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the report for programs."""
        return {
            "ok": self.ok,
            "year": YEAR,
            "rows": dict(self.rows),
            "drugs": dict(self.places),
            "institutions": self.institutions,
            "left_out": list(self.left_out),
            "sent": dict(self.sent),
            "concluded": dict(self.concluded),
            "scenes": [asdict(scene) | {"state": state} for scene, state in self.scenes],
            "reconciliation": [asdict(check) | {"ok": check.ok} for check in self.checks],
            "elapsed_s": self.elapsed_s,
        }


def make_report(
    dataset: Dataset,
    year: Year,
    scenes: Sequence[Scene],
    evidence: Evidence,
    checks: Sequence[Check],
    elapsed: float,
) -> YearReport:
    """Put the report together; pure."""
    return YearReport(
        rows=dataset.rows,
        places={place.name: len(year.lines[place.region]) for place in year.places},
        institutions=sum(len(place.buyers) for place in year.places),
        left_out=year.left_out,
        sent=Counter(each.type for each in year.book.said),
        concluded=Counter(each.type for each in evidence.derived),
        scenes=[(scene, _state(scene, evidence)) for scene in scenes],
        checks=checks,
        elapsed_s=round(elapsed, 1),
    )


def _state(scene: Scene, evidence: Evidence) -> str:
    if scene.shown_by(evidence.of(scene.type)):
        return "shown"
    return "pending" if scene.pending else "missing"


def render_year(report: YearReport, console: Console) -> None:
    """Show the report to a person, Chinese first."""
    drugs = "、".join(f"{name} {count}" for name, count in report.places.items())
    console.rule(f"[bold]模拟年 {YEAR} A simulated year")
    console.print(f"品种 drugs: {drugs}; 合成机构 synthetic institutions: {report.institutions}")
    console.print(
        f"真实: 目录、价格、约定采购量; 构造: 协议期、机构及其行为。报文 {sum(report.sent.values())} 条, "
        f"结论 {sum(report.concluded.values())} 条, 用时 {report.elapsed_s} s"
    )
    for each in report.left_out:
        console.print(f"  未纳入 left out: {each}", markup=False)
    _render_scenes(report, console)
    _render_checks(report, console)
    verdict = (
        "[bold green]分文不差 reconciled to the fen"
        if report.ok
        else "[bold red]有差异 differences"
    )
    console.rule(verdict)


def _render_scenes(report: YearReport, console: Console) -> None:
    table = Table(title="规则与场景 rules × scenes")
    for column in ("规则", "地区", "场景", "依据", "结果"):
        table.add_column(column)
    for scene, state in report.scenes:
        table.add_row(scene.rule, scene.region, scene.title, scene.clause, _MARKS[state])
    console.print(table)


def _render_checks(report: YearReport, console: Console) -> None:
    table = Table(title="对账 reconciliation (独立验算 by a second arithmetic)")
    for column in ("核对项", "项数", "金额(元)", "差异"):
        table.add_column(column)
    for check in report.checks:
        mark = "[green]0[/]" if check.ok else f"[red]{len(check.differences)}[/]"
        table.add_row(check.title, str(check.compared), check.total, mark)
    console.print(table)
    for check in report.checks:
        for each in check.differences[:SHOWN]:
            console.print(f"  ✗ {check.title}: {each}", markup=False)
        if len(check.differences) > SHOWN:
            console.print(f"  … {len(check.differences) - SHOWN} 项 more")
