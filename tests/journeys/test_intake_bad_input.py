"""接入: what is wrong is refused or rejected by name, what is right is kept, and nothing lies."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import orjson
import pytest

from gateway.errors import Contended
from gateway.flow import HEAVY
from gateway.intake import signing
from gateway.intake.canonical import BATCH, BINARY
from gateway.ports import Commit, Outcome
from schemas.envelope import message_identity
from schemas.events import MESSAGE_REJECTED, ORDER_PLACED
from tests.unit.intake.world import (
    KEY,
    OTHER_KEY,
    World,
    by_key,
    event,
    open_world,
    order,
    with_line,
)

LIMIT = 64 << 10


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path, body_limit=LIMIT, message_limit=LIMIT // 2) as opened:
        yield opened


def _error(answer: httpx.Response) -> tuple[int, str]:
    error = answer.json()["error"]
    assert set(error) == {"code", "zh", "en"}
    assert error["zh"]
    assert error["en"]
    return answer.status_code, error["code"]


def _codes(answer: httpx.Response) -> list[str]:
    (line,) = answer.json()["lines"]
    assert line["state"] == "rejected"
    return [each["code"] for each in line["issues"]]


# ----------------------------------------------------------------- who is not let in


async def test_a_wrong_signature_is_refused_and_leaves_nothing(world: World) -> None:
    answer = await world.send_signed(orjson.dumps(event()), secret=b"guessed")
    assert _error(answer) == (401, "auth.signature")
    assert world.journal.commits == 0


async def test_an_unknown_partner_is_refused(world: World) -> None:
    answer = await world.send_event(event(), headers=by_key("nobody", KEY))
    assert _error(answer) == (401, "auth.unknown")


async def test_a_switched_off_partner_is_refused(world: World) -> None:
    answer = await world.send_event(event(), headers=by_key("hospital-off", KEY))
    assert _error(answer) == (401, "auth.unknown")


async def test_no_proof_at_all_is_refused_on_every_protected_route(world: World) -> None:
    for answer in (
        await world.send_event(event(), headers={}),
        await world.send(b"{}", "application/json", "/v1/interfaces/desk/messages", {}),
        await world.client.get("/v1/messages/x"),
    ):
        assert _error(answer) == (401, "auth.missing")
        assert "www-authenticate" in answer.headers


async def test_an_expired_timestamp_is_refused(world: World) -> None:
    body = orjson.dumps(event())
    headers = world.signed(body)
    world.pass_time(seconds=301)
    assert _error(await world.send(body, headers=headers)) == (401, "auth.window")


async def test_a_replayed_request_is_refused_also_by_a_gateway_that_was_restarted(
    world: World,
) -> None:
    body = orjson.dumps(event())
    headers = world.signed(body)
    assert (await world.send(body, headers=headers)).status_code == 200
    assert _error(await world.send(body, headers=headers)) == (401, "auth.replayed")
    world.app.state.door.authenticator._seen.clear()
    assert _error(await world.send(body, headers=headers)) == (401, "auth.replayed")
    assert world.published() == [ORDER_PLACED]


async def test_the_same_message_under_a_fresh_signature_is_a_duplicate(world: World) -> None:
    body = orjson.dumps(event())
    await world.send_signed(body)
    answer = await world.send_signed(body)
    assert (answer.status_code, answer.json()["verdict"]) == (200, "duplicate")


async def test_after_unavailable_the_very_same_request_may_be_sent_again(world: World) -> None:
    body = orjson.dumps(event())
    headers = world.signed(body)
    world.journal.down = True
    refused = await world.send(body, headers=headers)
    assert _error(refused) == (503, "gateway.unavailable")
    assert int(refused.headers["retry-after"]) > 0
    world.journal.down = False
    assert (await world.send(body, headers=headers)).json()["verdict"] == "accepted"


async def test_a_body_other_than_the_signed_one_is_refused(world: World) -> None:
    headers = world.signed(orjson.dumps(event()))
    answer = await world.send(orjson.dumps(event(data=order(total="9.99"))), headers=headers)
    assert _error(answer) == (401, "auth.digest")
    assert world.journal.commits == 0


async def test_a_signed_message_id_must_be_the_events_own(world: World) -> None:
    body = orjson.dumps(event("PO-1"))
    wrong = await world.send_signed(body, message_id="PO-2")
    assert _error(wrong) == (401, "auth.message_id")
    right = await world.send_signed(body, message_id="PO-1")
    assert right.status_code == 200


async def test_a_signer_may_not_use_its_secret_as_a_key(world: World) -> None:
    answer = await world.send_event(event(), headers=by_key("platform", "anything"))
    assert _error(answer) == (401, "auth.algorithm")


async def test_a_partner_on_another_interface_is_forbidden(world: World) -> None:
    path = "/v1/interfaces/desk/messages"
    assert _error(await world.send(b"{}", "application/json", path)) == (
        403,
        "interface.not_yours",
    )


async def test_an_unknown_interface_does_not_exist(world: World) -> None:
    path = "/v1/interfaces/no-such/messages"
    assert _error(await world.send(b"{}", "application/json", path)) == (404, "interface.unknown")


async def test_a_native_partner_says_in_canonical_words_only_what_its_interface_says(
    world: World,
) -> None:
    listed = event("L-1", {"any": "thing"}, type="cn.jicai.price.listed.v1")
    answer = await world.send_signed(orjson.dumps(listed))
    assert answer.status_code == 422
    assert _codes(answer) == ["message.forbidden"]
    assert (await world.send_signed(orjson.dumps(event()))).status_code == 200


# ----------------------------------------------------------------- bodies that are not read


async def test_an_oversized_body_is_refused(world: World) -> None:
    answer = await world.send(b" " * (LIMIT + 1), BATCH)
    assert _error(answer) == (413, "body.too_large")


async def test_a_body_of_exactly_the_limit_is_read(world: World) -> None:
    batch = orjson.dumps([event()])
    answer = await world.send(batch + b" " * (LIMIT - len(batch)), BATCH)
    assert answer.status_code == 200


async def test_an_oversized_body_without_a_declared_length_is_refused(world: World) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 4096

    headers = {"content-type": BATCH, **by_key("hospital-a", KEY)}
    answer = await world.client.post("/v1/messages", content=endless(), headers=headers)
    assert _error(answer) == (413, "body.too_large")


async def test_a_single_message_has_its_own_smaller_limit(world: World) -> None:
    answer = await world.send(b" " * (LIMIT // 2 + 1))
    assert _error(answer) == (413, "body.too_large")


@pytest.mark.parametrize("content_type", [BATCH, "application/x-ndjson"])
async def test_one_oversized_message_does_not_take_its_neighbours_with_it(
    world: World, content_type: str
) -> None:
    big = event("BIG", order("BIG", order_no="x" * (LIMIT // 2)))
    events = [event("A"), big, event("B")]
    body = (
        orjson.dumps(events)
        if content_type == BATCH
        else b"\n".join(orjson.dumps(each) for each in events)
    )
    answer = await world.send(body, content_type)
    results = (
        answer.json()["results"]
        if content_type == BATCH
        else [orjson.loads(each) for each in answer.content.splitlines()]
    )
    assert [each["verdict"] for each in results] == ["accepted", "rejected", "accepted"]
    assert results[1]["lines"][0]["issues"][0]["code"] == "body.too_large"


async def test_a_gzip_bomb_is_refused(world: World) -> None:
    bomb = gzip.compress(b"[" + b" " * (50 << 20) + b"]")
    assert len(bomb) < LIMIT
    answer = await world.send(
        bomb, BATCH, headers={"content-encoding": "gzip", **by_key("hospital-a", KEY)}
    )
    assert _error(answer) == (413, "body.too_large")


async def test_a_signed_gzip_body_is_read_and_its_digest_is_of_the_bytes_as_sent(
    world: World,
) -> None:
    plain = orjson.dumps(event())
    packed = gzip.compress(plain[:100]) + gzip.compress(plain[100:])
    headers = {"content-encoding": "gzip", **world.signed(packed)}
    assert (await world.send(packed, headers=headers)).status_code == 200
    unpacked = {"content-encoding": "gzip", **world.signed(plain)}
    assert _error(await world.send(packed, headers=unpacked)) == (401, "auth.digest")


@pytest.mark.parametrize(
    "packed",
    [
        gzip.compress(orjson.dumps(event()), mtime=0)[:-5],
        gzip.compress(orjson.dumps(event()), mtime=0) + b"rubbish",
        b"not gzip",
        b"",
    ],
)
async def test_broken_gzip_is_refused(world: World, packed: bytes) -> None:
    headers = {"content-encoding": "gzip", **by_key("hospital-a", KEY)}
    answer = await world.send(packed, headers=headers)
    assert _error(answer) == (400, "body.compression")


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip"])
async def test_other_compressions_are_not_supported(world: World, encoding: str) -> None:
    headers = {"content-encoding": encoding, **by_key("hospital-a", KEY)}
    answer = await world.send(b"{}", headers=headers)
    assert _error(answer) == (415, "body.compression_unknown")


@pytest.mark.parametrize(
    ("content_type", "code"),
    [
        ("text/plain", "body.media_type"),
        ("", "body.media_type"),
        ("application/cloudevents+json; charset=gb18030", "body.charset"),
    ],
)
async def test_other_media_types_are_not_supported(
    world: World, content_type: str, code: str
) -> None:
    answer = await world.send(orjson.dumps(event()), content_type)
    assert _error(answer) == (415, code)


async def test_a_batch_of_too_many_events_is_refused_before_any_is_taken(tmp_path: Path) -> None:
    async with open_world(tmp_path, line_limit=3) as world:
        four = await world.send_batch([event(f"PO-{number}") for number in range(4)])
        assert _error(four) == (413, "batch.too_long")
        assert world.journal.commits == 0
        three = await world.send_batch([event(f"PO-{number}") for number in range(3)])
        assert three.status_code == 200


# ----------------------------------------------------------------- messages that are rejected


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        (b"", ["body.empty"]),
        (b"{", ["json.malformed"]),
        (orjson.dumps(event())[:-20], ["json.malformed"]),
        (orjson.dumps(event()).replace(b"DD-PO-1", b"DD-\xc3\x28"), ["body.encoding"]),
        (orjson.dumps(event()).replace(b'"id":', b'"id":"x","id":'), ["json.duplicate_key"]),
        (
            orjson.dumps(event()).replace(b'"total":', b'"total":"0.01","total":'),
            ["json.duplicate_key"],
        ),
        (orjson.dumps(event(data=order(total=123.00))), ["money.number"]),
        (orjson.dumps(event(data=with_line(quantity=100))), ["money.number"]),
        (orjson.dumps(event(data=with_line(quantity="１００.0000"))), ["field.fullwidth"]),
        (orjson.dumps(event(data=with_line(quantity="-1.0000"))), ["field.format"]),
        (orjson.dumps(event(data=with_line(quantity="1_00.0000"))), ["field.format"]),
        (orjson.dumps(event(data=order(total=" 123.00"))), ["field.format"]),
        (orjson.dumps(event(data=order(total="123.01"))), ["sum.mismatch"]),
        (orjson.dumps(event(data=order(surprise="x"))), ["field.unknown"]),
        (orjson.dumps(event(type="cn.jicai.nothing.happened.v1")), ["message.unsupported"]),
        (orjson.dumps(event(type="cn.jicai.settlement.held.v1")), ["message.forbidden"]),
        (orjson.dumps(event(id=None)), ["field.required"]),
    ],
)
async def test_a_bad_message_is_rejected_by_name_and_the_rejection_is_journalled(
    world: World, body: bytes, codes: list[str]
) -> None:
    answer = await world.send(body)
    assert answer.status_code == 422
    assert answer.json()["verdict"] == "rejected"
    assert _codes(answer) == codes
    assert world.published() == [MESSAGE_REJECTED]


async def test_a_corrected_message_may_follow_under_the_same_id(world: World) -> None:
    assert (await world.send_event(event(data=order(total="1.00")))).status_code == 422
    answer = await world.send_event(event())
    assert (answer.status_code, answer.json()["verdict"]) == (200, "accepted")


async def test_ids_with_slashes_and_han_characters_are_found_again(world: World) -> None:
    for identity in ("2026/03/01-7", "订单-1", "a b%"):
        await world.send_event(event(identity, order("X", order_no=identity)))
        path = f"/v1/messages/{quote(identity, safe='')}"
        answer = await world.client.get(path, headers=by_key("hospital-a", KEY))
        assert answer.json()["message_id"] == identity


async def test_a_heavy_document_is_taken_whole(tmp_path: Path) -> None:
    async with open_world(tmp_path) as world:
        orders = [order(f"H-{number}") for number in range(1500)]
        body = orjson.dumps({"no": "HEAVY", "orders": orders})
        assert len(body) > HEAVY
        answer = await world.send_signed(body, "application/json", DESK)
        told = answer.json()
        assert (answer.status_code, told["accepted"]) == (200, 1500)
        assert [each["line"] for each in told["lines"]] == list(range(1, 1501))


async def test_the_same_id_with_other_content_is_a_conflict_and_the_first_one_stands(
    world: World,
) -> None:
    first = await world.send_event(event())
    other = with_line(quantity="200.0000", amount="246.00")
    answer = await world.send_event(event(data={**other, "total": "246.00"}))
    assert answer.status_code == 409
    told = answer.json()
    assert told["verdict"] == "conflict"
    assert [each["code"] for each in told["issues"]] == ["id.conflict"]
    entry = await world.journal.find(first.json()["id"])
    assert entry is not None
    assert entry.message.content()["total"] == "123.00"


async def test_the_same_event_is_the_same_alone_in_a_batch_in_a_stream_and_packed(
    world: World,
) -> None:
    given = event()
    body = orjson.dumps(given)
    first = (await world.send(body)).json()
    in_batch = (await world.send(b"[\n " + body + b" \n]", BATCH)).json()["results"][0]
    in_stream = (await world.send(b"\r\n" + body + b"\r\n", "application/x-ndjson")).json()
    packed = await world.send(
        gzip.compress(body), headers={"content-encoding": "gzip", **by_key("hospital-a", KEY)}
    )
    assert in_stream.pop("line") == 2
    assert in_batch == in_stream == packed.json()
    assert (in_batch["verdict"], in_batch["id"]) == ("duplicate", first["id"])


async def test_two_partners_may_use_the_same_message_id(world: World) -> None:
    mine = await world.send_event(event())
    theirs = await world.send_event(event(), headers=by_key("hospital-b", OTHER_KEY))
    assert mine.json()["verdict"] == theirs.json()["verdict"] == "accepted"
    assert mine.json()["id"] != theirs.json()["id"]


async def test_an_unknown_code_holds_the_message_and_says_so(world: World) -> None:
    answer = await world.send_event(event(data=with_line(local_code="NEW-1")))
    told = answer.json()
    assert (answer.status_code, told["verdict"], told["held"]) == (200, "accepted", 1)
    (line,) = told["lines"]
    assert (line["state"], line["issues"][0]["code"]) == ("held", "code.unknown")
    assert world.published() == []


async def test_half_a_batch_wrong_keeps_the_good_half(world: World) -> None:
    events: list[dict[str, Any]] = [
        event("A"),
        event("B", order("B", total="1.00")),
        event("C"),
        event("D", with_line("D", quantity=5)),
    ]
    answer = await world.send_batch(events)
    told = answer.json()
    assert answer.status_code == 207
    assert (told["accepted"], told["rejected"]) == (2, 2)
    verdicts = [(each["message_id"], each["verdict"]) for each in told["results"]]
    assert verdicts == [
        ("A", "accepted"),
        ("B", "rejected"),
        ("C", "accepted"),
        ("D", "rejected"),
    ]
    assert world.journal.commits == 1


async def test_a_batch_with_duplicate_keys_in_one_event_keeps_the_others(world: World) -> None:
    bad = orjson.dumps(event("B")).replace(b'"id":', b'"id":"x","id":')
    body = b"[" + b",".join((orjson.dumps(event("A")), bad, orjson.dumps(event("C")))) + b"]"
    told = (await world.send(body, BATCH)).json()
    assert [each["verdict"] for each in told["results"]] == ["accepted", "rejected", "accepted"]


async def test_one_id_twice_in_a_batch_is_a_duplicate_or_a_conflict(world: World) -> None:
    other = event("A", order("A", order_no="OTHER"))
    answer = await world.send_batch([event("A"), event("A"), other])
    assert answer.status_code == 207
    verdicts = [each["verdict"] for each in answer.json()["results"]]
    assert verdicts == ["accepted", "duplicate", "conflict"]


async def test_a_batch_of_nothing_but_bad_events_is_unprocessable(world: World) -> None:
    answer = await world.send_batch([event("A", {}), event("B", {})])
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("body", "code"), [(b"[{", "json.malformed"), (b"{}", "json.malformed"), (b"", "body.empty")]
)
async def test_a_batch_that_cannot_be_taken_apart_is_rejected_on_the_record(
    world: World, body: bytes, code: str
) -> None:
    answer = await world.send(body, BATCH)
    assert answer.status_code == 422
    assert _codes(answer) == [code]
    assert world.published() == [MESSAGE_REJECTED]


async def test_an_empty_batch_is_an_empty_answer(world: World) -> None:
    answer = await world.send(b"[]", BATCH)
    assert (answer.status_code, answer.json()["results"]) == (200, [])


# ----------------------------------------------------------------- binary mode


def _attributes(identity: str = "PO-1") -> dict[str, str]:
    return {"ce-specversion": "1.0", "ce-id": identity, "ce-type": ORDER_PLACED}


async def test_binary_mode_is_accepted(world: World) -> None:
    headers = {**_attributes(), **by_key("hospital-a", KEY)}
    answer = await world.send(orjson.dumps(order()), BINARY, headers=headers)
    assert (answer.status_code, answer.json()["message_id"]) == (200, "PO-1")


async def test_in_binary_mode_a_signature_must_bind_the_id(world: World) -> None:
    body = orjson.dumps(order())
    unbound = {**_attributes(), **world.signed(body)}
    assert _error(await world.send(body, BINARY, headers=unbound)) == (401, "auth.message_id")
    other = {**_attributes("PO-2"), **world.signed(body, message_id="PO-1")}
    assert _error(await world.send(body, BINARY, headers=other)) == (401, "auth.message_id")
    bound = {**_attributes(), **world.signed(body, message_id="PO-1")}
    assert (await world.send(body, BINARY, headers=bound)).status_code == 200


async def test_a_second_id_header_cannot_slip_past_the_signature(world: World) -> None:
    body = orjson.dumps(order())
    signed = world.signed(body, message_id="PO-1")
    for first, second in (("PO-1", "PO-2"), ("PO-2", "PO-1")):
        headers = [*signed.items(), ("content-type", BINARY), *_attributes(first).items()]
        doubled = [*headers, ("ce-id", second)]
        answer = await world.client.post("/v1/messages", content=body, headers=doubled)
        if answer.status_code == 200:
            assert answer.json()["message_id"] == "PO-1"
        else:
            assert _error(answer) == (401, "auth.message_id")
    assert await world.journal.find(message_identity("platform", "PO-2")) is None


async def test_another_type_in_the_headers_with_other_content_is_a_conflict(world: World) -> None:
    key = by_key("hospital-a", KEY)
    body = orjson.dumps(order())
    await world.send(body, BINARY, headers={**_attributes(), **key})
    changed = {**_attributes(), "ce-subject": "other"}
    answer = await world.send(body, BINARY, headers={**changed, **key})
    assert answer.status_code == 409


# ----------------------------------------------------------------- whose message it is


async def test_a_partner_never_sees_anothers_message(world: World) -> None:
    mine = (await world.send_event(event())).json()["id"]
    for named in (mine, "PO-1"):
        own = await world.client.get(f"/v1/messages/{named}", headers=by_key("hospital-a", KEY))
        assert own.status_code == 200
        others = await world.client.get(
            f"/v1/messages/{named}", headers=by_key("hospital-b", OTHER_KEY)
        )
        assert _error(others) == (404, "message.unknown")


async def test_anothers_message_looks_exactly_like_none(world: World) -> None:
    mine = (await world.send_event(event())).json()["id"]
    theirs = by_key("hospital-b", OTHER_KEY)
    existing = await world.client.get(f"/v1/messages/{mine}", headers=theirs)
    missing = await world.client.get("/v1/messages/none", headers=theirs)
    assert (existing.status_code, existing.content) == (missing.status_code, missing.content)


async def test_a_signed_question_is_answered_once(world: World) -> None:
    body = orjson.dumps(event())
    identity = (await world.send_signed(body)).json()["id"]
    path = f"/v1/messages/{identity}"
    headers = world.signed(b"", path, method="GET")
    assert (await world.client.get(path, headers=headers)).json()["message_id"] == "PO-1"
    assert _error(await world.client.get(path, headers=headers)) == (401, "auth.replayed")


# ----------------------------------------------------------------- errors have one shape


async def test_unknown_paths_and_methods_answer_in_the_same_shape(world: World) -> None:
    assert _error(await world.client.get("/v2/nothing")) == (404, "request.not_found")
    wrong = await world.client.delete("/v1/messages")
    assert _error(wrong) == (405, "request.method")
    assert wrong.headers["allow"] == "POST"


async def test_a_trailing_slash_is_another_path(world: World) -> None:
    answer = await world.send_event(event(), path="/v1/messages/")
    assert _error(answer) in {(404, "request.not_found"), (405, "request.method")}


async def test_a_contention_that_is_no_replay_may_be_sent_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def contended(_work: Commit) -> list[Outcome]:
        raise Contended("another worker was faster")

    body = orjson.dumps(event())
    headers = world.signed(body)
    with monkeypatch.context() as patched:
        patched.setattr(world.journal, "commit", contended)
        refused = await world.send(body, headers=headers)
    assert _error(refused) == (503, "gateway.unavailable")
    assert (await world.send(body, headers=headers)).status_code == 200


async def test_what_nobody_expected_is_a_plain_500_without_a_trace(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fall_over(*_given: Any, **_named: Any) -> None:
        raise ZeroDivisionError("a secret detail")

    monkeypatch.setattr(world.journal, "commit", fall_over)
    answer = await world.send_event(event())
    assert _error(answer) == (500, "gateway.failed")
    assert b"secret" not in answer.content


async def test_secrets_stand_in_no_answer_and_no_log(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = [
        await world.send_event(event(), headers=by_key("hospital-a", "guess-me")),
        await world.send_signed(orjson.dumps(event()), secret=b"guess-me"),
        await world.send_event(event(data=order(total="guess-me"))),
    ]
    told = "".join(each.text for each in answers[:2])
    assert "guess-me" not in told
    assert KEY not in told
    assert "guess-me" not in capsys.readouterr().out


async def test_a_valid_traceparent_travels_with_the_message_and_another_does_not(
    world: World,
) -> None:
    good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    for identity, header, kept in (
        ("A", good, good),
        ("B", good.upper(), ""),
        ("C", "00-" + "0" * 32 + "-00f067aa0ba902b7-01", ""),
        ("D", "ff" + good[2:], ""),
    ):
        headers = {"traceparent": header, **by_key("hospital-a", KEY)}
        answer = await world.send_event(event(identity), headers=headers)
        entry = await world.journal.find(answer.json()["id"])
        assert entry is not None
        assert entry.message.traceparent == kept


async def test_what_was_received_is_observed_for_the_metrics(world: World) -> None:
    await world.send_event(event())
    await world.send_event(event("B", {}))
    verdicts = [(name, received.answer.verdict) for name, received in world.observed]
    assert verdicts == [("canonical", "accepted"), ("canonical", "rejected")]


# ----------------------------------------------------------------- a partner's own interface

DESK = "/v1/interfaces/desk/messages"


async def test_a_native_document_is_answered_line_by_line(world: World) -> None:
    body = orjson.dumps({"no": "N-1", "orders": [order("A"), order("B", total="1.00")]})
    answer = await world.send_signed(body, "application/json", DESK)
    told = answer.json()
    assert (answer.status_code, told["verdict"]) == (207, "partial")
    assert [(each["line"], each["state"]) for each in told["lines"]] == [
        (1, "accepted"),
        (2, "rejected"),
    ]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (orjson.dumps({"no": "N-1", "orders": [order()]}), b"N-1|accepted"),
        (orjson.dumps({"no": "N-1", "orders": [order(total="1.00")]}), b"N-1|rejected"),
        (b"{", b"?|rejected"),
    ],
)
async def test_who_asks_in_the_interfaces_words_is_answered_in_them(
    world: World, body: bytes, said: bytes
) -> None:
    headers = {"accept": "text/desk", **world.signed(body, DESK)}
    answer = await world.send(body, "application/json", DESK, headers)
    assert (answer.status_code, answer.content) == (202, said)
    assert answer.headers["content-type"] == "text/desk"


async def test_conflict_and_unavailable_are_said_in_the_interfaces_words_too(
    world: World,
) -> None:
    body = orjson.dumps({"no": "N-1", "orders": [order()]})
    world.journal.down = True
    headers = {"accept": "text/desk", **world.signed(body, DESK)}
    answer = await world.send(body, "application/json", DESK, headers)
    assert answer.content == b"N-1|unavailable"
    world.journal.down = False
    await world.send(body, "application/json", DESK, headers)
    other = orjson.dumps({"no": "N-1", "orders": [order("B")]})
    headers = {"accept": "text/desk", **world.signed(other, DESK)}
    answer = await world.send(other, "application/json", DESK, headers)
    assert answer.content == b"N-1|conflict"


async def test_a_native_body_of_a_foreign_media_type_is_not_supported(world: World) -> None:
    answer = await world.send_signed(b"<a/>", "text/xml", DESK)
    assert _error(answer) == (415, "body.media_type")


async def test_an_interface_that_reads_json_takes_a_document_per_line(world: World) -> None:
    documents = [{"no": f"N-{number}", "orders": [order(str(number))]} for number in range(3)]
    body = b"\n".join(orjson.dumps(each) for each in documents)
    answer = await world.send_signed(body, "application/x-ndjson", DESK)
    told = [orjson.loads(each) for each in answer.content.splitlines()]
    assert [(each["line"], each["message_id"]) for each in told] == [
        (1, "N-0"),
        (2, "N-1"),
        (3, "N-2"),
    ]


async def test_the_interfaces_are_listed_for_everyone(world: World) -> None:
    listed = (await world.client.get("/v1/interfaces")).json()["interfaces"]
    assert [each["name"] for each in listed] == ["canonical", "desk"]
    assert listed[1]["receives"] == [ORDER_PLACED]


async def test_a_key_header_and_a_signature_together_are_refused(world: World) -> None:
    body = orjson.dumps(event())
    headers = {**world.signed(body), signing.KEY: KEY}
    assert _error(await world.send(body, headers=headers)) == (401, "auth.algorithm")
