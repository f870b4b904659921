"""What is said to the insurance platform, to the letter of its tables, and what is never made up."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest

from adapters.insurance_nhsa import INTERFACE
from adapters.insurance_nhsa.outbound import message_number, write
from adapters.insurance_nhsa.wire import ENVELOPE, SALE_FIELDS, check
from schemas.envelope import Message, canonical_bytes
from schemas.events import (
    ORDER_PLACED,
    SETTLEMENT_HELD,
    SETTLEMENT_RESUMED,
    STOCK_COUNTED,
    USAGE_DISPENSED,
)
from schemas.issues import Rejected
from tests.adapters.nhsa_messages import (
    HELD,
    MAPPED,
    NOW,
    RECIPIENT,
    RESUMED,
    SALE,
    STOCK,
    refusals,
    sent,
    with_data,
)


def test_the_envelope_has_every_field_of_the_table() -> None:
    body = sent(STOCK)
    assert [name for name in body if name != "input"] == [field.name for field in ENVELOPE]
    assert body["infno"] == "3501"
    assert body["mdtrtarea_admvs"] == "530000"
    assert body["fixmedins_code"] == "H53010100001"


def test_scales_are_the_tables_and_numbers_are_strings() -> None:
    count = sent(STOCK)["input"]["invinfo"]
    sale = sent(SALE)["input"]["selinfo"]
    assert (count["inv_cnt"], sale["sel_retn_cnt"], sale["finl_trns_pric"]) == (
        "120.50",
        "2.0000",
        "6.500000",
    )
    assert sale["drugtracinfo"] == [
        {"drug_trac_codg": "81234567890123456789"},
        {"drug_trac_codg": "81234567890123456790"},
    ]
    assert (sale["sel_retn_time"], sale["trdn_flag"]) == ("2026-01-05 07:10:00", "0")


def test_a_count_with_more_than_two_decimals_is_not_rounded_away() -> None:
    found = refusals(with_data(STOCK, counted_quantity="1.2345"))
    assert found == [("money.scale", "invinfo.inv_cnt")]


def test_the_msgid_is_the_same_at_each_attempt_and_has_its_three_parts() -> None:
    first = write(SALE, RECIPIENT)
    second = write(SALE, replace(RECIPIENT, attempt=2, now=(NOW + timedelta(hours=5)).isoformat()))
    assert first.body == second.body
    assert first.headers["x-ca-signature"] != second.headers["x-ca-signature"]
    number = orjson.loads(first.body)["msgid"]
    assert len(number) == 30
    assert number.startswith("H53010100001" + "20260105071000")
    assert number[26:].isdecimal()


def test_neighbours_in_the_journal_never_share_a_msgid() -> None:
    numbers = {
        message_number("H53010100001", replace(SALE, sequence=f"{shard}-{seq:016d}"))
        for shard in range(4)
        for seq in range(5000, 6000)
    }
    assert len(numbers) == 4000


def test_messages_of_a_mere_date_are_spread_over_their_day() -> None:
    numbers = {
        message_number("H53010100001", replace(HELD, id=f"{at * 0x9E3779B97F4A7C15:032x}"[-32:]))
        for at in range(1, 2001)
    }
    assert len(numbers) == 2000
    for number in numbers:
        datetime.strptime(number[12:26], "%Y%m%d%H%M%S")  # noqa: DTZ007
        assert number[12:20] == "20260401"


def test_the_batch_number_is_the_messages_own_and_fits() -> None:
    numbers = {
        sent(replace(SALE, id=f"{at:032x}"[::-1]))["input"]["selinfo"]["fixmedins_bchno"]
        for at in range(50)
    }
    assert len(numbers) == 50
    assert {len(number) for number in numbers} == {30}


@pytest.mark.parametrize("missing", ["prescriber", "pharmacist"])
def test_no_person_is_made_up(missing: str) -> None:
    message = with_data(SALE, **{missing: None})
    found = refusals(message)
    assert {code for code, _ in found} == {"field.required"}
    table = {"prescriber": "prsc_dr_name", "pharmacist": "phar_name"}
    assert f"selinfo.{table[missing]}" in {path for _, path in found}
    record = sent(message, **{missing: "测试人员"})["input"]["selinfo"]
    assert record[table[missing]] == "测试人员"


def test_what_the_his_says_goes_before_the_settings() -> None:
    record = sent(SALE, prescriber="测试医师丙", pharmacist="测试药师丁")["input"]["selinfo"]
    assert (record["prsc_dr_name"], record["phar_name"]) == ("测试医师甲", "测试药师乙")


def test_a_missing_lot_is_refused_a_missing_day_of_production_is_marked() -> None:
    assert ("field.required", "selinfo.manu_lotnum") in refusals(with_data(SALE, batch_no=None))
    record = sent(with_data(SALE, made_on=None))["input"]["selinfo"]
    assert (record["manu_date"], record["memo"]) == ("2999-12-31", "生产日期未提供")
    strict = refusals(with_data(SALE, made_on=None), unknown_made_on="refuse")
    assert strict == [("field.required", "selinfo.manu_date")]


@pytest.mark.parametrize(
    ("field", "value", "path"),
    [
        ("local_code", "x" * 31, "selinfo.fixmedins_hilist_id"),
        ("dispense_no", "x" * 41, "selinfo.rtal_docno"),
        ("batch_no", "x" * 31, "selinfo.manu_lotnum"),
        ("prescriber", "x" * 51, "selinfo.prsc_dr_name"),
        ("encounter", "x" * 31, "selinfo.mdtrt_sn"),
    ],
)
def test_what_is_too_long_is_refused_before_it_is_sent(field: str, value: str, path: str) -> None:
    assert refusals(with_data(SALE, **{field: value})) == [("field.range", path)]
    assert sent(with_data(SALE, **{field: value[:-1]}))


def test_the_input_has_a_limit() -> None:
    codes = [f"{at:020d}" for at in range(500)]
    assert sent(with_data(STOCK, trace_codes=codes))
    long = [f"{at:0100d}" for at in range(500)]
    assert refusals(with_data(STOCK, trace_codes=long)) == [("field.range", "input")]


def test_a_hold_names_rule_clauses_causes_and_itself() -> None:
    record = sent(HELD)["input"]["data"]
    assert record["hold_id"] == record["notice_no"] == HELD.id
    assert record["clauses"] == ["黔医保发〔2019〕69号 五（三）"]
    assert record["causes"] == ["0123456789abcdef0123456789abcdef"]
    assert record["rule"] == "R4 采购进度"
    assert sent(RESUMED)["input"]["data"]["hold_id"] == HELD.id


def test_other_messages_have_no_words_here() -> None:
    message = Message("ab", "s", ORDER_PLACED, "x", NOW.isoformat(), canonical_bytes({}))
    assert refusals(message) == [("message.unsupported", "type")]
    assert set(INTERFACE.hears) >= {STOCK_COUNTED, USAGE_DISPENSED, SETTLEMENT_HELD}
    assert SETTLEMENT_RESUMED in INTERFACE.hears


@pytest.mark.parametrize(("settings", "secret"), [({"signature": "md5"}, b"k"), ({}, b"")])
def test_what_cannot_be_signed_is_not_sent(settings: dict[str, str], secret: bytes) -> None:
    with pytest.raises(Rejected):
        write(STOCK, replace(RECIPIENT, settings=settings, secret=secret))


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ({"sel_retn_cnt": 2}, "money.number"),
        ({"sel_retn_cnt": "2"}, "field.format"),
        ({"sel_retn_cnt": "２.0000"}, "field.format"),
        ({"sel_retn_cnt": "2.00000"}, "money.scale"),
        ({"sel_retn_cnt": "1234567890123.0000"}, "field.range"),
        ({"sel_retn_time": "2026-01-05T07:10:00"}, "date.invalid"),
        ({"manu_date": "2026-02-30"}, "date.invalid"),
        ({"drugtracinfo": {"drug_trac_codg": "x"}}, "field.format"),
        ({"drugtracinfo": []}, "field.format"),
        ({"rx_flag": 1}, "field.format"),
        ({"prsc_dr_name": ""}, "field.required"),
        ({"odd": "1"}, "field.unknown"),
    ],
)
def test_the_tables_are_checked_to_the_letter(record: dict[str, Any], code: str) -> None:
    good = sent(SALE)["input"]["selinfo"]
    assert check(good, SALE_FIELDS, "") == []
    assert [one.code for one in check({**good, **record}, SALE_FIELDS, "")] == [code]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, True),
        ({"decision": "refused"}, False),
        ({"kind": "institution"}, False),
        ({"relation": "broader"}, False),
        ({"institution": None}, False),
    ],
)
def test_only_an_institutions_own_products_concern_the_insurer(
    changed: dict[str, Any], told: bool
) -> None:
    assert INTERFACE.concerns is not None
    assert INTERFACE.concerns(with_data(MAPPED, **changed)) is told
    assert INTERFACE.concerns(STOCK)


def test_a_code_that_does_not_say_what_it_is_needs_a_list_type() -> None:
    odd = with_data(MAPPED, product_kind=None, unified_code="SYN-0001")
    assert refusals(odd) == [("field.required", "data.list_type")]
    assert sent(odd, list_type="103")["input"]["data"][0]["list_type"] == "103"
