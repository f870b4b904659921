"""目录: the products that are traded."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from schemas.canonical import Count, DateText, Statement, Text
from schemas.codes import DrugCode, LocalCode, UnifiedCode


class ItemPublished(Statement):
    """目录项目公布: one product of a platform's catalogue with what identifies it."""

    local_code: LocalCode
    unified_code: UnifiedCode
    drug: DrugCode
    generic_name: Text
    dosage_form: Text | None = None
    strength: Text | None = None
    pack_quantity: Annotated[Count, Field(ge=1)] = 1
    manufacturer: Text | None = None
    approval_no: Text | None = None
    published_on: DateText
