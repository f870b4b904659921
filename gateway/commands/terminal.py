"""终端: how commands start, print and end."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import orjson
import structlog
import typer
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.errors import Misconfigured
from gateway.settings import Settings

if TYPE_CHECKING:
    from gateway.ports import Journal

Result = TypeVar("Result")
AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON print JSON for scripts")]
EXIT_NO: Final = 1
"""The answer is no: not found, findings, something refused."""
UNCUT: Final = 400
"""Columns of a table that goes to a file or another program: nothing is cut there."""
_SAID: Final = {
    "int_parsing": "应为整数",
    "float_parsing": "应为数字",
    "greater_than": "应大于 {gt}",
    "greater_than_equal": "应不小于 {ge}",
    "less_than_equal": "应不大于 {le}",
    "literal_error": "应为 {expected}",
    "string_pattern_mismatch": "格式应为 {pattern}",
}
"""pydantic's kind of error → what an operator reads first."""


def load_settings(**given: object) -> Settings:
    """Return the settings from the environment and what the command line gives; None is not given.

    Raises Misconfigured with every finding, each naming its environment variable.
    """
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        raise Misconfigured(*map(_setting_finding, error.errors())) from error


def _setting_finding(each: ErrorDetails) -> str:
    name = f"JICAI_{'_'.join(map(str, each['loc'])).upper()}"
    said = _SAID.get(each["type"], "").format(**each.get("ctx", {}))
    shown = "" if isinstance(each["input"], dict) else f"{each['input']!r}: "
    return f"{name}: {shown}{said}{' ' if said else ''}{each['msg']}"


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine to its end on the fast loop."""
    if sys.platform == "win32":
        return asyncio.run(work)
    import uvloop  # noqa: PLC0415 - only where something runs

    return uvloop.run(work)


def log_beside_output() -> None:
    """Let log lines go to standard error: a command's output is for other programs."""
    # as it is when the line is written: it may have been replaced since
    structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))


def print_json(shown: object) -> None:
    """Print JSON, readable, keys as given."""
    sys.stdout.buffer.write(orjson.dumps(shown, option=orjson.OPT_INDENT_2) + b"\n")
    sys.stdout.flush()


def print_line(shown: object) -> None:
    """Print one JSON value on one line, at once."""
    sys.stdout.buffer.write(orjson.dumps(shown, option=orjson.OPT_APPEND_NEWLINE))
    sys.stdout.flush()


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table; long cells are folded, never cut. An empty one says so on standard error."""
    table = Table()
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))  # as text: a partner's words are no markup
    console = Console() if sys.stdout.isatty() else Console(width=UNCUT)
    console.print(table)
    if not table.rows:
        note("无记录 nothing to show")


def note(text: str) -> None:
    """Tell the operator something that is not the command's output."""
    typer.echo(text, err=True)


def home_of(settings: Settings) -> Path:
    """Return the data folder. Raises Misconfigured when there is none, or it is no folder."""
    home = settings.home
    if not home.exists():
        raise Misconfigured(
            f"JICAI_HOME: {home}: 数据目录不存在 there is no such folder "
            "(`jicai partner add` or `jicai up` makes it)"
        )
    if not home.is_dir():
        raise Misconfigured(f"JICAI_HOME: {home}: 不是目录 not a folder")
    return home


@contextlib.asynccontextmanager
async def opened_journal(settings: Settings, *, begin: bool = False) -> AsyncIterator[Journal]:
    """Open the journal for reading and small writes; it may be in use by a running gateway.

    Raises Misconfigured where nothing was ever journalled: a mistyped home must not look empty. With
    `begin` one that lists partners gets its journal: codes may be prepared before the gateway first runs.
    """
    from gateway.journal.opening import open_journal  # noqa: PLC0415 - databases load slowly

    home = home_of(settings)
    known = (home / "journal.db").exists() or (begin and (home / "partners.toml").exists())
    if settings.journal == "sqlite" and not known:
        raise Misconfigured(
            f"JICAI_HOME: {settings.home}: 没有 journal.db, no gateway ever ran on this home"
        )
    journal = open_journal(settings)
    await journal.start()
    try:
        yield journal
    finally:
        await journal.stop()


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the file system refuses into a finding that names the file."""
    try:
        yield
    except (FileExistsError, NotADirectoryError) as error:
        raise Misconfigured(f"{error.filename or path}: 不是目录 not a folder") from error
    except OSError as error:
        where = error.filename or path
        raise Misconfigured(f"{where}: 无法写入 cannot be written: {error.strerror}") from error
