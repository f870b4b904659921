from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.errors import Misconfigured
from gateway.ops.contracts import EXTRA_GENERATORS
from gateway.policies.papers.coverage import RULES, cell_terms, load_coverage
from gateway.policies.papers.coverage_tests import is_test
from gateway.policies.papers.document_text import anchor
from gateway.policies.papers.documents import policy_pages
from gateway.policies.papers.given_terms import given_regions
from gateway.policies.papers.lint import TESTS_FOLDER, lint, read_folder
from gateway.policies.papers.papers import citations, expanded, load_papers
from gateway.policies.registry import POLICIES
from gateway.policies.terms import TERMS_FOLDER
from tests.unit.policies.drafting import Draft
from tests.unit.policies.making import CHONGQING, GUIZHOU, YUNNAN

SHARED = Path(__file__).parents[4] / "shared"
COVERAGE = load_coverage()
READING = read_folder()
SHORT = {"LC": "530900", "YN": YUNNAN, "GZ": GUIZHOU, "QJ": "530300", "CQ": CHONGQING}
QJ_R15 = "R15 530300"


@pytest.fixture
def draft(tmp_path: Path) -> Draft:
    return Draft(tmp_path)


def kinds(draft: Draft) -> set[tuple[str, str]]:
    return {(e.term, e.kind) for e in draft.faults() if e.file == "coverage.toml"}


def test_every_rule_has_a_cell_in_every_region() -> None:
    assert set(COVERAGE.cells) == {f"{rule} {code}" for rule in RULES for code in SHORT.values()}


def test_every_term_of_a_region_stands_in_a_cell() -> None:
    shown = {
        (term.region, term.name)
        for cell in COVERAGE.cells.values()
        for term in cell_terms(cell, READING.regions, READING.words)
    }
    stated = {(t.region, t.name) for region in READING.regions.values() for t in region.terms}
    assert stated == shown


def test_every_policy_stands_for_some_rule() -> None:
    named = {each for rule in COVERAGE.rules.values() for each in rule.policies}
    named |= {each for cell in COVERAGE.cells.values() for each in cell.policies}
    # drug_products keeps what the caps of R5 and R8 are judged by
    assert {policy.name for policy in POLICIES} - named <= {"drug_products"}


@pytest.mark.parametrize(
    ("name", "exists"),
    [
        ("test_coverage::test_every_rule_has_a_cell_in_every_region", True),
        ("tests/unit/policies/test_coverage.py::test_every_rule_has_a_cell_in_every_region", True),
        ("test_coverage::test_absent", False),
        ("test_absent::test_every_rule_has_a_cell_in_every_region", False),
        ("test_coverage::kinds", False),
        ("test_coverage", False),
        ("tests/../tests/unit/policies/test_coverage.py::test_absent", False),
    ],
)
def test_a_named_test_is_a_test_function_of_the_tree(name: str, exists: bool) -> None:
    assert is_test(TESTS_FOLDER, name) is exists


def cell(name: str) -> str:
    rule, region = name.split()
    return f"[cells.{rule}.{region}]\n"


def test_a_cell_that_is_missing_is_named(draft: Draft) -> None:
    draft.replace("coverage.toml", cell("R15 530000") + "silent = true\n", "")
    assert kinds(draft) == {("R15 530000", "cell_missing")}


def test_a_silent_cell_with_terms_is_a_fault(draft: Draft) -> None:
    text = (draft.folder / "coverage.toml").read_text(encoding="utf-8")
    pattern = re.compile(re.escape(cell(QJ_R15)) + r"(?:[^\[]|\[\n|\[\")*\Z")
    changed = pattern.sub(cell(QJ_R15) + "silent = true\n", text)
    assert changed != text
    draft.write("coverage.toml", changed)
    (fault, _) = draft.faults()
    assert (fault.term, fault.kind) == (QJ_R15, "cell_empty")
    assert "tender.tender_from" in fault.detail


def test_a_cell_that_the_overview_names_is_never_silent(draft: Draft) -> None:
    draft.replace("coverage.toml", '"R10 520000", ', "")
    assert kinds(draft) == {("R10 520000", "cell_empty")}


def test_a_cell_that_the_overview_leaves_blank_is_filled_only_with_a_reason(draft: Draft) -> None:
    text = (draft.folder / "coverage.toml").read_text(encoding="utf-8")
    reason = re.compile(re.escape(cell("R8 530900")) + r"[^\[]*clauses = \[[^\]]*\][^\[]*")
    found = reason.search(text)
    assert found is not None
    # `tests` is a list too
    after = text[found.start() :]
    draft.write("coverage.toml", text[: found.start()] + re.sub(r"why = .*\n", "", after, count=1))
    assert kinds(draft) == {("R8 530900", "cell_unsupported")}


def test_a_filled_cell_without_a_term_says_why(draft: Draft) -> None:
    why = 'why = "文件有原则而无比例，故无条款取值 words without a figure: no term"\n'
    draft.replace("coverage.toml", why, "")
    assert kinds(draft) == {("R5 530000", "cell_unsupported")}


def test_a_cell_whose_terms_were_removed_loses_its_ground(draft: Draft) -> None:
    text = (draft.folder / "530300.toml").read_text(encoding="utf-8")
    draft.write("530300.toml", re.sub(r"(?ms)^\[tender\.[^\n]*\n.*?(?=^\[)", "", text))
    assert (QJ_R15, "cell_unsupported") in kinds(draft)


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("曲政办发〔2022〕10号 四（一）2", "曲政办发〔2022〕10号 四（一）9", "clause_unknown"),
        ("曲政办发〔2022〕10号 四（一）2", "曲政办发〔2022〕11号 四（一）2", "paper_unknown"),
        ("曲政办发〔2022〕10号 四（一）2", "曲政办发〔2022〕10号", "clause_missing"),
        ("曲政办发〔2022〕10号 四（一）2", "曲政办发 四（一）2", "citation_malformed"),
        ("曲政办发〔2022〕10号 四（一）2", "黔医保发〔2019〕69号 五（一）", "paper_elsewhere"),
        ("test_nobody_qualified_no_route", "test_nobody_was_there", "test_unknown"),
        ("zh = ", "todo = ", "cell_incomplete"),
    ],
)
def test_a_cells_clauses_and_tests_exist(draft: Draft, old: str, new: str, kind: str) -> None:
    text = (draft.folder / "coverage.toml").read_text(encoding="utf-8")
    before, mark, after = text.partition(cell(QJ_R15))
    assert old in after
    draft.write("coverage.toml", before + mark + after.replace(old, new, 1))
    assert (QJ_R15, kind) in kinds(draft)


def test_a_filled_cell_has_tests_and_one_to_be_done_is_a_note(draft: Draft) -> None:
    text = (draft.folder / "coverage.toml").read_text(encoding="utf-8")
    before, mark, after = text.partition(cell(QJ_R15))
    bare = re.sub(r"tests = \[[^\]]*\]\n", "", after, count=1)
    draft.write("coverage.toml", before + mark + bare)
    assert kinds(draft) == {(QJ_R15, "cell_incomplete")}
    draft.write("coverage.toml", f"{before}{mark}{bare}todo = '在建'\n")
    assert kinds(draft) == set()
    assert QJ_R15 in {each.term for each in draft.findings() if each.kind == "cell_todo"}


def test_a_policy_that_is_not_registered_is_named(draft: Draft) -> None:
    draft.replace("coverage.toml", 'policies = ["tender_route"]', 'policies = ["tender_rout"]')
    assert kinds(draft) == {(QJ_R15, "policy_unknown")}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[rules.R15]", "[rules.R16]", "rules.R15 is missing"),
        ("regions = [", "places = [", "unknown places"),
        ("]\nsilent = true", "]\nsilent = 1", "silent = true stands alone"),
        ("]\nsilent = true", "]\nsilent = true\nzh = '合成'", "silent = true stands alone"),
        ("scene = ", "scenes = ", "unknown scenes"),
        ("scene = ", "scene = 1 # ", "scene is text"),
        ("clauses = [", "clauses = [1, ", "clauses is a list of texts"),
        ('unnamed = ["R5 530900"', 'unnamed = ["R5 110000"', "R5 110000"),
        ("[rules.R1]", "[rules.R1", "coverage.toml"),
    ],
)
def test_a_table_that_is_not_sound_is_named(draft: Draft, old: str, new: str, says: str) -> None:
    draft.replace("coverage.toml", old, new)
    lines = [each.line() for each in draft.faults()]
    assert any(says in line for line in lines), lines


def test_without_the_tests_their_names_go_unchecked_and_a_note_says_so(tmp_path: Path) -> None:
    found = lint(tests=tmp_path / "absent")
    assert "tests_absent" in {each.kind for each in found}
    assert [each for each in found if not each.note] == []


def test_the_scenes_of_the_simulated_year_that_a_cell_names_are_told_there() -> None:
    year = pytest.importorskip("gateway.demo.year_scenes")
    told = {(each.rule, each.region, each.title) for each in year.SCENES}
    named = {
        (cell.rule, cell.region, title)
        for cell in COVERAGE.cells.values()
        for title in cell.year_scenes
    }
    assert named
    assert named <= told


# --- the pages -------------------------------------------------------------------------------------


def test_the_pages_are_generated_with_the_contracts() -> None:
    assert "gateway.policies.papers.documents:policy_pages" in EXTRA_GENERATORS


def test_each_region_has_a_page_with_all_its_values_and_what_it_inherits() -> None:
    pages = policy_pages()
    for code, region in READING.regions.items():
        page = pages[f"docs/policies/{code}.md"]
        for term in region.terms:
            assert f"`{term.name}`" in page
        for rule in RULES:
            assert f"## {rule} " in page
    assert "承自 [云南省](./530000.md)" in pages["docs/policies/530900.md"]
    assert "本地，替代 [云医保〔2020〕71号 四（一）]" in pages["docs/policies/530300.md"]


def test_a_silent_rule_says_so() -> None:
    section = policy_pages()["docs/policies/520000.md"].partition("## R15 ")[2]
    assert "文件未规定 the paper is silent" in section


def test_every_link_leads_to_an_entry() -> None:
    pages = policy_pages()
    anchors = {name: set(re.findall(r'<a id="([^"]+)"></a>', text)) for name, text in pages.items()}
    for name, text in pages.items():
        for page, place in re.findall(r"\]\(\.?/?([a-z0-9]*(?:\.md)?)#([^)]+)\)", text):
            target = f"docs/policies/{page}" if page else name
            assert place in anchors[target], f"{name}: {page}#{place}"
        for page in re.findall(r"\]\(\./([^)#]+)\)", text):
            assert f"docs/policies/{page}" in pages
        for file in re.findall(r"\]\(\.\./\.\./(tests[^)]+)\)", text):
            assert (TESTS_FOLDER.parent / file).is_file(), file


def test_a_table_never_breaks_by_what_stands_in_it() -> None:
    for name, text in policy_pages().items():
        width = 0
        for line in text.splitlines():
            cells = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
            assert cells in (width, 0) or width == 0, f"{name}: {line}"
            width = cells


@pytest.mark.parametrize(
    ("mark", "place"),
    [
        ("", "qujing-2022-10"),
        ("四", "qujing-2022-10-4"),
        ("四（三）1", "qujing-2022-10-4-3-1"),
        ("二（十）", "qujing-2022-10-2-10"),
        ("二（十一）", "qujing-2022-10-2-11"),
        ("二（二十）", "qujing-2022-10-2-20"),
        ("附件", "qujing-2022-10-annex"),
    ],
)
def test_a_clause_has_a_place_of_its_own(mark: str, place: str) -> None:
    assert anchor(READING.papers["曲政办发〔2022〕10号"], mark) == place


def test_a_page_without_its_marks_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.policies.papers.documents._ROOT", tmp_path)
    with pytest.raises(Misconfigured, match="marks"):
        policy_pages()


# --- against the papers themselves, where they are at hand -------------------------------------------


def mission() -> str:
    path = SHARED / "mission.md"
    if not path.exists():
        pytest.skip("the shared reference folder is not here")
    return path.read_text(encoding="utf-8")


@pytest.mark.shared
def test_the_blank_cells_are_those_of_the_overview() -> None:
    rows = re.findall(r"^\| (R[0-9]+) [^|]*\|(.*)\|$", mission(), re.MULTILINE)
    blank = {
        f"{rule} {code}"
        for rule, cells in rows
        for code, told in zip(SHORT.values(), cells.split("|"), strict=True)
        if told.strip() == "–"
    }
    assert len(rows) == len(RULES)
    assert blank == COVERAGE.unnamed


@pytest.mark.shared
def test_every_clause_that_the_overview_cites_stands_in_its_cell() -> None:
    rows = re.findall(r"^\| (R[0-9]+) [^|]*\|(.*)\|$", mission(), re.MULTILINE)
    checked = 0
    for rule, cells in rows:
        for code, told in zip(SHORT.values(), cells.split("|"), strict=True):
            own = READING.regions[code].paper_number
            places = placed(f"{rule} {code}", own)
            for mark in re.findall(r"\(([一二三四五六七八九十](?:\([^()]+\))*[0-9]?)", told):
                whole = mark.replace("(", "（").replace(")", "）")
                # the overview writes 五1 for the first item of the fifth section of chapter four
                whole = re.sub(r"^([一二三四五六七八九十])([0-9])$", r"四（\1）\2", whole)
                for each in expanded(whole):
                    checked += 1
                    found = [place for place in places if place.startswith(each)]
                    assert found, f"{rule} {code} {each}: {sorted(places)}"
    assert checked > 40


def placed(name: str, number: str) -> set[str]:
    """The clauses of one paper that a cell rests on."""
    cell = COVERAGE.cells[name]
    terms = cell_terms(cell, READING.regions, READING.words)
    texts = [*cell.clauses, *(term.clause for term in terms)]
    cited = (each for text in texts for each in citations(text) if each.number == number)
    return {mark for each in cited for mark in each.marks}


def plain(text: str) -> str:
    text = re.sub(r"[\s*#]", "", text)
    return text.replace("(", "（").replace(")", "）").replace("％", "%")


def sections(slug: str) -> dict[str, str]:
    """Cut a paper's text at its headings: each clause with what stands below it."""
    path = SHARED / "policy" / f"{slug}.txt"
    if not path.exists():
        pytest.skip("the shared reference folder is not here")
    text, start = plain(path.read_text(encoding="utf-8")), 0
    paper = next(each for each in load_papers().values() if each.slug == slug)
    begins: list[tuple[str, int]] = []
    for mark, clause in paper.clauses.items():
        found = text.find(plain(clause.heading), start) if mark != "附件" else text.rfind("附件")
        assert found >= 0, f"{slug} does not print {mark} {clause.heading}"
        begins.append((mark, found))
        start = found + 1 if mark != "附件" else start
    ends = [
        next((at for other, at in begins[place + 1 :] if not other.startswith(mark)), len(text))
        for place, (mark, _) in enumerate(begins)
    ]
    return {mark: text[at:end] for (mark, at), end in zip(begins, ends, strict=True)}


@pytest.mark.shared
@pytest.mark.parametrize("code", sorted(SHORT.values()))
def test_the_words_beside_each_value_stand_in_the_clause_that_it_cites(code: str) -> None:
    """At least six characters in a row (or all there are) of the words are the clause's own."""
    papers = load_papers()
    for term in given_regions(TERMS_FOLDER)[code].terms:
        cited = [(papers[each.number], each.marks) for each in citations(term.clause)]
        text = "".join(
            sections(paper.slug)[mark]
            for paper, marks in cited
            if not paper.whole
            for mark in marks
        )
        words = plain(term.words)
        runs = [words[at : at + 6] for at in range(max(1, len(words) - 5))]
        shared = any(run in text for run in runs if re.search(r"[一-鿿]", run))
        short = [each for each in re.split(r"[^一-鿿0-9%]+", words) if each]
        assert shared or all(each in text for each in short), f"{term.name}: {term.words}"
