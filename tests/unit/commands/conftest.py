from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway import cli
from gateway.commands.terminal import run
from gateway.journal.opening import open_journal
from gateway.settings import Settings


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    def json(self) -> Any:
        return orjson.loads(self.out)


Command = Callable[..., Ended]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    monkeypatch.setenv("JICAI_HOME", str(folder))
    for name in ("JICAI_BUS", "JICAI_JOURNAL", "JICAI_KAFKA", "JICAI_PORT", "JICAI_SECRET"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def jicai(
    home: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Command:
    """Run the command in this process, through the same outermost door."""

    def command(*words: str) -> Ended:
        monkeypatch.setattr("sys.argv", ["jicai", *words])
        capfdbinary.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capfdbinary.readouterr()
        code = ended.value.code
        assert b"Traceback" not in err
        return Ended(code if isinstance(code, int) else 0, out.decode(), err.decode())

    return command


@pytest.fixture
def platform(jicai: Command) -> str:
    """A home with one partner; its secret."""
    words = ("partner", "add", "test-platform", "--name", "合成示例平台")
    where = ("--interface", "platform_json", "--region", "530000", "--json")
    return str(jicai(*words, *where).json()["secret"])


@pytest.fixture
def journalled(platform: str, home: Path, jicai: Command) -> Path:
    """A home on which a gateway once ran: an empty journal."""

    async def begin() -> None:
        journal = open_journal(Settings(home=home))
        await journal.start()
        await journal.stop()

    run(begin())
    return home
