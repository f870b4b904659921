"""批准文号: reads approval numbers as they stand in real lists: national ones, import certificates, both.

`parse("approval_no", …)` is strict and knows 国药准字 only. Lists of drugs put certificates of imported drugs
(进口药品注册证号) and of Hong Kong, Macao and Taiwan (医药产品注册证号) into the same column, with and without
their words; this reader says which of them a text is.
"""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple

from gateway.coding.systems.refusal import half_width

Kind = Literal["national", "import_certificate", "bare"]
_NUMBER: Final = r"[HZSBTFJ][CJ]?[0-9]{8}"
_CERTIFICATE: Final = r"(?:BH|[HZSB]C?)[0-9]{8}"
_NATIONAL: Final = re.compile(rf"(?:国药准字)({_NUMBER})(?:\(({_CERTIFICATE})[^()]*\))?")
_IMPORT: Final = re.compile(
    rf"(?:进口药品注册证号?|进口注册证号?|医药产品注册证号?)({_CERTIFICATE})"
)
_BARE: Final = re.compile(rf"({_NUMBER})(?:\(({_CERTIFICATE})[^()]*\))?")


class Approval(NamedTuple):
    """A number with its kind (类别).

    `number` is the letters and digits alone, H20130343. `code` is the approval number as parse() wants it,
    "" unless the kind is national. `certificate` is the import certificate of a product repacked in China.
    A `bare` number stands without its words: it may be either.
    """

    kind: Kind
    number: str
    code: str = ""
    certificate: str = ""


def read_approval(text: str) -> Approval | None:
    """Return what number a text is, whatever its width, case and blanks; None when it is none."""
    plain = "".join(half_width(text).split()).upper()
    national = _NATIONAL.fullmatch(plain)
    if national is not None:
        number = national[1]
        return Approval("national", number, f"国药准字{number}", national[2] or "")
    certificate = _IMPORT.fullmatch(plain)
    if certificate is not None:
        return Approval("import_certificate", certificate[1], "", certificate[1])
    bare = _BARE.fullmatch(plain)
    return None if bare is None else Approval("bare", bare[1], "", bare[2] or "")
