"""按月的交易: sales and purchases of one institution and drug lie in one state per month.

A state stays small however long the institution trades, and a price that changes concerns only the months
from its first day on. States lie under province and drug, so that a price reaches them by prefix.
"""

from __future__ import annotations

from typing import Final

from gateway.policies.policy import Scope, State
from gateway.policies.regions import province_of

_MONTH: Final = len("2026-01")


def month_of(day: str) -> str:
    """Return a day's month, YYYY-MM."""
    return day[:_MONTH]


def market_key(content: State) -> str:
    """Return the key under which a drug's trades in a province lie."""
    return f"{province_of(content['region'])}/{content['drug']}"


def trade_scope(content: State, day: str) -> Scope:
    """Return the state of an institution's trades of a drug in a day's month."""
    place = market_key(content)
    return Scope(f"{place}/{content['institution']}/{month_of(day)}", region=place)


def price_scope(content: State) -> Scope:
    """Return all states that a price of a drug in a province may concern."""
    place = market_key(content)
    return Scope(prefix=f"{place}/", region=place)


def concerns(key: str, content: State) -> bool:
    """Return whether a state is of this drug: a drug's code may begin with another's and a slash."""
    return key.rsplit("/", 2)[0] == market_key(content)


def month_in(key: str) -> str:
    """Return the month of a state's key."""
    return key.rsplit("/", 1)[1]


def parts(key: str) -> tuple[str, str, str]:
    """Return (drug, institution, month) of a state's key; a drug's code may contain slashes."""
    rest, institution, month = key.rsplit("/", 2)
    return rest.split("/", 1)[1], institution, month
