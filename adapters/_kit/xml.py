"""XML 安全解析: the only module that imports an XML parser.

What it refuses, before anything is built from it: DOCTYPE and with it every entity (XXE, billion
laughs), network and file access, trees deeper than the limit, text that is not in its charset.
UTF-8 is the default; GB18030 (with its subsets GBK and GB2312) is read when the declaration says so.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from typing import Final

from lxml import etree

from schemas.issues import Rejected, issue

DEPTH_LIMIT: Final = 32
XSI: Final = "{http://www.w3.org/2001/XMLSchema-instance}"
_UTF8: Final = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})
_GB: Final = frozenset({"gb18030", "gbk", "gb2312", "cp936"})
_DECLARED: Final = re.compile(
    rb"""<\?xml[ \t\r\n][^>]{0,120}?encoding[ \t\r\n]*=[ \t\r\n]*["']([A-Za-z0-9._-]{1,40})["']"""
)
_DECLARATION: Final = re.compile(r"<\?xml[ \t\r\n][^>]{0,200}?\?>")
_FOREIGN_BOMS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
_BLANK: Final = b" \t\r\n"
_FORBIDDEN: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Element = etree._Element  # noqa: SLF001 - lxml names the class of its elements so
Schema = etree.XMLSchema


def _parser() -> etree.XMLParser:
    """Return a parser that expands nothing, fetches nothing and keeps no comments."""
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
        strip_cdata=True,
        collect_ids=False,
    )


_PARSER: Final = _parser()


def _opens_with_doctype(raw: bytes) -> bool:
    """Return whether a DOCTYPE stands before the root element (in text or CDATA it is harmless)."""
    at = 0
    while True:
        at = raw.find(b"<", at)
        if at < 0:
            return False
        if raw.startswith(b"<!--", at):
            end = raw.find(b"-->", at + 4)
            ending = 3
        elif raw.startswith(b"<?", at):
            end = raw.find(b"?>", at + 2)
            ending = 2
        else:
            return raw.startswith(b"<!", at)
        if end < 0:
            return False
        at = end + ending


def utf8_of(raw: bytes) -> bytes:
    """Return the document as UTF-8 without a byte order mark.

    Raises Rejected: body.empty, body.encoding (bytes that are not in the declared charset, or a charset
    that is neither UTF-8 nor GB18030).
    """
    if raw.startswith(codecs.BOM_UTF8):
        raw = raw[3:]
    elif raw.startswith(_FOREIGN_BOMS):
        raise Rejected(issue("body.encoding", "", charset="UTF-8"))
    if not raw.strip(_BLANK):
        raise Rejected(issue("body.empty", ""))
    found = _DECLARED.match(raw) if raw.startswith(b"<?xml") else None
    charset = found.group(1).decode().lower() if found else "utf-8"
    try:
        if charset in _UTF8:
            raw.decode("utf-8")
            return raw
        if charset in _GB:
            return _DECLARATION.sub("", raw.decode("gb18030"), count=1).encode()
    except UnicodeError:
        raise Rejected(issue("body.encoding", "", charset=charset.upper())) from None
    raise Rejected(issue("body.encoding", "", charset="UTF-8 / GB18030"))


def parse(raw: bytes, *, path: str = "", depth: int | None = DEPTH_LIMIT) -> Element:
    """Return the root element of a document.

    `path` says where in the outer message the document stood. With `depth` None the caller's contract
    bounds the depth (libxml2 itself stops at a few hundred levels). Raises Rejected: body.empty,
    body.encoding, body.too_deep, xml.doctype, xml.malformed.
    """
    raw = utf8_of(raw)
    if b"<!DOCTYPE" in raw and _opens_with_doctype(raw):
        raise Rejected(issue("xml.doctype", path))
    try:
        root = etree.fromstring(raw, _PARSER)
    except etree.XMLSyntaxError as error:
        raise _malformed(error, path, depth) from None
    if depth is not None and too_deep(root, depth):
        raise Rejected(issue("body.too_deep", path, limit=depth))
    return root


def parse_text(text: str, *, path: str = "", depth: int | None = DEPTH_LIMIT) -> Element:
    """Return the root of a document that travelled as a string inside another message.

    Its own encoding declaration is meaningless there (the characters are already decoded): dropped.
    """
    text = text.lstrip("\ufeff \t\r\n")
    if text.startswith("<?xml"):
        text = _DECLARATION.sub("", text, count=1)
    try:
        raw = text.encode()
    except UnicodeEncodeError:
        raise Rejected(issue("body.encoding", path, charset="UTF-8")) from None
    return parse(raw, path=path, depth=depth)


class _Nothing:
    """Takes a document's events and keeps nothing of them."""

    def doctype(self, *_: object) -> None:
        raise Rejected(issue("xml.doctype", ""))

    def close(self) -> None:
        """End of the document."""


def check_chunks(chunks: Iterable[bytes], *, path: str = "") -> None:
    """Read a document of any size (UTF-8) piece by piece, keeping nothing: is it well-formed?

    Raises Rejected: xml.doctype, xml.malformed.
    """
    parser = etree.XMLParser(
        target=_Nothing(),  # type: ignore[arg-type]  # a target need not have every event
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        recover=False,
    )
    try:
        for chunk in chunks:
            parser.feed(chunk)
        parser.close()
    except etree.XMLSyntaxError as error:
        raise _malformed(error, path, None) from None


def _malformed(error: etree.XMLSyntaxError, path: str, depth: int | None) -> Rejected:
    detail = (error.msg or "no element")[:160]
    if "xcessive depth" in detail:
        return Rejected(issue("body.too_deep", path, limit=depth or DEPTH_LIMIT))
    return Rejected(issue("xml.malformed", path, detail=detail))


def too_deep(root: Element, limit: int) -> bool:
    """Return whether elements nest deeper than `limit` levels."""
    level = [root]
    for _ in range(limit):
        level = [child for element in level for child in element]
        if not level:
            return False
    return True


def compile_schema(xsd: bytes) -> Schema:
    """Return libxml2's compiled form of a self-contained XSD (the fast engine)."""
    return etree.XMLSchema(etree.fromstring(xsd, _parser()))


def local_name(element: Element) -> str:
    """Return the element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def namespace(element: Element) -> str:
    """Return the element's namespace, "" for none."""
    return str(element.tag).rpartition("}")[0].removeprefix("{")


def escaped(text: str) -> str:
    """Return text fit for an element or a quoted attribute; characters XML cannot carry become U+FFFD."""
    if text.isalnum():
        return text
    text = _FORBIDDEN.sub("\ufffd", text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace('"', "&quot;").replace("\r", "&#13;")
