"""终端: how commands start, print and end."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Coroutine
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import orjson
import typer
from pydantic import ValidationError

from gateway.errors import Misconfigured
from gateway.settings import Settings

if TYPE_CHECKING:
    from gateway.ports import Journal

Result = TypeVar("Result")
AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON print JSON for scripts")]


def load_settings(**given: object) -> Settings:
    """Return the settings from the environment and what the command line gives; None is not given.

    Raises Misconfigured with every finding, each naming its environment variable.
    """
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        raise Misconfigured(
            *(
                f"JICAI_{'_'.join(map(str, each['loc'])).upper()}: {each['msg']}"
                for each in error.errors()
            )
        ) from error


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine to its end on the fast loop."""
    if sys.platform == "win32":
        return asyncio.run(work)
    import uvloop  # noqa: PLC0415 - only where something runs

    return uvloop.run(work)


def print_json(shown: object) -> None:
    """Print JSON, readable, keys as given."""
    sys.stdout.buffer.write(orjson.dumps(shown, option=orjson.OPT_INDENT_2) + b"\n")
    sys.stdout.flush()


@contextlib.asynccontextmanager
async def opened_journal(settings: Settings) -> AsyncIterator[Journal]:
    """Open the journal for reading and small writes; it may be in use by a running gateway."""
    from gateway.journal.opening import open_journal  # noqa: PLC0415 - databases load slowly

    journal = open_journal(settings)
    await journal.start()
    try:
        yield journal
    finally:
        await journal.stop()
