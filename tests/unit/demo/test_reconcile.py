from __future__ import annotations

from dataclasses import replace

import orjson
import pytest

from gateway.demo.answered import Answered
from gateway.demo.ledger import Ledger
from gateway.demo.letters import Fact, Letter
from gateway.demo.reconcile import Evidence, Reconciliation, reconcile
from schemas.envelope import Message
from schemas.events import ACCEPTANCE_RECORDED, PRICE_LINKED

AMOUNTS = (1_250, 99)


def _letter() -> Letter:
    facts = tuple(Fact(ACCEPTANCE_RECORDED, amount) for amount in AMOUNTS)
    return Letter("lane", "platform", "yunnan_procurement", "YS1", b"<x/>", "验收", facts)


def _message(identity: str, amount: str) -> Message:
    data = orjson.dumps({"amount": amount})
    return Message(identity, "urn:jicai:partner:platform", ACCEPTANCE_RECORDED, "s", "t", data)


def _sent() -> tuple[Ledger, Evidence]:
    """Return a ledger with one receipt of two lines, and evidence that has it everywhere once."""
    ledger, evidence, letter = Ledger(), Evidence(), _letter()
    ledger.note(letter, {1: "accepted", 2: "accepted"})
    for identity, amount in zip(letter.identities(), ("12.50", "0.99"), strict=True):
        message = _message(identity, amount)
        evidence.journal.add(message)
        evidence.topics.add(message)
        evidence.journalled[identity] += 1
        evidence.published[identity] += 1
    return ledger, evidence


def _is_fine(found: Reconciliation) -> bool:
    return found.ok and not (found.lost or found.doubled or found.unexplained)


def test_what_is_everywhere_once_is_accounted_for() -> None:
    found = reconcile(*_sent())
    assert _is_fine(found)
    assert found.fen_difference == 0
    assert [row.sent for row in found.rows] == [(2, sum(AMOUNTS))]


def test_an_accepted_line_that_is_on_no_topic_is_lost() -> None:
    ledger, evidence = _sent()
    gone = _letter().identities()[0]
    del evidence.published[gone]
    found = reconcile(ledger, evidence)
    assert found.lost == (f"验收 {gone}",)
    assert not found.ok


def test_one_fen_less_on_the_topic_is_found() -> None:
    ledger, evidence = _sent()
    evidence.topics.sums[ACCEPTANCE_RECORDED] -= 1
    found = reconcile(ledger, evidence)
    assert found.fen_difference == 1
    assert len(found.unexplained) == 1
    assert not found.ok


def test_a_linked_price_that_a_platform_booked_otherwise_is_found() -> None:
    ledger, evidence = _sent()
    evidence.topics.sums[PRICE_LINKED] += 1
    found = reconcile(ledger, evidence)
    assert found.fen_difference == 1  # a millionth of a yuan counts as a whole fen: never hidden


def test_the_same_message_on_a_topic_again_is_no_second_effect_but_another_content_is() -> None:
    ledger, evidence = _sent()
    evidence.published[_letter().identities()[0]] += 1
    again = reconcile(ledger, evidence)
    assert _is_fine(again)
    assert again.republished == 1
    evidence.altered.add(_letter().identities()[0])
    assert reconcile(ledger, evidence).doubled == (_letter().identities()[0],)


@pytest.mark.parametrize("book", ["journalled", "receipts", "booked"])
def test_an_effect_twice_is_doubled(book: str) -> None:
    ledger, evidence = _sent()
    identity = _letter().identities()[0]
    if book == "journalled":
        evidence.journalled[identity] += 1
    else:
        pair = (identity, "insurance")
        evidence.due.add(pair)
        evidence.receipts[pair] += 1
        evidence.booked[pair] += 1
        getattr(evidence, book)[pair] += 1
    assert len(reconcile(ledger, evidence).doubled) == 1


def test_a_delivery_that_is_due_and_has_no_receipt_is_lost() -> None:
    ledger, evidence = _sent()
    evidence.due.add(("m", "insurance"))
    assert reconcile(ledger, evidence).lost == ("→ insurance m",)


def test_a_dead_letter_is_not_lost_and_not_fine_either() -> None:
    ledger, evidence = _sent()
    evidence.due.add(("m", "insurance"))
    evidence.dead.add(("m", "insurance"))
    found = reconcile(ledger, evidence)
    assert (found.lost, found.dead_lettered, found.ok) == ((), 1, False)


def test_a_receipt_for_what_the_partner_never_booked_is_unexplained() -> None:
    ledger, evidence = _sent()
    evidence.due.add(("m", "insurance"))
    evidence.receipts["m", "insurance"] += 1
    (what,) = reconcile(ledger, evidence).unexplained
    assert "insurance" in what


def test_a_message_nobody_sent_is_unexplained() -> None:
    ledger, evidence = _sent()
    evidence.published["stranger"] += 1
    assert len(reconcile(ledger, evidence).unexplained) == 1


def test_a_rejection_that_was_not_published_is_unexplained() -> None:
    ledger, evidence = _sent()
    ledger.note_rejected(replace(_letter(), message_id="YS2"))
    assert len(reconcile(ledger, evidence).unexplained) == 1
    evidence.published["rejection"] += 1
    assert _is_fine(reconcile(ledger, evidence))


def test_what_was_rejected_and_appears_after_all_is_unexplained() -> None:
    ledger, evidence = _sent()
    rejected = replace(_letter(), message_id="YS2")
    ledger.note_rejected(rejected)
    evidence.published[rejected.identities()[0]] += 1
    assert len(reconcile(ledger, evidence).unexplained) == 1


def test_a_broken_chain_and_a_message_still_held_are_not_fine() -> None:
    ledger, evidence = _sent()
    evidence.still_held = 1
    assert reconcile(ledger, evidence).unexplained == ("仍挂起 still held: 1",)
    ledger, evidence = _sent()
    evidence.chain_broken = "shard 0 entry 3: hash"
    assert not reconcile(ledger, evidence).ok


def test_an_answer_that_surprises_is_unexplained() -> None:
    ledger, evidence = _sent()
    ledger.note_wrong("签名错误", "401 auth.signature", Answered("200", "00000"))
    assert reconcile(ledger, evidence).unexplained == ("签名错误: 200 00000 ≠ 401 auth.signature",)


def test_a_line_that_was_not_answered_is_unexplained() -> None:
    ledger = Ledger()
    ledger.note(_letter(), {1: "accepted"})
    assert ledger.count("accepted") == 1
    assert len(ledger.surprises) == 2  # one line too few, and which one
