"""SOAP 1.1: the envelope around documents that travel as an escaped string (the `sendRecv` style).

Read: an envelope whose one operation carries the document as the last string argument that looks like
XML (escaped or CDATA), or as real child elements; or the bare document without any SOAP.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from adapters._kit.xml import Element, escaped, local_name, namespace, parse, parse_text
from schemas.issues import Rejected, issue

SOAP11: Final = "http://schemas.xmlsoap.org/soap/envelope/"
CONTENT_TYPE: Final = "text/xml; charset=utf-8"
_S: Final = "{" + SOAP11 + "}"
_OPEN: Final = (
    f'<?xml version="1.0" encoding="UTF-8"?><soap:Envelope xmlns:soap="{SOAP11}"><soap:Body>'
)
_CLOSE: Final = "</soap:Body></soap:Envelope>"


@dataclass(frozen=True, slots=True)
class Call:
    """What was unwrapped: the document's root and, when there was an envelope, its operation."""

    root: Element
    operation: str = ""
    """Local name of the operation element; "" when the document came without SOAP."""
    namespace: str = ""


class Fault(Exception):  # noqa: N818 - SOAP's own word
    """The other side answered with a SOAP fault instead of a document."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code, self.text = code, text


def is_envelope(raw: bytes) -> bool:
    """Return whether the bytes look like a SOAP 1.1 envelope (without parsing them)."""
    return SOAP11.encode() in raw[:2048] and b"Envelope" in raw[:2048]


def unwrap(raw: bytes, document: str) -> Call:
    """Return the document inside (or the bare document); `document` is its root's local name.

    Raises Rejected (soap.envelope and whatever the XML parser refuses) and Fault.
    """
    # nothing here descends: whoever reads the document bounds its depth
    root = parse(raw, depth=None)
    if local_name(root) != "Envelope":
        return Call(root)
    if namespace(root) != SOAP11:
        raise _bad(f"SOAP 1.1 is expected, not {namespace(root)[:80] or 'no namespace'}")
    _refuse_obligations(root)
    body = root.find(_S + "Body")
    if body is None or len(body) != 1:
        raise _bad("Body with exactly one operation is expected")
    operation = body[0]
    if operation.tag == _S + "Fault":
        raise Fault(
            (operation.findtext("faultcode") or "")[:80],
            (operation.findtext("faultstring") or "")[:200],
        )
    if local_name(operation) == document:
        return Call(_rooted(operation), document, namespace(operation))
    return Call(_payload(operation), local_name(operation), namespace(operation))


def _refuse_obligations(root: Element) -> None:
    header = root.find(_S + "Header")
    for block in header if header is not None else ():
        if block.get(_S + "mustUnderstand") in ("1", "true"):
            raise _bad(f"header {local_name(block)[:80]} must be understood and is not")


def _payload(operation: Element) -> Element:
    for argument in reversed(operation):
        if len(argument):
            return _rooted(argument[0]) if len(argument) == 1 else _rooted(argument)
        if (argument.text or "").lstrip("\ufeff \t\r\n").startswith("<"):
            return parse_text(argument.text or "", path=f"/{local_name(argument)}", depth=None)
    if not len(operation) and (operation.text or "").lstrip().startswith("<"):
        return parse_text(operation.text or "", path=f"/{local_name(operation)}", depth=None)
    raise _bad("no argument holds an XML document")


def _rooted(element: Element) -> Element:
    """Return the element as the root of its own tree, so that paths and validation start there."""
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)
    return element


def _bad(detail: str) -> Rejected:
    return Rejected(issue("soap.envelope", "", detail=detail))


def wrap(document: str, operation: str, space: str, argument: str) -> bytes:
    """Return an envelope whose operation carries `document` as one escaped string argument.

    The argument is unqualified, as in document/literal services with elementFormDefault unqualified.
    """
    inner = f"<{argument}>{escaped(document)}</{argument}>"
    text = f'{_OPEN}<op:{operation} xmlns:op="{escaped(space)}">{inner}</op:{operation}>{_CLOSE}'
    return text.encode()


def fault(code: str, text: str) -> bytes:
    """Return a SOAP fault (`Client`: the caller must act, `Server`: try again later)."""
    return (
        f"{_OPEN}<soap:Fault><faultcode>soap:{escaped(code)}</faultcode>"
        f"<faultstring>{escaped(text)}</faultstring></soap:Fault>{_CLOSE}"
    ).encode()
