"""总账: double-entry postings of conclusions, and the balances that they come to (复式记账).

A balance is integer fen by account, debit positive. A conclusion that replaces or ends an earlier one
posts the difference only, so that the balances of all conclusions are those of what is open.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from schemas.money import fen, yuan

Balances = dict[str, int]

FUND_SETTLEMENT: Final = "fund:settlement"
"""医保基金结算"""
FUND_PREPAYMENT: Final = "fund:vbp-prepayment"
"""药品集中采购预付金(单独核算): a ledger of its own"""
UNNAMED_ENTERPRISE: Final = "enterprise:unnamed"
"""An enterprise that no message about the receipt names."""


def institution_account(code: str, purpose: str) -> str:
    """Return an institution's account for a purpose: vbp, vbp-prepayment, surplus or settlement."""
    return f"institution:{code}:{purpose}"


def enterprise_account(code: str) -> str:
    """Return an enterprise's account; "" is an enterprise that nobody named."""
    return f"enterprise:{code}" if code else UNNAMED_ENTERPRISE


def entry(debit: str, credit: str, amount: int) -> Balances:
    """Return an entry of `amount` fen between two accounts (借 / 贷); nothing for nothing."""
    return {debit: amount, credit: -amount} if amount else {}


def postings(after: Mapping[str, int], before: Mapping[str, int] | None = None) -> list[Any]:
    """Return the postings that take the accounts from `before` to `after`, in order of account.

    Raises ValueError when debits and credits differ.
    """
    moved = dict(after)
    for account, amount in (before or {}).items():
        moved[account] = moved.get(account, 0) - amount
    if sum(moved.values()):
        raise ValueError(f"debits and credits differ: {moved}")
    return [
        {"account": account, "debit": yuan(max(amount, 0)), "credit": yuan(max(-amount, 0))}
        for account, amount in sorted(moved.items())
        if amount
    ]


def ledger(conclusions: Iterable[Mapping[str, Any]]) -> Balances:
    """Return the balances that the conclusions' data come to; those without postings move nothing.

    Raises ValueError for a conclusion whose debits and credits differ: money does not appear or vanish.
    """
    found: Balances = {}
    for data in conclusions:
        total = 0
        for posting in data.get("postings", ()):
            amount = fen(posting["debit"]) - fen(posting["credit"])
            total += amount
            found[posting["account"]] = found.get(posting["account"], 0) + amount
        if total:
            raise ValueError(f"a conclusion does not balance: {yuan(total)}")
    return {account: amount for account, amount in sorted(found.items()) if amount}
