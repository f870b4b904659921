"""The house rules that a linter does not know, each as a test."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.registry import INTERFACES
from gateway.log_events import LOG_EVENTS
from gateway.metric_names import METRICS

ROOT = Path(__file__).parents[2]
PACKAGES = ("gateway", "adapters", "schemas")
VAGUE_NAMES = {"helper", "helpers", "utils", "util", "common", "core", "misc", "base", "info"}


def sources() -> Iterator[Path]:
    for package in PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False, text=True
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def texts() -> Iterator[tuple[Path, str]]:
    for path in tracked():
        try:
            yield path.relative_to(ROOT), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def test_digits_in_patterns_are_ascii_only() -> None:
    """`[0-9]`, never the class that also matches full-width digits."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and "\\d" in node.value
        and node.value != "\\d"
    ]
    assert found == []


def test_schemas_and_contracts_match_ascii_digits_only() -> None:
    suffixes = {".xsd", ".json", ".yaml", ".toml"}
    roots = [ROOT / "adapters", ROOT / "contracts"]
    found = [
        path
        for root in roots
        for path in root.rglob("*")
        if path.suffix in suffixes
        and "samples" not in path.parts
        and "\\d" in path.read_text("utf-8")
    ]
    assert found == []


def test_no_float_touches_canonical_data() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sorted((ROOT / "schemas").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Name) and node.id == "float"
    ]
    assert found == []


def test_the_time_is_passed_in() -> None:
    """Only the composition root and the command line ask the clock for the date."""
    allowed = {"bootstrap.py", "cli.py"}
    asks = re.compile(r"datetime\.now\(|datetime\.utcnow\(|date\.today\(")
    found = [
        str(path.relative_to(ROOT))
        for path in sources()
        if path.name not in allowed
        and path.parent.name not in {"demo", "commands"}
        and asks.search(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def modules() -> set[Path]:
    """Return every Python file of the repository: committed anywhere, or new in one of its rooms."""
    rooms = (*PACKAGES, "tests", "benchmarks")
    present = {path for room in rooms for path in (ROOT / room).rglob("*.py")}
    return present | {path for path in tracked() if path.suffix == ".py"}


def test_no_module_outgrows_its_room() -> None:
    """Tests and benchmarks are read as often as what they are about: one bound for all."""
    found = {
        str(path.relative_to(ROOT)): lines
        for path in modules()
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert found == {}


def test_every_module_says_what_it_is() -> None:
    found = [
        str(path.relative_to(ROOT))
        for path in sources()
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert found == []


def test_names_are_the_trades_nouns() -> None:
    found = [
        str(path.relative_to(ROOT))
        for path in sources()
        if {path.stem, *path.relative_to(ROOT).parent.parts} & VAGUE_NAMES
    ]
    assert found == []


def test_region_names_stand_in_data_not_in_code() -> None:
    """No `if province`: policies, coding and the flow know no region by name or code."""
    rooms = [
        ROOT / "gateway" / name for name in ("policies", "coding", "delivery", "bus", "journal")
    ]
    files = [path for room in rooms for path in room.rglob("*.py")]
    files += [ROOT / "gateway" / "flow.py", ROOT / "gateway" / "steps.py"]
    known = re.compile(
        "^(520000|530000|500000|530300|530900)$|guizhou|yunnan|chongqing|贵州|云南|重庆"
    )
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in files
        for node in spoken(ast.parse(path.read_text(encoding="utf-8")))
        if known.search(node.value)
    ]
    assert found == []


def spoken(tree: ast.Module) -> Iterator[Any]:
    """Yield the string constants of a module that are no docstrings."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in docstrings
        ):
            yield node


@pytest.mark.parametrize("name", sorted(INTERFACES))
def test_an_interface_is_a_folder_with_everything_peculiar_to_it(name: str) -> None:
    folder = ROOT / "adapters" / name
    present = {path.name for path in folder.iterdir()}
    assert {"__init__.py", "interface.toml", "samples"} <= present
    assert "simulator.py" in present
    assert any(one.startswith("wire.") for one in present)
    if INTERFACES[name].read is not None:
        assert "inbound.py" in present
    if INTERFACES[name].write is not None:
        assert "outbound.py" in present
    assert (folder / "samples" / "README.md").exists()


def test_log_lines_are_catalogued_once() -> None:
    codes = [event.code for event in LOG_EVENTS]
    assert len(codes) == len(set(codes))
    used = "\n".join(path.read_text(encoding="utf-8") for path in sources())
    names = re.findall(r"^([A-Z_]+): Final = LogEvent\(", used, flags=re.MULTILINE)
    unused = [name for name in names if len(re.findall(rf"\b{name}\b", used)) < 2]
    assert unused == []


def test_metrics_have_a_sentence_and_a_prefix() -> None:
    assert all(name.startswith("jicai_") and sentence for name, sentence in METRICS.items())


def test_no_registry_address_and_no_machine_path_is_committed() -> None:
    hosts = "|".join(
        (
            "pypi[.]" + "org",
            "python" + "hosted",
            "registry[.]npm" + "js",
            "repo[0-9]*[.]maven",
            "maven[.]apache[.]org/" + "maven2",
            "deb[.]debian[.]" + "org",
        )
    )
    paths = "|".join(("/wo" + "rk/", "/fa" + "rm/", "/ro" + "ot/"))
    bad = re.compile(f"{hosts}|{paths}", re.IGNORECASE)
    assert [str(path) for path, text in texts() if bad.search(text)] == []


def test_the_two_readmes_are_short_and_keep_step() -> None:
    english = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    chinese = (ROOT / "README.zh-CN.md").read_text(encoding="utf-8").splitlines()
    assert len(english) <= 150
    assert len(chinese) <= 150

    def headings(lines: list[str]) -> list[int]:
        return [len(line) - len(line.lstrip("#")) for line in lines if line.startswith("#")]

    assert headings(english) == headings(chinese)
    commands = re.compile(r"`((?:make|jicai|\.venv/bin/jicai) [^`]+)`")
    assert commands.findall("\n".join(english)) == commands.findall("\n".join(chinese))
