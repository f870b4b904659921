"""模拟年命令: `jicai demo-year`, a whole year of the real catalogue in three provinces."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.commands.terminal import EXIT_NO, AsJson, run


def demo_year(
    *,
    data: Annotated[Path | None, typer.Option(help="数据文件夹 folder with vbp_*.csv")] = None,
    report: Annotated[Path | None, typer.Option(help="报告 JSON file to write")] = None,
    regions: Annotated[str, typer.Option(help="只做这些省份 GB/T 2260, comma separated")] = "",
    drugs: Annotated[int, typer.Option(min=0, help="每省只取几个品种, 0 为全部 all")] = 0,
    as_json: AsJson = False,
) -> None:
    """模拟年 the whole catalogue through a year of three provinces; exit code 0 only when it reconciles."""
    from gateway.demo.year_play import YearOptions  # noqa: PLC0415 - only here
    from gateway.demo.year_showing import run_year  # noqa: PLC0415 - only here

    options = YearOptions(
        data=data,
        report=report,
        regions=tuple(one for one in regions.split(",") if one),
        drugs=drugs,
        as_json=as_json,
    )
    if not run(run_year(options)):
        raise typer.Exit(EXIT_NO)
