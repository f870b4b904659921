"""jicai codes: the crosswalk, its review, and what is held for want of a code."""

from __future__ import annotations

import typer

from gateway.commands import (
    code_checking,
    code_files,
    code_holds,
    code_review,
    code_translating,
)

app = typer.Typer(help="编码对照 codes", no_args_is_help=True)
app.command("check")(code_checking.check)
for part in (code_translating, code_review, code_files, code_holds):
    part.register(app)
