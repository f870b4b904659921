"""Catalogue rows rewritten in the ways that platforms and hospitals write them; seeded, repeatable.

The rewriting uses tables of its own: what it does must not be what the normalisation undoes by
construction (its salts, units and spellings are written out here again).
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from benchmarks.coding_tables import Row, item
from gateway.coding.records import LocalItem
from schemas.codes import CodeKind

ACIDS = (
    "苯磺酸",
    "盐酸",
    "马来酸",
    "甲磺酸",
    "富马酸",
    "枸橼酸",
    "酒石酸",
    "草酸",
    "氢溴酸",
    "琥珀酸",
)
ORAL = ("分散片", "片", "软胶囊", "胶囊")
WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


def stress_questions(rows: Sequence[Row], seed: int) -> Iterator[tuple[LocalItem, Row, bool]]:
    """Yield (item, row it was made of, whether the row is still the truth)."""
    draw = random.Random(seed)  # noqa: S311 - repeatable, not secret
    in_use = {row["approval_no"] for row in rows}
    for row in rows:
        yield rewritten(row, draw), row, True
        yield changed(row, draw, in_use), row, False


def rewritten(row: Row, draw: random.Random) -> LocalItem:
    """Return the row as another platform writes it; nothing that identifies it is changed."""
    spec, pack = _split(_spec(row["spec"], draw), draw)
    approval = row["approval_no_raw"] if draw.random() < 0.5 else ""
    if approval and draw.random() < 0.3:
        approval = _wide(approval)
    return item(
        CodeKind.PRODUCT.value,
        row["local_drug_code"],
        name=_name(row["generic_name"], row["trade_name"], draw),
        dosage_form=row["dosage_form"] if draw.random() < 0.7 else "",
        specification=spec,
        pack=pack,
        manufacturer=_maker(row["manufacturer"], draw),
        approval_no=approval,
    )


def _another_number(approval: str, in_use: AbstractSet[str]) -> str:
    """Return the number with its last digit changed so that no product of the table has it."""
    ways = (approval[:-1] + digit for digit in "1234567890")
    return next((way for way in ways if way not in in_use), approval + "7")


def changed(row: Row, draw: random.Random, numbers_in_use: AbstractSet[str]) -> LocalItem:
    """Return the row with one identifying field made another: no product of the catalogue."""
    other = dict(row)
    what = draw.choice(("strength", "pack", "maker", "approval"))
    numbers = list(re.finditer(r"[0-9]+(?:\.[0-9]+)?", row["spec"]))
    if what == "approval" and row["approval_no"]:
        other["approval_no_raw"] = _another_number(row["approval_no"], numbers_in_use)
    elif what == "maker" or not numbers:
        other["manufacturer"] = "合成示例" + row["manufacturer"][2:]
    else:
        found = numbers[0] if what == "strength" else numbers[-1]
        spec = row["spec"]
        other["spec"] = spec[: found.start()] + found.group() + "3" + spec[found.end() :]
    if what != "approval" and draw.random() < 0.5:
        other["approval_no_raw"] = ""
    asked = rewritten(other, draw)
    if what == "approval":
        return replace(asked, approval_no=other["approval_no_raw"])
    return asked


def _wide(text: str) -> str:
    return text.translate(WIDE)


def _name(name: str, trade: str, draw: random.Random) -> str:
    acid = next((acid for acid in ACIDS if name.startswith(acid)), "")
    form = next((form for form in ORAL if name.endswith(form)), "")
    base = name.removesuffix(form)
    ways = [name, name.replace("(", "（").replace(")", "）"), _wide(name), f"{name}[NR]"]
    ways.append(name.replace("I", "Ⅰ").replace("α", "\u0251"))
    if acid and form:
        ways += [f"{base[len(acid) :]}({acid}盐){form}", f"{base[len(acid) :]}({acid}盐)"]
    if form and len(base) > 2:
        ways.append(f"{base}口服常释剂型")
    if trade:
        ways.append(f"{name}({trade})")
    return draw.choice(ways)


def _spec(spec: str, draw: random.Random) -> str:
    choice = draw.random()
    if choice < 0.25:
        spec = re.sub(r"([0-9.]+)(mg|g)(?![0-9a-z/])", _other_unit, spec, count=1)
    elif choice < 0.4:
        spec = spec.replace("mg", "毫克").replace("ml", "毫升")
    choice = draw.random()
    if choice < 0.25:
        spec = spec.replace("*", "×")
    elif choice < 0.4:
        spec = spec.replace("*", " * ")
    elif choice < 0.5:
        spec = _wide(spec)
    elif choice < 0.6 and not spec.endswith(("盒", "瓶")) and "*" in spec:
        spec += "/盒"
    return spec.replace(":", "：") if draw.random() < 0.2 else spec


def _other_unit(found: re.Match[str]) -> str:
    number, unit = found.groups()
    thousandths = float(number) * (1000 if unit == "g" else 0.001)
    return f"{thousandths:.10g}{'mg' if unit == 'g' else 'g'}"


def _split(spec: str, draw: random.Random) -> tuple[str, str]:
    strength, times, pack = spec.partition("*")
    return (strength, pack) if times and draw.random() < 0.4 else (spec, "")


def _maker(maker: str, draw: random.Random) -> str:
    choice = draw.random()
    if choice < 0.3:
        return maker.replace("(", "（").replace(")", "）")
    if choice < 0.5:
        return maker.replace("（", "(").replace("）", ")")
    if choice < 0.6:
        return maker.removesuffix("有限公司").removesuffix("股份")
    if choice < 0.65:
        return maker[:12]
    return maker
