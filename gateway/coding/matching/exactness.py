"""完全一致: when a candidate is a finding and not a likeness.

Two ways, both by comparison of every identifying field: (a) approval number or 药品本位码, strength and
pack equal, and name, form and maker say nothing else; (b) name, form, strength, pack and full legal
maker name equal, and so is the approval number where the item states one. In both no field contradicts,
and no second product could be meant as well: a product that only says less than the qualifying one is a
rival too.

One maker may hold two approvals for what is otherwise one product (locally made and imported, an old and
a new number). An item without a number may then mean the other one, which only a complete catalogue
shows: with any other, (b) is for products that have no number themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.coding.matching.evidence import Verdict

AGREES: Final = frozenset({Verdict.EQUAL, Verdict.COMPATIBLE})
HARMLESS: Final = AGREES | {Verdict.UNKNOWN}
_ALWAYS: Final = ("specification", "pack")
_BY_NAME: Final = ("name", "dosage_form", "manufacturer")


def qualifies(verdicts: Mapping[str, Verdict], *, anchored: bool, unconfirmed: bool) -> bool:
    """Return whether the fields identify the product. A field that is absent was not stated.

    `anchored`: the approval number or the 药品本位码 is equal. `unconfirmed`: the product has an approval
    number, the item states none, and the catalogue may lack the product with the other number.
    """
    if any(verdicts.get(field) is not Verdict.EQUAL for field in _ALWAYS):
        return False
    if not all(verdict in HARMLESS for verdict in verdicts.values()):
        return False
    if anchored:
        return verdicts.get("name") in AGREES
    if unconfirmed:
        return False
    by_name = (*_BY_NAME, "approval_no") if "approval_no" in verdicts else _BY_NAME
    return all(verdicts.get(field) is Verdict.EQUAL for field in by_name)


def rivals(verdicts: Mapping[str, Verdict]) -> bool:
    """Return whether the item might be this product too: nothing it states is contradicted."""
    return all(verdict in HARMLESS for verdict in verdicts.values())
