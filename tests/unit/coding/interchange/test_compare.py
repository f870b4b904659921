"""The diff of a table against what is believed: new, changed, retired, unchanged, conflicting."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.coding.interchange.compare import compare
from gateway.coding.interchange.drafts import Draft
from gateway.coding.interchange.missing import Scope
from gateway.coding.interchange.preview import Preview, State
from gateway.coding.records import OPEN_END, Choice, CrosswalkVersion, Proposal, Relation

A, B, C = "XA", "XB", "XC"
WHOLE = Scope(full=True, effective="2026-07-01", partner="h", kind="product", source="t.csv")


class Standing:
    """What is believed, in memory."""

    def __init__(self, *versions: CrosswalkVersion) -> None:
        self._versions = versions

    def history(self, partner: str, kind: str, local_code: str) -> list[CrosswalkVersion]:
        return [one for one in self._versions if one.key == (partner, kind, local_code)]

    def locals_of(self, partner: str, kind: str, unified_code: str) -> list[str]:
        place = (partner, kind, unified_code)
        found = [one for one in self._versions if (*one.key[:2], one.unified_code) == place]
        return [one.local_code for one in found]

    def codes(self, partner: str, kind: str) -> list[str]:
        return sorted({one.local_code for one in self._versions if one.key[:2] == (partner, kind)})


def stands(
    local: str, unified: str, since: str = "2020-01-01", until: str = OPEN_END, **more: object
) -> CrosswalkVersion:
    identity = f"{local}@{since}"
    version = CrosswalkVersion("h", "product", local, unified, since, until, id=identity)
    return replace(version, **more)  # type: ignore[arg-type]  # the test's own words


def draft(
    row: int, local: str, unified: str, since: str = "2020-01-01", until: str = OPEN_END,
    *, dated: bool = True, **more: object,
) -> Draft:  # fmt: skip
    proposal = Proposal("h", "product", local, unified, since, until)
    return Draft(row, replace(proposal, **more), dated)  # type: ignore[arg-type]  # the test's own words


def judged(
    drafts: Iterable[Draft], standing: Iterable[CrosswalkVersion] = (), scope: Scope | None = None
) -> Preview:
    return compare(drafts, Standing(*standing), scope or Scope())


def states(preview: Preview) -> list[tuple[int, State]]:
    return [(one.row, one.state) for one in preview.changes]


def proposed(preview: Preview) -> list[tuple[str, str, str, str]]:
    return [(p.unified_code, p.valid_from, p.valid_to, p.replaces) for p in preview.proposals()]


def after(preview: Preview, standing: Sequence[CrosswalkVersion]) -> set[tuple[str, str, str, str]]:
    """What is believed once everything was approved."""
    gone = {one.replaces for one in preview.proposals()}
    kept = {
        (one.local_code, one.unified_code, one.valid_from, one.valid_to)
        for one in standing
        if one.id not in gone
    }
    return kept | {
        (one.local_code, one.unified_code, one.valid_from, one.valid_to)
        for one in preview.proposals()
        if not one.retires
    }


def test_a_code_never_heard_of_is_new() -> None:
    preview = judged([draft(2, "1", A)])
    assert states(preview) == [(2, State.NEW)]
    assert proposed(preview) == [(A, "2020-01-01", OPEN_END, "")]
    assert preview.summary()["new"] == 1


def test_what_stands_is_unchanged() -> None:
    preview = judged([draft(2, "1", A)], [stands("1", A)])
    assert states(preview) == [(2, State.UNCHANGED)]
    assert proposed(preview) == []


def test_another_meaning_from_a_later_day_ends_the_one_before() -> None:
    preview = judged([draft(2, "1", B, "2026-07-01")], [stands("1", A)])
    assert states(preview) == [(2, State.CHANGED)]
    assert proposed(preview) == [
        (A, "2020-01-01", "2026-06-30", "1@2020-01-01"),
        (B, "2026-07-01", OPEN_END, ""),
    ]


@pytest.mark.parametrize("since", ["2020-01-01", "2019-12-31"])
def test_another_meaning_from_no_later_day_is_a_correction(since: str) -> None:
    preview = judged([draft(2, "1", B, since)], [stands("1", A)])
    assert proposed(preview) == [(B, since, OPEN_END, "1@2020-01-01")]


def test_a_meaning_inside_another_needs_the_days_before_and_after() -> None:
    inside = draft(2, "1", B, "2021-01-01", "2021-12-31")
    assert states(judged([inside], [stands("1", A)])) == [(2, State.CONFLICTING)]
    told = [draft(2, "1", A, "2020-01-01", "2020-12-31"), draft(3, "1", B, "2021-01-01")]
    preview = judged(told, [stands("1", A)])
    assert states(preview) == [(2, State.CHANGED), (3, State.NEW)]
    assert proposed(preview) == [
        (A, "2020-01-01", "2020-12-31", "1@2020-01-01"),
        (B, "2021-01-01", OPEN_END, ""),
    ]


def test_other_days_of_the_same_meaning_are_a_change() -> None:
    preview = judged([draft(2, "1", A, "2021-01-01", "2026-12-31")], [stands("1", A)])
    assert proposed(preview) == [(A, "2021-01-01", "2026-12-31", "1@2020-01-01")]


def test_a_table_without_dates_says_what_holds_not_since_when() -> None:
    undated = draft(2, "1", A, "2026-07-01", dated=False)
    assert states(judged([undated], [stands("1", A)])) == [(2, State.UNCHANGED)]
    ending = [stands("1", A, until="2026-12-31")]
    assert proposed(judged([undated], ending)) == [(A, "2020-01-01", OPEN_END, "1@2020-01-01")]
    ended = [stands("1", A, until="2026-06-30")]
    assert states(judged([undated], ended)) == [(2, State.NEW)]


def test_the_days_touch_or_overlap() -> None:
    ended = [stands("1", A, until="2026-06-30")]
    assert states(judged([draft(2, "1", B, "2026-07-01")], ended)) == [(2, State.NEW)]
    assert states(judged([draft(2, "1", B, "2026-06-30")], ended)) == [(2, State.CHANGED)]


def test_what_overlaps_several_meanings_is_a_conflict() -> None:
    standing = [stands("1", A, until="2022-12-31"), stands("1", B, "2023-01-01")]
    preview = judged([draft(2, "1", C, "2021-01-01")], standing)
    assert states(preview) == [(2, State.CONFLICTING)]
    assert not preview.good


def test_an_operators_file_is_changed_by_its_operator() -> None:
    filed = stands("1", A, id="", origin="file local.csv")
    assert states(judged([draft(2, "1", A)], [filed])) == [(2, State.UNCHANGED)]
    preview = judged([draft(2, "1", B)], [filed])
    assert states(preview) == [(2, State.CONFLICTING)]
    assert "local.csv" in preview.changes[0].en


def test_what_was_believed_once_counts_no_longer() -> None:
    gone = stands("1", A, known_to="2026-01-01T00:00:00.000000Z")
    assert states(judged([draft(2, "1", A)], [gone])) == [(2, State.NEW)]


# ------------------------------------------------------------------ the file against itself


def test_the_same_row_twice_is_noted_and_harmless() -> None:
    preview = judged([draft(2, "1", A), draft(3, "1", A)])
    assert states(preview) == [(2, State.NEW), (3, State.UNCHANGED)]
    assert "row 2" in preview.changes[1].en


def test_rows_that_contradict_each_other_are_both_named() -> None:
    preview = judged(
        [draft(2, "1", A), draft(3, "2", A, choice=Choice.INBOUND_ONLY), draft(4, "1", B)]
    )
    assert states(preview) == [(2, State.CONFLICTING), (3, State.NEW), (4, State.CONFLICTING)]
    assert "row 4" in preview.changes[0].en
    assert "row 2" in preview.changes[2].en


def test_overlapping_days_of_one_meaning_are_a_conflict_and_following_days_are_not() -> None:
    first = draft(2, "1", A, "2020-01-01", "2020-12-31")
    assert states(judged([first, draft(3, "1", A, "2020-12-31")]))[1][1] is State.CONFLICTING
    assert states(judged([first, draft(3, "1", B, "2021-01-01")]))[1][1] is State.NEW


# ------------------------------------------------------------------ many to one


@pytest.mark.parametrize(
    ("choices", "good"),
    [
        ((Choice.ONLY, Choice.ONLY), False),
        ((Choice.PREFERRED, Choice.ONLY), False),
        ((Choice.ONLY, Choice.PREFERRED), False),
        ((Choice.PREFERRED, Choice.PREFERRED), False),
        ((Choice.PREFERRED, Choice.INBOUND_ONLY), True),
        ((Choice.ONLY, Choice.INBOUND_ONLY), True),
        ((Choice.INBOUND_ONLY, Choice.INBOUND_ONLY), True),
    ],
)
def test_many_to_one_needs_a_choice(choices: tuple[Choice, Choice], good: bool) -> None:
    drafts = [draft(2 + at, f"{at}", A, choice=choice) for at, choice in enumerate(choices)]
    preview = judged(drafts)
    assert preview.good is good
    assert good or "as preferred" in preview.changes[0].en


def test_many_to_one_is_judged_with_what_stands_and_by_day() -> None:
    standing = [stands("1", A, until="2026-06-30")]
    assert not judged([draft(2, "2", A, "2026-06-30")], standing).good
    assert judged([draft(2, "2", A, "2026-07-01")], standing).good
    preferred = [stands("1", A, choice=Choice.PREFERRED)]
    assert not judged([draft(2, "2", A)], preferred).good
    assert judged([draft(2, "2", A, choice=Choice.PREFERRED)], [stands("1", A)]).good


def test_a_code_that_moves_away_in_the_same_file_leaves_its_place() -> None:
    standing = [stands("1", A), stands("2", B)]
    swapped = [draft(2, "1", B, "2026-07-01"), draft(3, "2", A, "2026-07-01")]
    assert judged(swapped, standing).good


def test_a_preferred_code_may_follow_another() -> None:
    drafts = [
        draft(2, "1", A, until="2026-06-30", choice=Choice.PREFERRED),
        draft(3, "2", A, "2026-07-01", choice=Choice.PREFERRED),
        draft(4, "3", A, choice=Choice.INBOUND_ONLY),
    ]
    assert judged(drafts).good


def test_other_relations_say_nothing_and_need_no_choice() -> None:
    drafts = [draft(2, "1", A, relation=Relation.BROADER), draft(3, "2", A)]
    assert judged(drafts).good


# ------------------------------------------------------------------ the whole table


def test_what_the_whole_table_does_not_have_ends_the_day_before() -> None:
    standing = [stands("1", A), stands("2", B), stands("3", C, until="2026-06-30")]
    preview = judged([draft(2, "1", A)], standing, WHOLE)
    assert states(preview) == [(2, State.UNCHANGED), (0, State.RETIRED)]
    assert proposed(preview) == [(B, "2020-01-01", "2026-06-30", "2@2020-01-01")]
    assert all(one.reason for one in preview.proposals())


def test_what_would_only_begin_later_is_taken_back() -> None:
    standing = [stands("2", B, "2026-07-01")]
    preview = judged([draft(2, "1", A)], standing, WHOLE)
    (found,) = [one for one in preview.proposals() if one.replaces]
    assert (found.retires, found.valid_from) == (True, "2026-07-01")


def test_a_table_without_rows_retires_all_and_an_addition_retires_nothing() -> None:
    standing = [stands("1", A), stands("2", B)]
    assert judged([], standing, WHOLE).summary()["retired"] == 2
    assert judged([], standing).summary()["retired"] == 0


def test_a_whole_table_of_one_kind_retires_nothing_of_another() -> None:
    standing = [stands("1", A), stands("9", "H53010200001", kind="institution")]
    scope = Scope(full=True, effective="2026-07-01", partner="h", source="t.csv")
    seen = judged([draft(2, "2", B, kind="institution")], standing, scope)
    assert [(one.state, one.key[2]) for one in seen.changes if not one.row] == [
        (State.RETIRED, "9")
    ]


def test_the_operators_file_stands_in_the_way_of_a_retirement() -> None:
    filed = stands("2", B, id="", origin="file local.csv")
    assert states(judged([draft(2, "1", A)], [filed], WHOLE))[1] == (0, State.CONFLICTING)


# ------------------------------------------------------------------ algebra

DAYS = ["2020-01-01", "2021-01-01", "2022-01-01", "2023-01-01"]
ENDS = ["2020-12-31", "2021-12-31", "2022-12-31", OPEN_END]
SPANS = [(DAYS[first], ENDS[last]) for first in range(4) for last in range(first, 4)]


def history(spans: Iterable[tuple[tuple[str, str], str]]) -> list[tuple[str, str, str]]:
    """Keep those that follow each other."""
    kept: list[tuple[str, str, str]] = []
    for (since, until), unified in spans:
        if all(until < one[0] or one[1] < since for one in kept):
            kept.append((since, until, unified))
    return kept


some = st.lists(st.tuples(st.sampled_from(SPANS), st.sampled_from([A, B])), max_size=4).map(history)


@settings(max_examples=150, deadline=None)
@given(believed=some, wanted=some)
def test_a_good_import_says_what_the_file_says_and_contradicts_nothing(
    believed: list[tuple[str, str, str]], wanted: list[tuple[str, str, str]]
) -> None:
    standing = [stands("1", unified, since, until) for since, until, unified in believed]
    drafts = [draft(row, "1", one[2], one[0], one[1]) for row, one in enumerate(wanted, start=2)]
    preview = judged(drafts, standing)
    if not preview.good:
        return
    left = after(preview, standing)
    assert {("1", unified, since, until) for since, until, unified in wanted} <= left
    spans = sorted((since, until) for _, _, since, until in left)
    assert all(first[1] < second[0] for first, second in pairwise(spans))
    again = judged(drafts, [stands("1", one[1], one[2], one[3]) for one in left])
    assert {one.state for one in again.changes} <= {State.UNCHANGED}
