"""备案采购 (R10): filed before, emergencies within seven workdays, five per cent of a year; off the platform unpaid."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.journal.sqlite import SqliteJournal
from gateway.policies.conduct.self_filing import SelfFiling
from gateway.policies.conduct.self_filing_book import FOLDED_FROM
from gateway.policies.conduct.self_filing_unpaid import OffPlatform
from gateway.policies.payments.payment_clock_days import days_after
from gateway.policies.policy import Conclusion
from gateway.ports import Search
from schemas.envelope import Message
from schemas.events import (
    PURCHASE_FILED_SHARE_COMPUTED,
    PURCHASE_FILED_SHARE_EXCEEDED,
    PURCHASE_FILING_BREACHED,
    PURCHASE_FINDING_ENDED,
    PURCHASE_NOT_PAYABLE,
)
from schemas.purchase import reason_after_investigation
from tests.unit.policies.hosting import Host
from tests.unit.policies.making import CHONGQING, GUIZHOU, HOSPITAL, SICHUAN, YUNNAN
from tests.unit.policies.making_money import day_ended
from tests.unit.policies.making_supply import (
    LINCANG,
    QUJING,
    off_platform,
    open_now,
    self_bought,
    self_filed,
    told,
    total,
)
from tests.unit.policies.test_runner import put, runner, settle


def filing(*messages: Message) -> Host:
    host = Host(SelfFiling())
    host.take(*messages)
    return host


def breaches(host: Host) -> list[dict[str, Any]]:
    return [each.data for _, each in open_now(host) if each.type == PURCHASE_FILING_BREACHED]


def ended(day: str) -> Message:
    return day_ended(day, QUJING)


# 2022-04-25 was a Monday; 04-30 to 05-04 were days off, 04-24 and 05-07 were worked in exchange (调休)
BOUGHT = self_bought("Z1", "2022-04-25")
SEVENTH, EIGHTH = "2022-05-07", "2022-05-09"

# ---------------------------------------------------------------------------- in time


@pytest.mark.parametrize(
    ("filed_on", "late"),
    [("2022-04-25", False), (SEVENTH, False), ("2022-05-08", True), (EIGHTH, True)],
)
def test_an_emergency_is_filed_by_the_seventh_workday_and_not_on_the_eighth(
    filed_on: str, late: bool
) -> None:
    found = breaches(filing(BOUGHT, self_filed("Z1", filed_on)))
    assert [each["breach"] for each in found] == ["emergency_late"] * late
    if late:
        assert (found[0]["due_on"], found[0]["filed_on"]) == (SEVENTH, filed_on)


def test_what_is_not_filed_is_found_when_the_last_workday_has_ended() -> None:
    host = filing(BOUGHT)
    assert host.take(ended("2022-05-06")) == []
    (found,) = host.take(ended(SEVENTH))
    assert found.type == PURCHASE_FILING_BREACHED
    assert "filed_on" not in found.data
    assert (found.data["party"], found.data["purchase_no"]) == (HOSPITAL, "Z1")
    assert found.data["because"]["clauses"] == ["曲政办发〔2022〕10号 四（三）1"]
    assert found.data["because"]["terms"] == {"self_filing.emergency_workdays": "7"}
    assert found.data["because"]["causes"] == [BOUGHT.id, ended(SEVENTH).id]
    assert "第 7 个工作日" in found.data["because"]["arithmetic"][0]


def test_a_filing_told_late_ends_the_breach_when_it_was_in_time() -> None:
    host = filing(BOUGHT, ended(SEVENTH))
    (over,) = host.take(self_filed("Z1", SEVENTH))
    assert over.type == PURCHASE_FINDING_ENDED
    other = filing(BOUGHT, ended(EIGHTH))
    other.take(self_filed("Z1", EIGHTH))
    assert [each["filed_on"] for each in breaches(other)] == [EIGHTH]


@pytest.mark.parametrize(
    ("filed_on", "found"), [("2022-04-24", 0), ("2022-04-25", 0), ("2022-04-26", 1), (None, 1)]
)
def test_what_is_no_emergency_is_filed_before(filed_on: str | None, found: int) -> None:
    bought = self_bought("Z1", "2022-04-25", emergency=False)
    filings = [self_filed("Z1", filed_on, emergency=False)] if filed_on else []
    host = filing(bought, *filings, ended("2022-04-25"))
    assert [each["breach"] for each in breaches(host)] == ["not_before"] * found


def test_a_filing_that_says_when_it_was_bought_needs_no_other_message() -> None:
    late = self_filed("Z1", EIGHTH, purchased_on="2022-04-25")
    assert [each["breach"] for each in breaches(filing(late))] == ["emergency_late"]
    assert breaches(filing(self_filed("Z1", SEVENTH, purchased_on="2022-04-25"))) == []
    assert breaches(filing(self_filed("Z1", EIGHTH), ended("2022-12-31"))) == []  # not bought yet


@pytest.mark.parametrize("controlled", ["narcotic", "psychotropic"])
def test_narcotic_and_psychotropic_drugs_are_bought_by_rules_of_their_own(controlled: str) -> None:
    host = filing(self_bought("Z1", "2022-04-25", controlled=controlled), ended("2022-06-30"))
    assert open_now(host) == []


def test_consumables_are_filed_too() -> None:
    host = filing(self_bought("Z1", "2022-04-25", category="consumable"), ended(SEVENTH))
    assert len(breaches(host)) == 1


@pytest.mark.parametrize("region", [YUNNAN, LINCANG, GUIZHOU, CHONGQING, SICHUAN])
def test_other_papers_know_no_filing(region: str) -> None:
    host = filing(self_bought("Z1", "2022-04-25", region=region), day_ended("2023-12-31", region))
    assert open_now(host) == []


@pytest.mark.parametrize(("day", "found"), [("2022-03-04", 0), ("2022-03-05", 1)])
def test_filing_begins_with_the_papers_day(day: str, found: int) -> None:
    host = filing(self_bought("Z1", day), ended("2022-04-30"))
    assert len(breaches(host)) == found


def test_numbers_that_begin_alike_do_not_touch_each_other() -> None:
    host = filing(
        self_bought("Z1", "2022-04-25"), self_bought("Z1/2", "2022-04-25"), ended(SEVENTH)
    )
    assert len(breaches(host)) == 2
    host.take(self_filed("Z1", SEVENTH))
    assert [each["purchase_no"] for each in breaches(host)] == ["Z1/2"]


# ---------------------------------------------------------------------------- five per cent


def year(filed: str, *totals: Message) -> Host:
    said = self_filed("Z1", "2022-06-01", purchased_on="2022-06-01", amount=filed)
    return filing(said, *totals, ended("2022-12-31"))


@pytest.mark.parametrize(
    ("filed", "exceeded"), [("4999.99", False), ("5000.00", False), ("5000.01", True)]
)
def test_five_per_cent_of_a_year_may_be_filed_and_no_fen_more(filed: str, exceeded: bool) -> None:
    kinds = [each.type for _, each in open_now(year(filed, total("2022", "100000.00")))]
    assert kinds == [PURCHASE_FILED_SHARE_EXCEEDED if exceeded else PURCHASE_FILED_SHARE_COMPUTED]


def test_while_no_total_of_the_year_is_stated_nothing_is_exceeded() -> None:
    assert open_now(year("5000.00")) == []
    assert open_now(year("5000.00", total("2021", "1.00"))) == []
    assert _exceeded(
        year("0.01", total("2022", "0.00"))
    )  # nothing bought otherwise, and it is said


def test_an_exceeded_year_can_be_redone_by_hand() -> None:
    whole = total("2022", "100000.00")
    ((_, found),) = open_now(year("5000.01", whole))
    data = found.data
    assert (data["year"], data["allowed_amount"], data["share"]) == ("2022", "5000.00", "0.0500")
    assert data["because"]["arithmetic"][0] == "备案 filed 5000.01 > 100000.00 × 0.05"
    assert data["because"]["arithmetic"][1] == "5000.01 / 100000.00 = 0.0500…"
    assert whole.id in data["because"]["causes"]
    assert len(data["because"]["causes"]) == 3


@pytest.mark.parametrize(("months", "exceeded"), [(12, True), (11, False)])
def test_twelve_months_make_the_year_and_eleven_do_not(months: int, exceeded: bool) -> None:
    stated = [total(f"2022-{at:02d}", "1000.00") for at in range(1, months + 1)]
    kinds = [each.type for _, each in open_now(year("900.00", *stated))]
    assert kinds == [PURCHASE_FILED_SHARE_EXCEEDED if exceeded else PURCHASE_FILED_SHARE_COMPUTED]


def test_the_years_own_figure_counts_before_the_months() -> None:
    stated = [total(f"2022-{at:02d}", "1000.00") for at in range(1, 13)]
    assert _exceeded(year("900.00", *stated))
    assert not _exceeded(year("900.00", *stated, total("2022", "18000.00")))


def test_the_total_stated_last_counts() -> None:
    totals = [total("2022", "10000.00", "2023-01-05"), total("2022", "20000.00", "2023-01-06")]
    assert not _exceeded(year("1000.00", *totals))
    assert _exceeded(year("1000.01", *reversed(totals)))


def _exceeded(host: Host) -> list[Conclusion]:
    return [each for _, each in open_now(host) if each.type == PURCHASE_FILED_SHARE_EXCEEDED]


def test_within_the_year_the_share_is_a_figure_and_no_breach() -> None:
    said = self_filed("Z1", "2022-06-01", purchased_on="2022-06-01", amount="900.00")
    host = filing(said, total("2022-05", "1000.00", "2022-06-02"))
    assert host.take(ended("2022-06-29")) == []
    (found,) = host.take(ended("2022-06-30"))
    assert found.type == PURCHASE_FILED_SHARE_COMPUTED
    assert (found.data["until"], found.data["share"]) == ("2022-06-30", "0.9000")
    assert (found.data["months_stated"], found.data["cap"]) == (1, "0.05")
    (again,) = host.take(total("2022-06", "8000.00", "2022-07-02"))
    assert (again.data["share"], again.data["replaces"]) == ("0.1000", host.drawn[0][0])


@pytest.mark.parametrize("changed", [{"category": "consumable"}, {"controlled": "narcotic"}])
def test_consumables_and_controlled_drugs_are_no_part_of_the_five_per_cent(
    changed: dict[str, str],
) -> None:
    said = self_filed("Z1", "2022-06-01", purchased_on="2022-06-01", amount="900.00", **changed)
    assert open_now(filing(said, total("2022", "1000.00"), ended("2022-12-31"))) == []


def test_a_purchase_counts_in_the_year_in_which_it_was_bought() -> None:
    said = self_filed("Z1", "2023-01-05", purchased_on="2022-12-29", amount="900.00")
    totals = [total("2022", "1000.00"), total("2023", "1000.00", "2024-01-05")]
    host = filing(said, *totals, ended("2023-12-31"))
    assert [each.data["year"] for each in _exceeded(host)] == ["2022"]


def test_the_purchases_own_message_counts_before_its_filing() -> None:
    said = self_filed("Z1", "2022-06-01", purchased_on="2022-06-01", amount="900.00")
    host = filing(said, total("2022", "1000.00"), ended("2022-12-31"))
    assert _exceeded(host)
    host.take(self_bought("Z1", "2022-06-01", amount="50.00"))
    assert not _exceeded(host)


# ---------------------------------------------------------------------------- a year of purchases


def test_a_year_of_purchases_in_order_is_folded_and_counts_to_the_fen() -> None:
    host, amount = filing(), 0
    for at in range(400):
        day = days_after("2022-03-06", at % 290)
        amount += 100 + at
        cost = f"{(100 + at) // 100}.{(100 + at) % 100:02d}"
        host.take(self_filed(f"Z{at}", day, purchased_on=day, amount=cost))
    (state,) = host.states.values()
    assert len(state["groups"]) < FOLDED_FROM
    host.take(total("2022", f"{amount // 100}.{amount % 100:02d}"), ended("2022-12-31"))
    ((_, found),) = open_now(host)
    assert found.data["filed_amount"] == found.data["total_amount"]
    assert len(found.data["because"]["causes"]) == 402
    # a folded purchase comes out again for its correction, and only once
    wrong = self_filed("Z0", "2022-03-06", purchased_on="2022-03-06", amount="1.00")
    assert host.take(wrong) == []
    right = self_filed("Z0", "2022-03-06", purchased_on="2022-03-06", amount="2.00")
    (again,) = host.supersede(wrong, right)
    assert open_now(host)[0][1] is again
    assert again.data["filed_amount"] == f"{(amount + 100) // 100}.{(amount + 100) % 100:02d}"


# ---------------------------------------------------------------------------- any order

DAYS = st.integers(0, 90).map(lambda at: days_after("2022-10-15", at))
AMOUNTS = st.sampled_from(["10.00", "49.99", "50.00", "50.01", "60.00"])


@st.composite
def facts(draw: st.DrawFn) -> list[Message]:
    found: list[Message] = []
    for number in ("Z1", "Z2", "Z3"):
        said: dict[str, Any] = {
            "emergency": draw(st.booleans()),
            "controlled": draw(st.sampled_from([None, None, "narcotic"])),
        }
        if draw(st.booleans()):
            found.append(self_bought(number, draw(DAYS), amount=draw(AMOUNTS), **said))
        for _ in range(draw(st.integers(0, 2))):
            bought = draw(st.none() | DAYS)
            found.append(
                self_filed(number, draw(DAYS), purchased_on=bought, amount=draw(AMOUNTS), **said)
            )
    periods = st.sampled_from(["2022", "2022-10", "2022-11", "2023-01"])
    sums = st.sampled_from(["1000.00", "2000.00"])
    found += [total(period, draw(sums)) for period in draw(st.lists(periods, max_size=3))]
    found += [ended(day) for day in draw(st.lists(DAYS, max_size=3))]
    return list({each.id: each for each in found}.values())


SHOWN = ("purchase_no", "breach", "due_on", "filed_on", "until", "filed_amount", "total_amount")


@settings(max_examples=120, deadline=None)
@given(messages=facts(), seed=st.integers(0, 100), data=st.data())
def test_purchases_are_judged_alike_in_any_order(
    messages: list[Message], seed: int, data: st.DataObject
) -> None:
    expected = told(filing(*messages), *SHOWN)
    shuffled = list(messages)
    random.Random(seed).shuffle(shuffled)
    assert told(filing(*shuffled, *messages), *SHOWN) == expected
    facts_ = [each for each in messages if "day_ended" not in each.type]
    if facts_:
        gone = data.draw(st.sampled_from(facts_))
        rest = [each for each in messages if each is not gone]
        host = filing(*messages)
        host.supersede(gone, total("1999", "1.00"))
        assert told(host, *SHOWN) == told(filing(*rest), *SHOWN)
        host.take(gone)
        assert told(host, *SHOWN) == expected


# ---------------------------------------------------------------------------- off the platform


def unpaid(*messages: Message) -> list[Conclusion]:
    host = Host(OffPlatform())
    host.take(*messages)
    return [each for _, each in open_now(host)]


@pytest.mark.parametrize(
    ("region", "effect", "clause"),
    [
        (YUNNAN, "proposal", "云医保〔2020〕71号 四（五）"),
        (LINCANG, "proposal", "云医保〔2020〕71号 四（五）"),
        (QUJING, "order", "曲政办发〔2022〕10号 四（四）1"),
    ],
)
def test_what_was_bought_off_the_platform_without_reason_is_not_paid(
    region: str, effect: str, clause: str
) -> None:
    (found,) = unpaid(off_platform(region=region))
    assert found.type == PURCHASE_NOT_PAYABLE
    assert (found.data["effect"], found.data["amount"]) == (effect, "5000.00")
    assert found.data["because"]["clauses"] == [clause]


@pytest.mark.parametrize("region", [GUIZHOU, CHONGQING, SICHUAN])
def test_other_papers_say_nothing_of_it(region: str) -> None:
    assert unpaid(off_platform(region=region)) == []


@pytest.mark.parametrize(
    ("investigated", "accepted", "found"),
    [(True, False, 1), (True, True, 0), (False, None, 0)],
)
def test_only_an_investigation_that_found_no_reason_counts(
    investigated: bool, accepted: bool | None, found: int
) -> None:
    said = off_platform(investigated=investigated, reason_accepted=accepted)
    assert len(unpaid(said)) == found


def test_a_later_finding_of_the_case_ends_it() -> None:
    host = Host(OffPlatform())
    host.take(off_platform())
    (over,) = host.take(off_platform(reason_accepted=True, found_on="2022-06-01"))
    assert over.type == PURCHASE_FINDING_ENDED


def test_a_reason_is_weighed_after_an_investigation_and_only_then() -> None:
    content = off_platform().content()
    assert reason_after_investigation(content) == ()
    assert reason_after_investigation(content | {"investigated": False})
    assert reason_after_investigation({**content, "reason_accepted": None})


# ---------------------------------------------------------------------------- through the journal


async def test_an_emergency_is_found_unfiled_through_the_journal(journal: SqliteJournal) -> None:
    running = runner(journal, SelfFiling())
    for each in (BOUGHT, ended(SEVENTH), self_filed("Z1", SEVENTH)):
        await put(journal, each)
        await settle(running)
    await running.stop()
    found = await journal.search(Search(partner="policy-self_filing"))
    assert [entry.message.type for entry in reversed(found)] == [
        PURCHASE_FILING_BREACHED,
        PURCHASE_FINDING_ENDED,
    ]
    assert running.failures == 0
