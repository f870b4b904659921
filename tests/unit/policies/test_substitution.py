"""替代采购 (R12): other provinces' selected products first, cheapest first; and what a prescriber is shown."""

from __future__ import annotations

import random
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.journal.sqlite import SqliteJournal
from gateway.policies.conduct.prescribing_hint import selected_first
from gateway.policies.payments.payment_clock_days import days_after
from gateway.policies.running.working import STATE_SPACE
from gateway.policies.supply.substitution import Substitution
from gateway.ports import Search
from schemas.envelope import Message
from schemas.events import SUPPLY_SUBSTITUTION_ENDED, SUPPLY_SUBSTITUTION_LISTED
from tests.unit.policies.hosting import RULES, Host
from tests.unit.policies.making import CHONGQING, DRUG, GUIZHOU, PRODUCT, SICHUAN, YUNNAN, listing
from tests.unit.policies.making_supply import (
    LINCANG,
    QUJING,
    after_corrections,
    failed,
    open_now,
    restored,
    said,
    told,
)
from tests.unit.policies.test_runner import put, runner, settle

A, B, C = (f"SYN-SUB-{name}" for name in "ABC")


def selected(
    product: str, price: str, region: str, since: str = "2020-01-01", **changed: Any
) -> Message:
    said = {"unified_code": product, "kind": "selected", "effective_from": since} | changed
    number = f"{product}-{region}-{price}-{since}-{sorted(changed.items())}"
    return listing(number, price, region, **said)


def substitution(*messages: Message) -> Host:
    host = Host(Substitution())
    host.take(*messages)
    return host


def listed(host: Host) -> list[tuple[str, str, str]]:
    """The substitutes of the one list that is open: (product, region, price)."""
    ((_, found),) = open_now(host)
    assert found.type == SUPPLY_SUBSTITUTION_LISTED
    return [
        (each["unified_code"], each["region"], each["unit_price"])
        for each in found.data["substitutes"]
    ]


OWN = selected(PRODUCT, "0.200000", YUNNAN)
FAILED = failed("2020-06-10")


def test_other_provinces_selected_products_are_listed_cheapest_first() -> None:
    host = substitution(
        OWN,
        selected(A, "0.300000", SICHUAN),
        selected(B, "0.100000", GUIZHOU),
        selected(C, "0.200000", CHONGQING),
        FAILED,
    )
    assert listed(host) == [
        (B, GUIZHOU, "0.100000"),
        (C, CHONGQING, "0.200000"),
        (A, SICHUAN, "0.300000"),
    ]
    ((_, found),) = open_now(host)
    assert found.data["because"]["clauses"] == ["云医保〔2020〕71号 四（六）"]
    assert len(found.data["because"]["causes"]) == 4
    assert found.data["because"]["causes"][0] == FAILED.id


@pytest.mark.parametrize(
    "other",
    [
        selected(A, "0.100000", YUNNAN),  # selected here already
        selected(A, "0.100000", QUJING),
        selected(A, "0.100000", GUIZHOU, kind="listed"),
        selected(A, "0.100000", GUIZHOU, drug="ANOTHER"),
        selected(PRODUCT, "0.100000", GUIZHOU),  # the product that fails
        selected(A, "0.100000", GUIZHOU, effective_to="2020-06-09"),
    ],
)
def test_what_is_no_other_provinces_selected_product_in_force_is_not_listed(other: Message) -> None:
    host = Host(Substitution())
    for each in (OWN, other, FAILED):
        host.take(each)
    assert listed(host) == []


@pytest.mark.parametrize("until", ["2020-06-10", None])
def test_a_price_in_force_on_the_first_day_of_failure_is_listed(until: str | None) -> None:
    host = substitution(selected(A, "0.100000", GUIZHOU, effective_to=until), FAILED)
    assert len(listed(host)) == 1


def test_prices_are_compared_for_the_failing_products_strength() -> None:
    def strong(content: int) -> dict[str, Any]:
        return {"strength": {"content": content, "unit": "ug"}, "pack_quantity": 28}

    host = substitution(
        selected(PRODUCT, "0.200000", YUNNAN, **strong(5000)),
        selected(A, "0.150000", GUIZHOU, **strong(5000)),
        selected(B, "0.170000", SICHUAN, **strong(10000)),  # ÷ 1.7 for half the strength
        selected(C, "0.050000", CHONGQING),  # says nothing of its strength
        FAILED,
    )
    assert [each[0] for each in listed(host)] == [B, A, C]
    ((_, found),) = open_now(host)
    assert [each.get("converted_price") for each in found.data["substitutes"]] == [
        "0.100000",
        "0.150000",
        None,
    ]


def test_a_price_listed_later_joins_the_list_and_replaces_it() -> None:
    host = substitution(FAILED, selected(A, "0.300000", SICHUAN))
    host.take(selected(B, "0.100000", GUIZHOU))
    assert [each[0] for each in listed(host)] == [B, A]
    assert sum(each.type == SUPPLY_SUBSTITUTION_ENDED for _, each in host.drawn) == 0


def test_a_price_that_changes_stands_with_the_days_of_both() -> None:
    host = substitution(FAILED, selected(A, "0.300000", SICHUAN))
    host.take(selected(A, "0.100000", SICHUAN, "2020-07-01"))
    ((_, found),) = open_now(host)
    days = [
        (each["effective_from"], each.get("effective_to")) for each in found.data["substitutes"]
    ]
    assert days == [("2020-07-01", None), ("2020-01-01", "2020-06-30")]


def test_the_list_ends_when_supply_is_restored() -> None:
    host = substitution(selected(A, "0.300000", SICHUAN), FAILED)
    (ended,) = host.take(restored("2020-08-01"))
    assert ended.type == SUPPLY_SUBSTITUTION_ENDED
    assert open_now(host) == []
    host.take(failed("2020-08-02"))
    assert len(listed(host)) == 1


def test_a_restoration_before_the_failure_or_of_another_product_ends_nothing() -> None:
    host = substitution(FAILED, restored("2020-06-09"), restored("2020-07-01", unified_code=A))
    assert len(open_now(host)) == 1


def test_a_citys_restoration_does_not_restore_the_province_but_the_other_way_round() -> None:
    host = substitution(FAILED, restored("2020-07-01", region=QUJING))
    assert len(open_now(host)) == 1
    city = substitution(failed("2020-06-10", region=QUJING), restored("2020-07-01"))
    assert open_now(city) == []


@pytest.mark.parametrize("ground", ["against_contract", "quality"])
def test_only_a_supply_that_cannot_be_ensured_is_substituted(ground: str) -> None:
    assert Substitution().keys(FAILED, failed("2020-06-10", ground=ground).content()).key == ""


@pytest.mark.parametrize(
    ("region", "lists"),
    [(YUNNAN, 1), (QUJING, 1), (LINCANG, 1), (GUIZHOU, 0), (CHONGQING, 0), (SICHUAN, 0)],
)
def test_yunnan_and_its_cities_have_the_order_and_other_papers_do_not(
    region: str, lists: int
) -> None:
    host = substitution(selected(A, "0.300000", "440000"), failed("2022-06-01", region=region))
    assert len(open_now(host)) == lists


def test_a_corrected_price_or_failure_corrects_the_list() -> None:
    wrong = selected(A, "0.100000", SICHUAN)
    host = substitution(wrong, selected(B, "0.200000", GUIZHOU), FAILED)
    ((first, _),) = open_now(host)
    (found,) = host.supersede(wrong, selected(A, "0.900000", SICHUAN))
    assert found.data["replaces"] == first
    assert [each[0] for each in listed(host)] == [B, A]
    (later,) = host.supersede(FAILED, failed("2020-06-11"))
    assert (later.type, later.data["failed_from"]) == (SUPPLY_SUBSTITUTION_LISTED, "2020-06-11")
    (ended,) = host.supersede(failed("2020-06-11"), failed("2020-06-11", region=GUIZHOU))
    assert ended.type == SUPPLY_SUBSTITUTION_ENDED
    assert open_now(host) == []


def test_a_correction_of_what_was_over_before_the_failure_leaves_the_list_alone() -> None:
    wrong = selected(A, "0.100000", SICHUAN, effective_to="2020-06-01")
    host = substitution(wrong, selected(B, "0.200000", GUIZHOU), FAILED)
    assert host.supersede(wrong, selected(A, "0.900000", SICHUAN, effective_to="2020-06-02")) == []
    assert [each[0] for each in listed(host)] == [B]


def test_a_failure_that_was_another_citys_ends_the_list_here_before_the_other_is_drawn_up() -> None:
    wrong = failed("2022-06-10", region=QUJING)
    host = substitution(selected(A, "0.300000", SICHUAN), wrong)
    ended, found = host.supersede(wrong, failed("2022-06-10", region=LINCANG))
    assert (ended.type, ended.data["region"]) == (SUPPLY_SUBSTITUTION_ENDED, QUJING)
    assert (found.type, found.data["region"]) == (SUPPLY_SUBSTITUTION_LISTED, LINCANG)


def test_a_restoration_corrected_to_a_day_before_the_failure_draws_the_list_up_again() -> None:
    wrong = restored("2020-08-01")
    host = substitution(selected(A, "0.300000", SICHUAN), FAILED, wrong)
    (found,) = host.supersede(wrong, restored("2020-06-09"))
    assert found.type == SUPPLY_SUBSTITUTION_LISTED
    assert host.supersede(restored("2020-06-09"), restored("2020-06-08")) == []


DAYS = st.integers(0, 60).map(lambda at: days_after("2020-06-01", at))
PRICES = st.sampled_from(["0.100000", "0.200000", "0.300000"])


@st.composite
def facts(draw: st.DrawFn) -> list[Message]:
    found = [
        selected(
            draw(st.sampled_from([PRODUCT, A, B])),
            draw(PRICES),
            draw(st.sampled_from([YUNNAN, GUIZHOU, SICHUAN])),
            draw(DAYS),
        )
        for _ in range(draw(st.integers(0, 5)))
    ]
    # one place takes one price a day: of two the one recorded later counts, which here nobody says
    places = {
        (
            each.content()["unified_code"],
            each.content()["region"],
            each.content()["effective_from"],
        ): each
        for each in found
    }
    regions = st.sampled_from([YUNNAN, QUJING])
    more = [failed(draw(DAYS), region=draw(regions)) for _ in range(draw(st.integers(1, 2)))]
    more += [restored(draw(DAYS), region=draw(regions)) for _ in range(draw(st.integers(0, 2)))]
    return list({each.id: each for each in [*places.values(), *more]}.values())


@settings(max_examples=80, deadline=None)
@given(messages=facts(), seed=st.integers(0, 100), data=st.data())
def test_lists_are_alike_in_any_order(
    messages: list[Message], seed: int, data: st.DataObject
) -> None:
    shown = ("region", "failed_from", "substitutes")
    expected = told(substitution(*messages), *shown)
    shuffled = list(messages)
    random.Random(seed).shuffle(shuffled)
    assert told(substitution(*shuffled, *messages), *shown) == expected
    gone = data.draw(st.sampled_from(messages))
    host = substitution(*messages)
    host.supersede(gone, restored("2020-01-01", unified_code="SYN-9"))
    rest = [each for each in messages if each is not gone]
    assert told(host, *shown) == told(substitution(*rest), *shown)


@settings(max_examples=80, deadline=None)
@given(right=facts(), wrong=facts(), seed=st.integers(0, 100))
def test_lists_after_corrections_are_those_of_the_right_facts_alone(
    right: list[Message], wrong: list[Message], seed: int
) -> None:
    corrected = after_corrections(Host(Substitution()), right, wrong, seed)
    assert said(corrected) == said(substitution(*right))


async def test_a_failure_is_substituted_until_it_is_over_through_the_journal(
    journal: SqliteJournal,
) -> None:
    running = runner(journal, Substitution())
    for each in (selected(A, "0.300000", SICHUAN), FAILED, restored("2020-08-01")):
        await put(journal, each)
        await settle(running)
    await running.stop()
    found = await journal.search(Search(partner="policy-substitution"))
    assert [entry.message.type for entry in reversed(found)] == [
        SUPPLY_SUBSTITUTION_LISTED,
        SUPPLY_SUBSTITUTION_ENDED,
    ]
    stored = await journal.get(STATE_SPACE + "substitution", DRUG)
    assert stored is not None
    assert orjson.loads(stored.value)["open"] == {}
    assert running.failures == 0


# ---------------------------------------------------------------------------- what a prescriber is shown


def hints(region: str, on: str, *messages: Message) -> list[str]:
    (state,) = substitution(*messages).states.values()
    return [each.unified_code for each in selected_first(state, region, on, RULES)]


def test_qujing_shows_selected_products_in_force_first_cheapest_on_top() -> None:
    prices = [
        selected(A, "0.300000", YUNNAN),
        selected(B, "0.100000", QUJING),
        selected(C, "0.050000", GUIZHOU),
        selected(PRODUCT, "0.010000", YUNNAN, effective_to="2022-05-31"),
    ]
    assert hints(QUJING, "2022-05-31", *prices) == [PRODUCT, B, A]
    assert hints(QUJING, "2022-06-01", *prices) == [B, A]
    assert hints("530302", "2022-06-01", *prices) == [B, A]
    assert hints(YUNNAN, "2022-06-01", *prices) == []
    (state,) = substitution(*prices).states.values()
    first = selected_first(state, QUJING, "2022-06-01", RULES)[0]
    assert (first.drug_name, first.unit_price) == ("氨氯地平", "0.100000")
    assert first.clause == "曲政办发〔2022〕10号 四（三）2"
    assert first.message_id == prices[1].id
