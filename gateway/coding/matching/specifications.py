"""规格与包装的比较: whether two specifications, parsed to exact numbers, can be one product's."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from gateway.coding.matching.evidence import Verdict
from gateway.coding.products.specification import Pack, Specification, Strength

Found = tuple[float, Verdict]
"""(how good the agreement is, 0 to 1; what was found)."""


def compare_strengths(ours: Specification, theirs: Specification) -> Found:
    """Return how two strengths stand to each other."""
    if not ours.strength or not theirs.strength:
        return 0.0, Verdict.UNKNOWN
    if ours.strength == theirs.strength:
        same_notes = ours.notes == theirs.notes
        return (1.0, Verdict.EQUAL) if same_notes else (0.97, Verdict.COMPATIBLE)
    return _unequal(_per_unit(ours.strength), _per_unit(theirs.strength))


def _per_unit(strength: Strength) -> Strength:
    if strength.per == 1:
        return strength
    amounts = tuple((dimension, value / strength.per) for dimension, value in strength.amounts)
    return Strength(amounts, strength.volume, unit=strength.unit)


def _unequal(ours: Strength, theirs: Strength) -> Found:
    if len(ours.amounts) == len(theirs.amounts) == 1 and ours.amounts != theirs.amounts:
        return (0.2 if _same_concentration(ours, theirs) else 0.0), Verdict.DIFFERENT
    first, second = Counter(ours.amounts), Counter(theirs.amounts)
    if first == second:
        return _same_amounts(ours, theirs)
    if _sums(first) == _sums(second):
        return 0.75, Verdict.COMPATIBLE  # 162.5mg against 150mg+12.5mg
    if not first or not second:  # only one side says more than the volume
        agree = ours.volume == theirs.volume
        return (0.6, Verdict.COMPATIBLE) if agree else (0.1, Verdict.DIFFERENT)
    if not first - second or not second - first:
        return 0.5, Verdict.SIMILAR  # one side leaves components out
    return (0.2 if _same_concentration(ours, theirs) else 0.0), Verdict.DIFFERENT


def _same_amounts(ours: Strength, theirs: Strength) -> Found:
    if (ours.volume, ours.unit) == (theirs.volume, theirs.unit):
        # in another order (5mg/10mg may not be 10mg/5mg), or 每10丸重 against 每丸重
        return 0.97, Verdict.COMPATIBLE
    if ours.volume in {None, theirs.volume} or theirs.volume is None:
        return 0.9, Verdict.COMPATIBLE
    return 0.3, Verdict.DIFFERENT  # the same amount in another volume


def _sums(amounts: Counter[tuple[str, Fraction]]) -> dict[str, Fraction]:
    sums: dict[str, Fraction] = {}
    for (dimension, value), times in amounts.items():
        sums[dimension] = sums.get(dimension, Fraction(0)) + value * times
    return sums


def _same_concentration(ours: Strength, theirs: Strength) -> bool:
    if not ours.volume or not theirs.volume:
        return False
    scaled = sorted((dimension, value / ours.volume) for dimension, value in ours.amounts)
    others = sorted((dimension, value / theirs.volume) for dimension, value in theirs.amounts)
    return scaled == others


@dataclass(frozen=True, slots=True)
class _Shape:
    """A pack with the counts that say 1 taken for what they are: the container."""

    total: Fraction
    nesting: tuple[Fraction, ...]
    unit: str
    containers: tuple[str, ...]


@lru_cache(maxsize=16_384)
def _shape(pack: Pack) -> _Shape:
    if pack.nesting:
        return _Shape(pack.total, pack.nesting, pack.unit, pack.containers)
    words = tuple(word for _, word in pack.counts if word)
    containers = tuple(dict.fromkeys((*words, *pack.containers)))
    return _Shape(pack.total, (), "", containers)


def compare_packs(ours: Pack, theirs: Pack) -> Found:
    """Return how two packs stand to each other; the counts decide, the containers confirm."""
    if not ours or not theirs or bool(ours.counts) != bool(theirs.counts):
        return _one_sided(ours, theirs)
    first, second = _shape(ours), _shape(theirs)
    if first.total != second.total:
        return 0.0, Verdict.DIFFERENT
    if first.nesting != second.nesting:
        both = len(first.nesting) > 1 and len(second.nesting) > 1
        return (0.6, Verdict.SIMILAR) if both else (0.9, Verdict.COMPATIBLE)
    if first.unit and second.unit and first.unit != second.unit:
        return 0.7, Verdict.SIMILAR
    return _contained(first.containers, second.containers)


def _contained(first: tuple[str, ...], second: tuple[str, ...]) -> Found:
    if first == second or not first or not second:
        return 1.0, Verdict.EQUAL
    shorter, longer = sorted((first, second), key=len)
    held = len(shorter) < len(longer) and set(shorter) <= set(longer)
    return (0.9, Verdict.COMPATIBLE) if held else (0.7, Verdict.SIMILAR)


def _one_sided(ours: Pack, theirs: Pack) -> Found:
    """A pack without counts is one unit; against counts it says nothing but its container."""
    if ours and theirs and ours.total == theirs.total == 1:
        return _contained(_shape(ours).containers, _shape(theirs).containers)
    return 0.0, Verdict.UNKNOWN
