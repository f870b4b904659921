"""Rows of a national catalogue download, made up; only the shape is real."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

COLUMNS = 92


def row_1301(code: str, *, more: int = 0, **changed: str) -> str:
    """A row with these places filled (from 1): see contracts/catalogues/national_1301.toml."""
    cells = [""] * (COLUMNS + more)
    said = {
        1: code,
        2: "示例商品名",
        4: "替硝唑",
        8: "替硝唑片",
        9: changed.get("standard", "86904879000126"),
        11: "片剂",
        14: "0.5g",
        16: "片剂(薄膜衣)",
        17: "0.5g",
        22: "X000001",
        32: changed.get("pack", "8片/盒"),
        37: changed.get("begin", "2019-01-01"),
        38: changed.get("end", "2999-12-31"),
        45: "盒",
        46: "片",
        47: changed.get("ratio", "8"),
        49: changed.get("pricing", "盒"),
        54: "合成示例制药有限公司",
        62: "国药准字H20055036",
        77: "null",
        79: changed.get("flag", "1"),
        82: changed.get("updated", "2026-01-05 10:20:30"),
        83: changed.get("version", "X0001"),
        86: "合成示例持有人",
    }
    for place, text in said.items():
        cells[place - 1] = text
    return "\t".join(cells)


def catalogue_file(path: Path, rows: Iterable[str], encoding: str = "utf-8") -> Path:
    path.write_bytes("".join(f"{row}\r\n" for row in rows).encode(encoding))
    return path
