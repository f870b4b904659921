"""What others start us with names settings that exist."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from gateway.cli import app
from gateway.settings import Settings

ROOT = Path(__file__).parents[2]


def services() -> dict[str, Any]:
    composed = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    found: dict[str, Any] = composed["services"]
    return found


def test_compose_brings_kafka_postgres_and_the_gateway() -> None:
    assert {"kafka", "postgres", "serve", "work"} <= set(services())


def test_compose_sets_only_settings_that_exist_and_accepts_their_values() -> None:
    for name in ("serve", "work"):
        given = services()[name]["environment"]
        fields = {key.removeprefix("JICAI_").lower(): value for key, value in given.items()}
        assert set(fields) <= set(Settings.model_fields)
        Settings(**fields)


def test_compose_runs_commands_that_exist() -> None:
    known = {command.name for command in app.registered_commands}
    assert {services()[name]["command"][0] for name in ("serve", "work")} <= known


def test_no_secret_has_a_default() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    assert "POSTGRES_PASSWORD:?" in text
    assert "POSTGRES_PASSWORD:-" not in text
