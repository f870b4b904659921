"""编码台: what the operators' routes about codes do, without HTTP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, fields, replace
from datetime import datetime
from typing import Any, Final

from gateway.coding.impact import impact
from gateway.coding.local_items import merged
from gateway.coding.matching.evidence import Candidate
from gateway.coding.recoding import recode
from gateway.coding.records import (
    Choice,
    CrosswalkVersion,
    LocalItem,
    Proposal,
    Relation,
    Status,
)
from gateway.coding.review import Review
from gateway.coding.review_filing import Filed
from gateway.coding.review_plan import Decided
from gateway.coding.suggesting import Suggestions
from gateway.coding.work_items import WorkItem, known_item, work_items
from gateway.errors import Issue, Rejected, issue
from gateway.operators import Operator
from gateway.partners import Partners
from gateway.ports import Journal
from schemas.event_types import CHINA

CANDIDATES: Final = 10
PROPOSALS_LIMIT: Final = 20_000
_PROPOSAL_FIELDS: Final = {one.name for one in fields(Proposal)} - {"exact", "retires"}
"""What a person may say of a proposal; whether it is exact is not for a person to say."""


class CodeDesk:
    """What operators see and do about codes. `followed` is called after a decision."""

    def __init__(
        self,
        journal: Journal,
        review: Review,
        suggestions: Suggestions,
        partners: Callable[[], Partners],
        clock: Callable[[], datetime],
        followed: Callable[[], Awaitable[int]],
    ) -> None:
        self._journal, self._review, self._suggestions = journal, review, suggestions
        self._partners, self._clock, self._followed = partners, clock, followed

    # ------------------------------------------------------------------ looking

    async def work(self, partner: str, limit: int, after: str) -> dict[str, Any]:
        """Return a page of the codes that messages wait for, longest waiting first."""
        found = await work_items(
            self._journal, self._partners(), partner=partner, limit=limit, after=after
        )
        return {
            "work": [_work_shown(one) for one in found],
            "next": found[-1].cursor if len(found) == limit else "",
        }

    async def candidates(
        self, partner: str, kind: str, code: str, facts: Mapping[str, str]
    ) -> dict[str, Any]:
        """Return ranked candidates for one code, with the evidence; `facts` add to what is known."""
        item, day = await self._known(partner, kind, code, facts)
        ranked = await self._suggestions.rank(item, limit=CANDIDATES, on=day)
        history = (await self._review.follow()).history(partner, kind, code)
        return {
            "item": asdict(item),
            "on": day,
            "candidates": [_candidate_shown(one) for one in ranked],
            "history": [version_shown(one) for one in history],
        }

    async def _known(
        self, partner: str, kind: str, code: str, facts: Mapping[str, str]
    ) -> tuple[LocalItem, str]:
        """Return what is known of a code, and the day on which a meaning is needed first."""
        today = self._clock().astimezone(CHINA).date().isoformat()
        bare = LocalItem(partner, kind, code)
        item, day = await known_item(self._journal, self._partners(), bare)
        given: dict[str, Any] = dict(facts)
        return merged(replace(bare, **given), item), day or today

    async def proposals(
        self, status: Status, partner: str, after: str, limit: int
    ) -> dict[str, Any]:
        """Return a page of a work list."""
        page = await self._review.proposals(status, partner, after, limit)
        return {"proposals": [filed_shown(one) for one in page.items], "next": page.next}

    async def history(self, partner: str, kind: str, code: str) -> dict[str, Any]:
        """Return every version of a code."""
        found = (await self._review.follow()).history(partner, kind, code)
        return {"history": [version_shown(one) for one in found]}

    # ------------------------------------------------------------------ deciding

    async def propose(self, given: Any, by: Operator, batch: str) -> dict[str, Any]:
        """File proposals; each has its word. Raises Rejected for what is no proposal."""
        proposals = _proposals(given, self._partners())
        outcomes = await self._review.propose(proposals, by=by.id, now=self._clock(), batch=batch)
        return {
            "outcomes": [
                {"id": one.id, "state": one.state.value, "issues": _issues_shown(one.issues)}
                for one in outcomes
            ]
        }

    async def approve(
        self, ids: Sequence[str], by: Operator, *, batch: str, exact: bool, partner: str
    ) -> dict[str, Any]:
        """Approve proposals, a batch, or all that were found exactly; release what waited."""
        now = self._clock()
        if batch:
            decided = await self._review.approve_batch(batch, by=by.id, now=now, exact_only=exact)
        elif exact:
            decided = await self._review.approve_exact(by=by.id, now=now, partner=partner)
        else:
            decided = await self._review.approve(ids, by=by.id, now=now)
        released = await self._followed()
        return {**_decided_shown(decided), "released": released}

    async def refuse(self, ids: Sequence[str], by: Operator, reason: str) -> dict[str, Any]:
        """Turn proposals down."""
        decided = await self._review.refuse(ids, by=by.id, reason=reason, now=self._clock())
        return _decided_shown(decided)

    async def retire(self, version_id: str, by: Operator, reason: str) -> dict[str, Any]:
        """Propose that a version ends without a successor; another person approves it."""
        one = await self._review.retire(version_id, by=by.id, reason=reason, now=self._clock())
        return {"id": one.id, "state": one.state.value, "issues": _issues_shown(one.issues)}

    # ------------------------------------------------------------------ correcting

    async def impact(
        self, partner: str, kind: str, code: str, days: tuple[str, str], becomes: str
    ) -> dict[str, Any]:
        """Return what a change of meaning between two days touches."""
        since, until = days
        crosswalk = await self._review.follow()
        found = await impact(
            self._journal,
            partner,
            kind,
            code,
            valid_from=since,
            valid_to=until,
            was=crosswalk.resolve(partner, kind, code, since) or "",
            becomes=becomes or crosswalk.resolve(partner, kind, code, since) or "",
        )
        return asdict(found)

    async def recode(
        self, ids: Sequence[str], by: Operator, reason: str, decision: str
    ) -> dict[str, Any]:
        """Say chosen messages again, coded as is believed now; what rested on them is superseded."""
        found = await recode(
            self._journal,
            ids,
            await self._review.follow(),
            self._partners(),
            by=by.id,
            reason=reason,
            now=self._clock(),
            decision=decision,
        )
        return {
            "corrected": [{"id": old, "superseded_by": new} for old, new in found.corrected],
            "left": [
                {"id": one.id, "why": str(one.why), "issues": _issues_shown(one.issues)}
                for one in found.left
            ],
        }


def _proposals(given: Any, partners: Partners) -> list[Proposal]:
    """Read proposals. Raises Rejected with every issue."""
    if not isinstance(given, list) or not 0 < len(given) <= PROPOSALS_LIMIT:
        raise Rejected(issue("field.required", "proposals"))
    wrong: list[Issue] = []
    read: list[Proposal] = []
    for at, one in enumerate(given):
        path = f"proposals[{at}]"
        if not isinstance(one, dict) or any(type(text) is not str for text in one.values()):
            wrong.append(issue("field.format", path, detail="an object of texts"))
            continue
        found = [
            issue("field.unknown", f"{path}.{name}") for name in one if name not in _PROPOSAL_FIELDS
        ]
        found += [
            issue("field.required", f"{path}.{name}")
            for name in ("partner", "local_code", "valid_from")
            if not one.get(name)
        ]
        if one.get("partner") and partners.get(one["partner"]) is None:
            found.append(issue("field.format", f"{path}.partner", detail=one["partner"][:64]))
        made = None if found else _proposal(one, path, found)
        wrong += found
        if made is not None:
            read.append(made)
    if wrong:
        raise Rejected(*wrong[:200])
    return read


def _proposal(one: Mapping[str, str], path: str, found: list[Issue]) -> Proposal | None:
    try:
        relation = Relation(one.get("relation", Relation.EQUIVALENT.value))
        choice = Choice(one.get("choice", ""))
    except ValueError as error:
        found.append(issue("field.format", path, detail=str(error)))
        return None
    texts = {name: text for name, text in one.items() if name not in ("relation", "choice")}
    return Proposal(
        **{"kind": "product", "unified_code": ""} | texts,  # type: ignore[arg-type]  # names were checked
        relation=relation,
        choice=choice,
    )


# --------------------------------------------------------------------------- as shown


def version_shown(version: CrosswalkVersion) -> dict[str, str]:
    """Return a version; what is blank is left out."""
    return {name: str(value) for name, value in asdict(version).items() if value != ""}


def filed_shown(filed: Filed) -> dict[str, Any]:
    """Return a proposal with who made it and what became of it."""
    told = asdict(filed)
    told.pop("version")
    return {name: value for name, value in told.items() if value != ""}


def _decided_shown(decided: Decided) -> dict[str, Any]:
    return {
        "decided": list(decided.ids),
        "already": list(decided.already),
        "left": [
            {"id": identity, "issues": _issues_shown(found)} for identity, found in decided.left
        ],
        "ended": [one.id for one in decided.ended],
    }


def _work_shown(one: WorkItem) -> dict[str, Any]:
    return {name: value for name, value in asdict(one).items() if value not in ("", (), None)}


def _candidate_shown(one: Candidate) -> dict[str, Any]:
    return {
        "unified_code": one.unified_code,
        "score": f"{one.score:.1f}",
        "exact": one.exact,
        "valid_from": one.valid_from,
        "valid_to": one.valid_to,
        "evidence": [
            {"field": each.field, "verdict": each.verdict.value, "zh": each.zh, "en": each.en}
            for each in one.evidence
        ],
    }


def _issues_shown(issues: Sequence[Issue]) -> list[dict[str, str | int]]:
    return [one.as_dict() for one in issues]
