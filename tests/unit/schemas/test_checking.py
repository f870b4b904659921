"""The fast contract check and the model agree on every message."""

from __future__ import annotations

import re
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from schemas.checking import check
from schemas.events import EVENT_TYPES, ORDER_PLACED
from schemas.wording import PATTERNS


def order(**changes: Any) -> dict[str, Any]:
    line = {
        "line_no": 1,
        "local_code": "YP001",
        "unified_code": "XJ01XDT045A001010104642",
        "quantity": "10.0000",
        "unit_price": "1.230000",
        "amount": "12.30",
    }
    data: dict[str, Any] = {
        "msg_id": "M1",
        "order_no": "O1",
        "institution": "H53010200001",
        "distributor": "91530381MA6NGW556N",
        "placed_at": "2020-04-01T09:00:00+08:00",
        "lines": [line],
        "total": "12.30",
    }
    return data | changes


def codes(data: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each.path, each.code) for each in check(ORDER_PLACED, data, orjson.dumps(data))]


def test_a_sound_order_has_no_issue() -> None:
    assert codes(order()) == []


@pytest.mark.parametrize(
    ("change", "path", "code"),
    [
        ({"total": 12.30}, "total", "money.number"),
        ({"total": "１２.30"}, "total", "field.fullwidth"),
        ({"total": "12.31"}, "total", "sum.mismatch"),
        ({"placed_at": "2020-02-30T00:00:00+08:00"}, "placed_at", "field.format"),
        ({"institution": "53010200001"}, "institution", "field.format"),
        ({"lines": []}, "lines", "field.range"),
        ({"surplus": 1}, "surplus", "field.unknown"),
        ({"order_no": "a\u0001b"}, "order_no", "field.format"),
    ],
)
def test_each_defect_is_named_with_its_field(change: dict[str, Any], path: str, code: str) -> None:
    assert (path, code) in codes(order(**change))


def test_a_missing_field_of_a_line_is_named_with_its_line() -> None:
    data = order()
    del data["lines"][0]["quantity"]
    assert ("lines[0].quantity", "field.required") in codes(data)


def test_a_repeated_line_number_is_refused() -> None:
    data = order(total="24.60")
    data["lines"] = [data["lines"][0], dict(data["lines"][0])]
    assert codes(data) == [("lines", "line.duplicate")]


_values = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.text(max_size=30),
    st.just("1.0000"),
    st.booleans(),
)


@given(st.dictionaries(st.sampled_from(sorted(order())), _values, max_size=3))
def test_the_fast_check_and_the_model_agree(changes: dict[str, Any]) -> None:
    data = order(**changes)
    model = EVENT_TYPES[ORDER_PLACED].model
    try:
        model.model_validate_json(orjson.dumps(data))
        sound = True
    except ValidationError:
        sound = False
    found = [code for _, code in codes(data) if code != "sum.mismatch"]
    assert (found == []) is sound


@pytest.mark.parametrize(
    ("change", "zh"),
    [
        ({"total": "1.2"}, '格式不符:应为金额文字,两位小数,如 "12.30"'),
        ({"institution": "53010200001"}, "格式不符:应为H 或 P 加 11 位数字的定点机构编码"),
        ({"placed_at": "2020-02-30T00:00:00+08:00"}, "格式不符:没有这一天或这一时刻"),
        ({"lines": []}, "数值越界:至少 1 项,现有 0 项"),
        ({"lines": 3}, "格式不符:应为列表"),
        ({"order_no": ""}, "格式不符:至少 1 个字符"),
        ({"order_no": "a\u0001b"}, "格式不符:含控制字符"),
        ({"order_no": 7}, "格式不符:应为文字(加引号)"),
        ({"supersedes": "M0"}, "格式不符:应为网关给出的报文编号(32 位十六进制),即应答中的 id"),
    ],
)
def test_a_defect_is_told_in_words_that_a_partner_can_act_on(
    change: dict[str, Any], zh: str
) -> None:
    data = order(**change)
    found = check(ORDER_PLACED, data, orjson.dumps(data))
    assert zh in [each.zh for each in found]
    assert all(each.en.isascii() for each in found)


def test_every_pattern_and_bound_of_the_contracts_has_chinese_words() -> None:
    told: set[str] = set()
    for listed in EVENT_TYPES.values():
        if not listed.derived:
            told |= set(re.findall(r'"pattern":"((?:[^"\\]|\\.)*)"', _schema(listed.model)))
    unworded = {each for each in told if each not in PATTERNS and "\\x00" not in each}
    assert unworded == set()


def _schema(model: type[BaseModel]) -> str:
    return orjson.dumps(model.model_json_schema()).decode().replace("\\\\", "\\")
