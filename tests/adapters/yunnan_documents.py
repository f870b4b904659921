"""Orders as the procurement platform sends them, and why one is rejected."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from adapters._kit.protocol import Recipient, Sender
from adapters._kit.times import CHINA
from adapters.yunnan_procurement.inbound import read
from adapters.yunnan_procurement.simulator import Cover, order_document, uuid_of
from schemas.issues import Rejected

AT = "2026-01-05T07:30:00+08:00"
NOW = datetime(2026, 1, 5, 7, 31, tzinfo=CHINA)
SENDER = Sender("yn-platform", "530000", AT)
GOODS = [
    {"product_code": "P1", "quantity": "2.0000", "unit_price": "1.000000"},
    {"product_code": "P2", "quantity": "3.0000", "unit_price": "1.000000"},
    {"product_code": "P3", "quantity": "5.0000", "unit_price": "1.000000"},
]
RECIPIENT = Recipient("yn-platform", "530000", NOW.isoformat(), 1, {}, b"synthetic-key")


def order(goods: Any = None, *, soap: bool = False) -> str:
    raw = order_document(
        GOODS if goods is None else goods,
        Cover(uuid_of("order"), AT, soap=soap),
        order_no="DD1",
        institution_code="YY1",
        distributor_code="PS1",
        placed_at=AT,
    )
    return raw.decode()


def rejected(text: str) -> list[tuple[str, str]]:
    with pytest.raises(Rejected) as caught:
        read(text.encode(), SENDER)
    return [(one.code, one.path) for one in caught.value.issues]
