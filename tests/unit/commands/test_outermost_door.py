"""What every command shares: how it starts, and how it ends when its words cannot be used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.commands.conftest import Command

NOT_TEXT = "\udcff"
"""How Python keeps a byte of the command line that is not UTF-8."""


def test_the_version_is_told(jicai: Command) -> None:
    ended = jicai("--version")
    assert (ended.code, ended.out.startswith("jicai ")) == (0, True)


@pytest.mark.parametrize(
    "words",
    [
        ("explain", NOT_TEXT),
        ("codes", "impact", "test-platform", NOT_TEXT),
        ("codes", "translate", "test-platform", NOT_TEXT, "--to-local", "--on", "2026-01-01"),
        ("policies", "recompute", NOT_TEXT),
    ],
)
def test_a_word_that_is_no_text_never_looks_like_a_fault_of_the_program(
    jicai: Command, journalled: Path, words: tuple[str, ...]
) -> None:
    ended = jicai(*words)
    assert ended.code in (1, 2), ended.err
    assert "程序错误" not in ended.err


@pytest.mark.parametrize("words", [("show", "520000"), ("regions",), ("lint",)])
@pytest.mark.parametrize("place", ["none", "a.toml"])
def test_terms_are_read_from_a_folder(
    jicai: Command, tmp_path: Path, words: tuple[str, ...], place: str
) -> None:
    (tmp_path / "a.toml").write_text("", encoding="utf-8")
    ended = jicai("policies", *words, "--folder", str(tmp_path / place))
    assert (ended.code, f"{place}: 不是目录" in ended.err) == (2, True)


def test_a_command_starts_without_loading_what_others_need() -> None:
    loaded = "import sys, gateway.cli; print(*sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", loaded], capture_output=True, text=True, check=True, timeout=60
    )
    modules = set(ran.stdout.split())
    heavy = {"schemas.events", "gateway.policies.registry", "gateway.bootstrap", "fastapi"}
    assert "gateway.cli" in modules
    assert not modules & heavy


def test_a_terminal_that_lacks_a_sign_is_shown_it_escaped(home: Path) -> None:
    asked = "import sys; sys.argv = ['jicai', 'check']; from gateway import cli; cli.main()"
    ran = subprocess.run(
        [sys.executable, "-c", asked],
        env={"PYTHONIOENCODING": "gbk", "JICAI_HOME": str(home)},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (ran.returncode, b"\\u2713" in ran.stdout) == (0, True), ran.stderr
