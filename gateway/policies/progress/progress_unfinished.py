"""期满未完成: an agreed quantity that the term's end found unfinished, and what the paper says follows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from gateway.policies.claims import Claim
from gateway.policies.policy import State, because, shown
from gateway.policies.progress.measure_periods import Closed
from gateway.policies.progress.measure_receipts import Row, ids_of, rows_of
from gateway.policies.progress.measure_tasks import Task, agreed_amount
from gateway.policies.progress.progress_figures import RULE, completion
from gateway.policies.progress.progress_reasons import measures_of
from gateway.policies.rulebook import Rulebook, Term
from schemas.events import PROGRESS_UNFINISHED, PROGRESS_UNFINISHED_ENDED
from schemas.money import QUANTITY_SCALE, divide_half_up, plain, yuan

UNFINISHED_ENDS: Final = {PROGRESS_UNFINISHED: PROGRESS_UNFINISHED_ENDED}
_ABOUT: Final = ("institution", "drug", "drug_name", "region", "batch")


def unfinished(
    about: Mapping[str, Any],
    tasks: Sequence[Task],
    closed: Sequence[Closed],
    state: State,
    rules: Rulebook,
) -> Iterator[tuple[str, Claim]]:
    """Yield a claim per agreement term of a batch that has ended unfinished, by its slot.

    Tasks of several products with the same term are one agreement. A term has ended when a period has
    closed on or after its last day; `closed` are in the order of their last days.
    """
    latest = closed[-1].ended_on if closed else ""
    agreements: dict[tuple[str, str], list[Task]] = {}
    for task in tasks:
        if task.last <= latest:
            agreements.setdefault((task.first, task.last), []).append(task)
    for (first, last), together in sorted(agreements.items()):
        follows = rules.term(about["region"], "progress.unfinished_at_term_end", last)
        if follows is None:
            continue
        products = {task.product for task in together}
        bought = [row for row in rows_of(state, first, last) if row.product in products]
        short = sum(task.volume for task in together) - sum(row.quantity for row in bought)
        if short > 0:
            closing = next(each for each in closed if each.ended_on >= last)
            ladder = rules.term(about["region"], "progress.unfinished_measures", last)
            data = {**about, "term_from": first, "term_to": last, "found_on": closing.ended_on}
            data |= _figures(together, short) | {
                "consequence": follows.value,
                "measures": measures_of(ladder),
                "because": _why(together, bought, short, [follows, ladder], closing.closed_by),
            }
            yield f"{about['batch']}|{first}|{last}", Claim(PROGRESS_UNFINISHED, data, _ABOUT)


def _figures(tasks: Sequence[Task], short: int) -> dict[str, Any]:
    task = sum(each.volume for each in tasks)
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
    return divide_half_up(amount * short, sum(each.volume for each in tasks))


def _why(
    tasks: Sequence[Task],
    bought: Sequence[Row],
    short: int,
    terms: Sequence[Term | None],
    closed_by: str,
) -> dict[str, Any]:
    task = sum(each.volume for each in tasks)
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
    causes = (*(each.id for each in tasks), *ids_of(bought), closed_by)
    return because(RULE, [each for each in terms if each is not None], lines, causes)
