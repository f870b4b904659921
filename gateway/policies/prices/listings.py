"""挂网目录: what is known of one drug's prices everywhere: series of the price book by product and place.

The state is plain and compact, because it is read and written with every batch: entries are lists, and
what many listings share (name, strength, pack) stands once in a table. Changes copy only their path.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from gateway.policies.policy import State
from gateway.policies.prices.price_book import (
    FOREVER,
    ID,
    BookKind,
    Entry,
    Series,
    Span,
    inserted,
    price_on,
    spans,
    without,
)
from gateway.policies.ratio import Form
from gateway.policies.regions import regions_above

LISTED: Final = BookKind.LISTED.value
SELECTED: Final = BookKind.SELECTED.value
NEGOTIATED: Final = BookKind.NEGOTIATED.value
PROVINCE: Final = 2
REGION_END: Final = len("000000/")
NO_LISTINGS: Final[State] = {"abouts": [], "book": {}, "listed": {}}


class About(NamedTuple):
    """What a listing says of its product: name, strength, pack, specification; the rest where it is asked."""

    drug_name: str
    content: int | None
    unit: str
    pack: int
    specification: str
    origin: str = ""
    insured: bool | None = None

    @property
    def form(self) -> Form:
        """Return the form by which prices are converted."""
        return Form(self.content, self.unit, self.pack)

    def same_form(self, other: About) -> bool:
        """Return whether prices of the two can be compared as they are."""
        if self[1:4] != other[1:4]:
            return False
        if self.content is not None:
            return True
        return bool(self.specification) and self.specification == other.specification


class Place(NamedTuple):
    """Where a series stands: one product's prices of one kind in one region."""

    product: str
    region: str
    kind: str

    @property
    def key(self) -> str:
        """Return the series' name within its product."""
        return f"{self.region}/{self.kind}"


def about_of(content: Mapping[str, Any]) -> About:
    """Return what a listing says of its product."""
    strength = content.get("strength") or {}
    return About(
        content["drug_name"],
        strength.get("content"),
        strength.get("unit", ""),
        content.get("pack_quantity", 1),
        content.get("specification") or "",
    )


def full_about(content: Mapping[str, Any]) -> About:
    """Return also what a listing says of the product's origin (注册类别) and insurance (医保目录)."""
    return about_of(content)._replace(
        origin=content.get("origin") or "", insured=content.get("insured")
    )


class Market:
    """One drug's prices, read from a state and changed by copying."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._book: dict[str, dict[str, Series]] = state["book"]

    def series(self, place: Place) -> Series:
        """Return the series at a place; empty when there is none."""
        return self._book.get(place.product, {}).get(place.key, [])

    def series_of(self, product: str, region: str) -> Series:
        """Return the listed prices of a product that is listed in a region."""
        return self._book[product][f"{region}/{LISTED}"]

    def about(self, number: int) -> About:
        """Return what entries with this number say of their product."""
        return About(*self.state["abouts"][number])

    def with_entry(self, place: Place, entry: Entry, about: About) -> Market:
        """Return the market with one more entry; `about` goes to the table."""
        abouts, told = self.state["abouts"], list(about)
        if told not in abouts:
            abouts = [*abouts, told]
        numbered = [*entry[:-1], abouts.index(told)]
        changed = self._replaced(place, inserted(self.series(place), numbered))
        return Market({**self.state, **changed, "abouts": abouts})

    def without_entry(self, place: Place, identity: str) -> Market:
        """Return the market without an entry; itself when it has none."""
        series = self.series(place)
        left = without(series, identity)
        return self if left is series else Market({**self.state, **self._replaced(place, left)})

    def _replaced(self, place: Place, series: Series) -> State:
        of_product = {**self._book.get(place.product, {}), place.key: series}
        if not series:
            del of_product[place.key]
        listed = self.state["listed"]
        if place.kind == LISTED:
            others = [each for each in listed.get(place.region, ()) if each != place.product]
            here = sorted([*others, place.product]) if series else others
            listed = {**listed, place.region: here}
        return {"book": {**self._book, place.product: of_product}, "listed": listed}

    def products_in(self, region: str) -> list[str]:
        """Return the products that are listed in a region."""
        found: list[str] = self.state["listed"].get(region, [])
        return found

    def regions(self) -> list[str]:
        """Return the regions in which any product is listed."""
        return list(self.state["listed"])

    def products(self) -> list[str]:
        """Return every product of the drug."""
        return list(self._book)

    def of_product(self, product: str) -> Mapping[str, Series]:
        """Return the series of a product by `region/kind`; the kind begins at REGION_END."""
        return self._book.get(product, {})

    def above(
        self, product: str, region: str, kind: str, since: str = "", until: str = FOREVER
    ) -> list[Span]:
        """Return the prices of a kind in a region and those above it that touch these days."""
        of_product = self._book.get(product, {})
        found: list[Span] = []
        for each in regions_above(region):
            series = of_product.get(f"{each}/{kind}")
            if series:
                found += spans(series, since, until)
        return found

    def place_of(self, identity: str) -> Place | None:
        """Return where an entry stands; looked up slowly, for those who ask by id."""
        for product, of_product in self._book.items():
            for key, series in of_product.items():
                if any(each[ID] == identity for each in series):
                    return Place(product, *key.split("/"))
        return None

    def effective(self, product: str, region: str, kind: str, day: str) -> Span | None:
        """Return the price of a kind on a day, the nearest region's first."""
        of_product = self._book.get(product, {})
        for each in regions_above(region):
            found = price_on(of_product.get(f"{each}/{kind}", []), day)
            if found is not None:
                return found
        return None
