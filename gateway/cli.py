"""命令行: the `jicai` command. Heavy imports happen inside the commands that need them."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from gateway.commands import codes, messages, partner, running, topics
from gateway.errors import Misconfigured, Tampered, Unavailable

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
app.command("simulate")(running.simulate)
app.command("check")(running.check)
app.command("verify")(messages.verify)
app.command("explain")(messages.explain)
app.command("search")(messages.search)
app.add_typer(messages.replay_app, name="replay")
app.add_typer(partner.app, name="partner")
app.add_typer(codes.app, name="codes")
app.add_typer(topics.app, name="topics")


@app.callback()
def _root(
    *,
    version: Annotated[bool, typer.Option("--version", help="版本 show the version")] = False,
) -> None:
    if version:
        from importlib.metadata import version as installed  # noqa: PLC0415 - only here

        typer.echo(f"jicai {installed('jicai-gateway')}")
        raise typer.Exit


EXIT_MISCONFIGURED = 2
EXIT_UNAVAILABLE = 3
EXIT_TAMPERED = 4


def main() -> None:
    """Run the command; what went wrong becomes one line per finding and an exit code.

    2 the operator must act (Misconfigured), 3 something is down (Unavailable), 4 evidence is broken.
    """
    try:
        app()
    except Misconfigured as wrong:
        for finding in wrong.findings:
            typer.echo(f"配置有误 misconfigured: {finding}", err=True)
        sys.exit(EXIT_MISCONFIGURED)
    except Unavailable as down:
        typer.echo(f"暂不可用 unavailable: {down}", err=True)
        sys.exit(EXIT_UNAVAILABLE)
    except Tampered as broken:
        typer.echo(f"审计链校验失败 the chain is broken: {broken}", err=True)
        sys.exit(EXIT_TAMPERED)


if __name__ == "__main__":
    main()
