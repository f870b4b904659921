"""校验码: the check characters of GS1 numbers and of GB 32100 and GB 11714 codes.

Each algorithm returns the check character that belongs behind a body. What each one finds:

- `gs1_mod10`: every single wrong digit; adjacent swaps except of digits that differ by five (2 × 5 is 0
  modulo 10).
- `gb32100_mod31`: every single wrong character, and every swap of two, neighbours or not, except of the
  first with the check character: 31 is prime, and of the weights 1, 3, 9, … only the first is the check
  character's.
- `gb11714_mod11`: wrong characters and adjacent swaps, except of characters whose values (0-9, A-Z are 0
  to 35) differ by 11, 22 or 33, as 0 and B; every wrong check character.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import mul
from typing import Final

_ZERO: Final = ord("0")
_USCC_SIGNS: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_VALUES: Final = {ord(sign): value for value, sign in enumerate(_USCC_SIGNS)}
_USCC_WEIGHTS: Final = tuple(pow(3, place, 31) for place in range(17))
_ORGANISATION_VALUES: Final = {
    ord(sign): value for value, sign in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
}
_ORGANISATION_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)


def gs1_mod10(body: str) -> str:
    """Return the check digit of a GS1 number (GTIN-8/12/13/14, SSCC, 药品本位码); `body` is ASCII digits.

    Weights 3, 1, 3, … from the right (GS1 General Specifications 7.9).
    """
    signs = body.encode("ascii")
    threes, ones = signs[-1::-2], signs[-2::-2]
    total = 3 * (sum(threes) - _ZERO * len(threes)) + sum(ones) - _ZERO * len(ones)
    return str(-total % 10)


def gb32100_mod31(body: str) -> str:
    """Return the check character of a 统一社会信用代码; `body` is its first 17 characters.

    Raises KeyError for characters outside the alphabet of GB 32100-2015, ValueError for another length.
    """
    return _USCC_SIGNS[-_weighted(body, _USCC_VALUES, _USCC_WEIGHTS) % 31]


def gb11714_mod11(body: str) -> str:
    """Return the check character of a 组织机构代码 (GB 11714-1997); `body` is its first 8; ten is X.

    Raises KeyError for characters outside 0-9 A-Z, ValueError for another length.
    """
    total = _weighted(body, _ORGANISATION_VALUES, _ORGANISATION_WEIGHTS)
    return "0123456789X"[-total % 11]


def _weighted(body: str, values: Mapping[int, int], weights: tuple[int, ...]) -> int:
    """Return the sum of the values by their weights; all loops run inside the interpreter."""
    if len(body) != len(weights):
        raise ValueError(f"{len(weights)} characters are expected, not {len(body)}")
    return sum(map(mul, map(values.__getitem__, map(ord, body)), weights))


ALGORITHMS: Final[Mapping[str, Callable[[str], str]]] = {
    "gs1_mod10": gs1_mod10,
    "gb32100_mod31": gb32100_mod31,
    "gb11714_mod11": gb11714_mod11,
}
"""By the name that contracts/codes/*.toml use."""
