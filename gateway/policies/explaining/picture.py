"""解释图: what a picture of an explanation shows, before it is drawn: boxes with lines, and who points at whom.

`picture_svg.py` and `picture_mermaid.py` draw it. Whatever partners wrote reaches a box as printable text
only; escaping for the format is the drawing's business.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from gateway.policies.explaining.explain import Cause, Raw, harmless, title_of
from gateway.policies.explaining.explain_links import clause_links
from gateway.policies.papers.papers import Paper

ARITHMETIC_SHOWN: Final = 12
"""Lines of one box; the text and the JSON have them all."""
_OWN_PLACE: Final = re.compile(r"docs/[0-9A-Za-z_./-]+(#[0-9A-Za-z-]+)?")


class Kind(StrEnum):
    """What a box is."""

    CONCLUSION = "conclusion"
    FACT = "fact"
    MISSING = "missing"
    AGAIN = "again"
    MORE = "more"


class Style(StrEnum):
    """How a line is shown."""

    TITLE = "title"
    PLAIN = "plain"
    RULE = "rule"
    LINK = "link"
    ARITHMETIC = "arithmetic"
    CORRECTION = "correction"
    SMALL = "small"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a box. `href`: where it leads, "" for nowhere."""

    text: str
    style: Style = Style.PLAIN
    href: str = ""

    @property
    def target(self) -> str:
        """Return where a drawing may lead: to a place of our own documents, else nowhere."""
        return self.href if _OWN_PLACE.fullmatch(self.href) else ""


@dataclass(slots=True)
class Box:
    """One message of the tree. `superseded`: another one stands in its place (corrected, or said again)."""

    id: str
    kind: Kind
    lines: list[Line]
    children: list[Box] = field(default_factory=list)
    superseded: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """The whole. `corrections`: (correcting, corrected) where both are in the picture."""

    root: Box
    corrections: tuple[tuple[str, str], ...]


def picture_of(tree: Cause, papers: Mapping[str, Paper]) -> Picture:
    """Return what a picture of a tree of causes shows."""
    drawn: set[str] = set()
    pairs: dict[tuple[str, str], None] = {}
    for node in _nodes(tree):
        drawn.add(node.id)
        if node.supersedes:
            pairs[node.id, node.supersedes] = None
        if node.superseded_by:
            pairs[node.superseded_by, node.id] = None
    shown = tuple(pair for pair in pairs if set(pair) <= drawn)
    return Picture(_box(tree, papers), shown)


def _nodes(tree: Cause) -> Iterator[Cause]:
    yield tree
    for child in tree.children:
        yield from _nodes(child)


def _box(node: Cause, papers: Mapping[str, Paper]) -> Box:
    kind = _kind(node)
    lines = [
        Line(harmless(each.text), each.style, each.href) for each in _lines(node, kind, papers)
    ]
    box = Box(
        harmless(node.id), kind, lines, superseded=bool(node.superseded_by or node.replaced_by)
    )
    box.children = [_box(child, papers) for child in node.children]
    if node.more:
        more = Line(f"… 另有 {node.more} 条依据 and {node.more} more causes", Style.SMALL)
        box.children.append(Box("", Kind.MORE, [more]))
    return box


def _kind(node: Cause) -> Kind:
    if node.seen:
        return Kind.AGAIN
    if node.entry is None:
        return Kind.MISSING
    return Kind.CONCLUSION if node.because is not None else Kind.FACT


def _lines(node: Cause, kind: Kind, papers: Mapping[str, Paper]) -> Iterator[Line]:
    if kind is Kind.AGAIN:
        yield Line("↑ 见图中他处 shown elsewhere", Style.SMALL)
    elif node.entry is None:
        yield Line("✗ 留痕中没有此报文 missing from the journal", Style.TITLE)
    else:
        message = node.entry.message
        yield Line(title_of(message.type) or message.type, Style.TITLE)
        yield Line(message.type, Style.SMALL)
        yield Line(f"{message.subject} @ {message.time}")
    yield Line(f"编号 id {node.id}", Style.SMALL)
    if node.supersedes:
        yield Line(f"更正 corrects {node.supersedes}", Style.CORRECTION)
    if node.superseded_by:
        yield Line(f"已被更正 superseded by {node.superseded_by}", Style.CORRECTION)
    if node.because is not None:
        yield from _reasons(node, papers)
    if node.raw is not None:
        yield from _origin(node.raw)


def _reasons(node: Cause, papers: Mapping[str, Paper]) -> Iterator[Line]:
    because = node.because or {}
    yield Line(f"规则 rule {because.get('rule', '')}", Style.RULE)
    for clause in map(str, because.get("clauses", ())):
        links = clause_links(clause, papers)
        if not links:
            yield Line(f"依据 {clause}", Style.RULE)
        for each in links:
            heading = f" {each.heading}" if each.heading else ""
            yield Line(f"依据 {each.number} {each.mark}{heading}", Style.LINK, each.href)
    for name, value in because.get("terms", {}).items():
        yield Line(f"{name} = {value}")
    arithmetic = because.get("arithmetic", ())
    for line in arithmetic[:ARITHMETIC_SHOWN]:
        yield Line(str(line), Style.ARITHMETIC)
    if len(arithmetic) > ARITHMETIC_SHOWN:
        rest = len(arithmetic) - ARITHMETIC_SHOWN
        yield Line(f"… 另有 {rest} 行计算 and {rest} more lines", Style.SMALL)


def _origin(raw: Raw) -> Iterator[Line]:
    yield Line(f"对接方 {raw.partner} · 接口 {raw.interface} · 报文 {raw.partner_message_id}")
    yield Line(f"原文 raw {raw.size} 字节 bytes, SHA-256 {raw.digest}", Style.SMALL)
