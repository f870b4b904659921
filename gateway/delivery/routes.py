"""路由: who must know which message, as data (`routes.toml`), each route with its reason.

[[route]]
types   = ["cn.jicai.settlement.*"]   # `*` stands for any run of characters
regions = ["520000"]                  # GB/T 2260; empty: all; a province covers its cities
to      = "gz-insurance"
reason  = "黔医保发〔2019〕69号 五（三）"
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from adapters._kit.protocol import Interface
from gateway.delivery.address import address_findings
from gateway.errors import Misconfigured
from gateway.partners import Partner, PartnerId, Partners
from gateway.toml_tables import check_tables, read_tables
from schemas.codes import Institution, Region
from schemas.envelope import Message
from schemas.events import EVENT_TYPES

FILE: Final = "routes.toml"
TypePattern = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_.*]+$", max_length=120)]
Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class Route(BaseModel):
    """One line of the list: messages of these types (and regions, institutions) go to one partner."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    types: tuple[TypePattern, ...] = Field(min_length=1)
    regions: tuple[Region, ...] = ()
    institutions: tuple[Institution, ...] = Field(
        default=(), description="定点医疗机构 named in the data; empty: all. Keeps tenants apart."
    )
    to: PartnerId
    reason: Sentence

    def covers(self, message: Message) -> bool:
        """Tell whether a message of a matching type falls into the route's regions, institutions."""
        if self.regions and not any(within(message.region, region) for region in self.regions):
            return False
        return not self.institutions or message.content().get("institution") in self.institutions


def within(region: str, area: str) -> bool:
    """Tell whether a GB/T 2260 code lies in an area: `520000` covers 52xxxx, `520100` covers 5201xx."""
    stem = area[:2] if area.endswith("0000") else area[:4] if area.endswith("00") else area
    return region.startswith(stem)


def types_of(pattern: str) -> tuple[str, ...]:
    """Return the message types that a pattern stands for, in the catalogue's order."""
    wanted = re.compile(".*".join(map(re.escape, pattern.split("*"))))
    return tuple(name for name in EVENT_TYPES if wanted.fullmatch(name))


@dataclass(frozen=True, slots=True)
class Matched:
    """A partner that must get a message, and the number (1-based) of the first route that says so."""

    partner: str
    route: int


@dataclass(frozen=True)
class Routes:
    """The routes in their order, with the interfaces (by name) that their partners speak.

    Immutable: a change is a new object.
    """

    listed: tuple[Route, ...] = ()
    interfaces: Mapping[str, Interface] = field(default_factory=dict, repr=False, compare=False)
    concerns: Mapping[str, Callable[[Message], bool]] = field(
        default_factory=dict, repr=False, compare=False
    )
    """By partner, where its interface takes only some messages of a type."""
    _by_type: dict[str, list[tuple[int, Route]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        for number, route in enumerate(self.listed, start=1):
            for name in dict.fromkeys(each for one in route.types for each in types_of(one)):
                self._by_type.setdefault(name, []).append((number, route))

    def __iter__(self) -> Iterator[Route]:
        return iter(self.listed)

    def __len__(self) -> int:
        return len(self.listed)

    def matching(self, message: Message) -> list[Matched]:
        """Return whom a message goes to, each partner once, in the routes' order."""
        found: dict[str, Matched] = {}
        for number, route in self._by_type.get(message.type, ()):
            if route.to not in found and route.covers(message) and self._concerns(route, message):
                found[route.to] = Matched(route.to, number)
        return list(found.values())

    def _concerns(self, route: Route, message: Message) -> bool:
        asked = self.concerns.get(route.to)
        return asked is None or asked(message)

    @classmethod
    def load(cls, home: Path, partners: Partners, interfaces: Mapping[str, Interface]) -> Routes:
        """Read `routes.toml` under `home`; no file: no routes.

        Raises Misconfigured with every finding: file, route, field; unknown partner, no address, a
        type the partner's interface does not hear, a pattern that matches no type.
        """
        listed, findings = check_tables(read_tables(home / FILE), "route", FILE, Route)
        known = {one.id: one for one in partners}
        for number, route in listed:
            findings += [
                f"{FILE}: route #{number}: {finding}"
                for finding in _findings(route, known.get(route.to), interfaces)
            ]
        if findings:
            raise Misconfigured(*findings)
        spoken = {
            one.id: interfaces[one.interface] for one in partners if one.interface in interfaces
        }
        concerns = {name: one.concerns for name, one in spoken.items() if one.concerns is not None}
        return cls(tuple(route for _, route in listed), interfaces, concerns)


def _findings(
    route: Route, partner: Partner | None, interfaces: Mapping[str, Interface]
) -> Iterator[str]:
    for pattern in route.types:
        if not types_of(pattern):
            yield f"types: {pattern} matches no message type"
    if partner is None:
        yield f"to: partner {route.to} is unknown"
        return
    interface = interfaces.get(partner.interface)
    if interface is None:
        yield f"to: partner {route.to} speaks an unknown interface {partner.interface}"
        return
    yield from (f"to: partner {route.to}: {each}" for each in address_findings(partner, interface))
    if interface.write is None or interface.understand is None:
        yield f"to: interface {interface.name} has no outbound direction"
        return
    for name in dict.fromkeys(each for one in route.types for each in types_of(one)):
        if name not in interface.hears:
            yield f"types: interface {interface.name} of {route.to} does not hear {name}"
