"""呈现: runs the demo, shows the report to a person and writes it for programs."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import orjson
from rich.console import Console

from gateway.demo.play import DemoOptions, play
from gateway.demo.rendering import render
from gateway.demo.report import Report
from gateway.errors import Misconfigured

WIDTH: Final = 140
"""Columns where there is no terminal that says how wide it is."""
_JSON: Final = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE


async def run(options: DemoOptions) -> Report:
    """Run the demo; write its report where `options.report` says. Raises Misconfigured, Unavailable."""
    _check_writable(options.report)
    report = await play(options)
    if options.report is not None:
        options.report.write_bytes(orjson.dumps(report.as_dict(), option=_JSON))
    return report


async def run_demo(options: DemoOptions) -> bool:
    """Run the demo, show its report on standard output; return whether all is accounted for."""
    report = await run(options)
    console = Console()
    if not console.is_terminal:
        console = Console(width=max(console.width, WIDTH))
    if options.as_json:
        console.file.write(orjson.dumps(report.as_dict(), option=_JSON).decode())
    elif not options.quiet:
        render(report, console)
    return report.ok


def _check_writable(path: Path | None) -> None:
    """Raise Misconfigured now rather than after a minute's work."""
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab"):
            pass
    except OSError as error:
        raise Misconfigured(f"--report {path}: {error.strerror}") from error
