"""jicai policies: the regions' terms: what holds where and why, and whether the files are sound."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final
from zoneinfo import ZoneInfo

import typer

from gateway.commands.policies_simulate import recompute, simulate
from gateway.commands.questions import day as known_day
from gateway.commands.terminal import EXIT_NO, AsJson, note, print_json, print_table
from gateway.errors import Misconfigured
from schemas.codes import REGION_PATTERN

if TYPE_CHECKING:
    from gateway.policies.papers.lint_findings import Finding
    from gateway.policies.rulebook import Term, Terms

app = typer.Typer(help="规则条款 the regions' terms", no_args_is_help=True)
NAMED: Final = ("规则 rule", "条款键 key", "含义 meaning", "取值 value", "依据 clause")
COLUMNS: Final = (*NAMED, "起止 days", "出处 origin")
CHINA: Final = ZoneInfo("Asia/Shanghai")
app.command("simulate")(simulate)
app.command("recompute")(recompute)
_FOLDER: Final = typer.Option("--folder", help="条款目录 a changed copy of contracts/policies")
FolderOption = Annotated[Path | None, _FOLDER]


@app.command("lint")
def lint(*, folder: FolderOption = None, as_json: AsJson = False) -> None:
    """核对条款 hold every value against papers, vocabulary and code; 1 when something is wrong."""
    from gateway.policies.papers.lint import lint as lint_terms  # noqa: PLC0415 - the rules load slowly

    found = lint_terms(_given(folder))
    faults = [each for each in found if not each.note]
    if as_json:
        print_json([_finding(each) for each in found])
    else:
        for each in found:
            typer.echo(f"{'注 note: ' if each.note else ''}{each.line()}")
        note(f"{len(faults)} 处有误 findings, {len(found) - len(faults)} 条备注 notes")
    if faults:
        raise typer.Exit(EXIT_NO)


@app.command("show")
def show(
    region: Annotated[str, typer.Argument(help="行政区划代码 GB/T 2260, six digits")],
    *,
    on: Annotated[
        str | None, typer.Option("--on", help="日期 YYYY-MM-DD, today by default")
    ] = None,
    folder: FolderOption = None,
    as_json: AsJson = False,
) -> None:
    """某日有效的条款 the terms in force in a region on a day, with clause and origin."""
    if re.fullmatch(REGION_PATTERN, region) is None:
        raise Misconfigured(f"{region}: 行政区划代码为六位数字 a region has six digits")
    from gateway.policies.terms import load_terms  # noqa: PLC0415 - the rules load slowly

    day, place = _day(on), _given(folder)
    terms = load_terms(place).of(region)
    if terms is None:
        note(f"{region}: 没有登记的文件，不作任何结论 no paper is registered: nothing is concluded")
        raise typer.Exit(EXIT_NO)
    rows = list(_in_force(terms, day, place))
    if as_json:
        print_json({"region": region, "terms_of": terms.code, "on": str(day), "terms": rows})
        return
    print_table(COLUMNS, [_row(each) for each in rows])


@app.command("regions")
def regions(*, folder: FolderOption = None, as_json: AsJson = False) -> None:
    """有条款的地区 the regions that have terms, their papers and whom they inherit from."""
    from gateway.policies.terms import load_terms  # noqa: PLC0415 - the rules load slowly

    rows = [_region(terms) for terms in load_terms(_given(folder)).regions.values()]
    if as_json:
        print_json(rows)
        return
    columns = ("代码 code", "地区 region", "文件 paper", "承自 inherits from", "本地条款 own terms")
    print_table(columns, [tuple(str(each) for each in row.values()) for row in rows])


def _given(folder: Path | None) -> Path:
    """Return where the terms lie, the program's own by default. Raises Misconfigured."""
    from gateway.policies.terms import TERMS_FOLDER  # noqa: PLC0415 - the rules load slowly

    place = folder if folder is not None else TERMS_FOLDER
    if not place.is_dir():
        raise Misconfigured(f"{place}: 不是目录 not a folder")
    return place


def _finding(each: Finding) -> dict[str, Any]:
    return {
        "file": each.file,
        "term": each.term,
        "kind": each.kind,
        "note": each.note,
        "detail": each.detail,
        "zh": each.zh,
        "en": each.en,
    }


def _day(text: str | None) -> date:
    return date.fromisoformat(known_day(text)) if text is not None else datetime.now(CHINA).date()


def _in_force(terms: Terms, day: date, folder: Path) -> Iterator[dict[str, Any]]:
    from gateway.policies.papers.lint import read_folder  # noqa: PLC0415 - the rules load slowly

    reading = read_folder(folder)
    found = [(reading.words[name], origin, term) for name, origin, term in _holding(terms, day)]
    order = {name: place for place, name in enumerate(reading.words)}
    for word, origin, term in sorted(found, key=lambda e: (int(e[0].rule[1:]), order[e[2].name])):
        yield {
            "rule": word.rule,
            "key": term.name,
            "zh": word.zh,
            "en": word.en,
            "value": term.value,
            "shown": reading.choices.shown(word, term.value),
            "unit": word.unit,
            "clause": term.clause,
            "from": str(term.since),
            "until": str(term.until) if term.until else None,
            "origin": origin.code,
            "origin_name": origin.name,
            "inherited": origin.code != terms.code,
        }


def _holding(terms: Terms, day: date) -> Iterator[tuple[str, Terms, Term]]:
    """Yield each term in force with the region whose file says it, the nearest one's value only."""
    told: set[str] = set()
    place: Terms | None = terms
    while place is not None:
        for name, versions in place.values.items():
            holding = next((term for term in versions if term.holds_on(day)), None)
            if holding is not None and name not in told:
                told.add(name)
                yield name, place, holding
        place = place.province


def _row(each: dict[str, Any]) -> tuple[str, ...]:
    shown, value = str(each["shown"]), str(each["value"])
    origin = f"{'承自 from ' if each['inherited'] else ''}{each['origin_name']}"
    return (
        str(each["rule"]),
        str(each["key"]),
        str(each["zh"]),
        value if shown == value else f"{shown} ({value})",
        str(each["clause"]),
        f"{each['from']} – {each['until'] or ''}".strip(),
        origin,
    )


def _region(terms: Terms) -> dict[str, Any]:
    return {
        "code": terms.code,
        "name": terms.name,
        "paper": terms.paper_number,
        "inherits_from": terms.province.name if terms.province is not None else "",
        "own_terms": len(terms.values),
    }
