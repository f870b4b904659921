"""The real tables that candidate ranking is measured on, and how they become records and questions.

The truth columns (approval numbers of the links, short names, completed names, distributors' codes) are
read here to know the answer and are never given to the ranking.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gateway.coding.matching.parties import PartyRecord
from gateway.coding.products.record import ProductRecord
from gateway.coding.records import LocalItem

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared" / "data"
COMMITTED = ROOT / "examples" / "coding-eval"

Row = dict[str, str]


@dataclass(frozen=True)
class Question:
    """An item and the unified codes that are right for it; none when the right one is not there."""

    item: LocalItem
    truths: frozenset[str]
    derivable: bool = True
    """Whether the item's own fields can lead to the truth, by a rule that knows nothing of ranking."""


@dataclass
class EvaluationSet:
    """Records, questions, and where the truth comes from."""

    key: str
    zh: str
    en: str
    truth: str
    records: list[ProductRecord | PartyRecord]
    questions: list[Question] = field(default_factory=list)


def default_data() -> Path:
    """Return the shared tables where they are, else the committed subset."""
    return SHARED if (SHARED / "drug_approvals.csv").exists() else COMMITTED


def table(data: Path, name: str) -> list[Row]:
    """Read one table."""
    with (data / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def plain(text: str) -> str:
    """Return a text for telling rows apart: nothing but brackets' width and spaces is evened out."""
    return "".join(text.replace("（", "(").replace("）", ")").split()).lower()


def product_key(row: Mapping[str, str]) -> tuple[str, ...]:
    """Return what makes two catalogue rows one product, from columns that ranking does not see."""
    named = row["approval_no"] or plain(row["generic_name"]) + plain(row["manufacturer"])
    return (named, row["content_num"], row["content_unit"], row["pack_qty"])


@dataclass
class Catalogue:
    """`drug_approvals.csv`: one record per distinct text, and which records are one product."""

    rows: list[Row]
    records: list[ProductRecord]
    code_of: dict[str, str]
    """Local drug code → unified code of its record."""
    same: dict[tuple[str, ...], frozenset[str]]
    """Product key → unified codes."""
    by_approval: dict[str, frozenset[str]]


def catalogue(rows: Iterable[Row]) -> Catalogue:
    """Return the catalogue's products. Rows whose texts are all equal are one record."""
    listed = list(rows)
    seen: dict[tuple[str, ...], str] = {}
    records: list[ProductRecord] = []
    code_of: dict[str, str] = {}
    same: dict[tuple[str, ...], set[str]] = defaultdict(set)
    approvals: dict[str, set[str]] = defaultdict(set)
    for row in listed:
        names = ("generic_name", "trade_name", "spec", "dosage_form", "manufacturer", "approval_no")
        texts = tuple(plain(row[name]) for name in names)
        code = seen.setdefault(texts, row["local_drug_code"])
        if code == row["local_drug_code"]:
            records.append(product_record(row))
        code_of[row["local_drug_code"]] = code
        same[product_key(row)].add(code)
        approvals[row["approval_no"]].add(code)
    return Catalogue(
        listed,
        records,
        code_of,
        {key: frozenset(codes) for key, codes in same.items()},
        {number: frozenset(codes) for number, codes in approvals.items() if number},
    )


def product_record(row: Mapping[str, str]) -> ProductRecord:
    """Return a catalogue row as a product."""
    return ProductRecord(
        row["local_drug_code"],
        generic_name=row["generic_name"],
        trade_name=row["trade_name"],
        dosage_form=row["dosage_form"],
        specification=row["spec"],
        maker=row["manufacturer"],
        approval_no=row["approval_no"],
    )


def item(
    kind: str,
    code: str,
    *,
    name: str = "",
    dosage_form: str = "",
    specification: str = "",
    pack: str = "",
    manufacturer: str = "",
    approval_no: str = "",
) -> LocalItem:
    """Return an item of the measured partner."""
    texts = (name, dosage_form, specification, pack, manufacturer, approval_no)
    return LocalItem("evaluation", kind, code, *texts)
