"""The automaton that tells where a code leaves its form agrees with Python's own expressions."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.coding.systems import code_systems
from gateway.coding.systems.shape import Shape, spoken

PATTERNS = [
    *sorted(one.pattern.pattern for one in code_systems().values() if one.pattern),
    "(ab|a)(c|bcd)?",
    "a{2,4}b?",
    "((a|b){2}|c){1,2}",
    "[a-c]{0,2}x",
]


@pytest.mark.parametrize("pattern", PATTERNS)
@given(data=st.data())
@settings(max_examples=80, deadline=None)
def test_it_ends_exactly_where_the_expression_matches(pattern: str, data: st.DataObject) -> None:
    shape, expression = Shape(pattern), re.compile(pattern, re.ASCII)
    made = st.from_regex(expression, fullmatch=True)
    code = data.draw(made | st.text("0123456789ABXxZabcd.-", max_size=14))
    left = shape.follow(code)
    whole = left.kept == len(code) and left.may_end
    assert whole == (expression.fullmatch(code) is not None)
    if whole:
        assert len(code) in shape.lengths()
    if left.kept < len(code):
        assert code[left.kept] not in left.expected


def test_it_stops_at_the_first_wrong_character_and_knows_what_may_follow() -> None:
    left = Shape("X[0-9]{2}(A|B)?").follow("X1Z")
    assert (left.kept, left.expected, left.may_end) == (2, frozenset("0123456789"), False)
    end = Shape("X[0-9]{2}(A|B)?").follow("X12")
    assert (end.kept, end.expected, end.may_end) == (3, frozenset("AB"), True)
    assert Shape("X[0-9]{2}(A|B)?").lengths() == [3, 4]


@pytest.mark.parametrize(
    "pattern",
    [
        "a*",
        "a+",
        "a.b",
        "^a",
        "a$",
        r"\w",
        r"a\d",
        "[^a]",
        "[",
        "a)",
        "(a",
        "a{2,1}",
        "a{0}",
        "[]",
        "a\\",
    ],
)
def test_what_would_be_unbounded_or_not_ascii_is_no_pattern(pattern: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Shape(pattern)


@pytest.mark.parametrize(
    ("signs", "zh"),
    [
        ("0123456789", "数字"),
        ("X", "“X”"),
        ("HZ", " H Z 之一"),
        ("0123456789x", "数字或 x"),
        ("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "大写字母"),
    ],
)
def test_what_is_expected_is_said_in_words(signs: str, zh: str) -> None:
    assert spoken(frozenset(signs))[0] == zh
