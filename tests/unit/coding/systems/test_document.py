"""The page about code systems shows what the files say."""

from __future__ import annotations

from pathlib import Path

from gateway.coding.systems import code_systems
from gateway.coding.systems.document import PAGE, code_systems_page, tables
from gateway.ops.contracts import EXTRA_GENERATORS

ROOT = Path(__file__).parents[4]


def test_the_page_is_up_to_date() -> None:
    assert code_systems_page() == {PAGE: (ROOT / PAGE).read_text(encoding="utf-8")}


def test_every_system_and_every_part_stands_on_the_page() -> None:
    text = tables()
    for system in code_systems().values():
        assert f"| `{system.name}` |" in text
        assert f"### {system.title_zh} `{system.name}`" in text
        for part in system.parts:
            assert f"| `{part.name}` |" in text
            assert part.zh in text


def test_both_generators_are_registered() -> None:
    assert "gateway.coding.systems.document:code_systems_page" in EXTRA_GENERATORS
    assert "gateway.coding.systems.region_history:region_table" in EXTRA_GENERATORS
