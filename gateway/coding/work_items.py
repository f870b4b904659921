"""待办编码: the codes that somebody must map, with all that is known of them, oldest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.coding.crosswalk import Crosswalk
from gateway.coding.local_items import item_key, item_said, kept_items, merged
from gateway.coding.occurrences import business_day
from gateway.coding.records import LocalItem, Status
from gateway.coding.review_filing import Filing
from gateway.coding.translate import KEY_MARK
from gateway.coding.waiting_codes import WaitingCode, waiting_codes
from gateway.partners import Partners
from gateway.ports import Entry, Journal, Search
from schemas.events import CATALOGUE_ITEM_PUBLISHED

CATALOGUE_LIMIT: Final = 20_000
"""So many of a partner's newest catalogue messages are looked through for its codes."""
_PROPOSALS: Final = 1000


@dataclass(frozen=True, slots=True)
class WorkItem:
    """待办: one local code without a meaning. `item` is what is known of it."""

    item: LocalItem
    partner_name: str
    """"" where the partner is not listed any more."""
    direct: int
    """Messages that lack this code."""
    behind: int
    """Further messages that cannot go before one of those."""
    since: str
    sample_ids: tuple[str, ...]
    types: tuple[str, ...]
    days: tuple[str, ...]
    """Business days of the sampled messages, in order: a meaning must cover them."""
    proposals: tuple[str, ...]
    """Ids of the open proposals about the code."""
    cursor: str
    """`after` of what comes next."""


async def work_items(
    journal: Journal, partners: Partners, *, partner: str = "", limit: int = 100, after: str = ""
) -> list[WorkItem]:
    """Return a page of the codes that messages wait for, those that wait longest first.

    `partner` "" is all partners; `after` is the `cursor` of the last item seen. The hold list is gone
    over once, messages are only read for the page. Raises Unavailable.
    """
    waiting = (await waiting_codes(journal, partner)).values()
    behind = sorted((_cursor(one), one) for one in waiting if _cursor(one) > after)
    page = [one for _, one in behind[: max(0, limit)]]
    reading = _Reading(journal)
    await reading.look_up(page)
    names = {one.id: one.name for one in partners}
    return [await reading.item(one, names.get(one.partner, "")) for one in page]


async def known_item(
    journal: Journal, partners: Partners, bare: LocalItem
) -> tuple[LocalItem, str]:
    """Return what is known of one code, and the first day for which messages need it ("" for none)."""
    waiting = (await waiting_codes(journal, bare.partner)).get(
        (bare.partner, bare.kind, bare.local_code)
    )
    if waiting is None:
        return (await kept_items(journal, [bare])).get(item_key(bare), bare), ""
    reading = _Reading(journal)
    await reading.look_up([waiting])
    partner = partners.get(bare.partner)
    found = await reading.item(waiting, partner.name if partner is not None else "")
    return found.item, found.days[0] if found.days else ""


def _cursor(waiting: WaitingCode) -> str:
    return f"{waiting.number:020d}|{waiting.key}"


class _Reading:
    """What is read for one page."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._kept: dict[str, LocalItem] = {}
        self._published: dict[str, LocalItem] = {}
        self._proposed: dict[str, list[str]] = {}

    async def look_up(self, page: Sequence[WaitingCode]) -> None:
        """Read what is known of the page's codes apart from the messages that wait."""
        bare = {one.key: _bare(one) for one in page}
        self._kept = await kept_items(self._journal, list(bare.values()))
        for partner in sorted({one.partner for one in page}):
            theirs = {key: one for key, one in bare.items() if one.partner == partner}
            await self._catalogue(partner, theirs)
            await self._proposals(partner)

    async def _catalogue(self, partner: str, wanted: Mapping[str, LocalItem]) -> None:
        by_code = {one.local_code: one for one in wanted.values()}
        question = Search(partner, type=CATALOGUE_ITEM_PUBLISHED, limit=CATALOGUE_LIMIT)
        for entry in await self._journal.search(question):  # the newest first
            content = entry.message.content()
            one = by_code.get(str(content.get("local_code")))
            if one is not None:
                before = self._published.get(item_key(one), one)
                self._published[item_key(one)] = merged(before, item_said(one, content))

    async def _proposals(self, partner: str) -> None:
        filing, after = Filing(self._journal), ""
        while True:
            # what is decided leaves the list, so no crosswalk needs to be asked how each one stands
            page = await filing.page(Status.PROPOSED, partner, after, _PROPOSALS, Crosswalk({}, {}))
            for filed in page.items:
                self._proposed.setdefault(KEY_MARK.join(filed.proposal.key), []).append(filed.id)
            if not page.next:
                break
            after = page.next

    async def item(self, waiting: WaitingCode, partner_name: str) -> WorkItem:
        """Return the work item, with what its oldest messages tell."""
        bare = _bare(waiting)
        known = merged(self._kept.get(waiting.key, bare), self._published.get(waiting.key, bare))
        sampled: list[Entry] = []
        for identity in waiting.samples:
            entry = await self._journal.find(identity)
            if entry is not None:
                sampled.append(entry)
        days: set[str] = set()
        for entry in sampled:
            content = entry.message.content()
            known = merged(known, item_said(bare, content))
            days.add(business_day(entry.message.type, content))
        return WorkItem(
            item=known,
            partner_name=partner_name,
            direct=waiting.direct,
            behind=waiting.behind,
            since=waiting.since,
            sample_ids=tuple(waiting.samples),
            types=tuple(sorted({entry.message.type for entry in sampled})),
            days=tuple(sorted(days - {""})),
            proposals=tuple(self._proposed.get(waiting.key, ())),
            cursor=_cursor(waiting),
        )


def _bare(waiting: WaitingCode) -> LocalItem:
    return LocalItem(waiting.partner, waiting.kind, waiting.local_code)
