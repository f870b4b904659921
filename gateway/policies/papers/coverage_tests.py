"""所列测试: whether a test that the coverage table names exists, found in the tests' text."""

from __future__ import annotations

import ast
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Final

_ROOM: Final = PurePosixPath("unit/policies")
_TREE: Final = "tests"


def is_test(tests: Path, name: str) -> bool:
    """Return whether `<file>::<test>` is a test function below the tests' folder.

    The file is one of tests/unit/policies without its ending, or a path that begins with `tests/`.
    """
    file, separator, function = name.partition("::")
    path = test_path(file)
    if not separator or not function.startswith("test_") or ".." in path.parts:
        return False
    source = tests.joinpath(*path.parts[1:])
    if not source.is_file():
        return False
    return function in _functions(source, source.stat().st_mtime_ns)


def test_path(file: str) -> PurePosixPath:
    """Return the path of a test's file from the root: tests/unit/policies/<file>.py, or as it is given."""
    given = PurePosixPath(file)
    return given if given.parts[:1] == (_TREE,) else _TREE / _ROOM / f"{file}.py"


@lru_cache(maxsize=512)
def _functions(path: Path, _changed: int) -> frozenset[str]:
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, UnicodeDecodeError, ValueError):
        return frozenset()
    return frozenset(
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
