"""中选与非中选采购量 (R5): what an institution bought of a drug in an agreement's term, and the paper's cap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby
from typing import Any, Final, Self

from gateway.policies.claims import Claim
from gateway.policies.policy import because, shown
from gateway.policies.progress.measure import exactly
from gateway.policies.progress.measure_periods import lies_in
from gateway.policies.progress.measure_receipts import Row, ids_of
from gateway.policies.rulebook import Rulebook, Term
from gateway.policies.volumes.agreement_term_completion import ABOUT, Agreement
from gateway.policies.volumes.volume_cap_conversion import Product, Weights, weights_of
from schemas.events import VOLUME_CAP_BREACH_ENDED, VOLUME_CAP_BREACHED
from schemas.money import QUANTITY_SCALE, plain
from schemas.volume_findings import CapBreach

RULE: Final = "R5"
CAP_ENDS: Final = {VOLUME_CAP_BREACHED: VOLUME_CAP_BREACH_ENDED}


@dataclass(frozen=True, slots=True)
class Capped:
    """One agreement under its region's cap; `rows` are all of the drug in the term, in order of days."""

    agreement: Agreement
    region: str
    cap: Term
    allowed: Term | None
    conversion: Term | None
    weights: Weights
    chosen: tuple[Row, ...]
    others: tuple[Row, ...]

    @property
    def selected(self) -> int:
        """Return the weight of the selected products bought."""
        return self._weigh(self.chosen)

    @property
    def other(self) -> int:
        """Return the weight of the others."""
        return self._weigh(self.others)

    @property
    def above(self) -> bool:
        """Return whether more of the others was bought than the cap allows, exactly."""
        return bool(self.others) and self.other > self.selected * exactly(self.cap.value)

    @property
    def early(self) -> tuple[Row, ...]:
        """Return what was bought of the others on days before the task's own was done."""
        if self.allowed is None:
            return ()
        done = self.agreement.completed_on
        return tuple(row for row in self.others if row.quantity and (not done or row.day < done))

    @property
    def since(self) -> str:
        """Return the day since which, without a break, more of the others was bought than allowed; "" for never."""
        since, selected, other = "", 0, 0
        limit = exactly(self.cap.value)
        taken = set(self.chosen)
        for day, rows in groupby(sorted((*self.chosen, *self.others)), key=lambda row: row.day):
            for row in rows:
                weight = row.quantity * self.weights.of(row.product)
                if row in taken:
                    selected += weight
                else:
                    other += weight
            if other <= selected * limit:
                since = ""
            elif not since:
                since = day
        return since

    def until(self, day: str) -> Self:
        """Return what had been bought at the end of a day."""
        chosen, others = (
            tuple(row for row in rows if row.day <= day) for rows in (self.chosen, self.others)
        )
        return replace(self, chosen=chosen, others=others)

    def _weigh(self, rows: Iterable[Row]) -> int:
        return sum(row.quantity * self.weights.of(row.product) for row in rows)

    @property
    def terms(self) -> list[Term]:
        """Return the terms in force that the cap rests on."""
        found = (self.cap, self.allowed, self.conversion)
        return [term for term in found if term is not None]


def capped(
    agreement: Agreement,
    region: str,
    own: frozenset[str],
    rows: Sequence[Row],
    products: Sequence[Product],
    rules: Rulebook,
) -> Capped | None:
    """Return an agreement with what was bought in its term; None where the paper sets no cap.

    Selected are `own`, the products of the institution's tasks, and those listed as selected in its
    region on the day. The cap is the one in force on the term's first day, or the first within the term.
    """
    cap = cap_of(agreement, region, rules)
    if cap is None:
        return None
    since = max(agreement.first, cap.since.isoformat())
    allowed, conversion = (rules.term(region, f"cap.{n}", since) for n in ("allowed", "conversion"))
    inside = sorted(row for row in rows if since <= row.day <= agreement.last)
    chosen = [row for row in inside if row.product in own or _listed(row, region, products)]
    kept = set(chosen)
    others = [row for row in inside if row not in kept]
    weights = weights_of(products, converted=conversion is not None)
    return Capped(
        agreement, region, cap, allowed, conversion, weights, tuple(chosen), tuple(others)
    )


def cap_of(agreement: Agreement, region: str, rules: Rulebook) -> Term | None:
    """Return the cap in force on a term's first day, or else on its last: the paper came within the term."""
    found = rules.term(region, "cap.non_selected", agreement.first)
    return found or rules.term(region, "cap.non_selected", agreement.last)


def _listed(row: Row, region: str, products: Sequence[Product]) -> bool:
    return any(
        each.selected_on(row.day, row.product) and lies_in(region, each.region) for each in products
    )


def cap_claims(
    about: Mapping[str, Any], found: Capped, described_by: str
) -> Iterator[tuple[str, Claim]]:
    """Yield the breaches of a cap, by slot, with the figures of the day on which each began.

    So a breach stands until it is none, however far it grows, and says the same in whatever order the
    receipts came.
    """
    if found.above:
        begun = found.until(found.since)
        yield _claim(about, begun, CapBreach.ABOVE_SELECTED, begun.others, described_by)
    if found.early:
        first = found.early[0].day
        rows = [row for row in found.early if row.day == first]
        yield _claim(about, found.until(first), CapBreach.BEFORE_TASK_DONE, rows, described_by)


def _claim(
    about: Mapping[str, Any],
    found: Capped,
    breach: CapBreach,
    rows: Sequence[Row],
    described_by: str,
) -> tuple[str, Claim]:
    other = sum(row.quantity * found.weights.of(row.product) for row in rows)
    limit = exactly(found.cap.value) * found.selected if breach is CapBreach.ABOVE_SELECTED else 0
    shown_in = found.weights.divisor([row.product for row in (*found.chosen, *found.others)])
    tasks = [task.id for task in found.agreement.tasks]
    causes = (*tasks, *ids_of(found.chosen), *ids_of(rows), described_by)
    data = {
        **about,
        "batch": found.agreement.batch,
        "breach": breach.value,
        "term_from": found.agreement.first,
        "term_to": found.agreement.last,
        "selected_quantity": _quantity(found.selected, shown_in),
        "other_quantity": _quantity(other, shown_in),
        "excess_quantity": _quantity(Fraction(other) - limit, shown_in),
        "found_on": max(row.day for row in rows),
        "because": because(RULE, found.terms, _lines(found, breach, rows, shown_in), causes),
    }
    slot = f"cap|{breach.value}|{found.agreement.slot}"
    return slot, Claim(VOLUME_CAP_BREACHED, data, ABOUT, dated=True)


def _quantity(weight: Fraction | int, unit: int) -> str:
    """Return a weight in units of one product, cut off: less than a unit's 10^-4 is not shown."""
    return plain(int(Fraction(weight) / unit), QUANTITY_SCALE)


def _lines(found: Capped, breach: CapBreach, rows: Sequence[Row], shown_in: int) -> list[str]:
    lines = list(_conversions(found, (*found.chosen, *rows)))
    selected = shown(_quantity(found.selected, shown_in))
    other = shown(_quantity(sum(r.quantity * found.weights.of(r.product) for r in rows), shown_in))
    if breach is CapBreach.ABOVE_SELECTED:
        return [*lines, f"非中选 others {other} > 中选 selected {selected} × {found.cap.value}"]
    done = found.agreement.completed_on
    bought, due = (
        shown(plain(each, QUANTITY_SCALE))
        for each in (found.agreement.bought, found.agreement.volume)
    )
    reached = f"完成日 done on {done}" if done else f"{bought} < {due}"
    return [*lines, f"任务 task: {reached}", f"此前非中选 others before that: {other} > 0"]


def _conversions(found: Capped, rows: Iterable[Row]) -> Iterator[str]:
    if not found.weights.unit:
        return
    sums: dict[str, int] = {}
    for row in rows:
        sums[row.product] = sums.get(row.product, 0) + row.quantity
    for product, quantity in sorted(sums.items()):
        weight = found.weights.of(product)
        amount = shown(plain(quantity, QUANTITY_SCALE))
        if weight:
            total = shown(plain(quantity * weight, QUANTITY_SCALE))
            unit = found.weights.unit
            yield f"{product}: {amount} × 每单位含量 content {weight} ({unit}) = {total}"
        else:
            yield f"{product}: {amount} 未注明可比含量,不计入 no comparable content, not counted"
