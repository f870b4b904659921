"""字段: what the columns of an imported table can stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gateway.coding.records import Choice, Relation
from schemas.codes import CodeKind

LONGEST_NAME: Final = 200
LONGEST_REASON: Final = 500
OTHER_CODE: Final = "code."
"""`code.<code type>`: a column with codes of another system, e.g. code.drug_standard_code_86."""


class Content(StrEnum):
    """How a field's cells are read."""

    CODE = "code"
    """Text as it was typed; a number or a date in its place is refused."""
    TEXT = "text"
    WORD = "word"
    """One of a few words."""
    DAY = "day"
    END = "end"
    """A last day; blank is without end."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its name, how it is read, and what holds where nothing is given."""

    name: str
    content: Content
    required: bool = False
    """True: needs a column or a constant, and no row may leave it blank."""
    column: bool = False
    """True: needs a column or a constant, but a row may leave it blank."""
    words: tuple[str, ...] = ()
    default: str = ""
    longest: int = LONGEST_NAME
    same: bool = False
    """True: where both a constant and a column are given, the cells must agree with the constant."""


_KINDS: Final = tuple(kind.value for kind in CodeKind)
_PARTNER: Final = Field("partner", Content.CODE, required=True, same=True)
_KIND: Final = Field("kind", Content.WORD, words=_KINDS, default=CodeKind.PRODUCT.value, same=True)

CROSSWALK: Final[Mapping[str, Field]] = {
    field.name: field
    for field in (
        _PARTNER,
        _KIND,
        Field("local_code", Content.CODE, required=True),
        Field("unified_code", Content.CODE, column=True),
        Field("valid_from", Content.DAY, required=True),
        Field("valid_to", Content.END),
        Field(
            "relation",
            Content.WORD,
            words=tuple(one.value for one in Relation),
            default=Relation.EQUIVALENT.value,
        ),
        Field("choice", Content.WORD, words=tuple(one.value for one in Choice)),
        Field("reason", Content.TEXT, longest=LONGEST_REASON),
        Field("evidence", Content.TEXT, longest=LONGEST_REASON),
        Field("local_name", Content.TEXT),
        Field("local_specification", Content.TEXT),
        Field("status", Content.WORD, words=("", "approved", "retired", "proposed", "refused")),
    )
}
"""对照表: fields of a crosswalk file."""

ITEMS: Final[Mapping[str, Field]] = {
    field.name: field
    for field in (
        _PARTNER,
        _KIND,
        Field("local_code", Content.CODE, required=True),
        Field("name", Content.TEXT, column=True),
        Field("dosage_form", Content.TEXT),
        Field("specification", Content.TEXT),
        Field("pack", Content.TEXT),
        Field("manufacturer", Content.TEXT),
        Field("approval_no", Content.TEXT),
    )
}
"""对接方目录: fields of a partner's own catalogue, beside `code.<code type>` columns."""


def field_named(name: str, fields: Mapping[str, Field]) -> Field | None:
    """Return the field, also one for codes of another system where the table takes them."""
    if name.startswith(OTHER_CODE) and fields is ITEMS and len(name) > len(OTHER_CODE):
        return Field(name, Content.CODE)
    return fields.get(name)
