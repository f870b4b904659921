"""The trace interface as its folder describes it, and the public documents of others."""

from __future__ import annotations

import copy
import tomllib
from pathlib import Path
from typing import Any

import orjson
import pytest

from adapters.trace_epcis import INTERFACE
from adapters.trace_epcis.inbound import read
from tests.adapters.epcis_documents import SENDER, check

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "samples"


def test_the_interface_says_what_its_folder_says() -> None:
    folder = ROOT / "adapters" / "trace_epcis"
    told = tomllib.loads((folder / "interface.toml").read_text(encoding="utf-8"))
    assert (told["name"], told["title"]) == (INTERFACE.name, INTERFACE.title)
    assert told["transport"] == INTERFACE.transport
    assert tuple(told["media_types"]) == INTERFACE.media_types


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="no shared reference folder beside the checkout")
def test_every_public_document_is_taken_or_refused_line_by_line() -> None:
    files = sorted((SHARED / "openepcis-test-resources").rglob("2.0/EPCIS/JSON/**/*.json"))
    files += sorted((SHARED / "epcis-event-hash-generator").rglob("*.jsonld"))
    taken = 0
    for path in files:
        raw = path.read_bytes()
        found = read(raw, SENDER)
        check(found)
        lines = [draft.line for draft in found.drafts] + [line for line, _ in found.refused]
        assert sorted(lines) == list(range(1, len(lines) + 1)), path.name
        assert _events(orjson.loads(raw)) == len(lines), path.name
        assert all(issues for _, issues in found.refused), path.name
        taken += len(found.drafts)
    assert len(files) == 36
    assert taken == 15


def _events(shown: dict[str, Any]) -> int:
    body = copy.copy(shown.get("epcisBody"))
    if body is None:
        return 1
    results = body.get("queryResults", {}).get("resultsBody", {})
    return len(body.get("eventList") or results.get("eventList") or [])
