r"""字符集: which bytes mean which characters, by MSH-18, else by the partner's setting `charset`.

GB18030's second bytes include `|`, `^`, `~` and `\\`: a message is decoded before it is split, never after.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from schemas.issues import Rejected, issue

DEFAULT: Final = "utf-8"
_BOMS: Final = (b"\xef\xbb\xbf", b"\x84\x31\x95\x33")
_LINE_END: Final = re.compile(rb"[\r\n]")
_NOT_ALNUM: Final = re.compile(r"[^0-9A-Z]")

# HL7 table 0211 and the names seen in the field, letters and digits only
_NAMES: Final[Mapping[str, str]] = {
    "UNICODEUTF8": "utf-8",
    "UTF8": "utf-8",
    "GB18030": "gb18030",
    "GB180302000": "gb18030",
    "GB180302005": "gb18030",
    "GB180302022": "gb18030",
    "GBK": "gb18030",
    "CP936": "gb18030",
    "GB2312": "gb18030",
    "GB23121980": "gb18030",
    "ASCII": "ascii",
    "USASCII": "ascii",
    "ISOIR6": "ascii",
    "88591": "latin-1",
    "ISO88591": "latin-1",
}


def codec(name: str) -> str | None:
    """Return Python's codec for a character set as MSH-18 or a setting names it; None when unknown."""
    return _NAMES.get(_NOT_ALNUM.sub("", name.upper()))


def without_bom(raw: bytes) -> bytes:
    """Return the bytes without a byte order mark and without line ends before the first segment."""
    for mark in _BOMS:
        if raw.startswith(mark):
            raw = raw[len(mark) :]
            break
    return raw.lstrip(b"\r\n")


def first_line(raw: bytes) -> bytes:
    """Return the bytes of the first segment."""
    end = _LINE_END.search(raw)
    return raw[: end.start()] if end else raw


def _declared(head: bytes) -> str:
    """Return MSH-18 (first repetition) of the MSH segment's bytes, "" when it says nothing."""
    for guess in ("utf-8", "gb18030", "latin-1"):
        try:
            text = head.decode(guess)
        except UnicodeDecodeError:
            continue
        fields = text.split(text[3:4] or "|")
        # field 1 is the separator itself, so that MSH-18 stands at place 17
        name = fields[17] if len(fields) > 17 else ""  # noqa: PLR2004 - MSH-18
        return name.split("~")[0].strip()
    return ""


def charset_of(raw: bytes, settings: Mapping[str, str]) -> str:
    """Return the codec for a message without BOM. Raises Rejected for a character set we do not read."""
    name, path = _declared(first_line(raw)), "MSH-18"
    if not name:
        name, path = settings.get("charset", DEFAULT), "settings.charset"
    found = codec(name)
    if found is None:
        raise Rejected(issue("hl7.unsupported", path, detail=f"字符集 character set {name[:40]!r}"))
    return found


def decoded(raw: bytes, charset: str) -> str:
    """Return the text of a message without BOM. Raises Rejected (body.encoding) for broken bytes."""
    try:
        return raw.decode(charset)
    except UnicodeDecodeError as error:
        raise Rejected(
            issue("body.encoding", f"byte {error.start}", charset=charset.upper())
        ) from None
