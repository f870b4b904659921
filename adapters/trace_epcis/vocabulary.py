"""CBV 词汇: the standard's words in each of the forms in which they travel, and our private URIs.

Source: GS1 Core Business Vocabulary 2.0 (bare words and https://ref.gs1.org/cbv/ URIs) and 1.2 (URNs).
China's 20-digit trace codes, party codes and bill numbers are no EPC URIs; EPCIS wants URIs everywhere,
so they travel as `urn:jicai:<kind>:<value>`, a private form of this gateway.
"""

from __future__ import annotations

import re
from typing import Final

from schemas.events import TRACE_PACK_DISPENSED, TRACE_PACK_RECEIVED, TRACE_PACK_SHIPPED

STEPS: Final[dict[str, str]] = {
    "shipping": TRACE_PACK_SHIPPED,
    "receiving": TRACE_PACK_RECEIVED,
    "dispensing": TRACE_PACK_DISPENSED,
}
PRIVATE: Final = "urn:jicai:"
_WORD: Final = re.compile(
    r"(?:https?://ref\.gs1\.org/cbv/|cbv:)(?:BizStep|BTT|SDT)-([A-Za-z_]+)"
    r"|urn:epcglobal:cbv:(?:bizstep|btt|sdt):([A-Za-z_]+)"
)
_PRIVATE_URI: Final = re.compile(r"urn:jicai:(trace|party|location|document):(.+)")


def word(text: str) -> str:
    """Return a CBV word in its bare form; anything that is not CBV's comes back as it is."""
    found = _WORD.fullmatch(text)
    return (found[1] or found[2]) if found else text


def plain(uri: str) -> str:
    """Return the value inside one of our private URIs; any other URI as a whole."""
    found = _PRIVATE_URI.fullmatch(uri)
    return found[2] if found else uri


def private(kind: str, value: str) -> str:
    """Return a Chinese code as a URI: kind is trace, party, location or document."""
    return f"{PRIVATE}{kind}:{value}"
