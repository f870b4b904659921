"""中选产品: who won what at which price, and where each winner supplies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.demo.drug_catalogue import Drug, DrugCatalogue
from gateway.demo.drug_names import spec_key, strength_of
from gateway.demo.enterprise_names import EnterpriseNames, enterprise_key, fits
from gateway.demo.findings import Findings
from gateway.demo.identifiers import product_code
from gateway.demo.places import region_code
from gateway.demo.tables import Record, ascii_text, decimal
from schemas.money import PRICE_SCALE, plain

_YES: Final = frozenset({"1", "1.0", "是", "y", "yes", "true", "中选", "拟中选"})
_NO: Final = frozenset({"", "0", "0.0", "否", "n", "no", "false", "未中选"})
_LIST_SEPARATOR: Final = "|"


@dataclass(frozen=True, slots=True)
class Product:
    """产品: a drug in one specification of one enterprise, with the gateway's unified code."""

    code: str
    drug: Drug
    spec: str
    enterprise: str
    strength: tuple[int, str] | None
    """(content in micrograms, unit), see drug_names.strength_of."""


@dataclass(frozen=True, slots=True)
class Winner:
    """中选: a selected product of a batch. `unit_price` in 10^-6 yuan; None where the table has none."""

    batch: str
    name: str
    """The drug's name as the table writes it."""
    product: Product
    unit_price: int | None
    regions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Supply:
    """供应: a product that a region buys at its selected price (10^-6 yuan)."""

    batch: str
    region: str
    product: Product
    unit_price: int | None


@dataclass(slots=True)
class Reading:
    """What every row is read with."""

    drugs: DrugCatalogue
    enterprises: EnterpriseNames
    findings: Findings

    def product(self, drug: Drug, spec: str, enterprise: str, where: str) -> Product:
        """Return the product; a specification without a single content is noted."""
        strength = strength_of(spec)
        if strength is None:
            self.findings.add("spec.unreadable", f"{drug.name} {spec}", where)
        code = product_code(drug.code, spec_key(spec), enterprise_key(enterprise))
        return Product(code, drug, ascii_text(spec), enterprise, strength)

    def price(self, text: str, name: str, where: str) -> int | None:
        """Return a unit price in 10^-6 yuan; None for a blank, unreadable or zero one, which is noted."""
        if not text:
            self.findings.add("price.missing", name, where)
            return None
        value = decimal(text, PRICE_SCALE)
        if value is None:
            self.findings.add("number.unreadable", f"{name} {text}", where)
            return None
        amount, rounded = value
        if rounded:
            shown = f"{name} {text} → {plain(amount, PRICE_SCALE)}"
            self.findings.add("price.rounded", shown, where)
        if amount == 0:
            self.findings.add("price.zero", name, where)
        return amount or None


def read_winners(rows: Sequence[Record], reading: Reading) -> list[Winner]:
    """Return the selected products in table order; duplicated rows are noted and used once."""
    found: dict[tuple[str, str], Winner] = {}
    for row in rows:
        if not _selected(row, reading.findings) or _blank(
            row, ("batch_code", "generic_name"), reading
        ):
            continue
        winner = _winner(row, reading)
        earlier = found.setdefault((winner.batch, winner.product.code), winner)
        if earlier is not winner:
            kind = "row.duplicate" if earlier == winner else "row.conflict"
            reading.findings.add(kind, f"{winner.name} {winner.product.enterprise}", row.where)
    return list(found.values())


def _selected(row: Record, findings: Findings) -> bool:
    said = ascii_text(row.text("selected")).casefold()
    if said not in _YES | _NO:
        findings.add("number.unreadable", f"selected={said}", row.where)
    return said in _YES


def _blank(row: Record, columns: Iterable[str], reading: Reading) -> bool:
    missing = [column for column in columns if not row.text(column)]
    for column in missing:
        reading.findings.add("row.blank", column, row.where)
    return bool(missing)


def _winner(row: Record, reading: Reading) -> Winner:
    batch, name = row.text("batch_code"), row.text("generic_name")
    given = row.text("enterprise_name") or row.text("enterprise_short")
    if not given:
        reading.findings.add("row.blank", f"enterprise_name {name}", row.where)
    kind = row.text("enterprise_name_kind")
    enterprise = reading.enterprises.resolve(given, kind, reading.findings, batch) if given else "-"
    drug = reading.drugs.drug(name, row.text("dosage_form_group"))
    product = reading.product(drug, row.text("spec"), enterprise, batch)
    price = reading.price(row.text("bid_unit_price"), f"{name} {given}", row.where)
    _note_ceiling(row, name, price, reading.findings)
    regions = _supply_regions(row, reading.findings)
    if not regions:
        reading.findings.add("winner.no_region", f"{name} {given}", row.where)
    return Winner(batch, name, product, price, regions)


def _note_ceiling(row: Record, name: str, price: int | None, findings: Findings) -> None:
    ceiling = decimal(row.text("ceiling_unit_price"), PRICE_SCALE)
    if price is not None and ceiling is not None and price > ceiling[0] > 0:
        shown = f"{name} {row.text('spec')}: {row.text('bid_unit_price')} > "
        findings.add("price.above_ceiling", shown + row.text("ceiling_unit_price"), row.where)


def _supply_regions(row: Record, findings: Findings) -> tuple[str, ...]:
    """Return the codes of the supply regions, by code or failing that by a province's name."""
    codes = [one.strip() for one in row.text("supply_region_codes").split(_LIST_SEPARATOR)]
    names = [one.strip() for one in row.text("supply_regions").split(_LIST_SEPARATOR)]
    pairs = zip(codes, names, strict=True) if len(codes) == len(names) else None
    found: dict[str, None] = {}
    for code, name in pairs or [*((one, "") for one in codes), *(("", one) for one in names)]:
        if not code and not name:
            continue
        region = region_code(code, name)
        if region:
            found[region] = None
        elif not (pairs is None and name):  # the codes already said where
            findings.add("region.unknown", name or code, row.where)
    return tuple(found)


def read_supplies(
    rows: Sequence[Record], winners: Sequence[Winner], reading: Reading
) -> list[Supply]:
    """Return who supplies which region: the price table first, then the winners' own supply regions."""
    by_drug: dict[tuple[str, str], list[Winner]] = defaultdict(list)
    for winner in winners:
        by_drug[winner.batch, winner.product.drug.code].append(winner)
    found: dict[tuple[str, str, str], Supply] = {}
    for row in rows:
        supply = _supply(row, by_drug, reading)
        if supply is None:
            continue
        key = (supply.batch, supply.region, supply.product.code)
        earlier = found.setdefault(key, supply)
        if earlier is not supply:
            kind = "row.duplicate" if earlier == supply else "row.conflict"
            reading.findings.add(kind, f"{supply.product.drug.name} {supply.region}", row.where)
    for winner in winners:
        for region in winner.regions:
            key = (winner.batch, region, winner.product.code)
            found.setdefault(key, Supply(winner.batch, region, winner.product, winner.unit_price))
    return [found[key] for key in sorted(found)]


def _supply(
    row: Record, by_drug: Mapping[tuple[str, str], Sequence[Winner]], reading: Reading
) -> Supply | None:
    if _blank(row, ("batch_code", "generic_name", "enterprise_name"), reading):
        return None
    region = region_code(row.text("province_code"), row.text("province"))
    if not region:
        reading.findings.add("region.unknown", row.text("province") or "-", row.where)
        return None
    batch, name = row.text("batch_code"), row.text("generic_name")
    drug = reading.drugs.drug(name, row.text("dosage_form_group"))
    price = reading.price(row.text("unit_price"), f"{name} {row.text('province')}", row.where)
    winner = _fitting(row, by_drug.get((batch, drug.code), ()), reading)
    if winner is None:
        product = reading.product(drug, row.text("spec"), row.text("enterprise_name"), batch)
        shown = f"{row.text('enterprise_name')}({name})"
        reading.findings.add("enterprise.fits_nobody", shown, batch)
        return Supply(batch, region, product, price)
    if price is not None and winner.unit_price not in (None, price):
        bid = plain(winner.unit_price or 0, PRICE_SCALE)
        shown = f"{name} {row.text('province')}: {plain(price, PRICE_SCALE)} ≠ {bid}"
        reading.findings.add("price.differs", shown, row.where)
    return Supply(batch, region, winner.product, price if price is not None else winner.unit_price)


def _fitting(row: Record, winners: Sequence[Winner], reading: Reading) -> Winner | None:
    """Return the winner that a price row means: same company (or the only one it may be) and spec."""
    name, spec = row.text("enterprise_name"), spec_key(row.text("spec"))
    kind = row.text("enterprise_name_kind")
    resolved = reading.enterprises.resolve(name, kind, reading.findings, row.text("batch_code"))
    key = enterprise_key(resolved)
    same = [each for each in winners if enterprise_key(each.product.enterprise) == key]
    near = same or [each for each in winners if fits(name, each.product.enterprise)]
    exact = [each for each in near if spec_key(each.product.spec) == spec]
    if len(exact) == 1:
        return exact[0]
    return near[0] if len(near) == 1 and not spec else None
