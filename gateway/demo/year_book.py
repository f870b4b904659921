"""模拟年的话: what partners will say, in order, with the ids under which the journal will know it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.demo.dataset import Dataset
from schemas.envelope import message_identity
from schemas.money import PRICE_SCALE, QUANTITY_SCALE, line_amount, plain, yuan

UNIT: Final = 10**QUANTITY_SCALE
SOURCE: Final = "urn:jicai:demo-year"


@dataclass(frozen=True, slots=True)
class Said:
    """一句话: one canonical event of a partner; `day` is when it is said (not what it is about)."""

    partner: str
    number: str
    type: str
    day: str
    data: dict[str, Any]

    @property
    def id(self) -> str:
        """Return the message's id in the journal."""
        return message_identity(self.partner, self.number)

    def event(self) -> dict[str, Any]:
        """Return the CloudEvent."""
        return {
            "specversion": "1.0",
            "id": self.number,
            "source": SOURCE,
            "type": self.type,
            "data": self.data,
        }


@dataclass(slots=True)
class Book:
    """Everything that will be said, in the order in which it was written down."""

    said: list[Said] = field(default_factory=list)

    def say(self, partner: str, type_: str, day: str, **data: Any) -> Said:
        """Write one message down."""
        made = Said(partner, f"{partner[5:]}-{len(self.said) + 1:06d}", type_, day, data)
        self.said.append(made)
        return made

    def of(self, *types: str) -> Iterator[Said]:
        """Yield the messages of some types."""
        return (each for each in self.said if each.type in types)

    def standing(self, *types: str) -> list[Said]:
        """Return the messages of some types that no later one supersedes."""
        gone = {each.data["supersedes"] for each in self.said if "supersedes" in each.data}
        return [each for each in self.of(*types) if each.id not in gone]


@dataclass(frozen=True, slots=True)
class Line:
    """目录行: a province's agreed volume of one drug. Price in 10^-6 yuan, quantity in 10^-4 units."""

    region: str
    batch: str
    drug: str
    drug_name: str
    product: str
    spec: str
    price: int
    quantity: int

    @property
    def price_text(self) -> str:
        """Return the price with six decimals."""
        return plain(self.price, PRICE_SCALE)

    @property
    def goods(self) -> dict[str, Any]:
        """Return the fields that name the product."""
        return {"local_code": self.product, "unified_code": self.product, "drug": self.drug}

    @property
    def named(self) -> dict[str, Any]:
        """Return the fields that name the product and the drug."""
        return self.goods | {"drug_name": self.drug_name}


def quantity(volume: int) -> str:
    """Return a quantity text."""
    return plain(volume, QUANTITY_SCALE)


def amount(price: int, volume: int) -> str:
    """Return price × quantity as a sum text."""
    return yuan(line_amount(plain(price, PRICE_SCALE), plain(volume, QUANTITY_SCALE)))


def lines_of(dataset: Dataset, region: str, most: int) -> tuple[list[Line], list[str]]:
    """Return a province's lines, the latest batch of each drug, and what is left out, by name and reason.

    `most` bounds how many lines there are; 0: all.
    """
    found: dict[str, Line] = {}
    left: list[str] = []
    for each in dataset.agreed:
        if each.region != region:
            continue
        said = f"{each.batch} {region} {each.drug.name}"
        if each.product is None or each.unit_price is None:
            left.append(f"{said}: 无供应企业或无单价 no supplier or no price")
            continue
        if not each.quantity:
            left.append(f"{said}: 约定采购量为零 agreed volume is zero")
            continue
        line = Line(
            region,
            each.batch,
            each.drug.code,
            each.drug.name,
            each.product.code,
            each.product.spec,
            each.unit_price,
            each.quantity,
        )
        earlier = found.get(line.drug)
        if earlier is not None:
            left.append(
                f"{earlier.batch} {region} {earlier.drug_name}: 后一批次接续 a later batch follows"
            )
        found[line.drug] = line
    lines = list(found.values())
    if most and len(lines) > most:
        left.append(f"{region}: 仅取 {most} 个品种, 共 {len(lines)} only some drugs, as asked")
        lines = lines[:most]
    return lines, left


def allot(whole: int, weights: dict[str, int]) -> dict[str, int]:
    """Split a whole by weights so that the parts add up (最大余数法): last steps to the largest remainders."""
    total = sum(weights.values())
    parts = {name: whole * weight // total for name, weight in weights.items()}
    order = sorted(weights, key=lambda n: (-(whole * weights[n] % total), -weights[n], n))
    for name in order[: whole - sum(parts.values())]:
        parts[name] += 1
    return parts
