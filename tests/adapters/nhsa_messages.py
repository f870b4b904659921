"""Messages for the insurance platform, how they are said, and the platform that hears them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson
import pytest

from adapters._kit.protocol import Acknowledgement, Recipient, WireRequest, WireResponse
from adapters._kit.simulation import Call
from adapters._kit.times import CHINA
from adapters.insurance_nhsa import INTERFACE
from adapters.insurance_nhsa.answers import understand
from adapters.insurance_nhsa.outbound import write
from adapters.insurance_nhsa.simulator import InsurancePlatform
from schemas.envelope import Message, canonical_bytes
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
PUT_RIGHT = MESSAGES["010_hold_put_right_jc01"]
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
