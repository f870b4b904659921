"""OpenAPI 文件: the partner API's document as a file, for gateway.ops.contracts."""

from __future__ import annotations

from typing import Final

import orjson

from gateway.intake.http import api_document

PATH: Final = "contracts/openapi.json"


def openapi() -> dict[str, str]:
    """Return the text of the document by its path below the root."""
    text = orjson.dumps(api_document(), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
    return {PATH: f"{text.decode()}\n"}
