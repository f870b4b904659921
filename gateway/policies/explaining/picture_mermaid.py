"""Mermaid: an explanation as a flowchart, for pages and tools that draw it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gateway.policies.explaining.picture import Box, Kind, Picture, Style

_SPECIAL: Final = frozenset("\"'#&<>`;\\[]{}()|%~")
_CLASSES: Final = (
    "classDef conclusion fill:#e8f0fb,stroke:#2c5a9c,color:#111",
    "classDef fact fill:#eaf6ea,stroke:#3b7d3b,color:#111",
    "classDef missing fill:#fdeaea,stroke:#b03030,color:#111,stroke-dasharray:4 3",
    "classDef again fill:#f4f4f4,stroke:#888,color:#444",
    "classDef more fill:#f4f4f4,stroke:#888,color:#444",
    "classDef superseded stroke:#c77700,stroke-width:2px,stroke-dasharray:6 3",
)


def mermaid(picture: Picture) -> str:
    """Return the flowchart's source. What partners wrote cannot end a label or add a line."""
    return "\n".join(_source(picture)) + "\n"


def _source(picture: Picture) -> Iterator[str]:
    yield "flowchart LR"
    names: dict[str, str] = {}
    edges: list[str] = []
    waiting: list[tuple[Box, str]] = [(picture.root, "")]
    number = 0
    while waiting:
        box, above = waiting.pop(0)
        name, number = f"n{number}", number + 1
        if box.kind is not Kind.AGAIN:
            names.setdefault(box.id, name)
        yield f'  {name}["{_label(box)}"]:::{box.kind.value}'
        if box.superseded:
            yield f"  class {name} superseded"
        href = next((line.target for line in box.lines if line.target), "")
        if href:
            yield f'  click {name} href "{href}"'
        if above:
            edges.append(f"  {above} --> {name}")
        waiting += [(child, name) for child in box.children]
    yield from edges
    for by, gone in picture.corrections:
        if by in names and gone in names:
            yield f'  {names[by]} -. "更正 supersedes" .-> {names[gone]}'
    yield from (f"  {each}" for each in _CLASSES)


def _label(box: Box) -> str:
    lines = [
        f"<b>{_escaped(line.text)}</b>" if line.style is Style.TITLE else _escaped(line.text)
        for line in box.lines
    ]
    return "<br/>".join(lines)


def _escaped(text: str) -> str:
    """Return text in which every sign that means something to Mermaid or HTML is a numeric entity."""
    return "".join(
        sign if sign.isprintable() and sign not in _SPECIAL else f"#{ord(sign)};" for sign in text
    )
