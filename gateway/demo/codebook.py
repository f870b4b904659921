"""密码本: which codes each synthetic system uses for itself, and the crosswalk that explains them.

Every platform and every HIS has its own product, institution and distributor codes, as in real life.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Final

from gateway.coding.rows import COLUMNS, CrosswalkRow
from gateway.demo.cast import Distributor, Institution, Place
from gateway.demo.plan import Plan
from gateway.demo.selected_products import Product

VALID_FROM: Final = "2018-01-01"
UNKNOWN_CODE: Final = "XIN-0001"
"""A code that a HIS uses before anybody has mapped it."""
_PRODUCT: Final = "product"
_INSTITUTION: Final = "institution"
_ENTERPRISE: Final = "enterprise"


class Codebook:
    """Local codes by partner."""

    def __init__(self, plan: Plan) -> None:
        """Number the plan's products in the order of their unified codes."""
        self._plan = plan
        self._numbers = {code: number for number, code in enumerate(plan.products, start=1)}

    def on_platform(self, place: Place, product: Product) -> str:
        """Return a product's code on a region's platform."""
        return f"YP{place.region}{self._numbers[product.code]:05d}"

    def in_his(self, institution: Institution, product: Product) -> str:
        """Return a product's code in an institution's HIS."""
        return f"K{institution.region[:2]}{self._numbers[product.code]:05d}"

    @staticmethod
    def institution_in_his(institution: Institution) -> str:
        """Return an institution's own code in its HIS."""
        return f"ZD{institution.serial:03d}"

    @staticmethod
    def distributor_in_his(distributor: Distributor) -> str:
        """Return a distributor's code in a HIS."""
        return f"GYS{distributor.code[-4:]}"

    def rows(self, with_his: Iterable[Institution]) -> Iterator[CrosswalkRow]:
        """Yield every platform's and every HIS's mappings (the unknown code's is missing)."""
        for place in self._plan.places.values():
            yield from self._platform_rows(place)
        for institution in with_his:
            yield from self._his_rows(institution)

    def _platform_rows(self, place: Place) -> Iterator[CrosswalkRow]:
        used = {one.product.code: one.product for one in self._plan.listings if one.place is place}
        used |= {one.product.code: one.product for one in self._plan.tasks if one.place is place}
        for product in used.values():
            local = self.on_platform(place, product)
            yield _row(place.platform, _PRODUCT, local, product.code)
        for one in place.institutions:
            yield _row(place.platform, _INSTITUTION, one.platform_code, one.code)
        for each in place.distributors:
            yield _row(place.platform, _ENTERPRISE, each.platform_code, each.code)

    def _his_rows(self, institution: Institution) -> Iterator[CrosswalkRow]:
        place = self._plan.places[institution.region]
        own = self.institution_in_his(institution)
        yield _row(institution.his, _INSTITUTION, own, institution.code)
        for each in place.distributors:
            yield _row(institution.his, _ENTERPRISE, self.distributor_in_his(each), each.code)
        used = {
            one.product.code: one.product
            for one in self._plan.tasks
            if one.institution is institution
        }
        for product in used.values():
            local = self.in_his(institution, product)
            yield _row(institution.his, _PRODUCT, local, product.code)

    def products_file(self) -> str:
        """Return `products.csv`: which drug each product is."""
        return _csv(
            ("unified_code", "drug", "drug_name", "generic_name", "specification", "maker"),
            (
                (
                    each.code,
                    each.drug.code,
                    each.drug.name,
                    each.drug.name,
                    each.spec,
                    each.enterprise,
                )
                for each in self._plan.products.values()
            ),
        )


def newly_mapped(institution: Institution, product: Product) -> CrosswalkRow:
    """Return the mapping of the code that was unknown at first."""
    return _row(institution.his, _PRODUCT, UNKNOWN_CODE, product.code)


def crosswalk_file(rows: Iterable[CrosswalkRow]) -> str:
    """Return a crosswalk file with these rows."""
    return _csv(COLUMNS, (row._replace(valid_to="")[: len(COLUMNS)] for row in rows))


def _row(partner: str, kind: str, local: str, unified: str) -> CrosswalkRow:
    return CrosswalkRow(partner, kind, local, unified, VALID_FROM)


def _csv(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()
