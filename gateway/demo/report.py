"""报告: what the demo came to. Everything is sorted and nothing depends on the clock but `elapsed_s`,
so that runs on different buses and journals give the same report.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from gateway.bootstrap import Gateway
from gateway.demo.dataset import Dataset
from gateway.demo.findings import Finding, Findings
from gateway.demo.ledger import Ledger, WrongInput
from gateway.demo.plan import Plan
from gateway.demo.reconcile import Reconciliation
from gateway.demo.reviewing import ReviewScene
from gateway.policies.explaining.explain import explain, render_text
from schemas.envelope import Message
from schemas.events import (
    MESSAGE_REJECTED,
    PRICE_LINKED,
    PROGRESS_WARNED,
    PROGRESS_WARNING_LIFTED,
    SETTLEMENT_HELD,
    SETTLEMENT_RESUMED,
    TOPICS,
    USAGE_DISPENSED,
)
from schemas.money import PRICE_SCALE, QUANTITY_SCALE, plain, scaled, yuan

_EXPLAINED_FIRST: Final = (SETTLEMENT_RESUMED, SETTLEMENT_HELD, PRICE_LINKED, PROGRESS_WARNED)
_BASIS_POINTS: Final = 10_000


@dataclass(frozen=True, slots=True)
class LinkedPrice:
    """联动价格: what a listed product cost before and after, and whose price it followed."""

    drug: str
    product: str
    specification: str
    manufacturer: str
    region: str
    price_before: str
    price_after: str
    change_pct: str
    reference_region: str
    reference_price: str
    reference_specification: str
    reference_manufacturer: str
    converted: bool
    effective_from: str
    clauses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """预警、暂停、恢复、解除: one conclusion about a synthetic institution."""

    kind: str
    institution: str
    drug: str
    region: str
    batch: str
    period: str
    completion: str
    date: str
    clauses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """See as_dict for the JSON form."""

    data: Mapping[str, Any]
    inputs: Mapping[str, Mapping[str, int]]
    """Documents and lines by what they are."""
    interfaces: Mapping[str, str]
    """By which interface each kind of document came."""
    by_topic: Mapping[str, int]
    counts: Mapping[str, int]
    conclusions_by_type: Mapping[str, int]
    linked_prices: tuple[LinkedPrice, ...]
    standings: tuple[Standing, ...]
    review: ReviewScene | None
    wrong_inputs: tuple[WrongInput, ...]
    findings: tuple[Finding, ...]
    reconciliation: Reconciliation
    explained: str
    """One conclusion with the chain of its causes, as an official reads it."""
    elapsed_s: float = 0.0

    @property
    def ok(self) -> bool:
        """Return whether nothing was lost, doubled, altered or left unexplained."""
        return self.reconciliation.ok

    def as_dict(self) -> dict[str, Any]:
        """Return the report in JSON's types."""
        found = self.reconciliation
        evidence = found.evidence
        return {
            "ok": self.ok,
            **self.counts,
            "conclusions_by_type": dict(self.conclusions_by_type),
            "delivered": found.delivered,
            "dead_lettered": found.dead_lettered,
            "republished": found.republished,
            "lost": len(found.lost),
            "doubled": len(found.doubled),
            "unexplained": len(found.unexplained),
            "lost_names": list(found.lost),
            "doubled_names": list(found.doubled),
            "unexplained_names": list(found.unexplained),
            "chain_ok": not evidence.chain_broken,
            "chain_broken": evidence.chain_broken,
            "chain_entries": evidence.chain_entries,
            "fen_difference": found.fen_difference,
            "sums_fen": dict(found.sums_fen),
            "by_topic": dict(self.by_topic),
            "inputs": {title: dict(states) for title, states in self.inputs.items()},
            "interfaces": dict(self.interfaces),
            "partner_ledgers": {
                "booked": sum(evidence.booked.values()),
                "receipts": sum(evidence.receipts.values()),
                "sold_fen": evidence.sold_fen,
                "dispensed_fen": evidence.topics.sums[USAGE_DISPENSED],
                "linked_price_sum": plain(evidence.linked_sum, PRICE_SCALE),
            },
            "reconciliation": [
                {
                    "type": row.type,
                    "sent": row.sent[0],
                    "journal": row.journal[0],
                    "topic": row.topics[0],
                    "sent_sum": row.sent[1],
                    "journal_sum": row.journal[1],
                    "topic_sum": row.topics[1],
                    "same": row.same,
                }
                for row in found.rows
            ],
            "linked_prices": [asdict(each) for each in self.linked_prices],
            "warnings": [asdict(each) for each in self.standings if each.kind == "warned"],
            "holds": [asdict(each) for each in self.standings if each.kind == "held"],
            "resumed": [asdict(each) for each in self.standings if each.kind == "resumed"],
            "lifted": [asdict(each) for each in self.standings if each.kind == "lifted"],
            "review": asdict(self.review) if self.review is not None else None,
            "wrong_inputs": [
                asdict(each) | {"as_expected": each.as_expected} for each in self.wrong_inputs
            ],
            "findings": [asdict(each) for each in self.findings],
            "data": dict(self.data),
            "elapsed_s": self.elapsed_s,
        }


async def make_report(
    dataset: Dataset, plan: Plan, ledger: Ledger, found: Reconciliation, gateway: Gateway
) -> Report:
    """Put the report together; asks the journal only for the explanation of one conclusion."""
    evidence = found.evidence
    conclusions = evidence.conclusions
    by_type = Counter(message.type for message in conclusions)
    return Report(
        data=_data(dataset, plan),
        inputs={
            title: {"documents": ledger.documents[title], **dict(sorted(states.items()))}
            for title, states in sorted(ledger.by_title.items())
        },
        interfaces=dict(sorted(ledger.interfaces.items())),
        by_topic={topic: evidence.by_topic[topic] for topic in sorted(TOPICS)},
        counts={
            "accepted": ledger.count("accepted"),
            "duplicates": ledger.count("duplicate"),
            "rejected": ledger.count("rejected"),
            "held": ledger.count("held"),
            "released": ledger.released,
            "refused": ledger.refused,
            "conflicts": ledger.conflicts,
            "published": sum(evidence.by_topic.values()),
            "rejections_published": evidence.topics.counts[MESSAGE_REJECTED],
            "conclusions": len(conclusions),
        },
        conclusions_by_type=dict(sorted(by_type.items())),
        linked_prices=tuple(sorted(_linked(plan, conclusions), key=_linked_order)),
        standings=tuple(sorted(_standings(plan, conclusions), key=_standing_order)),
        review=ledger.review,
        wrong_inputs=tuple(ledger.wrong),
        findings=_all_findings(dataset, plan),
        reconciliation=found,
        explained=await _explained(conclusions, gateway),
    )


def _data(dataset: Dataset, plan: Plan) -> dict[str, Any]:
    return {
        "rows": dict(dataset.rows),
        "batches": [batch.code for batch in dataset.batches],
        "drugs": len({each.product.drug.code for each in dataset.winners}),
        "selected_products": len(dataset.winners),
        "regions": len(dataset.regions),
        "buying_regions": [place.name for place in plan.buying],
        "synthetic_institutions": sum(len(place.institutions) for place in plan.buying),
        "tasks": len(plan.tasks),
        "task_units": plain(sum(task.quantity for task in plan.tasks), QUANTITY_SCALE),
        "quarters": [act.quarter.period for act in plan.acts],
    }


def _all_findings(dataset: Dataset, plan: Plan) -> tuple[Finding, ...]:
    merged = Findings()
    for each in (*dataset.findings, *plan.findings):
        merged.add(each.kind, each.what, each.where)
    return tuple(merged)


def _linked(plan: Plan, conclusions: Iterable[Message]) -> Iterable[LinkedPrice]:
    for message in conclusions:
        if message.type != PRICE_LINKED:
            continue
        data = message.content()
        product = plan.products.get(data["unified_code"])
        reference = plan.products.get(data["reference_code"])
        yield LinkedPrice(
            drug=data["drug_name"],
            product=data["unified_code"],
            specification=product.spec if product is not None else "",
            manufacturer=product.enterprise if product is not None else "",
            region=_name(plan, data["region"]),
            price_before=data["price_before"],
            price_after=data["price_after"],
            change_pct=_change(data["price_before"], data["price_after"]),
            reference_region=_name(plan, data["reference_region"]),
            reference_price=data["reference_price"],
            reference_specification=reference.spec if reference is not None else "",
            reference_manufacturer=reference.enterprise if reference is not None else "",
            converted=data["converted"],
            effective_from=data["effective_from"],
            clauses=tuple(data["because"]["clauses"]),
        )


def _change(before: str, after: str) -> str:
    """Return the change in percent with two decimals, rounded half up, e.g. -61.86."""
    old, new = scaled(before, PRICE_SCALE), scaled(after, PRICE_SCALE)
    basis_points = (2 * abs(old - new) * _BASIS_POINTS + old) // (2 * old) if old else 0
    return ("-" if new < old else "") + yuan(basis_points)


_KINDS: Final[Mapping[str, tuple[str, str]]] = {
    PROGRESS_WARNED: ("warned", "warned_on"),
    SETTLEMENT_HELD: ("held", "held_from"),
    SETTLEMENT_RESUMED: ("resumed", "resumed_on"),
    PROGRESS_WARNING_LIFTED: ("lifted", "lifted_on"),
}


def _standings(plan: Plan, conclusions: Iterable[Message]) -> Iterable[Standing]:
    """Yield warnings and holds and their ends, each with its last figures."""
    names = {one.code: one.name for place in plan.buying for one in place.institutions}
    told = {each.id: (each, each.content()) for each in conclusions if each.type in _KINDS}
    replaced = {data.get("replaces") for _, data in told.values()}
    for message, data in (each for name, each in told.items() if name not in replaced):
        kind, dated = _KINDS[message.type]
        yield Standing(
            kind=kind,
            institution=names.get(data["institution"], data["institution"]),
            drug=data["drug_name"],
            region=_name(plan, data["region"]),
            batch=data["batch"],
            period=data.get("period", ""),
            completion=data.get("completion", ""),
            date=data[dated],
            clauses=tuple(data["because"]["clauses"]),
        )


def _name(plan: Plan, region: str) -> str:
    place = plan.places.get(region)
    return place.name if place is not None else region


def _linked_order(one: LinkedPrice) -> tuple[str, ...]:
    return (one.region, one.drug, one.product, one.effective_from, one.price_after)


def _standing_order(one: Standing) -> tuple[str, ...]:
    return (one.date, one.institution, one.batch, one.drug, one.period, one.kind)


async def _explained(conclusions: Iterable[Message], gateway: Gateway) -> str:
    ranked = sorted(
        (message for message in conclusions if message.type in _EXPLAINED_FIRST),
        key=lambda message: (_EXPLAINED_FIRST.index(message.type), message.time, message.id),
    )
    if not ranked:
        return ""
    return render_text(await explain(gateway.journal, ranked[0].id))
