"""接入: every sample of every inbound interface goes through the HTTP door as its folder says it does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

import adapters
from adapters._kit.protocol import Interface
from adapters.registry import INTERFACES
from schemas.events import MESSAGE_REJECTED
from tests.unit.intake.world import KEY, World, by_key, open_world, partner_on

READING = [each for each in INTERFACES.values() if each.read is not None]
FOLDERS = Path(adapters.__file__).parent
FILES = [
    (interface, path)
    for interface in READING
    for path in sorted((FOLDERS / interface.name / "samples").glob("*.in.*"))
]


def _cases(files: list[tuple[Interface, Path]]) -> list[Any]:
    return [
        pytest.param(*each, id=f"{each[0].name}-{each[1].name.partition('.')[0]}") for each in files
    ]


def _native(interface: Interface, path: Path) -> bool:
    asks = interface.answers_natively
    return asks is not None and asks(path.read_bytes(), "*/*")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path, READING) as opened:
        yield opened


def _canonical(path: Path) -> dict[str, Any]:
    name = f"{path.name.partition('.')[0]}.canonical.json"
    expected: dict[str, Any] = orjson.loads((path.parent / name).read_bytes())
    return expected


async def _send(world: World, interface: Interface, raw: bytes, accept: str) -> httpx.Response:
    return await world.send(
        raw,
        interface.media_types[0],
        f"/v1/interfaces/{interface.name}/messages",
        {"accept": accept, **by_key(partner_on(interface), KEY)},
    )


@pytest.mark.parametrize(("interface", "path"), _cases(FILES))
async def test_a_sample_is_taken_or_rejected_as_its_folder_says(
    world: World, interface: Interface, path: Path
) -> None:
    expected, raw = _canonical(path), path.read_bytes()
    await _send(world, interface, raw, "application/json")
    ((name, received),) = world.observed
    assert name == interface.name
    read = received.document
    if not expected.get("drafts"):
        assert received.answer.verdict == "rejected"
        assert world.published() == [MESSAGE_REJECTED]
        return
    assert read is not None
    assert read.message_id == expected["message_id"]
    assert received.answer.verdict == "accepted"
    again = await _send(world, interface, raw, "application/json")
    assert again.status_code in {200, 207}
    assert world.observed[1][1].answer.verdict == "duplicate"


@pytest.mark.parametrize(("interface", "path"), _cases([each for each in FILES if _native(*each)]))
async def test_a_partner_is_answered_in_its_own_words_whatever_happens(
    world: World, interface: Interface, path: Path
) -> None:
    raw = path.read_bytes()
    world.journal.down = True
    unavailable = await _send(world, interface, raw, "*/*")
    world.journal.down = False
    taken = await _send(world, interface, raw, "*/*")
    for answer in (unavailable, taken):
        assert answer.content
        assert b'"error"' not in answer.content
        assert "json" not in answer.headers["content-type"]
    assert unavailable.content != taken.content
