"""What goes out: tables that come back as they were, and a ConceptMap that FHIR R4 accepts."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.coding.crosswalk import Crosswalk
from gateway.coding.interchange import concept_map, flat
from gateway.coding.interchange.concept_map import MapHead, write_concept_map
from gateway.coding.interchange.flat import COLUMNS, write_csv, write_xlsx
from gateway.coding.interchange.importing import ImportOrder, prepare
from gateway.coding.interchange.outgoing import write_view
from gateway.coding.interchange.plan import ColumnPlan
from gateway.coding.interchange.views import View, viewed
from gateway.coding.records import Choice, CrosswalkVersion, Relation
from gateway.coding.rows import CrosswalkRow
from gateway.intake import fhir

NOW = datetime(2026, 7, 1, 8, tzinfo=UTC)
A, B = "XJ01XDT045A001010104642", "XJ01XDT045A001010204642"
HEAD = MapHead("urn:jicai:crosswalk:all", "r7", "2026-07-01T08:00:00+00:00")
PARTNERS = ("h", "g")


def row(
    local: str, unified: str, since: str = "2020-01-01", until: str = "", **more: str
) -> CrosswalkRow:
    return CrosswalkRow(more.pop("partner", "h"), "product", local, unified, since, until, **more)


STANDING = (
    row("=1+1", A, choice="preferred"),
    row("+86", A, choice="inbound_only"),
    row("-0012", "XA0012", "2020-01-01", "2025-12-31"),
    row("-0012", "XA0013", "2026-01-01"),
    row("@x", "", relation="none", reason="自制制剂  无国家码"),
    row("'=y", "XA0014", relation="broader"),
    row('a,b"c', "XA0015"),
    row("0012", B, partner="g"),
)


def unchanged(crosswalk: Crosswalk, path: Path, **plan: Any) -> None:
    seen = prepare(ImportOrder(path, ColumnPlan(**plan)), crosswalk, PARTNERS)
    assert {k: v for k, v in seen.preview.summary().items() if v} == {"unchanged": len(crosswalk)}


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_what_goes_out_comes_back_unchanged(tmp_path: Path, form: str) -> None:
    crosswalk = Crosswalk.of(STANDING)
    path = tmp_path / f"out.{form}"
    assert write_view(crosswalk, View(), form, path, now=NOW) == len(STANDING)
    unchanged(crosswalk, path)
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_a_plain_export_is_read_as_it_is(tmp_path: Path) -> None:
    crosswalk = Crosswalk.of(one for one in STANDING if one.local_code != "=1+1")
    path = tmp_path / "out.csv"
    write_view(crosswalk, View(), "csv", path, now=NOW, safe=False)
    assert "'=y" in path.read_text("utf-8-sig")
    unchanged(crosswalk, path, escaped=False)


codes = st.text(
    st.characters(min_codepoint=33, max_codepoint=0x4E10, exclude_categories=["C", "Z"]), min_size=1, max_size=8
).filter(lambda text: not re.search("[\uff01-\uff5e\u3000\u200b-\u200f\u2028-\u202e\ufeff\ufffd]", text))  # fmt: skip


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(codes, min_size=1, max_size=6, unique=True))
def test_whatever_the_code_it_comes_back(tmp_path: Path, found: list[str]) -> None:
    crosswalk = Crosswalk.of(row(local, f"XA{at:04d}") for at, local in enumerate(found))
    kept = [one for one in found if not re.match(r"[0-9](\.[0-9]+)?[Ee]\+[0-9]+\Z", one)]
    if len(kept) < len(found):
        return
    path = tmp_path / "out.csv"
    write_view(crosswalk, View(), "csv", path, now=NOW)
    unchanged(crosswalk, path)


def test_no_cell_of_a_csv_starts_a_formula() -> None:
    out = io.StringIO()
    write_csv(viewed(Crosswalk.of(STANDING), View()), out)
    cells = [cell.strip('"') for line in out.getvalue().splitlines() for cell in line.split(",")]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


def test_a_view_is_cut_on_both_axes() -> None:
    old = CrosswalkVersion(
        "h", "product", "1", A, "2020-01-01", known_from="2026-01-01T00:00:00.000000Z",
        known_to="2026-06-01T00:00:00.000000Z", id="1",
    )  # fmt: skip
    new = CrosswalkVersion(
        "h", "product", "1", B, "2021-01-01", known_from="2026-06-01T00:00:00.000000Z", id="2"
    )

    class Told(Crosswalk):
        def versions(self, partner: str = "", kind: str = "") -> Any:
            return iter((old, new))

    crosswalk = Told({}, {})

    def shown(**cut: Any) -> list[str]:
        return [one.id for one in viewed(crosswalk, View(**cut))]

    assert shown() == ["2"]
    assert shown(history=True) == ["1", "2"]
    assert shown(on="2020-12-31") == []
    assert shown(on="2021-01-01") == ["2"]
    assert shown(known_at="2026-05-31T23:59:59.999999Z") == ["1"]
    assert shown(known_at="2026-06-01T00:00:00.000000Z") == ["2"]
    assert shown(known_at="2025-12-31T00:00:00.000000Z") == []


def test_an_export_with_history_is_not_imported(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    head = ",".join(COLUMNS)
    cells = dict.fromkeys(COLUMNS, "") | {"partner": "h", "local_code": "1", "unified_code": A}
    cells |= {"valid_from": "2020-01-01", "status": "retired"}
    path.write_text(f"{head}\n{','.join(cells.values())}\n", encoding="utf-8")
    seen = prepare(ImportOrder(path), Crosswalk.of(()), PARTNERS)
    assert seen.preview.summary()["invalid"] == 1


def test_a_workbook_goes_on_on_a_further_sheet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flat, "SHEET_ROWS", 3)
    path = tmp_path / "out.xlsx"
    assert write_xlsx(viewed(Crosswalk.of(STANDING), View()), path) == len(STANDING)
    sizes = []
    for sheet in ("对照", "对照2", "对照3"):
        seen = prepare(ImportOrder(path, ColumnPlan(sheet=sheet)), Crosswalk.of(STANDING), PARTNERS)
        sizes.append(seen.preview.summary()["unchanged"])
    assert sizes == [3, 3, 2]


# ------------------------------------------------------------------ FHIR


def concept_map_of(*rows: CrosswalkRow) -> dict[str, Any]:
    out = io.BytesIO()
    count = write_concept_map(viewed(Crosswalk.of(rows), View()), out, HEAD)
    assert count == len(rows)
    found: dict[str, Any] = orjson.loads(out.getvalue())
    return found


def test_a_concept_map_has_a_group_per_partner_and_kind() -> None:
    found = concept_map_of(*STANDING)
    assert [one["source"] for one in found["group"]] == [
        "urn:jicai:partner:g:product",
        "urn:jicai:partner:h:product",
    ]
    assert {one["target"] for one in found["group"]} == {"urn:jicai:unified:product"}
    elements = {one["code"]: one["target"] for one in found["group"][1]["element"]}
    assert [one["code"] for one in elements["-0012"]] == ["XA0012", "XA0013"]
    assert elements["-0012"][0]["extension"][0]["valuePeriod"] == {
        "start": "2020-01-01",
        "end": "2025-12-31",
    }
    assert elements["-0012"][1]["extension"][0]["valuePeriod"] == {"start": "2026-01-01"}
    assert elements["=1+1"][0]["extension"][1]["valueCode"] == "preferred"
    assert elements["@x"] == [
        {
            "extension": elements["@x"][0]["extension"],
            "equivalence": "unmatched",
            "comment": "自制制剂  无国家码",
        }
    ]


EQUIVALENCES = {
    "relatedto", "equivalent", "equal", "wider", "subsumes", "narrower", "specializes", "inexact",
    "unmatched", "disjoint",
}  # fmt: skip
CODE = re.compile(r"[^\s]+(\s[^\s]+)*\Z")
INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})\Z"
)


def filled(value: Any) -> bool:
    """FHIR knows no empty texts, lists or objects."""
    if isinstance(value, dict):
        return bool(value) and all(map(filled, value.values()))
    if isinstance(value, list):
        return bool(value) and all(map(filled, value))
    return value not in ("", None)


@pytest.mark.parametrize(
    "rows",
    [(), STANDING, (row("1", A, relation="narrower"), row("2", A, relation="none"))[:1]],
)
def test_a_concept_map_keeps_to_the_structure_of_r4(rows: tuple[CrosswalkRow, ...]) -> None:
    found = concept_map_of(*rows)
    assert filled(found)
    assert found["resourceType"] == "ConceptMap"
    assert found["status"] in {"draft", "active", "retired", "unknown"}
    assert re.match(r"[A-Z]([A-Za-z0-9_]){0,254}\Z", found["name"])
    assert INSTANT.match(found["date"])
    allowed = {
        "resourceType", "url", "version", "name", "title", "status", "date", "publisher", "group",
    }  # fmt: skip
    assert set(found) <= allowed
    for group in found.get("group", []):
        assert set(group) == {"source", "target", "element"}
        for element in group["element"]:
            assert set(element) <= {"code", "display", "target"}
            assert CODE.match(element["code"])
            for target in element["target"]:
                assert set(target) <= {"extension", "code", "equivalence", "comment"}
                assert target["equivalence"] in EQUIVALENCES
                if target["equivalence"] in {"narrower", "inexact"}:  # invariant cmd-1
                    assert target["comment"]


def test_the_systems_are_those_of_the_terminology_operations() -> None:
    assert concept_map.PARTNER_SYSTEM == fhir.PARTNER_SYSTEM
    assert concept_map.UNIFIED_SYSTEM == fhir.UNIFIED_SYSTEM
    assert concept_map.EQUIVALENCE == fhir.EQUIVALENCE
    assert set(concept_map.EQUIVALENCE) == set(Relation)
    assert {one.value for one in Choice} == {"", "preferred", "inbound_only"}
