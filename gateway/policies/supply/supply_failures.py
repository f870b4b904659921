"""供应中断: when an authority finds that supply fails, the measures that the paper names are proposed.

Which measure is taken, and how hard, the papers leave to the authorities: nothing here is an order. Where
the paper excuses force majeure (不可抗力) nothing is proposed. A distributor's failure has measures of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from gateway.policies.claims import Claim
from gateway.policies.policy import because
from gateway.policies.rulebook import Term
from gateway.policies.supply.supply_facts import Known
from gateway.policies.supply.supply_goods import ABOUT, RULE, goods
from schemas.events import SUPPLY_MEASURES_PROPOSED

_GROUNDS: Final = {
    "unable": "无法保障供应 cannot supply",
    "against_contract": "不按合同供货 does not supply as agreed",
    "quality": "不能保障质量 cannot ensure quality",
}


def failure_claims(known: Known) -> Iterator[tuple[str, Claim]]:
    """Yield the measures for each declared failure. They stand when supply is restored: it did fail."""
    for identity, failed in known.of("failed"):
        distributor = failed.get("distributor")
        terms = _measures(known, failed)
        if not terms:
            continue
        said = f"{failed['failed_from']}: {_GROUNDS[failed['ground']]}"
        data = {
            **goods(known, failed),
            "ground": failed["ground"],
            "failed_from": failed["failed_from"],
            "measures": terms[0].value.split("、"),
            "because": because(RULE, terms, (said,), (identity,)),
        }
        if distributor:
            data |= {"party": distributor, "distributor": distributor}
        yield f"failed/{identity}", Claim(SUPPLY_MEASURES_PROPOSED, data, ABOUT)


def _measures(known: Known, failed: dict[str, Any]) -> tuple[Term, ...]:
    """Return the terms by which measures are proposed for a failure; () where none are."""
    region, day = failed["region"], failed["failed_from"]
    if failed.get("distributor"):
        found = known.rules.term(region, "distribution.failure_measures", day)
        return () if found is None else (found,)
    measures = known.rules.term(region, "supply.failure_measures", day)
    if measures is None:
        return ()
    excuse = known.rules.term(region, "supply.failure_excuse", day)
    if excuse is None:
        return (measures,)
    return () if failed.get("force_majeure") else (measures, excuse)
