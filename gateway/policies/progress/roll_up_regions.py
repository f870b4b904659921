"""分级汇总 (R4): a drug's progress by county, city and province, and a batch's by all of its drugs.

A county sums up its institutions, a city its counties, a province its cities; an institution that partners
place no finer than a city belongs to the city directly. Each level rests on the sums below it, so that an
official can walk down from the province's figure to the receipts. Which levels there are is the region's own
term. A batch is summed up in amounts and counts only: quantities of different drugs do not add up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from gateway.policies.policy import Conclusion, State, because
from gateway.policies.progress.progress_figures import Figures
from gateway.policies.progress.roll_up import (
    ACCEPTED,
    AMOUNT,
    CUMULATIVE,
    CUMULATIVE_AMOUNT,
    ID,
    KEPT_FIGURES,
    RULE,
    TASK,
    Part,
    RollUp,
    kept_figures,
    shown_sum,
    standing,
)
from gateway.policies.regions import province_of
from gateway.policies.rulebook import Rulebook, Term
from schemas.envelope import Message
from schemas.events import CALENDAR_DAY_ENDED, PROGRESS_MEASURED, PROGRESS_SUMMARISED
from schemas.money import yuan
from schemas.progress import RegionLevel

_PATIENCE: Final = {RegionLevel.COUNTY: 1, RegionLevel.CITY: 2, RegionLevel.PROVINCE: 4}
"""A city waits for one day more than its counties; a province for its cities, which may begin a day late."""
_INSTITUTIONS, _DONE, _ENDED_ON, _NAME = range(KEPT_FIGURES, KEPT_FIGURES + 4)
_FIGURES: Final = (ACCEPTED, AMOUNT, CUMULATIVE, CUMULATIVE_AMOUNT, TASK)


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
    return province_of(region)


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

    def part(self, message: Message, content: State) -> tuple[str, list[Any]]:
        """Return an institution's measurement, or the sum of a region below."""
        part = kept_figures(message, content)
        about = (content["ended_on"], content["drug_name"])
        if "institution" in content:
            finished = bool(part[TASK]) and part[CUMULATIVE] >= part[TASK]
            return content["institution"], [*part, 1, int(finished), *about]
        return content["region"], [*part, content["institutions"], content["done"], *about]

    def whole(self, about: Mapping[str, str], state: State, rules: Rulebook) -> Conclusion | None:
        """Return the sum of the parts."""
        parts = standing(state)
        latest = max(state["parts"].values(), key=lambda part: (part[_ENDED_ON], part[ID]))
        region, ended_on = about["region"], latest[_ENDED_ON]
        terms = _terms(rules, region, ended_on)
        if terms is None:
            return None
        found = Figures(*(sum(part[place] for _, part in parts) for place in _FIGURES))
        lines = [
            f"本期 period: {shown_sum(parts, ACCEPTED, money=False)}",
            f"累计 cumulative: {shown_sum(parts, CUMULATIVE, money=False)}",
            f"任务 task: {shown_sum(parts, TASK, money=False)}",
        ]
        data = _data(about, ended_on, parts, state["day"])
        data |= {"drug": about["drug"], "drug_name": latest[_NAME], "figures": found.as_data()}
        part_of = above(region, terms[-1])
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

    def part(self, message: Message, content: State) -> tuple[str, list[Any]]:
        """Return one drug's sum."""
        part = kept_figures(message, content)
        part += (content["institutions"], content["done"], content["ended_on"])
        return content["drug"], part

    def whole(self, about: Mapping[str, str], state: State, rules: Rulebook) -> Conclusion | None:
        """Return the sum of the drugs' amounts and counts."""
        parts = standing(state)
        ended_on = max(part[_ENDED_ON] for part in state["parts"].values())
        terms = _terms(rules, about["region"], ended_on)
        if terms is None:
            return None
        lines = [
            f"本期 period: {shown_sum(parts, AMOUNT, money=True)}",
            f"累计 cumulative: {shown_sum(parts, CUMULATIVE_AMOUNT, money=True)}",
        ]
        data = _data(about, ended_on, parts, state["day"])
        return Conclusion(PROGRESS_SUMMARISED, data | {"because": because(RULE, terms, lines, ())})


def _data(
    about: Mapping[str, str], ended_on: str, parts: Sequence[tuple[str, Part]], day: str
) -> dict[str, Any]:
    def added(place: int) -> int:
        return sum(part[place] for _, part in parts)

    return {
        "region": about["region"],
        "level": level_of_region(about["region"]).value,
        "batch": about["batch"],
        "period": about["period"],
        "ended_on": ended_on,
        "institutions": added(_INSTITUTIONS),
        "done": added(_DONE),
        "accepted_amount": yuan(added(AMOUNT)),
        "cumulative_amount": yuan(added(CUMULATIVE_AMOUNT)),
        "summarised_on": day,
    }


def _terms(rules: Rulebook, region: str, ended_on: str) -> list[Term] | None:
    """Return the terms by which a region's period is summed up; None where the paper has none."""
    summed = rules.term(region, "progress.summarised", ended_on)
    levels = rules.term(region, "progress.summary_levels", ended_on)
    if summed is None or levels is None:
        return None
    return [summed, levels]
