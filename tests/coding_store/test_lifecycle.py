from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.coding.records import Choice, Relation, Status, known_instant
from gateway.errors import Refused, Rejected
from tests.coding_store.desk import (
    DAY,
    DECIDED,
    LI,
    ONE,
    PARTNER,
    PROPOSED,
    TWO,
    WANG,
    ZHAO,
    Desk,
    desk_on,
    moment,
    wanted,
)

KEY = (PARTNER, "product", "L1")


async def test_nothing_is_coded_by_a_proposal_before_another_person_approves(desk: Desk) -> None:
    (identity,) = await desk.propose(wanted(evidence="批准文号一致"))
    assert desk.means() is None
    with pytest.raises(Refused, match=r"coding\.two_people") as refused:
        await desk.review.approve([identity], by=LI, now=desk.now())
    assert refused.value.status == 403
    with pytest.raises(Refused):
        await desk.review.approve([identity], by=LI.upper(), now=desk.now())
    assert desk.means() is None
    decided = await desk.review.approve([identity], by=WANG, now=moment(9))
    assert (decided.ids, decided.already, decided.revision) == ((identity,), (), 1)
    assert desk.means() == ONE
    version = desk.review.crosswalk.as_of(*KEY, DAY)
    assert version is not None
    assert version in decided.approved
    assert (version.id, version.proposed_by, version.approved_by) == (identity, LI, WANG)
    assert (version.evidence, version.origin) == ("批准文号一致", "review")
    assert version.known_from == known_instant(moment(9))


async def test_of_several_proposals_none_is_approved_when_one_is_ones_own(desk: Desk) -> None:
    (first,) = await desk.propose(wanted("L1"))
    (second,) = await desk.propose(wanted("L2", TWO), by=WANG)
    with pytest.raises(Refused):
        await desk.review.approve([first, second], by=WANG, now=desk.now())
    assert (desk.means("L1"), desk.means("L2")) == (None, None)
    await desk.review.approve([first, second], by=ZHAO, now=desk.now())
    assert (desk.means("L1"), desk.means("L2")) == (ONE, TWO)


async def test_an_act_that_is_repeated_changes_nothing(desk: Desk) -> None:
    (identity,) = await desk.propose(wanted())
    (again,) = await desk.review.propose([wanted(evidence="other")], by=ZHAO, now=desk.now())
    assert (again.id, again.state) == (identity, "duplicate")
    await desk.review.approve([identity, identity], by=WANG, now=desk.now())
    repeated = await desk.review.approve([identity], by=WANG, now=desk.now())
    assert (repeated.ids, repeated.already, repeated.revision) == ((), (identity,), 0)
    (known,) = await desk.review.propose([wanted()], by=LI, now=desk.now())
    assert (known.id, known.state) == (identity, "duplicate")
    within = wanted(since="2026-02-01", valid_to="2026-02-28")
    (covered,) = await desk.review.propose([within], by=LI, now=desk.now())
    assert (covered.id, covered.state) == (identity, "duplicate")
    assert len(await desk.said(PROPOSED)) == len(await desk.said(DECIDED)) == 1
    assert (await desk.store.counter()).revision == 1


async def test_the_same_proposal_twice_in_one_call_is_filed_once(desk: Desk) -> None:
    first, second = await desk.review.propose([wanted(), wanted()], by=LI, now=desk.now())
    assert (first.state, second.state, first.id) == ("accepted", "duplicate", second.id)


async def test_a_refused_proposal_is_never_in_force_and_may_be_made_anew(desk: Desk) -> None:
    (identity,) = await desk.propose(wanted())
    with pytest.raises(Rejected, match="reason"):
        await desk.review.refuse([identity], by=WANG, reason=" ", now=desk.now())
    decided = await desk.review.refuse([identity], by=WANG, reason="规格不符", now=desk.now())
    assert (decided.ids, desk.means()) == ((identity,), None)
    with pytest.raises(Rejected, match="decided before"):
        await desk.review.approve([identity], by=WANG, now=desk.now())
    again = await desk.review.refuse([identity], by=WANG, reason="规格不符", now=desk.now())
    assert again.already == (identity,)
    (anew,) = await desk.propose(wanted())
    assert anew != identity
    await desk.review.approve([anew], by=WANG, now=desk.now())
    assert desk.means() == ONE
    with pytest.raises(Rejected, match="decided before"):
        await desk.review.refuse([anew], by=WANG, reason="x", now=desk.now())


async def test_a_proposer_takes_an_own_proposal_back(desk: Desk) -> None:
    (identity,) = await desk.propose(wanted())
    await desk.review.refuse([identity], by=LI, reason="录错", now=desk.now())
    filed = await desk.review.get(identity)
    assert filed is not None
    assert (filed.status, filed.decided_by, filed.decision_reason) == (
        Status.REFUSED,
        LI,
        "录错",
    )


async def test_a_correction_ends_what_was_believed_and_erases_nothing(desk: Desk) -> None:
    (old,) = await desk.believe(wanted())
    before = known_instant(desk.now())
    (new,) = await desk.believe(wanted(unified=TWO, replaces=old, reason="厂家更正"))
    assert desk.means() == TWO
    assert desk.meant(before) == ONE
    assert desk.meant(known_instant(desk.now())) == TWO
    first, second = desk.review.crosswalk.history(*KEY)
    assert (first.id, first.status, first.ended_by) == (old, Status.RETIRED, new)
    assert first.known_to == second.known_from
    assert (second.id, second.replaces, second.status) == (new, old, Status.APPROVED)
    (gone,) = await desk.review.propose([wanted(replaces=old)], by=LI, now=desk.now())
    assert (gone.state, gone.issues[0].code) == ("refused", "crosswalk.replaced")


async def test_a_repeated_correction_is_known(desk: Desk) -> None:
    (old,) = await desk.believe(wanted())
    correction = wanted(unified=TWO, replaces=old)
    (new,) = await desk.believe(correction)
    (again,) = await desk.review.propose([correction], by=LI, now=desk.now())
    assert (again.id, again.state) == (new, "duplicate")


async def test_a_correction_that_changes_nothing_is_refused(desk: Desk) -> None:
    (old,) = await desk.believe(wanted())
    (same,) = await desk.review.propose([wanted(replaces=old)], by=LI, now=desk.now())
    assert (same.state, same.issues[0].code) == ("refused", "crosswalk.unchanged")


async def test_retiring_takes_two_people_and_leaves_the_past(desk: Desk) -> None:
    (old,) = await desk.believe(wanted())
    before = known_instant(desk.now())
    asked = await desk.review.retire(old, by=ZHAO, reason="目录作废", now=desk.now())
    assert (asked.state, desk.means()) == ("accepted", ONE)
    with pytest.raises(Refused):
        await desk.review.approve([asked.id], by=ZHAO, now=desk.now())
    decided = await desk.review.approve([asked.id], by=WANG, now=desk.now())
    assert ([one.id for one in decided.ended], decided.approved) == ([old], ())
    assert (desk.means(), desk.meant(before)) == (None, ONE)
    assert desk.review.crosswalk.absence(*KEY) == "expired"
    (gone,) = desk.review.crosswalk.history(*KEY)
    assert (gone.status, gone.reason, gone.ended_by) == (Status.RETIRED, "目录作废", asked.id)
    again = await desk.review.retire(old, by=ZHAO, reason="目录作废", now=desk.now())
    assert (again.id, again.state) == (asked.id, "duplicate")
    (anew,) = await desk.propose(wanted())
    assert anew != old


async def test_retiring_what_is_not_there_or_without_a_reason_is_refused(desk: Desk) -> None:
    with pytest.raises(Rejected, match="no version"):
        await desk.review.retire("0" * 32, by=LI, reason="x", now=desk.now())
    (old,) = await desk.believe(wanted())
    outcome = await desk.review.retire(old, by=LI, reason=" ", now=desk.now())
    assert [one.code for one in outcome.issues] == ["crosswalk.reason"]


async def test_a_person_finds_that_there_is_no_unified_code(desk: Desk) -> None:
    none = wanted(unified="", relation=Relation.NONE)
    (bare,) = await desk.review.propose([none], by=LI, now=desk.now())
    assert bare.state == "refused"
    (identity,) = await desk.believe(replace(none, reason="院内自制剂"))
    refusal = desk.review.crosswalk.refusal(*KEY, DAY)
    assert refusal is not None
    assert (refusal.id, refusal.reason, desk.means()) == (identity, "院内自制剂", None)
    assert desk.review.crosswalk.refusal(*KEY, "2025-12-31") is None
    await desk.believe(wanted(replaces=identity))
    assert (desk.means(), desk.review.crosswalk.refusal(*KEY, DAY)) == (ONE, None)


@pytest.mark.parametrize("relation", [Relation.BROADER, Relation.NARROWER])
async def test_only_an_equivalent_code_codes_messages(desk: Desk, relation: Relation) -> None:
    await desk.believe(wanted(relation=relation))
    version = desk.review.crosswalk.as_of(*KEY, DAY)
    assert version is not None
    assert (version.relation, version.unified_code, desk.means()) == (relation, ONE, None)
    assert desk.review.crosswalk.reverse(PARTNER, "product", ONE, DAY) == ()


async def test_every_act_is_a_message_in_the_chain(desk: Desk) -> None:
    (old,) = await desk.believe(wanted(local_name="合成示例片", evidence="一致"))
    await desk.believe(wanted(unified=TWO, replaces=old))
    (third,) = await desk.propose(wanted("L2"))
    await desk.review.refuse([third], by=WANG, reason="重复", now=desk.now())
    proposed, decided = await desk.said(PROPOSED), await desk.said(DECIDED)
    assert [each.message.content()["proposals"][0]["local_code"] for each in proposed] == [
        "L1",
        "L1",
        "L2",
    ]
    told = [each.message.content() for each in decided]
    decisions = [each["decision"] for each in told]
    assert decisions == ["approved", "retired", "approved", "refused"]
    ending = told.pop(1)  # of a correction, what ends comes before what begins
    assert ending["previous"]["unified_code"] == ONE
    assert (told[0]["local_name"], told[0]["product_kind"]) == ("合成示例片", "western_drug")
    assert (told[0]["institution"], decided[0].message.region) == ("H53010000001", "530000")
    assert (told[1]["replaces"], told[1]["previous"]["version_id"]) == (old, old)
    assert (told[1]["previous"]["unified_code"], told[1]["unified_code"]) == (ONE, TWO)
    assert (told[2]["decided_by"], told[2]["decision_reason"]) == (WANG, "重复")
    assert decided[0].message.subject == f"{PARTNER}/product/L1"
    assert decided[0].message.causationid == proposed[0].message.id
    assert {each.interface for each in decided} == {"coding"}
    for head in await desk.journal.heads():
        assert [seq async for seq in desk.journal.verify(head.shard)][-1:] in ([], [head.seq])


async def test_a_batch_is_approved_as_a_whole_and_told_code_by_code(desk: Desk) -> None:
    rows = [wanted(f"L{number}", f"XA01AAA001A0010101{number:05d}") for number in range(1200)]
    await desk.propose(*rows, batch="import-1")
    with pytest.raises(Refused):
        await desk.review.approve_batch("import-1", by=LI, now=desk.now())
    decided = await desk.review.approve_batch("import-1", by=WANG, now=desk.now())
    assert (len(decided.ids), decided.revision) == (1200, 1)
    assert desk.means("L1199") == rows[1199].unified_code
    assert len(await desk.said(PROPOSED)) == 3  # sheets of 500
    again = await desk.review.approve_batch("import-1", by=WANG, now=desk.now())
    assert (again.ids, len(again.already)) == ((), 1200)
    version = desk.review.crosswalk.as_of(PARTNER, "product", "L7", DAY)
    assert version is not None
    assert version.origin == "import import-1"
    with pytest.raises(Rejected, match="No such proposal"):
        await desk.review.approve_batch("import", by=WANG, now=desk.now())


async def test_only_exact_matches_are_approved_in_bulk(desk: Desk) -> None:
    await desk.propose(wanted("L1", exact=True), wanted("L2", TWO))
    await desk.propose(wanted("L3", "XA01AAA001A001010100009", exact=True), by=WANG)
    decided = await desk.review.approve_exact(by=WANG, now=desk.now())
    assert (len(decided.ids), desk.means("L1")) == (1, ONE)
    assert (desk.means("L2"), desk.means("L3")) == (None, None)
    clashing = replace(wanted("L1", TWO, "2025-01-01"), exact=True, valid_to="2025-12-31")
    await desk.propose(clashing)
    await desk.believe(wanted("L1", ONE, "2025-06-01", valid_to="2025-12-31"))
    decided = await desk.review.approve_exact(by=ZHAO, now=desk.now(), partner=PARTNER)
    assert desk.means("L3") is not None
    assert [[one.code for one in issues] for _, issues in decided.left] == [["crosswalk.overlap"]]


async def test_what_is_unknown_or_unsigned_is_rejected(desk: Desk) -> None:
    with pytest.raises(Rejected, match="No such proposal") as wrong:
        await desk.review.approve(["x", "y"], by=WANG, now=desk.now())
    assert [one.path for one in wrong.value.issues] == ["x", "y"]
    for bad in ("", "  ", "a\nb", "x" * 101):
        with pytest.raises(Rejected, match="by"):
            await desk.review.propose([wanted()], by=bad, now=desk.now())
    for bad in ("a|b", "x" * 101, "a\x00b"):
        with pytest.raises(Rejected, match="batch"):
            await desk.review.propose([wanted()], by=LI, now=desk.now(), batch=bad)
    assert await desk.review.get("x") is None
    assert await desk.review.version("x") is None
    assert await desk.review.propose([], by=LI, now=desk.now()) == []


async def test_known_time_never_goes_back_whatever_the_clocks_say(desk: Desk) -> None:
    (old,) = await desk.propose(wanted())
    await desk.review.approve([old], by=WANG, now=moment(100))
    (new,) = await desk.propose(wanted(unified=TWO, replaces=old))
    await desk.review.approve([new], by=WANG, now=moment(50))  # a clock that is behind
    first, second = desk.review.crosswalk.history(*KEY)
    assert known_instant(moment(100)) == first.known_from < first.known_to == second.known_from
    assert desk.meant(known_instant(moment(100))) == ONE


async def test_a_choice_lets_two_local_codes_mean_one_product(desk: Desk) -> None:
    await desk.believe(wanted("L1"))
    (bare,) = await desk.review.propose([wanted("L2")], by=LI, now=desk.now())
    assert [one.code for one in bare.issues] == ["crosswalk.choice"]
    await desk.believe(wanted("L2", choice=Choice.INBOUND_ONLY))
    await desk.believe(wanted("L3", choice=Choice.PREFERRED))
    said = desk.review.crosswalk.reverse(PARTNER, "product", ONE, DAY)
    assert [one.local_code for one in said] == ["L3", "L1"]
    (second,) = await desk.review.propose(
        [wanted("L4", choice=Choice.PREFERRED)], by=LI, now=desk.now()
    )
    assert "L3 (preferred)" in second.issues[0].en
    other = await desk_on(desk.journal)
    assert other.review.crosswalk.reverse(PARTNER, "product", ONE, DAY) == said
