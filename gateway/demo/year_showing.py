"""模拟年的呈现: runs the year, shows the report to a person and writes it for programs."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

import orjson
from rich.console import Console

from gateway.demo.showing import WIDTH
from gateway.demo.year_play import YearOptions, play_year
from gateway.demo.year_report import render_year
from gateway.errors import Misconfigured

_JSON: Final = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE


async def run_year(options: YearOptions) -> bool:
    """Play the year, show its report; return whether all reconciles. Raises Misconfigured, Unavailable."""
    if options.report is not None:
        await asyncio.to_thread(_write, options.report, b"")
    report = await play_year(options)
    written = orjson.dumps(report.as_dict(), option=_JSON)
    if options.report is not None:
        await asyncio.to_thread(_write, options.report, written)
    console = Console()
    if not console.is_terminal:
        console = Console(width=max(console.width, WIDTH))
    if options.as_json:
        console.file.write(written.decode())
    elif not options.quiet:
        render_year(report, console)
    return report.ok


def _write(path: Path, content: bytes) -> None:
    """Write the file; an empty one first, so that a wrong path is known before the year is played."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise Misconfigured(f"--report {path}: {error.strerror}") from error
