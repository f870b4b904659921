"""分解与汇总的结论: splits, demands and bounds of one drug, computed from all the figures of a year."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, NamedTuple

from gateway.policies.claims import Claim
from gateway.policies.policy import State, because, shown
from gateway.policies.progress.measure_periods import lies_in
from gateway.policies.rulebook import Rulebook, Term
from gateway.policies.volumes.volume_split_shares import split
from schemas.events import (
    VOLUME_DEMAND_SUMMED,
    VOLUME_PUBLISHED_OUTSIDE,
    VOLUME_REGION_FINDING_ENDED,
    VOLUME_SPLIT_COMPUTED,
)
from schemas.money import QUANTITY_SCALE, plain

RULE: Final = "R1"
SPLIT_ENDS: Final = dict.fromkeys(
    (VOLUME_SPLIT_COMPUTED, VOLUME_DEMAND_SUMMED, VOLUME_PUBLISHED_OUTSIDE),
    VOLUME_REGION_FINDING_ENDED,
)
_ABOUT: Final = ("drug", "drug_name", "region", "batch")


class Use(NamedTuple):
    """What an institution used or bought of one product; of two the later counted one counts."""

    on: str
    id: str
    institution: str
    product: str
    volume: int
    region: str
    name: str


@dataclass(frozen=True, slots=True)
class Year:
    """One batch's agreement year with the figures of the year before, of one basis."""

    batch: str
    year: str
    basis: str
    uses: Sequence[Use]

    def within(self, region: str) -> list[Use]:
        """Return the figures of a region's institutions."""
        return [use for use in self.uses if lies_in(use.region, region)]


def split_claims(drug: str, state: State, rules: Rulebook) -> Iterator[tuple[str, Claim]]:
    """Yield what holds, by slot, of the years whose statistics are closed."""
    for year in _years(state):
        published = [
            each
            for each in _latest(state["published"])
            if (each["batch"], each["year"]) == (year.batch, year.year)
        ]
        yield from _demands(drug, year, published, state["windows"], rules)
        for each in published:
            yield from _split(drug, year, each, state["windows"], rules)


def _years(state: State) -> Iterator[Year]:
    for place, drawers in sorted(state["used"].items()):
        of_use, basis, batch = place.split("|", 2)
        counted: dict[tuple[str, str], Use] = {}
        for drawer in drawers.values():
            for identity, (institution, product, volume, on, region, name) in drawer.items():
                use = Use(on, identity, institution, product, volume, region, name)
                thing = (institution, product)
                counted[thing] = max(use, counted.get(thing, use))
        uses = sorted(counted.values(), key=lambda use: (use.institution, use.product))
        yield Year(batch, f"{int(of_use) + 1:04d}", basis, uses)


def _latest(published: Mapping[str, Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return what is published; of two for one region, batch, year and product the later one."""
    found: dict[tuple[str, ...], Mapping[str, Any]] = {}
    for each in sorted(published.values(), key=lambda one: (one["on"], one["id"])):
        found[each["region"], each["batch"], each["year"], each["product"]] = each
    return list(found.values())


def _closing(
    windows: Mapping[str, Sequence[str]], region: str, year: Year
) -> tuple[str, str] | None:
    """Return (day, message id) of the closing of a whole region's statistics, None while they are open."""
    found = [
        (day, identity)
        for identity, (where, batch, of_year, day) in windows.items()
        if (batch, of_year) == (year.batch, year.year) and lies_in(region, where)
    ]
    return min(found, default=None)


def _said(volume: int) -> str:
    return shown(plain(volume, QUANTITY_SCALE))


# ------------------------------------------------------------------------------- 分解 splits


def _split(
    drug: str,
    year: Year,
    published: Mapping[str, Any],
    windows: Mapping[str, Sequence[str]],
    rules: Rulebook,
) -> Iterator[tuple[str, Claim]]:
    region, day = published["region"], published["on"]
    by = rules.term(region, "split.by", day)
    rounding = rules.term(region, "split.rounding", day)
    closing = _closing(windows, region, year)
    if by is None or rounding is None or by.value != year.basis or closing is None:
        return
    uses = year.within(region)
    shares: dict[str, int] = {}
    for use in uses:
        shares[use.institution] = shares.get(use.institution, 0) + use.volume
    total = sum(shares.values())
    if not total:  # nobody bought anything: there is no share to split by
        return
    parts = split(published["volume"], published["step"], shares)
    regions = {use.institution: use.region for use in uses}
    lines = [
        {
            "institution": institution,
            "region": regions[institution],
            "purchased_volume": plain(share, QUANTITY_SCALE),
            "share": _share(share, total),
            "allotted_volume": plain(parts[institution], QUANTITY_SCALE),
        }
        for institution, share in sorted(shares.items())
    ]
    arithmetic = [
        f"{_said(published['volume'])} × 机构采购量 institution's purchases / {_said(total)}",
        f"最大余数法,每份 {_said(published['step'])} 的整数倍 largest remainder",
        f"{len(lines)} 份之和 sum of the parts = {_said(sum(parts.values()))}",
    ]
    causes = (published["id"], closing[1], *(use.id for use in uses))
    data = {
        "drug": drug,
        "drug_name": published["name"],
        "region": region,
        "batch": year.batch,
        "year": year.year,
        "published_volume": plain(published["volume"], QUANTITY_SCALE),
        "purchased_volume": plain(total, QUANTITY_SCALE),
        "step": plain(published["step"], QUANTITY_SCALE),
        "lines": lines,
        "found_on": max(closing[0], day),
        "because": because(RULE, [by, rounding], arithmetic, causes),
    }
    slot = f"split|{region}|{year.batch}|{year.year}|{published['product']}"
    yield slot, Claim(VOLUME_SPLIT_COMPUTED, data, _ABOUT)


def _share(part: int, total: int) -> str:
    exact = Fraction(part, total)
    return f"{exact.numerator}/{exact.denominator}"


# ------------------------------------------------------------------------------- 汇总 demands


def _demands(
    drug: str,
    year: Year,
    published: Sequence[Mapping[str, Any]],
    windows: Mapping[str, Sequence[str]],
    rules: Rulebook,
) -> Iterator[tuple[str, Claim]]:
    """Yield the demand of every region whose own paper wants the sum, and what lies outside its bounds."""
    regions = {owner for use in year.uses if (owner := _owner(rules, use.region, "demand.summed"))}
    for region in sorted(regions):
        closing = _closing(windows, region, year)
        if closing is None:
            continue
        summed, basis = (rules.term(region, f"demand.{n}", closing[0]) for n in ("summed", "basis"))
        if summed is None or basis is None or basis.value != year.basis:
            continue
        uses = year.within(region)
        lowest, highest = (
            rules.term(region, f"demand.{name}", closing[0]) for name in ("lowest", "highest")
        )
        total = sum(use.volume for use in uses)
        data = {
            "drug": drug,
            "drug_name": max(uses).name,
            "region": region,
            "batch": year.batch,
            "year": year.year,
            "found_on": closing[0],
        }
        bounds = _Bounds(total, lowest, highest)
        causes = [*(use.id for use in uses), closing[1]]
        terms = [term for term in (summed, basis, lowest, highest) if term is not None]
        said = {
            "institutions": len({use.institution for use in uses}),
            "demand_volume": plain(total, QUANTITY_SCALE),
            **bounds.data,
            "because": because(
                RULE, terms, [f"{len(uses)} 项之和 sum = {_said(total)}", *bounds.lines], causes
            ),
        }
        slot = f"demand|{region}|{year.batch}|{year.year}"
        yield slot, Claim(VOLUME_DEMAND_SUMMED, data | said, _ABOUT)
        here = [each for each in published if each["region"] == region]
        if here and bounds.excludes(sum(each["volume"] for each in here)):
            yield _outside(data, here, bounds, terms, causes)


@dataclass(frozen=True, slots=True)
class _Bounds:
    """Shares of the total between which the selected quantity lies; none where the paper has none."""

    total: int
    lowest: Term | None
    highest: Term | None

    @property
    def _exact(self) -> tuple[Fraction, Fraction] | None:
        if self.lowest is None or self.highest is None:
            return None
        return self.total * Fraction(self.lowest.value), self.total * Fraction(self.highest.value)

    @property
    def data(self) -> dict[str, str]:
        """Return the least and the greatest quantity inside the bounds."""
        if self._exact is None:
            return {}
        low, high = self._exact
        return {
            "lowest_volume": plain(-(-low.numerator // low.denominator), QUANTITY_SCALE),
            "highest_volume": plain(high.numerator // high.denominator, QUANTITY_SCALE),
        }

    @property
    def lines(self) -> list[str]:
        """Return the arithmetic of the bounds."""
        if self.lowest is None or self.highest is None:
            return []
        low, high = (shown(self.data[f"{name}_volume"]) for name in ("lowest", "highest"))
        total = _said(self.total)
        return [
            f"{total} × {self.lowest.value} = {low}",
            f"{total} × {self.highest.value} = {high}",
        ]

    def excludes(self, volume: int) -> bool:
        """Return whether a quantity lies outside, compared exactly."""
        return self._exact is not None and not self._exact[0] <= volume <= self._exact[1]


def _outside(
    about: Mapping[str, Any],
    published: Sequence[Mapping[str, Any]],
    bounds: _Bounds,
    terms: Sequence[Term],
    causes: Sequence[str],
) -> tuple[str, Claim]:
    low, high = (shown(bounds.data[f"{name}_volume"]) for name in ("lowest", "highest"))
    volume = sum(each["volume"] for each in published)
    line = f"{_said(volume)} 不在 not within [{low}, {high}]"
    data = {
        **about,
        "published_volume": plain(volume, QUANTITY_SCALE),
        **bounds.data,
        "found_on": max(about["found_on"], *(each["on"] for each in published)),
        "because": because(
            RULE, terms, [*bounds.lines, line], [*(each["id"] for each in published), *causes]
        ),
    }
    slot = f"outside|{about['region']}|{about['batch']}|{about['year']}"
    return slot, Claim(VOLUME_PUBLISHED_OUTSIDE, data, _ABOUT)


def _owner(rules: Rulebook, region: str, name: str) -> str:
    """Return the region whose own paper has a term that holds for a region; "" where none has."""
    terms = rules.of(region)
    while terms is not None and name not in terms.values:
        terms = terms.province
    return terms.code if terms is not None else ""
