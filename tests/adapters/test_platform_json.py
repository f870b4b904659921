"""Orders as JSON: the fast reading is the reading; the platform's books balance."""

from __future__ import annotations

import copy
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters._kit.protocol import Sender
from adapters.platform_json.inbound import CONTRACT, read, read_fast
from adapters.platform_json.simulator import JsonPlatform
from schemas.checking import check
from schemas.events import ORDER_PLACED
from schemas.issues import Rejected
from schemas.money import plain

SENDER = Sender("platform-a", "530000", "2026-01-05T08:00:00+08:00")
ORDER: dict[str, Any] = {
    "msg_id": "00A1B2C3D4E5F601",
    "partner": "YN-P",
    "order_no": "YN202601050001",
    "hospital": "H53010100001",
    "distributor": "91530100MA6K2ABC0X",
    "placed_at": "2026-01-05T07:29:59+08:00",
    "lines": [
        {"line_no": 1, "code": "A", "qty": "2.0000", "unit_price": "1.234567", "amount": "2.47"},
        {"line_no": 2, "code": "B", "qty": "1.0000", "unit_price": "0.000000", "amount": "0.00"},
    ],
    "total": "2.47",
}


def changed(**values: Any) -> bytes:
    return orjson.dumps({**copy.deepcopy(ORDER), **values})


def found(raw: bytes) -> list[tuple[str, str]]:
    return [(one.code, one.path) for one in read_fast(raw)[1]]


def test_a_good_order_keeps_every_value_and_its_own_codes() -> None:
    document = read(orjson.dumps(ORDER), SENDER)
    assert (document.message_id, document.sender) == (ORDER["msg_id"], "YN-P")
    (draft,) = document.drafts
    assert (draft.type, draft.line) == (ORDER_PLACED, 0)
    assert draft.data["institution"] == ORDER["hospital"]
    assert draft.data["lines"][0] == {
        "line_no": 1,
        "local_code": "A",
        "quantity": "2.0000",
        "unit_price": "1.234567",
        "amount": "2.47",
    }


def test_rounding_is_the_platforms_own_only_the_sum_is_checked() -> None:
    lines = copy.deepcopy(ORDER["lines"])
    lines[0]["amount"] = "2.46"
    assert found(changed(lines=lines, total="2.46")) == []
    assert found(changed(lines=lines)) == [("sum.mismatch", "total")]


@pytest.mark.parametrize("total", ["2.46", "2.48", "247.00", "0.00", "0002.48"])
def test_a_total_that_is_off_by_a_fen_is_refused(total: str) -> None:
    assert found(changed(total=total)) == [("sum.mismatch", "total")]


def test_leading_zeros_do_not_change_a_sum() -> None:
    assert found(changed(total="0002.47")) == []


def test_several_defects_are_told_together() -> None:
    lines = copy.deepcopy(ORDER["lines"])
    lines[1]["line_no"] = 1
    lines[1]["qty"] = "0.0000"
    raw = changed(lines=lines, total="2.48", placed_at="2026-02-30T07:29:59+08:00")
    assert {code for code, _ in found(raw)} == {
        "sum.mismatch",
        "date.invalid",
        "line.duplicate",
        "quantity.negative",
    }


def test_a_rejected_order_is_still_named() -> None:
    for raw in (changed(total="1.00"), changed(total=1), orjson.dumps(ORDER)[:-1] + b',"x":1}'):
        with pytest.raises(Rejected) as caught:
            read(raw, SENDER)
        assert caught.value.message_id == ORDER["msg_id"]
    doubled = orjson.dumps(ORDER)[:-1] + b',"total":"2.47"}'
    with pytest.raises(Rejected) as caught:
        read(doubled, SENDER)
    assert caught.value.message_id == ORDER["msg_id"]
    assert [one.code for one in caught.value.issues] == ["json.duplicate_key"]


def test_a_message_id_of_another_form_names_nothing() -> None:
    with pytest.raises(Rejected) as caught:
        read(changed(msg_id="x"), SENDER)
    assert caught.value.message_id is None


@pytest.mark.parametrize("key", [*ORDER, "line_no", "code", "qty", "unit_price", "amount"])
def test_no_duplicate_key_passes_not_even_with_the_same_value(key: str) -> None:
    text = orjson.dumps(ORDER).decode()
    at = text.index(f'"{key}":')
    inner: Any = ORDER.get(key, ORDER["lines"][0].get(key))
    value = orjson.dumps(inner).decode()
    raw = f'{text[:at]}"{key}":{value},{text[at:]}'.encode()
    assert ("json.duplicate_key", key) in found(raw)


def test_escapes_are_read_and_duplicates_behind_them_found() -> None:
    lines = copy.deepcopy(ORDER["lines"])
    lines[0]["code"] = 'A"\\/药'
    raw = changed(lines=lines)
    assert read_fast(raw)[0]["lines"][0]["local_code"] == 'A"\\/药'
    assert found(raw) == []
    doubled = raw.replace(b'"partner":"YN-P"', b'"partner":"GZ-P","p\\u0061rtner":"YN-P"')
    assert found(doubled) == [("json.duplicate_key", "partner")]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("msg_id", "00a1b2c3d4e5f601", "field.format"),
        ("partner", "yn", "field.format"),
        ("hospital", "P53010100001", "field.format"),
        ("hospital", "H１3010100001", "field.fullwidth"),
        ("distributor", "91530100MA6K2ABC0I", "field.format"),
        ("placed_at", "2026-01-05T07:29:59Z", "field.format"),
        ("placed_at", "2026-01-05T07:29:59+08:00\n", "field.format"),
        ("total", "2.470", "field.format"),
        ("total", "-2.47", "field.format"),
        ("total", "1_0.00", "field.format"),
        ("total", 2.47, "money.number"),
        ("lines", [], "field.range"),
        ("lines", {}, "field.format"),
        ("order_no", None, "field.format"),
    ],
)
def test_a_field_of_the_wrong_form_is_named(field: str, value: Any, code: str) -> None:
    assert found(changed(**{field: value})) == [(code, field)]


def test_five_hundred_lines_are_read_one_more_is_refused() -> None:
    line = {"code": "A", "qty": "1.0000", "unit_price": "0.010000", "amount": "0.01"}
    lines = [{"line_no": number, **line} for number in range(1, 502)]
    assert found(changed(lines=lines[:500], total="5.00")) == []
    assert found(changed(lines=lines, total="5.01")) == [("field.range", "lines")]


@given(
    st.lists(
        st.tuples(st.integers(1, 10**10), st.integers(0, 10**12), st.integers(0, 10**10)),
        min_size=1,
        max_size=12,
    )
)
@settings(max_examples=60, deadline=None)
def test_what_the_contract_accepts_satisfies_the_canonical_model(
    rows: list[tuple[int, int, int]],
) -> None:
    lines = [
        {
            "line_no": number,
            "code": f"C{number}",
            "qty": plain(quantity, 4),
            "unit_price": plain(price, 6),
            "amount": plain(amount, 2),
        }
        for number, (quantity, price, amount) in enumerate(rows, start=1)
    ]
    raw = changed(lines=lines, total=plain(sum(row[2] for row in rows), 2))
    assert CONTRACT.accepts(orjson.loads(raw))
    data, issues = read_fast(raw)
    assert list(issues) == []
    coded = {**data, "lines": [{**line, "unified_code": "XA01"} for line in data["lines"]]}
    assert check(ORDER_PLACED, coded, orjson.dumps(coded)) == ()


def test_the_platforms_books_balance_with_what_is_read() -> None:
    platform = JsonPlatform("YN-P")
    rows = [{"code": "A", "qty": "3.0000", "unit_price": "1.234567"}] * 3
    head = {"hospital": ORDER["hospital"], "distributor": ORDER["distributor"]}
    raws = [
        platform.place(rows, order_no=f"YN{n:012d}", placed_at=ORDER["placed_at"], **head)
        for n in range(4)
    ]
    read_back = [read(raw, SENDER).drafts[0].data["total"] for raw in raws]
    assert sum(int(total.replace(".", "")) for total in read_back) == platform.sent_fen == 4440
    platform.hear(orjson.loads(raws[0])["msg_id"], "accepted")
    assert platform.unanswered() == raws[1:]
    with pytest.raises(KeyError):
        platform.hear("unknown", "accepted")
