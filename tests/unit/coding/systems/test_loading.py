"""A code system's file is checked as a whole; nothing of a bad folder is used."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from gateway.coding.systems import CodeRefusal, ParsedCode, code_systems, load_code_systems, parse
from gateway.coding.systems.gs1_identifiers import load_identifiers
from gateway.coding.systems.loading import CODES_FOLDER, TABLES
from gateway.errors import Misconfigured

ASKED = (
    "nhsa_drug_western nhsa_drug_tcm nhsa_decoction_piece nhsa_drug_western_generic "
    "nhsa_drug_tcm_generic nhsa_consumable nhsa_consumable_27 nhsa_service_item fixmedins_hospital "
    "fixmedins_pharmacy approval_no drug_standard_code_86 drug_id_code_7 trace_code_20 uscc admdvs_6 "
    "gtin13 gtin14 gs1_elementstring udi icd10_nhsa ypid local"
)
GOOD = """
title_zh = "合成编码"
title_en = "A synthetic code"
uri = "urn:jicai:codes:synthetic"
reading = "parts"
pattern = "A[0-9]{3}"
lengths = [4]
source = "test"
examples = ["A001"]
[[part]]
name = "kind"
from = 1
to = 1
zh = "类别"
en = "kind"
[[part]]
name = "serial"
from = 2
to = 4
zh = "顺序"
en = "number"
"""
NAMES = sorted(code_systems())


def findings(tmp_path: Path, text: str, *others: str) -> tuple[str, ...]:
    (tmp_path / "synthetic.toml").write_text(text, encoding="utf-8")
    for number, other in enumerate(others):
        (tmp_path / f"other_{number}.toml").write_text(other, encoding="utf-8")
    with pytest.raises(Misconfigured) as wrong:
        load_code_systems(tmp_path)
    return wrong.value.findings


def test_the_code_types_are_exactly_those_that_were_asked_for() -> None:
    assert sorted(ASKED.split()) == NAMES
    assert {path.stem for path in CODES_FOLDER.glob("*.toml")} == {*NAMES, *TABLES}


@pytest.mark.parametrize("name", NAMES)
def test_every_example_is_valid_and_every_refused_one_is_not(name: str) -> None:
    system = code_systems()[name]
    assert system.refused
    assert [c for c in system.examples if isinstance(parse(name, c), CodeRefusal)] == []
    assert [c for c in system.refused if isinstance(parse(name, c), ParsedCode)] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_system_has_titles_a_source_and_an_address_of_its_own(name: str) -> None:
    system = code_systems()[name]
    assert system.title_zh != system.title_en
    assert system.source
    assert system.uri.startswith(("urn:jicai:codes:", "https://"))
    assert sum(system.uri == other.uri for other in code_systems().values()) == 1


@pytest.mark.parametrize("name", [n for n in NAMES if code_systems()[n].parts])
def test_the_parts_of_a_code_make_up_the_code(name: str) -> None:
    for code in code_systems()[name].examples:
        read = parse(name, code)
        assert isinstance(read, ParsedCode)
        assert len(read.by_name()) == len(read.parts)
        joined = "".join(part.text for part in read.parts)
        assert joined == "".join(s for s in code if s in joined)
        for part in read.parts:
            assert part.zh
            assert part.en
            if part.parts:
                assert "".join(inner.text for inner in part.parts) == part.text


def test_a_good_folder_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "synthetic.toml").write_text(GOOD, encoding="utf-8")
    read = load_code_systems(tmp_path)
    assert list(read) == ["synthetic"]
    assert load_code_systems(tmp_path) is read
    assert code_systems() is code_systems()
    assert read["synthetic"].part("serial").zh == "顺序"
    with pytest.raises(KeyError, match="nothing"):
        read["synthetic"].part("nothing")


def test_parts_carry_the_system_that_they_belong_to_and_what_their_values_mean() -> None:
    drug = parse("uscc", "91330106673959654P")
    assert isinstance(drug, ParsedCode)
    registrar, _, region, *_ = drug.parts
    assert region.code_type == "admdvs_6"
    assert registrar.says == "市场监管（工商） market regulation"
    trace = parse("trace_code_20", "83857930000879766660")
    assert isinstance(trace, ParsedCode)
    assert trace.parts[0].code_type == "drug_id_code_7"
    consumable = parse("nhsa_consumable", "C0101010011303807555")
    assert isinstance(consumable, ParsedCode)
    category = consumable.parts[1]
    assert [(p.name, p.text) for p in category.parts] == [
        ("level_1", "01"),
        ("level_2", "01"),
        ("level_3", "01"),
    ]


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        (("title_zh", "titel_zh"), "unknown key titel_zh"),
        (('title_en = "A synthetic code"', ""), "title_en is missing or no text"),
        (('source = "test"', "source = 1"), "source is missing or no text"),
        (('"parts"', '"guess"'), "reading must be one of parts, region, gs1, udi, opaque"),
        (
            ("[0-9]{3}", "\\\\\\\\d{3}"),
            "pattern: \\d: only punctuation is escaped, digits are [0-9]",
        ),
        (("[0-9]{3}", "[0-9]+"), "pattern: +: unbounded or unescaped"),
        (("[0-9]{3}", ".{3}"), "pattern: .: unbounded or unescaped"),
        (("[0-9]{3}", "[0-9{3}"), "pattern: unterminated character set"),
        (("A[0-9]{3}", "A[0-9]{3})"), "pattern: unbalanced parenthesis at position 9"),
        (("[0-9]{3}", "[^0-9]{3}"), "pattern: [^0-9]: only listed characters and ranges"),
        (("lengths = [4]", "lengths = [5]"), "lengths [5] are not those of the pattern, [4]"),
        (("lengths = [4]", "lengths = 4"), "either lengths or length_range is needed"),
        (("lengths = [4]", "length_range = [4]"), "length_range has the least and the greatest"),
        (
            ("lengths = [4]", "lengths = [4]\nlength_range = [4, 4]"),
            "either lengths or length_range",
        ),
        (('["A001"]', '["B001"]'), "example B001 is not of the pattern"),
        (('["A001"]', "[1]"), "examples must be a list of texts"),
        (('examples = ["A001"]', ""), "examples are missing"),
        (("to = 4", "to = 3"), "the parts end at 3, the code at 4"),
        (("from = 2", "from = 3"), "part serial: begins at 3, not at 2"),
        (("to = 4", "to = 5"), "part serial: to 5 is beyond the shortest code"),
        (("from = 2\nto = 4", ""), "part serial: neither from and to, nor a group of the pattern"),
        (('name = "serial"', 'name = "kind"'), "part kind stands twice"),
        (('name = "serial"', 'name = "Serial"'), "part 'Serial': no name"),
        (('zh = "顺序"', ""), "part serial: zh and en are needed"),
        (('zh = "顺序"', 'zh = "顺序"\nnote = "x"'), "part serial: unknown key note"),
        (('zh = "顺序"', 'zh = "顺序"\nstrict = true'), "part serial: strict is true or false"),
        (('zh = "顺序"', 'zh = "顺序"\nwithin = "kind"'), "part serial: not inside kind"),
        (('zh = "顺序"', 'zh = "顺序"\ncode_type = "none"'), "part serial: no such code type none"),
        (('zh = "顺序"', 'zh = "顺序"\nvalues = { a = 1 }'), "part serial: values are texts"),
        (("from = 2", "from = -2"), "part serial: from and to are places, counted from 1"),
        (("from = 2", 'from = "2"'), "part serial: from and to are places, counted from 1"),
    ],
)
def test_each_mistake_in_a_file_is_a_finding(
    tmp_path: Path, change: tuple[str, str], finding: str
) -> None:
    assert change[0] in GOOD
    found = findings(tmp_path, GOOD.replace(change[0], change[1].replace("\\\\\\\\", "\\\\"), 1))
    assert any(line.startswith(f"synthetic.toml: {finding}") for line in found), found


@pytest.mark.parametrize(
    ("more", "finding"),
    [
        ('[[check_digit]]\nalgorithm = "luhn"\nfrom = 1\nto = 4', "check_digit: algorithm"),
        (
            '[[check_digit]]\nalgorithm = "gs1_mod10"\nfrom = 4\nto = 4',
            "check_digit gs1_mod10: from",
        ),
        (
            '[[check_digit]]\nalgorithm = "gs1_mod10"\nfrom = 2\nto = 5',
            "check_digit gs1_mod10: to 5",
        ),
        (
            '[[check_digit]]\nalgorithm = "gs1_mod10"\nfrom = 2\nto = 4',
            "example A001: the check character 4 must be 0",
        ),
        ('[[confused]]\npattern = "["\nzh = "x"\nen = "x"', "confused: "),
        ('[[confused]]\npattern = "A"', "confused: pattern, zh and en"),
        ('[confused]\npattern = "A"', "confused must be written as [[confused]]"),
    ],
)
def test_checks_and_confusions_are_checked_too(tmp_path: Path, more: str, finding: str) -> None:
    found = findings(tmp_path, f"{GOOD}\n{more}\n")
    assert any(line.startswith(f"synthetic.toml: {finding}") for line in found), found


def test_all_findings_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    bad = GOOD.replace('source = "test"', "").replace("to = 4", "to = 3")
    found = findings(tmp_path, bad, "no toml at all", GOOD.replace("A001", "A01"))
    assert [line.partition(":")[0] for line in found] == [
        "other_0.toml",
        "other_1.toml",
        "synthetic.toml",
        "synthetic.toml",
    ]


def test_two_systems_may_not_share_an_address(tmp_path: Path) -> None:
    assert findings(tmp_path, GOOD, GOOD) == (
        "synthetic.toml: uri urn:jicai:codes:synthetic is also that of other_0",
    )


def test_a_file_in_another_encoding_and_an_empty_folder_are_findings(tmp_path: Path) -> None:
    assert findings(tmp_path / "..", "x = 1")  # no system in a file that is none
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(Misconfigured, match="没有编码体系"):
        load_code_systems(empty)
    (empty / "synthetic.toml").write_bytes(GOOD.encode("gb18030"))
    load_code_systems.cache_clear()
    with pytest.raises(Misconfigured, match=r"synthetic\.toml"):
        load_code_systems(empty)


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ('ai = "21"', 'ai = "01"', "the ai stands twice, or begins another"),
        ('ai = "21"', 'ai = "010"', "the ai stands twice, or begins another"),
        ('ai = "21"', 'ai = "2x"', "ai has two to four digits"),
        ('name = "serial"', 'name = "gtin"', "the name stands twice"),
        ('form = "an..20"', 'form = "a20"', "form is n14, n..8, an..20"),
        ("check = 14", "check = 15", "check is a number of digits of the first field"),
        ('zh = "系列号"', "zh = 1", "all but check are texts"),
        ('zh = "系列号"', 'zh = "系列号", size = 1', "ai, name, zh, en and form are needed"),
        ('form = "an..20"', 'form = "n6", date = "ddmmyy"', "date is one of"),
    ],
)
def test_a_bad_row_of_the_identifiers_is_a_finding(
    tmp_path: Path, old: str, new: str, finding: str
) -> None:
    table = (
        'identifier = [{ ai = "01", name = "gtin", zh = "代码", en = "GTIN", form = "n14", check = 14 },'
        '{ ai = "21", name = "serial", zh = "系列号", en = "serial", form = "an..20" }]'
    )
    path = tmp_path / "table.toml"
    path.write_text(table, encoding="utf-8")
    assert list(load_identifiers(path)) == ["01", "21"]
    path.write_text(table.replace(old, new), encoding="utf-8")
    with pytest.raises(Misconfigured, match=finding.replace(".", r"\.")):
        load_identifiers(path)


def test_the_tables_beside_the_systems_are_toml_too() -> None:
    for name in TABLES:
        assert tomllib.loads((CODES_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
