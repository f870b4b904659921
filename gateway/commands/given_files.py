"""给出的文件: the text of a file that a command line names."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from gateway.commands.terminal import note
from gateway.errors import Misconfigured

STANDARD_INPUT: Final = "-"
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


def given_text(file: str) -> str:
    """Return the text of a file, or of the standard input (`-`), in UTF-8 or GB18030, which is told.

    Raises Misconfigured, naming the file, when there is none, it cannot be read or is no such text.
    """
    return _decoded(file, _content(file))


def _content(file: str) -> bytes:
    if file == STANDARD_INPUT:
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except FileNotFoundError as error:
        raise Misconfigured(f"{file}: 没有此文件,无法读取 no such file") from error
    except IsADirectoryError as error:
        raise Misconfigured(f"{file}: 是目录，不是文件 a folder, not a file") from error
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise Misconfigured(f"{file}: 无法读取 cannot be read: {why}") from error


def _decoded(name: str, content: bytes) -> str:
    from gateway.coding.interchange.findings import BadFile  # noqa: PLC0415 - only here
    from gateway.coding.interchange.texts import encoding_of  # noqa: PLC0415 - only here

    if not content.strip():
        raise Misconfigured(f"{name}: 文件为空 the file is empty")
    if content.startswith(_UTF16):
        raise Misconfigured(f"{name}: UTF-16 编码，请另存为 UTF-8 UTF-16, save it as UTF-8")
    if b"\0" in content:
        raise Misconfigured(
            f"{name}: 二进制文件，不是 CSV（Excel 请另存为 CSV） binary, not CSV (save a sheet as CSV)"
        )
    try:
        encoding, told = encoding_of(name, lambda: iter((content,)))
    except BadFile as error:
        raise Misconfigured(*(f"{name}: {each}" for each in error.findings)) from error
    for line in told:
        note(line)
    return content.decode(encoding)
