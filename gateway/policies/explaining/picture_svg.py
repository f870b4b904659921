"""SVG: an explanation as one file that any browser shows and prints: no scripts, nothing fetched.

Layers lie side by side, causes to the right of what they cause. Each layer has the width of its boxes;
siblings stand below each other, a parent in the middle of its causes. Text is wrapped here, because SVG
does not: a Han character is one em wide, others a little over half.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from gateway.policies.explaining.picture import Box, Kind, Line, Picture, Style

WIDTH: Final = 360
PADDING: Final = 10
GAP_X: Final = 56
GAP_Y: Final = 14
MARGIN: Final = 20
_FONT: Final = (
    "'Noto Sans CJK SC','Source Han Sans SC','Microsoft YaHei','PingFang SC','SimSun',sans-serif"
)
_SIZES: Final = {Style.TITLE: 14.0, Style.SMALL: 9.5}
_SIZE: Final = 11.5
_LEADING: Final = 1.4
_NARROW: Final = 0.64
"""Width of a sign that is not wide, in em: a little more than most fonts need."""
_FILLS: Final = {
    Kind.CONCLUSION: ("#e8f0fb", "#2c5a9c"),
    Kind.FACT: ("#eaf6ea", "#3b7d3b"),
    Kind.MISSING: ("#fdeaea", "#b03030"),
    Kind.AGAIN: ("#f4f4f4", "#888888"),
    Kind.MORE: ("#f4f4f4", "#888888"),
}
_COLOURS: Final = {
    Style.TITLE: "#111111",
    Style.PLAIN: "#222222",
    Style.RULE: "#222222",
    Style.LINK: "#0b4fa8",
    Style.ARITHMETIC: "#5b3a00",
    Style.CORRECTION: "#b35900",
    Style.SMALL: "#555555",
}
_BREAKS: Final = frozenset(" ,;:/·=")


@dataclass(slots=True)
class _Placed:
    """A box with its place: `y` is the top edge, in pixels; `rows` are wrapped lines."""

    box: Box
    depth: int
    rows: list[tuple[str, Line]]
    height: float
    y: float = 0.0
    below: list[_Placed] = field(default_factory=list)

    @property
    def x(self) -> float:
        """Return the left edge."""
        return MARGIN + self.depth * (WIDTH + GAP_X)

    @property
    def middle(self) -> float:
        """Return the height at which lines meet the box."""
        return self.y + self.height / 2


def svg(picture: Picture) -> str:
    """Return the picture as an SVG document (UTF-8 text)."""
    root = _measured(picture.root, 0)
    bottom = _stack(root, MARGIN)
    every = list(_walk(root))
    width = max(each.x for each in every) + WIDTH + MARGIN
    height = max(bottom, *(each.y + each.height for each in every)) + MARGIN
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family={quoteattr(_FONT)}>',
        f"<title>{escape(picture.root.lines[0].text)}</title>",
        _MARKERS,
        f'<rect width="{width:.0f}" height="{height:.0f}" fill="#ffffff"/>',
        *_edges(every),
        *(part for each in every for part in _drawn(each)),
        *_corrections(picture, every),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


_MARKERS: Final = (
    '<defs><marker id="to" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7"'
    ' orient="auto"><path d="M0 0L8 4L0 8z" fill="#666666"/></marker>'
    '<marker id="instead" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8"'
    ' orient="auto"><path d="M0 0L8 4L0 8z" fill="#c77700"/></marker></defs>'
)

# ------------------------------------------------------------------------------- layout


def _measured(box: Box, depth: int) -> _Placed:
    rows = [(part, line) for line in box.lines for part in wrapped(line.text, _room(line.style))]
    height = 2 * PADDING + sum(_size(line.style) * _LEADING for _, line in rows)
    placed = _Placed(box, depth, rows, height)
    placed.below = [_measured(child, depth + 1) for child in box.children]
    return placed


def _stack(placed: _Placed, top: float) -> float:
    """Give the boxes of a branch their heights, from `top` down; return where the branch ends."""
    if not placed.below:
        placed.y = top
        return top + placed.height
    bottom = top
    for child in placed.below:
        bottom = _stack(child, bottom) + GAP_Y
    bottom -= GAP_Y
    middle = (placed.below[0].middle + placed.below[-1].middle) / 2
    placed.y = max(top, middle - placed.height / 2)
    return max(bottom, placed.y + placed.height)


def _walk(placed: _Placed) -> Iterator[_Placed]:
    yield placed
    for child in placed.below:
        yield from _walk(child)


def _size(style: Style) -> float:
    return _SIZES.get(style, _SIZE)


def _room(style: Style) -> float:
    """Return how many em fit into a box."""
    return (WIDTH - 2 * PADDING) / _size(style)


def wrapped(text: str, room: float) -> list[str]:
    """Return text in pieces of at most `room` em; broken at a gap if one is near, else anywhere."""
    pieces: list[str] = []
    start, used, gap = 0, 0.0, 0
    for at, sign in enumerate(text):
        wide = _em(sign)
        if used + wide > room and at > start:
            cut = gap if gap > start + (at - start) // 2 else at
            pieces.append(text[start:cut].strip())
            start, used = cut, sum(map(_em, text[cut:at]))
        used += wide
        if sign in _BREAKS or wide == 1.0:
            gap = at + 1
    pieces.append(text[start:].strip())
    return [piece for piece in pieces if piece] or [""]


def _em(sign: str) -> float:
    if unicodedata.combining(sign):
        return 0.0
    return 1.0 if unicodedata.east_asian_width(sign) in "WFA" else _NARROW


# ------------------------------------------------------------------------------- drawing


def _edges(every: list[_Placed]) -> Iterator[str]:
    for placed in every:
        x = placed.x + WIDTH
        for child in placed.below:
            turn = x + GAP_X / 2
            path = f"M{x:.1f} {placed.middle:.1f}H{turn:.1f}V{child.middle:.1f}H{child.x:.1f}"
            yield f'<path d="{path}" fill="none" stroke="#888888" marker-end="url(#to)"/>'


def _drawn(placed: _Placed) -> Iterator[str]:
    fill, stroke = _FILLS[placed.box.kind]
    dashes = ' stroke-dasharray="5 3"' if placed.box.kind is Kind.MISSING else ""
    if placed.box.superseded:
        stroke, dashes = "#c77700", ' stroke-width="2" stroke-dasharray="7 3"'
    place = f'x="{placed.x:.1f}" y="{placed.y:.1f}" width="{WIDTH}" height="{placed.height:.1f}"'
    yield f'<rect {place} rx="6" fill="{fill}" stroke="{stroke}"{dashes}/>'
    y = placed.y + PADDING
    for text, line in placed.rows:
        size = _size(line.style)
        y += size * _LEADING
        yield _text(text, line, placed.x + PADDING, y - size * 0.35)


def _text(text: str, line: Line, x: float, y: float) -> str:
    look = f'font-size="{_size(line.style)}" fill="{_COLOURS[line.style]}"'
    if line.style is Style.TITLE:
        look += ' font-weight="bold"'
    drawn = f'<text x="{x:.1f}" y="{y:.1f}" {look}>{escape(text)}</text>'
    if not line.target:
        return drawn
    underlined = drawn.replace("<text ", '<text text-decoration="underline" ', 1)
    return f"<a href={quoteattr(line.target)}>{underlined}</a>"


def _corrections(picture: Picture, every: list[_Placed]) -> Iterator[str]:
    """Draw a bow on the right of two boxes of which one stands in the other's place."""
    places: dict[str, _Placed] = {}
    for placed in every:
        if placed.box.kind is not Kind.AGAIN:
            places.setdefault(placed.box.id, placed)
    for by, gone in picture.corrections:
        if by not in places or gone not in places:
            continue
        one, other = places[by], places[gone]
        left, right = one.x + WIDTH, other.x + WIDTH
        bow = max(left, right) + MARGIN
        path = f"M{left:.1f} {one.middle:.1f}C{bow:.1f} {one.middle:.1f} {bow:.1f} {other.middle:.1f} {right:.1f} {other.middle:.1f}"
        dashed = 'stroke="#c77700" stroke-dasharray="5 3" marker-end="url(#instead)"'
        yield f'<path d="{path}" fill="none" {dashed}/>'
