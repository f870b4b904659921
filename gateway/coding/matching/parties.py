"""机构与企业: institutions and enterprises as the ranking knows them."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.coding.products.record import FIRST_DAY
from gateway.coding.records import OPEN_END


@dataclass(frozen=True, slots=True)
class PartyRecord:
    """An institution or enterprise with its unified code. Blank texts mean "not known"."""

    unified_code: str
    kind: str
    """`institution` or `enterprise` (schemas.codes.CodeKind)."""
    name: str
    region: str = ""
    """GB/T 2260 or insurance region, six digits."""
    uscc: str = ""
    former_names: tuple[str, ...] = ()
    valid_from: str = FIRST_DAY
    valid_to: str = OPEN_END
