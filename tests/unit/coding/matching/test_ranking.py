from __future__ import annotations

import pytest

from gateway.coding.matching.candidates import Candidates
from gateway.coding.matching.evidence import Verdict
from gateway.coding.matching.parties import PartyRecord
from gateway.coding.products.record import CodeLink
from gateway.coding.records import LocalItem
from tests.unit.coding.matching.making import AMLODIPINE, ITEM, item, product, ranked


def test_the_likelier_product_comes_first() -> None:
    found = ranked(
        item(approval_no="", manufacturer="合成示例"),
        product("OTHER-MAKER", maker="另一示例药业有限公司", approval_no=""),
        product("OTHER-STRENGTH", specification="10mg", approval_no=""),
        product("OTHER-DRUG", generic_name="盐酸贝那普利片", approval_no=""),
        product("RIGHT", approval_no=""),
    )
    assert found[0].unified_code == "RIGHT"
    assert {one.unified_code for one in found[1:3]} == {"OTHER-MAKER", "OTHER-STRENGTH"}
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert all(0 <= one.score <= 100 for one in found)


def test_points_add_up_to_the_score_and_every_field_has_its_sentences() -> None:
    found = ranked(item(manufacturer="合成示例制药"))[0]
    assert abs(sum(one.points for one in found.evidence) - found.score) <= 0.5
    fields = {one.field: one for one in found.evidence}
    assert fields["manufacturer"].verdict is Verdict.COMPATIBLE
    assert fields["manufacturer"].zh == "企业相容:合成示例制药 / 合成示例制药股份有限公司"
    assert fields["manufacturer"].en.startswith("maker compatible: 合成示例制药")
    assert found.zh.startswith("得分 9")
    assert found.en.startswith("score 9")


def test_a_trade_name_finds_its_product() -> None:
    found = ranked(LocalItem("his-a", "product", "L", name="示例平", specification="5mg"))
    assert found[0].unified_code == "P001"
    assert found[0].score > 80
    assert not found[0].exact


def test_an_approval_number_finds_its_product_under_any_name() -> None:
    assert ranked(item(name="院内自拟名称"))[0].unified_code == "P001"


def test_a_linked_code_finds_its_products() -> None:
    linked = product("P009", generic_name="别的药", links=(CodeLink("gtin13", "6924561884074"),))
    asked = LocalItem("his-a", "product", "L", other_codes=(("gtin13", "6924561884074"),))
    found = ranked(asked, AMLODIPINE, linked)
    assert found[0].unified_code == "P009"
    assert {one.field: one.verdict for one in found[0].evidence}["other_codes"] is Verdict.EQUAL


def test_limits_and_order_are_kept() -> None:
    records = [product(f"P{number:03d}") for number in range(30)]
    found = Candidates.of(records).rank(ITEM, limit=7)
    assert [one.unified_code for one in found] == [f"P{number:03d}" for number in range(7)]
    assert Candidates.of(records).rank(ITEM, limit=1)[0].unified_code == "P000"
    assert not any(one.exact for one in found)


def test_nothing_known_has_no_candidates() -> None:
    assert Candidates.of(()).rank(ITEM) == []
    assert ranked(LocalItem("his-a", "product", "L")) == []
    assert ranked(LocalItem("his-a", "unheard of", "L", name="氨氯地平")) == []
    assert len(Candidates.of((AMLODIPINE,))) == 1


@pytest.mark.parametrize("name", ["(", "片", "\x00", "\ud800", "氨" * 10_000, "𠮷𠮷𠮷"])
def test_bad_names_break_nothing(name: str) -> None:
    assert len(ranked(item(name=name, specification=name, manufacturer=name, pack=name))) <= 1


def test_what_no_longer_holds_is_shown_as_such() -> None:
    found = ranked(ITEM, product("P001", valid_to="2024-12-31"), on="2025-01-01")
    assert not found[0].exact
    assert (found[0].evidence[-1].field, found[0].evidence[-1].verdict) == (
        "validity",
        Verdict.DIFFERENT,
    )


HOSPITALS = (
    PartyRecord("H53010000001", "institution", "合成示例市人民医院", region="530100"),
    PartyRecord("H53030000001", "institution", "合成示例市人民医院", region="530300"),
    PartyRecord("H53010000002", "institution", "合成示例市中医医院", region="530100"),
)
COMPANIES = (
    PartyRecord("91530381MA6NGW556N", "enterprise", "合成宣和商贸有限公司", region="530381"),
    PartyRecord(
        "91361003MA38D21W4L",
        "enterprise",
        "合成维尔医疗科技有限公司",
        former_names=("合成维尔商行",),
    ),
)


def asked(kind: str, name: str, **codes: str) -> LocalItem:
    return LocalItem("his-a", kind, "L", name=name, other_codes=tuple(codes.items()))


def exact_party(question: LocalItem) -> str:
    found = Candidates.of(HOSPITALS + COMPANIES).rank(question)
    return next((one.unified_code for one in found if one.exact), "")


def test_a_hospitals_name_is_its_own_within_its_region_only() -> None:
    name = "合成示例市人民医院"
    assert exact_party(asked("institution", name, admdvs_6="530300")) == "H53030000001"
    assert not exact_party(asked("institution", name))
    assert not exact_party(asked("institution", name, admdvs_6="520100"))
    assert not exact_party(asked("institution", "合成示例市人民医院东院", admdvs_6="530300"))
    assert not exact_party(asked("institution", ""))
    found = Candidates.of(HOSPITALS).rank(asked("institution", "示例市中医院", admdvs_6="530100"))
    assert found[0].unified_code == "H53010000002"


def test_an_enterprises_full_name_or_credit_code_is_its_own() -> None:
    name = "合成宣和商贸有限公司"
    code = "91530381MA6NGW556N"
    assert exact_party(asked("enterprise", name)) == code
    assert exact_party(asked("enterprise", name, uscc=code)) == code
    assert not exact_party(asked("enterprise", name, uscc="91361003MA38D21W4L"))
    assert not exact_party(asked("enterprise", "合成宣和商贸"))
    assert not exact_party(asked("enterprise", "另一家有限公司", uscc=code))
    former = asked("enterprise", "合成维尔商行", uscc="91361003MA38D21W4L")
    assert exact_party(former) == "91361003MA38D21W4L"
    assert not exact_party(asked("enterprise", "合成维尔商行"))


def test_an_alias_table_lifts_its_group() -> None:
    records = (
        PartyRecord("91530381MA6NGW556N", "enterprise", "彼岸药业有限公司"),
        PartyRecord("91361003MA38D21W4L", "enterprise", "此岸制药有限公司"),
    )
    question = asked("enterprise", "大同")
    assert Candidates.of(records).rank(question) == []
    lifted = Candidates.of(records, {"此岸制药有限公司": "大同"}).rank(question)
    assert [one.unified_code for one in lifted] == ["91361003MA38D21W4L"]
    assert not lifted[0].exact
