"""预付的事实: who an institution is, what it has contracted and what it has bought.

Purchases are kept by month with the month's sum, so that a year's total is a dozen additions. Quantities
are integers of 10^-4 units.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from gateway.policies.payments.payment_clock_days import PHARMACY
from gateway.policies.rulebook import Term
from schemas.institution import InstitutionKind, Ownership

Fact = Mapping[str, Any]
"""What a message says, with its `id`."""
TERTIARY: Final = 3
_MONTH: Final = len("2020-01")

# ------------------------------------------------------------------------------ institutions


def registration(known: Sequence[Fact], day: str) -> Fact:
    """Return what an institution is on a day: its latest registration up to then, else its first one."""
    ordered = sorted(known, key=lambda each: (each["registered_on"], each["id"]))
    before = [each for each in ordered if each["registered_on"] <= day]
    return before[-1] if before else (ordered[0] if ordered else {})


def excluded(institution: str, who: Fact, term: Term | None) -> str:
    """Return as what an institution is not prepaid: private, pharmacy or tertiary_nonlocal; "" if it is.

    An institution that nobody has registered is excluded only as a pharmacy, by its code.
    """
    pharmacy = institution.startswith(PHARMACY) or who.get("kind") == InstitutionKind.PHARMACY
    is_so = {
        "private": who.get("ownership") == Ownership.PRIVATE,
        "pharmacy": pharmacy,
        "tertiary_nonlocal": bool(who.get("serves_nonlocal")) and who.get("level") == TERTIARY,
    }
    named = term.value.split(",") if term is not None else ()
    return next((each for each in named if is_so[each]), "")


def in_community(who: Fact) -> bool:
    """Return whether an institution leads or belongs to a county medical community (县域医共体)."""
    return who.get("kind") == InstitutionKind.COUNTY_COMMUNITY or bool(who.get("community"))


# ------------------------------------------------------------------------------ contracts


def newest(known: Sequence[Fact], name: str, order: Sequence[str]) -> list[Fact]:
    """Return, of facts with the same name, the newest by `order` (then by id); sorted by name."""
    found: dict[str, Fact] = {}
    for each in known:
        rank = (*(each[field] for field in order), each["id"])
        rival = found.get(each[name])
        if rival is None or rank > (*(rival[field] for field in order), rival["id"]):
            found[each[name]] = each
    return [found[each] for each in sorted(found)]


def overlap(one: Fact, other: Fact) -> bool:
    """Return whether two contracts' terms have a day in common."""
    return bool(one["term_from"] <= other["term_to"] and other["term_from"] <= one["term_to"])


# ------------------------------------------------------------------------------ purchases

Bought = Mapping[str, Mapping[str, Any]]
"""By month: `q`, the month's sum, and `f`, its receipts and returns as one text: day, id, quantity each."""
_ROWS, _FIELDS = ";", " "


def with_purchase(bought: Bought, day: str, identity: str, quantity: int) -> dict[str, Any]:
    """Return the purchases with one more receipt, or return (negative)."""
    month, new = bought.get(day[:_MONTH]), f"{day} {identity} {quantity}"
    if month is None:
        return {**bought, day[:_MONTH]: {"q": quantity, "f": new}}
    more = {"q": month["q"] + quantity, "f": f"{month['f']}{_ROWS}{new}"}
    return {**bought, day[:_MONTH]: more}


def without_purchase(bought: Bought, day: str, identity: str) -> dict[str, Any]:
    """Return the purchases without one message's."""
    month = bought[day[:_MONTH]]
    kept = [each for each in _read(month) if each[1] != identity]
    rest = {name: part for name, part in bought.items() if name != day[:_MONTH]}
    if not kept:
        return rest
    text = _ROWS.join(f"{each} {name} {quantity}" for each, name, quantity in kept)
    return {**rest, day[:_MONTH]: {"q": sum(each[2] for each in kept), "f": text}}


def knows_purchase(bought: Bought, day: str, identity: str) -> bool:
    """Return whether a message is among the purchases."""
    month = bought.get(day[:_MONTH])
    return month is not None and f"{_FIELDS}{identity}{_FIELDS}" in month["f"]


def purchased(bought: Bought, first: str, last: str) -> int:
    """Return the quantity purchased from one day to another, both inclusive."""
    total = 0
    for month, of_month in bought.items():
        if first <= f"{month}-01" and _last_day(month) <= last:
            total += of_month["q"]
        elif first[:_MONTH] <= month <= last[:_MONTH]:
            total += sum(each[2] for each in _read(of_month) if first <= each[0] <= last)
    return total


def purchases(bought: Bought, first: str, last: str) -> Iterator[str]:
    """Yield the message ids of the purchases from one day to another, in order of their days."""
    for month in sorted(bought):
        for day, identity, _ in sorted(_read(bought[month])):
            if first <= day <= last:
                yield identity


@lru_cache(maxsize=512)
def _last_day(month: str) -> str:
    year, number = month.split("-")
    return f"{month}-{monthrange(int(year), int(number))[1]}"


def _read(month: Mapping[str, Any]) -> list[tuple[str, str, int]]:
    """Return a month's receipts and returns: day, id, quantity."""
    lines = (line.split(_FIELDS) for line in month["f"].split(_ROWS))
    return [(day, identity, int(quantity)) for day, identity, quantity in lines]
