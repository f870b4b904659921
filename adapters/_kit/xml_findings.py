"""拒绝理由: what xmlschema finds wrong with a document, as issues with a path."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import xmlschema
from xmlschema import XMLSchemaChildrenValidationError, XMLSchemaValidationError

from adapters._kit.decimals import has_fullwidth
from adapters._kit.xml import Element, local_name, too_deep
from schemas.issues import Issue, issue

_NAMED: Final = re.compile(r"'([^']{1,80})'")
_FORMATS: Final = frozenset(
    {"XsdPatternFacets", "XsdEnumerationFacets", "XsdAtomicBuiltin", "XsdAtomicRestriction"}
)
_RANGES: Final = re.compile(r"Xsd(Min|Max|Length|TotalDigits|FractionDigits)")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong and the element it is wrong with."""

    element: Element
    issue: Issue


def findings_of(
    authority: xmlschema.XMLSchema, root: Element, limit: int, depth: int
) -> list[Finding]:
    """Return at most `limit` findings; only body.too_deep when the tree exceeds `depth` levels."""
    if too_deep(root, depth):
        return [Finding(root, issue("body.too_deep", "", limit=depth))]
    found: list[Finding] = []
    for error in islice(authority.iter_errors(root), limit):
        element: Any = error.elem if error.elem is not None else root
        found.extend(Finding(element, one) for one in _issues_of(error, element))
    return found


def distinct(issues: Iterable[Issue]) -> tuple[Issue, ...]:
    """Return one issue per place and code: a bad value breaks its pattern, its type and its bounds at once."""
    kept: dict[tuple[str, str], Issue] = {}
    for one in issues:
        kept.setdefault((one.path, one.code), one)
    return tuple(kept.values())


def path_of(element: Element) -> str:
    """Return an XPath-like path of local names; [n] where siblings share the name."""
    steps: list[str] = []
    here: Element | None = element
    while here is not None:
        name = local_name(here)
        parent = here.getparent()
        if parent is not None and sum(1 for one in parent if one.tag == here.tag) > 1:
            before = sum(1 for _ in here.itersiblings(here.tag, preceding=True))
            name = f"{name}[{before + 1}]"
        steps.append(name)
        here = parent
    return "/" + "/".join(reversed(steps))


def _issues_of(error: XMLSchemaValidationError, element: Element) -> Iterator[Issue]:
    path = path_of(element)
    reason = (error.reason or "")[:160]
    if isinstance(error, XMLSchemaChildrenValidationError):
        yield from _of_children(error, path, reason)
    elif reason.startswith("missing required attribute"):
        yield issue("field.required", f"{path}/@{_named(reason)}")
    elif "attribute not allowed" in reason:
        yield issue("field.unknown", f"{path}/@{_named(reason)}")
    else:
        yield _of_value(error, path, reason)


def _named(reason: str) -> str:
    found = _NAMED.search(reason)
    return found.group(1).rpartition("}")[2] if found else ""


def _of_value(error: XMLSchemaValidationError, path: str, reason: str) -> Issue:
    kind = type(error.validator).__name__
    if isinstance(error.obj, str) and has_fullwidth(error.obj):
        return issue("field.fullwidth", path)
    if kind in _FORMATS:
        return issue("field.format", path, detail=reason)
    if _RANGES.match(kind) or reason.startswith("value must be"):
        return issue("field.range", path, detail=reason)
    return issue("xml.schema", path, detail=reason)


def _of_children(
    error: XMLSchemaChildrenValidationError, path: str, reason: str
) -> Iterator[Issue]:
    expected = [str(getattr(one, "local_name", None) or one) for one in (error.expected or ())]
    odd: Any = error.invalid_child
    group: Any = error.validator
    allowed = {str(getattr(one, "name", "")) for one in group.iter_elements()}
    if odd is not None and odd.tag not in allowed:
        yield issue("field.unknown", path_of(odd))
    elif odd is not None and not expected:
        yield issue("xml.schema", path_of(odd), detail=reason)
    if expected:
        yield issue("field.required", f"{path}/{'|'.join(expected)[:120]}")
    elif odd is None:
        yield issue("xml.schema", path, detail=reason)
