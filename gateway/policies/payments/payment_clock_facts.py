"""回款事实: what acceptances, returns and payments say of which receipts, taken into their accounts or out."""

from __future__ import annotations

from typing import Any, Final

from gateway.policies.payments.payment_clock_days import contract_for, days_after, due_day
from gateway.policies.payments.payment_clock_receipts import (
    COUNTER,
    PAID,
    PAID_BY_FUND,
    RETURNED,
    Fact,
    knows,
    with_credit,
    with_line,
    without,
)
from gateway.policies.payments.payment_clock_revision import Revision
from gateway.policies.payments.payment_clock_standing import KEPT_DAYS
from gateway.policies.policy import State
from gateway.policies.quarters import day_in_china
from gateway.policies.rulebook import Rulebook
from schemas.envelope import Message
from schemas.events import (
    ACCEPTANCE_RECORDED,
    CALENDAR_DAY_ENDED,
    CONTRACT_SIGNED,
    GOODS_RETURNED,
    PAYMENT_MADE,
    VOLUME_PERIOD_CLOSED,
)
from schemas.money import fen
from schemas.payment import Payer

OF_RECEIPTS: Final = frozenset({ACCEPTANCE_RECORDED, GOODS_RETURNED, PAYMENT_MADE})
_DATED_BY: Final = {
    ACCEPTANCE_RECORDED: "accepted_at",
    GOODS_RETURNED: "returned_on",
    PAYMENT_MADE: "paid_on",
    CONTRACT_SIGNED: "signed_on",
    VOLUME_PERIOD_CLOSED: "ended_on",
    CALENDAR_DAY_ENDED: "day",
}


def day_of(message: Message, content: State) -> str:
    """Return the business day of a message, as the calendar in China shows it."""
    return day_in_china(content[_DATED_BY[message.type]])


def facts_of(
    key: str, state: State, message: Message, content: State, rules: Rulebook
) -> list[Fact]:
    """Return what a message says of which receipts; a negative acceptance (红字) is a return."""
    day, region = day_of(message, content), content["region"]
    if message.type == PAYMENT_MADE:
        kind = PAID_BY_FUND if content.get("paid_by") == Payer.FUND else PAID
        payee = content["distributor"]
        return [
            (line["receipt_no"], "c", [message.id, day, fen(line["amount"]), kind, payee, region])
            for line in content["lines"]
        ]
    number, amount = content["receipt_no"], fen(content["amount"])
    other = content.get("distributor") or ""
    if message.type == GOODS_RETURNED or amount < 0:
        return [(number, "c", [message.id, day, abs(amount), RETURNED, other, region])]
    product = content["unified_code"]
    contract = contract_for(state["contracts"].get(product, ()), day)
    due = due_day(day, region, key.split("/", 1)[1], contract, rules)
    last = due.day if due is not None else ""
    return [(number, "a", [message.id, day, amount, last, product, region, other])]


def take(revision: Revision, facts: list[Fact]) -> None:
    """Take facts into their receipts' accounts, unless they were taken before."""
    new = [each for each in facts if not knows(revision.receipt(each[0]), each[2][0])]
    for number, part, fact in new:
        add = with_line if part == "a" else with_credit
        revision.draft(number, add(revision.receipt(number), fact))


def take_back(revision: Revision, gone: Message, facts: list[Fact]) -> None:
    """Take a message's facts out of their receipts' accounts, forgotten ones by their opposite, once."""
    for number, part, fact in facts:
        receipt = revision.receipt(number)
        if knows(receipt, gone.id):
            revision.draft(number, without(receipt, gone.id))
        elif _forgotten(revision, fact[1]) and not knows(receipt, COUNTER + gone.id):
            revision.draft(number, _countered(revision, receipt, part, fact))


def _forgotten(revision: Revision, day: str) -> bool:
    """Return whether a message of a day may be about a receipt that was settled and forgotten."""
    ended = revision.state["day"]
    return bool(ended) and day <= days_after(ended, -KEPT_DAYS)


def _countered(revision: Revision, receipt: Any, part: str, fact: list[Any]) -> dict[str, Any]:
    """Return the receipt with the opposite of a fact that it has forgotten.

    What was paid is owed again, at the latest from the day of that payment on.
    """
    identity, day, amount = f"{COUNTER}{fact[0]}", fact[1], fact[2]
    if part == "a":
        return with_credit(receipt, [identity, day, amount, RETURNED, fact[6], fact[5]])
    due = revision.due(day, fact[5], "")
    last = due.day if due is not None else ""
    return with_line(receipt, [identity, day, amount, last, "", fact[5], fact[4]])
