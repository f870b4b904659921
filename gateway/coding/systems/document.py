"""编码体系文档: makes the tables of docs/code-systems.md from the code systems' files.

What stands between the two marks is generated (`python -m gateway.ops.contracts`), the rest is written by
hand; a red test says when the page is out of date.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from gateway.coding.systems.explain import length_text
from gateway.coding.systems.gs1_identifiers import Identifier, identifiers
from gateway.coding.systems.loading import code_systems
from gateway.coding.systems.system import CodeSystem, PartMeaning
from gateway.errors import Misconfigured

PAGE: Final = "docs/code-systems.md"
BEGIN: Final = "<!-- generated from contracts/codes: begin -->"
END: Final = "<!-- generated from contracts/codes: end -->"
_ROOT: Final = Path(__file__).parents[3]


def code_systems_page() -> dict[str, str]:
    """Return the page's text by its path (a generator of gateway.ops.contracts).

    Raises Misconfigured when the page, or one of its two marks, is missing.
    """
    path = _ROOT / PAGE
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise Misconfigured(f"{PAGE}: the marks of the generated tables are missing")
    return {PAGE: f"{before}{BEGIN}\n\n{tables()}\n{END}{after}"}


def tables() -> str:
    """Return the generated part: an overview, each system with its parts, the GS1 identifiers."""
    systems = code_systems().values()
    lines = [
        "## 一览 Overview",
        "",
        "| 编码类型 code type | 名称 | 长度 | 校验 check | 示例 example | URI |",
        "|---|---|---|---|---|---|",
        *map(_row, systems),
        "",
    ]
    for system in systems:
        lines += [*_section(system), ""]
    lines += ["## GS1 应用标识符 Application identifiers", "", *_identifiers()]
    return "\n".join([*lines, ""])


def _row(system: CodeSystem) -> str:
    checks = "<br>".join(f"{c.algorithm} ({c.start}–{c.end})" for c in system.check_digits) or "–"
    shown = _code(system.examples[0])
    title = f"{system.title_zh}<br>{system.title_en}"
    return (
        f"| `{system.name}` | {title} | {length_text(system)} | {checks} | {shown} "
        f"| `{system.uri}` |"
    )


def _section(system: CodeSystem) -> Iterator[str]:
    yield f"### {system.title_zh} `{system.name}`"
    yield ""
    yield f"{system.title_en}. 出处 source: {system.source}。"
    if system.pattern is not None:
        yield ""
        yield f"形式 form: `{system.pattern.pattern}`"
    if system.parts:
        yield ""
        yield "| 码段 part | 位 place | 含义 | meaning |"
        yield "|---|---|---|---|"
        for part in system.parts:
            yield _part(part, "")
            for inner in part.inner:
                yield _part(inner, "· ")
    if system.notes:
        yield ""
        yield from (f"- {note}" for note in system.notes)


def _part(part: PartMeaning, indent: str) -> str:
    places = f"{part.start}–{part.end}" if part.end > part.start else str(part.start or "")
    values = "；".join(f"{value} {meaning}" for value, meaning in part.values.items())
    nested = f" (`{part.code_type}`)" if part.code_type else ""
    zh = f"{part.zh}：{values}" if values else part.zh
    return f"| {indent}`{part.name}` | {places} | {zh}{nested} | {part.en} |"


def _identifiers() -> Iterator[str]:
    yield "| AI | 码段 part | 含义 | 形式 form | 校验 check | 日期 date | FNC1 |"
    yield "|---|---|---|---|---|---|---|"
    for each in identifiers().values():
        check = f"GS1 mod 10 (1–{each.check})" if each.check else ""
        separator = "" if each.predefined else "✓"
        zh = each.meaning.zh.partition(" ")[2]
        yield (
            f"| {each.ai} | `{each.meaning.name}` | {zh} {each.meaning.en.partition(' ')[2]} "
            f"| {_form(each)} | {check} | {each.date} | {separator} |"
        )


def _form(identifier: Identifier) -> str:
    shown = []
    for field in identifier.fields:
        kind = "n" if field.digits else "an"
        dots = "" if field.least == field.most else ".."
        shown.append(f"{kind}{dots}{field.most}")
    return "+".join(shown)


def _code(text: str) -> str:
    return f"`{text.replace('|', '&#124;')}`"
