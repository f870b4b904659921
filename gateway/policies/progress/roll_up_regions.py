"""分级汇总 (R4): a drug's progress by county, city and province, and a batch's by all of its drugs.

A county sums up its institutions, a city its counties, a province its cities; an institution that partners
place no finer than a city belongs to the city directly. Each level rests on the sums below it, so that an
official can walk down from the province's figure to the receipts. Which levels there are is the region's own
term. A batch is summed up in amounts and counts only: quantities of different drugs do not add up.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from gateway.policies.policy import Conclusion, State, because
from gateway.policies.progress.progress_figures import Found
from gateway.policies.progress.roll_up import RULE, RollUp, kept_figures, shown_sum, standing
from gateway.policies.rulebook import Rulebook, Term
from schemas.envelope import Message
from schemas.events import CALENDAR_DAY_ENDED, PROGRESS_MEASURED, PROGRESS_SUMMARISED
from schemas.money import yuan
from schemas.progress import RegionLevel

_PATIENCE: Final = {RegionLevel.COUNTY: 1, RegionLevel.CITY: 2, RegionLevel.PROVINCE: 4}
"""A city waits for one day more than its counties; a province for its cities, which may begin a day late."""
_COUNTS: Final = ("institutions", "done")
_FIGURES: Final = ("accepted", "amount", "cumulative", "cumulative_amount", "task")


def level_of_region(region: str) -> RegionLevel:
    """Return what a GB/T 2260 code of six digits stands for."""
    if region.endswith("0000"):
        return RegionLevel.PROVINCE
    return RegionLevel.CITY if region.endswith("00") else RegionLevel.COUNTY


def above(region: str, levels: Term) -> str:
    """Return the region one level up, as far as the paper has levels; "" above a province."""
    level = level_of_region(region)
    if level is RegionLevel.PROVINCE:
        return ""
    if level is RegionLevel.COUNTY and RegionLevel.CITY.value in levels.value.split("_"):
        return f"{region[:4]}00"
    return f"{region[:2]}0000"


class RegionRollUp(RollUp):
    """分级汇总: one drug of one batch in one region and period."""

    name = "region_roll_up"
    consumes = frozenset({PROGRESS_MEASURED, PROGRESS_SUMMARISED, CALENDAR_DAY_ENDED})

    def patience(self, about: Mapping[str, str]) -> int:
        """Return how many ends of days a region waits: until those below it have been drawn up."""
        return _PATIENCE[level_of_region(about["region"])]

    def place(self, content: State) -> dict[str, str]:
        """Return region, drug, batch and period: an institution's own region, a region's upper one."""
        region = content["region"] if "institution" in content else content.get("part_of")
        if not region or "drug" not in content:  # a province, or a batch as a whole
            return {}
        return {"region": region, **{name: content[name] for name in ("drug", "batch", "period")}}

    def part(self, message: Message, content: State) -> tuple[str, dict[str, Any]]:
        """Return an institution's measurement, or the sum of a region below."""
        figures = kept_figures(content["figures"])
        kept = {**figures, "revision": content["revision"], "id": message.id}
        kept |= {"name": content["drug_name"], "ended_on": content["ended_on"]}
        if "institution" in content:
            finished = bool(figures["task"]) and figures["cumulative"] >= figures["task"]
            return content["institution"], {**kept, "institutions": 1, "done": int(finished)}
        return content["region"], {**kept, **{name: content[name] for name in _COUNTS}}

    def whole(self, about: Mapping[str, str], state: State, rules: Rulebook) -> Conclusion | None:
        """Return the sum of the parts."""
        parts = standing(state)
        latest = max(state["parts"].values(), key=lambda part: (part["ended_on"], part["id"]))
        terms = _terms(rules, about["region"], latest["ended_on"])
        if terms is None:
            return None
        sums = {name: sum(part[name] for _, part in parts) for name in (*_COUNTS, *_FIGURES)}
        found = Found(*(sums[name] for name in _FIGURES))
        lines = [
            f"本期 period: {shown_sum(parts, 'accepted', money=False)}",
            f"累计 cumulative: {shown_sum(parts, 'cumulative', money=False)}",
            f"任务 task: {shown_sum(parts, 'task', money=False)}",
        ]
        data = _data(about, latest["ended_on"], sums, state["day"])
        data |= {"drug": about["drug"], "drug_name": latest["name"], "figures": found.as_data()}
        part_of = above(about["region"], terms[-1])
        if part_of:
            data["part_of"] = part_of
        return Conclusion(PROGRESS_SUMMARISED, data | {"because": because(RULE, terms, lines, ())})


class BatchRollUp(RollUp):
    """批次汇总: all drugs of one batch in one region and period."""

    name = "batch_roll_up"
    consumes = frozenset({PROGRESS_SUMMARISED, CALENDAR_DAY_ENDED})

    def place(self, content: State) -> dict[str, str]:
        """Return region, batch and period of a drug's sum."""
        if "drug" not in content:
            return {}
        return {name: content[name] for name in ("region", "batch", "period")}

    def part(self, message: Message, content: State) -> tuple[str, dict[str, Any]]:
        """Return one drug's sum."""
        figures = kept_figures(content["figures"])
        kept = {name: figures[name] for name in ("amount", "cumulative_amount", "task")}
        kept |= {name: content[name] for name in (*_COUNTS, "revision", "ended_on")}
        return content["drug"], {**kept, "id": message.id}

    def whole(self, about: Mapping[str, str], state: State, rules: Rulebook) -> Conclusion | None:
        """Return the sum of the drugs' amounts and counts."""
        parts = standing(state)
        ended_on = max(part["ended_on"] for part in state["parts"].values())
        terms = _terms(rules, about["region"], ended_on)
        if terms is None:
            return None
        names = (*_COUNTS, "amount", "cumulative_amount")
        sums = {name: sum(part[name] for _, part in parts) for name in names}
        lines = [
            f"本期 period: {shown_sum(parts, 'amount', money=True)}",
            f"累计 cumulative: {shown_sum(parts, 'cumulative_amount', money=True)}",
        ]
        data = _data(about, ended_on, sums, state["day"])
        return Conclusion(PROGRESS_SUMMARISED, data | {"because": because(RULE, terms, lines, ())})


def _data(
    about: Mapping[str, str], ended_on: str, sums: Mapping[str, int], day: str
) -> dict[str, Any]:
    return {
        "region": about["region"],
        "level": level_of_region(about["region"]).value,
        "batch": about["batch"],
        "period": about["period"],
        "ended_on": ended_on,
        "institutions": sums["institutions"],
        "done": sums["done"],
        "accepted_amount": yuan(sums["amount"]),
        "cumulative_amount": yuan(sums["cumulative_amount"]),
        "summarised_on": day,
    }


def _terms(rules: Rulebook, region: str, ended_on: str) -> list[Term] | None:
    """Return the terms by which a region's period is summed up; None where the paper has none."""
    terms = rules.of(region)
    if terms is None:
        return None
    on = date.fromisoformat(ended_on)
    summed = terms.value("progress.summarised", on)
    levels = terms.value("progress.summary_levels", on)
    if summed is None or levels is None:
        return None
    return [summed, levels]
