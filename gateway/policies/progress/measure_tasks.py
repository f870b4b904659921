"""任务与监测期: an institution's tasks by batch and product, and which periods have closed for a region."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from gateway.policies.policy import State
from schemas.envelope import Message
from schemas.money import PRICE_SCALE, QUANTITY_SCALE, divide_half_up, scaled

Task = Mapping[str, Any]
Tasks = Mapping[str, Task]
"""A batch's tasks by message id: all that were assigned; `counted` says which of them count."""
_FEN: Final = 10 ** (PRICE_SCALE + QUANTITY_SCALE - 2)


def with_task(state: State, message: Message, content: State) -> State:
    """Return the state with one more task."""
    price = content.get("selected_price")
    task = {
        "id": message.id,
        "product": content["unified_code"],
        "assigned_on": content["assigned_on"],
        "from": content["term_from"],
        "to": content["term_to"],
        "quarters": [scaled(each, QUANTITY_SCALE) for each in content["quarters"]],
        "volume": scaled(content["task_volume"], QUANTITY_SCALE),
        "price": scaled(price, PRICE_SCALE) if price else None,
        "name": content["drug_name"],
        "region": content["region"],
    }
    of_batch = {**state["tasks"].get(content["batch"], {}), message.id: task}
    return {**state, "tasks": {**state["tasks"], content["batch"]: of_batch}}


def without_task(state: State, gone: str) -> State:
    """Return the state without a task; the batch goes with its last one."""
    kept = {
        batch: {identity: task for identity, task in tasks.items() if identity != gone}
        for batch, tasks in state["tasks"].items()
    }
    return {**state, "tasks": {batch: tasks for batch, tasks in kept.items() if tasks}}


def counted(tasks: Tasks) -> list[Task]:
    """Return the tasks of a batch that count, in the order of their terms.

    Agreements are yearly: tasks of one product with terms apart from each other all count. Of two whose
    terms overlap the one that was assigned later counts.
    """
    if len(tasks) == 1:
        return list(tasks.values())
    found: list[Task] = []
    for task in sorted(tasks.values(), key=_assigned, reverse=True):
        if not any(_overlap(task, later) for later in found):
            found.append(task)
    return sorted(found, key=lambda task: (task["from"], task["product"]))


def _assigned(task: Task) -> tuple[str, str]:
    return (task["assigned_on"], task["id"])


def _overlap(one: Task, other: Task) -> bool:
    same = one["product"] == other["product"]
    return bool(same and one["from"] <= other["to"] and other["from"] <= one["to"])


def latest_of(tasks: Tasks) -> Task:
    """Return the task that was assigned last: it names the drug and the region."""
    return max(tasks.values(), key=_assigned)


def agreed_amount(tasks: Iterable[Task]) -> int | None:
    """Return agreed quantity × selected price in fen, product by product rounded half up; None: unknown."""
    priced = list(tasks)
    if any(task["price"] is None for task in priced):
        return None
    return sum(divide_half_up(task["volume"] * task["price"], _FEN) for task in priced)


def with_closed(
    known: Mapping[str, list[str]], message: Message, content: State
) -> dict[str, list[str]]:
    """Return the closed periods with one more, by `<region>|<period>`; a later last day wins."""
    place = f"{content['region']}|{content['period']}"
    entry = [content["ended_on"], message.id]
    return {**known, place: max(entry, known.get(place, entry))}


def not_closed(known: Mapping[str, list[str]], gone: Message) -> dict[str, list[str]]:
    """Return the closed periods without the one that a message closed."""
    return {place: entry for place, entry in known.items() if entry[1] != gone.id}


def closed_for(known: Mapping[str, list[str]], region: str) -> list[tuple[str, str, str]]:
    """Return (period, last day, message id) of the periods that closed for a region, in order."""
    nearest: dict[str, tuple[str, str, str]] = {}
    for place, (ended_on, closed_by) in sorted(known.items()):
        where, period = place.split("|")
        if lies_in(region, where):  # sorted: a city's own word comes after its province's
            nearest[period] = (period, ended_on, closed_by)
    return sorted(nearest.values(), key=lambda each: (each[1], each[0]))


def lies_in(region: str, wider: str) -> bool:
    """Return whether a region is another one or lies inside it (GB/T 2260)."""
    return region.startswith(level_of(wider))


def level_of(region: str) -> str:
    """Return the prefix of all regions inside one: 53 for a province, 5303 for a city."""
    if region.endswith("0000"):
        return region[:2]
    return region[:4] if region.endswith("00") else region
