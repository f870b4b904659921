"""信用记录 (S10): what a paper counts as bad conduct is recorded, and withdrawn with what it rests on."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.journal.sqlite import SqliteJournal
from gateway.policies.conduct.credit import COUNTED, ENDINGS, Credit
from gateway.policies.conduct.self_filing import SelfFiling
from gateway.ports import Search
from schemas.envelope import Message
from schemas.events import (
    CREDIT_RECORDED,
    CREDIT_WITHDRAWN,
    DISTRIBUTION_INVOICES_EXCEEDED,
    EVENT_TYPES,
    PAYMENT_FINDING_ENDED,
    PAYMENT_OVERDUE,
    PURCHASE_FILED_SHARE_COMPUTED,
    PURCHASE_FILING_BREACHED,
    PURCHASE_FINDING_ENDED,
    SUPPLY_MEASURES_PROPOSED,
)
from schemas.topics import load_topics
from tests.unit.policies.hosting import Host
from tests.unit.policies.making import CHONGQING, GUIZHOU, HOSPITAL, SICHUAN, YUNNAN, message
from tests.unit.policies.making_money import day_ended
from tests.unit.policies.making_supply import (
    LINCANG,
    MAKER,
    QUJING,
    after_corrections,
    open_now,
    said,
    self_bought,
    self_filed,
    told,
)
from tests.unit.policies.test_runner import put, runner, settle

EXAMPLES = {each.type: each.example for each in load_topics().values()}
DAY = "2022-06-01"


def concluded(type_: str, number: str = "1", region: str = QUJING, **changed: Any) -> Message:
    """A conclusion like the example of its topic, about one hospital or maker."""
    data: dict[str, Any] = {**EXAMPLES[type_], "region": region}
    data |= {EVENT_TYPES[type_].dated_by: DAY} | changed
    for name, code in (("institution", HOSPITAL), ("maker", MAKER)):
        if name in data:
            data[name] = code
            if "party" in data:
                data["party"] = code
    return message(type_, f"{type_}-{number}", data, "policy-x")


def over(type_: str, gone: Message, region: str = QUJING) -> Message:
    """What ends a conclusion."""
    data = {**EXAMPLES[type_], "region": region, ENDINGS[type_]: gone.id, "ended_on": "2022-07-01"}
    about = gone.content()
    if "party" in data:
        data["party"] = about["party"]
        data["ended_type"] = gone.type
    else:
        data["institution"] = about["institution"]
    return message(type_, f"over-{gone.id}", data, "policy-x")


def credit(*messages: Message) -> Host:
    host = Host(Credit())
    host.take(*messages)
    return host


BREACH = concluded(PURCHASE_FILING_BREACHED)


def test_a_breach_becomes_a_record_with_its_clause_and_what_it_is_linked_to() -> None:
    ((_, found),) = open_now(credit(BREACH))
    data = found.data
    assert found.type == CREDIT_RECORDED
    assert (data["party"], data["area"], data["region"]) == (HOSPITAL, "use", QUJING)
    assert (data["conclusion_id"], data["conclusion_type"]) == (BREACH.id, BREACH.type)
    assert data["linked_to"] == ["基金预算管理", "检查稽核", "定点协议管理"]
    assert data["because"]["clauses"] == ["曲政办发〔2022〕10号 四（六）2"]
    assert data["because"]["causes"] == [BREACH.id]
    assert "曲政办发〔2022〕10号 四（三）1" in data["because"]["arithmetic"][0]
    assert "备案违规" in data["because"]["arithmetic"][0]
    assert set(data) & {"grade", "points", "severity"} == set()


@pytest.mark.parametrize("type_", sorted(COUNTED))
def test_every_counted_conclusion_is_recorded_about_its_party(type_: str) -> None:
    said = concluded(type_)
    ((_, found),) = open_now(credit(said))
    assert found.data["area"] == COUNTED[type_].value
    assert found.data["party"] in {HOSPITAL, MAKER}


@pytest.mark.parametrize("region", [YUNNAN, LINCANG, GUIZHOU, CHONGQING, SICHUAN])
def test_other_papers_keep_no_record(region: str) -> None:
    assert open_now(credit(concluded(PURCHASE_FILING_BREACHED, region=region))) == []


@pytest.mark.parametrize(("day", "found"), [("2022-03-04", 0), ("2022-03-05", 1)])
def test_records_begin_with_the_papers_day(day: str, found: int) -> None:
    host = credit(concluded(PURCHASE_FILING_BREACHED, found_on=day))
    assert len(open_now(host)) == found


@pytest.mark.parametrize(
    ("type_", "ending"),
    [
        (PURCHASE_FILING_BREACHED, PURCHASE_FINDING_ENDED),
        (PAYMENT_OVERDUE, PAYMENT_FINDING_ENDED),
    ],
)
def test_a_record_is_withdrawn_when_its_conclusion_has_ended(type_: str, ending: str) -> None:
    said = concluded(type_)
    host = credit(said)
    gone = over(ending, said)
    (withdrawn,) = host.take(gone)
    assert withdrawn.type == CREDIT_WITHDRAWN
    assert withdrawn.data["ended_id"] == host.drawn[0][0]
    assert gone.id in withdrawn.data["because"]["causes"]
    (state,) = host.states.values()
    assert state["facts"] == {"found": {}, "ended": {}}
    assert host.take(said, gone) == []
    assert open_now(credit(gone, said)) == []


def test_a_conclusion_that_is_replaced_is_recorded_once() -> None:
    second = concluded(PURCHASE_FILING_BREACHED, "2", replaces=BREACH.id, amount="9.00")
    third = concluded(PURCHASE_FILING_BREACHED, "3", replaces=second.id, amount="8.00")
    host = credit(BREACH, second, third)
    ((_, found),) = open_now(host)
    assert found.data["conclusion_id"] == third.id
    host.take(over(PURCHASE_FINDING_ENDED, third))
    assert open_now(host) == []
    assert host.take(BREACH, second) == []


def test_a_corrected_conclusion_is_recorded_in_the_place_of_the_wrong_one() -> None:
    host = credit(BREACH)
    right = concluded(PURCHASE_FILING_BREACHED, "right", amount="9.00")
    (found,) = host.supersede(BREACH, right)
    assert (found.type, found.data["conclusion_id"]) == (CREDIT_RECORDED, right.id)
    assert found.data["replaces"] == host.drawn[0][0]
    (gone,) = host.take(over(PURCHASE_FINDING_ENDED, right))
    assert gone.data["ended_id"] == host.drawn[1][0]


def test_a_record_is_withdrawn_where_the_right_conclusion_is_not_recorded() -> None:
    host = credit(BREACH)
    right = concluded(PURCHASE_FILING_BREACHED, "right", found_on="2022-03-04")
    assert [each.type for each in host.supersede(BREACH, right)] == [CREDIT_WITHDRAWN]


def test_a_wrong_conclusion_that_is_over_and_done_with_stays_so_and_the_right_one_is_recorded() -> (
    None
):
    host = credit(BREACH, over(PURCHASE_FINDING_ENDED, BREACH))
    right = concluded(PURCHASE_FILING_BREACHED, "right")
    assert [each.type for each in host.supersede(BREACH, right)] == [CREDIT_RECORDED]
    host.take(over(PURCHASE_FINDING_ENDED, right))
    assert host.supersede(BREACH, right) == []


def test_a_figure_is_no_misconduct() -> None:
    assert PURCHASE_FILED_SHARE_COMPUTED not in Credit().consumes


def test_every_conclusion_that_can_end_has_its_ending_listed() -> None:
    families = {each.split(".")[2] for each in COUNTED}
    assert families == {each.split(".")[2] for each in ENDINGS}
    for ending, field in ENDINGS.items():
        assert field in EVENT_TYPES[ending].model.model_fields


CHAIN = [
    BREACH,
    concluded(PURCHASE_FILING_BREACHED, "2", replaces=BREACH.id, amount="9.00"),
    concluded(PURCHASE_FILING_BREACHED, "4", purchase_no="ZC9"),
    concluded(PAYMENT_OVERDUE),
    concluded(DISTRIBUTION_INVOICES_EXCEEDED),
    concluded(DISTRIBUTION_INVOICES_EXCEEDED, "2", region=YUNNAN),
]
ENDS = [over(PURCHASE_FINDING_ENDED, CHAIN[1]), over(PAYMENT_FINDING_ENDED, CHAIN[3])]


@settings(max_examples=120, deadline=None)
@given(
    messages=st.lists(st.sampled_from([*CHAIN, *ENDS]), unique_by=lambda each: each.id),
    seed=st.integers(0, 100),
)
def test_records_are_alike_in_any_order(messages: list[Message], seed: int) -> None:
    expected = told(credit(*messages), "conclusion_id")
    shuffled = list(messages)
    random.Random(seed).shuffle(shuffled)
    assert told(credit(*shuffled, *messages), "conclusion_id") == expected


WRONG = [
    concluded(PURCHASE_FILING_BREACHED, "w1"),
    concluded(PURCHASE_FILING_BREACHED, "w2", replaces=BREACH.id, amount="9.00"),
    concluded(PAYMENT_OVERDUE, "w3"),
    concluded(DISTRIBUTION_INVOICES_EXCEEDED, "w4", region=YUNNAN),
    concluded(DISTRIBUTION_INVOICES_EXCEEDED, "w5"),
]


@settings(max_examples=120, deadline=None)
@given(
    right=st.lists(st.sampled_from([*CHAIN, *ENDS]), unique_by=lambda each: each.id),
    wrong=st.lists(st.sampled_from(WRONG), unique_by=lambda each: each.id),
    seed=st.integers(0, 100),
)
def test_records_after_corrections_are_those_of_the_right_conclusions_alone(
    right: list[Message], wrong: list[Message], seed: int
) -> None:
    assert said(after_corrections(credit(), right, wrong, seed)) == said(credit(*right))


async def test_a_breach_is_recorded_and_withdrawn_through_the_journal(
    journal: SqliteJournal,
) -> None:
    running = runner(journal, SelfFiling(), Credit())
    late = day_ended("2022-05-07", QUJING)
    for each in (self_bought("Z1", "2022-04-25"), late, self_filed("Z1", "2022-05-07")):
        await put(journal, each)
        await settle(running)
    await running.stop()
    found = await journal.search(Search(partner="policy-credit"))
    assert [entry.message.type for entry in reversed(found)] == [CREDIT_RECORDED, CREDIT_WITHDRAWN]
    breach = (await journal.search(Search(type=PURCHASE_FILING_BREACHED)))[0].message
    assert found[1].message.content()["conclusion_id"] == breach.id
    assert found[1].message.causationid == breach.id
    assert running.failures == 0


def test_supply_failures_are_recorded_about_the_maker() -> None:
    ((_, found),) = open_now(credit(concluded(SUPPLY_MEASURES_PROPOSED)))
    assert found.data["party"] == MAKER
