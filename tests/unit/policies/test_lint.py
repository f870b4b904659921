from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.errors import Misconfigured
from gateway.policies.papers.lint import fits_unit, lint
from gateway.policies.papers.lint_findings import KINDS, NOTES, Finding
from gateway.policies.terms import TERMS_FOLDER
from tests.unit.policies.drafting import Draft

OWN = "合成〔2026〕1号"
DAYS = '[payment.days]\nvalue = "45"\nclause = "{clause}"\nfrom = {since}\n{more}'
CONTRACT = (
    '[payment.contract]\nvalue = "binding"\nclause = "合成〔2026〕1号 一"\nfrom = 2026-02-01\n'
)
ABOVE = "云医保〔2020〕71号 四（四）"
CITY = "530400.toml"


@pytest.fixture
def draft(tmp_path: Path) -> Draft:
    return Draft(tmp_path)


def days(clause: str = f"{OWN} 一", since: str = "2026-02-01", more: str = "") -> str:
    """A city's payment term that ends with its paper."""
    until = "" if "until" in more else "until = 2027-12-31\n"
    return DAYS.format(clause=clause, since=since, more=more + until)


def test_our_own_files_are_sound() -> None:
    assert [each.line() for each in lint() if not each.note] == []


def test_a_new_region_takes_one_file_and_its_paper(draft: Draft) -> None:
    assert draft.city(days()).faults() == []


@pytest.mark.parametrize(
    ("clause", "kind"),
    [
        ("", "unsound"),
        ("合成 2026 1号 一", "citation_malformed"),
        ("合成〔2026〕1号一", "citation_malformed"),
        ("合成〔2026〕1号 一；", "citation_malformed"),
        ("合成〔2026〕1号, 一", "citation_malformed"),
        ("合成〔2026〕2号 一", "paper_unknown"),
        ("合成〔2026〕1号", "clause_missing"),
        ("合成〔2026〕1号 三", "clause_unknown"),
        ("合成〔2026〕1号 二", "clause_unknown"),
        ("合成〔2026〕1号 二（一）1", "clause_unknown"),
        ("合成〔2026〕1号 一；合成〔2026〕1号 九", "clause_unknown"),
        ("黔医保发〔2019〕69号 五（三）", "paper_elsewhere"),
        ("曲政办发〔2022〕10号 四（四）3", "paper_elsewhere"),
    ],
)
def test_a_clause_stands_in_a_paper_that_applies(draft: Draft, clause: str, kind: str) -> None:
    assert (CITY, kind) in {(e.file, e.kind) for e in draft.city(days(clause)).faults()}


@pytest.mark.parametrize(
    "clause",
    [
        f"{OWN} 一",
        f"{OWN} 一；{OWN} 二（一）",
        f"{OWN} 一；云医保〔2020〕71号 四（五）（六）",
        "医保发〔2019〕18号",
        f"{OWN} 一；云政办发〔2021〕44号",
    ],
)
def test_own_provincial_and_national_papers_may_be_cited(draft: Draft, clause: str) -> None:
    assert draft.city(days(clause)).faults() == []


def test_several_items_of_one_section_are_each_looked_up(draft: Draft) -> None:
    old = "曲政办发〔2022〕10号 四（五）1、3"
    draft.replace("530300.toml", old, "曲政办发〔2022〕10号 四（五）1、4")
    (fault,) = draft.faults()
    assert (fault.kind, fault.detail) == ("clause_unknown", "曲政办发〔2022〕10号 四（五）4")


@pytest.mark.parametrize(
    ("clause", "since", "sound"),
    [
        (f"{OWN} 一", "2026-02-01", True),
        (f"{OWN} 一", "2026-01-31", False),
        (f"{OWN} 二（一）", "2026-01-15", True),
        (f"{OWN} 二（一）", "2026-01-14", False),
        (f"{OWN} 一；{OWN} 二（一）", "2026-01-31", False),
    ],
)
def test_nothing_holds_before_its_paper_does_unless_the_paper_says_why(
    draft: Draft, clause: str, since: str, sound: bool
) -> None:
    kinds = {each.kind for each in draft.city(days(clause, since)).faults()}
    assert kinds == (set() if sound else {"too_early"})


@pytest.mark.parametrize(
    ("until", "sound"),
    [("until = 2027-12-31\n", True), ("until = 2028-01-01\n", False)],
)
def test_nothing_holds_longer_than_its_paper(draft: Draft, until: str, sound: bool) -> None:
    kinds = {each.kind for each in draft.city(days(more=until)).faults()}
    assert kinds == (set() if sound else {"too_late"})


def test_a_value_without_an_end_outlasts_a_paper_that_has_one(draft: Draft) -> None:
    text = DAYS.format(clause=f"{OWN} 一", since="2026-02-01", more="")
    assert draft.city(text).kinds() == {(CITY, "payment.days", "too_late")}


def test_two_values_of_one_day_are_a_fault(draft: Draft) -> None:
    table = days().replace("[payment.days]", "[[payment.days]]")
    draft.city(table + table.replace("45", "46").replace("2026-02-01", "2026-03-01"))
    (fault,) = draft.faults()
    assert (fault.kind, fault.detail) == (
        "unsound",
        "payment.days: 起止日重叠，2026-03-01 有两个取值：前一段应有更早的 until two values hold on 2026-03-01",
    )


def test_days_on_which_no_value_holds_are_a_note(draft: Draft) -> None:
    table = days(more="until = 2026-02-28\n").replace("[payment.days]", "[[payment.days]]")
    for since, gaps in (("2026-03-01", []), ("2026-03-02", ["2026-03-01 – 2026-03-01"])):
        later = table.replace("2026-02-01", since).replace("2026-02-28", "2027-12-31")
        found = draft.city(table + later).findings()
        assert [each.detail for each in found if each.kind == "value_gap"] == gaps
        assert draft.faults() == []


@pytest.mark.parametrize(
    "broken",
    ["", "[[[", 'code = "530000"\nname = "云南省"\n', CONTRACT.replace('"binding"', "1")],
)
def test_a_file_that_cannot_be_read_is_the_only_finding(draft: Draft, broken: str) -> None:
    draft.write("530000.toml", broken)
    assert {(each.file, each.kind) for each in draft.faults()} == {("530000.toml", "unsound")}


def test_a_value_needs_its_companions_but_may_inherit_them(draft: Draft) -> None:
    held = '[payment.held_after_workdays]\nvalue = "5"\nclause = "合成〔2026〕1号 一"\nfrom = 2026-02-01\nuntil = 2027-12-31\n'
    assert "needs payment.held on" in "".join(e.detail for e in draft.city(held).faults())
    # payment.warned is the province's
    stated = held.replace("payment.held_after_workdays", "payment.held").replace('"5"', '"overdue"')
    assert draft.city(held + stated).faults() == []


def test_a_city_names_what_it_overrides(draft: Draft) -> None:
    contract = CONTRACT + "until = 2027-12-31\n"
    assert draft.city(contract).kinds() == {(CITY, "payment.contract", "override_unnamed")}
    other = contract + 'overrides = "云医保〔2020〕71号 四（五）"\n'
    assert draft.city(other).kinds() == {(CITY, "payment.contract", "override_wrong")}
    named = contract + f'overrides = "{ABOVE}"\n'
    assert draft.city(named).faults() == []


def test_what_nobody_above_says_cannot_be_overridden(draft: Draft) -> None:
    draft.city(days(more=f'overrides = "{ABOVE}"\n'))
    assert draft.kinds() == {(CITY, "payment.days", "override_empty")}


def test_a_province_that_changes_its_clause_calls_its_cities_for_review(draft: Draft) -> None:
    text = (draft.folder / "530000.toml").read_text(encoding="utf-8")
    changed = re.sub(
        r'(\[payment\.contract\].*\nvalue = "binding"\nclause = ")[^"]+',
        r"\1云医保〔2020〕71号 四（五）",
        text,
    )
    assert changed != text
    draft.write("530000.toml", changed)
    assert draft.kinds() == {
        ("530300.toml", "payment.contract", "override_wrong"),
        ("530900.toml", "payment.contract", "override_wrong"),
    }


def test_what_a_city_repeats_is_only_a_note(draft: Draft) -> None:
    contract = CONTRACT + f'until = 2027-12-31\noverrides = "{ABOVE}"\n'
    notes = [each for each in draft.city(contract).findings() if each.file == CITY]
    assert [(each.kind, each.note) for each in notes] == [("duplicate_inherited", True)]


@pytest.mark.parametrize(
    ("unit", "value", "fits"),
    [
        ("ratio", "0.70", True),
        ("ratio", "1", True),
        ("ratio", "1.01", False),
        ("ratio", "0", False),
        ("ratio", "70%", False),
        ("percent", "100", True),
        ("percent", "100.1", False),
        ("days", "30", True),
        ("days", "0", False),
        ("days", "30.5", False),
        ("days", "-1", False),
        ("count", "３", False),
        ("workdays", "10", True),
        ("months", "twelve", False),
        ("date", "12-31", True),
        ("date", "02-29", True),
        ("date", "02-30", False),
        ("date", "2019-03-20", True),
        ("date", "2019-02-29", False),
        ("date", "20190320", False),
        ("price", "0.053", True),
        ("price", "0", False),
        ("choice", "month", True),
        ("choice", "约谈", True),
        ("choice", "30", False),
        ("choice", "", False),
    ],
)
def test_a_value_is_of_its_unit(unit: str, value: str, fits: bool) -> None:
    assert fits_unit(unit, value) is fits


def test_a_value_that_does_not_fit_its_unit_is_named(draft: Draft) -> None:
    text = (draft.folder / "vocabulary.toml").read_text(encoding="utf-8")
    draft.write("vocabulary.toml", text.replace("form = '[1-9][0-9]{0,2}'", "form = '[0-9.]+'"))
    draft.city(days().replace('"45"', '"4.5"'))
    assert draft.kinds() == {(CITY, "payment.days", "unit_misfit")}


WORD = """
["payment.synthetic"]
form = 'yes'
unit = "choice"
rule = "R3"
zh = "合成"
en = "synthetic"
"""


@pytest.mark.parametrize(("reserved", "sound"), [("", False), ('reserved = "合成示例"\n', True)])
def test_a_term_that_no_region_uses_is_a_fault_unless_reserved(
    draft: Draft, reserved: str, sound: bool
) -> None:
    text = (draft.folder / "vocabulary.toml").read_text(encoding="utf-8")
    draft.write("vocabulary.toml", text + WORD + reserved)
    unused = {("vocabulary.toml", "payment.synthetic", "term_unused")}
    assert draft.kinds() == (set() if sound else unused)


def test_a_reserved_term_that_is_used_is_a_fault(draft: Draft) -> None:
    text = (draft.folder / "vocabulary.toml").read_text(encoding="utf-8")
    en = 'en = "days from acceptance to payment"\n'
    draft.write("vocabulary.toml", text.replace(en, en + 'reserved = "合成示例"\n'))
    assert draft.kinds() == {("vocabulary.toml", "payment.days", "reserved_used")}


@pytest.mark.parametrize(
    "line",
    [
        'terms.value("payment.dais", on)',
        'terms.value("paiment.days", on)',
        'rules.term(region, "paiment.days", on)',
        'DAYS = "payment.dais"',
    ],
)
def test_a_policy_that_reads_a_term_that_nobody_knows_is_named(tmp_path: Path, line: str) -> None:
    code = tmp_path / "code"
    code.mkdir()
    (code / "synthetic.py").write_text(f"def ask(terms, rules, region, on):\n    {line}\n")
    found = [each for each in lint(code=code) if not each.note]
    assert [(each.file, each.kind) for each in found] == [("synthetic.py", "code_unknown")]


def test_a_term_that_no_policy_reads_is_a_note(tmp_path: Path) -> None:
    code = tmp_path / "code"
    code.mkdir()
    (code / "synthetic.py").write_text(
        'NAMES = ("kept",)\nFILE = "payment.toml"\n'
        'def ask(terms, name):\n    return terms.value("payment.days"), f"budget.{name}"\n'
    )
    unread = {each.term for each in lint(code=code) if each.kind == "code_unread"}
    assert {"payment.days", "budget.kept"}.isdisjoint(unread)
    assert {"payment.latest", "budget.surplus"} <= unread


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('number = "合成〔2026〕1号"', 'number = "合成2026"', "不是文号"),
        ("issued_on = 2026-01-05\n", "", "either issued_on or issued_year"),
        ("issued_on = 2026-01-05", "issued_year = 2026", "须以 issued_note 说明"),
        ("2026-02-01", '"2026-02-01"', "is a day"),
        ("until = 2027-12-31", "until = 2026-01-31", "is before in_force_from"),
        ('region = "530400"', 'region = "云南"', "six digits"),
        ('issuer = ["合成示例机关"]', 'issuer = "合成示例机关"', "issuer is a list"),
        ('mark = "一"', 'mark = "二（一）"', "stands twice"),
        (', why = "先行"', "", "says why it binds earlier"),
        ('heading = "合成"', "heading = 1", "mark and heading are texts"),
        ('source = "合成示例"\n', 'source = "合成示例"\nurl = "x"\n', "unknown url"),
        ("clauses = [", "clauses = [[", "Unclosed array"),
        ('number = "合成〔2026〕1号"', 'number = "云医保〔2020〕71号"', "stands in"),
    ],
)
def test_a_paper_that_is_not_sound_is_named(draft: Draft, old: str, new: str, says: str) -> None:
    draft.city(days()).replace("papers/synthetic-2026-1.toml", old, new)
    found = draft.faults()
    assert {each.kind for each in found} == {"unsound"}
    assert any(says in each.detail for each in found), [each.line() for each in found]


def test_a_region_whose_own_paper_is_not_registered_is_a_fault(draft: Draft) -> None:
    draft.city("").replace(CITY, 'number = "合成〔2026〕1号"', 'number = "合成〔2026〕9号"')
    assert draft.kinds() == {(CITY, "paper", "paper_unknown")}


def test_a_choice_is_worded_or_a_note_says_so(draft: Draft) -> None:
    draft.replace("choices.toml", 'binding = "合同约定的付款日有约束力"\n', "")
    noted = {each.term for each in draft.findings() if each.kind == "choice_unworded"}
    assert (noted, draft.faults()) == ({"payment.contract"}, [])


def test_words_for_a_value_that_cannot_be_are_a_fault(draft: Draft) -> None:
    draft.replace("choices.toml", "binding = ", "bindung = ")
    assert draft.kinds() == {("choices.toml", "payment.contract", "choice_unknown")}


def test_everything_that_is_wrong_is_told_at_once(draft: Draft) -> None:
    draft.city(days("合成〔2026〕2号 一")).replace("520000.toml", '"0.80"', '"80%"')
    draft.replace("500000.toml", "二（八）", "二（十一）")
    assert {each.kind for each in draft.faults()} >= {
        "paper_unknown",
        "unsound",
        "unit_misfit",
        "clause_unknown",
    }


def test_a_folder_without_papers_is_held_against_ours(tmp_path: Path) -> None:
    for name in ("530000.toml", "ratios.toml"):
        (tmp_path / name).write_bytes((TERMS_FOLDER / name).read_bytes())
    kinds = {each.kind for each in lint(tmp_path) if not each.note}
    assert kinds == {"term_unused"}  # the other regions' terms


def test_a_folder_that_is_not_there_is_no_clean_folder(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="not a folder"):
        lint(tmp_path / "absent")


def test_every_kind_of_finding_speaks_both_languages() -> None:
    assert set(KINDS) >= NOTES
    for kind in KINDS:
        line = Finding("530400.toml", "payment.days", kind, "45").line()
        assert line.startswith("530400.toml: payment.days: ")
        assert "45" in line
