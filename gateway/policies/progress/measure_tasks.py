"""任务: an institution's tasks for a drug, by batch and product, and which of them count.

A state keeps a task as a list in the order of `Task`, under its message id: `{batch: {id: […]}}`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from gateway.policies.policy import State
from gateway.policies.progress.measure_receipts import receipt, without_receipt
from schemas.envelope import Message
from schemas.events import ACCEPTANCE_RECORDED
from schemas.money import PRICE_SCALE, QUANTITY_SCALE, divide_half_up, scaled

_FEN: Final = 10 ** (PRICE_SCALE + QUANTITY_SCALE - 2)


class Task(NamedTuple):
    """One task. Quantities are 10^-4 units, the price 10^-6 yuan (None: not stated), days ISO, inclusive."""

    id: str
    product: str
    assigned_on: str
    first: str
    last: str
    region: str
    name: str
    volume: int
    price: int | None
    quarters: Sequence[int]
    """What is due in each quarter of the term; kept where quarters are measured."""


Entries = Mapping[str, Sequence[Any]]
"""A batch's tasks as a state keeps them: all that were assigned; `counted` says which of them count."""


def with_task(state: State, message: Message, content: State, *, by_quarters: bool) -> State:
    """Return the state with one more task: with its quarters, or else with its volume and price."""
    price = content.get("selected_price")
    entry = [
        content["unified_code"],
        content["assigned_on"],
        content["term_from"],
        content["term_to"],
        content["region"],
        content["drug_name"],
        0 if by_quarters else scaled(content["task_volume"], QUANTITY_SCALE),
        scaled(price, PRICE_SCALE) if price and not by_quarters else None,
        [scaled(each, QUANTITY_SCALE) for each in content["quarters"]] if by_quarters else [],
    ]
    of_batch = {**state["tasks"].get(content["batch"], {}), message.id: entry}
    return {**state, "tasks": {**state["tasks"], content["batch"]: of_batch}}


def _without_task(state: State, gone: str) -> State:
    """Return the state without a task; the batch goes with its last one."""
    kept = {
        batch: {identity: entry for identity, entry in entries.items() if identity != gone}
        for batch, entries in state["tasks"].items()
    }
    return {**state, "tasks": {batch: entries for batch, entries in kept.items() if entries}}


def without_fact(state: State, gone: Message, content: State, *, amounts: bool = False) -> State:
    """Return the state without a task or an acceptance; one that it does not know changes nothing.

    `amounts`: whether its ledger keeps the amounts of receipts.
    """
    if gone.type == ACCEPTANCE_RECORDED:
        return without_receipt(state, receipt(gone, content, amount=amounts)) or state
    return _without_task(state, gone.id)


def tasks_of(entries: Entries) -> list[Task]:
    """Return a batch's tasks as they are kept."""
    return [Task(identity, *entry) for identity, entry in entries.items()]


def counted(tasks: Sequence[Task]) -> Sequence[Task]:
    """Return the tasks of a batch that count, in the order of their terms.

    Agreements are yearly: tasks of one product with terms apart from each other all count. Of two whose
    terms overlap the one that was assigned later counts.
    """
    if len(tasks) == 1:
        return tasks
    found: list[Task] = []
    for task in sorted(tasks, key=_assigned, reverse=True):
        if not any(_overlap(task, later) for later in found):
            found.append(task)
    return sorted(found, key=lambda task: (task.first, task.product))


def _assigned(task: Task) -> tuple[str, str]:
    return (task.assigned_on, task.id)


def _overlap(one: Task, other: Task) -> bool:
    return one.product == other.product and one.first <= other.last and other.first <= one.last


def latest_of(tasks: Sequence[Task]) -> Task:
    """Return the task that was assigned last: it names the drug and the region."""
    return tasks[0] if len(tasks) == 1 else max(tasks, key=_assigned)


def agreed_amount(tasks: Iterable[Task]) -> int | None:
    """Return agreed quantity × selected price in fen, product by product rounded half up; None: unknown."""
    total = 0
    for task in tasks:
        if task.price is None:
            return None
        total += divide_half_up(task.volume * task.price, _FEN)
    return total
