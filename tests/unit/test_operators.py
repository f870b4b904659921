from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import Misconfigured
from gateway.operators import Operators

TWO_PEOPLE = """
[[operator]]
id = "li-ming"
name = "经办甲"
may = ["propose", "approve"]

[[operator]]
id = "wang-fang"
name = "经办乙"
may = ["approve"]
"""
KEY = b"0123456789abcdef"


def home(tmp_path: Path, text: str, **keys: bytes) -> Path:
    (tmp_path / "operators.toml").write_text(text, encoding="utf-8")
    folder = tmp_path / "secrets" / "operators"
    folder.mkdir(parents=True)
    for name, key in keys.items():
        (folder / f"{name.replace('_', '-')}.key").write_bytes(key)
    return tmp_path


def test_nobody_is_listed_where_there_is_no_file(tmp_path: Path) -> None:
    assert len(Operators.load(tmp_path)) == 0
    assert Operators.load(tmp_path).authenticate(b"") is None


def test_a_person_is_known_by_the_key(tmp_path: Path) -> None:
    operators = Operators.load(
        home(tmp_path, TWO_PEOPLE, li_ming=KEY + b"\n", wang_fang=KEY[::-1], stranger=b"y" * 20)
    )
    assert [one.id for one in operators] == ["li-ming", "wang-fang"]
    found = operators.authenticate(KEY)
    assert found is not None
    assert (found.id, found.name, found.may) == ("li-ming", "经办甲", ("propose", "approve"))
    assert operators.authenticate(KEY[::-1]) == operators.get("wang-fang")
    for wrong in (b"", KEY[:-1], KEY + b"x", b"y" * 20):
        assert operators.authenticate(wrong) is None
    assert operators.get("stranger") is None


def test_a_person_without_a_key_is_nobody_at_the_door(tmp_path: Path) -> None:
    operators = Operators.load(home(tmp_path, TWO_PEOPLE))
    assert len(operators) == 2
    assert operators.authenticate(b"") is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[operator]]\nid = 'Li'\nname = 'x'\nmay = ['approve']\n", "operator Li: id"),
        ("[[operator]]\nid = 'li'\nname = ' '\nmay = ['approve']\n", "operator li: name"),
        ("[[operator]]\nid = 'li'\nname = 'x'\nmay = []\n", "operator li: may"),
        ("[[operator]]\nid = 'li'\nname = 'x'\nmay = ['rule']\n", "operator li: may.0"),
        ("[[operator]]\nid = 'li'\nname = 'x'\nmay = ['approve']\nage = 3\n", "li: age"),
        ("[[operator]]\nname = 'x'\nmay = ['approve']\n", "operator #1: id"),
        ("[operator]\nid = 'li'\n", "a list of tables is expected"),
        ("[[people]]\nid = 'li'\n", "people: 没有此表 no such table"),
        ("[[operator\n", "operators.toml: "),
        (TWO_PEOPLE + TWO_PEOPLE, "operator li-ming: 重复 stands twice"),
    ],
)
def test_a_bad_list_is_a_finding(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(Misconfigured) as wrong:
        Operators.load(home(tmp_path, text))
    assert any(says in each for each in wrong.value.findings)


def test_a_list_that_is_no_text_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "operators.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(Misconfigured, match=r"operators\.toml"):
        Operators.load(tmp_path)


def test_a_short_key_and_a_shared_one_are_findings(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as wrong:
        Operators.load(home(tmp_path, TWO_PEOPLE, li_ming=KEY[:15], wang_fang=KEY, zhao=KEY))
    assert wrong.value.findings == (
        "secrets/operators/li-ming.key: shorter than 16 bytes",
        "secrets/operators/zhao.key: the same key as wang-fang's",
    )
