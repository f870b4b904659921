"""报量的结论: what is short, not growing, missing or proposed, of one unit's reports and uses of a drug."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from gateway.policies.claims import Claim
from gateway.policies.policy import because, shown
from gateway.policies.progress.measure_periods import lies_in
from gateway.policies.rulebook import Rulebook, Term
from schemas.events import (
    VOLUME_REPORT_FINDING_ENDED,
    VOLUME_REPORT_MISSING,
    VOLUME_REPORT_SHORT,
    VOLUME_TASK_PROPOSED,
)
from schemas.money import QUANTITY_SCALE, plain
from schemas.volume import QuantityBasis
from schemas.volume_findings import Shortfall

RULE: Final = "R1"
REPORT_ENDS: Final = dict.fromkeys(
    (VOLUME_REPORT_SHORT, VOLUME_REPORT_MISSING, VOLUME_TASK_PROPOSED), VOLUME_REPORT_FINDING_ENDED
)
_ABOUT: Final = ("unit", "drug", "drug_name", "region", "batch", "year")
Fact = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Round:
    """One unit's round of reports: a batch and an agreement year, with the use of the year before."""

    unit: str
    batch: str
    year: str
    region: str
    day: str
    """The day whose terms apply: the window's closing, or while it is open that of the latest fact."""
    window: str
    """Id of the message that closed the window; "" while it is open."""
    reported: Sequence[Fact]
    used: Sequence[Fact]
    before: Sequence[Fact]
    """Reports of the year before: the batch's own, or where it is new all of the drug's."""
    rules: Rulebook

    def term(self, name: str) -> Term | None:
        """Return a term in force for the round."""
        return self.rules.term(self.region, f"report.{name}", self.day)

    def data(self, facts: Sequence[Fact]) -> dict[str, Any]:
        """Return what every conclusion of the round says."""
        latest = max((*self.reported, *self.used), key=lambda each: (each["on"], each["id"]))
        members = {each["member"] for each in (*self.reported, *self.used)}
        return {
            "unit": self.unit,
            "members": sorted(members),
            "drug": latest["drug"],
            "drug_name": latest["name"],
            "region": self.region,
            "batch": self.batch,
            "year": self.year,
            "found_on": max((each["on"] for each in facts), default=self.day),
        }


def report_claims(
    reported: Mapping[str, Fact],
    used: Mapping[str, Fact],
    windows: Mapping[str, Sequence[str]],
    rules: Rulebook,
) -> Iterator[tuple[str, Claim]]:
    """Yield what holds, by slot, computed from everything that is known."""
    for each in _rounds(_counted(reported.values()), _counted(used.values()), windows, rules):
        yield from _short(each)
        yield from _not_growing(each)
        yield from _proposed(each)
        yield from _missing(each)


def _counted(facts: Iterable[Fact]) -> list[Fact]:
    """Return the facts that count: of two for the same thing the later one."""
    found: dict[tuple[str, ...], Fact] = {}
    for each in sorted(facts, key=lambda one: (one["on"], one["id"])):
        found[tuple(each[name] for name in ("batch", "year", "member", "product", "basis"))] = each
    return list(found.values())


def _rounds(
    reported: Sequence[Fact],
    used: Sequence[Fact],
    windows: Mapping[str, Sequence[str]],
    rules: Rulebook,
) -> Iterator[Round]:
    rounds = {(each["batch"], each["year"]) for each in reported}
    rounds |= {(each["batch"], _next(each["year"])) for each in used}
    for batch, year in sorted(rounds):
        own = [one for one in reported if (one["batch"], one["year"]) == (batch, year)]
        uses = [one for one in used if (one["batch"], _next(one["year"])) == (batch, year)]
        earlier = [one for one in reported if _next(one["year"]) == year]
        earlier = [one for one in earlier if one["batch"] == batch] or earlier
        latest = max((*own, *uses), key=lambda one: (one["on"], one["id"]))
        closed = _closed(windows, latest["region"], batch, year)
        day = closed[0] if closed else latest["on"]
        for unit, members in _units(latest, [*own, *uses], day, rules):
            said, used_by, before = (
                [one for one in facts if one["member"] in members] for facts in (own, uses, earlier)
            )
            region = next(one["region"] for one in (*said, *used_by))
            window = closed[1] if closed else ""
            yield Round(unit, batch, year, region, day, window, said, used_by, before, rules)


def _units(
    latest: Fact, facts: Sequence[Fact], day: str, rules: Rulebook
) -> list[tuple[str, set[str]]]:
    members = {one["member"] for one in facts}
    together = rules.term(latest["region"], "report.unit", day)
    if latest["community"] and together is not None:
        return [(latest["community"], members)]
    return [(member, {member}) for member in sorted(members)]


def _closed(
    windows: Mapping[str, Sequence[str]], region: str, batch: str, year: str
) -> tuple[str, str] | None:
    """Return (day, message id) of the window's first closing for a region, None while it is open."""
    found = [
        (day, identity)
        for identity, (where, of_batch, of_year, day) in windows.items()
        if (of_batch, of_year) == (batch, year) and lies_in(region, where)
    ]
    return min(found, default=None)


def _next(year: str) -> str:
    return f"{int(year) + 1:04d}"


def _groups(each: Round, term: Term | None) -> list[str]:
    """Return what is counted apart: each product, or everything together ("")."""
    if term is None or term.value != "product":
        return [""]
    return sorted({one["product"] for one in (*each.reported, *each.used)})


def _of(facts: Sequence[Fact], product: str) -> list[Fact]:
    return [one for one in facts if product in ("", one["product"])]


def _sum(facts: Sequence[Fact]) -> int:
    return sum(one["volume"] for one in facts)


def _said(volume: int) -> str:
    return shown(plain(volume, QUANTITY_SCALE))


def _ids(*facts: Sequence[Fact]) -> list[str]:
    return sorted(one["id"] for several in facts for one in several)


def _short(each: Round) -> Iterator[tuple[str, Claim]]:
    floor, basis, counts_by = (each.term(name) for name in ("floor", "basis", "counts_by"))
    if floor is None or basis is None or not each.reported:
        return
    for product in _groups(each, counts_by):
        reported = _of(each.reported, product)
        used = [one for one in _of(each.used, product) if one["basis"] == basis.value]
        if not used or not (reported or each.window):
            continue
        exact, got = _sum(used) * Fraction(floor.value), _sum(reported)
        if got < exact:
            line = f"{_said(got)} < {_said(_sum(used))} × {floor.value} = {_fraction(exact)}"
            causes = [*_ids(reported, used), each.window]
            terms = [term for term in (floor, basis, counts_by) if term is not None]
            data = each.data([*reported, *used]) | _product(product)
            data |= {
                "shortfall": Shortfall.BELOW_FLOOR.value,
                "reported_volume": plain(got, QUANTITY_SCALE),
                "compared_volume": plain(_sum(used), QUANTITY_SCALE),
                "required_volume": plain(_up(exact), QUANTITY_SCALE),
                "because": because(RULE, terms, [line], causes),
            }
            slot = f"short|{each.batch}|{each.year}|{each.unit}|{product}"
            yield slot, Claim(VOLUME_REPORT_SHORT, data, _ABOUT)


def _not_growing(each: Round) -> Iterator[tuple[str, Claim]]:
    growing, counts_by = each.term("growing"), each.term("counts_by")
    if growing is None:
        return
    for product in _groups(each, counts_by):
        reported, before = _of(each.reported, product), _of(each.before, product)
        if not reported or not before or _sum(reported) > _sum(before):
            continue
        line = f"{_said(_sum(reported))} ≤ 上年报量 reported the year before {_said(_sum(before))}"
        data = each.data(reported) | _product(product)
        data |= {
            "shortfall": Shortfall.NOT_GROWING.value,
            "reported_volume": plain(_sum(reported), QUANTITY_SCALE),
            "compared_volume": plain(_sum(before), QUANTITY_SCALE),
            "required_volume": plain(_sum(before), QUANTITY_SCALE),
            "because": because(RULE, [growing], [line], _ids(reported, before)),
        }
        slot = f"growing|{each.batch}|{each.year}|{each.unit}|{product}"
        yield slot, Claim(VOLUME_REPORT_SHORT, data, _ABOUT)


def _proposed(each: Round) -> Iterator[tuple[str, Claim]]:
    names = ("proposes", "floor", "basis", "counts_by")
    proposes, floor, basis, counts_by = (each.term(name) for name in names)
    if proposes is None or floor is None or basis is None:
        return
    for product in _groups(each, counts_by):
        used = [one for one in _of(each.used, product) if one["basis"] == basis.value]
        exact = _sum(used) * Fraction(floor.value)
        if not exact:
            continue
        terms = [term for term in (proposes, floor, basis, counts_by) if term is not None]
        line = f"{_said(_sum(used))} × {floor.value} = {_fraction(exact)}"
        data = each.data(used) | _product(product)
        data |= {
            "used_volume": plain(_sum(used), QUANTITY_SCALE),
            "proposed_volume": plain(_up(exact), QUANTITY_SCALE),
            "because": because(RULE, terms, [line], _ids(used)),
        }
        slot = f"proposed|{each.batch}|{each.year}|{each.unit}|{product}"
        yield slot, Claim(VOLUME_TASK_PROPOSED, data, _ABOUT)


def _missing(each: Round) -> Iterator[tuple[str, Claim]]:
    required = each.term("required_of")
    public = [one for one in each.used if one["public"] and one["volume"]]
    if required is None or not each.window or each.reported or not public:
        return
    basis = max(one["basis"] for one in public)  # 使用量 before 采购量 where both are known
    used = [one for one in public if one["basis"] == basis]
    named = "使用量 used" if basis == QuantityBasis.USE else "采购量 bought"
    lines = [
        f"上年度{named}: {_said(_sum(used))} > 0",
        f"报量窗口已于 {each.day} 关闭,未报量 nothing was reported until the window closed",
    ]
    data = each.data(used) | {
        "used_volume": plain(_sum(used), QUANTITY_SCALE),
        "found_on": each.day,
        "because": because(RULE, [required], lines, [*_ids(used), each.window]),
    }
    slot = f"missing|{each.batch}|{each.year}|{each.unit}"
    yield slot, Claim(VOLUME_REPORT_MISSING, data, _ABOUT)


def _product(product: str) -> dict[str, str]:
    return {"unified_code": product} if product else {}


def _up(exact: Fraction) -> int:
    """Return the least quantity (10^-4 units) that reaches an exact one."""
    return -(-exact.numerator // exact.denominator)


def _fraction(exact: Fraction) -> str:
    if exact.denominator == 1:
        return _said(exact.numerator)
    return f"{_said(int(exact))}…"
