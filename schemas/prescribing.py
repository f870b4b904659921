"""处方: how often doctors prescribe selected products; counts only, no patient, no doctor's name."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import Field, StringConstraints

from schemas.canonical import Canonical, Count, DateText, Statement, Text
from schemas.codes import DrugCode, Institution, LocalCode, UnifiedCode
from schemas.codes import Region as RegionCode
from schemas.issues import Issue, issue
from schemas.party import Month, PartyFinding, PartyFindingEnded

DOCTOR_PATTERN: Final = r"^p[0-9a-f]{16,64}$"
DoctorPseudonym = Annotated[str, StringConstraints(strict=True, pattern=DOCTOR_PATTERN)]
"""医生假名: `p` and a keyed digest in hex that only the institution can trace back; no number of a person."""
MOST_DOCTORS: Final = 2000


class DoctorCount(Canonical):
    """医生处方数: one doctor's prescriptions of the generic in the month, and of its selected products."""

    doctor: DoctorPseudonym
    selected_count: Count
    all_count: Count


class PrescriptionsCounted(Statement):
    """处方已统计: an institution's prescriptions of one generic in a month, by doctor.

    Doctors without a prescription of the generic are left out. Of several statements of a month the one
    made last counts. `unified_code` is any product of the generic by which it is named.
    """

    institution_local: LocalCode
    institution: Institution
    region: RegionCode
    local_code: LocalCode
    unified_code: UnifiedCode
    drug: DrugCode
    drug_name: Text
    month: Month
    doctors: tuple[DoctorCount, ...] = Field(max_length=MOST_DOCTORS)
    counted_on: DateText


def counts_agree(data: dict[str, Any]) -> tuple[Issue, ...]:
    """Return issues when a doctor stands twice, or with more selected prescriptions than prescriptions."""
    doctors = data["doctors"]
    found = [
        issue("field.range", f"doctors[{at}].selected_count", detail="> all_count")
        for at, each in enumerate(doctors)
        if each["selected_count"] > each["all_count"]
    ]
    if len({each["doctor"] for each in doctors}) != len(doctors):
        found.append(issue("line.duplicate", "doctors", detail="doctor"))
    return tuple(found)


# ------------------------------------------------------------------------------ conclusions


class DrugFinding(PartyFinding):
    """What conclusions about prescribing say besides."""

    institution: Institution
    drug: DrugCode
    drug_name: Text
    month: Month


class DoctorChange(Canonical):
    """处方量变化: a doctor's counts of the month and the one before, and what the institution's own change
    lets expect; `drop` is 1 − selected ÷ expected, cut off after four decimals, absent where nothing is expected.
    """

    doctor: DoctorPseudonym
    selected_count: Count
    all_count: Count
    previous_selected_count: Count
    previous_all_count: Count
    expected: Text
    drop: Text | None = None


class ChangeComputed(DrugFinding):
    """处方量变化统计: figures only; who compares draws the conclusion."""

    previous_month: Month
    doctors: tuple[DoctorChange, ...] = Field(max_length=MOST_DOCTORS)


class DropFound(DrugFinding):
    """处方量下降明显: a doctor's prescriptions of selected products dropped clearly; an interview (约谈) is proposed."""

    previous_month: Month
    change: DoctorChange
    proposed: Text


class ReviewLine(Canonical):
    """处方点评对象: a doctor who prescribed other than selected products of the generic."""

    doctor: DoctorPseudonym
    selected_count: Count
    all_count: Count
    other_count: Annotated[Count, Field(ge=1)]
    other_share: Text


class ReviewListed(DrugFinding):
    """处方点评清单: most prescriptions of other products first."""

    doctors: tuple[ReviewLine, ...] = Field(min_length=1, max_length=MOST_DOCTORS)


class PrescribingFindingEnded(PartyFindingEnded):
    """处方认定终止: the counts were corrected."""

    drug: DrugCode
