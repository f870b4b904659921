"""交易资格 (R7): generics that have not passed, while the products of three makers have."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policies.policy import Conclusion, Judgement
from gateway.policies.prices.eligibility import Eligibility
from schemas.checking import check
from schemas.envelope import Message, canonical_bytes
from schemas.events import CONSISTENCY_PASSED, LISTING_RESTORED, LISTING_SUSPENDED
from tests.unit.policies.hosting import Host, judged_in_place
from tests.unit.policies.linking import corrected, numbered, rightly
from tests.unit.policies.making import CHONGQING, GUIZHOU, PRODUCT, YUNNAN, listing
from tests.unit.policies.pricing import maker, passed

CHOSEN = listing(
    "chosen", "0.100000", GUIZHOU, kind="selected", unified_code="XC08CAA001A00101000001",
    effective_from="2020-01-01",
)  # fmt: skip
UNPASSED = listing("u", "0.200000", GUIZHOU, origin="generic", effective_from="2020-01-01")
THREE = [passed(f"p{at}", at, f"2020-0{at + 2}-01") for at in (1, 2, 3)]


class Eligible(Host):
    """A suspension whose last day is known is said with its end at once: that is no taking back."""

    @staticmethod
    def _assert_all_stand(drawn: list[tuple[str, Conclusion]]) -> None:
        shown = []
        for identity, each in drawn:
            data = dict(each.data)
            if each.type == LISTING_RESTORED and data["reason"] != "corrected":
                del data["suspension_id"]
            shown.append((identity, Conclusion(each.type, data)))
        Host._assert_all_stand(shown)


def suspended(*messages: Message) -> Host:
    host = Eligible(Eligibility())
    host.take(*messages)
    return host


def told(found: list[Conclusion]) -> list[tuple[str, str]]:
    return [
        ("suspended", each.data["suspended_from"])
        if each.type == LISTING_SUSPENDED
        else (each.data["reason"], each.data["restored_from"])
        for each in found
    ]


def standing(host: Host) -> list[tuple[Any, ...]]:
    """Return what stands after everything: suspensions with their makers and their ends."""
    open_: dict[str, list[Any]] = {}
    for identity, each in host.drawn:
        data = each.data
        if each.type == LISTING_SUSPENDED:
            if data["replaces"]:
                del open_[data["replaces"]]
            open_[identity] = [
                data["unified_code"], data["suspended_from"], tuple(data["passed_makers"]), "", ""
            ]  # fmt: skip
        elif data["reason"] == "corrected":
            del open_[data["suspension_id"]]
        else:
            open_[data["suspension_id"]][3:] = [data["restored_from"], data["reason"]]
    return sorted(tuple(each) for each in open_.values())


def test_guizhou_proposes_to_suspend_what_has_not_passed_when_the_third_maker_passes() -> None:
    host = suspended(CHOSEN, UNPASSED, *THREE[:2])
    assert host.drawn == []
    (found,) = host.take(THREE[2])
    data = found.data
    assert (data["suspended_from"], data["makers"], data["makers_needed"]) == ("2020-05-01", 3, 3)
    assert data["passed_makers"] == [maker(1), maker(2), maker(3)]
    assert (data["effect"], data["condition"]) == ("proposal", "supply_ensured")
    why = data["because"]
    assert why["clauses"] == ["黔医保发〔2019〕69号 五（一）"]
    assert {CHOSEN.id, UNPASSED.id, *(each.id for each in THREE)} <= set(why["causes"])
    assert "3 ≥ 3" in why["arithmetic"][0]


def test_makers_are_counted_not_products() -> None:
    again = passed("p1b", 1, "2020-03-01", unified_code="XC08CAA001A00101000011")
    host = suspended(CHOSEN, UNPASSED, THREE[0], again, THREE[1])
    assert host.drawn == []


def test_a_product_is_restored_when_it_passes() -> None:
    host = suspended(CHOSEN, UNPASSED, *THREE)
    found = host.take(passed("own", 4, "2020-09-01", unified_code=PRODUCT))
    assert told(found) == [("passed", "2020-09-01")]
    assert found[0].data["suspension_id"] == host.drawn[0][0]


def test_a_product_that_passed_is_never_suspended() -> None:
    host = suspended(CHOSEN, UNPASSED, passed("own", 4, "2020-02-01", unified_code=PRODUCT), *THREE)
    assert host.drawn == []


@pytest.mark.parametrize("origin", ["originator", "reference", None])
def test_only_what_is_said_to_be_a_generic_is_suspended(origin: str | None) -> None:
    other = listing("o", "0.900000", GUIZHOU, **({"origin": origin} if origin else {}))
    assert suspended(CHOSEN, other, *THREE).drawn == []


def test_a_drug_without_a_selected_product_is_not_concerned() -> None:
    host = suspended(UNPASSED, *THREE)
    assert host.drawn == []
    assert told(host.take(CHOSEN)) == [("suspended", "2020-05-01")]


def test_the_selected_product_itself_is_not_suspended() -> None:
    own = listing("own", "0.100000", GUIZHOU, kind="selected", origin="generic")
    assert suspended(own, *THREE).drawn == []


@pytest.mark.parametrize("region", [YUNNAN, CHONGQING, "530300", "530900"])
def test_a_region_whose_paper_is_silent_suspends_nothing(region: str) -> None:
    here = [replace_region(each, region) for each in (CHOSEN, UNPASSED)]
    assert suspended(*here, *THREE).drawn == []


def replace_region(message: Message, region: str) -> Message:
    return replace(message, data=canonical_bytes(message.content() | {"region": region}))


def test_a_city_of_guizhou_is_judged_by_its_province() -> None:
    here = [replace_region(each, "520100") for each in (CHOSEN, UNPASSED)]
    (found,) = suspended(*here, *THREE).drawn
    assert found[1].data["region"] == GUIZHOU


def test_a_revoked_pass_lowers_the_count_and_restores() -> None:
    host = suspended(CHOSEN, UNPASSED, *THREE)
    revoked = passed("p3r", 3, "2020-05-01", revoked_on="2020-08-01").numbered(0, 9)
    assert told(host.take(revoked)) == [("makers_below", "2020-08-01")]


def test_a_pass_that_was_wrong_takes_the_suspension_with_it() -> None:
    host = suspended(CHOSEN, UNPASSED, *THREE)
    other = corrected(THREE[2], "x", maker=maker(1))
    found = host.supersede(THREE[2], other)
    assert told(found) == [("corrected", "2020-05-01")]
    assert {THREE[2].id, other.id} <= set(found[0].data["because"]["causes"])
    assert standing(host) == []


def test_a_pass_corrected_to_another_day_moves_the_suspension_in_one_word() -> None:
    host = suspended(CHOSEN, UNPASSED, *THREE)
    (found,) = host.supersede(THREE[2], corrected(THREE[2], "x", passed_on="2020-05-03"))
    assert told([found]) == [("suspended", "2020-05-03")]
    assert found.data["replaces"] == host.drawn[0][0]
    assert [each[1] for each in standing(host)] == ["2020-05-03"]


def test_a_corrected_maker_is_named_without_a_restoration_in_between() -> None:
    host = suspended(CHOSEN, UNPASSED, *THREE)
    (found,) = host.supersede(THREE[2], corrected(THREE[2], "x", maker=maker(4)))
    assert found.data["passed_makers"] == [maker(1), maker(2), maker(4)]
    assert found.data["replaces"] == host.drawn[0][0]


@pytest.mark.parametrize("fact", [CHOSEN, UNPASSED, *THREE])
def test_what_is_corrected_in_what_does_not_count_says_nothing(fact: Message) -> None:
    host = suspended(CHOSEN, UNPASSED, *THREE)
    assert host.supersede(fact, corrected(fact, "x", local_code="L9")) == []
    assert len(standing(host)) == 1


def test_a_corrected_selected_product_does_not_restore_the_others_for_a_moment() -> None:
    host = suspended(CHOSEN, UNPASSED, *THREE)
    other = corrected(CHOSEN, "x", unified_code="XC08CAA001A00101000002", unit_price="0.110000")
    assert host.supersede(CHOSEN, other) == []


def test_a_listing_corrected_to_another_product_ends_there_before_it_is_suspended_here() -> None:
    host = suspended(CHOSEN, UNPASSED, *THREE)
    other = corrected(UNPASSED, "x", unified_code="XC08CAA001A00101000009")
    assert told(host.supersede(UNPASSED, other)) == [
        ("corrected", "2020-05-01"),
        ("suspended", "2020-05-01"),
    ]


def test_a_corrected_name_is_said_with_the_suspension_that_bears_it() -> None:
    host = suspended(CHOSEN, UNPASSED, *THREE)
    (found,) = host.supersede(UNPASSED, corrected(UNPASSED, "x", drug_name="苯磺酸氨氯地平片"))
    assert found.data["drug_name"] == "苯磺酸氨氯地平片"
    assert found.data["replaces"] == host.drawn[0][0]


def test_a_corrected_day_of_restoration_replaces_the_restoration_alone() -> None:
    own = passed("own", 4, "2020-09-01", unified_code=PRODUCT)
    host = suspended(CHOSEN, UNPASSED, *THREE, own)
    (found,) = host.supersede(own, corrected(own, "x", passed_on="2020-10-01"))
    assert told([found]) == [("passed", "2020-10-01")]
    assert found.data["replaces"] == host.drawn[1][0]


@pytest.mark.parametrize("fact", [CHOSEN, THREE[2]])
def test_a_fact_that_is_not_known_is_not_taken_back(fact: Message) -> None:
    rest = [each for each in (CHOSEN, UNPASSED, *THREE) if each is not fact]
    host, by = suspended(*rest), corrected(fact, "x")
    ((key, state),) = host.states.items()
    assert judged_in_place(Eligibility(), key, state, fact, by, None) == Judgement()
    host.supersede(fact, by)
    alone = suspended(*rest, by)
    assert (host.states, host.drawn) == (alone.states, alone.drawn)


def test_a_late_pass_moves_the_beginning() -> None:
    host = suspended(CHOSEN, UNPASSED, *THREE)
    found = host.take(passed("p4", 4, "2020-04-15", unified_code="XC08CAA001A00101000044"))
    assert sorted(told(found)) == [("corrected", "2020-05-01"), ("suspended", "2020-04-15")]


def test_a_restoration_that_was_wrong_is_taken_back() -> None:
    own = passed("own", 4, "2020-09-01", unified_code=PRODUCT)
    host = suspended(CHOSEN, UNPASSED, *THREE, own)
    first = host.drawn[0][0]
    found = host.supersede(own, corrected(own, "x", unified_code="XC08CAA001A00101000044"))
    assert told(found) == [("suspended", "2020-05-01")]
    assert found[0].data["replaces"] == first


@pytest.mark.parametrize(("since", "expected"), [("2019-12-29", "2019-12-30"), ("2019-12-31", "2019-12-31")])  # fmt: skip
def test_nothing_is_suspended_before_the_results_take_effect(since: str, expected: str) -> None:
    early = [passed(f"e{at}", at, "2019-06-01") for at in (1, 2, 3)]
    chosen = replace(CHOSEN, data=canonical_bytes(CHOSEN.content() | {"effective_from": since}))
    own = replace(UNPASSED, data=canonical_bytes(UNPASSED.content() | {"effective_from": since}))
    assert told([each for _, each in suspended(chosen, own, *early).drawn]) == [
        ("suspended", expected)
    ]


def test_a_drug_whose_selection_ended_is_restored_and_a_renewed_one_is_not() -> None:
    ended = listing(
        "c2",
        "0.100000",
        GUIZHOU,
        kind="selected",
        unified_code="XC08CAA001A00101000001",
        effective_from="2020-07-01",
        effective_to="2020-12-31",
    )
    host = suspended(CHOSEN, UNPASSED, *THREE)
    assert told(host.take(ended)) == [("not_selected", "2021-01-01")]
    data = ended.content() | {"effective_from": "2021-01-01", "effective_to": "2021-12-31"}
    assert told(host.take(listing("c3", "0.090000", GUIZHOU, **{k: data[k] for k in ("kind", "unified_code", "effective_from", "effective_to")}))) == [("not_selected", "2022-01-01")]  # fmt: skip


def test_a_price_change_of_a_suspended_product_changes_nothing() -> None:
    host = suspended(CHOSEN, UNPASSED, *THREE)
    later = listing("u2", "0.150000", GUIZHOU, origin="generic", effective_from="2020-10-01")
    assert host.take(later) == []


def test_a_pass_revoked_before_it_was_given_is_refused() -> None:
    data = THREE[0].content() | {"revoked_on": "2020-01-01"}
    (found,) = check(CONSISTENCY_PASSED, data, canonical_bytes(data))
    assert (found.path, found.code) == ("revoked_on", "date.invalid")


# ------------------------------------------------------------------------------ the algebra

DAYS = st.sampled_from(["2020-03-01", "2020-04-01", "2020-05-01", "2020-06-01"])


@st.composite
def stories(draw: st.DrawFn) -> list[Message]:
    """Listings and passes of one drug, in the order in which the journal has them."""
    found = [CHOSEN, UNPASSED]
    for at in range(draw(st.integers(0, 6))):
        by, day = draw(st.integers(1, 4)), draw(DAYS)
        code = draw(st.sampled_from([PRODUCT, f"XC08CAA001A0010100{by:04d}"]))
        revoked = draw(st.sampled_from([None, None, "2020-07-01", "2020-05-15"]))
        changed: dict[str, Any] = {"revoked_on": revoked} if revoked and revoked >= day else {}
        found.append(passed(f"p{at}", by, day, unified_code=code, **changed))
    found += [
        listing(
            f"s{at}",
            "0.100000",
            GUIZHOU,
            kind="selected",
            unified_code="XC08CAA001A00101000001",
            effective_from=draw(DAYS),
            effective_to=draw(st.sampled_from(["2020-06-15", "2020-12-31"])),
        )
        for at in range(draw(st.integers(0, 2)))
    ]
    return numbered(found[draw(st.integers(0, 1)) :])


@settings(max_examples=150, deadline=None)
@given(story=stories(), order=st.randoms(use_true_random=False))
def test_any_order_of_arrival_leaves_the_same_suspensions(story: list[Message], order: Any) -> None:
    shuffled = list(story)
    order.shuffle(shuffled)
    one, other = suspended(*story), suspended(*shuffled)
    assert standing(one) == standing(other)
    assert one.take(*shuffled) == []


@settings(max_examples=100, deadline=None)
@given(story=stories(), data=st.data())
def test_what_was_withdrawn_leaves_no_trace(story: list[Message], data: st.DataObject) -> None:
    gone = data.draw(st.sampled_from(story))
    rest = [each for each in story if each is not gone]
    field = "passed_on" if gone.type == CONSISTENCY_PASSED else "effective_from"
    by = corrected(gone, "by", **{field: "2020-02-10"}).numbered(0, 99)
    host = suspended(*story)
    host.supersede(gone, by)
    assert standing(host) == standing(suspended(*rest, by))


@settings(max_examples=100, deadline=None)
@given(right=stories(), wrong=stories(), order=st.randoms(use_true_random=False))
def test_what_is_suspended_after_corrections_is_what_the_right_facts_alone_lead_to(
    right: list[Message], wrong: list[Message], order: Any
) -> None:
    right = rightly(right)
    pairs = [each for each in zip(wrong, right, strict=False) if each[0].type == each[1].type]
    heard = [*(false for false, _ in pairs), *right[len(wrong) :]]
    heard += [true for false, true in zip(wrong, right, strict=False) if false.type != true.type]
    order.shuffle(heard)
    order.shuffle(pairs)
    host = suspended(*heard)
    for false, true in pairs:
        host.supersede(false, true)
    assert standing(host) == standing(suspended(*right))
    assert [host.supersede(*each) for each in pairs] == [[] for _ in pairs]


@given(story=stories())
@settings(max_examples=60, deadline=None)
def test_one_more_pass_of_another_product_never_restores(story: list[Message]) -> None:
    """More makers that passed can only suspend more: the count is monotone."""
    more = passed("more", 9, "2020-03-01").numbered(0, 99)

    def days(host: Host) -> list[tuple[str, str]]:
        return [(each[1], each[3] or "9999") for each in standing(host) if each[0] == PRODUCT]

    wider = days(suspended(*story, more))
    for since, until in days(suspended(*story)):
        assert any(one <= since and until <= other for one, other in wider)


def test_restored_says_which_type_it_is() -> None:
    host = suspended(CHOSEN, UNPASSED, *THREE)
    (found,) = host.take(passed("own", 4, "2020-09-01", unified_code=PRODUCT))
    assert found.type == LISTING_RESTORED
