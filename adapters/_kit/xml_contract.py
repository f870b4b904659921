"""XML 契约: an XSD as contract, with two engines that must agree.

xmlschema is the authority: it reads the XSD, explains what is wrong with a refused document, and decodes
every N-th accepted one a second time. The hot path is libxml2's validator, compiled from the same
XSD, and a decode plan compiled from xmlschema's component tree.

What comes out (xmlschema's default conventions, names without prefixes): an element with children or
attributes is a dict, attributes as `@name`, its own text as `$`; one that may repeat is always a list;
an empty one is None. Integers are int, booleans bool; decimals stay the text that was sent.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import xmlschema

from adapters._kit.xml import DEPTH_LIMIT, XSI, Element, compile_schema, parse
from adapters._kit.xml_findings import Finding, distinct, findings_of
from adapters._kit.xml_plan import Plan, Unplanned, plan_of
from schemas.issues import Issue, Rejected, issue

COMPARE_EVERY: Final = 1000
FINDING_LIMIT: Final = 1000
_LOCATIONS: Final = (XSI + "schemaLocation", XSI + "noNamespaceSchemaLocation")


class EnginesDiffer(AssertionError):  # noqa: N818 - the outcome's name
    """The engines decoded one document differently: a defect of this program, never of the partner."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A document that satisfies its contract: its root's local name and its content."""

    name: str
    content: dict[str, Any]


class XmlContract:
    """One compiled XSD, self-contained (no import, no include). Raises ValueError for one it cannot plan."""

    def __init__(self, xsd: bytes, *, compare_every: int = COMPARE_EVERY) -> None:
        self._authority = xmlschema.XMLSchema(xsd.decode(), allow="none", defuse="always")
        self._fast = compile_schema(xsd)
        self.accepts = self._fast.validate
        elements = list(self._authority.elements.values())
        self._plans: Mapping[str, Plan] = {one.name: plan_of(one) for one in elements}
        self._typed: Mapping[str, Plan] = {one.name: plan_of(one, typed=True) for one in elements}
        self._compare_every = compare_every
        self._decoded = itertools.count(1)

    @classmethod
    def load(cls, path: Path, *, compare_every: int = COMPARE_EVERY) -> XmlContract:
        """Compile an XSD file."""
        return cls(path.read_bytes(), compare_every=compare_every)

    def read(self, raw: bytes, *, path: str = "") -> Decoded:
        """Parse, validate and decode a document. Raises Rejected with every issue."""
        # the contract bounds the depth of what it accepts: no need to measure it first
        root = parse(raw, path=path, depth=None)
        if not self.accepts(root):
            raise Rejected(*self.issues(root))
        return self.decode(root)

    def decode(self, root: Element) -> Decoded:
        """Return the content of a root element that the contract accepts (not checked again here)."""
        tag = str(root.tag)
        try:
            content = self._plans[tag](root)
        except (Unplanned, KeyError) as odd:
            raise Rejected(issue("xml.schema", "", detail=f"{odd} is not used here")) from None
        if next(self._decoded) % self._compare_every == 0:
            self.compare(root)
        return Decoded(
            tag.rpartition("}")[2], content if isinstance(content, dict) else {"$": content}
        )

    def compare(self, root: Element) -> None:
        """Decode with both engines. Raises EnginesDiffer (also when the authority refuses)."""
        for name in _LOCATIONS:
            if name in root.attrib:
                del root.attrib[name]
        if root.xpath(f"boolean(//@*[namespace-uri()='{XSI[1:-1]}'])"):
            return  # xsi:type on a leaf: valid, without effect on the plan, shown by the authority
        ours = self._typed[str(root.tag)](root)
        try:
            theirs = self._authority.decode(
                root, converter=xmlschema.XMLSchemaConverter, strip_namespaces=True
            )
        except xmlschema.XMLSchemaValidationError as error:
            raise EnginesDiffer(str(error.reason)) from error
        if ours != theirs:
            message = f"plan {ours!r}, xmlschema {theirs!r}"
            raise EnginesDiffer(message)

    def findings(self, root: Element) -> list[Finding]:
        """Return what the authority finds wrong, each with its element (at most FINDING_LIMIT).

        Depth is refused first: this is the slow engine.
        """
        return findings_of(self._authority, root, FINDING_LIMIT, DEPTH_LIMIT)

    def issues(self, root: Element) -> tuple[Issue, ...]:
        """Return the findings as issues; never empty for a document that the fast engine refused."""
        found = distinct(one.issue for one in self.findings(root))
        if found:
            return found
        # the authority is the more lenient of the two here (its xs:integer takes foreign digits)
        detail = str(self._fast.error_log).rpartition(": ")[2][:160]
        return (issue("xml.schema", "", detail=detail or "refused by libxml2 alone"),)
