"""报文去向: where a message stands, for those whose message it is. Others see that it does not exist."""

from __future__ import annotations

from typing import Any, Final

from gateway.coding.leaving import rejection_identity
from gateway.errors import Refused
from gateway.ports import SUPERSEDED_SPACE, Entry, EntryKind, Journal, Search
from schemas.envelope import message_identity

POLICIES: Final = "policies"
"""The consumer under which the journal marks what the policies have handled."""
RELAY: Final = "relay"
"""Key-value space: shard → number of the last row that is on the bus."""
_SUPERSEDES: Final = b'"supersedes":"'
_SHOWN_RECEIPTS: Final = 1000


async def way_of(
    journal: Journal, partner: str, named: str, *, journal_is_bus: bool
) -> dict[str, Any]:
    """Return a message's way: its identity, its states so far in order and its receipts.

    With `journal_is_bus` (the embedded bus) what stands in the journal is published. `named` is the
    canonical id, or the partner's own id of a single message. A held message that was sent back says why
    (`issues`); one that was corrected names what stands in its place. Raises Refused (404) for anything
    that is neither the partner's own nor was delivered to it.
    """
    entry = await journal.find(named) or await journal.find(message_identity(partner, named))
    if entry is None or entry.kind is EntryKind.RECEIPT:
        raise _unknown()
    receipts = await _receipts(journal, entry)
    if entry.message.partner != partner:
        receipts = [each for each in receipts if each.message.partner == partner]
        if not receipts:
            raise _unknown()
    rejection = await _rejection(journal, entry)
    return {
        "id": entry.message.id,
        "message_id": entry.message_id if entry.message.partner == partner else "",
        "type": entry.message.type,
        "subject": entry.message.subject,
        "interface": entry.interface if entry.message.partner == partner else "",
        "place": f"{entry.shard}-{entry.seq}",
        "hash": entry.hash,
        "states": [
            *await _states(journal, entry, receipts, journal_is_bus=journal_is_bus),
            *([{"state": "rejected", "at": rejection.recorded_at}] if rejection else []),
        ],
        "receipts": [_receipt(each) for each in receipts],
        **({"issues": rejection.message.content()["issues"]} if rejection else {}),
        **await _corrections(journal, entry),
    }


async def _rejection(journal: Journal, entry: Entry) -> Entry | None:
    """Return the rejection by which a held message was sent back, None where it was not."""
    if entry.kind is not EntryKind.HELD:
        return None
    return await journal.find(rejection_identity(entry.message.partner, entry.message.id))


async def _corrections(journal: Journal, entry: Entry) -> dict[str, str]:
    """Return which message this one corrects, and which one stands in its place."""
    found: dict[str, str] = {}
    if _SUPERSEDES in entry.message.data:
        supersedes = str(entry.message.content().get("supersedes") or "")
        found |= {"supersedes": supersedes} if supersedes else {}
    after = await journal.get(SUPERSEDED_SPACE, entry.message.id)
    return found | ({"superseded_by": after.value.decode()} if after else {})


def _unknown() -> Refused:
    return Refused("message.unknown", "没有此报文", "There is no such message", status=404)


async def _receipts(journal: Journal, entry: Entry) -> list[Entry]:
    """Return the receipts of deliveries of this message, oldest first."""
    question = Search(
        subject=entry.message.subject,
        kind=EntryKind.RECEIPT.value,
        since=entry.recorded_at,
        limit=_SHOWN_RECEIPTS,
    )
    found = await journal.search(question)
    return [each for each in reversed(found) if each.message.causationid == entry.message.id]


async def _states(
    journal: Journal, entry: Entry, receipts: list[Entry], *, journal_is_bus: bool
) -> list[dict[str, str]]:
    states = [{"state": "received", "at": entry.recorded_at}]
    if entry.kind is EntryKind.HELD:
        states.append({"state": "held", "at": entry.recorded_at})
    if entry.kind is EntryKind.MESSAGE:
        relayed = await journal.get(RELAY, str(entry.shard))
        if journal_is_bus:
            states.append({"state": "published", "at": entry.recorded_at})
        elif relayed is not None and int(relayed.value) >= entry.seq:
            states.append({"state": "published", "at": ""})
        if not await journal.unhandled(POLICIES, [entry.message.id]):
            states.append({"state": "concluded", "at": ""})
    states += [
        {"state": "delivered", "at": str(each.message.content().get("delivered_at", ""))}
        for each in receipts
        if each.message.content().get("meaning") in {"delivered", "already"}
    ]
    return states


def _receipt(entry: Entry) -> dict[str, Any]:
    content = entry.message.content()
    return {
        "id": entry.message.id,
        "partner": entry.message.partner,
        "meaning": content.get("meaning", ""),
        "at": content.get("delivered_at") or content.get("ended_at") or entry.recorded_at,
        "place": f"{entry.shard}-{entry.seq}",
        "hash": entry.hash,
    }
