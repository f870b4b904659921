"""量: procurement tasks and the periods in which they are measured."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from schemas.canonical import DateText, Statement, Text
from schemas.codes import DrugCode, Institution, LocalCode, Region, UnifiedCode
from schemas.money import QuantityText

PERIOD_PATTERN = r"^[0-9]{4}-(0[1-9]|1[0-2]|Q[1-4])$"


class TaskAssigned(Statement):
    """采购任务量: what an institution has to buy of a drug's selected product in a task term.

    `quarters` splits the term's task by its quarters in order; each is the quantity due in that quarter.
    """

    local_code: LocalCode
    unified_code: UnifiedCode
    drug: DrugCode
    drug_name: Text
    institution_local: LocalCode
    institution: Institution
    region: Region
    batch: Text
    task_volume: QuantityText
    quarters: tuple[QuantityText, ...] = Field(min_length=1, max_length=12)
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
