"""推演: other terms over the same history: who would be warned, what would be held, moved or paid."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest

from gateway.errors import Misconfigured
from gateway.policies.registry import POLICIES
from gateway.policies.rulebook import Rulebook
from gateway.policies.running.simulating import Question, doubts, lies_in, simulate, terms_with
from gateway.policies.running.simulating_difference import Change, Comparison, compare
from gateway.policies.terms import TERMS_FOLDER
from gateway.ports import Entry, EntryKind
from schemas.envelope import Message, canonical_bytes, message_identity
from schemas.events import PREPAYMENT_DUE, PROGRESS_WARNED, SETTLEMENT_HELD, SETTLEMENT_RESUMED
from tests.unit.policies.hosting import RULES
from tests.unit.policies.making import GUIZHOU, YUNNAN, accepted, closed, task
from tests.unit.policies.making_money import registered, year_paid

YEAR = Question(GUIZHOU, date(2020, 1, 1), date(2020, 12, 31))
Q1 = closed("2020-Q1", "2020-03-31")


def changed_terms(folder: Path, *changes: tuple[str, str], region: str = GUIZHOU) -> Path:
    """A region's file in which some lines read otherwise."""
    text = (TERMS_FOLDER / f"{region}.toml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "new.toml"
    path.write_text(text, encoding="utf-8")
    return path


def value(name: str, old: str, new: str) -> tuple[str, str]:
    text = (TERMS_FOLDER / f"{GUIZHOU}.toml").read_text(encoding="utf-8")
    heading = next(line for line in text.splitlines() if line.startswith(f"[{name}]"))
    return f'{heading}\nvalue = "{old}"', f'{heading}\nvalue = "{new}"'


def entry(message: Message, seq: int) -> Entry:
    return Entry(
        0, seq, EntryKind.MESSAGE, message, message.id, "c", "", b"", message.id,
        f"2020-01-01T00:00:{seq:02d}Z", "",
    )  # fmt: skip


async def run(rules: Rulebook, *messages: Message, question: Question = YEAR) -> Comparison:
    rows = {message.id: entry(message, seq) for seq, message in enumerate(messages)}

    async def entries() -> AsyncIterator[Entry]:
        for each in rows.values():
            yield each

    async def find(identity: str) -> Entry | None:
        return rows.get(identity)

    sides = await simulate(entries(), find, POLICIES, (RULES, rules), question)
    assert not sides[0].replay.failures + sides[1].replay.failures
    return compare(*sides)


def hospital(number: int, quantity: str) -> list[Message]:
    name = f"H5201000000{number}"
    return [
        task(f"t{number}", institution=name),
        accepted(f"a{number}", quantity, "2020-02-10", institution=name),
    ]


async def test_the_same_terms_make_no_difference(tmp_path: Path) -> None:
    rules = terms_with(GUIZHOU, changed_terms(tmp_path))
    found = await run(rules, *hospital(1, "6999.0000"), Q1)
    assert found.differences == ()
    assert found.summary.conclusions[PROGRESS_WARNED] == (1, 1)
    assert found.summary.accounts == {}


@pytest.mark.parametrize(
    ("quantity", "newly"),
    [("7999.0000", False), ("8000.0000", True), ("8999.0000", True), ("9000.0000", False)],
)
async def test_a_higher_threshold_warns_those_between_both(
    tmp_path: Path, quantity: str, newly: bool
) -> None:
    terms = changed_terms(tmp_path, value("progress.warn_below", "0.80", "0.90"))
    found = await run(terms_with(GUIZHOU, terms), *hospital(1, quantity), Q1)
    assert found.summary.newly_warned == (("H52010000001",) if newly else ())
    added = [each for each in found.differences if each.change is Change.ADDED]
    warnings = [each for each in added if each.type == PROGRESS_WARNED]
    assert bool(warnings) is newly
    if newly:
        assert warnings[0].clauses == ("黔医保发〔2019〕69号 五（三）",)
        assert ("institution", "H52010000001") in warnings[0].about


async def test_a_lower_threshold_lets_settlement_go_on(tmp_path: Path) -> None:
    terms = changed_terms(
        tmp_path,
        value("progress.hold_below", "0.70", "0.60"),
        value("progress.warn_below", "0.80", "0.65"),
    )
    late = accepted("late", "40000.0000", "2020-05-10", institution="H52010000001")
    given = [*hospital(1, "6500.0000"), *hospital(2, "5000.0000"), Q1, late]
    found = (await run(terms_with(GUIZHOU, terms), *given)).summary
    assert found.no_longer_warned == found.no_longer_held == ("H52010000001",)
    assert found.no_longer_resumed == ("H52010000001",)
    assert found.newly_held == found.newly_warned == ()
    assert found.conclusions[SETTLEMENT_HELD] == (2, 1)
    assert found.conclusions[SETTLEMENT_RESUMED] == (1, 0)


async def test_a_larger_share_prepays_more_to_the_fen(tmp_path: Path) -> None:
    terms = changed_terms(tmp_path, value("prepayment.share", "0.30", "0.45"))
    paid = year_paid("2019", "1200000.06")
    found = await run(terms_with(GUIZHOU, terms), registered(), paid)
    summary = found.summary
    before, after = summary.prepaid
    assert (before, after) == (30_000_00, 45_000_00)
    assert sum(new - old for old, new in summary.accounts.values()) == 0  # double entry
    assert max(new - old for old, new in summary.accounts.values()) == after - before
    (due,) = [each for each in found.differences if each.type == PREPAYMENT_DUE]
    assert due.change is Change.CHANGED
    assert "amount" in {name for name, _, _ in due.fields}


async def test_other_regions_and_days_are_not_told_of(tmp_path: Path) -> None:
    rules = terms_with(
        GUIZHOU, changed_terms(tmp_path, value("progress.warn_below", "0.80", "0.90"))
    )
    given = [*hospital(1, "8500.0000"), Q1]
    for question in (
        Question(GUIZHOU, date(2020, 4, 1), date(2020, 12, 31)),  # warned on 31 March
        Question(GUIZHOU, date(2020, 1, 1), date(2020, 3, 30)),
        Question(YUNNAN, date(2020, 1, 1), date(2020, 12, 31)),
    ):
        warned = (await run(rules, *given, question=question)).summary.newly_warned
        assert warned == ()
    edge = Question(GUIZHOU, date(2020, 3, 31), date(2020, 3, 31))
    assert (await run(rules, *given, question=edge)).summary.newly_warned == ("H52010000001",)


async def test_corrections_count_in_both(tmp_path: Path) -> None:
    rules = terms_with(
        GUIZHOU, changed_terms(tmp_path, value("progress.warn_below", "0.80", "0.90"))
    )
    first, *rest = hospital(1, "8500.0000")[::-1]
    data = first.content() | {"accepted_quantity": "9500.0000", "supersedes": first.id}
    instead = Message(
        message_identity("his", "again"), first.source, first.type, first.subject, first.time,
        canonical_bytes(data), first.region,
    )  # fmt: skip
    found = await run(rules, *rest, first, instead, Q1)
    assert found.summary.newly_warned == ()
    twice = await run(rules, *rest, first, Q1, instead)
    assert twice.summary.newly_warned == ("H52010000001",)  # and lifted again afterwards


def test_a_draft_whose_paper_is_not_registered_is_run_and_doubted(tmp_path: Path) -> None:
    assert doubts(GUIZHOU, changed_terms(tmp_path)) == []
    draft = changed_terms(
        tmp_path, ("黔医保发〔2019〕69号 五（四）", "合成〔2018〕9号 一"), ("五（六）", "九（六）")
    )
    terms_with(GUIZHOU, draft)
    found = {(each.file, each.kind) for each in doubts(GUIZHOU, draft)}
    assert found == {("new.toml", "paper_unknown"), ("new.toml", "clause_unknown")}


def test_a_region_lies_in_its_city_and_province() -> None:
    assert lies_in("520100", GUIZHOU)
    assert lies_in("530302", "530300")
    assert not lies_in("530302", "530900")
    assert not lies_in("530000", "530300")
    assert lies_in("530302", "530302")
    assert not lies_in("530303", "530302")


def test_wrong_terms_are_told_by_the_name_of_their_file(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"new\.toml: progress\.warn_below: 取值 '1,0'"):
        terms_with(GUIZHOU, changed_terms(tmp_path, value("progress.warn_below", "0.80", "1,0")))
    with pytest.raises(Misconfigured, match="no such file"):
        terms_with(GUIZHOU, tmp_path / "none.toml")
    with pytest.raises(Misconfigured, match=r"code '520000' 与 --region 500000 不符"):
        terms_with("500000", changed_terms(tmp_path))
    for region in ("110000", "../520000", ""):
        with pytest.raises(Misconfigured, match="no terms of this region"):
            terms_with(region, changed_terms(tmp_path))
    broken = tmp_path / "broken.toml"
    broken.write_bytes(b"\xff[")
    with pytest.raises(Misconfigured, match=r"broken\.toml"):
        terms_with(GUIZHOU, broken)
