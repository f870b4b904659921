"""平常之事: what is accepted and paid in time, by far the most, taken without opening any account.

From such a message nothing follows, and what is kept of its receipts only grows by a text. Everything else
is left to `payment_clock_revision`, which would come to the very same state (a property test says so).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gateway.policies.payments.payment_clock_days import days_after
from gateway.policies.payments.payment_clock_packed import (
    CREDIT_ID,
    LINE,
    LINE_ID,
    NO_DAY,
    SETTLED,
    UNSETTLED,
    Names,
    Unpackable,
    code_after,
    credit_text,
    day_code,
    day_of_code,
    line_amount,
    line_text,
)
from gateway.policies.payments.payment_clock_parts import (
    NO_PART,
    Part,
    fits,
    part_of,
    place_in,
    with_text,
)
from gateway.policies.payments.payment_clock_receipts import Fact, Line
from gateway.policies.payments.payment_clock_standing import KEPT_DAYS
from gateway.policies.policy import State

_HEAD: Final = 4
_DAY: Final = slice(1, 4)
_DUE: Final = slice(4, 7)


def taken_plainly(state: State, facts: Iterable[Fact]) -> State | None:
    """Return the state with facts from which nothing follows; None where something may."""
    ended, coming = state["day"], state["next"]
    if not ended:
        return None
    names, regions = Names(state["names"]), Names(state["regions"])
    parts: dict[str, Part] = dict(state["receipts"])
    try:
        limit = _limit(state)
        for number, part, fact in facts:
            place = part_of(number)
            known = parts.get(place, NO_PART)
            if not isinstance(known, str) or not fits(number):
                return None
            at, end = found = place_in(known, number)
            stored = known[at:end]
            if part == LINE:
                text = _with_line(stored, fact, limit, names, regions)
            else:
                text = _with_credit(stored, fact, limit, ended, names, regions)
            if not text:
                return None
            parts[place] = with_text(known, number, found, text)
            if text[:3] != NO_DAY:
                day = day_of_code(text[:3])
                coming = min(coming, day) if coming else day
    except Unpackable:
        return None
    told = {"receipts": parts, "names": names.table, "regions": regions.table, "next": coming}
    return {**state, **told}


def _limit(state: State) -> str:
    """Return the day after which what is due is neither overdue nor published. Raises Unpackable."""
    day, published = state["day"], state["published"]
    return day_code(max(day, max(published.values())[0]) if published else day)


def _lines(stored: str, limit: str) -> list[str]:
    """Return the lines of a receipt of which nothing is paid and nothing is due; none of others."""
    if stored[3:_HEAD] != UNSETTLED:
        return []
    facts = stored[_HEAD:].split(";")
    for fact in facts:
        if fact[0] != LINE or NO_DAY < fact[_DUE] <= limit:
            return []
    return facts


def _with_line(stored: str, line: Line, limit: str, names: Names, regions: Names) -> str:
    """Return a receipt's text with one more line; "" where the receipt or the line is not plain."""
    due = day_code(line[3])
    if line[2] <= 0 or NO_DAY < due <= limit:
        return ""
    text = line_text(line, names, regions)
    if not stored:
        return due + UNSETTLED + text
    if not _lines(stored, limit) or text[LINE_ID] in stored:  # it was taken before
        return ""
    first = min(stored[:3], due) if due > NO_DAY < stored[:3] else max(stored[:3], due)
    return f"{first}{UNSETTLED}{stored[_HEAD:]};{text}"


def _with_credit(
    stored: str, credit: Line, limit: str, ended: str, names: Names, regions: Names
) -> str:
    """Return a receipt's text with its first credit; "" where the receipt or the credit is not plain."""
    known, today = _lines(stored, limit), days_after(ended, 1)
    if not known or credit[1] > today:
        return ""
    owed, last = 0, day_code(ended)
    for line in known:
        owed += line_amount(line)
        last = max(last, line[_DAY], line[_DUE])
    text = credit_text(credit, owed, names, regions)
    if credit[2] > owed or text[CREDIT_ID] in stored:
        return ""
    if credit[2] == owed:
        head = code_after(max(last, text[_DAY]), KEPT_DAYS) + SETTLED
    else:
        head = (text[_DAY] if credit[1] == today else stored[:3]) + UNSETTLED
    return f"{head}{stored[_HEAD:]};{text}"
