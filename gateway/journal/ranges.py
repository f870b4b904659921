"""Key ranges: where the keys with a prefix end, in byte order."""

from __future__ import annotations

import sys
from typing import Final

_LAST: Final = sys.maxunicode
_BEFORE_SURROGATES: Final = 0xD7FF
_AFTER_SURROGATES: Final = 0xE000


def above(prefix: str) -> str:
    """Return the smallest text behind every text with this prefix; "" when there is none.

    Byte order of UTF-8 is the order of code points; surrogates are no characters and are jumped over.
    """
    kept = prefix.rstrip(chr(_LAST))
    if not kept:
        return ""
    last = ord(kept[-1])
    following = _AFTER_SURROGATES if last == _BEFORE_SURROGATES else last + 1
    return kept[:-1] + chr(following)
