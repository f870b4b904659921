"""Rows of a partner's table as proposals: columns, dates, codes that a spreadsheet has changed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path

import pytest

from gateway.coding.interchange.cells import Cell, Flaw, Table
from gateway.coding.interchange.days import NotADay, compiled, day_of, end_of
from gateway.coding.interchange.drafts import Draft, Drafting, Given
from gateway.coding.interchange.findings import BadFile, Finding
from gateway.coding.interchange.headings import headed
from gateway.coding.interchange.plan import ColumnPlan
from gateway.coding.interchange.unified import unified_check
from gateway.coding.records import OPEN_END, Choice, Relation

WESTERN = "XJ01XDT045A001010104642"
HEAD = ("药品编码", "国家码", "生效日期", "失效日期", "首选")
COLUMNS = {
    "local_code": "药品编码",
    "unified_code": "国家码",
    "valid_from": "生效日期",
    "valid_to": "失效日期",
    "choice": "首选",
}
PLAN = ColumnPlan(
    columns=COLUMNS,
    constants={"partner": "hospital-a"},
    values={"choice": {"是": "preferred", "否": "inbound_only"}},
)


def table(*rows: Iterable[Cell], typed: bool = True) -> Table:
    numbered = enumerate((list(row) for row in rows), start=1)
    return Table("目录.xlsx", iter(list(numbered)), typed=typed)


def drafted(
    *rows: Iterable[Cell], plan: ColumnPlan = PLAN, suggested: bool = False
) -> tuple[list[Draft], list[Finding]]:
    found = headed(table(*rows), plan, "crosswalk", suggested=suggested)
    drafting = Drafting(
        found, Given(plan, {"hospital-a", "hospital-b"}, unified_check, "医保函1号")
    )
    return list(drafting.drafts()), drafting.findings


def problem(*cells: Cell, plan: ColumnPlan = PLAN) -> str:
    drafts, findings = drafted(HEAD, cells, plan=plan)
    assert drafts == []
    return findings[0].code


def whole(*rows: Iterable[Cell], plan: ColumnPlan = PLAN) -> list[Finding]:
    with pytest.raises(BadFile) as caught:
        drafted(*rows, plan=plan)
    return list(caught.value.found)


def test_a_row_becomes_a_proposal() -> None:
    (draft,), findings = drafted(HEAD, (" 0012 ", WESTERN, "2026/7/1", "", "是"))
    assert findings == []
    proposal = draft.proposal
    assert (draft.row, draft.dated) == (2, True)
    assert proposal.key == ("hospital-a", "product", "0012")
    assert (proposal.unified_code, proposal.valid_from, proposal.valid_to) == (
        WESTERN,
        "2026-07-01",
        OPEN_END,
    )
    assert (proposal.choice, proposal.relation) == (Choice.PREFERRED, Relation.EQUIVALENT)
    assert proposal.evidence == "医保函1号"


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ((12.0, WESTERN, "2026-07-01", "", ""), "cell.number"),
        (("0012", 1.5, "2026-07-01", "", ""), "cell.number"),
        ((date(2026, 1, 2), WESTERN, "2026-07-01", "", ""), "cell.date_for_code"),
        ((True, WESTERN, "2026-07-01", "", ""), "cell.boolean"),
        (("6.92456E+12", WESTERN, "2026-07-01", "", ""), "cell.shortened"),
        ((Flaw("cell.formula", "A2"), WESTERN, "2026-07-01", "", ""), "cell.formula"),
        (("0012", Flaw("cell.error", "B2", "#N/A"), "2026-07-01", "", ""), "cell.error"),
        (("0012", WESTERN, Flaw("cell.merged", "C2", area="C2:C3"), "", ""), "cell.merged"),
        (("00\u200b12", WESTERN, "2026-07-01", "", ""), "cell.unseen"),
        (("００１２", WESTERN, "2026-07-01", "", ""), "row.invalid"),
        (("x" * 65, WESTERN, "2026-07-01", "", ""), "row.invalid"),
        (("", WESTERN, "2026-07-01", "", ""), "row.required"),
        (("0012", "", "2026-07-01", "", ""), "row.invalid"),
        (("0012", WESTERN[:-1], "2026-07-01", "", ""), "row.unified"),
        (("0012", "XJ01XDT045A00101010464O", "2026-07-01", "", ""), "row.unified"),
        (("0012", WESTERN, "", "", ""), "row.required"),
        (("0012", WESTERN, "2026-02-30", "", ""), "cell.no_such_day"),
        (("0012", WESTERN, 45000.0, "", ""), "cell.date"),
        (("0012", WESTERN, "2026-07-01", "2026-06-30", ""), "row.invalid"),
        (("0012", WESTERN, "2026-07-01", "", "也许"), "cell.value"),
        (("0012", WESTERN, "2026-07-01"), "row.short"),
        (("0012", WESTERN, "2026-07-01", "", "", "多"), "row.long"),
    ],
)
def test_nothing_is_guessed(cells: tuple[Cell, ...], code: str) -> None:
    assert problem(*cells) == code


def test_every_bad_row_is_found_and_named_once() -> None:
    rows = [(f"{n:04d}", WESTERN, "2026-07-01", "", "") for n in range(100)]
    rows[57] = ("57", WESTERN, "2026-13-01", "", "")
    drafts, findings = drafted(HEAD, *rows)
    assert len(drafts) == 99
    assert [(one.row, one.code, one.column) for one in findings] == [
        (59, "cell.no_such_day", "valid_from")
    ]


def test_whole_numbers_are_codes_only_where_the_operator_says_so() -> None:
    plan = PLAN.model_copy(update={"integers": ("local_code",)})
    (draft,), _ = drafted(HEAD, (33534.0, WESTERN, 20260701.0, 29991231.0, ""), plan=plan)
    assert draft.proposal.local_code == "33534"
    assert (draft.proposal.valid_from, draft.proposal.valid_to) == ("2026-07-01", OPEN_END)
    assert problem(1.5, WESTERN, "2026-07-01", "", "", plan=plan) == "cell.number"
    assert problem(1e15, WESTERN, "2026-07-01", "", "", plan=plan) == "cell.number"


def test_a_partner_must_be_registered_and_the_one_the_import_is_for() -> None:
    columns = {**COLUMNS, "partner": "来源"}
    head = (*HEAD, "来源")
    plan = PLAN.model_copy(update={"columns": columns})
    good = ("0012", WESTERN, "2026-07-01", "", "", "hospital-a")
    other = ("0013", WESTERN, "2026-07-01", "", "", "hospital-b")
    drafts, findings = drafted(head, good, other, plan=plan)
    assert [one.row for one in drafts] == [2]
    assert [one.code for one in findings] == ["row.differs"]
    free = plan.model_copy(update={"constants": {}})
    drafts, findings = drafted(head, other, (*good[:5], "hospital-aa"), plan=free)
    assert [one.proposal.partner for one in drafts] == ["hospital-b"]
    assert [one.code for one in findings] == ["row.partner"]
    assert "hospital-a" in findings[0].en


def test_a_constant_day_stands_where_no_cell_says_one() -> None:
    plan = PLAN.with_constants(valid_from="2026年7月1日")
    rows = (("0012", WESTERN, "", "", ""), ("0013", WESTERN, "2025-01-01", "", ""))
    drafts, _ = drafted(HEAD, *rows, plan=plan)
    assert [(one.proposal.valid_from, one.dated) for one in drafts] == [
        ("2026-07-01", False),
        ("2025-01-01", True),
    ]


def test_not_to_be_coded_needs_a_reason_and_no_code() -> None:
    columns = {**COLUMNS, "relation": "关系", "reason": "原因"}
    plan = PLAN.model_copy(update={"columns": columns})
    head = (*HEAD, "关系", "原因")
    drafts, findings = drafted(
        head,
        ("1", "", "2026-07-01", "", "", "none", "自制制剂\n无国家码"),
        ("2", "", "2026-07-01", "", "", "none", ""),
        ("3", WESTERN, "2026-07-01", "", "", "none", "原因"),
        plan=plan,
    )
    assert [one.proposal.reason for one in drafts] == ["自制制剂 无国家码"]
    assert [one.row for one in findings] == [3, 4]


# ------------------------------------------------------------------ headings


def test_title_rows_are_skipped_and_headings_are_forgiving() -> None:
    head = ("药品\n编码*", " 国家码", "生效日期（必填）", "失效日期", "首选")
    plan = PLAN.model_copy(update={"columns": {**COLUMNS, "valid_from": "生效日期(必填)"}})
    merged = [Flaw("cell.merged", "A1", area="A1:E1")] * 5
    (draft,), findings = drafted(
        merged, ("", "", "", "", ""), head, ("0012", WESTERN, "2026-07-01", "", ""), plan=plan
    )
    assert (draft.row, findings) == (4, [])


def test_missing_and_double_headings_are_named_with_the_nearest() -> None:
    found = whole(("药品编号", "国家码", "国家码", "生效日期", "失效日期", "首选"))
    assert {one.code for one in found} == {"columns.missing", "columns.twice"}
    assert "药品编号" in next(one for one in found if one.code == "columns.missing").en


def test_a_file_without_the_headings_is_refused() -> None:
    assert [one.code for one in whole(("a", "b"), ("c", "d"))] == ["columns.no_header"]


def test_columns_are_suggested_and_only_taken_when_told() -> None:
    head = ("院内编码", "医保编码", "品名")
    row = ("0012", WESTERN, "替硝唑片")
    plan = ColumnPlan(constants={"partner": "hospital-a", "valid_from": "2026-07-01"})
    (found,) = whole(head, row, plan=plan)
    assert found.code == "columns.none"
    assert 'local_code="院内编码"' in found.en
    (draft,), _ = drafted(head, row, plan=plan, suggested=True)
    assert (draft.proposal.local_code, draft.proposal.local_name) == ("0012", "替硝唑片")


def test_the_fields_own_names_need_no_plan() -> None:
    head = ("local_code", "unified_code", "valid_from", "partner")
    (draft,), _ = drafted(head, ("1", WESTERN, "2026-07-01", "hospital-a"), plan=ColumnPlan())
    assert draft.proposal.partner == "hospital-a"


def test_unused_columns_are_noted() -> None:
    given = table((*HEAD, "备注"), ("0012", WESTERN, "2026-07-01", "", "", ""))
    headed(given, PLAN, "crosswalk")
    assert "备注" in given.notes[0]


@pytest.mark.parametrize(
    "change",
    [
        {"columns": {**COLUMNS, "local_cod": "x"}},
        {"columns": {**COLUMNS, "local_name": "国家码"}},
        {"constants": {}},
        {"constants": {"partner": "hospital-a", "valid_to": "2026-02-30"}},
        {"constants": {"partner": "hospital-a", "kind": "drug"}},
        {"date_formats": ("YYYY",)},
        {"header_row": 9},
    ],
)
def test_a_bad_plan_is_refused(change: dict[str, object]) -> None:
    plan = PLAN.model_copy(update=change)
    assert whole(HEAD, ("0012", WESTERN, "2026-07-01", "", ""), plan=plan)


@pytest.mark.parametrize(
    "text", ["x = ", "[columns]\nlocal_code = 1", "colums = 1", "header_row = -1"]
)
def test_a_bad_plan_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadFile):
        ColumnPlan.load(path)


def test_a_plan_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(
        'sheet = "目录"\nintegers = ["local_code"]\n[columns]\nlocal_code = "药品编码"\n'
        '[values.choice]\n"是" = "preferred"\n',
        encoding="utf-8",
    )
    plan = ColumnPlan.load(path).with_columns(["unified_code=国家码"])
    assert plan.columns == {"local_code": "药品编码", "unified_code": "国家码"}
    with pytest.raises(BadFile):
        plan.with_columns(["unified_code"])


# ------------------------------------------------------------------ days

_NIGHT = datetime(2026, 7, 1)  # noqa: DTZ001 - a spreadsheet's times have no offset


@pytest.mark.parametrize(
    "cell",
    [
        "2026-07-01", "2026-7-1", "2026/7/1", "2026.7.1", "20260701", "2026年7月1日", " 2026-07-01 ",
        "2026-07-01 00:00:00", "2026-07-01T00:00:00.000", date(2026, 7, 1), _NIGHT, 20260701.0,
    ],
)  # fmt: skip
def test_a_day_is_read_however_it_is_written(cell: Cell) -> None:
    assert day_of(cell) == "2026-07-01"


@pytest.mark.parametrize(
    "cell",
    [
        "2026-13-01", "2026-02-29", "01/07/2026", "2026-07/01", "２０２６-07-01", "today", "2026-07-01 08:00",
        _NIGHT.replace(hour=8), 46204.0, 20261301.0, True, "20260700", "-",
    ],
)  # fmt: skip
def test_what_is_no_day_is_refused(cell: Cell) -> None:
    with pytest.raises(NotADay):
        day_of(cell)


@pytest.mark.parametrize(
    "cell", ["", " ", "29991231", "99991231", "9999-12-31", "2999/12/31", date(9999, 12, 31)]
)
def test_without_end(cell: Cell) -> None:
    assert end_of(cell) == OPEN_END


def test_a_day_near_the_end_of_time_is_a_day() -> None:
    assert end_of("29991230") == "2999-12-30"


def test_a_way_to_write_days_of_ones_own() -> None:
    assert day_of("01.07.2026", (compiled("DD.MM.YYYY"),)) == "2026-07-01"
    with pytest.raises(ValueError, match="MM"):
        compiled("DD.YYYY")
