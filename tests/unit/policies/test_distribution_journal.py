"""配送 (R9) through a real journal: what a maker says concerns every institution's state, whenever it begins."""

from __future__ import annotations

import pytest

from gateway.journal.sqlite import SqliteJournal
from gateway.policies.supply.distribution import DistributorLimit
from gateway.policies.supply.distribution_deliveries import ChosenDeliveries
from gateway.policies.supply.distribution_invoices import InvoiceChains
from gateway.ports import Search
from schemas.envelope import Message
from schemas.events import (
    DISTRIBUTION_FINDING_ENDED,
    DISTRIBUTION_INVOICES_EXCEEDED,
    DISTRIBUTION_LIMIT_EXCEEDED,
    DISTRIBUTION_UNCHOSEN_FOUND,
)
from tests.unit.policies.making import HOSPITAL, YUNNAN, accepted
from tests.unit.policies.making_money import day_ended
from tests.unit.policies.making_supply import D1, D2, D3, D4, MAKER, chosen, invoice, withdrawn
from tests.unit.policies.test_runner import put, runner, settle

GOODS = accepted("r1", "10.0000", "2020-03-05", region=YUNNAN, distributor=D2)
CHOICE = chosen(D1)
BETWEEN = [invoice("F1", MAKER, D1), invoice("F2", D1, D2)]
BOUGHT = invoice("F3", D2, HOSPITAL)


async def told(journal: SqliteJournal, policy: str) -> list[str]:
    found = await journal.search(Search(partner=f"policy-{policy}"))
    return [entry.message.type for entry in reversed(found)]


@pytest.mark.parametrize("messages", [[CHOICE, GOODS], [GOODS, CHOICE]])
@pytest.mark.parametrize("together", [True, False])
async def test_a_choice_reaches_states_that_began_before_and_after_it(
    journal: SqliteJournal, messages: list[Message], together: bool
) -> None:
    running = runner(journal, ChosenDeliveries())
    for batch in [messages] if together else [[each] for each in messages]:
        await put(journal, *batch)
        await settle(running)
    await running.stop()
    assert await told(journal, "distribution_deliveries") == [DISTRIBUTION_UNCHOSEN_FOUND]
    assert running.failures == 0


async def test_a_corrected_choice_is_withdrawn_everywhere(journal: SqliteJournal) -> None:
    running = runner(journal, ChosenDeliveries())
    right = chosen(D2, supersedes=CHOICE.id)
    for each in (CHOICE, GOODS, right):
        await put(journal, each)
        await settle(running)
    later = accepted("r2", "10.0000", "2020-03-06", region=YUNNAN, distributor=D1)
    await put(journal, later)
    await settle(running)
    await running.stop()
    assert await told(journal, "distribution_deliveries") == [
        DISTRIBUTION_UNCHOSEN_FOUND,
        DISTRIBUTION_FINDING_ENDED,
        DISTRIBUTION_UNCHOSEN_FOUND,
    ]
    assert running.failures == 0


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
async def test_a_chain_is_followed_in_whatever_order_its_invoices_come(
    journal: SqliteJournal, order: tuple[int, ...]
) -> None:
    running = runner(journal, InvoiceChains())
    messages = [*BETWEEN, BOUGHT]
    for at in order:
        await put(journal, messages[at])
        await settle(running)
    await put(journal, invoice("F4", MAKER, D2))
    await settle(running)
    await running.stop()
    found = await told(journal, "distribution_invoices")
    assert found[0] == DISTRIBUTION_INVOICES_EXCEEDED
    assert found[-1] == DISTRIBUTION_FINDING_ENDED
    assert running.failures == 0


async def test_a_limit_is_exceeded_and_kept_again(journal: SqliteJournal) -> None:
    running = runner(journal, DistributorLimit())
    await put(journal, *map(chosen, (D1, D2, D3, D4)))
    await settle(running)
    for each in (day_ended("2020-03-02", YUNNAN), withdrawn(D4, "2020-03-03")):
        await put(journal, each)
        await settle(running)
    await put(journal, day_ended("2020-03-03", YUNNAN))
    await settle(running)
    await running.stop()
    assert await told(journal, "distribution") == [
        DISTRIBUTION_LIMIT_EXCEEDED,
        DISTRIBUTION_FINDING_ENDED,
    ]
    assert running.failures == 0
