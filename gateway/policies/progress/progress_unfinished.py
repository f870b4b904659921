"""期满未完成: an agreed quantity that the term's end found unfinished, and what the paper says follows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from gateway.policies.claims import Claim
from gateway.policies.policy import because, shown
from gateway.policies.progress.measure_receipts import Row, ids_of
from gateway.policies.progress.measure_tasks import Task, agreed_amount
from gateway.policies.progress.progress_figures import RULE, completion
from gateway.policies.progress.progress_reasons import measures_of
from gateway.policies.rulebook import Term, Terms
from schemas.events import PROGRESS_UNFINISHED, PROGRESS_UNFINISHED_ENDED
from schemas.money import QUANTITY_SCALE, divide_half_up, plain, yuan

UNFINISHED_ENDS: Final = {PROGRESS_UNFINISHED: PROGRESS_UNFINISHED_ENDED}
_ABOUT: Final = ("institution", "drug", "drug_name", "region", "batch")


def unfinished(
    about: Mapping[str, Any],
    tasks: Sequence[Task],
    closed: Sequence[tuple[str, str, str]],
    rows: Callable[[], Sequence[Row]],
    terms: Terms | None,
) -> Iterator[tuple[str, Claim]]:
    """Yield a claim per agreement term of a batch that has ended unfinished, by its slot.

    Tasks of several products with the same term are one agreement. A term has ended when a period has
    closed on or after its last day.
    """
    agreements: dict[tuple[str, str], list[Task]] = {}
    for task in tasks:
        agreements.setdefault((task["from"], task["to"]), []).append(task)
    for (first, last), together in sorted(agreements.items()):
        closing = next((each for each in closed if each[1] >= last), None)
        follows = _term(terms, "progress.unfinished_at_term_end", last)
        if closing is None or follows is None:
            continue
        products = {task["product"] for task in together}
        bought = [r for r in rows() if first <= r.day <= last and r.product in products]
        short = sum(task["volume"] for task in together) - sum(row.quantity for row in bought)
        if short > 0:
            ladder = _term(terms, "progress.unfinished_measures", last)
            data = {**about, "term_from": first, "term_to": last, "found_on": closing[1]}
            data |= _figures(together, short) | {
                "consequence": follows.value,
                "measures": measures_of(ladder),
                "because": _why(together, bought, short, [follows, ladder], closing[2]),
            }
            yield f"{about['batch']}|{first}|{last}", Claim(PROGRESS_UNFINISHED, data, _ABOUT)


def _term(terms: Terms | None, name: str, day: str) -> Term | None:
    return terms.value(name, date.fromisoformat(day)) if terms is not None else None


def _figures(tasks: Sequence[Task], short: int) -> dict[str, Any]:
    task = sum(each["volume"] for each in tasks)
    found: dict[str, Any] = {
        "task_volume": plain(task, QUANTITY_SCALE),
        "accepted_volume": plain(task - short, QUANTITY_SCALE),
        "shortfall_volume": plain(short, QUANTITY_SCALE),
        "completion": completion(task - short, task),
    }
    amount = agreed_amount(tasks)
    if amount is not None:
        found |= {
            "agreed_amount": yuan(amount),
            "shortfall_amount": yuan(_missing(tasks, amount, short)),
        }
    return found


def _missing(tasks: Sequence[Task], amount: int, short: int) -> int:
    """Return the shortfall in fen: of one price exactly; of several the same share of the agreed amount.

    Which of several products fell short the paper does not ask: the task is the generic's.
    """
    return divide_half_up(amount * short, sum(each["volume"] for each in tasks))


def _why(
    tasks: Sequence[Task],
    bought: Sequence[Row],
    short: int,
    terms: Sequence[Term | None],
    closed_by: str,
) -> dict[str, Any]:
    task = sum(each["volume"] for each in tasks)
    total, due, missing = (
        shown(plain(each, QUANTITY_SCALE)) for each in (task - short, task, short)
    )
    lines = [
        f"{total} / {due} = {completion(task - short, task)} < 1",
        f"{due} − {total} = {missing}",
    ]
    amount = agreed_amount(tasks)
    if amount is not None:
        lines.append(f"{yuan(amount)} × {missing} / {due} = {yuan(_missing(tasks, amount, short))}")
    causes = (*(each["id"] for each in tasks), *ids_of(bought), closed_by)
    return because(RULE, [each for each in terms if each is not None], lines, causes)
