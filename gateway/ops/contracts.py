"""契约生成: what we promise others, written out so that it can be read without Python.

`python -m gateway.ops.contracts` writes contracts/messages/*.schema.json (one JSON Schema per message
type), contracts/asyncapi.yaml (topics, headers, keys) and what EXTRA_GENERATORS add; with `--check` it
only says what is out of date. A red test says the same.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Final

import orjson

from gateway.ops.asyncapi import asyncapi
from schemas.events import EVENT_TYPES
from schemas.topics import load_topics

ROOT: Final = Path(__file__).resolve().parents[2]
MESSAGES: Final = "contracts/messages"
POLICY_PAGES: Final = "docs/policies"
_DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"

Generator = Callable[[], dict[str, str]]
"""Returns the text of each file by its path below the root."""

EXTRA_GENERATORS: Final[tuple[str, ...]] = (
    "gateway.intake.openapi:openapi",
    "gateway.coding.systems.region_history:region_table",
    "gateway.coding.systems.document:code_systems_page",
    "gateway.policies.papers.documents:policy_pages",
)
"""Generators in other rooms as `module:function`. Named, not imported: rooms do not know each other."""


def generate(root: Path) -> dict[Path, str]:
    """Return the text of every generated contract by its path under `root`; nothing is written."""
    made: dict[Path, str] = {}
    for generator in (message_schemas, asyncapi, *map(_found, EXTRA_GENERATORS)):
        made |= {root / path: text for path, text in generator().items()}
    return made


def message_schemas() -> dict[str, str]:
    """Return the JSON Schema of every message type's data."""
    titles = {topic.type: topic.title for topic in load_topics().values()}
    made = {}
    for name, listed in EVENT_TYPES.items():
        schema = {
            "$schema": _DRAFT,
            "$id": f"urn:jicai:schema:{name}",
            **listed.model.model_json_schema(),
            "title": f"{titles[name]} {name}",
        }
        text = orjson.dumps(schema, option=orjson.OPT_INDENT_2).decode()
        made[f"{MESSAGES}/{name}.schema.json"] = f"{text}\n"
    return made


def drift(root: Path) -> list[str]:
    """Return what is out of date under `root`: one line per missing, differing or left-over file."""
    made = generate(root)
    findings = []
    for path, text in sorted(made.items()):
        shown = path.relative_to(root)
        if not path.exists():
            findings.append(f"{shown}: missing")
        elif path.read_text(encoding="utf-8") != text:
            findings.append(f"{shown}: differs from what the code promises")
    findings += [f"{path.relative_to(root)}: left over" for path in _left_over(root, made)]
    return findings


def write(root: Path) -> list[Path]:
    """Write every generated contract under `root`, remove what is left over; return what changed."""
    made = generate(root)
    changed = _left_over(root, made)
    for path in changed:
        path.unlink()
    for path, text in made.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed


def _left_over(root: Path, made: dict[Path, str]) -> list[Path]:
    there = {*(root / MESSAGES).glob("*.schema.json"), *(root / POLICY_PAGES).glob("*.md")}
    return sorted(there - set(made))


def _found(name: str) -> Generator:
    module, _, function = name.partition(":")
    generator: Generator = getattr(import_module(module), function)
    return generator


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the contracts, or with --check only compare; 1 when something is out of date."""
    parser = argparse.ArgumentParser(prog="contracts", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    if parser.parse_args(arguments).check:
        findings = drift(ROOT)
        sys.stdout.writelines(f"{each}\n" for each in findings)
        return 1 if findings else 0
    for path in write(ROOT):
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
