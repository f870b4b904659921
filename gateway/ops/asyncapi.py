"""AsyncAPI 3.0: the topics as a contract that other people's tools can read.

Channels are the topics, messages are CloudEvents in binary mode: attributes in `ce_*` headers, data in
the value, the business key as Kafka key. Sources: AsyncAPI 3.0 with its Kafka bindings 0.5.0,
CloudEvents 1.0 and its Kafka protocol binding.
"""

from __future__ import annotations

from typing import Any, Final

import yaml

from schemas.envelope import CONTENT_TYPE, SOURCE_PREFIX, SPEC_VERSION, Message, message_identity
from schemas.events import EVENT_TYPES, KEY_SEPARATOR
from schemas.topics import Topic, load_topics

PATH: Final = "contracts/asyncapi.yaml"
_BINDING: Final = "0.5.0"
_HEADERS: Final = "CloudEventHeaders"
_REGION: Final = "530000"

# header: (required, what it says)
_ATTRIBUTES: Final[dict[str, tuple[bool, str]]] = {
    "ce_specversion": (True, "CloudEvents 版本 version of CloudEvents"),
    "ce_id": (True, "报文编号,由对接方、其报文编号与行号决定 deterministic id, 32 hex digits"),
    "ce_source": (True, f"来源对接方 the partner it came from, {SOURCE_PREFIX}<id>"),
    "ce_type": (True, "报文类型 message type"),
    "ce_subject": (True, "业务键,即 Kafka 键 business key, equal to the Kafka key"),
    "ce_time": (True, "业务时间 business time, RFC 3339 with offset"),
    "ce_region": (False, "地区 GB/T 2260, six digits"),
    "ce_causationid": (False, "直接起因 id of the message that caused it"),
    "ce_correlationid": (False, "同一业务过程 id shared by one business process"),
    "ce_traceparent": (False, "W3C Trace Context"),
    "ce_sequence": (False, "留痕位置 place in the journal, <shard>-<number>"),
    "content-type": (True, "数据格式 media type of the value"),
}


def asyncapi() -> dict[str, str]:
    """Return the document's text by its path."""
    topics = load_topics()
    document = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "集采网关主题 jicai topics",
            "version": "1.0.0",
            "description": (
                "主题上只有网关写入;任何支持 CloudEvents 的程序都可读取。至少一次送达,按 ce_id 去重;"
                "同一业务键的报文有序。\n"
                "Only the gateway writes these topics. At least once: dedupe by ce_id. Order holds per "
                "business key."
            ),
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": {name: _channel(topic) for name, topic in topics.items()},
        "operations": {f"publish.{name}": _operation(topic) for name, topic in topics.items()},
        "components": {
            "schemas": {_HEADERS: _headers()},
            "messages": {topic.type: _message(topic) for topic in topics.values()},
        },
    }
    text = yaml.dump(document, Dumper=_Plain, allow_unicode=True, sort_keys=False, width=110)
    return {PATH: text}


def _channel(topic: Topic) -> dict[str, Any]:
    return {
        "address": topic.name,
        "title": topic.title,
        "description": f"负责方 owner: {topic.owner}。保留 kept: {topic.retention.because}",
        "messages": {topic.type: {"$ref": f"#/components/messages/{topic.type}"}},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "topicConfiguration": {
                    "cleanup.policy": ["delete"],
                    "retention.ms": topic.retention.ms,
                },
                "bindingVersion": _BINDING,
            }
        },
    }


def _operation(topic: Topic) -> dict[str, Any]:
    channel = f"#/channels/{topic.name}"
    return {
        "action": "send",
        "channel": {"$ref": channel},
        "title": topic.title,
        "messages": [{"$ref": f"{channel}/messages/{topic.type}"}],
    }


def _message(topic: Topic) -> dict[str, Any]:
    key = KEY_SEPARATOR.join(f"{{{field}}}" for field in topic.key.fields)
    own = {"properties": {"ce_type": {"const": topic.type}}}
    return {
        "name": topic.type,
        "title": topic.title,
        "contentType": CONTENT_TYPE,
        "headers": {"allOf": [{"$ref": f"#/components/schemas/{_HEADERS}"}, own]},
        "payload": {"$ref": f"./messages/{topic.type}.schema.json"},
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": f"{key}。{topic.key.because}"},
                "bindingVersion": _BINDING,
            }
        },
        "examples": [{"name": "example", **_example(topic)}],
    }


def _headers() -> dict[str, Any]:
    properties: dict[str, Any] = {
        name: {"type": "string", "description": said} for name, (_, said) in _ATTRIBUTES.items()
    }
    properties["ce_specversion"]["const"] = SPEC_VERSION
    properties["content-type"]["const"] = CONTENT_TYPE
    return {
        "type": "object",
        "required": [name for name, (required, _) in _ATTRIBUTES.items() if required],
        "properties": properties,
    }


def _example(topic: Topic) -> dict[str, Any]:
    listed = EVENT_TYPES[topic.type]
    message = Message(
        id=message_identity("example", topic.name),
        source=f"{SOURCE_PREFIX}example",
        type=topic.type,
        subject=listed.subject(topic.example),
        time=listed.business_time(topic.example),
        data=b"",
        region=_REGION,
    ).numbered(0, 1)
    headers = {name: value.decode() for name, value in message.headers()}
    return {"headers": headers, "payload": topic.example}


class _Plain(yaml.SafeDumper):
    """YAML without anchors: every example is written out."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        """Never alias."""
        return True
