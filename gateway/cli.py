"""命令行: the `jicai` command. Heavy imports happen inside the commands that need them."""

from __future__ import annotations

import io
import logging
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated

import typer

from gateway.commands import (
    codes,
    demo_year,
    messages,
    partner,
    policies,
    running,
    settings,
    topics,
)
from gateway.errors import Misconfigured, Refused, Rejected, Tampered, Unavailable

app = typer.Typer(
    name="jicai",
    help="集采互联互通网关 Interoperability gateway for volume-based drug procurement.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("up")(running.up)
app.command("serve")(running.serve)
app.command("work")(running.work)
app.command("demo")(running.demo)
app.command("demo-year")(demo_year.demo_year)
app.command("simulate")(running.simulate)
app.command("check")(running.check)
app.command("settings")(settings.show)
app.command("verify")(messages.verify)
app.command("explain")(messages.explain)
app.command("search")(messages.search)
app.add_typer(messages.replay_app, name="replay")
app.add_typer(partner.app, name="partner")
app.add_typer(codes.app, name="codes")
app.add_typer(policies.app, name="policies")
app.add_typer(topics.app, name="topics")


def _tell_version(wanted: bool) -> None:  # noqa: FBT001 - the option as given
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 - only here

        typer.echo(f"jicai {version('jicai-gateway')}")
        raise typer.Exit


@app.callback()
def _root(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="版本 show the version", is_eager=True, callback=_tell_version
        ),
    ] = False,
) -> None:
    """The command, see `app`."""


EXIT_REFUSED = 1
EXIT_MISCONFIGURED = 2
EXIT_UNAVAILABLE = 3
EXIT_TAMPERED = 4
EXIT_FAILED = 70
EXIT_INTERRUPTED = 130


def main() -> None:
    """Run the command; what went wrong becomes one line per finding and an exit code, never a trace.

    0 done; 1 the answer is no (not found, findings, something refused); 2 the operator must act (wrong
    command line, Misconfigured); 3 something is down (Unavailable), try again; 4 evidence is broken
    (Tampered); 70 a fault of the program; 130 interrupted.
    """
    # libraries (aiokafka) say on their own what the command says once at its end
    logging.getLogger().addHandler(logging.NullHandler())
    if isinstance(sys.stdout, io.TextIOWrapper):
        # a terminal in GBK has no ✓: it is shown escaped, as on standard error
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        app()
    except Exception as error:  # noqa: BLE001 - the outermost door: an operator never sees a trace
        sys.exit(_ended(error))
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)


def _ended(error: Exception) -> int:  # noqa: PLR0911 - a list, one line per kind
    """Print what went wrong and return the exit code."""
    match error:
        case BrokenPipeError():
            # whoever read our output has left; nothing more may be written at the exit either
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return EXIT_UNAVAILABLE
        case Misconfigured():
            lines = [f"配置有误 misconfigured: {finding}" for finding in error.findings]
            return _said("\n".join(lines), EXIT_MISCONFIGURED)
        case Unavailable():
            return _said(f"暂不可用 unavailable: {error}", EXIT_UNAVAILABLE)
        case Tampered():
            return _said(f"审计链校验失败 the chain is broken: {error}", EXIT_TAMPERED)
        case Refused():
            return _said(f"不允许 refused: {error.zh} {error.en}", EXIT_REFUSED)
        case Rejected():
            lines = [f"不接受 rejected: {e.path}: {e.zh} {e.en}" for e in error.issues]
            mistyped = all(each.code.startswith("field.") for each in error.issues)
            return _said("\n".join(lines), EXIT_MISCONFIGURED if mistyped else EXIT_REFUSED)
        case OSError():
            where = f"{error.filename}: " if error.filename else ""
            said = f"系统错误 the system refused: {where}{error.strerror or error}"
            return _said(said, EXIT_MISCONFIGURED)
        case UnicodeError() | TypeError() if _undecodable(sys.argv):
            said = "参数不是有效的 UTF-8 an argument is not UTF-8"
            return _said(said, EXIT_MISCONFIGURED)
        case _:
            if os.environ.get("JICAI_LOG_LEVEL") == "debug":
                traceback.print_exception(error)
            said = f"程序错误 the program failed: {type(error).__name__}: {error}"
            return _said(said, EXIT_FAILED)


def _undecodable(words: Sequence[str]) -> bool:
    """Return whether a word of the command line was no text: Python keeps such bytes as surrogates."""
    return any("\ud800" <= sign <= "\udfff" for word in words for sign in word)


def _said(text: str, code: int) -> int:
    typer.echo(text, err=True)
    return code


if __name__ == "__main__":
    main()
