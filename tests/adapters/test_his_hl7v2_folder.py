"""The HIS interface as its folder describes it, and public clinical messages that are not for it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from adapters._kit.protocol import Answer
from adapters.his_hl7v2 import INTERFACE, sender_of
from adapters.his_hl7v2.inbound import read
from adapters.his_hl7v2.reply import reply
from adapters.his_hl7v2.wire import parse
from schemas.envelope import canonical_bytes
from schemas.issues import Issue, Rejected
from tests.adapters.hl7_messages import SENDER

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "samples" / "fhir-converter-hl7v2"


def test_the_interface_says_what_its_folder_says() -> None:
    folder = ROOT / "adapters" / "his_hl7v2"
    told = tomllib.loads((folder / "interface.toml").read_text(encoding="utf-8"))
    assert (told["name"], told["title"]) == (INTERFACE.name, INTERFACE.title)
    assert told["transport"] == INTERFACE.transport
    assert tuple(told["media_types"]) == INTERFACE.media_types


@pytest.mark.parametrize(
    ("accept", "native"), [("", True), ("*/*", True), ("application/json", False)]
)
def test_http_callers_get_hl7_unless_they_ask_for_json(accept: str, native: bool) -> None:
    assert INTERFACE.answers_natively is not None
    assert INTERFACE.answers_natively(b"", accept) is native


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="no shared reference folder beside the checkout")
def test_public_clinical_messages_are_refused_by_name_not_by_accident() -> None:
    seen = 0
    for path in sorted(SHARED.glob("*.hl7")):
        raw = path.read_bytes()
        with pytest.raises(Rejected) as caught:
            read(raw, SENDER)
        found: tuple[Issue, ...] = caught.value.issues
        answer = Answer("rejected", (), found)
        ack = parse(reply(raw, None, answer, SENDER).body, {})
        supported = path.name.startswith(("RDE-O11", "RDS-O13", "ORM-O01"))
        assert ack.segments[1][1] == ("AE" if supported else "AR"), path.name
        assert ack.segments[1][2] == caught.value.message_id
        assert sender_of(raw) == "GHHSFacility"
        if supported:
            assert any(one.path.endswith("-21.10") for one in found), path.name
        assert "EVERYMAN" not in canonical_bytes([one.as_dict() for one in found]).decode()
        seen += 1
    assert seen == 12
