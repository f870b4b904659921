"""医保支付标准 (R6): the selected price is the standard, for the selected product and what equals it.

The papers say: the price of the centralised procurement is the payment standard of what is in the
insurance's catalogue; originator, reference and generics that passed of the same generic name are settled
by the same standard; what a patient's drug costs more the patient bears, what it costs less is paid as it
is; where prices differ much the standard comes down step by step within some years. Hence:

* a standard follows only for products that the listing says are insured, and for non-selected ones only
  where it says that they are originals, or a message that they passed; and only in the same strength and
  pack, because no paper converts standards. Where several selected prices differ, the paper must say which;
* how large a difference is large and how large the steps are no paper says: they come as a decision
  (`payment_standard.scheduled`), which is applied where it keeps to the years of the paper, else refused;
* a standard is per region: a city with its own paper has its own from that paper's day on.

Standards are a function of prices, passes, schedules and terms; concluded is the difference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from gateway.policies.policy import Judgement, Regionless, Scope, State
from gateway.policies.prices.eligibility_passes import with_pass, without_pass
from gateway.policies.prices.listings import (
    LISTED,
    NO_LISTINGS,
    REGION_END,
    SELECTED,
    Market,
    Place,
    about_of,
    full_about,
)
from gateway.policies.prices.payment_standard_pieces import Piece, regions_concerned, speaker
from gateway.policies.prices.payment_standard_rules import BASIS, Schedule, Standards
from gateway.policies.prices.payment_standard_telling import Product, Telling
from gateway.policies.prices.price_book import ABOUT, entry_of
from gateway.policies.regions import regions_above
from gateway.policies.rulebook import Rulebook
from schemas.envelope import Message
from schemas.events import CONSISTENCY_PASSED, PAYMENT_STANDARD_SCHEDULED, PRICE_LISTED
from schemas.money import PRICE_SCALE, scaled

_PRODUCT, _REGION = 0, 1


class PaymentStandard(Regionless):
    """医保支付标准: listings, passes and schedules in, standards out. One state per drug."""

    name: Final = "payment_standard"
    consumes: Final = frozenset({PRICE_LISTED, CONSISTENCY_PASSED, PAYMENT_STANDARD_SCHEDULED})
    nothing: ClassVar[State] = {
        **NO_LISTINGS,
        "passes": {},
        "schedules": {},
        "open": {},
        "refused": {},
    }

    def keys(self, message: Message, content: State) -> Scope:  # noqa: ARG002 - the port's form
        """Return the drug's state."""
        return Scope(content["drug"])

    def judge(
        self, key: str, state: State, message: Message, content: State, rules: Rulebook
    ) -> Judgement:
        """Take a listing, a passed evaluation or a schedule."""
        after = _with(state, message, content, rules)
        if after is None:
            return Judgement()
        telling = Telling(key, message.id, (message.id,), rules)
        return _difference(after, [(message, content)], telling, rules)

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
        """Take back a listing, a pass or a schedule, and take another in in its place."""
        left = _without(state, gone, content)
        if left is None:
            return None
        telling = Telling.correcting(key, gone, by, instead, rules)
        telling.names[content["unified_code"]] = content["drug_name"]
        taken = _with(left, by, instead, rules) if instead is not None else None
        if taken is None or instead is None:
            return _difference(left, [(gone, content)], telling, rules)
        if gone.type == PRICE_LISTED:
            telling.note_names(Market(state), Market(taken), content, instead)
        elif gone.type == PAYMENT_STANDARD_SCHEDULED:
            taken = {**taken, "open": _renamed(taken["open"], gone.id, by.id)}
        return _difference(taken, [(gone, content), (by, instead)], telling, rules)


def _with(state: State, message: Message, content: State, rules: Rulebook) -> State | None:
    """Return the state with one more fact; None where no paper speaks of it."""
    if message.type == PRICE_LISTED:
        if not rules.spoken_of(content["region"], BASIS):
            return None
        if not regions_concerned(rules, content["region"], BASIS, ()):
            return None
        entry, about = entry_of(message, content), full_about(content)
        return Market(state).with_entry(_place(content), entry, about).state
    if message.type == CONSISTENCY_PASSED:
        return {**state, "passes": with_pass(state["passes"], message, content)}
    return {**state, "schedules": {**state["schedules"], message.id: _schedule(message, content)}}


def _without(state: State, gone: Message, content: State) -> State | None:
    """Return the state without a fact; None where it does not know it."""
    if gone.type == PRICE_LISTED:
        left = Market(state).without_entry(_place(content), gone.id).state
        return left if left is not state else None
    if gone.type == CONSISTENCY_PASSED:
        passes = without_pass(state["passes"], gone.id)
        return {**state, "passes": passes} if passes is not state["passes"] else None
    if gone.id not in state["schedules"]:
        return None
    kept = {name: each for name, each in state["schedules"].items() if name != gone.id}
    return {**state, "schedules": kept}


def _place(content: State) -> Place:
    return Place(content["unified_code"], content["region"], content["kind"])


def _renamed(open_: State, gone: str, by: str) -> State:
    """Return what is open, where a schedule goes by another message now."""
    return {
        place: {
            since: [identity, [by if each == gone else each for each in content]]
            for since, (identity, content) in known.items()
        }
        for place, known in open_.items()
    }


def _schedule(message: Message, content: State) -> Schedule:
    steps = [
        [each["effective_from"], scaled(each["unit_price"], PRICE_SCALE)]
        for each in content["steps"]
    ]
    about = [content["unified_code"], content["region"], content["decided_on"]]
    return [*about, message.sequence, steps, content["drug_name"]]


def _regions(market: Market, message: Message, content: State, rules: Rulebook) -> list[str]:
    """Return the regions whose standards a message may concern; a pass counts wherever it is listed."""
    if message.type != CONSISTENCY_PASSED:
        below = {
            key[: REGION_END - 1] for code in market.products() for key in market.of_product(code)
        }
        return regions_concerned(rules, content["region"], BASIS, below)
    found: list[str] = []
    for key in market.of_product(content["unified_code"]):
        found += regions_concerned(rules, key[: REGION_END - 1], BASIS, ())
    return list(dict.fromkeys(found))


def _difference(
    state: State, facts: Sequence[tuple[Message, State]], telling: Telling, rules: Rulebook
) -> Judgement:
    """Infer the standards that facts may concern; conclude how they differ from what is open."""
    market = Market(state)
    still, refused = dict(state["open"]), dict(state["refused"])
    for region, code in _places(market, facts, rules):
        key = f"{region}/{code}"
        known, said = still.pop(key, {}), refused.pop(key, "")
        speaks = speaker(rules, region, market.of_product(code))
        wanted: list[Piece] = []
        if speaks is not None:
            schedules = _schedules_of(state["schedules"], code, region)
            standards = Standards(market, speaks, code, state["passes"], schedules)
            wanted = standards.pieces()
            said = telling.refuse(speaks, code, standards.refused, said, schedules)
            if said:
                refused[key] = said
        if wanted or known:
            product = Product(code, telling.name_of(market, code), region)
            told = telling.compare(product, known, wanted)
            if told:
                still[key] = told
    after = {**market.state, "open": still, "refused": refused}
    return Judgement(after, telling.conclusions())


def _places(
    market: Market, facts: Sequence[tuple[Message, State]], rules: Rulebook
) -> dict[tuple[str, str], None]:
    """Return the regions and products whose standards facts may concern, each once."""
    found: dict[tuple[str, str], None] = {}
    for message, content in facts:
        listed = message.type == PRICE_LISTED
        products = _concerned(market, content) if listed else [content["unified_code"]]
        for region in _regions(market, message, content, rules):
            found |= dict.fromkeys((region, code) for code in products)
    return found


def _concerned(market: Market, content: State) -> list[str]:
    """Return the products whose standard a listing may move: of a selected one all in one of its forms."""
    own = content["unified_code"]
    if content["kind"] != SELECTED:
        return [own]
    abouts = [market.about(number) for number in range(len(market.state["abouts"]))]
    series = market.of_product(own).items()
    chosen = {entry[ABOUT] for key, each in series if key.endswith(SELECTED) for entry in each}
    forms = [about_of(content), *(abouts[number] for number in chosen)]
    alike = {at for at, each in enumerate(abouts) if any(map(each.same_form, forms))}
    found = {own}
    for code in market.products():
        for key, each in market.of_product(code).items():
            if key.endswith(LISTED) and any(entry[ABOUT] in alike for entry in each):
                found.add(code)
    return sorted(found)


def _schedules_of(
    schedules: Mapping[str, list[Any]], product: str, region: str
) -> dict[str, Schedule]:
    """Return the schedules of a product that hold in a region: its own, or one above it."""
    above = regions_above(region)
    return {
        identity: each
        for identity, each in schedules.items()
        if each[_PRODUCT] == product and each[_REGION] in above
    }
