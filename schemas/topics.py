"""主题目录: contracts/topics/*.yaml, read into types.

One file per topic says who owns it, by which key its order holds and why, how long it is kept and why,
and shows an example. tests/contracts holds it against the list of message types, both ways.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from schemas.canonical import Text
from schemas.events import EVENT_TYPES, TOPICS

TOPICS_FOLDER: Final = Path(__file__).resolve().parents[1] / "contracts" / "topics"
_HOUR_MS: Final = 3_600_000


class Key(BaseModel):
    """分区键: the fields whose values make the key, and why order must hold per that key."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fields: tuple[Text, ...] = Field(min_length=1)
    because: Text


class Retention(BaseModel):
    """保留时长: in milliseconds, and why that long. The journal keeps everything; topics need not."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ms: int = Field(ge=_HOUR_MS, strict=True)
    because: Text


class Topic(BaseModel):
    """One topic of the catalogue. `contract` is the path of its data's JSON Schema."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Text
    title: Text = Field(description="中文名称")
    owner: Text = Field(description="who answers for what is said on it")
    type: Text
    key: Key
    retention: Retention
    contract: Text = Field(alias="schema")
    example: dict[str, Any]

    @model_validator(mode="after")
    def _agrees_with_the_list(self) -> Self:
        listed = EVENT_TYPES.get(self.type)
        if listed is None:
            raise ValueError(f"no such message type: {self.type}")
        if self.name != listed.topic:
            raise ValueError(f"the topic of {self.type} is {listed.topic}, not {self.name}")
        if self.key.fields != listed.key:
            raise ValueError(f"the key of {self.type} is {listed.key}, not {self.key.fields}")
        return self


def load_topics(folder: Path = TOPICS_FOLDER) -> Mapping[str, Topic]:
    """Return the catalogue by topic name, complete.

    Raises ValueError with every finding, one line each: unreadable files, wrong fields, topics that
    stand twice or are missing.
    """
    findings: list[str] = []
    found: dict[str, Topic] = {}
    for path in sorted(folder.glob("*.yaml")):
        try:
            topic = Topic.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            findings.append(f"{path.name}: {error}")
            continue
        except ValidationError as error:
            findings += [f"{path.name}: {_shown(each)}" for each in error.errors()]
            continue
        if path.stem != topic.name:
            findings.append(f"{path.name}: the file of {topic.name} is {topic.name}.yaml")
        found[topic.name] = topic
    findings += [f"{name}: no such file in {folder.name}/" for name in TOPICS if name not in found]
    if findings:
        raise ValueError("\n".join(findings))
    return found


def _shown(error: Any) -> str:
    place = ".".join(map(str, error["loc"]))
    return f"{place}: {error['msg']}" if place else str(error["msg"])
