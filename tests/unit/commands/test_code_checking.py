"""jicai codes check: each row its verdict, bad files one clear line."""

from __future__ import annotations

import csv
import io
import sys
import time
from pathlib import Path

import pytest

from gateway.commands.code_checking import checked_rows
from tests.unit.commands.conftest import Command

ROOT = Path(__file__).parents[3]
OWN = ROOT / "tests" / "unit" / "coding" / "systems" / "vectors.csv"
SHARED = ROOT.parent / "shared" / "data" / "code-vectors.csv"
DRUG = "XJ01XDT045A001010104642"
HEAD = "code_type,code\n"


def listed(tmp_path: Path, content: str | bytes, name: str = "codes.csv") -> str:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def verdicts(jicai: Command, file: str | Path) -> list[tuple[str, str, str]]:
    ended = jicai("codes", "check", str(file), "--json")
    assert ended.code == 0
    return [(row["code_type"], row["code"], row["verdict"]) for row in ended.json()]


def expected(file: Path) -> list[tuple[str, str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return [
            (
                row["code_type"],
                row["code"],
                "valid" if row["expect_valid"] == "true" else "invalid",
            )
            for row in csv.DictReader(lines)
        ]


def test_the_vectors_of_the_project_get_their_verdicts_in_order(jicai: Command) -> None:
    assert verdicts(jicai, OWN) == expected(OWN)


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="no shared folder beside the checkout")
def test_the_shared_vectors_get_their_verdicts_in_order(jicai: Command) -> None:
    assert verdicts(jicai, SHARED) == expected(SHARED)


def test_json_carries_exactly_the_promised_fields(jicai: Command, tmp_path: Path) -> None:
    file = listed(tmp_path, f"{HEAD}nhsa_drug_western,{DRUG}\ngtin13,6924561884073\n")
    good, bad = jicai("codes", "check", file, "--json").json()
    assert good == {
        "code_type": "nhsa_drug_western",
        "code": DRUG,
        "verdict": "valid",
        "parts": {
            "kind": "X",
            "class": "J01XD",
            "name": "T045",
            "form": "A001",
            "spec_pack": "0101",
            "enterprise": "04642",
        },
        "reason": "",
    }
    assert list(good["parts"]) == ["kind", "class", "name", "form", "spec_pack", "enterprise"]
    assert bad == {
        "code_type": "gtin13",
        "code": "6924561884073",
        "verdict": "invalid",
        "parts": {},
        "reason": "校验码（第 13 位）应为 4，实为 3 The check character (13) must be 4, not 3",
    }


def test_a_person_reads_one_line_per_code(jicai: Command, tmp_path: Path) -> None:
    file = listed(tmp_path, f"{HEAD}trace_code_20,83857930000879766660\nlocal,a\x01b\n")
    ended = jicai("codes", "check", file)
    assert ended.code == 0
    assert ended.out.splitlines() == [
        "valid\ttrace_code_20\t83857930000879766660\tidentification=8385793 serial=0000879766660",
        "invalid\tlocal\ta\\x01b\t第 2 位是不可见字符 U+0001 Character 2 is invisible: U+0001",
    ]
    assert ended.err == "2 条 codes: 1 有效 valid, 1 无效 invalid\n"


@pytest.mark.parametrize(("code", "strict"), [(DRUG, 0), (DRUG[:-1], 1)])
def test_strict_ends_with_one_when_a_code_is_invalid(
    jicai: Command, tmp_path: Path, code: str, strict: int
) -> None:
    file = listed(tmp_path, f"{HEAD}nhsa_drug_western,{code}\n")
    assert jicai("codes", "check", file).code == 0
    assert jicai("codes", "check", file, "--strict").code == strict
    assert jicai("codes", "check", file, "--strict", "--json").code == strict


def test_the_day_decides_which_regions_held(jicai: Command, tmp_path: Path) -> None:
    file = listed(tmp_path, f"{HEAD}admdvs_6,522400\n")
    assert jicai("codes", "check", file, "--strict").code == 0
    assert jicai("codes", "check", file, "--strict", "--on", "2011-06-01").code == 0
    assert jicai("codes", "check", file, "--strict", "--on", "2026-06-01").code == 1
    wrong = jicai("codes", "check", file, "--on", "2026-6-1")
    assert (wrong.code, wrong.out) == (2, "")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (f"{HEAD}approval_no,国药准字H10950207\n".encode(), ""),
        (b"\xef\xbb\xbf" + f"{HEAD}approval_no,国药准字H10950207\n".encode(), ""),
        (f"{HEAD}approval_no,国药准字H10950207\n".encode("gb18030"), "按 GB18030 读取"),
        (f"{HEAD}approval_no,国药准字H10950207\r\n\r\n,\r\n".encode(), ""),
        (f"\n\n{HEAD}approval_no,国药准字H10950207".encode(), ""),
        ("备注,Code ,code_type\nx,国药准字H10950207, approval_no \n".encode(), ""),
        (f'{HEAD}"approval_no","国药准字H10950207"\n'.encode(), ""),
    ],
)
def test_usual_spellings_of_a_file_are_read(
    jicai: Command, tmp_path: Path, content: bytes, told: str
) -> None:
    ended = jicai("codes", "check", listed(tmp_path, content), "--json")
    (row,) = ended.json()
    assert (row["code_type"], row["code"]) == ("approval_no", "国药准字H10950207")
    assert row["verdict"] == "valid"
    assert told in ended.err


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "文件为空"),
        (b" \n\n", "文件为空"),
        (b"\xef\xbb\xbf", "缺少列 missing column code_type, code; 现有 found: –"),
        (b"code\n1\n", "缺少列 missing column code_type; 现有 found: code"),
        (
            b"code_type;code\na;b\n",
            "缺少列 missing column code_type, code; 现有 found: code_type;code",
        ),
        (b"code_type,code,code\na,b,c\n", "列重复 column stands twice: code"),
        (HEAD.encode("utf-16"), "UTF-16"),
        (b"PK\x03\x04\x00\x00", "二进制文件"),
        (b"code_type,code\ngtin13,\xff\xff\xff\n", "既不是 UTF-8 也不是 GB18030"),
        (
            "code_type,code\nlocal,合成示例片合成示例片\nlocal,".encode() + b"\xe5\x90\n",
            "第 3 行有损坏的字节",
        ),
        (b'code_type,code\ngtin13,"692\n', "line 2: CSV 有误"),
        (b'code_type,code\nlocal,"a"b\n', "line 2: CSV 有误"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(
    jicai: Command, tmp_path: Path, content: bytes, told: str
) -> None:
    file = listed(tmp_path, content)
    ended = jicai("codes", "check", file, "--json")
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err
    assert file in ended.err


def test_what_is_no_file_says_so(jicai: Command, tmp_path: Path) -> None:
    for name, told in ((str(tmp_path), "是目录"), (str(tmp_path / "none.csv"), "没有此文件")):
        ended = jicai("codes", "check", name)
        assert (ended.code, ended.out) == (2, "")
        assert told in ended.err


def test_a_list_without_rows_is_an_empty_answer(jicai: Command, tmp_path: Path) -> None:
    ended = jicai("codes", "check", listed(tmp_path, HEAD), "--json")
    assert (ended.code, ended.json()) == (0, [])
    assert "0 条 codes" in ended.err


def test_an_unknown_type_is_an_invalid_row_that_names_the_known_ones(
    jicai: Command, tmp_path: Path
) -> None:
    file = listed(tmp_path, f"{HEAD}drug,{DRUG}\n,{DRUG}\ngtin13,6924561884074\n")
    first, second, third = jicai("codes", "check", file, "--json").json()
    assert [row["verdict"] for row in (first, second, third)] == ["invalid", "invalid", "valid"]
    assert "没有此编码类型 drug；已知：admdvs_6 approval_no" in first["reason"]
    assert "没有此编码类型" in second["reason"]


def test_quotes_commas_and_blanks_in_codes_are_kept_as_they_are(
    jicai: Command, tmp_path: Path
) -> None:
    content = (
        f'{HEAD}local,"a,b"\nlocal,"say ""x"""\nlocal, a\ngs1_elementstring,"(10)A,B"\n'
        "gtin13\nlocal,a,b\nlocal,a,,\n"
        'gs1_elementstring,"010692456188407410A\x1d217"\n'
    )
    found = jicai("codes", "check", listed(tmp_path, content), "--json").json()
    assert [(row["code"], row["verdict"]) for row in found] == [
        ("a,b", "valid"),
        ('say "x"', "valid"),
        (" a", "invalid"),
        ("(10)A,B", "valid"),
        ("", "invalid"),
        ("a", "invalid"),  # an unquoted comma: three cells under two columns
        ("a", "valid"),  # empty cells at the end are a spreadsheet's
        ("010692456188407410A\x1d217", "valid"),
    ]
    assert found[4]["reason"].startswith("编码为空")
    assert "含逗号的编码须加引号" in found[5]["reason"]


def test_the_standard_input_is_read_too(jicai: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    content = io.BytesIO(f"{HEAD}gtin13,6924561884074\n".encode())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(content))
    (row,) = jicai("codes", "check", "-", "--json").json()
    assert row["verdict"] == "valid"


def test_a_long_list_is_checked_quickly() -> None:
    rows = [f"nhsa_drug_western,XL02BBA326A001{n % 10000:04d}78537" for n in range(20_000)]
    rows += [f"drug_standard_code_86,8690487900012{n % 10}" for n in range(5_000)]
    content = "\n".join([HEAD.strip(), *rows])
    begin = time.process_time()
    checked = list(checked_rows("list", content))
    assert time.process_time() - begin < 4  # takes about 0.3 s where nothing else runs
    assert len(checked) == 25_000
    assert sum(row.verdict == "invalid" for row in checked) == 4_500
