"""jicai codes translate, review: what codes mean on a day; what unknown ones may mean."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.commands.given_files import given_text
from gateway.commands.questions import day, known_kind, known_partner
from gateway.commands.reviewing import entitled, known_at, opened_review, read_crosswalk, utc_now
from gateway.commands.terminal import (
    EXIT_NO,
    AsJson,
    load_settings,
    note,
    opened_journal,
    print_json,
    print_table,
    run,
)
from gateway.settings import Settings

if TYPE_CHECKING:
    from gateway.coding.crosswalk import Crosswalk
    from gateway.coding.matching.evidence import Candidate
    from gateway.coding.work_items import WorkItem

Kind = Annotated[str, typer.Option(help="product | institution | enterprise")]
_SAID = {
    "unknown": "未对照 unknown",
    "expired": "当日无有效对照 no meaning that day",
    "broader": "统一码较宽,不用于转码 the unified code means more",
    "narrower": "统一码较窄,不用于转码 the unified code means less",
    "none": "不予对照 has no unified code",
    "ambiguous": "多个本地码,未定优先 several local codes, none preferred",
}
Found = dict[str, Any]


def register(app: typer.Typer) -> None:
    """Add the commands to `jicai codes`."""
    app.command("translate")(translate)
    app.command("review")(review)


def translate(
    partner: str,
    codes: Annotated[list[str] | None, typer.Argument(help="编码,一个或多个")] = None,
    *,
    on: Annotated[str, typer.Option(help="日期 YYYY-MM-DD")],
    kind: Kind = "product",
    file: Annotated[str, typer.Option(help="每行一个编码 one code a line; “-” 读标准输入")] = "",
    known: Annotated[str, typer.Option("--known-at", help="当时的认知: 时间或日期")] = "",
    to_local: Annotated[bool, typer.Option("--to-local", help="统一码 → 本地码")] = False,
    as_json: AsJson = False,
) -> None:
    """查对照 what a partner's codes mean on a day, as is believed now or was at another time."""
    settings = load_settings()
    known_kind(kind)
    known_partner(settings, partner)
    at, named = known_at(known), [*(codes or ()), *_in_file(file)]
    if not named:
        raise typer.BadParameter("没有编码 no code given: CODE… or --file")
    crosswalk = run(read_crosswalk(settings))
    place = (partner, kind, day(on), at)
    found = [(_to_local if to_local else _to_unified)(crosswalk, each, *place) for each in named]
    if as_json:
        print_json(found)
    elif len(found) == 1:
        _print_one(found[0], place)
    else:
        columns = ("编码 code", "含义 meaning", "说明 note")
        print_table(columns, [(e["code"], e["means"] or "–", _why(e)) for e in found])
    if any(not each["means"] for each in found):
        raise typer.Exit(EXIT_NO)


def _in_file(file: str) -> list[str]:
    return [line.strip() for line in given_text(file).splitlines() if line.strip()] if file else []


def _to_unified(
    crosswalk: Crosswalk, code: str, partner: str, kind: str, on: str, at: str
) -> Found:
    version = crosswalk.as_of(partner, kind, code, on, at)
    reason: str = "" if version is not None else crosswalk.absence(partner, kind, code)
    if version is not None and version.relation != "equivalent":
        reason = version.relation.value
    means = version.unified_code if version is not None and not reason else None
    told = asdict(version) if version is not None else None
    return {"code": code, "on": on, "known_at": at, "means": means, "reason": reason} | {
        "version": told
    }


def _to_local(crosswalk: Crosswalk, code: str, partner: str, kind: str, on: str, at: str) -> Found:
    found = crosswalk.reverse(partner, kind, code, on, at)
    reason = "" if found else "unknown"
    if len(found) > 1 and not found[0].choice:
        reason = "ambiguous"
    means = found[0].local_code if found else None
    told = {"code": code, "on": on, "known_at": at, "means": means, "reason": reason}
    return told | {"others": [one.local_code for one in found[1:]]}


def _why(found: Found) -> str:
    return _SAID[found["reason"]] if found["reason"] else ""


def _print_one(found: Found, place: tuple[str, str, str, str]) -> None:
    partner, kind, on, _ = place
    typer.echo(found["means"] or f"{partner} {kind} {found['code']} {on}: {_why(found)}")
    version = found.get("version")
    if version is not None:
        pair = "/".join(filter(None, (version["proposed_by"], version["approved_by"])))
        texts = [str(version[n]) for n in ("id", "relation", "valid_from", "valid_to")]
        note(" · ".join(filter(None, (*texts, pair, version["evidence"], version["origin"]))))


# --------------------------------------------------------------------------- review


def review(
    *,
    partner: Annotated[str, typer.Option(help="对接方, 空为全部")] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1000)] = 20,
    candidates: Annotated[int, typer.Option(min=1, max=20, help="每码候选数")] = 5,
    propose_exact: Annotated[
        bool, typer.Option("--propose-exact", help="提议全部完全一致的; 另一人审定")
    ] = False,
    by: Annotated[str, typer.Option("--by", help="经办人编号, with --propose-exact")] = "",
    as_json: AsJson = False,
) -> None:
    """评审 the codes that messages wait for, each with ranked candidates and their evidence."""
    settings = load_settings()
    if partner:
        known_partner(settings, partner)
    if propose_exact:
        entitled(settings, by, "propose")
    found = run(_ranked(settings, partner, limit, candidates))
    outcomes = run(_proposed(settings, found, by)) if propose_exact else []
    if as_json:
        print_json(
            {"review": [_as_json(*one) for one in found], "proposed": [asdict(o) for o in outcomes]}
        )
        return
    for item, ranked in found:
        _print_item(item, ranked)
    if not found:
        typer.echo("没有待办编码 nothing waits for a code")
    for one in outcomes:
        typer.echo(f"已提议 proposed {one.id} {one.state}")


Ranked = list[tuple["WorkItem", list["Candidate"]]]


async def _ranked(settings: Settings, partner: str, limit: int, candidates: int) -> Ranked:
    from gateway.coding.suggesting import Suggestions  # noqa: PLC0415 - the tables load slowly
    from gateway.coding.work_items import work_items  # noqa: PLC0415
    from gateway.partners import Partners  # noqa: PLC0415

    async with opened_journal(settings) as journal:
        suggestions = Suggestions(journal, settings.home, utc_now)
        partners = Partners.load(settings.home)
        found = await work_items(journal, partners, partner=partner, limit=limit)
        return [
            (one, await suggestions.rank(one.item, limit=candidates, on=_needed_on(one)))
            for one in found
        ]


def _needed_on(item: WorkItem) -> str:
    return item.days[0] if item.days else utc_now().date().isoformat()


async def _proposed(settings: Settings, found: Ranked, by: str) -> list[Any]:
    from gateway.coding.matching.candidates import exact_proposal  # noqa: PLC0415

    wanted = [
        exact_proposal(item.item, one, _needed_on(item))
        for item, ranked in found
        for one in ranked
        if one.exact and not item.proposals
    ]
    if not wanted:
        return []
    async with opened_review(settings) as desk:
        return list(await desk.propose(wanted, by=by, now=utc_now()))


def _as_json(item: WorkItem, ranked: list[Candidate]) -> Found:
    told = [
        asdict(one) | {"score": f"{one.score:.1f}", "zh": one.zh, "en": one.en} for one in ranked
    ]
    for one in told:
        one.pop("evidence")
    return {"item": asdict(item), "candidates": told}


def _print_item(item: WorkItem, ranked: list[Candidate]) -> None:
    known = item.item
    typer.echo(
        f"{known.partner} {known.kind} {known.local_code}  "
        f"{' '.join(filter(None, (known.name, known.specification, known.manufacturer)))}  "
        f"等待 waiting {item.direct}+{item.behind}  自 since {item.since}"
    )
    rows = [
        (one.unified_code, f"{one.score:.1f}", "是 yes" if one.exact else "–", one.zh)
        for one in ranked
    ]
    print_table(("候选 candidate", "得分 score", "完全一致 exact", "依据 evidence"), rows)
