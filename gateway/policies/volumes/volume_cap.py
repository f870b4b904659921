"""采购监管 (R5, R8): what an institution buys of a drug, against its agreements and the cap on other products.

One state per drug and institution of a province takes tasks, acceptances and the drug's products, and says:
when a task is completed (and is so no more), what was bought beyond it above the selected price, and when
more of the other products was bought than the paper allows. Where the paper sets no figure (`保证中选药品用量的
前提下`) there is no cap and nothing is said of one; without a task there is no term to count in.

An acceptance that changes none of this is only written down: sums of each agreement are kept beside the
ledger, so that the ledger is read when something is about to begin or end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from gateway.policies.claims import Claim, Difference
from gateway.policies.policy import Judgement, Scope, State, correction_cause, in_key
from gateway.policies.progress.measure_receipts import (
    EMPTY,
    Row,
    receipt,
    rows_of,
    with_receipt,
)
from gateway.policies.progress.measure_tasks import (
    Task,
    counted,
    latest_of,
    tasks_of,
    with_task,
    without_fact,
)
from gateway.policies.quarters import day_in_china
from gateway.policies.regions import province_of
from gateway.policies.rulebook import Rulebook
from gateway.policies.volumes.agreement_term_completion import (
    COMPLETION_ENDS,
    Agreement,
    agreements_of,
    completed,
    overpriced,
)
from gateway.policies.volumes.volume_cap_conversion import Product
from gateway.policies.volumes.volume_cap_sums import CAP_ENDS, cap_claims, cap_of, capped
from schemas.envelope import Message
from schemas.events import ACCEPTANCE_RECORDED, VOLUME_DRUG_DESCRIBED, VOLUME_TASK_ASSIGNED

NOTHING: Final[State] = {
    "tasks": {},
    **EMPTY,
    "products": {"revision": 0, "id": "", "list": []},
    "quiet": [],
    "open": {},
}
_ENDS: Final = {**COMPLETION_ENDS, **CAP_ENDS}


class Purchases:
    """采购监管: tasks, acceptances and products in; completion, prices beyond the task and caps out."""

    name: Final = "purchases"
    consumes: Final = frozenset({VOLUME_TASK_ASSIGNED, ACCEPTANCE_RECORDED, VOLUME_DRUG_DESCRIBED})

    def keys(self, message: Message, content: State) -> Scope:
        """Return the institution's state for the drug, or all of a drug's in the province."""
        place = f"{province_of(content['region'])}/{in_key(content['drug'])}"
        if message.type == VOLUME_DRUG_DESCRIBED:
            return Scope(prefix=f"{place}/", region=place)
        return Scope(f"{place}/{content['institution']}", region=place)

    def begin(self, record: State | None) -> State:
        """Return a state that knows the drug's products."""
        return {**NOTHING, "products": record} if record else NOTHING

    def remember(self, record: State | None, message: Message, content: State) -> State:
        """Return the drug's record: the description with the highest revision."""
        return _newer(record or NOTHING["products"], message, content)

    def forget(self, record: State | None, gone: Message, content: State) -> State:  # noqa: ARG002
        """Return the record as it is: a description is replaced by a later one, not withdrawn."""
        return record or NOTHING["products"]

    def judge(
        self, key: str, state: State, message: Message, content: State, rules: Rulebook
    ) -> Judgement:
        """Take one task, acceptance or description."""
        if message.type == ACCEPTANCE_RECORDED:
            row = receipt(message, content)
            taken = with_receipt(state, row)
            if taken is None:
                return Judgement()
            if not taken["tasks"]:
                return Judgement(taken)
            calm = _still_quiet(taken["quiet"], row)
            if calm is not None:
                taken["quiet"] = calm
                return Judgement(taken)
            after = taken
        elif message.type == VOLUME_DRUG_DESCRIBED:
            products = _newer(state["products"], message, content)
            if products is state["products"]:
                return Judgement()
            after = {**state, "products": products}
        else:
            after = _with_fact(state, message, content)
        return _settled(key, after, message, message.id, rules, content["drug"])

    def correct(
        self,
        key: str,
        state: State,
        gone: Message,
        content: State,
        by: Message,
        instead: State | None,
        rules: Rulebook,
    ) -> Judgement | None:
        """Take back a task or an acceptance, or put another in its place."""
        described = gone.type == VOLUME_DRUG_DESCRIBED  # replaced by a later one, not withdrawn
        after = state if described else without_fact(state, gone, content)
        if after == state:
            return None
        if instead is not None:
            after = _with_fact(after, by, instead)
        return _settled(key, after, by, correction_cause(by.id, instead), rules, content["drug"])


def _with_fact(state: State, message: Message, content: State) -> State:
    """Return the state with one more task or acceptance, unless it knows it already."""
    if message.type == ACCEPTANCE_RECORDED:
        return with_receipt(state, receipt(message, content)) or state
    return with_task(state, message, content, by_quarters=False)


def _newer(known: State, message: Message, content: State) -> State:
    if content["revision"] <= known["revision"]:
        return known
    products = [list(Product.of(each)) for each in content["products"]]
    return {"revision": content["revision"], "id": message.id, "list": products}


@dataclass(frozen=True, slots=True)
class _Known:
    """What a state knows: the ledger's rows, the drug's products and who described them, the tasks' own."""

    rows: Sequence[Row]
    products: Sequence[Product]
    described_by: str
    own: frozenset[str]

    @classmethod
    def of(cls, state: State, tasks: Mapping[str, Sequence[Task]]) -> Self:
        """Read it out of a state."""
        said = state["products"]
        products = [Product(*each) for each in said["list"]]
        own = frozenset(task.product for of_batch in tasks.values() for task in of_batch)
        return cls(rows_of(state), products, said["id"], own)


def _settled(
    key: str, state: State, message: Message, cause: str, rules: Rulebook, drug: str
) -> Judgement:
    """Compute everything that holds now and conclude the difference."""
    wanted: dict[str, Claim] = {}
    quiet: list[list[Any]] = []
    tasks = {batch: tasks_of(entries) for batch, entries in sorted(state["tasks"].items())}
    known = _Known.of(state, tasks)
    for batch, of_batch in tasks.items():
        task = latest_of(of_batch)
        about = {
            "institution": key.rsplit("/", 1)[1],
            "drug": drug,
            "drug_name": task.name,
            "region": task.region,
        }
        for agreement in agreements_of(batch, counted(of_batch), known.rows):
            wanted |= _claims(about, agreement, known, rules, quiet)
    after = {**state, "quiet": quiet}
    if not wanted and not state["open"]:
        return Judgement(after)
    day = day_in_china(message.time)
    difference = Difference(Purchases.name, key, cause, message.id, day, state["open"], _ENDS)
    return difference.judgement(after, wanted.items())


def _claims(
    about: Mapping[str, Any],
    agreement: Agreement,
    known: _Known,
    rules: Rulebook,
    quiet: list[list[Any]],
) -> Iterator[tuple[str, Claim]]:
    products, described_by = known.products, known.described_by
    if not known.rows:  # nothing was bought: nothing can follow
        watch = 1 if cap_of(agreement, about["region"], rules) is not None else 0
        quiet.append(_quiet(agreement, products, watch))
        return
    yield from completed(about, agreement, rules)
    yield from overpriced(about, agreement, products, described_by, rules)
    found = capped(agreement, about["region"], known.own, known.rows, products, rules)
    if found is not None:
        yield from cap_claims(about, found, described_by)
    watch = 0 if found is None else 2 if found.above or found.early else 1
    quiet.append(_quiet(agreement, products, watch))


# ------------------------------------------------------------- what changes nothing is only written down
#
# Per agreement: first and last day, its products, how much is missing until it is completed, whether a cap
# watches it (0: there is none, 1: it is kept, 2: it is breached), the day of completion and the lowest selected
# price known (-1: none). A receipt of an own product matters when it completes the task, changes when it was
# completed, is dearer than that price, or may end a breach; one of another product wherever there is a cap.


def _quiet(agreement: Agreement, products: Sequence[Product], watch: int) -> list[Any]:
    own = sorted({task.product for task in agreement.tasks})
    missing = max(agreement.volume - agreement.bought, 0)
    stated = [task.price for task in agreement.tasks]
    stated += [each.price for each in products if each.selected and each.code in own]
    prices = [price for price in stated if price is not None]
    lowest = min(prices, default=-1)
    return [
        agreement.first,
        agreement.last,
        own,
        missing,
        watch,
        agreement.completed_on,
        lowest,
    ]


def _still_quiet(quiet: Sequence[Sequence[Any]], row: Row) -> list[Sequence[Any]] | None:
    """Return what is quiet after one more receipt; None: the ledger must be read."""
    found: list[Sequence[Any]] = []
    for entry in quiet:
        first, last, products, missing, watch, done, lowest = entry
        left = missing
        if first <= row.day <= last:
            own = row.product in products
            if watch > 1 or (watch and not own):
                return None
            if own and not _harmless(row, missing, done, lowest):
                return None
            if own and missing:
                left = max(missing - row.quantity, 0)
        same = left == missing
        found.append(entry if same else [first, last, products, left, watch, done, lowest])
    return found


def _harmless(row: Row, missing: int, done: str, lowest: int) -> bool:
    if done:
        return row.day > done and (lowest < 0 or row.price <= lowest)
    return row.quantity < missing
