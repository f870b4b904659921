"""Data for the tests of quantities: reports, uses, published quantities, days; and what is open in the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from gateway.policies.policy import Conclusion, Judgement, Policy
from schemas.envelope import SOURCE_PREFIX, Message, canonical_bytes
from schemas.events import (
    CALENDAR_DAY_ENDED,
    EVENT_TYPES,
    TENDER_GROUP_QUALIFIED,
    VOLUME_PUBLISHED,
    VOLUME_REPORTED,
    VOLUME_TERM_EXTENDED,
    VOLUME_USED_LAST_YEAR,
    VOLUME_WINDOW_CLOSED,
)
from tests.unit.policies.hosting import Host, judged_in_place
from tests.unit.policies.making import DRUG, HOSPITAL, PRODUCT, message

T = TypeVar("T")
QUJING, LINCANG = "530300", "530900"
OTHER_HOSPITAL, THIRD_HOSPITAL = "H52010000002", "H52010000003"
_COMMON = {
    "local_code": "L1",
    "unified_code": PRODUCT,
    "drug": DRUG,
    "drug_name": "氨氯地平",
    "batch": "合成批次",
}
_INSTITUTION = {"institution_local": "7", "institution": HOSPITAL}


def reported(number: str, volume: str, region: str, **changed: Any) -> Message:
    data = _COMMON | _INSTITUTION | {"region": region, "year": "2022"}
    data |= {"reported_volume": volume, "reported_on": "2022-04-10"}
    return message(VOLUME_REPORTED, number, data | changed, "his")


def used(number: str, volume: str, region: str, **changed: Any) -> Message:
    data: dict[str, Any] = {**_COMMON, **_INSTITUTION, "region": region}
    data |= {"year": "2021", "basis": "use"}
    data |= {"public": True, "used_volume": volume, "counted_on": "2022-04-01"}
    return message(VOLUME_USED_LAST_YEAR, number, data | changed)


def published(number: str, volume: str, region: str, **changed: Any) -> Message:
    data = _COMMON | {"region": region, "year": "2022", "published_volume": volume}
    data |= {"term_from": "2022-05-01", "published_on": "2022-04-20"}
    return message(VOLUME_PUBLISHED, number, data | changed)


def window(region: str, **changed: Any) -> Message:
    data = {"region": region, "batch": "合成批次", "year": "2022", "window": "reporting"}
    data |= {"closed_on": "2022-04-30"}
    data |= changed
    return message(VOLUME_WINDOW_CLOSED, f"window-{sorted(data.items())}", data)


def extended(number: str, until: str, region: str, **changed: Any) -> Message:
    data = {name: _COMMON[name] for name in _COMMON} | {"region": region, "basis": "合成示例文件"}
    data |= {"extended_to": until, "extended_on": "2022-12-01"}
    return message(VOLUME_TERM_EXTENDED, number, data | changed)


def day_ended(region: str, day: str) -> Message:
    return message(
        CALENDAR_DAY_ENDED, f"{region}:{day}", {"region": region, "day": day}, "calendar"
    )


def qualified(number: str, bidders: Iterable[str], **changed: Any) -> Message:
    data: dict[str, Any] = {"region": QUJING, "project": "合成项目", "group": "01"}
    data["group_name"] = "合成示例片"
    data |= {"bidders": list(bidders), "qualified_on": "2022-04-01"}
    return message(TENDER_GROUP_QUALIFIED, number, data | changed)


def as_message(identity: str, conclusion: Conclusion, policy: str) -> Message:
    """A conclusion as other policies receive it."""
    listed = EVENT_TYPES[conclusion.type]
    return Message(
        id=identity,
        source=f"{SOURCE_PREFIX}policy-{policy}",
        type=conclusion.type,
        subject=listed.subject(conclusion.data),
        time=listed.business_time(conclusion.data),
        data=canonical_bytes(conclusion.data),
        region=conclusion.data["region"],
    )


def passed_on(host: Host, *types: str, since: int = 0) -> list[Message]:
    """What a policy has concluded of some types, as messages."""
    return [
        as_message(identity, each, host.policy.name)
        for identity, each in host.drawn[since:]
        if each.type in types
    ]


def open_now(host: Host) -> dict[str, Conclusion]:
    """What has been concluded and neither been replaced nor ended, by id."""
    found: dict[str, Conclusion] = {}
    for identity, each in host.drawn:
        data = each.data
        if "ended_id" in data:
            del found[data["ended_id"]]
            continue
        if "replaces" in data:
            del found[data["replaces"]]
        found[identity] = each
    return found


_NOT_FIGURES = {"because", "replaces", "revision", "found_on"}


def figures(host: Host) -> list[tuple[str, str]]:
    """What is open, as (type, data without reasons), in order: two hosts can be compared by it."""
    return sorted(
        (each.type, repr(sorted((k, v) for k, v in each.data.items() if k not in _NOT_FIGURES)))
        for each in open_now(host).values()
    )


def corrected(
    policy: Policy, told: Sequence[Message], wrong: Sequence[Message], right: Sequence[Message]
) -> Host:
    """A host that was told what is wrong among the rest, each of it then put right."""
    host = Host(policy)
    host.take(*told)
    for false, true in zip(wrong, right, strict=True):
        host.supersede(false, true)
        assert host.supersede(false, true) == [], "what is delivered twice counts once"
    return host


def wrong_and_right(
    pairs: Sequence[tuple[T, ...]], say: Callable[[str, T], Message]
) -> tuple[list[Message], list[Message]]:
    """What is told wrongly, and in the same order what stands in its place."""
    wrong, right = (
        [say(f"{which}-{at}", pair[which]) for at, pair in enumerate(pairs)] for which in (0, 1)
    )
    return wrong, right


def assert_only_judged(
    policy: Policy, known: Sequence[Message], unknown: Message, by: Message
) -> None:
    """In the place of what was never told a message is one like any other; alone, nothing goes."""
    host, plain = Host(policy), Host(policy)
    host.take(*known)
    plain.take(*known)
    for key, state in plain.states.items():
        assert judged_in_place(policy, key, state, unknown, by, None) == Judgement()
    assert host.supersede(unknown, by) == plain.take(by)
    assert host.states == plain.states


def types(conclusions: Iterable[Conclusion]) -> list[str]:
    return [each.type for each in conclusions]
