"""jicai settings: every setting with its environment variable, value, default and meaning."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from gateway.commands.terminal import AsJson, load_settings, print_json, print_table
from gateway.settings import Settings

COLUMNS = ("环境变量 variable", "默认 default", "取值 values", "说明 meaning")


def show(
    *,
    markdown: Annotated[bool, typer.Option("--markdown", help="输出文档表格")] = False,
    as_json: AsJson = False,
) -> None:
    """列出设置 every setting, what it is now and what it means; secrets are never shown."""
    if markdown:
        typer.echo("\n".join(markdown_table()))
        return
    settings = load_settings()
    rows = [(*row, _shown(getattr(settings, name))) for name, row in described().items()]
    if as_json:
        names = ("variable", "default", "values", "meaning", "now")
        print_json([dict(zip(names, row, strict=True)) for row in rows])
    else:
        print_table((*COLUMNS, "当前 now"), rows)


def described() -> dict[str, tuple[str, str, str, str]]:
    """Return, by field, the environment variable, default, values and meaning of every setting."""
    return {
        name: (
            f"JICAI_{name.upper()}",
            _shown(field.default),
            _values(field),
            field.description or "",
        )
        for name, field in Settings.model_fields.items()
    }


def markdown_table() -> list[str]:
    """Return the table of docs/operating.md, line by line."""
    rows = [COLUMNS, ("---",) * len(COLUMNS)]
    rows += [
        (f"`{variable}`", f"`{default}`" if default else "", values, meaning)
        for variable, default, values, meaning in described().values()
    ]
    return [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]


def _shown(value: Any) -> str:
    if isinstance(value, SecretStr):
        return "***" if value.get_secret_value() else ""
    return str(value)


def _values(field: FieldInfo) -> str:
    """Return the allowed values: the listed ones, the bounds, or the pattern."""
    listed = getattr(field.annotation, "__args__", ())
    if listed:
        return ", ".join(map(str, listed))
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
    said: list[str] = []
    for each in field.metadata:
        said += [
            f"{sign} {getattr(each, name)}" for name, sign in signs.items() if hasattr(each, name)
        ]
        if getattr(each, "pattern", None):
            said.append(f"`{each.pattern}`")
    return ", ".join(said)
