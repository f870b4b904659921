"""量: reported and published quantities, procurement tasks, and the periods in which they are measured.

These are what partners say; what the gateway concludes from it stands in `volume_findings.py`. A `drug`
is a group of products that are counted together: a generic name, or a group of consumables (医用耗材).
"""

from __future__ import annotations

from calendar import monthrange
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import Field

from schemas.canonical import Count, DateText, Statement, Text
from schemas.codes import DrugCode, Institution, LocalCode, Region, UnifiedCode
from schemas.issues import Issue, issue
from schemas.money import QUANTITY_SCALE, QuantityText, UnitPriceText, plain, scaled

PERIOD_PATTERN = r"^[0-9]{4}-(0[1-9]|1[0-2]|Q[1-4])$"
YEAR_PATTERN: Final = r"^(19|20|21)[0-9]{2}$"
LONGEST_TERM: Final = 20
"""Years. A term that is said to be longer is a slip of the pen."""
_MONTHS_IN_QUARTER: Final = 3
Year = Annotated[str, Field(strict=True, pattern=YEAR_PATTERN)]


class OfDrug(Statement):
    """What is said of a product of one drug; local codes are the partner's own."""

    local_code: LocalCode
    unified_code: UnifiedCode
    drug: DrugCode
    drug_name: Text


class OfInstitution(OfDrug):
    """What is said of an institution and a product."""

    institution_local: LocalCode
    institution: Institution
    region: Region


class YearlyFigure(OfInstitution):
    """What an institution reports or has used of a product in a batch's year."""

    community: Text | None = None
    batch: Text
    year: Year


class TaskAssigned(OfInstitution):
    """采购任务量: what an institution has to buy of a drug's selected product in a task term.

    `quarters` splits the term's task by its quarters in order; each is the quantity due in that quarter.
    `selected_price` is the agreed price (中选价) per minimum unit, where the agreement states it.
    """

    batch: Text
    task_volume: QuantityText
    quarters: tuple[QuantityText, ...] = Field(min_length=1, max_length=12)
    selected_price: UnitPriceText | None = None
    term_from: DateText
    term_to: DateText
    assigned_on: DateText


class PeriodClosed(Statement):
    """监测期结束: a month or quarter has ended in a region and progress is to be measured.

    `period` is YYYY-MM or YYYY-Qn; `ended_on` is its last day.
    """

    region: Region
    period: Annotated[str, Field(strict=True, pattern=PERIOD_PATTERN)]
    ended_on: DateText


class QuantityBasis(StrEnum):
    """统计口径: 实际使用量 / 省级平台统计的采购量."""

    USE = "use"
    PLATFORM_PURCHASE = "platform_purchase"


class VolumeReported(YearlyFigure):
    """报量: what an institution reports to need of one product in a batch, for an agreement year.

    A report of the same product, batch and year that is made later (`reported_on`) replaces the earlier
    one. `community` is the county medical community (县域医共体) to which the institution belongs; where
    the paper lets communities take part as one, every message of its members must name it alike.
    """

    reported_volume: QuantityText
    reported_on: DateText


class VolumeUsedLastYear(YearlyFigure):
    """上年度使用量: what an institution used (or bought on the platform) of one product in a year.

    `year` is the year of use: a report for 2022 is held against the use of 2021. `public` tells a public
    institution (公立医疗机构) from others. Figures that are counted later replace earlier ones.
    """

    basis: QuantityBasis
    public: Annotated[bool, Field(strict=True)]
    used_volume: QuantityText
    counted_on: DateText


class VolumePublished(OfDrug):
    """公布采购量: a batch's quantity of one drug for a region and year, to be split by institutions.

    `year` is the agreement year (the shares are those of the year before). `step` is the smallest quantity
    a share is counted in. `selected_makers` is how many enterprises were selected (中选企业数); `term_to`
    the cycle's last day where it is published, else the paper's own length of the term counts.
    """

    region: Region
    batch: Text
    year: Year
    published_volume: QuantityText
    step: QuantityText = "1.0000"
    selected_makers: Annotated[Count, Field(ge=1)] | None = None
    term_from: DateText
    term_to: DateText | None = None
    published_on: DateText


class WindowKind(StrEnum):
    """报量窗口 / 采购量统计窗口."""

    REPORTING = "reporting"
    STATISTICS = "statistics"


class WindowClosed(Statement):
    """报量(统计)窗口关闭: from now on what is missing is missing. `year` is the agreement year."""

    region: Region
    batch: Text
    year: Year
    window: WindowKind
    closed_on: DateText


class TermExtended(OfDrug):
    """采购周期延长: an authority lets a batch's term for a drug go on until `extended_to`."""

    region: Region
    batch: Text
    extended_to: DateText
    extended_on: DateText
    basis: Text


def task_adds_up(data: dict[str, Any]) -> tuple[Issue, ...]:
    """Return issues when a task's quarters are not the task, or its term ends before it begins."""
    found: list[Issue] = []
    told = sum(scaled(each, QUANTITY_SCALE) for each in data["quarters"])
    if told != scaled(data["task_volume"], QUANTITY_SCALE):
        split = plain(told, QUANTITY_SCALE)
        found.append(
            issue("sum.mismatch", "task_volume", declared=data["task_volume"], found=split)
        )
    if data["term_to"] < data["term_from"]:
        found.append(issue("date.invalid", "term_to", detail=data["term_to"]))
    return tuple(found)


def period_adds_up(data: dict[str, Any]) -> tuple[Issue, ...]:
    """Return an issue when a period is said to have ended on another day than its last."""
    year, part = data["period"].split("-")
    month = int(part[1]) * _MONTHS_IN_QUARTER if part.startswith("Q") else int(part)
    last = f"{year}-{month:02d}-{monthrange(int(year), month)[1]}" if int(year) else ""
    if data["ended_on"] == last:
        return ()
    return (issue("date.invalid", "ended_on", detail=f"{data['ended_on']} ≠ {last}"),)


def published_adds_up(data: dict[str, Any]) -> tuple[Issue, ...]:
    """Return issues when a published quantity is no multiple of its step, or its term ends first."""
    found: list[Issue] = []
    step = int(data.get("step", "1.0000").replace(".", ""))
    volume = int(data["published_volume"].replace(".", ""))
    if not step or volume % step:
        found.append(issue("field.range", "step", detail="published_volume 不是 step 的整数倍"))
    until = data.get("term_to") or data["term_from"]
    if until < data["term_from"] or _years(data["term_from"], until) > LONGEST_TERM:
        found.append(issue("field.range", "term_to", detail=f"{data['term_from']} – {until}"))
    if not _in_our_time(data["term_from"]):
        found.append(issue("field.range", "term_from", detail=data["term_from"]))
    return tuple(found)


def extended_adds_up(data: dict[str, Any]) -> tuple[Issue, ...]:
    """Return an issue when a term is extended beyond all measure."""
    said, until = data["extended_on"], data["extended_to"]
    if _in_our_time(said) and _years(said, until) <= LONGEST_TERM:
        return ()
    return (issue("field.range", "extended_to", detail=f"{said} – {until}"),)


def _years(first: str, last: str) -> int:
    return int(last[:4]) - int(first[:4])


def _in_our_time(day: str) -> bool:
    return "1900" <= day[:4] <= "2199"
