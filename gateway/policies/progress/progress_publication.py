"""进度公示 (R4): what is published of each institution's progress in a closed period, drug by drug."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.policies.policy import Conclusion, State, because
from gateway.policies.progress.roll_up import (
    ID,
    KEPT_FIGURES,
    RULE,
    Part,
    RollUp,
    figures_in,
    kept_figures,
    standing,
)
from gateway.policies.quarters import is_quarter
from gateway.policies.rulebook import Rulebook
from schemas.envelope import Message
from schemas.events import CALENDAR_DAY_ENDED, PROGRESS_MEASURED, PROGRESS_PUBLISHED

_ENDED_ON, _REGION, _NAME, _BATCH, _DRUG = range(KEPT_FIGURES, KEPT_FIGURES + 5)


class Publication(RollUp):
    """进度公示: one institution's list of one period, where the paper lets progress be published."""

    name = "publication"
    consumes = frozenset({PROGRESS_MEASURED, CALENDAR_DAY_ENDED})

    def place(self, content: State) -> dict[str, str]:
        """Return institution and period."""
        return {"institution": content["institution"], "period": content["period"]}

    def part(self, message: Message, content: State) -> tuple[str, list[Any]]:
        """Return one drug of one batch."""
        drug, batch = content["drug"], content["batch"]
        part = kept_figures(message, content)
        part += (content["ended_on"], content["region"], content["drug_name"], batch, drug)
        return f"{drug}|{batch}", part

    def whole(self, about: Mapping[str, str], state: State, rules: Rulebook) -> Conclusion | None:
        """Return the list; its region is the one that the latest part names."""
        latest = max(state["parts"].values(), key=lambda part: (part[_ENDED_ON], part[ID]))
        region, ended_on = latest[_REGION], latest[_ENDED_ON]
        term = rules.term(region, "progress.published", ended_on)
        if term is None or is_quarter(about["period"]) != (term.value == "quarter"):
            return None
        parts = [part for _, part in standing(state)]
        data = {
            **about,
            "region": region,
            "ended_on": ended_on,
            "published_on": state["day"],
            "lines": [_line(part) for part in parts],
        }
        why = because(RULE, [term], [f"{len(parts)} 个品种 drugs"], ())
        return Conclusion(PROGRESS_PUBLISHED, data | {"because": why})


def _line(part: Part) -> dict[str, Any]:
    return {
        "drug": part[_DRUG],
        "drug_name": part[_NAME],
        "batch": part[_BATCH],
        "figures": figures_in(part).as_data(),
    }
