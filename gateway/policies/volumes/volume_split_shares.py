"""按占比分解: a quantity split by shares so that the parts add up to the whole, by the largest remainder.

最大余数法: each part first gets the whole steps of its exact share; the steps that are left go one each to the
parts with the largest remainders; of equal remainders to the larger share, then to the smaller code. So a part
differs from its exact share by less than one step, and nobody with a larger share gets less.
"""

from __future__ import annotations

from collections.abc import Mapping


def split(whole: int, step: int, shares: Mapping[str, int]) -> dict[str, int]:
    """Return each one's part of `whole`, a multiple of `step`; the parts add up to it.

    Raises ValueError when the shares come to nothing, when one is negative, or when the whole is none.
    """
    total = sum(shares.values())
    if total <= 0 or min(shares.values()) < 0:
        raise ValueError("shares must not be negative, nor all be zero")
    if whole < 0 or step <= 0 or whole % step:
        raise ValueError("the whole must be a multiple of the step")
    steps = whole // step
    found = {name: steps * share // total for name, share in shares.items()}
    left = steps - sum(found.values())
    by_remainder = sorted(
        shares, key=lambda name: (-(steps * shares[name] % total), -shares[name], name)
    )
    for name in by_remainder[:left]:
        found[name] += 1
    return {name: count * step for name, count in found.items()}
