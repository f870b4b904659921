"""标识: codes of the demo, made from what they stand for, the same in every run and obviously ours.

Products get `JCP-…` and drugs `D-…`; neither shape exists elsewhere. Institutions, distributors and trace
codes are synthetic but well-formed, check characters included, because real systems check them.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Final

_SEPARATOR: Final = "\x1f"
_PRODUCT_BYTES: Final = 10
_DRUG_BYTES: Final = 5
_USCC_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS: Final = tuple(pow(3, place, 31) for place in range(17))
_ORGANISATION_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ORGANISATION_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)
_ENTERPRISE_PREFIX: Final = "91"
"""登记管理部门 9 工商, 机构类别 1 企业."""


def _base32(parts: tuple[str, ...], size: int) -> str:
    digest = hashlib.blake2b(_SEPARATOR.join(parts).encode(), digest_size=size).digest()
    return base64.b32encode(digest).decode().rstrip("=")


def number_of(*parts: str, below: int) -> int:
    """Return a number in [0, below) that depends on the parts only."""
    digest = hashlib.blake2b(_SEPARATOR.join(parts).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % below


def product_code(drug: str, spec: str, enterprise: str) -> str:
    """Return the gateway's unified code (统一编码) of a product: drug, specification, enterprise."""
    return "JCP-" + _base32((drug, spec, enterprise), _PRODUCT_BYTES)


def drug_code(ingredient: str, form: str) -> str:
    """Return the gateway's code of a drug (品种): active ingredient in a dosage form."""
    return "D-" + _base32((ingredient, form), _DRUG_BYTES)


def institution_code(region: str, serial: int) -> str:
    """Return a synthetic institution code: H, six digits of the region, five of the serial.

    Serials of the demo begin at 90001, where no real list of ours has any.
    """
    return f"H{region}{90000 + serial:05d}"


def enterprise_code(region: str, serial: int) -> str:
    """Return a synthetic 统一社会信用代码 (GB 32100-2015) with both check characters right."""
    organisation = f"JC{serial:06d}"
    body = f"{_ENTERPRISE_PREFIX}{region}{organisation}{_organisation_check(organisation)}"
    total = sum(
        _USCC_ALPHABET.index(sign) * weight
        for sign, weight in zip(body, _USCC_WEIGHTS, strict=True)
    )
    return body + _USCC_ALPHABET[(31 - total % 31) % 31]


def _organisation_check(organisation: str) -> str:
    """Return the check character of an organisation code (GB 11714): mod 11, ten is X."""
    total = sum(
        _ORGANISATION_ALPHABET.index(sign) * weight
        for sign, weight in zip(organisation, _ORGANISATION_WEIGHTS, strict=True)
    )
    return "0123456789X0"[11 - total % 11]


def trace_code(product: str, serial: int) -> str:
    """Return a synthetic 药品追溯码: 8, six digits of the product, thirteen of the pack."""
    return f"8{number_of('trace', product, below=10**6):06d}{serial:013d}"
