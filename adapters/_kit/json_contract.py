"""JSON 契约: a JSON Schema as contract, compiled once; refusals as issues with a path.

The schema may carry one annotation of ours: `x-scale` on a decimal string (its number of decimals), so
that a JSON number in its place is told apart from other type errors (money.number).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

import jsonschema_rs
import orjson

from adapters._kit.decimals import has_fullwidth
from schemas.issues import Issue, issue

ISSUE_LIMIT: Final = 200
_BOUNDS: Final = frozenset(
    {"Minimum", "Maximum", "ExclusiveMinimum", "ExclusiveMaximum", "MinItems", "MaxItems"}
    | {"MinLength", "MaxLength", "MinProperties", "MaxProperties"}
)


class JsonContract:
    """One compiled JSON Schema (draft 2020-12), used by any number of threads."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.schema = schema
        # the linear-time engine: no pattern can be made to backtrack
        self._validator = jsonschema_rs.Draft202012Validator(
            dict(schema), pattern_options=jsonschema_rs.RegexOptions()
        )
        self.accepts = self._validator.is_valid

    @classmethod
    def load(cls, path: Path) -> JsonContract:
        """Compile a schema file."""
        return cls(orjson.loads(path.read_bytes()))

    def issues(self, value: Any) -> tuple[Issue, ...]:
        """Return everything that is wrong with a value (at most ISSUE_LIMIT), () when it satisfies."""
        found: list[Issue] = []
        for error in islice(self._validator.iter_errors(value), ISSUE_LIMIT):
            found.extend(self._issues_of(error))
        return tuple(found)

    def _issues_of(self, error: jsonschema_rs.ValidationError) -> list[Issue]:
        kind: Any = error.kind
        path = path_text(error.instance_path)
        match kind.name:
            case "required":
                return [issue("field.required", _joined(path, kind.property))]
            case "additionalProperties" | "unevaluatedProperties":
                return [issue("field.unknown", _joined(path, name)) for name in kind.unexpected]
            case "type":
                return [self._wrong_type(error, path)]
        return [_of_value(error, path)]

    def _wrong_type(self, error: jsonschema_rs.ValidationError, path: str) -> Issue:
        node = self._node(error.schema_path[:-1])
        if "x-scale" in node and isinstance(error.instance, (int, float)):
            return issue("money.number", path)
        if not path and node.get("type") == "object":
            return issue("json.not_object", path)
        return issue("field.format", path, detail=f"type {node.get('type')}")

    def _node(self, path: Sequence[str | int]) -> Mapping[str, Any]:
        node: Any = self.schema
        for step in path:
            node = node[step]
        return node if isinstance(node, Mapping) else {}


def _of_value(error: jsonschema_rs.ValidationError, path: str) -> Issue:
    kind: Any = error.kind
    if kind.name == "pattern":
        if has_fullwidth(str(error.instance)):
            return issue("field.fullwidth", path)
        return issue("field.format", path, detail=kind.pattern)
    if type(kind).__name__ in _BOUNDS:
        return issue("field.range", path, detail=_bound(error))
    return issue("field.format", path, detail=kind.name)


def path_text(steps: Sequence[str | int]) -> str:
    """Return a path such as `lines[2].qty`."""
    text = ""
    for step in steps:
        text = f"{text}[{step}]" if isinstance(step, int) else _joined(text, step)
    return text


def _joined(path: str, name: str) -> str:
    return f"{path}.{name[:64]}" if path else name[:64]


def _bound(error: jsonschema_rs.ValidationError) -> str:
    return (
        f"{'/'.join(map(str, error.schema_path[-1:]))} {getattr(error.kind, 'limit', '')}".strip()
    )
