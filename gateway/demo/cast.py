"""角色: who takes part in the demo. Every institution, distributor and system is synthetic and named so.

Prices and volumes are real; whoever orders, accepts, lags or dispenses here does not exist.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.demo.identifiers import enterprise_code, institution_code

YUNNAN: Final = "530000"
GUIZHOU: Final = "520000"
CHONGQING: Final = "500000"
PROVINCES_WITH_PAPERS: Final = (YUNNAN, GUIZHOU, CHONGQING)
"""Whose policy papers the gateway knows; their tasks are played in full, others' orders are a sample."""

PROCUREMENT: Final = "yunnan_procurement"
HIS: Final = "his_hl7v2"
TRACE: Final = "trace_epcis"
INSURANCE: Final = "insurance_nhsa"
CANONICAL: Final = "canonical"

WEIGHTS: Final[Mapping[int, tuple[int, ...]]] = {4: (4, 1, 3, 2), 2: (3, 1)}
"""How a region's volume is split, by number of institutions; the second one is the one that lags."""
LAGGARD: Final = 2
_FEW_REGIONS: Final = 6


@dataclass(frozen=True, slots=True)
class Institution:
    """合成定点医疗机构: its unified code, its name, its code on the platform and in its own HIS."""

    region: str
    serial: int
    code: str
    name: str
    platform_code: str
    lags: bool

    @property
    def his(self) -> str:
        """Return the partner id of its HIS."""
        return f"his-{self.region}-{self.serial:02d}"


@dataclass(frozen=True, slots=True)
class Distributor:
    """合成配送企业: unified (USCC) and platform code."""

    code: str
    name: str
    platform_code: str


@dataclass(frozen=True, slots=True)
class Place:
    """地区: a region with its platform's partner id, institutions and distributors."""

    region: str
    name: str
    institutions: tuple[Institution, ...]
    distributors: tuple[Distributor, ...]

    @property
    def platform(self) -> str:
        """Return the partner id of its procurement platform."""
        return f"platform-{self.region}"

    @property
    def insurance(self) -> str:
        """Return the partner id of its insurance agency (医保经办机构)."""
        return f"insurance-{self.region}"

    @property
    def bureau(self) -> str:
        """Return the partner id of the office that closes periods and reports stock, canonical."""
        return f"bureau-{self.region}"

    @property
    def trace(self) -> str:
        """Return the partner id of its trace system."""
        return f"trace-{self.region}"


def gather(regions: Mapping[str, str], buying: Sequence[str]) -> dict[str, Place]:
    """Return every region's place by code; only those that buy have institutions.

    Four institutions a region where few regions buy, two where many do.
    """
    count = 4 if len(buying) <= _FEW_REGIONS else 2
    return {
        region: _place(region, name, count if region in buying else 0)
        for region, name in sorted(regions.items())
    }


def _place(region: str, name: str, count: int) -> Place:
    institutions = tuple(_institution(region, serial) for serial in range(1, count + 1))
    distributors = tuple(_distributor(region, serial) for serial in range(1, count // 2 + 1))
    return Place(region, name, institutions, distributors)


def _institution(region: str, serial: int) -> Institution:
    return Institution(
        region=region,
        serial=serial,
        code=institution_code(region, serial),
        name=f"合成示例医院-{region}-{serial:02d}",
        platform_code=f"YY{region}{serial:04d}",
        lags=serial == LAGGARD,
    )


def _distributor(region: str, serial: int) -> Distributor:
    return Distributor(
        code=enterprise_code(region, serial),
        name=f"合成示例配送企业-{region}-{serial:02d}",
        platform_code=f"PS{region}{serial:04d}",
    )
