"""编码转换: a draft's local codes become unified ones as of its business day, in place.

This stands on the path of every message: plain dictionaries, no model objects. A code that has no
meaning is an issue, not an exception; whether it holds or rejects is the partner's setting.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from gateway.coding.crosswalk import Crosswalk, meaning_on
from gateway.coding.crosswalk_loading import Space
from gateway.coding.refusals import CODE_REFUSED
from gateway.coding.rows import LONGEST_CODE, SHAPES
from gateway.partners import Partner
from schemas.codes import CODED_FIELDS, CodeKind
from schemas.events import KEY_SEPARATOR, EventType
from schemas.issues import Issue, issue

LINES: Final = "lines"
UNCODED_MARK: Final = "?"
KEY_MARK: Final = "|"
_FIELDS: Final = tuple((local, kind.value, unified) for local, kind, unified in CODED_FIELDS)
_PRODUCT: Final = CodeKind.PRODUCT.value
_LOCAL_OF: Final = {unified: (local, kind) for local, kind, unified in _FIELDS} | {
    "drug": ("local_code", _PRODUCT)
}


class Coded(NamedTuple):
    """What coding found: issues (code.unknown, code.expired, code.refused) and the hold keys."""

    issues: tuple[Issue, ...]
    keys: tuple[str, ...]
    """`partner|kind|code`, each once, in order of appearance."""
    lacking: tuple[str, ...] = ()
    """Those of the keys that have no meaning."""


def code_draft(data: dict[str, Any], partner: Partner, day: str, crosswalk: Crosswalk) -> Coded:
    """Fill the unified fields of `data` (top level and each of its `lines`) as of `day`.

    `drug` is set beside each unified code. A kind in the partner's `native_codes` passes through when
    it has the shape of a unified code, else it is looked up like any other. Where only the unified
    field is given it is left as it is; a local code overrules one that stands beside it.
    """
    coding = _Coding(partner, day, crosswalk)
    coding.fill(data, "")
    lines = data.get(LINES)
    if type(lines) is list:
        for at, line in enumerate(lines):
            if type(line) is dict:
                coding.fill(line, at)
    if coding.issues:
        take_back(data, crosswalk)
    lacking = tuple(dict.fromkeys(coding.lacking))
    return Coded(tuple(coding.issues), tuple(dict.fromkeys(coding.keys)), lacking)


class _Coding:
    """One draft being coded."""

    __slots__ = ("_crosswalk", "_day", "_drugs", "_fields", "_partner", "issues", "keys", "lacking")

    def __init__(self, partner: Partner, day: str, crosswalk: Crosswalk) -> None:
        self._partner, self._day, self._drugs = partner, day, crosswalk.drugs
        self._fields = crosswalk.coded_fields(partner.id)
        self._crosswalk = crosswalk
        self.keys: list[str] = []
        self.lacking: list[str] = []
        self.issues: list[Issue] = []

    def fill(self, data: dict[str, Any], place: str | int) -> None:
        """Fill the unified fields of one object; `place` is its index among the lines, or ""."""
        day, native = self._day, self._partner.native_codes
        for field, unified_field, kind, prefix, space in self._fields:
            local = data.get(field)
            if local is None:
                continue
            unified = None
            if type(local) is str:
                self.keys.append(prefix + local)
                found = space.get(local)
                if type(found) is tuple and found[0] <= day <= found[1] and kind not in native:
                    unified = found[2]  # by far the most: no call
            if unified is None:
                unified = self._otherwise(local, kind, space, field, place)
            if unified is not None:
                data[unified_field] = unified
        product = data.get("unified_code")
        if type(product) is str:
            drug = self._drugs.get(product)
            if drug is not None:
                data["drug"] = drug
            elif "drug" not in data:
                data["drug"] = product

    def _otherwise(
        self, local: Any, kind: str, space: Space, field: str, place: str | int
    ) -> str | None:
        """Return what a code means that is native, has several meanings or none (an issue)."""
        if type(local) is not str:  # the contract check refuses it; here it only must not crash
            self.issues.append(_missing(place, field, kind, local))
            return None
        if kind in self._partner.native_codes and SHAPES[kind].match(local):
            return local
        meanings = space.get(local)
        unified = meaning_on(meanings, self._day) if meanings is not None else None
        if unified is None:
            self.lacking.append(KEY_MARK.join((self._partner.id, kind, local)))
            self.issues.append(self._absent(place, field, kind, local, known=meanings is not None))
        return unified

    def _absent(self, place: str | int, field: str, kind: str, local: str, *, known: bool) -> Issue:
        """Return why a code has no meaning: refused by a person, expired, or never heard of."""
        refused = self._crosswalk.refusal(self._partner.id, kind, local, self._day)
        if refused is not None:
            shown, path = local[:LONGEST_CODE], _path(place, field)
            return issue(CODE_REFUSED, path, kind=kind, code=shown, reason=refused.reason)
        return _missing(place, field, kind, local, self._day if known else None)


def take_back(data: dict[str, Any], crosswalk: Crosswalk) -> None:
    """Leave a draft that cannot be coded wholly in the partner's own codes.

    It will be coded anew when it is released; half of an older coding must not survive until then.
    """
    lines = data.get(LINES)
    for part in (data, *(lines if isinstance(lines, list) else ())):
        if not isinstance(part, dict):
            continue
        product = part.get("unified_code")
        coded = part.get("local_code") is not None and isinstance(product, str)
        if coded and part.get("drug") in (product, crosswalk.drug_of(str(product))):
            part.pop("drug", None)
        for local, _, unified in _FIELDS:
            if part.get(local) is not None:
                part.pop(unified, None)


def _missing(
    place: str | int, field: str, kind: str, local: object, day: str | None = None
) -> Issue:
    """Return the issue; a `day` says that the code is known but has no meaning on it."""
    path = _path(place, field)
    shown = str(local)[:LONGEST_CODE]
    if day is not None:
        return issue("code.expired", path, kind=kind, code=shown, date=day)
    return issue("code.unknown", path, kind=kind, code=shown)


def _path(place: str | int, field: str) -> str:
    return f"{LINES}[{place}].{field}" if isinstance(place, int) else field


def provisional_subject(event_type: EventType, data: Mapping[str, Any], partner_id: str) -> str:
    """Return the business key of a draft that lacks codes.

    A key field that is not known yet is `?<partner>|<kind>|<local code>` (`?<partner>|<field>|` where
    there is no local code either), so that drafts which will get the same key share it now.
    """
    return KEY_SEPARATOR.join(_known_or_local(name, data, partner_id) for name in event_type.key)


def _known_or_local(name: str, data: Mapping[str, Any], partner_id: str) -> str:
    known = data.get(name)
    if known is not None:
        return str(known)
    local_field, kind = _LOCAL_OF.get(name, ("", name))
    return f"{UNCODED_MARK}{partner_id}{KEY_MARK}{kind}{KEY_MARK}{data.get(local_field, '')}"
