"""Whatever an operator mistypes: one clear line that names the thing, a known exit code, no trace."""

from __future__ import annotations

import socket
import sqlite3
from pathlib import Path

import pytest

from gateway.commands.running import only_worker
from gateway.errors import Misconfigured
from gateway.settings import Settings
from schemas.events import ORDER_PLACED
from tests.unit.commands.conftest import Command


@pytest.mark.parametrize(
    "words",
    [
        ("partner", "list"),
        ("codes", "held"),
        ("codes", "release"),
        ("verify",),
        ("search",),
        ("explain", "x"),
        ("topics", "list"),
        ("topics", "lag"),
        ("replay", "list"),
    ],
)
def test_a_home_that_does_not_exist_never_looks_empty(
    jicai: Command, home: Path, words: tuple[str, ...]
) -> None:
    ended = jicai(*words)
    assert ended.code == 2
    assert str(home) in ended.err
    assert not home.exists()


@pytest.mark.parametrize("words", [("verify",), ("search",), ("topics", "list")])
def test_a_home_without_a_journal_is_not_given_one_by_asking(
    jicai: Command, home: Path, platform: str, words: tuple[str, ...]
) -> None:
    ended = jicai(*words)
    assert (ended.code, "journal.db" in ended.err) == (2, True)
    assert not (home / "journal.db").exists()


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"--region": "53"}, "region '53'"),
        ({"--region": "５３００００"}, "region"),
        ({"--interface": "fax"}, "interface 'fax'"),
        ({"--auth": "none"}, "auth 'none'"),
        ({"--url": "ftp://x"}, "url"),
        ({"--name": "合成\n示例"}, "name"),
        ({"--name": ""}, "name"),
    ],
)
def test_a_partner_with_a_fault_is_refused_by_name_and_nothing_is_written(
    jicai: Command, home: Path, changed: dict[str, str], named: str
) -> None:
    given = {"--name": "合成示例", "--interface": "platform_json", "--region": "530000"} | changed
    ended = jicai("partner", "add", "test-p", *[word for pair in given.items() for word in pair])
    assert ended.code == 2
    assert named in ended.err
    assert not (home / "partners.toml").exists()
    assert not (home / "secrets").exists()


def test_a_partner_is_added_once_and_its_secret_is_kept_from_others(
    jicai: Command, home: Path, platform: str
) -> None:
    before = (home / "partners.toml").read_text()
    key = home / "secrets" / "test-platform.key"
    assert key.stat().st_mode & 0o077 == 0
    assert key.read_text().strip() == platform
    again = jicai(
        *("partner", "add", "test-platform", "--name", "x"),
        *("--interface", "platform_json", "--region", "530000"),
    )
    assert (again.code, "test-platform" in again.err) == (2, True)
    assert (home / "partners.toml").read_text() == before
    assert key.read_text().strip() == platform


def test_a_name_with_quotes_and_backslashes_comes_back_as_it_was(jicai: Command) -> None:
    name = '合成"示例\\平台'
    where = ("--interface", "platform_json", "--region", "530000")
    assert jicai("partner", "add", "test-q", "--name", name, *where).code == 0
    assert jicai("partner", "list", "--json").json()[0]["name"] == name


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[[partner]\n", "partners.toml"),
        ('[[partner]]\nid = "a-b"\n', "a-b"),
        ("\udcff", "partners.toml"),
    ],
)
def test_a_broken_partners_file_is_named_by_every_command_that_reads_it(
    jicai: Command, home: Path, platform: str, text: str, named: str
) -> None:
    (home / "partners.toml").write_bytes(text.encode("utf-8", "surrogateescape"))
    checked = jicai("check", "--json")
    assert checked.code == 1
    assert any(named in each for each in checked.json()["findings"])
    for words in (("partner", "list"), ("up", "--port", "0", "--mllp-port", "0")):
        ended = jicai(*words)
        assert (ended.code, named in ended.err) == (2, True)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("codes", "translate", "nobody", "A", "--on", "2026-01-01"), "nobody"),
        (("codes", "translate", "test-platform", "A", "--on", "2026-02-30"), "2026-02-30"),
        (("codes", "translate", "test-platform", "A", "--on", "20260101"), "20260101"),
        (
            ("codes", "translate", "test-platform", "A", "--on", "2026-01-01", "--kind", "x"),
            "product",
        ),
        (
            (
                "codes",
                "translate",
                "test-platform",
                "A",
                "--on",
                "2026-01-01",
                "--known-at",
                "then",
            ),
            "then",
        ),
        (("topics", "tail", "nope"), "vbp.order.placed"),
        (("topics", "tail", "vbp.order.placed", "-n", "-1"), "--count"),
        (("search", "--limit", "0"), "--limit"),
        (("search", "--limit", "-5"), "--limit"),
        (("search", "--since", "yesterday"), "yesterday"),
        (("search", "--until", "2026-13-01"), "2026-13-01"),
        (("search", "--kind", "odd"), "held"),
        (("search", "--type", "order"), ORDER_PLACED),
        (("replay", "topic", "nope"), "vbp.order.placed"),
        (("replay", "topic", "vbp.order.placed", "--from", "-1"), "--from"),
        (("replay", "topic", "vbp.order.placed", "--partition", "99"), "99"),
        (("replay", "dead", "nobody"), "nobody"),
        (("replay", "list", "--partner", "nobody"), "nobody"),
        (("codes", "proposals", "--partner", "nobody"), "nobody"),
        (("codes", "gaps", "--partner", "nobody"), "nobody"),
        (("simulate", "fax"), "platform_json"),
        (("simulate", "insurance_nhsa", "--mood", "odd"), "unavailable"),
        (("simulate", "insurance_nhsa", "--to", "127.0.0.1:1"), "his_hl7v2"),
        (("simulate", "his_hl7v2", "--to", "127.0.0.1"), "127.0.0.1"),
        (("simulate", "his_hl7v2", "--to", "127.0.0.1:port"), "port"),
        (("simulate", "trace_epcis", "--to", "ftp://127.0.0.1"), "ftp"),
        (("simulate", "trace_epcis", "--to", "127.0.0.1:1"), "--secret"),
        (("simulate", "trace_epcis", "--to", "127.0.0.1:1", "--count", "0"), "--count"),
        (("no-such-command",), "no-such-command"),
    ],
)
def test_a_mistyped_word_is_named_and_ends_with_2(
    jicai: Command, journalled: Path, words: tuple[str, ...], named: str
) -> None:
    ended = jicai(*words)
    assert (ended.code, ended.out) == (2, "")
    assert named in ended.err


def test_what_is_not_there_ends_with_1(jicai: Command, journalled: Path) -> None:
    assert jicai("explain", "no-such-id").code == 1
    assert jicai("replay", "dead", "test-platform", "--key", "77").code == 1
    known = jicai("codes", "translate", "test-platform", "A", "--on", "2026-01-01")
    assert (known.code, "未对照" in known.out) == (1, True)


def test_settings_out_of_range_are_named_by_their_variable(
    jicai: Command, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("PORT", "abc"), ("SHARDS", "0"), ("BUS", "rabbit"), ("TOPIC_PREFIX", "Ä")):
        monkeypatch.setenv(f"JICAI_{name}", value)
    ended = jicai("check")
    assert ended.code == 2
    for name in ("JICAI_PORT", "JICAI_SHARDS", "JICAI_BUS", "JICAI_TOPIC_PREFIX"):
        assert name in ended.err


def test_a_home_that_is_a_file_is_said_to_be_none(jicai: Command, home: Path) -> None:
    home.write_text("x")
    assert "不是目录" in jicai("check").out
    for words in (("up",), ("partner", "list"), ("search",)):
        ended = jicai(*words)
        assert (ended.code, "不是目录" in ended.err) == (2, True)


def test_a_journal_that_is_no_database_is_named(jicai: Command, journalled: Path) -> None:
    (journalled / "journal.db").write_bytes(
        b"not a database, and long enough to be read as one" * 90
    )
    for suffix in ("-wal", "-shm"):
        (journalled / f"journal.db{suffix}").unlink(missing_ok=True)
    ended = jicai("verify")
    assert (ended.code, "journal.db" in ended.err) == (2, True)
    assert jicai("check").code == 1


def test_a_used_port_is_named_with_its_setting(jicai: Command, platform: str, home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        for words, setting in (
            (("up", "--port", port, "--mllp-port", "0"), "JICAI_PORT"),
            (("up", "--port", "0", "--mllp-port", port), "JICAI_MLLP_PORT"),
            (("simulate", "insurance_nhsa", "--port", port), "JICAI_PORT"),
        ):
            ended = jicai(*words)
            assert ended.code == 2
            assert setting in ended.err
            assert port in ended.err


def test_the_embedded_bus_has_one_worker_per_home_at_a_time(tmp_path: Path) -> None:
    refused = pytest.raises(Misconfigured, match=r"pid [0-9]+")
    with only_worker(tmp_path), refused, only_worker(tmp_path):
        pass
    with only_worker(tmp_path):
        assert (tmp_path / "run" / "work.lock").exists()


def test_kafka_that_is_down_is_unavailable_and_named_once(
    jicai: Command, journalled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JICAI_BUS", "kafka")
    monkeypatch.setenv("JICAI_KAFKA", "127.0.0.1:1")
    ended = jicai("topics", "list")
    assert ended.code == 3
    assert "127.0.0.1:1" in ended.err
    assert len(ended.err.strip().splitlines()) == 1


def test_a_gateway_that_does_not_answer_is_unavailable(jicai: Command, home: Path) -> None:
    ended = jicai("simulate", "his_hl7v2", "--to", "127.0.0.1:1")
    assert (ended.code, "127.0.0.1:1" in ended.err) == (3, True)
    words = ("simulate", "platform_json", "--to", "127.0.0.1:1", "--partner", "p", "--secret", "s")
    ended = jicai(*words)
    assert (ended.code, "127.0.0.1:1" in ended.err) == (3, True)


def test_an_intact_chain_is_told_shard_by_shard(jicai: Command, journalled: Path) -> None:
    shown = jicai("verify", "--json")
    assert shown.code == 0
    assert shown.json()["ok"] is True
    assert len(shown.json()["shards"]) == Settings(home=journalled).shards


def test_a_damaged_journal_is_one_line_without_a_trace(jicai: Command, journalled: Path) -> None:
    database = sqlite3.connect(journalled / "journal.db")
    database.execute("DROP TABLE shard")
    database.commit()
    database.close()
    ended = jicai("verify")
    assert ended.code == 3
    assert "shard" in ended.err
    assert len(ended.err.strip().splitlines()) == 1


def test_a_key_that_others_can_read_is_a_finding_whosever_it_is(
    jicai: Command, home: Path, platform: str
) -> None:
    people = home / "secrets" / "operators"
    people.mkdir()
    (home / "operators.toml").write_text(
        '[[operator]]\nid = "li"\nname = "测试人员"\nmay = ["propose"]\n', encoding="utf-8"
    )
    key = people / "li.key"
    key.write_text("0123456789abcdef")
    key.chmod(0o600)
    assert jicai("check").code == 0
    key.chmod(0o640)
    ended = jicai("check")
    assert (ended.code, "secrets/operators/li.key: 权限过宽" in ended.out) == (1, True)
