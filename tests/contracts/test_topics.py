"""The topic catalogue says of every topic what the code does, and shows it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from schemas.checking import check
from schemas.events import EVENT_TYPES, TOPICS
from schemas.topics import TOPICS_FOLDER, load_topics

DAY_MS = 86_400_000
CATALOGUE = load_topics()


def test_every_topic_has_its_file_and_every_file_its_topic() -> None:
    assert set(CATALOGUE) == set(TOPICS)
    assert {path.stem for path in TOPICS_FOLDER.iterdir()} == set(TOPICS)


@pytest.mark.parametrize("name", sorted(TOPICS))
def test_the_file_agrees_with_the_list_of_types(name: str) -> None:
    topic, listed = CATALOGUE[name], TOPICS[name]
    assert topic.type == listed.name
    assert topic.key.fields == listed.key
    assert topic.contract == f"contracts/messages/{listed.name}.schema.json"
    assert (TOPICS_FOLDER.parents[1] / topic.contract).is_file()


@pytest.mark.parametrize("name", sorted(TOPICS))
def test_the_example_is_a_valid_message(name: str) -> None:
    topic = CATALOGUE[name]
    blob = orjson.dumps(topic.example)
    EVENT_TYPES[topic.type].model.model_validate_json(blob)
    assert check(topic.type, topic.example, blob) == ()
    assert EVENT_TYPES[topic.type].subject(topic.example)
    assert "T" in EVENT_TYPES[topic.type].business_time(topic.example)


@pytest.mark.parametrize("name", sorted(TOPICS))
def test_a_reason_stands_beside_key_and_retention(name: str) -> None:
    topic = CATALOGUE[name]
    assert len(topic.key.because) > 10
    assert len(topic.retention.because) > 10
    assert topic.retention.ms % DAY_MS == 0
    assert any("\u4e00" <= sign <= "\u9fff" for sign in topic.title)


def test_rejections_are_kept_for_six_months_at_least() -> None:
    assert CATALOGUE["vbp.message.rejected"].retention.ms >= 184 * DAY_MS


def copied(folder: Path) -> Path:
    for path in TOPICS_FOLDER.glob("*.yaml"):
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def changed(folder: Path, topic: str, **fields: Any) -> None:
    path = folder / f"{topic}.yaml"
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump({**found, **fields}), encoding="utf-8")


def test_every_finding_of_a_wrong_catalogue_is_named_at_once(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    (folder / "vbp.price.listed.yaml").unlink()
    (folder / "vbp.price.linked.yaml").write_text("name: [", encoding="utf-8")
    (folder / "vbp.stock.counted.yaml").write_bytes(b"\xff\xfe\x00")
    (folder / "vbp.usage.dispensed.yaml").write_text("just text", encoding="utf-8")
    changed(folder, "vbp.order.placed", key={"fields": ["msg_id"], "because": "wrong"})
    changed(folder, "vbp.progress.warned", type="cn.jicai.nothing.happened.v1")
    changed(folder, "vbp.settlement.held", name="vbp.settlement.kept")
    changed(folder, "vbp.volume.period_closed", retention={"ms": 1, "because": "short"})
    changed(folder, "vbp.trace.pack_shipped", colour="red")
    with pytest.raises(ValueError, match=r"vbp\.price\.listed: no such file") as wrong:
        load_topics(folder)
    for said in (
        "vbp.price.linked.yaml",
        "vbp.stock.counted.yaml",
        "vbp.usage.dispensed.yaml",
        "vbp.order.placed.yaml: Value error, the key of",
        "no such message type: cn.jicai.nothing.happened.v1",
        "the topic of cn.jicai.settlement.held.v1 is vbp.settlement.held",
        "vbp.volume.period_closed.yaml: retention.ms",
        "vbp.trace.pack_shipped.yaml: colour",
    ):
        assert said in str(wrong.value)


def test_a_file_with_another_topics_name_is_refused(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    (folder / "vbp.order.placed.yaml").rename(folder / "orders.yaml")
    with pytest.raises(ValueError, match=r"the file of vbp\.order\.placed is"):
        load_topics(folder)
