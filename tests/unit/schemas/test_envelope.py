"""What travels keeps its identity and survives Kafka's headers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from schemas.envelope import Message, canonical_bytes, message_identity
from schemas.events import EVENT_TYPES, TOPICS

_word = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=20
)


@given(_word, _word, _word, _word, st.integers(0, 9), st.integers(0, 9))
def test_an_id_belongs_to_one_partner_message_and_line(
    partner: str, message: str, other: str, third: str, line: int, next_line: int
) -> None:
    mine = message_identity(partner, message, line)
    theirs = message_identity(other, third, next_line)
    assert (mine == theirs) == ((partner, message, line) == (other, third, next_line))
    assert len(mine) == 32


def test_partner_and_message_id_do_not_run_together() -> None:
    assert message_identity("ab", "c") != message_identity("a", "bc")
    assert message_identity("a", "b1", 1) != message_identity("a", "b", 11)


@given(_word, _word, _word)
def test_a_message_survives_the_headers(subject: str, region: str, cause: str) -> None:
    sent = Message(
        id="0" * 32,
        source="urn:jicai:partner:p",
        type="cn.jicai.order.placed.v1",
        subject=subject,
        time="2020-04-01T09:00:00+08:00",
        data=canonical_bytes({"b": 1, "a": "中选"}),
        region=region,
        causationid=cause,
    ).numbered(3, 17)
    assert Message.from_headers(sent.headers(), sent.data) == sent
    assert sent.sequence == "3-0000000000000017"


def test_canonical_bytes_do_not_depend_on_the_order_of_keys() -> None:
    assert canonical_bytes({"a": 1, "b": 2}) == canonical_bytes({"b": 2, "a": 1})


def test_every_type_names_existing_fields_and_its_own_topic() -> None:
    for listed in EVENT_TYPES.values():
        fields = listed.model.model_fields
        assert set(listed.key) <= set(fields), listed.name
        assert listed.dated_by in fields, listed.name
        assert TOPICS[listed.topic] is listed
        assert listed.topic.startswith("vbp.")
        assert "_" not in listed.topic.split(".")[0]
