"""What the documents promise is what the program does."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from adapters._kit.protocol import Sender
from adapters.platform_json import INTERFACE as PLATFORM_JSON
from adapters.registry import INTERFACES
from gateway import cli
from gateway.bootstrap import known_interfaces
from gateway.coding.crosswalk import Crosswalk
from gateway.commands.settings import markdown_table
from gateway.delivery.routes import Routes
from gateway.errors import Refused
from gateway.intake.authentication import Authenticator
from gateway.log_events import LOG_EVENTS
from gateway.metric_names import METRICS
from gateway.partners import Partner, Partners
from gateway.settings import Settings
from tests.unit.commands.conftest import Command

ROOT = Path(__file__).parents[3]
PARTNERS = (ROOT / "docs" / "partners.md").read_text(encoding="utf-8")
OPERATING = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
INTERFACE_PAGE = (ROOT / "docs" / "interfaces.md").read_text(encoding="utf-8")
SECRET = "synthetic-secret-for-the-docs"
TARGET = "/v1/interfaces/platform_json/messages"
AT, NONCE = 1767571200, "example-nonce-0001"
WAYS = [("sha256", "test-platform", "hmac_sha256"), ("sm3", "test-sm3", "hmac_sm3")]


def block(kind: str, page: str = PARTNERS) -> str:
    found = re.search(rf"^```{re.escape(kind)}\n(.*?)\n```$", page, re.DOTALL | re.MULTILINE)
    assert found is not None, kind
    return found[1]


def example(digest: str) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in block(f"text {digest}").splitlines())


def admit(headers: dict[str, str], auth: Any, partner: str) -> None:
    listed = Partner(id=partner, name="x", interface="platform_json", region="530000", auth=auth)
    door = Authenticator(Partners({partner: listed}, {partner: SECRET.encode()}), 300)
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    caller = door.admit("POST", TARGET, raw, datetime.fromtimestamp(AT, UTC))
    found = caller.body_hash()
    assert found is not None
    found.update(block("json body").encode())
    caller.check_body(found)


@pytest.mark.parametrize(("digest", "partner", "auth"), WAYS)
def test_the_worked_example_is_admitted_and_one_changed_sign_is_not(
    digest: str, partner: str, auth: str
) -> None:
    headers = example(digest)
    admit(headers, auth, partner)
    with pytest.raises(Refused, match=r"auth\.signature"):
        admit(headers | {"X-Jicai-Nonce": NONCE + "x"}, auth, partner)


@pytest.mark.parametrize(("digest", "partner", "auth"), WAYS)
def test_the_python_of_the_page_signs_as_the_example(digest: str, partner: str, auth: str) -> None:
    space: dict[str, Any] = {}
    exec(block("python sign"), space)  # noqa: S102 - the page's own code is what is tested
    body = block("json body").encode()
    made = space["headers"](partner, SECRET, "POST", TARGET, body, AT, NONCE, digest)
    assert made == example(digest)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
@pytest.mark.parametrize(("digest", "partner", "auth"), WAYS)
def test_the_shell_of_the_page_signs_as_the_example(
    digest: str, partner: str, auth: str, tmp_path: Path
) -> None:
    (tmp_path / "body.json").write_bytes(block("json body").encode())
    given = {"DIGEST": digest, "TARGET": TARGET, "MESSAGE_ID": "", "SECRET": SECRET}
    done = subprocess.run(
        ["sh", "-eu", "-c", block("sh sign")],
        env=os.environ | given | {"TIMESTAMP": str(AT), "NONCE": NONCE},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    headers = example(digest)
    wanted = [headers["X-Jicai-Content-Digest"], headers["X-Jicai-Signature"]]
    assert done.stdout.splitlines() == wanted


def test_the_body_of_the_example_is_a_good_order() -> None:
    assert PLATFORM_JSON.read is not None
    raw = block("json body").encode()
    document = PLATFORM_JSON.read(raw, Sender("p", "530000", "2026-01-05T08:00:00+08:00"))
    assert (len(document.drafts), document.refused) == (1, [])
    assert hashlib.sha256(raw).hexdigest() in block("text sha256")


def test_every_refusal_of_a_caller_is_explained() -> None:
    codes = set(re.findall(r'"(auth\.[a-z_]+)": \(', _source("gateway/intake/authentication.py")))
    assert codes
    assert {code for code in codes if f"`{code}`" not in PARTNERS} == set()


def _source(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def test_every_setting_stands_in_the_table_as_the_program_has_it() -> None:
    table = markdown_table()
    assert len(table) == len(Settings.model_fields) + 2
    assert "\n".join(table) in OPERATING


def test_every_metric_and_every_warning_stands_on_the_page() -> None:
    assert [name for name in METRICS if f"| `{name}` |" not in OPERATING] == []
    loud = [one.code for one in LOG_EVENTS if one.level >= 30]
    assert [code for code in loud if f"| `{code}` |" not in OPERATING] == []


def test_every_exit_code_stands_on_the_page() -> None:
    codes = [value for name, value in vars(cli).items() if name.startswith("EXIT_")]
    assert len(codes) >= 5
    assert [code for code in (0, 1, *codes) if f"| {code} |" not in OPERATING] == []


def test_the_example_files_of_the_page_load_together(tmp_path: Path) -> None:
    first, second = re.findall(r"^```toml\n(.*?)\n```$", OPERATING, re.DOTALL | re.MULTILINE)
    (tmp_path / "partners.toml").write_text(first, encoding="utf-8")
    (tmp_path / "routes.toml").write_text(second, encoding="utf-8")
    (tmp_path / "codes").mkdir()
    codes = block("csv", OPERATING)
    (tmp_path / "codes" / "synthetic.csv").write_text(codes, encoding="utf-8")
    partners = Partners.load(tmp_path)
    assert len(Routes.load(tmp_path, partners, known_interfaces())) == 1
    assert len(Crosswalk.load(tmp_path / "codes")) == 2


@pytest.mark.skipif(shutil.which("python3") is None, reason="python3 is not in the path")
def test_the_backup_of_the_page_verifies_when_it_is_restored(
    jicai: Command, journalled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = block("sh", OPERATING[OPERATING.index("## 备份") :])
    environment = os.environ | {"JICAI_HOME": str(journalled)}
    subprocess.run(["sh", "-eu", "-c", lines], env=environment, cwd=tmp_path, check=True)
    restored = tmp_path / "restored"
    restored.mkdir()
    shutil.copy(tmp_path / "backup.db", restored / "journal.db")
    subprocess.run(["tar", "-C", restored, "-xzf", tmp_path / "files.tgz"], check=True)
    monkeypatch.setenv("JICAI_HOME", str(restored))
    assert jicai("check").code == 0
    assert jicai("verify", "--json").json()["ok"] is True
    assert [one["id"] for one in jicai("partner", "list", "--json").json()] == ["test-platform"]


def test_every_interface_its_types_and_its_settings_stand_on_the_page() -> None:
    missing: list[str] = []
    for name, interface in INTERFACES.items():
        given = tomllib.loads(_source(f"adapters/{name}/interface.toml"))
        words = [name, *interface.says, *interface.hears, *given.get("settings", {})]
        missing += [f"{name}: {word}" for word in words if f"`{word}`" not in INTERFACE_PAGE]
    assert missing == []


def test_secrets_are_never_shown_among_the_settings(
    jicai: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JICAI_ADMIN_KEY", "synthetic-admin-key")
    monkeypatch.setenv("JICAI_POSTGRES", "postgresql://u:synthetic@h/d")
    ended = jicai("settings", "--json")
    assert "synthetic" not in ended.out
    shown = {each["variable"]: each["now"] for each in orjson.loads(ended.out)}
    assert shown["JICAI_ADMIN_KEY"] == "***"
    assert shown["JICAI_PORT"] == "8600"
