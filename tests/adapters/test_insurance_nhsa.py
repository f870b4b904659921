"""The insurance platform: what is said, what is never made up, and what an answer means."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest

from adapters._kit.protocol import Acknowledgement, Recipient, WireRequest, WireResponse
from adapters._kit.simulation import Call, Mood
from adapters._kit.times import CHINA
from adapters.insurance_nhsa import INTERFACE
from adapters.insurance_nhsa.answers import understand
from adapters.insurance_nhsa.outbound import message_number, write
from adapters.insurance_nhsa.simulator import InsurancePlatform
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
from tests.adapters.samples import message_of, outbound_samples

NOW = datetime(2026, 1, 5, 8, 0, tzinfo=CHINA)
RECIPIENT = Recipient("insurance-530000", "530000", NOW.isoformat(), 1, {}, b"synthetic-key")
MESSAGES = {
    one.path.name.split(".")[0]: message_of(one.expected)
    for one in outbound_samples()
    if one.interface is INTERFACE
}
STOCK = MESSAGES["001_stock_count_3501"]
SALE = MESSAGES["002_sale_3505"]
HELD = MESSAGES["004_settlement_held_jc01"]
RESUMED = MESSAGES["005_settlement_resumed_jc02"]
MAPPED = MESSAGES["008_mapping_approved_3301"]
REVOKED = MESSAGES["009_mapping_retired_3302"]


def with_data(message: Message, **changes: Any) -> Message:
    data = {**message.content(), **changes}
    kept = {name: value for name, value in data.items() if value is not None}
    return replace(message, data=canonical_bytes(kept))


def sent(message: Message, **settings: str) -> dict[str, Any]:
    body: dict[str, Any] = orjson.loads(write(message, replace(RECIPIENT, settings=settings)).body)
    return body


def refusals(message: Message, **settings: str) -> list[tuple[str, str]]:
    with pytest.raises(Rejected) as caught:
        write(message, replace(RECIPIENT, settings=settings))
    return [(one.code, one.path) for one in caught.value.issues]


def platform(**given: Any) -> InsurancePlatform:
    return InsurancePlatform(lambda: NOW, secret=RECIPIENT.secret, **given)


def outcome(to: InsurancePlatform, request: WireRequest) -> Acknowledgement:
    headers = {name.lower(): value for name, value in request.headers.items()}
    told = to.answer(Call("/", headers, request.body))
    return understand(WireResponse(told.status, told.body), request)


# --------------------------------------------------------------------------- what is said


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


# --------------------------------------------------------------------------- the platform's side


@pytest.mark.parametrize(
    "name", [name for name in sorted(MESSAGES) if name[:3] not in ("003", "005", "009")]
)
def test_every_message_is_taken_once_and_recognised_the_second_time(name: str) -> None:
    to = platform()
    request = write(MESSAGES[name], RECIPIENT)
    assert outcome(to, request).meaning == "delivered"
    assert outcome(to, request).meaning == "already"
    assert (len(to.received), to.repeats) == (1, 1)


def test_settlement_is_held_and_resumed_by_the_same_number() -> None:
    to = platform()
    assert outcome(to, write(RESUMED, RECIPIENT)).meaning == "refused"
    assert outcome(to, write(HELD, RECIPIENT)).meaning == "delivered"
    assert to.holds == {HELD.id: "H53010100001"}
    assert outcome(to, write(RESUMED, RECIPIENT)).meaning == "delivered"
    assert to.holds == {}


def test_a_catalogue_mapping_is_revoked_before_the_item_is_mapped_otherwise() -> None:
    to = platform()
    other = with_data(MAPPED, unified_code="XA01AAA001A001010100009")
    assert outcome(to, write(REVOKED, RECIPIENT)).meaning == "refused"
    assert outcome(to, write(MAPPED, RECIPIENT)).meaning == "delivered"
    assert outcome(to, write(other, RECIPIENT)).meaning == "refused"
    assert outcome(to, write(REVOKED, RECIPIENT)).meaning == "delivered"
    assert outcome(to, write(REVOKED, RECIPIENT)).meaning == "already"
    assert outcome(to, write(other, RECIPIENT)).meaning == "delivered"
    assert [one[-1] for one in to.ledger()["mappings"]] == ["XA01AAA001A001010100009"]


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


def test_the_ledger_sums_sales_in_fen_and_shows_packs_sold_twice() -> None:
    to = platform()
    outcome(to, write(SALE, RECIPIENT))
    outcome(to, write(SALE, RECIPIENT))
    outcome(to, write(replace(SALE, id="f" * 32), RECIPIENT))
    outcome(to, write(STOCK, RECIPIENT))
    told = to.ledger()
    assert told["sold_fen"] == {"H53010100001": 2600}
    assert set(told["resold"]) == {"81234567890123456789", "81234567890123456790"}
    assert told["stock"] == [["H53010100001", "YP000101", "20251101A", "120.50"]]
    assert orjson.dumps(told)


def test_the_same_batch_number_with_other_content_is_a_conflict() -> None:
    to = platform()
    outcome(to, write(SALE, RECIPIENT))
    other = outcome(to, write(with_data(SALE, quantity="3.0000"), RECIPIENT))
    assert (other.meaning, len(to.received)) == ("refused", 1)


def test_unsigned_wrongly_signed_and_stale_calls_are_not_recorded() -> None:
    to = platform(accounts=("insurance-530000",))
    request = write(SALE, RECIPIENT)
    spoilt = [
        replace(request, headers={**request.headers, "x-ca-signature": ""}),
        replace(request, headers={**request.headers, "x-ca-key": "other"}),
        replace(request, body=request.body.replace(b'"2.0000"', b'"9.0000"')),
        write(SALE, replace(RECIPIENT, secret=b"other")),
        write(SALE, replace(RECIPIENT, now=(NOW - timedelta(seconds=301)).isoformat())),
    ]
    assert [outcome(to, each).meaning for each in spoilt] == ["refused"] * 5
    assert to.received == []
    assert outcome(to, request).meaning == "delivered"


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.pop("msgid"),
        lambda body: body.update(msgid="1"),
        lambda body: body.update(infno="9999"),
        lambda body: body.update(extra="1"),
        lambda body: body.update(input={}),
        lambda body: body.update(input="x"),
        lambda body: body["input"]["selinfo"].pop("mdtrt_sn"),
        lambda body: body["input"]["selinfo"].update(sel_retn_cnt=2.0),
        lambda body: body["input"]["selinfo"].update(drugtracinfo=[{"drug_trac_codg": ""}]),
    ],
)
def test_the_platform_refuses_what_its_tables_do_not_allow(change: Any) -> None:
    to = InsurancePlatform(lambda: NOW)
    body = sent(SALE)
    change(body)
    assert outcome(to, WireRequest(orjson.dumps(body), "application/json")).meaning == "refused"
    assert to.received == []


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b'{"infno":"1","infno":"2"}', b"\xff"])
def test_the_platform_survives_what_is_no_message(raw: bytes) -> None:
    to = InsurancePlatform(lambda: NOW, mood=Mood())
    assert outcome(to, WireRequest(raw, "application/json")).meaning == "refused"


# --------------------------------------------------------------------------- what an answer means

GOOD = '{"result":{"retRslt":"1","msgRslt":"ok"}}'


@pytest.mark.parametrize(
    ("body", "status", "meaning"),
    [
        (f'{{"infcode":0,"output":{GOOD}}}', 200, "delivered"),
        (f'{{"infcode":"0","output":{GOOD}}}', 200, "delivered"),
        (orjson.dumps({"infcode": "0", "output": GOOD}).decode(), 200, "delivered"),
        ('{"infcode":"0","output":{"result":{"retRslt":1}}}', 200, "delivered"),
        ('{"infcode":"0","output":{"data":{"returnCode":0}}}', 200, "delivered"),
        ('{"infcode":"0","output":{"data":{"returnCode":"5"}}}', 200, "refused"),
        (
            '{"infcode":"0","output":{"result":{"retRslt":"0","msgRslt":"库存不符"}}}',
            200,
            "refused",
        ),
        ('{"infcode":"0","output":{"result":{"retRslt":"0","msgRslt":"系统繁忙"}}}', 200, "retry"),
        ('{"infcode":"0","output":null}', 200, "retry"),
        ('{"infcode":"0"}', 200, "retry"),
        ('{"infcode":"0","output":"x"}', 200, "retry"),
        ('{"infcode":"0","output":{}}', 200, "retry"),
        ('{"infcode":"3299","err_msg":"重复"}', 200, "already"),
        ('{"infcode":-1,"err_msg":"药品编码不存在"}', 200, "refused"),
        ('{"infcode":"-1","err_msg":"系统繁忙,请稍后再试"}', 200, "retry"),
        ('{"infcode":"-1","err_msg":"Read timed out"}', 200, "retry"),
        ('{"infcode":"-1"}', 200, "refused"),
        ('{"infcode":"-1","err_msg":{"a":1}}', 400, "refused"),
        (f'{{"infcode":"0","output":{GOOD}}}', 503, "retry"),
        (f'{{"infcode":"0","output":{GOOD}}}', 429, "retry"),
        ("<!DOCTYPE html><html>0</html>", 200, "retry"),
        ('{"infcode":"0","infcode":"-1"}', 200, "retry"),
        ('{"code":200}', 200, "retry"),
        ("[]", 200, "retry"),
        ("", 200, "retry"),
    ],
)
def test_success_has_two_levels_and_the_unclear_is_unknown(
    body: str, status: int, meaning: str
) -> None:
    request = WireRequest(b"", "application/json")
    assert understand(WireResponse(status, body.encode()), request).meaning == meaning


def test_the_platforms_own_number_is_kept_as_reference() -> None:
    told = outcome(platform(), write(SALE, RECIPIENT))
    assert told.reference.startswith("53000020260105080000")
