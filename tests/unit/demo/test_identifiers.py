from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc

from gateway.demo.identifiers import (
    drug_code,
    enterprise_code,
    institution_code,
    product_code,
    trace_code,
)
from schemas.codes import ENTERPRISE_PATTERN, INSTITUTION_PATTERN, UNIFIED_CODE_PATTERN


@given(st.sampled_from(["530000", "520000", "500000", "210100"]), st.integers(1, 999_999))
def test_distributors_have_valid_credit_codes(region: str, serial: int) -> None:
    code = enterprise_code(region, serial)
    assert uscc.is_valid(code)
    assert re.fullmatch(ENTERPRISE_PATTERN, code)
    assert code[2:8] == region


@given(st.text(), st.text(), st.text())
def test_products_have_codes_that_nobody_else_issues(drug: str, spec: str, maker: str) -> None:
    code = product_code(drug, spec, maker)
    assert re.fullmatch(UNIFIED_CODE_PATTERN, code)
    assert code.startswith("JCP-")
    assert code == product_code(drug, spec, maker)


def test_parts_of_a_code_do_not_run_into_each_other() -> None:
    assert product_code("a", "bc", "d") != product_code("ab", "c", "d")
    assert drug_code("a", "bc") != drug_code("ab", "c")


def test_institutions_look_like_institutions() -> None:
    assert institution_code("530000", 3) == "H53000090003"
    assert re.fullmatch(INSTITUTION_PATTERN, institution_code("530000", 9999))


@pytest.mark.parametrize("serial", [0, 1, 10**12])
def test_trace_codes_have_twenty_digits_and_begin_with_eight(serial: int) -> None:
    assert re.fullmatch("8[0-9]{19}", trace_code("JCP-X", serial))
