"""接入: errors have one shape and tell no secret."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from gateway.errors import Contended
from gateway.ports import Commit, Outcome
from tests.journeys.intake_door import error_of
from tests.unit.intake.world import KEY, World, by_key, event, order


async def test_unknown_paths_and_methods_answer_in_the_same_shape(world: World) -> None:
    assert error_of(await world.client.get("/v2/nothing")) == (404, "request.not_found")
    wrong = await world.client.delete("/v1/messages")
    assert error_of(wrong) == (405, "request.method")
    assert wrong.headers["allow"] == "POST"


async def test_a_trailing_slash_is_another_path(world: World) -> None:
    answer = await world.send_event(event(), path="/v1/messages/")
    assert error_of(answer) in {(404, "request.not_found"), (405, "request.method")}


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
    assert error_of(refused) == (503, "gateway.unavailable")
    assert (await world.send(body, headers=headers)).status_code == 200


async def test_what_nobody_expected_is_a_plain_500_without_a_trace(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fall_over(*_given: Any, **_named: Any) -> None:
        raise ZeroDivisionError("a secret detail")

    monkeypatch.setattr(world.journal, "commit", fall_over)
    answer = await world.send_event(event())
    assert error_of(answer) == (500, "gateway.failed")
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
