"""产品索引: what 100,000 products say, each distinct text parsed once, the products as numbers only."""

from __future__ import annotations

import re
from array import array
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from gateway.coding.matching.drug_names import DrugName, parse_name
from gateway.coding.matching.forms import Form, field_form, finest
from gateway.coding.matching.makers import Maker, parse_maker
from gateway.coding.matching.name_index import NameIndex
from gateway.coding.matching.text import flat
from gateway.coding.products.record import ProductRecord
from gateway.coding.products.specification import Pack, Specification, parse_specification

Key = TypeVar("Key", bound=Hashable)

LAST_BIT: Final = 63
"""Code types beyond the 63rd share one bit: they are then never a contradiction's only ground."""
_APPROVAL: Final = re.compile(r"(?<![a-z0-9])[a-z]{1,3}[0-9]{5,9}(?![0-9])")


def approval_numbers(text: str) -> tuple[str, ...]:
    """Return the numbers in an approval field, in order: 国药准字J20130049(H20140006) has two.

    A text without a number of known shape (无, 待补) has none: it can agree with nothing.
    """
    return tuple(dict.fromkeys(_APPROVAL.findall(flat(text).replace("-", ""))))


class Interned(Generic[Key]):
    """Distinct values numbered in order of arrival."""

    __slots__ = ("_numbers", "values")

    def __init__(self) -> None:
        self._numbers: dict[Key, int] = {}
        self.values: list[Key] = []

    def add(self, value: Key) -> int:
        """Return the number of a value; a new one gets the next."""
        number = self._numbers.setdefault(value, len(self.values))
        if number == len(self.values):
            self.values.append(value)
        return number

    def number(self, value: Key) -> int | None:
        """Return the number of a value that was added before."""
        return self._numbers.get(value)


def _append(table: dict[str, int | array[int]], key: str, product: int) -> None:
    """Note a product under a key; most keys have one, which costs no list."""
    before = table.get(key)
    if before is None:
        table[key] = product
    elif isinstance(before, int):
        table[key] = array("I", (before, product))
    else:
        before.append(product)


def _several(found: int | array[int] | None) -> Sequence[int]:
    if found is None:
        return ()
    return (found,) if isinstance(found, int) else found


@dataclass(frozen=True, slots=True)
class Named:
    """One spelling of a name with the form that its product has."""

    text: str
    form_text: str
    name: DrugName
    form: Form


class ProductIndex:
    """Columns of numbers, one row per product; see `add` for what they point at."""

    def __init__(self) -> None:
        self.codes: list[str] = []
        self.names: Interned[tuple[str, str]] = Interned()
        self.specifications: Interned[tuple[str, str]] = Interned()
        self.makers: Interned[tuple[str, str]] = Interned()
        self.approvals: Interned[str] = Interned()
        self.trades: Interned[str] = Interned()
        self.spans: Interned[tuple[str, str]] = Interned()
        self.strengths: Interned[Specification] = Interned()
        self.packs: Interned[Pack] = Interned()
        self.name_of, self.specification_of = array("I"), array("I")
        self.strength_of, self.pack_of = array("I"), array("I")
        self.maker_of, self.approval_of = array("I"), array("I")
        self.trade_of, self.span_of = array("I"), array("I")
        self._named: list[Named] = []
        self._makers: list[tuple[Maker, Maker]] = []
        self._read: list[tuple[int, int]] = []
        self.link_types: Interned[str] = Interned()
        self.linked_types_of = array("Q")
        self.numbered = bytearray()
        """Per product: whether it has an approval number at all."""
        self.cores = NameIndex()
        self.named_by_core: dict[int, list[int]] = {}
        self.products_by_name: dict[int, array[int]] = {}
        self.products_by_trade: dict[int, array[int]] = {}
        self._by_approval: dict[str, int | array[int]] = {}
        self._by_link: dict[str, int | array[int]] = {}

    def __len__(self) -> int:
        return len(self.codes)

    def add(self, record: ProductRecord) -> None:
        """Take a product in."""
        at = len(self.codes)
        self.codes.append(record.unified_code)
        self._take_name(at, record)
        self._take_specification(record)
        maker = self.makers.add((record.maker, record.holder))
        if maker == len(self._makers):
            self._makers.append((parse_maker(record.maker), parse_maker(record.holder)))
        self.maker_of.append(maker)
        self.span_of.append(self.spans.add((record.valid_from, record.valid_to)))
        self.approval_of.append(self.approvals.add(record.approval_no))
        numbers = approval_numbers(record.approval_no)
        self.numbered.append(bool(numbers))
        for number in numbers:
            _append(self._by_approval, number, at)
        kinds = 0
        for link in dict.fromkeys((link.code_type, link.code) for link in record.links):
            kinds |= 1 << min(self.link_types.add(link[0]), LAST_BIT)
            _append(self._by_link, " ".join(link), at)
        self.linked_types_of.append(kinds)

    def approved(self, number: str) -> Sequence[int]:
        """Return the products under an approval number."""
        return _several(self._by_approval.get(number))

    def linked(self, code_type: str, code: str) -> Sequence[int]:
        """Return the products that carry a code of another system."""
        return _several(self._by_link.get(f"{code_type} {code}"))

    def has_links(self, product: int, code_type: str) -> bool:
        """Return whether a product carries any code of this type."""
        number = self.link_types.number(code_type)
        return number is not None and bool(
            self.linked_types_of[product] >> min(number, LAST_BIT) & 1
        )

    def _take_specification(self, record: ProductRecord) -> None:
        """Note the texts, and the strength and pack they say: many texts say the same."""
        number = self.specifications.add((record.specification, record.pack))
        if number == len(self._read):
            read = parse_specification(record.specification, record.pack)
            strength = self.strengths.add(Specification(read.strength, notes=read.notes))
            self._read.append((strength, self.packs.add(read.pack)))
        strength, pack = self._read[number]
        self.specification_of.append(number)
        self.strength_of.append(strength)
        self.pack_of.append(pack)

    def _take_name(self, at: int, record: ProductRecord) -> None:
        text = record.generic_name or record.drug_name
        number = self.names.add((text, record.dosage_form))
        self.name_of.append(number)
        if number == len(self._named):
            name = parse_name(text)
            form = finest(name.form, field_form(record.dosage_form))
            self._named.append(Named(text, record.dosage_form, name, form))
            for core in dict.fromkeys((name.core, *name.aliases)):
                self.named_by_core.setdefault(self.cores.add(core), []).append(number)
        self.products_by_name.setdefault(number, array("I")).append(at)
        trade = self.trades.add(record.trade_name)
        self.trade_of.append(trade)
        if record.trade_name:
            called = self.cores.add(flat(record.trade_name))
            self.products_by_trade.setdefault(called, array("I")).append(at)

    def named(self, number: int) -> Named:
        """Return a name with its form."""
        return self._named[number]

    def maker(self, number: int) -> tuple[Maker, Maker]:
        """Return (maker, holder)."""
        return self._makers[number]
