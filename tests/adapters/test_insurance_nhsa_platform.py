"""The insurance platform's side: each message recorded once, the unsigned and wrong ones refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest

from adapters._kit.protocol import WireRequest
from adapters._kit.simulation import Mood
from adapters.insurance_nhsa.outbound import write
from adapters.insurance_nhsa.simulator import InsurancePlatform
from tests.adapters.nhsa_messages import (
    HELD,
    MAPPED,
    MESSAGES,
    NOW,
    PUT_RIGHT,
    RECIPIENT,
    RESUMED,
    REVOKED,
    SALE,
    STOCK,
    outcome,
    platform,
    sent,
    with_data,
)


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


def test_a_hold_whose_figures_are_put_right_stays_one_hold_and_ends_once() -> None:
    to = platform()
    for each in (HELD, PUT_RIGHT):
        assert outcome(to, write(each, RECIPIENT)).meaning == "delivered"
    assert to.holds == {HELD.id: "H53010100001"}
    resumed = with_data(RESUMED, hold_id=PUT_RIGHT.id)
    assert outcome(to, write(resumed, RECIPIENT)).meaning == "delivered"
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
