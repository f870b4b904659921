"""统一编码校验: a unified code against its code system, where it is known which one it is of.

Said by the plan (`unified_system`), or plain from the code's kind and first characters. Codes of no known
system (a platform's own) are only held to the kind's shape.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.coding.systems import CodeRefusal, code_systems, parse
from schemas.codes import CodeKind

_PRODUCTS: Final = (
    (re.compile(r"X[A-Z][0-9]{2}[A-Z]{2}[A-Z][0-9]{3}[A-Z]"), "nhsa_drug_western"),
    (re.compile(r"Z[A-Z][0-9]{2}[A-Z]{2}[A-Z][0-9]{4}"), "nhsa_drug_tcm"),
    (re.compile(r"T[0-9]{9}\Z"), "nhsa_decoction_piece"),
    (re.compile(r"C[0-9]{19}\Z"), "nhsa_consumable"),
    (re.compile(r"C[0-9]{26}\Z"), "nhsa_consumable_27"),
)
"""How the codes of a product's system begin (the rest must then hold as well)."""
_KINDS: Final = {
    (CodeKind.INSTITUTION.value, "H"): "fixmedins_hospital",
    (CodeKind.INSTITUTION.value, "P"): "fixmedins_pharmacy",
}


def system_of(kind: str, unified: str) -> str:
    """Return the code system of a unified code, "" where it cannot be told."""
    if kind == CodeKind.ENTERPRISE.value:
        return "uscc"
    if kind == CodeKind.PRODUCT.value:
        return next((name for begin, name in _PRODUCTS if begin.match(unified)), "")
    return _KINDS.get((kind, unified[:1]), "")


def unified_check(kind: str, unified: str, system: str = "") -> str:
    """Return what is wrong with a unified code by its system, Chinese and English; "" when nothing is.

    Raises KeyError for a system that is not described.
    """
    name = system or system_of(kind, unified)
    if not name:
        return ""
    read = parse(name, unified)
    return f"{read.zh} {read.en}" if isinstance(read, CodeRefusal) else ""


def known_system(name: str) -> bool:
    """Return whether there is such a code system."""
    return name in code_systems()
