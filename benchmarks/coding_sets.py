"""The five evaluation sets, made of real tables (see coding_tables for what is truth and what is not)."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

from benchmarks.coding_stress import stress_questions
from benchmarks.coding_tables import (
    Catalogue,
    EvaluationSet,
    Question,
    Row,
    catalogue,
    item,
    plain,
    product_key,
    product_record,
    table,
)
from gateway.coding.matching.makers import in_order, parse_maker
from gateway.coding.matching.parties import PartyRecord
from gateway.coding.products.record import ProductRecord
from gateway.coding.records import LocalItem
from schemas.codes import CodeKind

PRODUCT, ENTERPRISE = CodeKind.PRODUCT.value, CodeKind.ENTERPRISE.value


def all_sets(data: Path, *, seed: int) -> list[EvaluationSet]:
    """Return every set that the tables of `data` give."""
    known = catalogue(table(data, "drug_approvals.csv"))
    return [
        selected_results(data, known),
        notice_names(data),
        generic_names(data),
        short_names(data, known),
        completed_names(data, known),
        *stress(known, seed),
        halved(known, seed),
        distributor_codes(data, known),
    ]


def selected_results(data: Path, known: Catalogue) -> EvaluationSet:
    """(1) a selected result (notice name, strength, enterprise) against the approvals."""
    made = EvaluationSet(
        "selected_results",
        "中选结果 ↔ 批准文号",
        "selected results ↔ approvals",
        "vbp_product_approvals.derived.csv (computed there from name and maker; a hit is any pack under"
        " the approval number). Derivable: the approval has the selected strength (same_strength=1).",
        list(known.records),
    )
    linked: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in table(data, "vbp_product_approvals.derived.csv"):
        key = ("batch_code", "vbp_generic_name", "vbp_spec", "enterprise_name")
        linked[tuple(row[name] for name in key)].append(row)
    for number, ((_, name, spec, maker), rows) in enumerate(sorted(linked.items())):
        right = [row for row in rows if row["same_strength"] == "1"] or rows
        truths = [known.by_approval.get(row["approval_no"], frozenset()) for row in right]
        found = frozenset[str]().union(*truths)
        if found:
            asked = item(PRODUCT, str(number), name=name, specification=spec, manufacturer=maker)
            made.questions.append(Question(asked, found, right[0]["same_strength"] == "1"))
    return made


def _registered(data: Path) -> tuple[dict[str, str], dict[str, set[str]]]:
    """Return (registered name → code of its record, 12-character generic code → names)."""
    codes: dict[str, str] = {}
    generic: dict[str, set[str]] = defaultdict(set)
    for row in table(data, "nhsa_drug_codes.csv"):
        codes.setdefault(row["registered_name"], f"N{len(codes):06d}")
        generic[row["nhsa_drug_code"][:12]].add(row["registered_name"])
        generic[row["nhsa_drug_code"][:11]].add(row["registered_name"])
    return codes, generic


def notice_names(data: Path) -> EvaluationSet:
    """(2) a notice's name against the registered names, with pairs that must not be taken for one."""
    codes, _ = _registered(data)
    made = EvaluationSet(
        "notice_names",
        "公告品名 ↔ 注册名称(含难负例)",
        "notice names ↔ registered names, with hard negatives",
        "vbp_nhsa_name_links.derived.csv; route_plausible=0 are negatives (no truth: an exact match is"
        " false). Derivable: registered and notice name are of one route by their form words.",
        [ProductRecord(code, generic_name=name) for name, code in codes.items()],
    )
    for number, row in enumerate(table(data, "vbp_nhsa_name_links.derived.csv")):
        plausible = row["route_plausible"] == "1" and row["registered_name"] in codes
        truth = frozenset({codes[row["registered_name"]]} if plausible else ())
        crossed = "注射" in row["vbp_generic_name"] and "栓" in row["registered_name"]
        asked = item(PRODUCT, str(number), name=row["vbp_generic_name"])
        made.questions.append(Question(asked, truth, not crossed))
    return made


def generic_names(data: Path) -> EvaluationSet:
    """(2b) the name of a 12-character generic code against the registered names under that code."""
    codes, generic = _registered(data)
    made = EvaluationSet(
        "generic_names",
        "通用名编码名称 ↔ 注册名称(含两种写法)",
        "generic code names ↔ registered names, with double spellings",
        "names under the same generic code of nhsa_generic_codes.csv and nhsa_drug_codes.csv; a name"
        " that is written the same on both sides is left out unless its code has several spellings.",
        [ProductRecord(code, generic_name=name) for name, code in codes.items()],
    )
    for number, row in enumerate(table(data, "nhsa_generic_codes.csv")):
        names = generic.get(row["generic_code12"], set())
        others = names - {row["registered_name"]}
        if others:
            asked = item(PRODUCT, str(number), name=row["registered_name"])
            made.questions.append(Question(asked, frozenset(codes[name] for name in names)))
    return made


def _enterprises(data: Path, known: Catalogue) -> dict[str, str]:
    """Return full legal name → unified code, of every full name that any table has."""
    names = {row["manufacturer"] for row in known.rows}
    names |= {row["raw_name"] for row in table(data, "enterprise_aliases.csv")}
    for row in table(data, "enterprise_name_completions.derived.csv"):
        names |= {name for name in row["candidates"].split("|") if name}
    full = sorted(name for name in names if parse_maker(name).full)
    numbers: dict[str, str] = {}
    codes: dict[str, str] = {}
    for name in full:  # one company in two bracket widths is one company
        codes[name] = numbers.setdefault(parse_maker(name).name, f"E{len(numbers):06d}")
    return codes


def _parties(codes: dict[str, str]) -> list[ProductRecord | PartyRecord]:
    first: dict[str, str] = {}
    for name, code in codes.items():
        first.setdefault(code, name)
    return [PartyRecord(code, ENTERPRISE, name) for code, name in first.items()]


def short_names(data: Path, known: Catalogue) -> EvaluationSet:
    """(3) a short name against the full names of the companies that it stands for."""
    codes = _enterprises(data, known)
    made = EvaluationSet(
        "short_names",
        "企业简称 ↔ 全称",
        "short names ↔ enterprises",
        "enterprise_aliases.csv (one analyst's groups; a hit is any company of the group). The alias"
        " table itself is not given to the ranking. Derivable: the short name's characters stand in"
        " order in a full name of its group.",
        _parties(codes),
    )
    groups: dict[str, set[str]] = defaultdict(set)
    for row in table(data, "enterprise_aliases.csv"):
        if row["raw_name"] in codes:
            groups[row["short_name"]].add(row["raw_name"])
    for short, names in sorted(groups.items()):
        held = any(in_order(short, name) for name in names)
        truths = frozenset(codes[name] for name in names)
        made.questions.append(Question(item(ENTERPRISE, short, name=short), truths, held))
    return made


def completed_names(data: Path, known: Catalogue) -> EvaluationSet:
    """(3b) a name that was cut off against the one full name that it can be completed to."""
    codes = _enterprises(data, known)
    made = EvaluationSet(
        "completed_names",
        "截断名称 ↔ 全称",
        "cut-off names ↔ enterprises",
        "enterprise_name_completions.derived.csv, rows with one completion (computed there by prefix,"
        " so the order is easy; what is measured is that nothing cut off counts as exact).",
        _parties(codes),
    )
    for row in table(data, "enterprise_name_completions.derived.csv"):
        if row["completed_name"] in codes:
            asked = item(ENTERPRISE, row["name_in_source"], name=row["name_in_source"])
            made.questions.append(Question(asked, frozenset({codes[row["completed_name"]]})))
    return made


def stress(known: Catalogue, seed: int) -> list[EvaluationSet]:
    """(4) catalogue rows rewritten as platforms write them; and rows whose product is not there."""
    names = sorted({_bare(row["generic_name"]) for row in known.rows})
    out = set(names[::5])
    kept = [record for record in known.records if _bare(record.generic_name) not in out]
    rewritten = EvaluationSet(
        "rewritten",
        "改写的目录行(合成)",
        "catalogue rows rewritten as platforms write them (synthetic)",
        "the row itself, and rows of one product by approval number, content and pack columns that"
        " ranking does not see.",
        list(known.records),
    )
    absent = EvaluationSet(
        "absent",
        "目录中没有的产品(合成)",
        "products that the catalogue lacks: changed strength, pack, maker or number, or held out",
        "there is none: every exact match is false.",
        list(kept),
    )
    for asked, row, is_true in stress_questions(known.rows, seed):
        if is_true:
            rewritten.questions.append(Question(asked, known.same[product_key(row)]))
        if not is_true or _bare(row["generic_name"]) in out:
            absent.questions.append(Question(asked, frozenset()))
    return [rewritten, absent]


def halved(known: Catalogue, seed: int) -> EvaluationSet:
    """(4b) one half of the catalogue asked of the other: twins of one maker under another number."""
    draw = random.Random(seed)  # noqa: S311 - repeatable, not secret
    rows = [row for row in known.rows if _identities(row)]
    draw.shuffle(rows)
    there, asked = rows[: len(rows) // 2], rows[len(rows) // 2 :]
    made = EvaluationSet(
        "halved",
        "一半目录问另一半",
        "one half of the catalogue asked of the other, with and without approval numbers",
        "rows with one approval number (as written in any form) and one pack; none for most. Rows whose"
        " number is missing or cut off in the source are left out on both sides.",
        [product_record(row) for row in there],
    )
    by_number: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in there:
        for key in _identities(row):
            by_number[key].add(row["local_drug_code"])
    for row in asked:
        truths = frozenset[str]().union(*(by_number[key] for key in _identities(row)))
        for question in (_asked(row), replace(_asked(row), approval_no="")):
            made.questions.append(Question(question, truths))
    return made


def _identities(row: Row) -> list[tuple[str, str]]:
    """Return under what a row is one product with another: numbers as the source wrote them.

    Rows without a whole number (a few are cut off in the source) have no identity to check against.
    """
    numbers = re.findall(r"[A-Z][0-9]{8}", row["approval_no_raw"])
    return [(number, row["pack_qty"]) for number in numbers]


def _bare(name: str) -> str:
    """Return a name without anything in brackets: a fifth of these is held out, whoever makes them."""
    return re.sub(r"[(\[].*?[)\]]|△", "", plain(name))


def distributor_codes(data: Path, known: Catalogue) -> EvaluationSet:
    """(5) local codes that two distributors' tables call one product."""
    rows = {row["local_drug_code"]: row for row in known.rows}
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in table(data, "code_map_local_distributor.csv"):
        if row["local_drug_code"] in rows:
            key = (row["distributor"], row["distributor_product_code"])
            groups[key].append(rows[row["local_drug_code"]])
    asked = {row["local_drug_code"] for group in groups.values() for row in group[1:]}
    made = EvaluationSet(
        "distributor_codes",
        "本地编码 ↔ 配送企业编码",
        "local codes ↔ distributor codes",
        "code_map_local_distributor.csv: local codes under one distributor code; the first of a group"
        " is in the catalogue with its twins by number, content and pack, the others are asked. Derivable: both rows have one approval number"
        " (the table puts different drugs under one code now and then).",
        [product_record(row) for code, row in rows.items() if code not in asked],
    )
    for group in groups.values():
        first = group[0]
        if first["local_drug_code"] in asked:
            continue
        for row in group[1:]:
            equal = row["approval_no"] == first["approval_no"] != ""
            twins = {code for code in rows if product_key(rows[code]) == product_key(first)}
            truths = frozenset({first["local_drug_code"]} | (twins - asked if equal else set()))
            made.questions.append(Question(_asked(row), truths, equal))
    return made


def _asked(row: Row) -> LocalItem:
    return item(
        PRODUCT,
        row["local_drug_code"],
        name=row["generic_name"],
        dosage_form=row["dosage_form"],
        specification=row["spec"],
        manufacturer=row["manufacturer"],
        approval_no=row["approval_no"],
    )
