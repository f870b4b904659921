"""进度公示 (R4): what is published of each institution's progress in a closed period, drug by drug."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from gateway.policies.policy import Conclusion, State, because
from gateway.policies.progress.progress_figures import Found
from gateway.policies.progress.roll_up import RULE, RollUp, kept_figures, standing
from gateway.policies.quarters import is_quarter
from gateway.policies.rulebook import Rulebook
from schemas.envelope import Message
from schemas.events import CALENDAR_DAY_ENDED, PROGRESS_MEASURED, PROGRESS_PUBLISHED


class Publication(RollUp):
    """进度公示: one institution's list of one period, where the paper lets progress be published."""

    name = "publication"
    consumes = frozenset({PROGRESS_MEASURED, CALENDAR_DAY_ENDED})

    def place(self, content: State) -> dict[str, str]:
        """Return institution and period."""
        return {name: content[name] for name in ("institution", "period")}

    def part(self, message: Message, content: State) -> tuple[str, dict[str, Any]]:
        """Return one drug of one batch."""
        named = {
            name: content[name] for name in ("drug", "drug_name", "batch", "region", "ended_on")
        }
        figures = kept_figures(content["figures"])
        kept = {**figures, **named, "revision": content["revision"], "id": message.id}
        return f"{content['drug']}|{content['batch']}", kept

    def whole(self, about: Mapping[str, str], state: State, rules: Rulebook) -> Conclusion | None:
        """Return the list; its region is the one that the latest part names."""
        latest = max(state["parts"].values(), key=lambda part: (part["ended_on"], part["id"]))
        terms = rules.of(latest["region"])
        day = date.fromisoformat(latest["ended_on"])
        term = terms.value("progress.published", day) if terms is not None else None
        if term is None or is_quarter(about["period"]) != (term.value == "quarter"):
            return None
        parts = [part for _, part in standing(state)]
        data = {
            **about,
            "region": latest["region"],
            "ended_on": latest["ended_on"],
            "published_on": state["day"],
            "lines": [_line(part) for part in parts],
        }
        why = because(RULE, [term], [f"{len(parts)} 个品种 drugs"], ())
        return Conclusion(PROGRESS_PUBLISHED, data | {"because": why})


def _line(part: Mapping[str, Any]) -> dict[str, Any]:
    names = ("accepted", "amount", "cumulative", "cumulative_amount", "task")
    named = {name: part[name] for name in ("drug", "drug_name", "batch")}
    return {**named, "figures": Found(*(part[name] for name in names)).as_data()}
