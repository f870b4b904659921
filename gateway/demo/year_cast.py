"""模拟年的各方: regions, synthetic institutions and the partner systems that speak for them.

One calendar year lets all five papers stand beside each other: the cities' papers are of 2021 and 2022.
Prices, products and volumes are real; the agreements are constructed for that year (协议一年一签).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.demo.identifiers import enterprise_code, institution_code
from gateway.errors import Misconfigured
from schemas.volume import QuantityBasis

YEAR: Final = 2022
BEFORE: Final = str(YEAR - 1)
HOSPITAL, COMMUNITY, VILLAGE, PHARMACY = "hospital", "county_community", "village", "pharmacy"
TERTIARY: Final = 3


@dataclass(frozen=True, slots=True)
class Buyer:
    """机构: one synthetic institution. `weight` is its part of the region's volume; 0: it has no tasks."""

    code: str
    name: str
    region: str
    kind: str
    ownership: str
    level: int
    weight: int
    remote: bool = False
    first_quarter: int = 1
    """Its agreements begin with this quarter: a city's with the first one under the city's paper."""

    @property
    def province(self) -> str:
        """Return the province's code."""
        return f"{self.region[:2]}0000"

    @property
    def city(self) -> str:
        """Return the city's code."""
        return f"{self.region[:4]}00"

    @property
    def term_from(self) -> str:
        """Return the first day of its agreements."""
        return f"{YEAR}-{3 * self.first_quarter - 2:02d}-01"


@dataclass(frozen=True, slots=True)
class Place:
    """省份: its buyers, its partner systems and how it counts last year's quantities."""

    region: str
    name: str
    buyers: tuple[Buyer, ...]
    basis: QuantityBasis

    @property
    def platform(self) -> str:
        """Return the procurement platform's partner id."""
        return f"year-platform-{self.region}"

    @property
    def hospitals(self) -> str:
        """Return the partner id of the institutions' information systems."""
        return f"year-his-{self.region}"

    @property
    def insurer(self) -> str:
        """Return the insurance agency's partner id."""
        return f"year-insurer-{self.region}"

    @property
    def partners(self) -> tuple[str, str, str]:
        """Return its partner ids."""
        return self.platform, self.hospitals, self.insurer

    def buyer(self, kind: str, ownership: str = "public", city: str = "") -> Buyer | None:
        """Return the first buyer of a kind (and city), None where the place has none."""
        return next(
            (
                each
                for each in self.buyers
                if (each.kind, each.ownership) == (kind, ownership)
                and (not city or each.city == city)
            ),
            None,
        )


_MAIN: Final = (
    (HOSPITAL, "public", TERTIARY, 6, False, "合成三级医院"),
    (COMMUNITY, "public", 2, 3, False, "合成县域医共体"),
    (VILLAGE, "public", 0, 1, True, "合成村卫生室"),
    (HOSPITAL, "private", 2, 2, False, "合成社会办医院"),
    (PHARMACY, "private", 0, 0, False, "合成定点药店"),
)
_CITY: Final = (
    (HOSPITAL, "public", TERTIARY, 2, False, "合成市级医院"),
    (COMMUNITY, "public", 2, 1, False, "合成县域医共体"),
)
QUJING, LINCANG = "530300", "530900"
YUNNAN, GUIZHOU, CHONGQING = "530000", "520000", "500000"
# county → (title, institutions, first quarter of its agreements)
_COUNTIES: Final = {
    YUNNAN: (
        ("530102", "昆明", _MAIN, 1),
        ("530302", "曲靖", _CITY, 2),
        ("530902", "临沧", _CITY, 1),
    ),
    GUIZHOU: (("520102", "贵阳", _MAIN, 1),),
    CHONGQING: (("500103", "渝中", _MAIN, 1),),
}
_NAMES: Final = {YUNNAN: "云南省", GUIZHOU: "贵州省", CHONGQING: "重庆市"}
PROVINCES: Final = tuple(_COUNTIES)


def places(regions: Sequence[str] = ()) -> list[Place]:
    """Return the provinces of the year. Raises Misconfigured for a region that is none of them."""
    strangers = sorted(set(regions) - set(PROVINCES))
    if strangers:
        raise Misconfigured(f"不在模拟年的省份中 not in the simulated year: {', '.join(strangers)}")
    return [_place(code) for code in PROVINCES if not regions or code in regions]


def _place(code: str) -> Place:
    buyers: list[Buyer] = []
    for county, title, kinds, first in _COUNTIES[code]:
        for serial, (kind, ownership, level, weight, remote, name) in enumerate(kinds, start=1):
            made = institution_code(county, serial)
            number = f"P{made[1:]}" if kind == PHARMACY else made
            said = f"{name}-{title}"
            buyers.append(
                Buyer(number, said, county, kind, ownership, level, weight, remote, first)
            )
    platform_counts = code != CHONGQING
    basis = QuantityBasis.PLATFORM_PURCHASE if platform_counts else QuantityBasis.USE
    return Place(code, _NAMES[code], tuple(buyers), basis)


def distributor(region: str, serial: int = 1) -> str:
    """Return a synthetic distributor's code."""
    return enterprise_code(region, 800 + serial)


def maker(serial: int) -> str:
    """Return a synthetic code for the maker number `serial`: no real one was published."""
    return enterprise_code("110000", serial)


def write_home(home: Path, everywhere: Sequence[Place], key: str) -> None:
    """Write partners, their key and empty codes under `home`. Raises Misconfigured."""
    lines = []
    for place in everywhere:
        for name in place.partners:
            lines += [
                "[[partner]]",
                f'id = "{name}"',
                f'name = "{name}"',
                'interface = "canonical"',
                f'region = "{place.region}"',
                'auth = "api_key"',
                'native_codes = ["product", "institution", "enterprise"]',
            ]
    try:
        (home / "secrets").mkdir(mode=0o700, parents=True, exist_ok=True)
        for place in everywhere:
            for name in place.partners:
                path = home / "secrets" / f"{name}.key"
                path.touch(mode=0o600)
                path.write_text(key, encoding="ascii")
        (home / "partners.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError as error:
        raise Misconfigured(f"{home}: {error.strerror}") from error
