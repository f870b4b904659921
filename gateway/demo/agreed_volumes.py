"""约定采购量: what each region has agreed to buy of a drug, and whose product that is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from gateway.demo.drug_catalogue import Drug
from gateway.demo.drug_names import spec_key
from gateway.demo.places import region_code
from gateway.demo.selected_products import Product, Reading, Supply, Winner
from gateway.demo.tables import Record, ascii_text, decimal
from schemas.money import QUANTITY_SCALE, plain

_WAN_SCALE: Final = QUANTITY_SCALE + 4
"""Volumes stand in 万 (10,000 units): eight decimals of it are four of a unit."""

BatchDrug = tuple[str, str]
"""(batch code, drug code)."""
Offered = Mapping[tuple[str, str, str], Sequence[Supply]]
"""(batch code, region, drug code) → who supplies it there."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """约定采购量: a region's volume of a drug in a batch, all specifications added up in units.

    `quantity` in 10^-4 units. `product` is None where nobody supplies it (a finding says so);
    `unit_price` (10^-6 yuan) is None where the supplied product has no price.
    """

    batch: str
    region: str
    drug: Drug
    quantity: int
    product: Product | None = None
    unit_price: int | None = None


@dataclass(slots=True)
class Volume:
    """The volume rows of one region, batch and drug: quantity (10^-4 units) by specification."""

    batch: str
    region: str
    region_name: str
    name: str
    drug: Drug
    by_spec: dict[str, int] = field(default_factory=dict)

    @property
    def quantity(self) -> int:
        """Return the volume over all specifications."""
        return sum(self.by_spec.values())


def read_volumes(rows: Sequence[Record], reading: Reading) -> list[Volume]:
    """Return the volumes by batch, region and drug; unreadable and repeated rows are noted."""
    found: dict[tuple[str, str, str], Volume] = {}
    for row in rows:
        region = region_code(row.text("region_code"), row.text("region"))
        name, batch = row.text("generic_name"), row.text("batch_code")
        if not (batch and name):
            reading.findings.add("row.blank", "batch_code / generic_name", row.where)
            continue
        if not region:
            reading.findings.add("region.unknown", row.text("region") or "-", row.where)
            continue
        drug = reading.drugs.drug(name, row.text("dosage_form_group"))
        quantity = _quantity(row, name, reading)
        if quantity is None:
            continue
        key = (batch, region, drug.code)
        volume = found.setdefault(key, Volume(batch, region, row.text("region"), name, drug))
        spec = spec_key(row.text("spec"))
        if spec not in volume.by_spec:
            volume.by_spec[spec] = quantity
            continue
        kind = "row.duplicate" if volume.by_spec[spec] == quantity else "row.conflict"
        reading.findings.add(kind, f"{name} {row.text('spec')} {row.text('region')}", row.where)
    return [found[key] for key in sorted(found)]


def _quantity(row: Record, name: str, reading: Reading) -> int | None:
    text = row.text("volume_wan")
    if not text:
        reading.findings.add("row.blank", f"volume_wan {name}", row.where)
        return None
    value = decimal(text, _WAN_SCALE)
    if value is None:
        reading.findings.add("number.unreadable", f"volume_wan {name} {text}", row.where)
        return None
    if value[1]:
        shown = f"{name} {text} 万 → {plain(value[0], QUANTITY_SCALE)}"
        reading.findings.add("volume.rounded", shown, row.where)
    return value[0]


def assign_suppliers(
    volumes: Sequence[Volume],
    winners: Sequence[Winner],
    supplies: Sequence[Supply],
    reading: Reading,
) -> list[Agreed]:
    """Return every region's agreed volumes with the product that fulfils them.

    Volumes nobody won, regions nobody supplies, and winners nobody buys from are noted by name.
    """
    won: dict[BatchDrug, list[Winner]] = defaultdict(list)
    for winner in winners:
        won[winner.batch, winner.product.drug.code].append(winner)
    offered: dict[tuple[str, str, str], list[Supply]] = defaultdict(list)
    for supply in supplies:
        offered[supply.batch, supply.region, supply.product.drug.code].append(supply)
    _note_volumes(volumes, won, offered, reading)
    _note_supplies(volumes, won, offered, reading)
    agreed = [_assigned(volume, offered) for volume in volumes]
    _note_choices(volumes, agreed, offered, reading)
    return agreed


def _assigned(volume: Volume, offered: Offered) -> Agreed:
    chosen = offered.get((volume.batch, volume.region, volume.drug.code), ())
    bare = Agreed(volume.batch, volume.region, volume.drug, volume.quantity)
    if not chosen:
        return bare
    main = min(chosen, key=lambda each: _preference(each, volume))
    return replace(bare, product=main.product, unit_price=main.unit_price)


def _note_choices(
    volumes: Sequence[Volume], agreed: Sequence[Agreed], offered: Offered, reading: Reading
) -> None:
    """Note per drug the regions with several suppliers, and those whose supplier has no price."""
    found: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for volume, one in zip(volumes, agreed, strict=True):
        chosen = offered.get((volume.batch, volume.region, volume.drug.code), ())
        names = sorted({each.product.enterprise for each in chosen})
        if len(names) > 1:
            what = f"{volume.region_name}({'、'.join(names)})"
            found["supply.several", volume.batch, volume.name].append(what)
        if one.product is not None and one.unit_price is None:
            found["volume.no_price", volume.batch, volume.name].append(volume.region_name)
    for (kind, batch, name), regions in found.items():
        reading.findings.add(kind, f"{name}: {'、'.join(regions)}", batch)


def _preference(supply: Supply, volume: Volume) -> tuple[bool, bool, int, int, str]:
    """Order suppliers: with a price, in a specification that was asked for, most asked, cheapest."""
    asked = volume.by_spec.get(spec_key(supply.product.spec), 0)
    price = supply.unit_price or 0
    return supply.unit_price is None, not asked, -asked, price, supply.product.code


def _note_volumes(
    volumes: Sequence[Volume],
    won: Mapping[BatchDrug, Sequence[Winner]],
    offered: Offered,
    reading: Reading,
) -> None:
    """Note per batch and drug: no winner, regions without a supplier, zero volumes, specifications."""
    grouped: dict[BatchDrug, list[Volume]] = defaultdict(list)
    for volume in volumes:
        grouped[volume.batch, volume.drug.code].append(volume)
    add = reading.findings.add
    for (batch, drug), found in grouped.items():
        name, winners = found[0].name, won.get((batch, drug), ())
        if not winners:
            total = plain(sum(each.quantity for each in found), QUANTITY_SCALE)
            add("volume.no_winner", f"{name}: {len(found)} 个地区, 合计 {total}", batch)
        else:
            bare = [each.region_name for each in found if (batch, each.region, drug) not in offered]
            if bare:
                add("volume.no_supplier", f"{name}: {'、'.join(bare)}", batch)
            _note_specs(name, found, winners, reading)
        for spec in sorted({spec for each in found for spec in each.by_spec}):
            zero = [each.region_name for each in found if each.by_spec.get(spec) == 0]
            if zero:
                add("volume.zero", f"{name} {spec}: {'、'.join(zero)}", batch)


def _note_specs(
    name: str, found: Sequence[Volume], winners: Sequence[Winner], reading: Reading
) -> None:
    batch = found[0].batch
    asked = sorted({spec for volume in found for spec in volume.by_spec})
    selected = sorted({spec_key(winner.product.spec) for winner in winners})
    if not set(asked) & set(selected):
        shown = f"{name}: {'、'.join(asked)} ≠ {'、'.join(selected)}"
        reading.findings.add("spec.mismatch", shown, batch)
    elif len(asked) > 1:
        shown = f"{name}: {'、'.join(asked)};中选 {'、'.join(selected)}"
        reading.findings.add("spec.several", shown, batch)


def _note_supplies(
    volumes: Sequence[Volume],
    won: Mapping[BatchDrug, Sequence[Winner]],
    offered: Offered,
    reading: Reading,
) -> None:
    """Note winners without any volume, and supplies into a buying region that asked for none."""
    asked = {(each.batch, each.region, each.drug.code) for each in volumes}
    drugs = {(batch, drug) for batch, _, drug in asked}
    buying = {(batch, region) for batch, region, _ in asked}
    for (batch, drug), winners in won.items():
        if (batch, drug) not in drugs:
            reading.findings.add("winner.no_volume", winners[0].name, batch)
    names = {(each.batch, each.region): each.region_name for each in volumes}
    lacking: dict[tuple[str, str], list[str]] = defaultdict(list)
    for batch, region, drug in sorted(offered):
        expected = (batch, drug) in drugs and (batch, region) in buying
        if expected and (batch, region, drug) not in asked:
            name = won[batch, drug][0].name if (batch, drug) in won else drug
            lacking[batch, ascii_text(name)].append(names[batch, region])
    for (batch, name), regions in lacking.items():
        reading.findings.add("supply.no_volume", f"{name}: {'、'.join(regions)}", batch)
