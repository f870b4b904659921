from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.coding.crosswalk import Crosswalk
from gateway.coding.rows import FINDING_LIMIT, CrosswalkRow
from gateway.errors import Misconfigured

HEAD = "partner,kind,local_code,unified_code,valid_from,valid_to\n"
ONE = "XA01AAA001A001010100001"
TWO = "XA01AAA001A001010100002"


def folder(tmp_path: Path, **files: str | bytes) -> Path:
    codes = tmp_path / "codes"
    codes.mkdir(exist_ok=True)
    for name, text in files.items():
        content = text if isinstance(text, bytes) else text.encode()
        (codes / f"{name}.csv").write_bytes(content)
    return codes


def findings(tmp_path: Path, text: str | bytes, name: str = "a") -> tuple[str, ...]:
    with pytest.raises(Misconfigured) as wrong:
        Crosswalk.load(folder(tmp_path, **{name: text}))
    return wrong.value.findings


@pytest.mark.parametrize(
    ("day", "meaning"),
    [
        ("2019-12-31", None),
        ("2020-01-01", ONE),
        ("2023-12-31", ONE),
        ("2024-01-01", TWO),
        ("9999-12-31", TWO),
    ],
)
def test_a_code_means_what_it_meant_on_that_day_both_ends_included(
    tmp_path: Path, day: str, meaning: str | None
) -> None:
    rows = f"p,product,L1,{TWO},2024-01-01,\np,product,L1,{ONE},2020-01-01,2023-12-31\n"
    crosswalk = Crosswalk.load(folder(tmp_path, a=HEAD + rows))
    assert crosswalk.resolve("p", "product", "L1", day) == meaning


def test_unknown_and_expired_are_told_apart(tmp_path: Path) -> None:
    rows = f"p,product,L1,{ONE},2020-01-01,2020-12-31\n"
    crosswalk = Crosswalk.load(folder(tmp_path, a=HEAD + rows))
    assert crosswalk.resolve("p", "product", "L1", "2021-01-01") is None
    assert crosswalk.absence("p", "product", "L1") == "expired"
    assert crosswalk.absence("p", "product", "L2") == "unknown"
    assert crosswalk.absence("p", "institution", "L1") == "unknown"
    assert crosswalk.absence("q", "product", "L1") == "unknown"


def test_without_a_kind_column_a_code_is_a_products(tmp_path: Path) -> None:
    text = f"partner,local_code,unified_code,valid_from,valid_to\np,L1,{ONE},2020-01-01,\n"
    crosswalk = Crosswalk.load(folder(tmp_path, a=text))
    assert crosswalk.resolve("p", "product", "L1", "2026-01-01") == ONE
    assert len(crosswalk) == 1


def test_files_add_up_and_products_name_their_drug(tmp_path: Path) -> None:
    codes = folder(
        tmp_path,
        a=HEAD + f"p,product,L1,{ONE},2020-01-01,\n",
        b=HEAD + "p,institution,7,H52010000001,2020-01-01,\n\n",
        products=f"unified_code,drug,drug_name,maker\n{ONE},AMLO,氨氯地平,合成药厂\n{TWO},,,\n",
    )
    crosswalk = Crosswalk.load(codes)
    assert crosswalk.resolve("p", "institution", "7", "2026-01-01") == "H52010000001"
    assert (crosswalk.drug_of(ONE), crosswalk.drug_of(TWO)) == ("AMLO", None)
    assert crosswalk.drug_name("AMLO") == "氨氯地平"


def test_no_folder_is_an_empty_crosswalk(tmp_path: Path) -> None:
    crosswalk = Crosswalk.load(tmp_path / "codes")
    assert len(crosswalk) == 0
    assert crosswalk.resolve("p", "product", "L1", "2026-01-01") is None


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (f"p,product,L1,{ONE},2020-02-30,", "bad valid_from: '2020-02-30'"),
        (f"p,product,L1,{ONE},2020-1-1,", "bad valid_from"),
        (f"p,product,L1,{ONE},,", "valid_from is empty"),
        (f"p,product,L1,{ONE},2020-01-01,2019-12-31", "is after valid_to"),
        (f"p,product,L1,{ONE},2020-01-01,next year", "bad valid_to"),
        (f"p,product,L1,{ONE},２\uff102\uff10-01-01,", "valid_from has full-width"),
        (f"p,product,L１,{ONE},2020-01-01,", "local_code has full-width"),
        ("p,product,L1,\uff38A01,2020-01-01,", "unified_code (product) has full-width"),
        (f"p,product,,{ONE},2020-01-01,", "local_code is empty"),
        (f"p,product, L1,{ONE},2020-01-01,", "bad local_code"),
        (f"p,product,{'L' * 65},{ONE},2020-01-01,", "bad local_code"),
        ("p,institution,L1,H5201,2020-01-01,", "bad unified_code (institution)"),
        ("p,enterprise,L1,91530381MA6NGW556O,2020-01-01,", "bad unified_code (enterprise)"),
        (f"p,drug,L1,{ONE},2020-01-01,", "kind 'drug' is none of"),
        (f",product,L1,{ONE},2020-01-01,", "partner is empty"),
        (f"p|q,product,L1,{ONE},2020-01-01,", "bad partner"),
        ("p,product,L1", "3 cells where 6 are needed"),
        (f'p,product,"L1"x,{ONE},2020-01-01,', "not CSV"),
    ],
)
def test_a_bad_row_is_named_by_file_and_line(tmp_path: Path, row: str, says: str) -> None:
    good = f"p,product,L0,{ONE},2020-01-01,\n"
    found = findings(tmp_path, f"{HEAD}{good}{row}\n")
    assert len(found) == 1
    assert found[0].startswith("a.csv line 3: ")
    assert says in found[0]


def test_two_meanings_on_one_day_are_reported_with_both_places(tmp_path: Path) -> None:
    text = (
        f"{HEAD}p,product,L1,{ONE},2020-01-01,2024-06-30\n"
        f"p,product,L2,{ONE},2020-01-01,\np,product,L1,{TWO},2024-06-30,\n"
    )
    (found,) = findings(tmp_path, text)
    assert found.startswith("a.csv line 4: p product L1 means " + TWO)
    assert "a.csv line 2" in found


def test_a_long_meaning_that_encloses_a_later_one_is_found(tmp_path: Path) -> None:
    text = (
        f"{HEAD}p,product,L1,{ONE},2020-01-01,\np,product,L1,{ONE},2021-01-01,2021-12-31\n"
        f"p,product,L1,{TWO},2022-01-01,2022-12-31\n"
    )
    (found,) = findings(tmp_path, text)
    assert found.startswith("a.csv line 4")


def test_the_same_meaning_twice_is_harmless(tmp_path: Path) -> None:
    text = f"{HEAD}p,product,L1,{ONE},2020-01-01,2020-12-31\np,product,L1,{ONE},2020-06-01,\n"
    crosswalk = Crosswalk.load(folder(tmp_path, a=text, b=text))
    assert crosswalk.resolve("p", "product", "L1", "2020-07-01") == ONE


def test_every_finding_is_reported_up_to_a_limit(tmp_path: Path) -> None:
    found = findings(tmp_path, HEAD + "p,product,L1,x,2020-01-01,\n" * (FINDING_LIMIT + 5))
    assert len(found) == FINDING_LIMIT + 1
    assert found[-1] == "… and 5 more"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no column partner"),
        ("partner,kind,local_code,unified_code,valid_from\n", "no column valid_to"),
        (HEAD.replace("kind", "partner"), "column partner twice"),
    ],
)
def test_a_head_that_does_not_fit_is_a_finding(tmp_path: Path, text: str, says: str) -> None:
    (found,) = findings(tmp_path, text)
    assert says in found


def test_utf8_with_bom_is_read_and_gb18030_is_read_with_a_note(tmp_path: Path) -> None:
    plain = f"{HEAD}p,product,L1,{ONE},2020-01-01,\n"
    named = (
        f"partner,local_code,unified_code,valid_from,valid_to,品名\np,L2,{TWO},2020-01-01,,阿托伐\n"
    )
    codes = folder(tmp_path, bom=b"\xef\xbb\xbf" + plain.encode(), desktop=named.encode("gb18030"))
    crosswalk = Crosswalk.load(codes)
    assert crosswalk.resolve("p", "product", "L1", "2026-01-01") == ONE
    assert crosswalk.resolve("p", "product", "L2", "2026-01-01") == TWO
    assert "desktop.csv: not UTF-8, read as GB18030" in crosswalk.notes
    assert not any(note.startswith("bom.csv") for note in crosswalk.notes)


@pytest.mark.parametrize("raw", [HEAD.encode("utf-16"), b"\xff\xff\xff\n", HEAD.encode() + b"\0"])
def test_other_encodings_are_findings(tmp_path: Path, raw: bytes) -> None:
    assert findings(tmp_path, raw) == ("a.csv: neither UTF-8 nor GB18030",)


def test_one_product_in_two_drug_groups_is_a_finding(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, f"unified_code,drug\n{ONE},A\n{ONE},B\n", "products")
    assert found == f"products.csv line 3: {ONE}: drug B and A"


DAYS = st.dates().map(lambda day: day.isoformat())


@given(
    spans=st.lists(st.tuples(DAYS, DAYS).map(sorted), min_size=1, max_size=5),
    days=st.lists(DAYS, min_size=1, max_size=20),
)
def test_a_lookup_agrees_with_reading_the_rows_one_by_one(
    spans: list[list[str]], days: list[str]
) -> None:
    rows = [
        CrosswalkRow("p", "product", "L1", f"CODE{number}", since, until)
        for number, (since, until) in enumerate(spans)
    ]
    overlap = any(
        one.valid_from <= other.valid_to and other.valid_from <= one.valid_to
        for number, one in enumerate(rows)
        for other in rows[number + 1 :]
    )
    if overlap:
        with pytest.raises(Misconfigured):
            Crosswalk.of(rows)
        return
    crosswalk = Crosswalk.of(rows)
    for day in days:
        means = [row.unified_code for row in rows if row.valid_from <= day <= row.valid_to]
        assert crosswalk.resolve("p", "product", "L1", day) == (means[0] if means else None)
