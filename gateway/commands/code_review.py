"""jicai codes propose, approve, refuse, retire, proposals, history, gaps: two people decide."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.commands.questions import day, known_kind, known_partner
from gateway.commands.reviewing import entitled, opened_review, read_crosswalk, utc_now
from gateway.commands.terminal import (
    EXIT_NO,
    AsJson,
    load_settings,
    note,
    print_json,
    print_table,
    run,
)
from gateway.settings import Settings

if TYPE_CHECKING:
    from gateway.coding.records import CrosswalkVersion, Proposal
    from gateway.coding.review_filing import Filed
    from gateway.coding.review_plan import Decided, ProposalOutcome

By = Annotated[str, typer.Option("--by", help="经办人编号, listed in operators.toml")]
Kind = Annotated[str, typer.Option(help="product | institution | enterprise")]
_VERSION_COLUMNS = (
    "编号 id",
    "本地码 local",
    "统一码 unified",
    "关系 relation",
    "有效 valid",
    "认知 known",
    "状态 status",
    "提议/审定 by",
    "依据 evidence",
)


def propose(
    partner: str,
    code: str,
    unified: Annotated[str, typer.Argument(help="统一码; 关系为 none 时留空")] = "",
    *,
    since: Annotated[str, typer.Option("--from", help="生效日 YYYY-MM-DD")],
    by: By,
    until: Annotated[str, typer.Option("--to", help="截止日 YYYY-MM-DD, 空为长期")] = "",
    kind: Kind = "product",
    relation: Annotated[
        str, typer.Option(help="equivalent | broader | narrower | none")
    ] = "equivalent",
    choice: Annotated[str, typer.Option(help="preferred | inbound_only, 多对一时")] = "",
    evidence: Annotated[str, typer.Option(help="依据")] = "",
    reason: Annotated[str, typer.Option(help="理由 (不予对照时必填)")] = "",
    replaces: Annotated[str, typer.Option(help="更正: 被更正版本的编号")] = "",
    name: Annotated[str, typer.Option(help="本地名称")] = "",
    specification: Annotated[str, typer.Option(help="本地规格")] = "",
    as_json: AsJson = False,
) -> None:
    """提议对照 propose a meaning; nothing is coded by it until another person approves."""
    from gateway.coding.records import OPEN_END, Choice, Proposal, Relation  # noqa: PLC0415

    settings = load_settings()
    known_kind(kind)
    known_partner(settings, partner)
    wanted = Proposal(
        partner,
        kind,
        code,
        unified,
        day(since),
        day(until) if until else OPEN_END,
        relation=Relation(_one_of(relation, [one.value for one in Relation], "--relation")),
        choice=Choice(_one_of(choice, [one.value for one in Choice], "--choice")),
        evidence=evidence,
        reason=reason,
        replaces=replaces,
        local_name=name,
        local_specification=specification,
    )
    _tell_outcome(run(_propose(settings, wanted, entitled(settings, by, "propose"))), as_json)


def retire(
    version: Annotated[str, typer.Argument(help="版本编号, see `jicai codes history`")],
    *,
    by: By,
    reason: Annotated[str, typer.Option(help="理由")],
    as_json: AsJson = False,
) -> None:
    """提议停用 propose that a meaning ends without a successor; another person approves."""
    settings = load_settings()
    person = entitled(settings, by, "propose")

    async def work() -> ProposalOutcome:
        async with opened_review(settings) as review:
            return await review.retire(version, by=person, reason=reason, now=utc_now())

    _tell_outcome(run(work()), as_json)


def approve(
    ids: Annotated[list[str] | None, typer.Argument(help="提议编号")] = None,
    *,
    by: By,
    batch: Annotated[str, typer.Option(help="整批审定: 批次名")] = "",
    exact: Annotated[bool, typer.Option("--exact", help="批量审定精确匹配的提议")] = False,
    partner: Annotated[str, typer.Option(help="配合 --exact")] = "",
    limit: Annotated[int, typer.Option(min=1, help="配合 --exact")] = 1000,
    as_json: AsJson = False,
) -> None:
    """审定 approve proposals of other people, all or none; held messages flow on."""
    if sum((bool(ids), bool(batch), exact)) != 1:
        raise typer.BadParameter("应给出编号、--batch 或 --exact 之一 ids, --batch or --exact")
    settings = load_settings()
    person = entitled(settings, by, "approve")

    async def work() -> Decided:
        async with opened_review(settings) as review:
            if exact:
                return await review.approve_exact(
                    by=person, now=utc_now(), partner=partner, limit=limit
                )
            if batch:
                return await review.approve_batch(batch, by=person, now=utc_now())
            return await review.approve(ids or [], by=person, now=utc_now())

    decided = run(work())
    if partner and not decided.ids:
        known_partner(settings, partner)
    _tell_decided(decided, "审定 approved", as_json)


def refuse(
    ids: Annotated[list[str], typer.Argument(help="提议编号")],
    *,
    by: By,
    reason: Annotated[str, typer.Option(help="理由")],
    as_json: AsJson = False,
) -> None:
    """退回 turn proposals down, or take back one's own."""
    settings = load_settings()
    person = entitled(settings, by, "approve")

    async def work() -> Decided:
        async with opened_review(settings) as review:
            return await review.refuse(ids, by=person, reason=reason, now=utc_now())

    _tell_decided(run(work()), "退回 refused", as_json)


def proposals(
    *,
    status: Annotated[str, typer.Option(help="proposed | approved | refused")] = "proposed",
    partner: Annotated[str, typer.Option(help="对接方; 空为全部")] = "",
    after: Annotated[str, typer.Option(help="上一页末尾的 next")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 100,
    as_json: AsJson = False,
) -> None:
    """提议清单 what waits for a decision, or was decided."""
    from gateway.coding.records import Status  # noqa: PLC0415

    wanted = Status(_one_of(status, ["proposed", "approved", "refused"], "--status"))
    settings = load_settings()

    async def work() -> Any:
        async with opened_review(settings) as review:
            return await review.proposals(wanted, partner, after, limit)

    page = run(work())
    if partner and not page.items:
        known_partner(settings, partner)
    if as_json:
        print_json({"proposals": [shown(one) for one in page.items], "next": page.next})
        return
    columns = ("编号 id", "对接方 partner", "本地码 local", "统一码 unified", "自 from", "提议 by")
    print_table((*columns, "依据 evidence"), map(_proposal_row, page.items))
    if page.next:
        note(f"--after '{page.next}'")


def history(partner: str, code: str, *, kind: Kind = "product", as_json: AsJson = False) -> None:
    """对照沿革 every version of a code: what was believed when, by whom, on what evidence."""
    settings = load_settings()
    known_kind(kind)
    known_partner(settings, partner)
    versions = run(read_crosswalk(settings)).history(partner, kind, code)
    if as_json:
        print_json([asdict(one) for one in versions])
    else:
        print_table(_VERSION_COLUMNS, map(version_row, versions))
    if not versions:
        raise typer.Exit(EXIT_NO)


def gaps(
    *,
    partner: Annotated[str, typer.Option(help="对接方; 空为全部")] = "",
    as_json: AsJson = False,
) -> None:
    """对照空档 codes that mean nothing for some days, though they did before and do after."""
    from gateway.coding.review_rules import gaps as found_gaps  # noqa: PLC0415

    settings = load_settings()
    found = list(found_gaps(run(read_crosswalk(settings)), partner))
    if partner and not found:
        known_partner(settings, partner)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    columns = ("对接方 partner", "类别 kind", "本地码 local", "空档 gap", "前 before", "后 after")
    rows = [
        (o.partner, o.kind, o.local_code, f"{o.since} – {o.until}", o.before, o.after)
        for o in found
    ]
    print_table(columns, rows)


def register(app: typer.Typer) -> None:
    """Add the commands to `jicai codes`."""
    for command in (propose, approve, refuse, retire, proposals, history, gaps):
        app.command(command.__name__)(command)


# --------------------------------------------------------------------------- what is printed


def shown(filed: Filed) -> dict[str, Any]:
    """Return a proposal as JSON shows it."""
    record = asdict(filed)
    del record["version"], record["sheet"]
    return {"id": record.pop("id"), **record.pop("proposal"), **record}


def version_row(one: CrosswalkVersion) -> tuple[str, ...]:
    """Return a version as a table shows it."""
    until = "…" if one.believed else one.known_to
    return (
        one.id or one.origin,
        one.local_code,
        one.unified_code or "–",
        " ".join(filter(None, (one.relation.value, one.choice.value))),
        f"{one.valid_from} – {one.valid_to}",
        f"{one.known_from or '…'} – {until}",
        one.status.value,
        f"{one.proposed_by}/{one.approved_by}" if one.proposed_by else "",
        "; ".join(filter(None, (one.evidence, one.reason))),
    )


def _proposal_row(one: Filed) -> tuple[str, ...]:
    wanted = one.proposal
    meaning = "停用 retire" if wanted.retires else wanted.unified_code or wanted.relation.value
    evidence = "; ".join(filter(None, (wanted.evidence, wanted.reason)))
    by = f"{one.proposed_by} {one.proposed_at}"
    return (one.id, wanted.partner, wanted.local_code, meaning, wanted.valid_from, by, evidence)


async def _propose(settings: Settings, wanted: Proposal, by: str) -> ProposalOutcome:
    async with opened_review(settings) as review:
        (outcome,) = await review.propose([wanted], by=by, now=utc_now())
        return outcome


def _tell_outcome(outcome: ProposalOutcome, as_json: bool) -> None:  # noqa: FBT001 - the option as given
    issues = [one.as_dict() for one in outcome.issues]
    if as_json:
        print_json({"id": outcome.id, "state": outcome.state.value, "issues": issues})
    elif outcome.issues:
        for one in outcome.issues:
            note(f"不接受 refused: {one.path}: {one.zh} {one.en}")
    else:
        said = {"accepted": "已提议,待他人审定 waits for another person"}
        typer.echo(f"{outcome.id} {said.get(outcome.state, '已有 is there already')}")
    if outcome.issues:
        raise typer.Exit(EXIT_NO)


def _tell_decided(decided: Decided, what: str, as_json: bool) -> None:  # noqa: FBT001 - the option as given
    left = {one: [each.as_dict() for each in issues] for one, issues in decided.left}
    if as_json:
        print_json(
            {
                "decided": list(decided.ids),
                "already": list(decided.already),
                "left": left,
                "approved": [asdict(one) for one in decided.approved],
                "ended": [asdict(one) for one in decided.ended],
            }
        )
    else:
        typer.echo(f"{what}: {len(decided.ids)} (此前已办 before: {len(decided.already)})")
        for one, issues in decided.left:
            note(f"{one}: {'; '.join(f'{each.zh} {each.en}' for each in issues)}")
    if decided.left:
        raise typer.Exit(EXIT_NO)


def _one_of(given: str, known: list[str], option: str) -> str:
    if given not in known:
        said = ", ".join(filter(None, known))
        raise typer.BadParameter(f"{option} {given}: 应为 one of {said}")
    return given
