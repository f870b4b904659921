"""What a partner's answer does to a delivery over real HTTP: receipts, patience, the unknown."""

from __future__ import annotations

import gzip

import pytest

from tests.unit.delivery.counterpart import Answer, Counterpart
from tests.unit.delivery.desk import desk_for, partner


async def test_a_timeout_after_the_work_is_resent_and_ends_as_already(insurer: Counterpart) -> None:
    insurer.script = [Answer(after=0.5)]
    async with desk_for(insurer, timeout=0.15) as desk:
        identity = await desk.accepts("ORDER-1")
        await desk.delivers()
        assert await desk.receipts() == []
        assert await desk.delivery.pending() == {"insurer": 1}
        desk.clock.passes(1)
        await desk.sends()
        assert [call.key for call in insurer.calls] == [identity, identity]
        assert [call.body["msgid"] for call in insurer.calls] == [identity, identity]
        assert insurer.worked == [identity]
        [row] = await desk.receipts()
        assert row.message.content()["meaning"] == "already"
        assert row.message.content()["attempts"] == 2


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [("7", 7), ("Mon, 02 Nov 2026 08:00:09 GMT", 9), ("0", 1), ("soon", 1), ("-5", 1)],
)
@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_is_respected(
    insurer: Counterpart, status: int, retry_after: str, seconds: int
) -> None:
    insurer.script = [Answer(status, b"", {"retry-after": retry_after})]
    async with desk_for(insurer, parallel=2) as desk:
        await desk.accepts("ORDER-1")
        await desk.delivers()
        desk.clock.passes(seconds - 0.01)
        assert await desk.sends() == 0
        desk.clock.passes(0.01)
        assert await desk.sends() == 1
        assert await desk.meanings() == ["delivered"]


async def test_the_whole_partner_rests_when_it_asks_for_patience(insurer: Counterpart) -> None:
    insurer.script = [Answer(429, b"", {"retry-after": "30"})]
    async with desk_for(insurer, parallel=4) as desk:
        await desk.accepts("ORDER-1")
        await desk.delivers()
        await desk.accepts("ORDER-2")
        assert await desk.delivers() == 0
        desk.clock.passes(30)
        assert await desk.sends() == 2


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, b"<html><body>maintenance</body></html>", {"content-type": "text/html"}),
        Answer(200, b""),
        Answer(200, b'{"code":'),
        Answer(500, b'{"code":"0"}'),
        Answer(404, b'{"code":"0"}'),
        Answer(500, b'{"code":"dup"}'),
        Answer(302, b"", {"location": "http://127.0.0.1:1/elsewhere"}),
        Answer(200, b"x" * (2 << 20)),
        Answer(200, gzip.compress(b"0" * (8 << 20), mtime=0), {"content-encoding": "gzip"}),
        Answer(200, b"not gzip", {"content-encoding": "gzip"}),
        Answer(200, gzip.compress(b'{"code":"0"}', mtime=0)[:-9], {"content-encoding": "gzip"}),
        Answer(200, b'{"code":"0"}', {"content-encoding": "br"}),
        Answer(200, b'{"code":"0"}', {"content-length": "99"}),
    ],
    ids=lambda answer: f"{answer.status}-{len(answer.body)}-{answer.body[:8]!r}",
)
async def test_an_answer_that_says_nothing_certain_is_unknown(
    insurer: Counterpart, answer: Answer
) -> None:
    answer.works = False
    insurer.script = [answer]
    async with desk_for(insurer) as desk:
        identity = await desk.accepts("ORDER-1")
        assert await desk.delivers() == 1
        assert await desk.receipts() == []
        desk.clock.passes(1)
        assert await desk.sends() == 1
        assert [call.key for call in insurer.calls] == [identity, identity]
        assert await desk.meanings() == ["delivered"]


async def test_a_compressed_answer_is_understood(insurer: Counterpart) -> None:
    body = gzip.compress(b'{"code":"0","reference":"Z9"}')
    insurer.script = [Answer(200, body, {"content-encoding": "gzip"})]
    async with desk_for(insurer) as desk:
        await desk.accepts("ORDER-1")
        await desk.delivers()
        [row] = await desk.receipts()
        assert row.message.content()["reference"] == "Z9"


async def test_a_conflict_that_says_already_is_as_good_as_delivered(insurer: Counterpart) -> None:
    insurer.script = [Answer(409, b'{"code":"dup"}')]
    async with desk_for(insurer) as desk:
        await desk.accepts("ORDER-1")
        await desk.delivers()
        assert await desk.meanings() == ["already"]


async def test_a_partner_that_is_not_there_is_retried(insurer: Counterpart) -> None:
    async with desk_for(insurer, url="http://127.0.0.1:9") as desk:
        await desk.accepts("ORDER-1")
        assert await desk.delivers() == 1
        assert await desk.delivery.pending() == {"insurer": 1}
        desk.partners = type(desk.partners)({"insurer": partner("insurer", insurer.url)}, {})
        desk.delivery.replace(desk.partners, desk.routes)
        desk.clock.passes(1)
        assert await desk.sends() == 1
        assert await desk.meanings() == ["delivered"]
