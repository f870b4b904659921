"""产品文件: `home/codes/products.csv` as product records.

`unified_code,drug[,drug_name]` are the columns of old; all others are optional: generic_name,
trade_name, dosage_form, specification, pack, holder, maker, approval_no, valid_from, valid_to,
pricing_per_sales and units_per_pricing (whole, decimal or a fraction such as 1/2; both or neither), and
one column per code type of `LINK_COLUMNS`: codes separated by `|`, each with its package level after `@`
(`8021761@箱|8021762@罐`). A bad cell becomes a finding and its row is left out; the rest is read on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Final

from gateway.coding.products.packed import PackedProducts
from gateway.coding.products.packs import PackFactors
from gateway.coding.products.record import FIRST_DAY, CodeLink, ProductRecord
from gateway.coding.records import OPEN_END
from gateway.coding.rows import PRODUCT_COLUMNS, SHAPES, Findings, Reading, row_problem
from gateway.coding.rows import CrosswalkRow as Row
from schemas.codes import CodeKind

TEXT_COLUMNS: Final = (
    "drug",
    "drug_name",
    "generic_name",
    "trade_name",
    "dosage_form",
    "specification",
    "pack",
    "holder",
    "maker",
    "approval_no",
)
LINK_COLUMNS: Final = (
    "drug_standard_code_86",
    "gtin13",
    "gtin14",
    "drug_id_code_7",
    "ypid",
    "nhsa_drug_western",
    "nhsa_drug_tcm",
)
FACTOR_COLUMNS: Final = ("pricing_per_sales", "units_per_pricing")
LONGEST_TEXT: Final = 500

_FACTOR: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,6}|/[0-9]{1,9})?\Z")
_UNSEEN: Final = re.compile("[\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\ufeff\ufffd]")
_SHAPE: Final = SHAPES[CodeKind.PRODUCT.value]


class _BadCellError(ValueError):
    """A cell that is not what its column promises."""


def read_products(reading: Reading) -> Iterator[tuple[int, ProductRecord]]:
    """Yield (line, product); rows with a bad cell, or another product of one code, become findings."""
    seen: dict[str, tuple[int, int]] = {}
    for line, places, cells in reading.records(PRODUCT_COLUMNS):
        row = {name: cells[at].strip() for name, at in places.items() if at < len(cells)}
        try:
            record = product_of(row)
        except ValueError as error:
            reading.find(line, str(error))
            continue
        before = seen.setdefault(record.unified_code, (line, hash(record)))
        if before[1] != hash(record):
            reading.find(line, f"{record.unified_code} is another product on line {before[0]}")
        elif before[0] == line:
            yield line, record


def load_products(path: Path) -> PackedProducts:
    """Read a file whole; one that does not exist is empty. Raises Misconfigured with every finding."""
    if not path.exists():
        return PackedProducts.of(())
    findings = Findings()
    reading = Reading(path.name, path, findings)
    packed = PackedProducts.of(record for _, record in read_products(reading))
    findings.raise_any()
    return packed


def product_of(row: Mapping[str, str]) -> ProductRecord:
    """Return the record that a row's cells say. Raises ValueError naming the column."""
    unified = row.get("unified_code", "")
    if _SHAPE.match(unified) is None:
        raise _BadCellError(f"bad unified_code: {unified[:64]!r}")
    texts = {name: _text(name, row.get(name, "")) for name in TEXT_COLUMNS}
    since, until = row.get("valid_from") or FIRST_DAY, row.get("valid_to") or OPEN_END
    problem = row_problem(Row("x", CodeKind.PRODUCT.value, "x", unified, since, until))
    if problem:
        raise _BadCellError(problem)
    return ProductRecord(
        unified,
        **texts,
        links=tuple(_links(row)),
        factors=_factors(*(row.get(name, "") for name in FACTOR_COLUMNS)),
        valid_from=since,
        valid_to=until,
    )


def _text(name: str, text: str) -> str:
    if len(text) > LONGEST_TEXT:
        raise _BadCellError(f"{name} is longer than {LONGEST_TEXT} characters")
    if _UNSEEN.search(text):
        raise _BadCellError(f"{name} has characters that cannot be seen: {text[:64]!r}")
    return text


def _links(row: Mapping[str, str]) -> Iterator[CodeLink]:
    for code_type in LINK_COLUMNS:
        for said in filter(None, row.get(code_type, "").split("|")):
            code, _, level = _text(code_type, said).strip().partition("@")
            if not code.isascii() or not code or not code.isprintable():
                raise _BadCellError(f"bad {code_type}: {said[:64]!r}")
            yield CodeLink(code_type, code, level)


def _factors(pricing_per_sales: str, units_per_pricing: str) -> PackFactors | None:
    if not pricing_per_sales and not units_per_pricing:
        return None
    return PackFactors(
        _factor("pricing_per_sales", pricing_per_sales),
        _factor("units_per_pricing", units_per_pricing),
    )


def _factor(name: str, text: str) -> Fraction:
    if _FACTOR.match(text) is None:
        raise _BadCellError(f"bad {name}: {text[:64]!r}")
    try:
        return Fraction(text)
    except ZeroDivisionError:
        raise _BadCellError(f"bad {name}: {text!r}") from None
