"""企业名称: one legal entity under its full, short and cut-off names, only where that is certain.

A short name (正大天晴) may belong to several companies of a group. It is completed only when exactly one
known full name begins with it; otherwise it stays a name of its own and is listed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from gateway.demo.findings import Findings
from gateway.demo.tables import Record, ascii_text

_FULL: Final = re.compile(
    r"(公司|厂|研究院|研究所|株式会社)(\(.*\))?$|(ltd|limited|inc|gmbh|ab|ag|plc|llc|s\.?p\.?a|s\.?a|co)\.?(\(.*\))?$",
    re.IGNORECASE,
)
_HAN_AT_END: Final = re.compile("[\u4e00-\u9fff]$")
_SHORTEST_PREFIX: Final = 3
_SEPARATOR: Final = "|"


def enterprise_key(name: str) -> str:
    """Return a name in one writing: width, blanks and case do not tell companies apart."""
    return ascii_text(name).casefold()


def looks_full(name: str, kind: str = "") -> bool:
    """Tell whether a name is a company's full one.

    A table that says short or truncated is believed. One that says full is believed of foreign names; a
    Chinese one that does not end as companies do was cut off, whatever the table says.
    """
    if kind in ("short", "truncated"):
        return False
    text = ascii_text(name)
    return _FULL.search(text) is not None or (kind == "full" and _HAN_AT_END.search(text) is None)


@dataclass
class EnterpriseNames:
    """The full names that are known, by key, and what was completed to what."""

    known: dict[str, str] = field(default_factory=dict)
    stated: dict[str, list[str]] = field(default_factory=dict)
    """Candidates that the completion table states for a name, by its key."""

    @classmethod
    def gather(
        cls, named: Iterable[tuple[str, str]], completions: Iterable[Record]
    ) -> EnterpriseNames:
        """Collect full names out of (name, kind) pairs and a completion table."""
        known: dict[str, str] = {}
        for name, kind in named:
            if name and looks_full(name, kind):
                known.setdefault(enterprise_key(name), name)
        stated: dict[str, list[str]] = defaultdict(list)
        for row in completions:
            candidates = (row.text("candidates") or row.text("completed_name")).split(_SEPARATOR)
            stated[enterprise_key(row.text("name_in_source"))] += [one for one in candidates if one]
        return cls(known, dict(stated))

    def resolve(self, name: str, kind: str, findings: Findings, where: str) -> str:
        """Return the full name where it is certain, else the name as given; both are noted."""
        key = enterprise_key(name)
        if looks_full(name, kind) or key in self.known:
            return self.known.get(key, name)
        candidates = self.candidates(key)
        if len(candidates) == 1:
            completed = next(iter(candidates.values()))
            findings.add("enterprise.completed", f"{name} → {completed}", where)
            return completed
        shown = "、".join(candidates.values()) or "无候选 no candidate"
        findings.add("enterprise.unresolved", f"{name}({shown})", where)
        return name

    def candidates(self, key: str) -> Mapping[str, str]:
        """Return the full names that begin with the name, by key, in key order."""
        found = {enterprise_key(name): name for name in self.stated.get(key, ())}
        if len(key) >= _SHORTEST_PREFIX:
            found |= {full: name for full, name in self.known.items() if full.startswith(key)}
        return dict(sorted(found.items()))


def fits(name: str, other: str) -> bool:
    """Tell whether two names may be one company: equal, or one is the other cut off."""
    first, second = sorted((enterprise_key(name), enterprise_key(other)), key=len)
    return bool(first) and second.startswith(first)
