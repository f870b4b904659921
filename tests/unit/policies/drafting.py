"""A changed copy of the terms' folder, as a reviewer has it."""

from __future__ import annotations

import shutil
from pathlib import Path

from gateway.policies.papers.lint import lint
from gateway.policies.papers.lint_findings import Finding
from gateway.policies.terms import TERMS_FOLDER

PAPER = """number = "合成〔2026〕1号"
title = "合成示例文件"
issuer = ["合成示例机关"]
region = "530400"
issued_on = 2026-01-05
in_force_from = 2026-02-01
in_force_until = 2027-12-31
source = "合成示例"
clauses = [
    { mark = "一", heading = "合成" },
    { mark = "二（一）", heading = "示例", from = 2026-01-15, why = "先行" },
]
"""
CITY = """code = "530400"
name = "合成示例市"

[paper]
number = "合成〔2026〕1号"
title = "合成示例文件"
"""


class Draft:
    """The copy; `replace` changes a file's text and refuses to change nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "policies"
        shutil.copytree(TERMS_FOLDER, self.folder)

    def replace(self, file: str, old: str, new: str) -> Draft:
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{file} has no {old!r}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return self

    def write(self, file: str, text: str) -> Draft:
        (self.folder / file).write_text(text, encoding="utf-8")
        return self

    def city(self, terms: str, paper: str = PAPER) -> Draft:
        """Add a city with a paper of its own: in force from February 2026 to the end of 2027."""
        self.write("papers/synthetic-2026-1.toml", paper)
        return self.write("530400.toml", f"{CITY}\n{terms}")

    def findings(self) -> list[Finding]:
        return lint(self.folder)

    def faults(self) -> list[Finding]:
        return [each for each in self.findings() if not each.note]

    def kinds(self) -> set[tuple[str, str, str]]:
        return {(each.file, each.term, each.kind) for each in self.faults()}
