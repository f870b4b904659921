"""产品身份: one product in one pack, as the national catalogue knows it, with its links to other codes.

A record is what `home/codes/products.csv` or the national catalogue download (1301) says of one unified
code. Blank texts mean "not known"; nothing is guessed. Days are ISO texts, both ends inclusive.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Any, Final

import orjson

from gateway.coding.products.packs import PackFactors
from gateway.coding.records import OPEN_END

FIRST_DAY: Final = "0001-01-01"
"""`valid_from` of a product without a known first day."""


@dataclass(frozen=True, slots=True, order=True)
class CodeLink:
    """A code of another system that stands for the product (药品本位码, GTIN, 药品标识码, YPID …)."""

    code_type: str
    """Type of the code, e.g. drug_standard_code_86, gtin13, drug_id_code_7, ypid."""
    code: str
    level: str = ""
    """Package level that the code is for, in the source's words (箱, 盒, 最小包装); "" where unknown."""


@dataclass(frozen=True, slots=True)
class ProductRecord:
    """One product: generic name, form, strength, pack, holder, maker. Many links per code type."""

    unified_code: str
    drug: str = ""
    """Drug group (同通用名) as `products.csv` gives it."""
    drug_name: str = ""
    generic_name: str = ""
    """通用名 / 注册名称, as registered."""
    trade_name: str = ""
    dosage_form: str = ""
    specification: str = ""
    """制剂规格, e.g. 10mg; may carry the pack as well (10mg*7片*2板/盒)."""
    pack: str = ""
    """包装规格, e.g. 7片*2板/盒."""
    holder: str = ""
    """上市许可持有人."""
    maker: str = ""
    """生产企业."""
    approval_no: str = ""
    links: tuple[CodeLink, ...] = ()
    factors: PackFactors | None = None
    valid_from: str = FIRST_DAY
    valid_to: str = OPEN_END

    def holds_on(self, day: str) -> bool:
        """Return whether the product is valid on an ISO day (both ends inclusive)."""
        return self.valid_from <= day <= self.valid_to

    def codes(self, code_type: str) -> tuple[str, ...]:
        """Return the linked codes of one type, all package levels."""
        return tuple(link.code for link in self.links if link.code_type == code_type)


_DEFAULTS: Final = ProductRecord("")
_TEXTS: Final = tuple(
    field.name for field in fields(ProductRecord) if field.name not in {"links", "factors"}
)


def record_bytes(record: ProductRecord) -> bytes:
    """Return the record as JSON; fields at their defaults are left out."""
    shown: dict[str, Any] = {
        name: value
        for name in _TEXTS
        if (value := getattr(record, name)) != getattr(_DEFAULTS, name)
    }
    if record.links:
        shown["links"] = [[link.code_type, link.code, link.level] for link in record.links]
    if record.factors is not None:
        factors = record.factors
        shown["factors"] = [str(factors.pricing_per_sales), str(factors.units_per_pricing)]
    return orjson.dumps(shown)


def record_of(data: bytes) -> ProductRecord:
    """Read what `record_bytes` wrote. Fields of a later version are ignored. Raises ValueError."""
    shown = orjson.loads(data)
    if "unified_code" not in shown:
        message = "a product without its unified code"
        raise ValueError(message)
    values: dict[str, Any] = {name: str(shown[name]) for name in _TEXTS if name in shown}
    if "links" in shown:
        values["links"] = tuple(CodeLink(*map(str, link)) for link in shown["links"])
    if "factors" in shown:
        values["factors"] = PackFactors(*map(Fraction, shown["factors"]))
    return ProductRecord(**values)
