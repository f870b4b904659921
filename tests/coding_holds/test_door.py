"""拒收: a document that says a refused code is turned away at the door, with the reason."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from gateway.coding.crosswalk import Crosswalk
from gateway.coding.rows import CrosswalkRow
from gateway.flow import Received, Receiving
from gateway.intake.canonical import CANONICAL
from gateway.partners import Partner
from gateway.ports import Journal, Search
from gateway.steps import Arrival
from schemas.events import ACCEPTANCE_RECORDED, MESSAGE_REJECTED, ORDER_PLACED
from tests.coding_holds.said import DISTRIBUTOR, HOSPITAL, NOW, RIGHT, acceptance, order
from tests.journal.conftest import AnyJournal

SINCE = "2020-01-01"
KNOWN = Crosswalk.of(
    [
        CrosswalkRow("his-a", "institution", "7", HOSPITAL, SINCE),
        CrosswalkRow("his-a", "enterprise", "D1", DISTRIBUTOR, SINCE),
        CrosswalkRow("his-a", "product", "L1", RIGHT, SINCE),
        CrosswalkRow("his-a", "product", "BAD", "", SINCE, relation="none", reason="非药品"),
    ]
)


def hospital(uncoded: str = "hold") -> Partner:
    given = {"id": "his-a", "name": "合成示例医院", "interface": "canonical", "region": "520000"}
    return Partner.model_validate(given | {"uncoded": uncoded})


def event(number: str, type_: str, data: dict[str, Any]) -> dict[str, Any]:
    return {"specversion": "1.0", "id": number, "source": "x", "type": type_, "data": data}


async def send(journal: Journal, said: Any, *, uncoded: str = "hold") -> Received:
    receiving = Receiving(journal, {"canonical": CANONICAL}, KNOWN)
    raw = orjson.dumps(said)
    arrival = Arrival(hospital(uncoded), "canonical", raw, NOW.isoformat())
    (received,) = await receiving.receive([arrival])
    return received


async def rejections(journal: Journal) -> list[dict[str, Any]]:
    found = await journal.search(Search(type=MESSAGE_REJECTED))
    return [each.message.content() for each in found]


async def test_it_is_rejected_at_once_where_unknown_codes_are_held(journal: AnyJournal) -> None:
    received = await send(journal, event("m1", ACCEPTANCE_RECORDED, acceptance("BAD")))
    assert received.answer.verdict == "rejected"
    assert [each.code for each in received.answer.issues] == ["code.refused"]
    assert "非药品" in received.answer.issues[0].zh
    assert await journal.held() == []
    (told,) = await rejections(journal)
    assert told["reason"] == "code_refused"


@pytest.mark.parametrize(
    ("uncoded", "codes"),
    [("hold", ["code.refused"]), ("reject", ["code.unknown", "code.refused"])],
)
async def test_every_line_with_a_refused_code_is_named(
    journal: AnyJournal, uncoded: str, codes: list[str]
) -> None:
    data = order("L1", "NEW", "BAD")
    received = await send(journal, event("m1", ORDER_PLACED, data), uncoded=uncoded)
    assert received.answer.verdict == "rejected"
    found = [(each.code, each.path) for each in received.answer.issues]
    assert [code for code, _ in found] == codes
    assert found[-1] == ("code.refused", "lines[2].local_code")
    (told,) = await rejections(journal)
    assert told["reason"] == "code_refused"


async def test_it_does_not_wait_behind_a_held_one_of_its_key(journal: AnyJournal) -> None:
    held = await send(journal, event("m1", ACCEPTANCE_RECORDED, acceptance("NEW")))
    assert held.answer.lines[0].verdict == "held"
    received = await send(journal, event("m2", ACCEPTANCE_RECORDED, acceptance("BAD")))
    assert received.answer.verdict == "rejected"
    assert len(await journal.held()) == 1
