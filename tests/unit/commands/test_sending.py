"""What the simulated systems say by themselves is good in their own dialect, and never the same twice."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from adapters._kit.protocol import Sender
from adapters._kit.sending import Cue
from adapters._kit.simulation import MOODS, SimulatedPartner
from adapters.registry import INTERFACES
from gateway.commands.sending import compose_of, simulator_of
from gateway.commands.simulators import mood_of
from gateway.errors import Misconfigured

AT = datetime(2026, 1, 5, tzinfo=UTC)
SENDERS = [name for name, one in INTERFACES.items() if one.read is not None]


def cue(number: int, run: str = "20260105000000") -> Cue:
    return Cue(number, run, "test-sender", AT)


@pytest.mark.parametrize("name", SENDERS)
def test_every_message_is_read_whole_and_together_they_say_something_of_each_kind(
    name: str,
) -> None:
    interface, compose = INTERFACES[name], compose_of(name)
    assert interface.read is not None
    types: set[str] = set()
    ids: set[str] = set()
    for number in range(1, 13):
        for run in ("20260105000000", "20260105000001"):
            said = compose(cue(number, run))
            document = interface.read(
                said.body, Sender("p", "530000", "2026-01-05T08:00:00+08:00", said.content_type)
            )
            assert document.message_id == said.message_id
            assert document.refused == []
            assert document.sender in {"test-sender", "TEST-SENDER", ""}
            types.update(draft.type for draft in document.drafts)
            ids.add(said.message_id)
    assert len(ids) == 24
    assert types <= set(interface.says)
    assert len(types) >= min(2, len(interface.says))


@pytest.mark.parametrize("name", SENDERS)
def test_the_same_cue_gives_the_same_bytes(name: str) -> None:
    assert compose_of(name)(cue(3)) == compose_of(name)(cue(3))


@pytest.mark.parametrize("name", INTERFACES)
def test_every_interface_has_another_side(name: str) -> None:
    made = simulator_of(name).make_simulator(lambda: AT, secret=b"x", digest="sha256")
    assert isinstance(made, SimulatedPartner)


def test_an_interface_that_only_receives_says_who_sends() -> None:
    with pytest.raises(Misconfigured, match="his_hl7v2"):
        compose_of("insurance_nhsa")


def test_moods_come_in_turn_and_the_last_one_stays() -> None:
    mood = mood_of("unavailable, lost,ok")
    assert [mood.next() for _ in range(4)] == ["unavailable", "lost", "ok", "ok"]
    for name in MOODS:
        assert mood_of(name).next() == name


@pytest.mark.parametrize("text", ["", "odd", "ok,", ",ok", "OK"])
def test_a_mood_that_does_not_exist_is_refused(text: str) -> None:
    with pytest.raises(Misconfigured, match="throttled"):
        mood_of(text)
