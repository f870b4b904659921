"""What is open of linked prices after everything a host concluded, and the same as messages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from gateway.policies.policy import Conclusion
from gateway.policies.prices.price_book_check import check_prices
from schemas.envelope import SOURCE_PREFIX, Message, canonical_bytes
from schemas.events import EVENT_TYPES, PRICE_LINK_ENDED
from tests.unit.policies.hosting import Host

_COMPARED = (
    "unified_code",
    "region",
    "effective_from",
    "price_before",
    "price_after",
    "reference_code",
    "reference_region",
    "reference_price",
    "converted",
    "follows",
)


def open_conclusions(
    host: Host, ends: dict[str, str], says: Iterable[str] = ()
) -> dict[str, Conclusion]:
    """Return by id what neither ended (`ends`: type of the end → the field that names it) nor was replaced."""
    found: dict[str, Conclusion] = {}
    wanted = set(says)
    for identity, conclusion in host.drawn:
        if conclusion.type in ends:
            del found[conclusion.data[ends[conclusion.type]]]
            continue
        if conclusion.data.get("replaces"):
            del found[conclusion.data["replaces"]]
        assert identity not in found
        found[identity] = conclusion
    return {name: each for name, each in found.items() if not wanted or each.type in wanted}


def still_linked(host: Host) -> list[tuple[Any, ...]]:
    """Return the open linked prices and proposals, comparable whatever their ids."""
    found = open_conclusions(host, {PRICE_LINK_ENDED: "linked_id"})
    return sorted(
        (each.type, *(str(each.data[name]) for name in _COMPARED)) for each in found.values()
    )


def as_messages(host: Host) -> list[Message]:
    """Return a host's conclusions as the messages they become."""
    return [
        Message(
            id=identity,
            source=f"{SOURCE_PREFIX}policy-{host.policy.name}",
            type=each.type,
            subject=EVENT_TYPES[each.type].subject(each.data),
            time=EVENT_TYPES[each.type].business_time(each.data),
            data=canonical_bytes(each.data),
        )
        for identity, each in host.drawn
    ]


def sound(host: Host, *facts: Message) -> tuple[str, ...]:
    """Return what violates I5 in everything a host was told and concluded."""
    return check_prices([*facts, *as_messages(host)])


def numbered(messages: Iterable[Message]) -> list[Message]:
    """Return messages with their places in a journal."""
    return [message.numbered(0, at) for at, message in enumerate(messages, start=1)]


def corrected(message: Message, number: str, **changed: Any) -> Message:
    """Return a message that supersedes another one."""
    content = message.content() | changed | {"supersedes": message.id}
    blob = canonical_bytes(content)
    EVENT_TYPES[message.type].model.model_validate_json(blob)
    identity = f"{int(message.id, 16) ^ hash_of(number):032x}"
    return replace(message, id=identity, data=blob)


def hash_of(text: str) -> int:
    """Return a number that depends on the text alone."""
    return int.from_bytes(text.encode().ljust(8, b"_")[:8], "big")
