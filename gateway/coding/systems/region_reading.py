"""区划读取: reads an insurance region (医保区划): valid when its province exists, with what is known of it."""

from __future__ import annotations

from functools import lru_cache

from gateway.coding.systems.refusal import CodeRefusal, refusal
from gateway.coding.systems.regions import Region, regions
from gateway.coding.systems.system import CodeSystem, ParsedCode, Part

_LEVELS = {"province": "省级 province", "prefecture": "地级 prefecture", "county": "县级 county"}


def read_region(system: CodeSystem, code: str, on: str) -> ParsedCode | CodeRefusal:
    """Return the region's parts and notes, or why it is none; `code` has six ASCII digits.

    Only a code of GB/T 2260 that did not hold on the day `on` is refused for its time; statistical,
    insurance and unknown ones may be in use at any time.
    """
    region = regions().get(code)
    if region is None:
        return refusal(system.name, code, "region.province", province=code[:2])
    if on and region.standing == "gb2260" and region.name_in(on[:4]) is None:
        facts = {"code": code, "name": region.name, "day": on, "years": region.years}
        return refusal(system.name, code, "region.time", **facts)
    parts = tuple(Part(each, code[each.start - 1 : each.end]) for each in system.parts)
    return ParsedCode(system.name, code, parts, region_notes(code, on[:4]))


@lru_cache(maxsize=16384)
def region_notes(code: str, year: str) -> tuple[str, ...]:
    """Return what is known of a region: name and level, and where and since when it stands."""
    region = regions().get(code)
    if region is None:
        return ()
    if region.standing == "unknown":
        return ("不在 GB/T 2260 与已知医保区划中 not in GB/T 2260, no known insurance region",)
    name = regions().full_name(region, year)
    if region.standing == "statistical":
        return (name, "统计用区划，不在 GB/T 2260 中 in the statistical lists, beyond GB/T 2260")
    if region.standing == "insurance":
        return (name, "医保区划，不在 GB/T 2260 中 an insurance region beyond GB/T 2260")
    return (name, _LEVELS[region.level], *_years(region))


def _years(region: Region) -> tuple[str, ...]:
    until = region.names[-1].until
    if until:
        return (f"GB/T 2260 {region.years}，{until} 年起不再使用 abolished by {until}",)
    since = region.names[0].since
    return (f"GB/T 2260，{since} 年起 since {since}" if since else "GB/T 2260",)
