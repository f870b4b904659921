"""编码: the kinds of things that carry codes, and the shapes of the unified ones.

Only structure is checked here; whether a code exists, and since when, is the coding room's business.
Sources: GB/T 2260 regions; GB 32100 enterprise codes; 定点医疗机构 H / 零售药店 P + 11 digits
(read from public implementations of the national insurance interface).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

from pydantic import StringConstraints


class CodeKind(StrEnum):
    """What a code stands for; the crosswalk keeps one space of codes per kind."""

    PRODUCT = "product"
    INSTITUTION = "institution"
    ENTERPRISE = "enterprise"


REGION_PATTERN: Final = r"^[0-9]{6}$"
INSTITUTION_PATTERN: Final = r"^[HP][0-9]{11}$"
ENTERPRISE_PATTERN: Final = r"^[0-9A-HJ-NPQRTUWXY]{18}$"
UNIFIED_CODE_PATTERN: Final = r"^[0-9A-Z][0-9A-Z.-]{2,39}$"
# 20 digits, a GS1 element string, an EPC URI or a GS1 Digital Link
TRACE_CODE_PATTERN: Final = r"^[0-9A-Za-z(][0-9A-Za-z()/.+:%_~?=&;,!*'-]{6,99}$"

Region = Annotated[str, StringConstraints(strict=True, pattern=REGION_PATTERN)]
Institution = Annotated[str, StringConstraints(strict=True, pattern=INSTITUTION_PATTERN)]
Enterprise = Annotated[str, StringConstraints(strict=True, pattern=ENTERPRISE_PATTERN)]
UnifiedCode = Annotated[str, StringConstraints(strict=True, pattern=UNIFIED_CODE_PATTERN)]
LocalCode = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=64)]
TraceCode = Annotated[str, StringConstraints(strict=True, pattern=TRACE_CODE_PATTERN)]
DrugCode = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=64)]

# Which field holds the partner's own code, what it stands for, and which field the unified code goes to.
# These names may stand at the top of a message's data and in each of its `lines`.
CODED_FIELDS: Final[tuple[tuple[str, CodeKind, str], ...]] = (
    ("local_code", CodeKind.PRODUCT, "unified_code"),
    ("institution_local", CodeKind.INSTITUTION, "institution"),
    ("distributor_local", CodeKind.ENTERPRISE, "distributor"),
    ("buyer_local", CodeKind.ENTERPRISE, "buyer"),
    ("maker_local", CodeKind.ENTERPRISE, "maker"),
)
