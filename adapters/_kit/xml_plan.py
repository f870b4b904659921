"""解码计划: from xmlschema's component tree to plain functions that read lxml elements.

A plan covers what our contracts use: sequences and choices of elements, attributes, simple content,
strings, integers, decimals, booleans, dates. A contract that uses more does not compile.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from xmlschema.validators import XsdAnyElement, XsdElement

from adapters._kit.xml import Element

Plan = Callable[[Element], Any]
_Read = Callable[[str], Any]
_Typed = bool
_Attributes = dict[str, tuple[str, _Read]]
_Child = tuple[str, "_Read | None", Plan, bool]
"""Key, reader of a plain single value, plan of anything else, whether it may repeat."""
_XS: Final = "{http://www.w3.org/2001/XMLSchema}"
_TEXTS: Final = frozenset(
    _XS + name
    for name in ("string", "date", "dateTime", "time", "gYear", "gYearMonth", "anyURI", "duration")
)


class Unplanned(Exception):  # noqa: N818 - says what the document holds, not that we failed
    """The document holds something that is valid XML Schema but that our contracts never use."""


def plan_of(element: XsdElement, *, typed: bool = False) -> Plan:
    """Return the function that decodes this element.

    With `typed` decimals become Decimal, as xmlschema's own decode gives them (for the comparison);
    otherwise they stay text. Raises ValueError for a component that no plan covers.
    """
    return _plan(element, typed, {})


def _plan(element: XsdElement, typed: _Typed, known: dict[int, Plan]) -> Plan:
    identity = id(element.ref or element)
    if identity in known:
        return known[identity]
    if element.fixed is not None or element.default is not None or element.nillable:
        message = f"defaults and nil are not planned: {element.name}"
        raise ValueError(message)
    kind: Any = element.type
    if kind.is_simple():
        return _leaf(_reader(kind, typed))
    if kind.mixed:
        message = f"mixed content is not planned: {element.name}"
        raise ValueError(message)
    if kind.has_simple_content():
        return _annotated(_reader(kind.content, typed), _attributes(kind, typed))
    children: dict[str, _Child] = {}
    branch = _branch(children, _attributes(kind, typed))
    known[identity] = branch
    for child in kind.content.iter_elements():
        if isinstance(child, XsdAnyElement):
            message = f"wildcards are not planned: {element.name}"
            raise ValueError(message)  # noqa: TRY004 - the contract is wrong, not an argument's type
        many = not child.is_single()
        plan = _plan(child, typed, known)
        plain = not many and child.type.is_simple()
        read = _reader(child.type, typed) if plain else None
        children[child.name] = (child.local_name, read, plan, many)
    return branch


def _attributes(kind: Any, typed: _Typed) -> _Attributes:
    found: _Attributes = {}
    for name, attribute in kind.attributes.items():
        if name is None or attribute.default is not None or attribute.fixed is not None:
            message = f"defaults and wildcards are not planned: attribute {name}"
            raise ValueError(message)
        found[name] = ("@" + name.rpartition("}")[2], _reader(attribute.type, typed))
    return found


def _reader(kind: Any, typed: _Typed) -> _Read:
    """Return text → value for a simple type."""
    if not kind.is_atomic():
        message = f"lists and unions are not planned: {kind}"
        raise ValueError(message)
    base = kind.primitive_type.name
    if base == _XS + "decimal":
        if kind.is_derived(kind.maps.types[_XS + "integer"]):
            return int
        return Decimal if typed else str.strip
    if base == _XS + "boolean":
        return lambda text: text.strip() in ("true", "1")
    if base not in _TEXTS:
        message = f"type is not planned: {base}"
        raise ValueError(message)
    return _whitespace(kind)


def _whitespace(kind: Any) -> _Read:
    if kind.white_space == "preserve":
        return str
    if kind.primitive_type.name == _XS + "string":
        # XML knows four white characters, xmlschema takes all of Unicode's for it (U+3000!)
        message = f"the engines treat white space differently: {kind}, use xs:string"
        raise ValueError(message)
    return str.strip


def _leaf(read: _Read) -> Plan:
    if read is str:
        return lambda element: element.text or None

    def leaf(element: Element) -> Any:
        text = element.text
        return read(text) if text else None

    return leaf


def _annotated(read: _Read, attributes: _Attributes) -> Plan:
    leaf = _leaf(read)

    def annotated(element: Element) -> Any:
        value = leaf(element)
        found = _read_attributes(element, attributes)
        if not found:
            return value
        if value is not None:
            found["$"] = value
        return found

    return annotated


def _branch(children: dict[str, _Child], attributes: _Attributes) -> Plan:
    # the hot loop: plain single values are read here, without a call of their own
    def branch(element: Element) -> Any:
        found = _read_attributes(element, attributes) if attributes else {}
        for child in element:
            try:
                key, read, plan, many = children[child.tag]
            except KeyError:
                raise Unplanned(str(child.tag)) from None
            if read is not None:
                text = child.text
                found[key] = read(text) if text else None
            elif many:
                found.setdefault(key, []).append(plan(child))
            else:
                found[key] = plan(child)
        return found or None

    return branch


def _read_attributes(element: Element, attributes: _Attributes) -> dict[str, Any]:
    """Read what the contract declares. Others cannot be there but xsi:*, which changes nothing here.

    A type that xsi:type names must be derived from the declared one; what it adds is Unplanned.
    """
    found: dict[str, Any] = {}
    for name, (key, read) in attributes.items():
        text = element.get(name)
        if text is not None:
            found[key] = read(text)
    return found
