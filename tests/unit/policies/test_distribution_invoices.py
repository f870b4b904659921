"""两票制 (R9): two invoices at most between a maker and an institution."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policies.supply.distribution_invoices import InvoiceChains
from schemas.envelope import Message
from schemas.events import (
    DISTRIBUTION_FINDING_ENDED,
    DISTRIBUTION_INVOICES_EXCEEDED,
)
from tests.unit.policies.hosting import Host
from tests.unit.policies.making import (
    CHONGQING,
    GUIZHOU,
    HOSPITAL,
    OTHER_PRODUCT,
    SICHUAN,
    YUNNAN,
)
from tests.unit.policies.making_supply import (
    D1,
    D2,
    D3,
    D4,
    LINCANG,
    MAKER,
    after_corrections,
    invoice,
    open_now,
    said,
    told,
)


def chains(*messages: Message) -> Host:
    host = Host(InvoiceChains())
    host.take(*messages)
    return host


FROM_MAKER, BETWEEN, TO_HOSPITAL = (
    invoice("F1", MAKER, D1),
    invoice("F2", D1, D2),
    invoice("F3", D2, HOSPITAL),
)


@pytest.mark.parametrize(
    ("messages", "found"),
    [
        ([invoice("F", MAKER, HOSPITAL)], 0),  # 一票制
        ([FROM_MAKER, invoice("F3", D1, HOSPITAL)], 0),  # 两票制
        ([FROM_MAKER, BETWEEN, TO_HOSPITAL], 1),
        ([invoice("F3", D1, HOSPITAL)], 0),  # who sold to D1 nobody told
        ([BETWEEN, TO_HOSPITAL], 1),  # two distributors: the maker's own invoice comes on top
        ([FROM_MAKER, BETWEEN, TO_HOSPITAL, invoice("F4", MAKER, D2)], 0),
        ([FROM_MAKER, BETWEEN, invoice("F3", D2, HOSPITAL, batch_no="B2")], 0),
        ([FROM_MAKER, BETWEEN, invoice("F3", D2, HOSPITAL, unified_code=OTHER_PRODUCT)], 0),
        ([invoice("F1", D1, D2), invoice("F2", D2, D1), TO_HOSPITAL], 0),  # a circle tells nothing
    ],
)
def test_qujing_allows_two_invoices_and_not_three(messages: list[Message], found: int) -> None:
    assert len(open_now(chains(*messages))) == found


def test_the_chain_is_shown_from_the_maker_to_the_institution() -> None:
    host = chains(TO_HOSPITAL, FROM_MAKER, BETWEEN)
    ((_, found),) = open_now(host)
    data = found.data
    assert found.type == DISTRIBUTION_INVOICES_EXCEEDED
    assert [(each["seller"], each["buyer"]) for each in data["invoices"]] == [
        (MAKER, D1),
        (D1, D2),
        (D2, HOSPITAL),
    ]
    assert (data["invoice_count"], data["allowed"], data["complete"]) == (3, 2, True)
    assert data["because"]["clauses"] == ["曲政办发〔2022〕10号 四（二）2"]
    assert data["because"]["causes"] == [FROM_MAKER.id, BETWEEN.id, TO_HOSPITAL.id]


def test_a_chain_that_does_not_reach_the_maker_has_at_least_one_invoice_more() -> None:
    ((_, found),) = open_now(chains(BETWEEN, TO_HOSPITAL))
    assert (found.data["invoice_count"], found.data["complete"]) == (3, False)
    assert "至少" in found.data["because"]["arithmetic"][1]


def test_a_shorter_way_told_late_ends_the_breach() -> None:
    host = chains(FROM_MAKER, BETWEEN, TO_HOSPITAL)
    (ended,) = host.take(invoice("F4", MAKER, D2))
    assert ended.type == DISTRIBUTION_FINDING_ENDED
    host.supersede(invoice("F4", MAKER, D2), invoice("F5", MAKER, D3))
    assert len(open_now(host)) == 1


@pytest.mark.parametrize("region", [YUNNAN, LINCANG, GUIZHOU, CHONGQING, SICHUAN])
def test_other_papers_do_not_count_invoices(region: str) -> None:
    three = [invoice("F1", MAKER, D1, region=region), invoice("F2", D1, D2, region=region)]
    assert open_now(chains(*three, invoice("F3", D2, HOSPITAL, region=region))) == []


@pytest.mark.parametrize(("day", "found"), [("2022-03-04", 0), ("2022-03-05", 1)])
def test_invoices_count_from_the_papers_day_on(day: str, found: int) -> None:
    messages = (FROM_MAKER, BETWEEN, invoice("F3", D2, HOSPITAL, day))
    assert len(open_now(chains(*messages))) == found


def test_a_batch_number_may_contain_any_sign() -> None:
    odd = [
        invoice(f"F{at}", one, other, batch_no="B1/~2")
        for at, (one, other) in enumerate(((MAKER, D1), (D1, D2), (D2, HOSPITAL)))
    ]
    host = chains(*odd, FROM_MAKER)
    ((_, found),) = open_now(host)
    assert found.data["batch_no"] == "B1/~2"


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        (FROM_MAKER, invoice("F9", MAKER, D1)),
        (BETWEEN, invoice("F9", D1, D2)),
        (TO_HOSPITAL, invoice("F9", D2, HOSPITAL)),
    ],
)
def test_a_corrected_invoice_puts_the_chain_right_in_one_word(
    wrong: Message, right: Message
) -> None:
    host = chains(FROM_MAKER, BETWEEN, TO_HOSPITAL)
    ((first, _),) = open_now(host)
    (found,) = host.supersede(wrong, right)
    assert (found.type, found.data["replaces"]) == (DISTRIBUTION_INVOICES_EXCEEDED, first)
    assert "F9" in {each["invoice_no"] for each in found.data["invoices"]}
    assert right.id in found.data["because"]["causes"]
    assert wrong.id not in found.data["because"]["causes"]


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        (BETWEEN, invoice("F2", D1, D2, quantity="7.0000")),
        (TO_HOSPITAL, invoice("F3", D2, HOSPITAL, quantity="7.0000")),
    ],
)
def test_a_corrected_quantity_says_nothing_of_the_chain(wrong: Message, right: Message) -> None:
    host = chains(FROM_MAKER, BETWEEN, TO_HOSPITAL)
    assert host.supersede(wrong, right) == []
    assert len(open_now(host)) == 1


def test_an_invoice_corrected_to_a_shorter_chain_ends_the_breach() -> None:
    host = chains(FROM_MAKER, BETWEEN, TO_HOSPITAL)
    (ended,) = host.supersede(TO_HOSPITAL, invoice("F3", D1, HOSPITAL))
    assert ended.type == DISTRIBUTION_FINDING_ENDED


def test_an_invoice_that_was_another_institutions_ends_here_and_is_found_there() -> None:
    host = chains(FROM_MAKER, BETWEEN, TO_HOSPITAL)
    other = "H53010000009"
    ended, found = host.supersede(TO_HOSPITAL, invoice("F3", D2, other))
    assert (ended.type, ended.data["party"]) == (DISTRIBUTION_FINDING_ENDED, HOSPITAL)
    assert (found.type, found.data["party"]) == (DISTRIBUTION_INVOICES_EXCEEDED, other)


@st.composite
def invoices(draw: st.DrawFn) -> list[Message]:
    names = [MAKER, D1, D2, D3]
    found = [
        invoice(f"F{at}", draw(st.sampled_from(names)), draw(st.sampled_from([*names, HOSPITAL])))
        for at in range(draw(st.integers(1, 6)))
    ]
    return [
        each
        for each in found
        if (each.content().get("maker") or each.content()["distributor"])
        != each.content().get("buyer")
    ]


@settings(max_examples=100, deadline=None)
@given(messages=invoices(), seed=st.integers(0, 100))
def test_chains_are_judged_alike_in_any_order(messages: list[Message], seed: int) -> None:
    expected = told(chains(*messages), "invoices", "complete")
    shuffled = list(messages)
    random.Random(seed).shuffle(shuffled)
    assert told(chains(*shuffled, *messages), "invoices", "complete") == expected
    for gone in messages[:2]:
        host = chains(*messages)
        host.supersede(gone, invoice("Z", MAKER, D4, batch_no="elsewhere"))
        rest = [each for each in messages if each is not gone]
        assert told(host, "invoices", "complete") == told(chains(*rest), "invoices", "complete")


@settings(max_examples=100, deadline=None)
@given(right=invoices(), wrong=invoices(), seed=st.integers(0, 100))
def test_chains_after_corrections_are_those_of_the_right_invoices_alone(
    right: list[Message], wrong: list[Message], seed: int
) -> None:
    corrected = after_corrections(Host(InvoiceChains()), right, wrong, seed)
    assert said(corrected) == said(chains(*right))
