"""区划: which regions lie above a region, by its code (GB/T 2260: two digits each of province, city, county)."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=4096)
def province_of(region: str) -> str:
    """Return the province of a region, of a province itself."""
    return f"{region[:2]}0000"


@lru_cache(maxsize=4096)
def regions_above(region: str) -> tuple[str, ...]:
    """Return a region and those above it, nearest first: county, city, province."""
    return tuple(dict.fromkeys((region, f"{region[:4]}00", province_of(region))))
