"""导入的回答: what an import would do or did, for people and for scripts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import typer

from gateway.commands.terminal import note, print_json, print_table

if TYPE_CHECKING:
    from gateway.coding.interchange.catalogue import CataloguePreview
    from gateway.coding.interchange.findings import Finding
    from gateway.coding.interchange.importing import Imported, Prepared
    from gateway.coding.interchange.items import ItemsPreview
    from gateway.coding.interchange.preview import Change

SHOWN: Final = 100
"""Lines of a preview that a person is shown; --json has all."""
_FIRST: Final = ("invalid", "conflicting", "retired", "changed", "new")
_SAID: Final = {
    "new": "新增",
    "changed": "变更",
    "retired": "停用",
    "ended": "终止",
    "unchanged": "不变",
    "conflicting": "冲突",
    "invalid": "无效",
    "older": "旧版",
}
"""What becomes of a row, for people; programs read the words of --json."""
_COLUMNS: Final = ("行 row", "结果 state", "本地码 local", "统一码 unified", "说明 what")


def tell_findings(found: Iterable[Finding], *, as_json: bool) -> None:
    """Tell what stands against a file."""
    if as_json:
        print_json({"findings": [asdict(one) for one in found]})
        return
    for one in found:
        typer.echo(f"问题 finding: {one}")


def tell_preview(prepared: Prepared, *, as_json: bool) -> None:
    """Tell the diff."""
    if as_json:
        print_json(_prepared(prepared))
        return
    _tell_changes(prepared.preview.changes)
    _tell_counts(prepared.preview.summary())
    _tell_notes(prepared.notes)
    if not prepared.preview.good:
        note("有冲突或无效的行,未提交任何内容 nothing was filed")


def tell_import(prepared: Prepared, imported: Imported, *, as_json: bool) -> None:
    """Tell what was filed."""
    if as_json:
        said = {
            "filed": imported.filed,
            "already": imported.already,
            "refused": [one.as_dict() for one in imported.refused],
        }
        print_json(_prepared(prepared) | said)
        return
    _tell_counts(prepared.preview.summary())
    _tell_notes(prepared.notes)
    if imported.refused:
        _tell_changes(imported.refused)
        note("审核中另有决定,未提交任何内容 decided otherwise meanwhile, nothing was filed")
    elif imported.filed:
        note(f"已提交 {imported.filed} 项提议,待另一人整批审定 filed, another person approves:")
        typer.echo(f"jicai codes approve --batch {imported.batch} --by …")
    elif imported.already:
        note(f"此文件已提交过(批次 {imported.batch}),待审定 it is filed already, and waits")
    else:
        note("与现行对照一致,无须提交 nothing to change")


def tell_items(read: ItemsPreview, *, written: bool, as_json: bool) -> None:
    """Tell what was kept of a partner's catalogue, or would be."""
    if as_json:
        found = [asdict(one) for one in read.findings]
        print_json({"counts": read.summary(), "written": written, "findings": found})
        return
    for one in read.findings[:SHOWN]:
        typer.echo(f"问题 finding: {one}")
    _tell_counts(read.summary())
    _tell_notes(read.notes)
    note("已保存 kept" if written else "未写入 nothing was written")


def tell_catalogue(seen: CataloguePreview, *, written: bool, as_json: bool) -> None:
    """Tell what was taken of the national catalogue, or would be."""
    if as_json:
        print_json(
            {
                "rows": seen.rows,
                "counts": seen.summary(),
                "written": written,
                "changes": [asdict(one) for one in seen.changes],
                "findings": [asdict(one) for one in seen.findings],
            }
        )
        return
    for finding in seen.findings[:SHOWN]:
        typer.echo(f"问题 finding: {finding}")
    rows = [
        (str(one.row), _said(one.state), one.unified_code, ", ".join(one.fields))
        for one in seen.changes[:SHOWN]
    ]
    if rows:
        print_table(("行 row", "结果 state", "统一码 unified", "字段 fields"), rows)
    _tell_counts(seen.summary())
    note("已写入 written" if written else "未写入 nothing was written")


def _prepared(prepared: Prepared) -> dict[str, Any]:
    return {
        "batch": prepared.batch,
        "rows": prepared.rows,
        "counts": prepared.preview.summary(),
        "changes": [one.as_dict() for one in prepared.preview.changes if one.state != "unchanged"],
        "notes": list(prepared.notes),
    }


def _tell_changes(changes: Sequence[Change]) -> None:
    listed = [one for state in _FIRST for one in changes if one.state == state]
    rows = [_row(one) for one in listed[:SHOWN]]
    if rows:
        print_table(_COLUMNS, rows)
    if len(listed) > SHOWN:
        note(f"另有 {len(listed) - SHOWN} 行 more, see --json")


def _row(change: Change) -> tuple[str, ...]:
    unified = change.proposals[-1].unified_code if change.proposals else ""
    said = f"{change.zh} {change.en}"
    return (str(change.row or "–"), _said(change.state), change.key[2], unified, said)


def _tell_counts(counts: dict[str, int]) -> None:
    typer.echo(" · ".join(f"{_said(name)} {count}" for name, count in counts.items()))


def _said(state: str) -> str:
    return f"{_SAID[state]} {state}"


def _tell_notes(notes: Iterable[str]) -> None:
    for line in notes:
        note(line)
