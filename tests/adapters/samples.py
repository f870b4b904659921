"""Reading the sample folders: what a sample's outcome looks like as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from adapters._kit.protocol import Interface, Recipient, Sender
from adapters.registry import INTERFACES
from schemas.envelope import Message, canonical_bytes
from schemas.issues import Issue, Rejected

ROOT = Path(__file__).parents[2] / "adapters"
RECEIVED_AT = "2026-01-05T08:00:00+08:00"
REGION = "530000"
SECRET = b"synthetic-sample-key"


@dataclass(frozen=True, slots=True)
class Sample:
    """One inbound sample: its bytes and what must become of it."""

    interface: Interface
    path: Path
    expected: Any

    @property
    def raw(self) -> bytes:
        return self.path.read_bytes()


def inbound_samples() -> Iterator[Sample]:
    for name, interface in INTERFACES.items():
        for path in sorted((ROOT / name / "samples").glob("*.in.*")):
            expected = path.with_name(path.name.split(".in.")[0] + ".canonical.json")
            yield Sample(interface, path, orjson.loads(expected.read_bytes()))


def outbound_samples() -> Iterator[Sample]:
    for name, interface in INTERFACES.items():
        for path in sorted((ROOT / name / "samples").glob("*.out.*")):
            given = path.with_name(path.name.split(".out.")[0] + ".canonical.json")
            yield Sample(interface, path, orjson.loads(given.read_bytes()))


def sender() -> Sender:
    return Sender("sample-partner", REGION, RECEIVED_AT)


def recipient(**settings: str) -> Recipient:
    return Recipient("sample-partner", REGION, RECEIVED_AT, 1, settings, SECRET)


def message_of(given: dict[str, Any]) -> Message:
    """Return the message that an outbound sample's canonical side describes."""
    return Message(
        id=given["id"],
        source="urn:jicai:partner:jicai",
        type=given["type"],
        subject=given["subject"],
        time=given["time"],
        data=canonical_bytes(given["data"]),
        region=given.get("region", REGION),
        causationid=given.get("causationid", ""),
    )


def outcome(interface: Interface, raw: bytes) -> Any:
    """Return what reading gives, in the form of the `.canonical.json` files."""
    assert interface.read is not None
    try:
        document = interface.read(raw, sender())
    except Rejected as wrong:
        return {"message_id": wrong.message_id, "rejected": shown(wrong.issues)}
    return {
        "message_id": document.message_id,
        "message_type": document.message_type,
        "sender": document.sender,
        "drafts": [
            {"type": one.type, "line": one.line, "data": orjson.loads(orjson.dumps(one.data))}
            for one in document.drafts
        ],
        "refused": [{"line": line, "issues": shown(found)} for line, found in document.refused],
    }


def shown(issues: tuple[Issue, ...]) -> list[dict[str, str]]:
    return [{"path": one.path, "code": one.code} for one in issues]
