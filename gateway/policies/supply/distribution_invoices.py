"""两票制 (R9): how many invoices lie between the maker of a batch and the institution that bought of it.

Goods are followed by product and batch number. Of all chains of invoices that can have brought a batch to
an institution the shortest counts: from the seller back, each enterprise's own purchases of the batch, down
to a maker's invoice or to an enterprise whose purchase nobody told of. That one is no maker, so that it must
have bought too: the chain is at least one invoice longer. What circles without end tells nothing.

Invoices between enterprises are the batch's record, which every institution's state of the batch shares.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from gateway.policies.claims import Claim, Difference
from gateway.policies.policy import Judgement, Scope, State, because, correction_cause, in_key
from gateway.policies.quarters import day_in_china
from gateway.policies.regions import province_of
from gateway.policies.rulebook import Rulebook
from gateway.policies.supply.distribution import RULE
from gateway.policies.supply.supply_facts import taken_over
from schemas.envelope import Message
from schemas.events import (
    DISTRIBUTION_FINDING_ENDED,
    DISTRIBUTION_INVOICES_EXCEEDED,
    INVOICE_ISSUED,
)

MOST: Final = "distribution.invoices_most"
MOST_SHOWN: Final = 100
_BOUGHT, _BETWEEN = "bought", "between"
_ENDS: Final = {DISTRIBUTION_INVOICES_EXCEEDED: DISTRIBUTION_FINDING_ENDED}
Invoice = Mapping[str, Any]
Invoices = Mapping[str, Invoice]
Bought = Mapping[str, Sequence[tuple[str, Invoice]]]
"""Invoices, each with its message id, by buyer."""


class InvoiceChains:
    """票链: invoices in; chains that are too long out. One state per product, batch and institution."""

    name: Final = "distribution_invoices"
    consumes: Final = frozenset({INVOICE_ISSUED})

    def keys(self, message: Message, content: State) -> Scope:  # noqa: ARG002 - the port's form
        """Return the buying institution's state, or all of the batch for an invoice between enterprises."""
        batch = "/".join(
            (
                province_of(content["region"]),
                content["unified_code"],
                in_key(content["batch_no"]),
            )
        )
        if content.get("institution"):
            return Scope(f"{batch}/{content['institution']}", region=batch)
        return Scope(prefix=f"{batch}/", region=batch)

    def begin(self, record: State | None) -> State:
        """Return a state that knows the batch's invoices between enterprises."""
        return {"between": record or {}, "bought": {}, "open": {}}

    def remember(self, record: State | None, message: Message, content: State) -> State:
        """Return the batch's record with one more invoice between enterprises."""
        return {**(record or {}), message.id: _invoice(content)}

    def forget(self, record: State | None, gone: Message, content: State) -> State:  # noqa: ARG002
        """Return the batch's record without an invoice."""
        return {identity: each for identity, each in (record or {}).items() if identity != gone.id}

    def judge(
        self, key: str, state: State, message: Message, content: State, rules: Rulebook
    ) -> Judgement:
        """Take one invoice."""
        part = _part(content)
        if not rules.spoken_of(key, MOST) or message.id in state[part]:
            return Judgement()
        after = _with(state, message, content)
        touched = (message.id,) if part == _BOUGHT else None
        return _settled(key, after, message, message.id, rules, touched, {})

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
        """Take back an invoice, and take another in in its place: the institution's own, or one between."""
        part = _part(content)
        if gone.id not in state[part]:
            return None
        kept = {identity: each for identity, each in state[part].items() if identity != gone.id}
        after, touched, slots = {**state, part: kept}, [gone.id], {}
        if instead is not None and by.id not in kept:
            after = _with(after, by, instead)
            touched.append(by.id)
            slots[gone.id] = by.id
        cause = correction_cause(by.id, instead)
        own = touched if part == _BOUGHT else None
        return _settled(key, after, by, cause, rules, own, slots)


def _part(content: State) -> str:
    return _BOUGHT if content.get("institution") else _BETWEEN


def _with(state: State, message: Message, content: State) -> State:
    part = _part(content)
    return {**state, part: {**state[part], message.id: _invoice(content)}}


class Chain(NamedTuple):
    """票链: the invoices in the order in which they were issued, and whether the first is the maker's."""

    invoices: tuple[tuple[str, Invoice], ...]
    complete: bool

    @property
    def length(self) -> int:
        """Return how many invoices there are; at least, where the first seller must have bought too."""
        return len(self.invoices) + (not self.complete)


def bought_by(between: Invoices) -> Bought:
    """Return the invoices between enterprises by who bought, in order of the message ids."""
    found: dict[str, list[tuple[str, Invoice]]] = {}
    for each in sorted(between.items()):
        found.setdefault(each[1]["buyer"], []).append(each)
    return found


def shortest_chain(last: tuple[str, Invoice], between: Bought) -> Chain | None:
    """Return the shortest chain that ends with an institution's invoice; None: it circles without end.

    Of chains of one length a complete one counts, then the one with the lowest message ids.
    """
    if last[1]["maker"]:
        return Chain((last,), complete=True)
    reached: list[tuple[tuple[str, Invoice], ...]] = [(last,)]
    seen = {last[1]["seller"]}
    while reached:
        longer = [(one, *chain) for chain in reached for one in _into(chain, between)]
        for chain in longer:
            if chain[0][1]["maker"]:
                return Chain(chain, complete=True)
        for chain in reached:
            if not _into(chain, between):
                return Chain(chain, complete=False)
        reached = []
        for chain in longer:
            if chain[0][1]["seller"] not in seen:
                seen.add(chain[0][1]["seller"])
                reached.append(chain)
    return None


def _into(chain: tuple[tuple[str, Invoice], ...], between: Bought) -> Sequence[tuple[str, Invoice]]:
    """Return the invoices to the enterprise that the chain begins with."""
    return between.get(chain[0][1]["seller"], ())


def _invoice(content: State) -> dict[str, Any]:
    return {
        "no": content["invoice_no"],
        "seller": content.get("maker") or content["distributor"],
        "buyer": content.get("institution") or content["buyer"],
        "on": content["issued_on"],
        "maker": bool(content.get("maker")),
        "drug": content["drug"],
        "batch": content["batch_no"],
        "region": content["region"],
    }


def _settled(
    key: str,
    state: State,
    message: Message,
    cause: str,
    rules: Rulebook,
    touched: Collection[str] | None,
    slots: Mapping[str, str],
) -> Judgement:
    """Conclude the difference for an institution's own invoices that came or went; None: for all."""
    on = day_in_china(message.time)
    wanted = dict(_claims(key, state, on, rules, touched))
    still = taken_over(state["open"], wanted, slots)
    difference = Difference(InvoiceChains.name, key, cause, message.id, on, still, _ENDS)
    return difference.judgement(state, wanted.items(), touched)


def _claims(
    key: str, state: State, on: str, rules: Rulebook, touched: Collection[str] | None
) -> Iterator[tuple[str, Claim]]:
    _, product, _, institution = key.split("/")
    between = bought_by(state["between"])
    for identity, bought in sorted(state["bought"].items()):
        if touched is not None and identity not in touched:
            continue
        term = rules.term(bought["region"], MOST, bought["on"])
        if term is None:
            continue
        chain = shortest_chain((identity, bought), between)
        if chain is None or chain.length <= int(term.value):
            continue
        shown = [
            {
                "invoice_no": each["no"],
                "seller": each["seller"],
                "buyer": each["buyer"],
                "issued_on": each["on"],
            }
            for _, each in chain.invoices
        ]
        written = " → ".join((shown[0]["seller"], *(each["buyer"] for each in shown)))
        at_least = "" if chain.complete else "至少 at least "
        data = {
            "party": institution,
            "region": bought["region"],
            "institution": institution,
            "unified_code": product,
            "drug": bought["drug"],
            "batch_no": bought["batch"],
            "invoices": shown[-MOST_SHOWN:],
            "invoice_count": chain.length,
            "allowed": int(term.value),
            "complete": chain.complete,
            "found_on": max(on, bought["on"]),
            "because": because(
                RULE,
                (term,),
                (written, f"{at_least}{chain.length} 票 invoices > {term.value} 票"),
                tuple(each for each, _ in chain.invoices),
            ),
        }
        yield identity, Claim(DISTRIBUTION_INVOICES_EXCEEDED, data, ("party", "region"))
