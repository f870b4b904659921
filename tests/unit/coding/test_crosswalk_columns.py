"""The optional columns of a code file: relation, choice, reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.coding.crosswalk import Crosswalk
from gateway.coding.records import Choice, Relation
from gateway.coding.rows import CrosswalkRow
from gateway.errors import Misconfigured

ONE = "XA01AAA001A001010100001"
TWO = "XA01AAA001A001010100002"
HEAD = "partner,local_code,unified_code,valid_from,valid_to,relation,choice,reason\n"
PLAIN = "partner,local_code,unified_code,valid_from,valid_to\n"
DAY = "2026-01-01"


def loaded(tmp_path: Path, **files: str) -> Crosswalk:
    for name, text in files.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    return Crosswalk.load(tmp_path)


def findings(tmp_path: Path, **files: str) -> tuple[str, ...]:
    with pytest.raises(Misconfigured) as wrong:
        loaded(tmp_path, **files)
    return wrong.value.findings


def test_what_a_file_says_becomes_a_version_known_since_ever(tmp_path: Path) -> None:
    text = (
        f"{HEAD}p,L1,{ONE},2020-01-01,,equivalent,preferred,\n"
        f"p,L2,{ONE},2020-01-01,2020-12-31,,inbound_only,\n"
        f"p,L3,{TWO},2020-01-01,,narrower,,\np,L4,,2020-01-01,,none,,自制剂\n"
    )
    crosswalk = loaded(tmp_path, a=text)
    assert len(crosswalk) == 4
    versions = [crosswalk.as_of("p", "product", f"L{number}", "2020-06-01") for number in (1, 3, 4)]
    assert [(one.relation, one.choice, one.origin) for one in versions if one] == [
        (Relation.EQUIVALENT, Choice.PREFERRED, "file a.csv"),
        (Relation.NARROWER, Choice.ONLY, "file a.csv"),
        (Relation.NONE, Choice.ONLY, "file a.csv"),
    ]
    assert [crosswalk.resolve("p", "product", f"L{each}", DAY) for each in (1, 2, 3, 4)] == [
        ONE,
        None,
        None,
        None,
    ]
    assert crosswalk.resolve_known("p", "product", "L1", DAY, "1999-01-01") == ONE
    refusal = crosswalk.refusal("p", "product", "L4", DAY)
    assert refusal is not None
    assert refusal.reason == "自制剂"
    assert crosswalk.refusal("p", "product", "L3", DAY) is None
    assert crosswalk.absence("p", "product", "L4") == "expired"
    said = crosswalk.reverse("p", "product", ONE, "2020-06-01")
    assert [one.local_code for one in said] == ["L1"]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (f"p,L1,{ONE},2020-01-01,,same,,", "relation 'same' is none of"),
        (f"p,L1,{ONE},2020-01-01,,,first,", "choice 'first' is none of"),
        (f"p,L1,{ONE},2020-01-01,,broader,preferred,", "for equivalent codes only"),
        (f"p,L1,{ONE},2020-01-01,,none,,x", "relation none, but unified_code"),
        ("p,L1,,2020-01-01,,none,,", "relation none needs a reason"),
        ("p,L1,,2020-01-01,,broader,,", "unified_code (product) is empty"),
        (f"p,L1,{ONE},2020-01-01,,,,{'x' * 501}", "bad reason"),
        (f"p,L1,{ONE},2020-01-01,,,,a\ufeffb", "bad reason"),
    ],
)
def test_a_bad_word_in_an_optional_column_is_named(tmp_path: Path, row: str, says: str) -> None:
    (found,) = findings(tmp_path, a=f"{HEAD}{row}\n")
    assert found.startswith("a.csv line 2: ")
    assert says in found


@pytest.mark.parametrize(
    ("second", "says"),
    [
        (f"{TWO},2020-06-01,,narrower,,", f"{TWO} (narrower)"),
        (f"{ONE},2020-06-01,,broader,,", f"{ONE} (broader)"),
        (",2020-06-01,,none,,x", "(none)"),
    ],
)
def test_another_relation_on_the_same_day_is_a_contradiction(
    tmp_path: Path, second: str, says: str
) -> None:
    (found,) = findings(tmp_path, a=f"{HEAD}p,L1,{ONE},2020-01-01,,,,\np,L1,{second}\n")
    assert found.startswith("a.csv line 3: p product L1 means")
    assert says in found


def test_files_that_do_not_choose_get_a_note(tmp_path: Path) -> None:
    crosswalk = loaded(
        tmp_path,
        a=f"{PLAIN}p,L1,{ONE},2020-01-01,\np,L2,{ONE},2020-01-01,\nq,L1,{ONE},2020-01-01,\n",
    )
    (note,) = crosswalk.notes
    assert note.startswith("p product: 1 ")
    assert f"{ONE}: L1, L2" in note


@pytest.mark.parametrize(
    ("choices", "sound"),
    [
        (("preferred", ""), True),
        (("preferred", "inbound_only"), True),
        (("", "inbound_only"), True),
        (("inbound_only", "inbound_only"), True),
        (("", ""), False),
        (("preferred", "preferred"), False),
        (("preferred", "", ""), True),
        (("preferred", "preferred", "inbound_only"), False),
    ],
)
def test_a_file_that_chooses_must_choose_one(
    tmp_path: Path, choices: tuple[str, ...], sound: bool
) -> None:
    rows = "".join(
        f"p,L{number},{ONE},2020-01-01,,,{choice},\n" for number, choice in enumerate(choices)
    )
    if sound:
        assert loaded(tmp_path, a=HEAD + rows).notes == ()
        return
    (found,) = findings(tmp_path, a=HEAD + rows)
    assert found.startswith(f"a.csv: p product: no single choice for {ONE}")


@pytest.mark.parametrize(
    ("spans", "sound"),
    [
        ((("2020-01-01", "2020-06-30", ""), ("2020-07-01", "", "")), True),
        ((("2020-01-01", "2020-06-30", ""), ("2020-06-30", "", "")), False),
        (
            (
                ("2020-01-01", "2020-06-30", "preferred"),
                ("2020-01-01", "", ""),
                ("2020-01-01", "2020-06-30", ""),
            ),
            True,
        ),
        (
            (
                ("2020-01-01", "2020-06-30", "preferred"),
                ("2020-01-01", "", ""),
                ("2020-01-01", "", ""),
            ),
            False,
        ),
        ((("2020-01-01", "2020-06-30", "preferred"), ("2020-07-01", "", "preferred")), True),
    ],
)
def test_a_choice_is_asked_for_day_by_day(
    tmp_path: Path, spans: tuple[tuple[str, str, str], ...], sound: bool
) -> None:
    rows = "".join(
        f"p,L{number},{ONE},{since},{until},,{choice},\n"
        for number, (since, until, choice) in enumerate(spans)
    )
    if sound:
        loaded(tmp_path, a=HEAD + rows)
    else:
        assert "no single choice" in findings(tmp_path, a=HEAD + rows)[0]


def test_the_same_row_in_two_files_is_one_code(tmp_path: Path) -> None:
    row = f"p,L1,{ONE},2020-01-01,,,preferred,\n"
    crosswalk = loaded(tmp_path, a=HEAD + row, b=HEAD + row)
    assert crosswalk.notes == ()
    assert len(crosswalk.history("p", "product", "L1")) == 1


def test_versions_are_listed_for_export_by_partner_and_kind() -> None:
    rows = [
        CrosswalkRow("q", "product", "L1", ONE, "2020-01-01"),
        CrosswalkRow("p", "product", "L2", ONE, "2020-01-01"),
        CrosswalkRow("p", "institution", "7", "H53010000001", "2020-01-01"),
        CrosswalkRow("p", "product", "L1", TWO, "2020-01-01"),
    ]
    crosswalk = Crosswalk.of(rows)
    assert [(one.partner, one.kind, one.local_code) for one in crosswalk.versions()] == [
        ("p", "institution", "7"),
        ("p", "product", "L1"),
        ("p", "product", "L2"),
        ("q", "product", "L1"),
    ]
    assert [one.local_code for one in crosswalk.versions("p", "product")] == ["L1", "L2"]
    assert [one.partner for one in crosswalk.versions(kind="product")] == ["p", "p", "q"]
    assert list(crosswalk.versions("nobody")) == []


def test_a_known_time_that_is_none_is_an_error_and_not_an_answer() -> None:
    crosswalk = Crosswalk.of([CrosswalkRow("p", "product", "L1", ONE, "2020-01-01")])
    for ask in (crosswalk.as_of, crosswalk.resolve_known):
        with pytest.raises(ValueError, match="then"):
            ask("p", "product", "L1", DAY, "then")
