"""比较: drafts of one file against what is believed now. Pure: the crosswalk is only asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from gateway.coding.interchange.believed import Believed, Key, believed
from gateway.coding.interchange.choices import settle_choices
from gateway.coding.interchange.drafts import Draft
from gateway.coding.interchange.missing import Scope, day_before, ending, missing
from gateway.coding.interchange.preview import Change, Preview, State
from gateway.coding.records import CrosswalkVersion, Proposal, Relation

STANDS: Final = ("已有相同对照", "stands already")
FRESH: Final = ("新对照", "a new meaning")


def compare(drafts: Iterable[Draft], crosswalk: Believed, scope: Scope) -> Preview:
    """Return the diff of a file. Rows of one code are judged together; order of the file is kept."""
    preview = Preview()
    by_key: dict[Key, list[Draft]] = {}
    for draft in drafts:
        by_key.setdefault(draft.proposal.key, []).append(draft)
    changes: list[Change] = []
    for key, group in by_key.items():
        changes += _of_code(key, group, crosswalk)
    for change in sorted(changes, key=lambda one: one.row):
        preview.add(change)
    if scope.full:
        for change in missing(by_key, crosswalk, scope):
            preview.add(change)
    settle_choices(preview, crosswalk)
    return preview


def _of_code(key: Key, group: list[Draft], crosswalk: Believed) -> list[Change]:
    now = believed(crosswalk, key)
    kept, changes = _without_clashes(group)
    by_before: dict[int, list[Draft]] = {}
    for draft in kept:
        met = [at for at, one in enumerate(now) if _overlap(draft.proposal, _as_days(one))]
        if any(_said(now[at]) == _said(draft.proposal) for at in met):
            changes.append(_change(draft, State.UNCHANGED, *STANDS))
        elif not met:
            changes.append(_change(draft, State.NEW, *FRESH, (draft.proposal,)))
        elif len(met) > 1:
            changes.append(_several(draft, [now[at] for at in met]))
        else:
            by_before.setdefault(met[0], []).append(draft)
    for at, drafts in by_before.items():
        changes += _against(now[at], drafts)
    return changes


def _without_clashes(group: list[Draft]) -> tuple[list[Draft], list[Change]]:
    """Return the rows of a code that do not contradict each other, by day, and what became of the rest."""
    if len(group) == 1:
        return group, []
    kept: list[Draft] = []
    changes: dict[int, Change] = {}
    for draft in sorted(group, key=lambda one: (one.proposal.valid_from, one.row)):
        clash = next((one for one in kept if _overlap(one.proposal, draft.proposal)), None)
        if clash is None:
            kept.append(draft)
        elif _said(clash.proposal) == _said(draft.proposal):
            changes[draft.row] = _repeated(draft, clash)
        else:
            changes[draft.row] = _contradicting(draft, clash)
            changes[clash.row] = _contradicting(clash, draft)
    return [one for one in kept if one.row not in changes], list(changes.values())


def _overlap(one: Proposal, other: Proposal) -> bool:
    return one.valid_from <= other.valid_to and other.valid_from <= one.valid_to


def _said(one: Proposal | CrosswalkVersion) -> tuple[str, ...]:
    return (*_meant(one), one.valid_from, one.valid_to)


def _meant(one: Proposal | CrosswalkVersion) -> tuple[str, ...]:
    reason = one.reason if one.relation is Relation.NONE else ""
    return (one.relation, one.unified_code, one.choice, reason)


def _repeated(draft: Draft, first: Draft) -> Change:
    return Change(
        draft.row,
        State.UNCHANGED,
        draft.proposal.key,
        f"与第 {first.row} 行相同",
        f"the same as row {first.row}",
    )


def _contradicting(draft: Draft, other: Draft) -> Change:
    named = other.proposal.unified_code or other.proposal.relation.value
    days = f"{other.proposal.valid_from} – {other.proposal.valid_to}"
    same = draft.proposal.unified_code == other.proposal.unified_code
    return Change(
        draft.row,
        State.CONFLICTING,
        draft.proposal.key,
        f"与第 {other.row} 行日期重叠({'含义相同' if same else f'另指 {named}'},{days})",
        f"its days overlap row {other.row} ({'the same meaning' if same else named}, {days})",
    )


# ------------------------------------------------------------------ one row against what is believed


def _against(before: CrosswalkVersion, drafts: list[Draft]) -> list[Change]:
    """Judge the rows (in order of day) that overlap one version and no other."""
    if not before.id:
        return [_of_the_file(one, before) for one in drafts]
    same = next((one for one in drafts if _meant(one.proposal) == _meant(before)), None)
    if same is not None:
        first = _redated(same, before)
    elif drafts[-1].proposal.valid_to < before.valid_to:
        return [_inside(one, before) for one in drafts]
    else:
        first = _replaced(drafts[0], before)
    rest = [one for one in drafts if one.row != first.row]
    return [first, *(_change(one, State.NEW, *FRESH, (one.proposal,)) for one in rest)]


def _of_the_file(draft: Draft, before: CrosswalkVersion) -> Change:
    return _change(
        draft,
        State.CONFLICTING,
        f"与运维文件({before.origin})中的对照重叠,须在该文件中更改",
        f"overlaps what stands in the operator's {before.origin}: change it there",
        before=(before,),
    )


def _as_days(version: CrosswalkVersion) -> Proposal:
    return Proposal(*version.key, version.unified_code, version.valid_from, version.valid_to)


def _change(
    draft: Draft,
    state: State,
    zh: str,
    en: str,
    proposals: tuple[Proposal, ...] = (),
    before: tuple[CrosswalkVersion, ...] = (),
) -> Change:
    return Change(draft.row, state, draft.proposal.key, zh, en, proposals, before)


def _several(draft: Draft, met: Sequence[CrosswalkVersion]) -> Change:
    wanted = draft.proposal
    if (
        not draft.dated
        and _meant(met[-1]) == _meant(wanted)
        and met[-1].valid_to == wanted.valid_to
    ):
        return _change(draft, State.UNCHANGED, *STANDS)
    days = "; ".join(f"{one.valid_from} – {one.valid_to}: {one.unified_code}" for one in met)
    return _change(
        draft,
        State.CONFLICTING,
        f"与多条现行对照重叠({days}),请逐条给出日期",
        f"overlaps several meanings in force ({days}): give each its days",
        before=tuple(met),
    )


def _redated(draft: Draft, before: CrosswalkVersion) -> Change:
    """The same meaning on other days. A table without dates only says what holds from now on."""
    wanted = draft.proposal
    if not draft.dated:
        since = min(before.valid_from, wanted.valid_from)
        if (since, wanted.valid_to) == (before.valid_from, before.valid_to):
            return _change(draft, State.UNCHANGED, *STANDS)
        wanted = replace(wanted, valid_from=since)
    days = f"{before.valid_from} – {before.valid_to} → {wanted.valid_from} – {wanted.valid_to}"
    return _change(
        draft,
        State.CHANGED,
        f"日期更改:{days}",
        f"other days: {days}",
        (replace(wanted, replaces=before.id),),
        (before,),
    )


def _replaced(draft: Draft, before: CrosswalkVersion) -> Change:
    """Another meaning: it follows the one before, or corrects it where it begins no later."""
    wanted, since = draft.proposal, draft.proposal.valid_from
    named = f"{_name(before)} → {_name(wanted)}"
    if since <= before.valid_from:
        correction = (replace(wanted, replaces=before.id),)
        zh, en = f"更正:{named}", f"corrected: {named}"
        return _change(draft, State.CHANGED, zh, en, correction, (before,))
    ended = ending(before, day_before(since), wanted.evidence)
    zh, en = f"自 {since} 起变更:{named}", f"from {since} on: {named}"
    return _change(draft, State.CHANGED, zh, en, (ended, wanted), (before,))


def _name(one: Proposal | CrosswalkVersion) -> str:
    choice = f" ({one.choice.value})" if one.choice else ""
    return f"{one.unified_code or one.relation.value}{choice}"


def _inside(draft: Draft, before: CrosswalkVersion) -> Change:
    days = f"{before.valid_from} – {before.valid_to}"
    return _change(
        draft,
        State.CONFLICTING,
        f"落在现行对照 {before.unified_code}({days})之内,请给出其前后的日期",
        f"lies within {before.unified_code} ({days}), in force: say what holds before and after",
        before=(before,),
    )
