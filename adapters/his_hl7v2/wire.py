"""报文原貌: a reader of HL7 v2 messages in their pipe form.

A segment is the plain list of its fields, numbered as HL7 numbers them (`segment[3]` is field 3; MSH-1 is
the separator itself). Components, escapes and character data are looked at only when asked for, which is
what makes it fast. Source of the form: HL7 v2.5 chapter 2 (message construction, escape sequences).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from adapters.his_hl7v2.charset import DEFAULT, charset_of, decoded, first_line, without_bom
from schemas.issues import Rejected, issue

Segment = list[str]
NULL: Final = '""'
"""HL7's explicit nothing: read as absent."""
_NAME: Final = re.compile(r"[A-Z][A-Z0-9]{2}")
_SEEN: Final = frozenset(
    ("PID", "PV1", "ORC", "RXE", "RXR", "RXO", "RXD", "RQD", "ZTO", "ZPR", "ZTC")
)
_HEX: Final = re.compile(r"X((?:[0-9A-Fa-f]{2})+)")
_LAYOUT: Final = {".br": "\n", ".sp": "\n", ".ce": "\n", "H": "", "N": "", ".fi": "", ".nf": ""}
_MSH_FIRST: Final = "报文应以 MSH 段开头 the message must begin with MSH"


@dataclass(frozen=True, slots=True)
class Separators:
    """分隔符: MSH-1 and MSH-2."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"
    truncation: str = ""

    @property
    def encoding_characters(self) -> str:
        """Return MSH-2."""
        return f"{self.component}{self.repetition}{self.escape}{self.subcomponent}{self.truncation}"

    def escaped(self, text: str) -> str:
        """Return `text` safe to stand inside a field: separators, line ends and controls escaped."""
        return "".join(_outbound(self).get(char, char) for char in text)


@lru_cache(maxsize=64)
def _outbound(separators: Separators) -> Mapping[str, str]:
    sign = separators.escape
    table = {chr(code): f"{sign}X{code:02X}{sign}" for code in (*range(32), 127)}
    table["\n"] = f"{sign}.br{sign}"
    for letter, char in _letters(separators).items():
        table[char] = f"{sign}{letter}{sign}"
    return table


def _letters(separators: Separators) -> dict[str, str]:
    named = {
        "F": separators.field,
        "S": separators.component,
        "T": separators.subcomponent,
        "R": separators.repetition,
        "E": separators.escape,
    }
    if separators.truncation:
        named["P"] = separators.truncation
    return named


@lru_cache(maxsize=64)
def _escape_pattern(sign: str) -> re.Pattern[str]:
    quoted = re.escape(sign)
    return re.compile(f"{quoted}([^{quoted}]*){quoted}")


def unescape(text: str, separators: Separators, charset: str = DEFAULT) -> str:
    r"""Return `text` with \F\ \S\ \T\ \R\ \E\ \P\ \Xdd..\ \.br\ resolved; unknown ones stay as they are."""
    if separators.escape not in text:
        return text
    meanings = {**_LAYOUT, **_letters(separators)}

    def meaning(found: re.Match[str]) -> str:
        body = found[1]
        plain = meanings.get(body)
        if plain is not None:
            return plain
        hexadecimal = _HEX.fullmatch(body)
        if hexadecimal is None:
            return found[0]
        try:
            return bytes.fromhex(hexadecimal[1]).decode(charset)
        except UnicodeDecodeError:
            return found[0]

    return _escape_pattern(separators.escape).sub(meaning, text)


@dataclass(slots=True)
class Hl7Message:
    """One message: its segments in order, Z segments included, and how its text is to be read."""

    segments: list[Segment]
    separators: Separators
    charset: str

    @property
    def head(self) -> Segment:
        """Return the MSH segment."""
        return self.segments[0]

    def named(self, name: str) -> Iterator[Segment]:
        """Yield the segments with this name, in order."""
        return (segment for segment in self.segments if segment[0] == name)

    def repetitions(self, segment: Segment, field: int) -> list[str]:
        """Return a field's repetitions as they stand on the wire; [] when it is absent."""
        raw = segment[field] if field < len(segment) else ""
        return raw.split(self.separators.repetition) if raw else []

    def value(self, raw: str) -> str:
        """Return a piece of a field as it is meant: escapes resolved, null as ""."""
        if raw == NULL:
            return ""
        if self.separators.escape in raw:
            raw = unescape(raw, self.separators, self.charset)
        return raw.rstrip(" ")

    def repeats(self, segment: Segment, field: int) -> bool:
        """Return whether a field has more than one repetition."""
        return field < len(segment) and self.separators.repetition in segment[field]

    def text(self, segment: Segment, field: int, component: int = 1, subcomponent: int = 1) -> str:
        """Return one value of a field's first repetition, unescaped; "" when it is absent or null."""
        raw = segment[field] if field < len(segment) else ""
        if not raw or (component == 1 == subcomponent and raw.replace(".", "").isalnum()):
            return raw  # most values of most messages: nothing to take apart
        separators = self.separators
        if separators.repetition in raw:
            raw = raw.split(separators.repetition, 1)[0]
        raw = _part(raw, separators.component, component)
        if separators.subcomponent in raw or subcomponent > 1:
            raw = _part(raw, separators.subcomponent, subcomponent)
        return self.value(raw)


def _part(raw: str, separator: str, number: int) -> str:
    if number == 1:
        return raw.split(separator, 1)[0]
    parts = raw.split(separator, number)
    return parts[number - 1] if number <= len(parts) else ""


@lru_cache(maxsize=256)
def _separators(start: str) -> Separators:
    r"""Read MSH-1 and MSH-2 from a message's first characters, `MSH|^~\&|`."""
    field = start[3:4]
    signs = start[4:].split(field, 1)[0] if field else ""
    chosen = field + signs
    if (
        len(signs) not in (4, 5)
        or len(set(chosen)) != len(chosen)
        or any(not "!" <= sign <= "~" or sign.isalnum() or sign in '."' for sign in chosen)
    ):
        raise Rejected(issue("hl7.malformed", "MSH-2", detail="MSH-1/MSH-2 分隔符 separators"))
    return Separators(field, *signs)


def parse(raw: bytes, settings: Mapping[str, str]) -> Hl7Message:
    """Read one message. Segments end with CR; LF and CRLF are tolerated, and a BOM before MSH.

    Raises Rejected: body.empty, body.encoding, hl7.unsupported (character set), hl7.malformed.
    """
    body = without_bom(raw)
    if not body.strip():
        raise Rejected(issue("body.empty", ""))
    if not body.startswith(b"MSH"):
        raise Rejected(issue("hl7.malformed", "MSH", detail=_MSH_FIRST))
    charset = charset_of(body, settings)
    text = decoded(body, charset)
    if "\n" in text:
        text = text.replace("\r\n", "\r").replace("\n", "\r")
    separators = _separators(text[:10])
    segments = [line.split(separators.field) for line in text.split("\r") if line.strip()]
    segments[0].insert(1, separators.field)
    _check_segments(segments)
    return Hl7Message(segments, separators, charset)


def _check_segments(segments: list[Segment]) -> None:
    for number, segment in enumerate(segments, start=1):
        name = segment[0]
        if name not in _SEEN and _NAME.fullmatch(name) is None:
            detail = f"第 {number} 段段名无效 bad name of segment {number}"
            raise Rejected(issue("hl7.malformed", f"segment {number}", detail=detail))
        if name == "MSH" and number > 1:
            detail = "一帧只能有一条报文 one message per frame"
            raise Rejected(issue("hl7.malformed", f"segment {number}", detail=detail))


def glimpse(raw: bytes, settings: Mapping[str, str]) -> Hl7Message:
    """Return what can be told of a message's MSH, for an answer to bytes that could not be read.

    Never raises: without a readable MSH the fields are empty and the separators the usual ones.
    """
    body = without_bom(raw)
    line = first_line(body)
    try:
        charset = charset_of(body, settings)
    except Rejected:
        charset = DEFAULT
    try:
        text = line.decode(charset)
    except UnicodeDecodeError:
        text = line.decode("gb18030", "replace")
    try:
        separators = _separators(text[:10] if text.startswith("MSH") else "")
    except Rejected:
        return Hl7Message([["MSH"]], Separators(), charset)
    head = text.split(separators.field)
    head.insert(1, separators.field)
    return Hl7Message([head], separators, charset)


def sender_of(raw: bytes) -> str:
    """Return who sent a message by its own word (see `sender_in`); "" when its MSH is unreadable."""
    return sender_in(glimpse(raw, {}))


def sender_in(message: Hl7Message) -> str:
    """Return MSH-4's namespace id, else MSH-3's, else ""."""
    return message.text(message.head, 4) or message.text(message.head, 3)
