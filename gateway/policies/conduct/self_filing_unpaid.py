"""网下采购 (R10): what was bought off the platform without reasonable reason is not paid by the fund.

Only an investigation's result counts (经调查核实), and only where no reasonable reason was found (无合理理由).
Where the paper says the fund need not pay (可不予支付) a proposal follows, where it says it does not pay
(不予支付) an order. Of several findings of one case the one made last counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Final

from gateway.policies.claims import Claim
from gateway.policies.conduct.self_filing_timely import RULE
from gateway.policies.policy import State, because, in_key
from gateway.policies.regions import province_of
from gateway.policies.supply.supply_facts import (
    FactPolicy,
    Known,
    as_recorded,
)
from schemas.envelope import Message
from schemas.events import (
    PURCHASE_FINDING_ENDED,
    PURCHASE_NOT_PAYABLE,
    PURCHASE_OFF_PLATFORM_FOUND,
)

_KEPT: Final = (
    "case_no",
    "region",
    "unified_code",
    "amount",
    "bought_on",
    "investigated",
    "reason_accepted",
    "found_on",
)


class OffPlatform(FactPolicy):
    """网下采购: investigated purchases in; what the fund does not pay out. One state per case."""

    name = "self_filing_unpaid"
    kinds: ClassVar = {PURCHASE_OFF_PLATFORM_FOUND: "found"}
    ends: ClassVar = {PURCHASE_NOT_PAYABLE: PURCHASE_FINDING_ENDED}

    def place(self, message: Message, content: State) -> str:  # noqa: ARG002 - the port's form
        """Return the case's state."""
        province, case = province_of(content["region"]), in_key(content["case_no"])
        return f"{province}/{content['institution']}/{case}"

    def fact(self, message: Message, content: State) -> Any:  # noqa: ARG002 - the port's form
        """Return what was found."""
        return {name: content.get(name) for name in _KEPT}

    def claims(self, known: Known) -> Iterable[tuple[str, Claim]]:
        """Yield what the fund does not pay of the case."""
        for identity, last in as_recorded(known.of("found"), "found_on")[-1:]:
            term = known.rules.term(last["region"], "off_platform.not_paid", last["bought_on"])
            if term is None or not last["investigated"] or last["reason_accepted"] is not False:
                continue
            institution = known.key.split("/")[1]
            data = {
                "party": institution,
                "institution": institution,
                **{name: last[name] for name in _KEPT[:5]},
                "effect": term.value,
                "found_on": known.on,
                "because": because(
                    RULE,
                    (term,),
                    (
                        f"{last['bought_on']}: {last['amount']} 元, 经调查核实无合理理由 no reason found",
                    ),
                    (identity,),
                ),
            }
            yield "unpaid", Claim(PURCHASE_NOT_PAYABLE, data, ("party", "region"))
