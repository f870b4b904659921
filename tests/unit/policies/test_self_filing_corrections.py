"""备案采购 (R10), corrected: a wrong purchase, filing, total or finding and the right one are one judgement."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policies.conduct.self_filing import SelfFiling
from gateway.policies.conduct.self_filing_unpaid import OffPlatform
from schemas.envelope import Message
from schemas.events import (
    PURCHASE_FILED_SHARE_COMPUTED,
    PURCHASE_FILED_SHARE_EXCEEDED,
    PURCHASE_FILING_BREACHED,
    PURCHASE_FINDING_ENDED,
    PURCHASE_NOT_PAYABLE,
)
from tests.unit.policies.hosting import Host
from tests.unit.policies.making_supply import (
    after_corrections,
    off_platform,
    open_now,
    said,
    self_bought,
    self_filed,
    total,
)
from tests.unit.policies.test_self_filing import (
    BOUGHT,
    EIGHTH,
    SEVENTH,
    ended,
    facts,
    filing,
    year,
)


@pytest.mark.parametrize(
    ("wrong", "right", "field", "value"),
    [
        (BOUGHT, self_bought("Z1", "2022-04-25", amount="70.00"), "amount", "70.00"),
        (
            self_filed("Z1", EIGHTH),
            self_filed("Z1", "2022-05-10"),
            "filed_on",
            "2022-05-10",
        ),
    ],
)
def test_a_corrected_purchase_or_filing_puts_the_breach_right_in_one_word(
    wrong: Message, right: Message, field: str, value: str
) -> None:
    host = filing(BOUGHT, self_filed("Z1", EIGHTH))
    (found,) = host.supersede(wrong, right)
    assert (found.type, found.data[field]) == (PURCHASE_FILING_BREACHED, value)
    assert found.data["replaces"] == host.drawn[0][0]
    assert right.id in found.data["because"]["causes"]


def test_a_filing_corrected_to_the_last_workday_ends_the_breach() -> None:
    wrong = self_filed("Z1", EIGHTH)
    host = filing(BOUGHT, wrong)
    (over,) = host.supersede(wrong, self_filed("Z1", SEVENTH))
    assert over.type == PURCHASE_FINDING_ENDED
    assert host.supersede(self_filed("Z1", SEVENTH), self_filed("Z1", "2022-05-06")) == []


def test_an_unfiled_purchase_corrected_to_a_later_day_waits_for_its_last_workday_again() -> None:
    host = filing(BOUGHT, ended(SEVENTH))
    right = self_bought("Z1", "2022-04-26")
    (over,) = host.supersede(BOUGHT, right)
    assert over.type == PURCHASE_FINDING_ENDED
    (found,) = host.take(ended("2022-05-08"), ended(EIGHTH))
    assert (found.data["due_on"], right.id in found.data["because"]["causes"]) == (EIGHTH, True)


def test_a_purchase_that_had_another_number_is_judged_with_the_filing_of_that_number() -> None:
    host = filing(BOUGHT, self_filed("Z2", SEVENTH), ended(SEVENTH))
    (over,) = host.supersede(BOUGHT, self_bought("Z2", "2022-04-25"))
    assert over.type == PURCHASE_FINDING_ENDED
    assert open_now(host) == []
    other = filing(BOUGHT, ended(SEVENTH))
    over, found = other.supersede(BOUGHT, self_bought("Z2", "2022-04-25"))
    assert (over.type, found.data["purchase_no"]) == (PURCHASE_FINDING_ENDED, "Z2")


def test_a_corrected_total_puts_the_share_right_in_one_word() -> None:
    wrong = total("2022", "100000.00")
    host = year("5000.01", wrong)
    (found,) = host.supersede(wrong, total("2022", "90000.00"))
    assert (found.type, found.data["total_amount"]) == (PURCHASE_FILED_SHARE_EXCEEDED, "90000.00")
    assert found.data["replaces"] == host.drawn[-2][0]
    over, figure = host.supersede(total("2022", "90000.00"), total("2022", "100000.20"))
    assert over.type == PURCHASE_FINDING_ENDED  # an excess is ended before a figure stands for it
    assert (figure.type, figure.data["share"]) == (PURCHASE_FILED_SHARE_COMPUTED, "0.0500")


def test_a_total_corrected_to_another_year_leaves_its_own_year_without() -> None:
    wrong = total("2022", "1000.00")
    host = year("900.00", wrong)
    (over,) = host.supersede(wrong, total("2021", "1000.00"))
    assert over.type == PURCHASE_FINDING_ENDED


def test_a_purchase_that_was_of_another_year_ends_the_share_of_the_year_it_was_said_to_be_of() -> (
    None
):
    wrong = self_filed("Z1", "2022-06-01", purchased_on="2022-06-01", amount="900.00")
    host = filing(wrong, total("2022", "1000.00"), ended("2022-12-31"))
    right = self_filed("Z1", "2022-06-01", purchased_on="2021-06-01", amount="900.00")
    (over,) = [
        each for each in host.supersede(wrong, right) if each.type != PURCHASE_FILING_BREACHED
    ]
    assert (over.type, over.data["ended_type"]) == (
        PURCHASE_FINDING_ENDED,
        PURCHASE_FILED_SHARE_EXCEEDED,
    )


def test_a_correction_of_what_does_not_count_of_a_total_concludes_nothing() -> None:
    wrong = total("2022", "1000.00")
    host = year("900.00", wrong)
    assert host.supersede(wrong, total("2022", "1000.00", "2023-01-09")) == []
    assert len(open_now(host)) == 1


def test_a_filing_corrected_from_another_city_leaves_the_institution_where_it_is() -> None:
    wrong = self_filed(
        "Z9", "2022-06-01", purchased_on="2022-06-01", amount="1.00", region="530900"
    )
    right = self_filed("Z9", "2022-06-01", purchased_on="2022-06-01", amount="1.00")
    host = year("900.00", total("2022", "1000.00"), wrong)
    assert open_now(host) == []  # the other city's paper says nothing of a share
    assert [each.type for each in host.supersede(wrong, right)] == [PURCHASE_FILED_SHARE_EXCEEDED]


@settings(max_examples=120, deadline=None)
@given(right=facts(), wrong=facts(), seed=st.integers(0, 100))
def test_what_stands_after_corrections_is_what_the_right_purchases_alone_lead_to(
    right: list[Message], wrong: list[Message], seed: int
) -> None:
    corrected = after_corrections(Host(SelfFiling()), right, wrong, seed)
    assert said(corrected) == said(filing(*right))


def test_a_corrected_finding_of_the_case_is_said_in_one_word() -> None:
    host = Host(OffPlatform())
    host.take(off_platform())
    (found,) = host.supersede(off_platform(), off_platform(amount="400.00"))
    assert (found.type, found.data["amount"]) == (PURCHASE_NOT_PAYABLE, "400.00")
    assert found.data["replaces"] == host.drawn[0][0]
    again = off_platform(amount="400.00", found_on="2022-05-11")
    assert host.supersede(off_platform(amount="400.00"), again) == []
    (over,) = host.supersede(again, off_platform(reason_accepted=True))
    assert over.type == PURCHASE_FINDING_ENDED
