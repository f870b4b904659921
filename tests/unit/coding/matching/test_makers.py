from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.coding.matching.evidence import Verdict
from gateway.coding.matching.makers import in_order, likeness, parse_maker

GROUPS = {"合成甲药业股份有限公司": "合成甲", "合成甲东方制药有限公司": "合成甲"}


def verdict(ours: str, theirs: str) -> Verdict:
    return likeness(parse_maker(ours), parse_maker(theirs))[1]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("合成集团致君（深圳）制药有限公司", "合成集团致君(深圳)制药有限公司"),
        ("合成 制药 有限公司", "合成制药有限公司"),
        ("合成制药有限公司（原名：合成药厂）", "合成制药有限公司"),
        ("Example Pharma GmbH & Co. KG", "ExamplePharmaGmbH&Co.KG"),
        ("EXAMPLE OPERATIONS UK LIMITED", "Example Operations UK Limited"),
    ],
)
def test_one_full_legal_name_is_equal_however_it_is_set(ours: str, theirs: str) -> None:
    assert verdict(ours, theirs) is Verdict.EQUAL


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("合成甲", "合成甲"),  # a short name says nothing about which company
        ("浙江合成海", "浙江合成海药业股份有限公司"),
        ("合成苑东生物制药股份有限", "合成苑东生物制药股份有限公司"),
        ("合成药厂", "合成制药有限公司(原名:合成药厂)"),
        ("合成制药有限公司", "Example Inc.(分包装:合成制药有限公司)"),
        ("Example Inc.(分包装:合成制药有限公司)", "Example Inc."),
        ("美国示例公司", "美国示例公司"),
    ],
)
def test_less_than_a_full_name_is_compatible_at_most(ours: str, theirs: str) -> None:
    assert verdict(ours, theirs) is Verdict.COMPATIBLE


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("卫合(中国)药业有限公司", "卫合(辽宁)制药有限公司"),
        ("合成药业有限公司", "合成药业股份有限公司"),
        ("合成药业有限公司", "合成药业有限公司中山分公司"),
        ("甲乙制药有限公司", "丙丁制药有限公司"),
    ],
)
def test_two_full_names_that_differ_are_never_one(ours: str, theirs: str) -> None:
    assert verdict(ours, theirs) in {Verdict.SIMILAR, Verdict.DIFFERENT}


def test_a_missing_name_is_unknown() -> None:
    assert verdict("", "合成药业有限公司") is Verdict.UNKNOWN
    assert verdict("（）", "合成药业有限公司") is Verdict.UNKNOWN


def test_a_common_group_lifts_and_never_identifies() -> None:
    ours, theirs = parse_maker("合成甲药业股份有限公司"), parse_maker("合成甲东方制药有限公司")
    alone, _ = likeness(ours, theirs)
    grouped, found = likeness(ours, theirs, GROUPS)
    assert grouped >= max(alone, 0.7)
    assert found is Verdict.SIMILAR


@pytest.mark.parametrize(
    ("text", "name", "former", "others"),
    [
        ("甲制药有限公司（原乙制药厂)", "甲制药有限公司", ("乙制药厂",), ()),
        ("甲股份有限公司受托方：乙制药厂", "甲股份有限公司", (), ("乙制药厂",)),
        ("Example GmbH丙制药有限公司分装", "examplegmbh", (), ("丙制药有限公司",)),
        (
            "甲药厂（乙（集团）有限公司总厂与甲药厂合并）",
            "甲药厂",
            (),
            ("乙集团有限公司总厂与甲药厂合并",),
        ),
        ("原研药业有限公司", "原研药业有限公司", (), ()),
    ],
)
def test_notes_are_kept_apart_from_the_name(
    text: str, name: str, former: tuple[str, ...], others: tuple[str, ...]
) -> None:
    read = parse_maker(text)
    assert (read.name, read.former, read.others) == (name, former, others)


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("合成制药有限公司", True),
        ("合成制药厂", True),
        ("合成药物研究院", False),
        ("合成制药", False),
        ("美国示例公司", False),
        ("Example S.A.", True),
        ("ExampleAG", True),
        ("Example Genlab", False),
        ("EXAMPLELABORATORIESB.V.", False),
        ("", False),
    ],
)
def test_a_full_name_states_its_legal_form(text: str, full: bool) -> None:
    assert parse_maker(text).full is full


def test_characters_in_order() -> None:
    assert in_order("正晴", "正大天晴药业")
    assert not in_order("晴正", "正大天晴药业")
    assert in_order("", "")


@given(st.text(max_size=60))
def test_any_text_is_one_company_with_itself(text: str) -> None:
    read = parse_maker(text)
    share, found = likeness(read, read)
    assert found in {Verdict.EQUAL, Verdict.COMPATIBLE, Verdict.UNKNOWN}
    assert share in {0.0, 1.0}
