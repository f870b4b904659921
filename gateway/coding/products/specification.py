"""规格与包装: what a text such as `2ml:20mg*10支/盒` says, in exact numbers.

The strength of one minimum unit (amounts of active substance, the volume they are in) and the pack
(how many units, how nested, in what). What the grammar does not know is kept as a note, never dropped:
two specifications are the same only when their notes are the same too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from math import prod

from gateway.coding.products.spec_tokens import Kind, Token, tokens

Amount = tuple[str, Fraction]
"""(dimension, amount in the dimension's unit of `data/units.toml`)."""


@dataclass(frozen=True, slots=True)
class Strength:
    """制剂规格: what one minimum unit holds."""

    amounts: tuple[Amount, ...] = ()
    """Active substances (or the whole, for herbal forms) in the order of the text."""
    volume: Fraction | None = None
    """Millilitres that the amounts are in."""
    per: Fraction = Fraction(1)
    """Number of units that the amounts are for (每10丸重…)."""
    unit: str = ""
    """What the amount is for where that is not the unit of the pack (µg per 揿)."""

    def __bool__(self) -> bool:
        return bool(self.amounts) or self.volume is not None


@dataclass(frozen=True, slots=True)
class Pack:
    """包装规格: counts from the inside to the outside, and the containers that were named."""

    counts: tuple[tuple[Fraction, str], ...] = ()
    """(how many, of what); the word is "" where the text leaves it out."""
    containers: tuple[str, ...] = ()
    """From the inside to the outside, e.g. (瓶, 盒)."""

    def __bool__(self) -> bool:
        return bool(self.counts or self.containers)

    @property
    def total(self) -> Fraction:
        """Return how many minimum units one sales pack holds (1 where only a container is named)."""
        return prod((count for count, _ in self.counts), start=Fraction(1))

    @property
    def nesting(self) -> tuple[Fraction, ...]:
        """Return the counts without the ones that say 1."""
        return tuple(count for count, _ in self.counts if count != 1)

    @property
    def unit(self) -> str:
        """Return the word of the minimum unit, "" where the text leaves it out."""
        return self.counts[0][1] if self.counts else ""


@dataclass(frozen=True, slots=True)
class Specification:
    """Everything that one text, or a specification and a pack text together, say."""

    strength: Strength = Strength()
    pack: Pack = Pack()
    notes: frozenset[str] = frozenset()


@lru_cache(maxsize=4096)
def parse_specification(text: str, pack_text: str = "") -> Specification:
    """Return what a specification and (if it stands apart) a pack text say. Never raises."""
    read = _parsed(text)
    if not pack_text:
        return read
    apart = _parsed(pack_text)
    notes = read.notes | apart.notes
    pack, contradicts = _joined(read.pack, apart.pack)
    if contradicts:
        notes |= {f"{text}|{pack_text}"}
    strength = read.strength or apart.strength
    both = read.strength and apart.strength
    if both and read.strength != apart.strength:
        notes |= {pack_text}
    return Specification(strength, pack, notes)


def _joined(first: Pack, second: Pack) -> tuple[Pack, bool]:
    """Return the pack that both texts describe, and whether they contradict each other."""
    if not first.counts or not second.counts:
        counts = first.counts or second.counts
        return Pack(counts, second.containers or first.containers), False
    fuller = max(second, first, key=lambda pack: len(pack.counts))
    containers = second.containers or first.containers
    return replace(fuller, containers=containers), first.total != second.total


def _parsed(text: str) -> Specification:
    reading = _Reading()
    for token in tokens(text):
        reading.take(token)
    return reading.done()


class _Reading:
    """One text while it is read, left to right."""

    def __init__(self) -> None:
        self.amounts: list[Amount] = []
        self.volumes: list[Fraction] = []
        self.percents: list[Fraction] = []
        self.inside: list[Amount] = []
        self.inside_volumes: list[Fraction] = []
        self.counts: list[tuple[Fraction, str]] = []
        self.containers: list[str] = []
        self.notes: list[str] = []
        self.per = Fraction(1)
        self.unit = ""
        self.per_millilitre = False

    def take(self, token: Token) -> None:
        """Take the next token in."""
        match token.kind:
            case Kind.MEASURE:
                self._measure(token)
            case Kind.PER_MEASURE:
                self.per_millilitre = True
            case Kind.COUNT:
                self._count(token)
            case Kind.CONTAINER:
                self._container(token.text)
            case Kind.PER_UNITS:
                self.per = token.value
            case Kind.NOTE:
                self.notes.append(token.text)

    def _measure(self, token: Token) -> None:
        if token.text == "percent":
            self.percents.append(token.value)
        elif token.text == "volume":
            (self.inside_volumes if token.depth else self.volumes).append(token.value)
        else:
            (self.inside if token.depth else self.amounts).append((token.text, token.value))

    def _count(self, token: Token) -> None:
        if token.depth and token.text != "揿":
            self.notes.append(f"{token.value}{token.text}")
        else:
            self.counts.append((token.value, token.text))

    def _container(self, word: str) -> None:
        if word == "揿":
            self.unit = word
        else:
            self.containers.append(word)

    def done(self) -> Specification:
        """Return what was read."""
        self._settle_inside()
        volume = self._settle_volume()
        self._settle_percents(volume)
        amounts = tuple(self.amounts)
        strength = (
            Strength(amounts, volume, self.per, self.unit) if amounts or volume else Strength()
        )
        pack = self._pack()
        return Specification(strength, pack, frozenset(self.notes))

    def _settle_inside(self) -> None:
        """Amounts in brackets explain the ones before them (0.5g(0.25g:0.25g)), or stand alone."""
        if not self.inside:
            self.volumes += self.inside_volumes if not self.volumes else []
            return
        if self.inside_volumes and self.volumes:  # 150ml(100ml:66.7g)
            ratio = self.volumes[0] / self.inside_volumes[0]
            self.amounts += [(dimension, value * ratio) for dimension, value in self.inside]
            return
        self.volumes += self.inside_volumes
        whole = [value for dimension, value in self.amounts if dimension == self.inside[0][0]]
        if len(whole) == 1 and len(self.inside) > 1 and sum(v for _, v in self.inside) == whole[0]:
            self.amounts = list(self.inside)
        else:
            self.amounts += [amount for amount in self.inside if amount not in self.amounts]

    def _settle_volume(self) -> Fraction | None:
        volume = self.volumes[0] if self.volumes else None
        if self.per_millilitre:  # 30mg/ml*10ml
            total = volume if volume is not None else Fraction(1)
            self.amounts = [(dimension, value * total) for dimension, value in self.amounts]
            volume = total
        self.notes += [f"{extra}ml" for extra in self.volumes[1:]]
        return volume

    def _settle_percents(self, volume: Fraction | None) -> None:
        """A percentage is grams per 100 ml, or per 100 g: written out as an amount, once."""
        for percent in self.percents:
            masses = [value for dimension, value in self.amounts if dimension == "mass"]
            whole = volume if volume is not None else max(masses, default=None)
            if whole is None:
                self.amounts.append(("percent", percent))
            elif (part := whole * percent / 100) not in masses:
                if volume is not None and masses:
                    self.notes.append(f"{percent}%")
                else:
                    self.amounts.append(("mass", part))

    def _pack(self) -> Pack:
        while len(self.counts) > 1 and not self.counts[0][1] and any(w for _, w in self.counts):
            self.notes.append(str(self.counts.pop(0)[0]))  # 0.3*24片: an amount without its unit
        words = [word for _, word in self.counts]
        containers = list(self.containers)
        if self.counts and words[0] and containers and containers[0] == words[0]:
            containers = containers[1:]  # 20mg/片*20片
        inner = {word for word in words if word}
        return Pack(tuple(self.counts), tuple(word for word in containers if word not in inner))
