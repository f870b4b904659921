"""The lists under home: what is unsound in one is a finding, never a list that looks empty."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.delivery.routes import Routes
from gateway.errors import Misconfigured
from gateway.operators import Operators
from gateway.partners import Partners

HOSPITAL = """[[partner]]
id = "his-a"
name = "合成示例医院"
interface = "his_hl7v2"
region = "530000"
"""


def findings_of(home: Path, text: str | bytes) -> tuple[str, ...]:
    given = text.encode() if isinstance(text, str) else text
    (home / "partners.toml").write_bytes(given)
    with pytest.raises(Misconfigured) as wrong:
        Partners.load(home)
    return wrong.value.findings


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("partner = 5\n", "partners.toml: partner: 应写作 [[partner]]"),
        ("[partner]\nid = 'his-a'\n", "partners.toml: partner: 应写作 [[partner]]"),
        ("partner = [1]\n", "partners.toml: partner #1: "),
        (HOSPITAL.replace("[[partner]]", "[[parnter]]"), "partners.toml: parnter: 没有此表"),
        (HOSPITAL + HOSPITAL, "partners.toml: partner his-a: 重复"),
        (HOSPITAL.replace('"530000"', '"53"'), "partners.toml: partner his-a: region: "),
        (HOSPITAL.replace('id = "his-a"\n', ""), "partners.toml: partner #1: id: "),
        ("[[partner\n", "partners.toml: 不是有效的 TOML"),
        (b"\xff\xfe", "partners.toml: 不是 UTF-8"),
    ],
)
def test_an_unsound_list_of_partners_is_a_finding(
    tmp_path: Path, text: str | bytes, says: str
) -> None:
    assert any(each.startswith(says) for each in findings_of(tmp_path, text))


def test_every_finding_is_told_at_once(tmp_path: Path) -> None:
    found = findings_of(tmp_path, "[[people]]\n" + HOSPITAL.replace('"530000"', "5") + HOSPITAL)
    assert len(found) == 2


def test_a_byte_order_mark_before_the_list_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "partners.toml").write_text(HOSPITAL, encoding="utf-8-sig")
    assert [one.id for one in Partners.load(tmp_path)] == ["his-a"]


LISTS: dict[str, Callable[[Path], object]] = {
    "partners.toml": Partners.load,
    "operators.toml": Operators.load,
    "routes.toml": lambda home: Routes.load(home, Partners({}, {}), {}),
}


@pytest.mark.parametrize("name", LISTS)
def test_a_folder_in_a_lists_place_is_a_finding(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(Misconfigured, match=f"{name}: 无法读取"):
        LISTS[name](tmp_path)


def test_where_there_is_no_file_nobody_is_listed(tmp_path: Path) -> None:
    assert len(Partners.load(tmp_path)) == 0
    assert len(Operators.load(tmp_path)) == 0
    assert len(Routes.load(tmp_path, Partners({}, {}), {})) == 0
