"""解释图: an explanation as SVG and Mermaid: complete, harmless, readable."""

from __future__ import annotations

import re
from itertools import combinations, pairwise
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway.journal.sqlite import SqliteJournal
from gateway.policies.explaining.explain import Cause, as_dict, explain, render_text
from gateway.policies.explaining.explain_links import clause_links
from gateway.policies.explaining.picture import Box, Kind, Line, Picture, Style, picture_of
from gateway.policies.explaining.picture_mermaid import mermaid
from gateway.policies.explaining.picture_svg import WIDTH, svg, wrapped
from gateway.policies.papers.papers import load_papers
from schemas.events import SETTLEMENT_HELD
from tests.unit.policies.making import accepted, closed, task
from tests.unit.policies.test_replaying import Story, concluded, corrected

PAPERS = load_papers()
SVG: Final = "{http://www.w3.org/2000/svg}"
EVIL: Final = (
    '"]]><script>alert(1)</script>&amp;<!ENTITY x "y">',
    "</text></svg><svg onload=alert(1)>",
    "\x00\x1b[31m\u202e\ud800",
    "]:::fact\n  click n0 call alert(1)",
    "javascript:alert(1) '\"`#quot;",
)


def drawn(source: str) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    return etree.fromstring(source.encode(), parser)


async def held(journal: SqliteJournal) -> Cause:
    story = Story(journal)
    first = accepted("a", "7500.0000", "2020-02-10")
    again = corrected(first, "b", accepted_quantity="6500.0000")
    for message in (task(), first, again, closed("2020-Q1", "2020-03-31")):
        await story.put(message)
        await story.judge()
    await story.leave()
    rows = [each for each in await concluded(journal) if each.message.type == SETTLEMENT_HELD]
    return await explain(journal, rows[-1].message.id)


async def test_a_picture_shows_every_message_with_rule_clause_and_digest(
    journal: SqliteJournal,
) -> None:
    tree = await held(journal)
    source = svg(picture_of(tree, PAPERS))
    page = drawn(source)
    text = re.sub(r"\s", "", "".join(map(str, page.itertext())))
    for part in (
        "暂停医保月结算", "规则ruleR4", "黔医保发〔2019〕69号五（三）", "progress.hold_below=0.70",
        "6500/10000=0.6500<0.70",
    ):  # fmt: skip
        assert part in text, part
    for child in tree.children:
        assert child.id in text
        if child.raw is not None:
            assert child.raw.digest in text
    links = {each.get("href") for each in page.iter(f"{SVG}a")}
    assert "docs/policies/papers.md#guizhou-2019-69-5-3" in links
    assert "更正" in text


async def test_text_and_json_lead_to_the_paper_too(journal: SqliteJournal) -> None:
    tree = await held(journal)
    assert "→ 保证回款，降低成本 docs/policies/papers.md#guizhou-2019-69-5-3" in render_text(
        tree, PAPERS
    )
    (link, *_) = as_dict(tree, PAPERS)["clause_links"]
    assert (link["number"], link["mark"]) == ("黔医保发〔2019〕69号", "五（三）")
    assert "clause_links" not in as_dict(tree)


def test_every_clause_link_leads_to_an_anchor_of_the_register() -> None:
    assert clause_links("某发〔2019〕1号 一", PAPERS) == []
    assert clause_links("no citation at all", PAPERS) == []
    assert clause_links("黔医保发〔2019〕69号 九十", PAPERS) == []
    two = clause_links("黔医保发〔2019〕69号 五（三）（四）", PAPERS)
    assert [each.mark for each in two] == ["五（三）", "五（四）"]


async def test_a_superseded_message_is_joined_to_the_one_in_its_place(
    journal: SqliteJournal,
) -> None:
    tree = await held(journal)
    first = accepted("a", "7500.0000", "2020-02-10")
    again = next(each for each in tree.children if each.supersedes)
    gone = await explain(journal, first.id)
    tree.children.append(gone)
    picture = picture_of(tree, PAPERS)
    assert picture.corrections == ((again.id, first.id),)
    assert "#instead" in svg(picture)
    assert "更正 supersedes" in mermaid(picture)


def evil(text: str) -> Picture:
    lines = [Line(text, style, text) for style in Style]
    return Picture(Box(text, Kind.FACT, lines, [Box("b", Kind.MISSING, lines)]), ((text, "b"),))


@pytest.mark.parametrize("text", [*EVIL[:2], *EVIL[3:]])
def test_what_partners_wrote_stays_text(text: str) -> None:
    page = drawn(svg(evil(text)))
    tags = {etree.QName(each).localname for each in page.iter() if isinstance(each.tag, str)}
    assert tags <= {"svg", "title", "defs", "marker", "path", "rect", "text", "a"}
    assert all(not str(name).startswith("on") for each in page.iter() for name in each.attrib)
    source = mermaid(evil(text))
    assert "href" not in source
    assert not list(page.iter(f"{SVG}a"))
    labels = [line for line in source.splitlines() if '["' in line]
    assert len(labels) == 2
    for line in labels:
        assert re.fullmatch(
            r'  n[0-9]+\["[^"<>\[\]]*(?:<(?:b|/b|br/)>[^"<>\[\]]*)*"\]:::[a-z]+', line
        )


@given(st.text(max_size=60))
@settings(max_examples=60)
def test_any_text_that_reaches_a_picture_gives_sound_xml(text: str) -> None:
    tree = Cause(text)  # an id that names nothing: harmless, whatever it is made of
    drawn(svg(picture_of(tree, PAPERS)))
    assert mermaid(picture_of(tree, PAPERS)).count("\n") == 1 + 1 + 6


def test_nothing_is_fetched_and_nothing_runs() -> None:
    source = svg(evil("x"))
    assert "script" not in source
    assert "@import" not in source
    assert re.findall(r"https?://[^\"]+", source) == ["http://www.w3.org/2000/svg"]


@given(st.text(alphabet="药品集采abc012 ,/", max_size=200), st.floats(3, 40))
@settings(max_examples=80)
def test_wrapped_text_loses_nothing_and_fits(text: str, room: float) -> None:
    pieces = wrapped(text, room)
    assert "".join(pieces).replace(" ", "") == text.replace(" ", "")
    wide = [sum(1.0 if ord(sign) > 0x2000 else 0.64 for sign in piece) for piece in pieces]
    assert all(each <= room + 1e-9 for each in wide)


def test_no_boxes_overlap_however_deep_and_tall() -> None:
    def box(depth: int, at: int) -> Box:
        children = [box(depth - 1, each) for each in range((at + depth) % 4)] if depth else []
        lines = [Line("采购进度 " * (at + 1))] * (1 + (at * 7 + depth) % 9)
        return Box(f"{depth}.{at}", Kind.FACT, lines, children)

    root = box(4, 3)
    assert root.children
    page = drawn(svg(Picture(root, ())))
    boxes = [
        (float(each.get("x", "")), float(each.get("y", "")), float(each.get("height", "")))
        for each in page.iter(f"{SVG}rect")
        if each.get("rx")
    ]
    assert len(boxes) > 8
    for (x, y, height), (other_x, other_y, other_height) in combinations(boxes, 2):
        apart = y + height <= other_y or other_y + other_height <= y
        assert apart or abs(x - other_x) >= WIDTH
    assert all(first != second for first, second in pairwise(sorted(boxes)))
