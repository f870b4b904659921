"""数据集: the public facts of volume-based procurement, read into one coherent picture.

`load` reads a folder with the tables described in examples/national-vbp/README.md. It tolerates what
real tables hold and lists every oddity as a finding by name; batches, drugs, regions and companies it
has never seen are nothing special to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.demo.agreed_volumes import Agreed, assign_suppliers, read_volumes
from gateway.demo.drug_catalogue import DrugCatalogue, NameUse
from gateway.demo.enterprise_names import EnterpriseNames
from gateway.demo.findings import Finding, Findings
from gateway.demo.places import PROVINCES, region_code
from gateway.demo.selected_products import Reading, Supply, Winner, read_supplies, read_winners
from gateway.demo.tables import Record, read_table
from gateway.errors import Misconfigured

RESULTS: Final = "vbp_results.csv"
PRICES: Final = "vbp_province_prices.csv"
VOLUMES: Final = "vbp_volumes.csv"
BATCHES: Final = "vbp_batches.csv"
COMPLETIONS: Final = "enterprise_name_completions.derived.csv"
PILOT: Final = "NVBP-2018-4+7"

_RESULT_COLUMNS: Final = (
    "batch_code",
    "generic_name",
    "spec",
    "enterprise_name",
    "selected",
    "bid_unit_price",
)
_PRICE_COLUMNS: Final = (
    "batch_code",
    "generic_name",
    "spec",
    "province_code",
    "province",
    "enterprise_name",
    "unit_price",
)
_VOLUME_COLUMNS: Final = (
    "batch_code",
    "region_code",
    "region",
    "generic_name",
    "spec",
    "volume_wan",
)
_DATE: Final = re.compile(r"(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])")


@dataclass(frozen=True, slots=True)
class Batch:
    """批次: one round of procurement; `opened_on` is the day of the bids, "" where no table says it."""

    code: str
    label: str
    opened_on: str


@dataclass(frozen=True, slots=True)
class Dataset:
    """What the tables say, in the order of their keys."""

    batches: tuple[Batch, ...]
    regions: Mapping[str, str]
    """Name by GB/T 2260 code, of every region that is named anywhere."""
    winners: tuple[Winner, ...]
    supplies: tuple[Supply, ...]
    agreed: tuple[Agreed, ...]
    findings: tuple[Finding, ...]
    rows: Mapping[str, int]
    """Rows read per file."""


def load(folder: Path) -> Dataset:
    """Read the tables of a folder.

    Raises Misconfigured when the folder, vbp_results.csv or vbp_volumes.csv is missing or unreadable, or
    lacks a required column; everything else that is odd is a finding.
    """
    if not folder.is_dir():
        raise Misconfigured(f"数据目录不存在 there is no data folder: {folder}")
    findings = Findings()
    results = read_table(folder / RESULTS, _RESULT_COLUMNS, findings)
    volumes = read_table(folder / VOLUMES, _VOLUME_COLUMNS, findings)
    prices = read_table(folder / PRICES, _PRICE_COLUMNS, findings, optional=True)
    batches = read_table(folder / BATCHES, ("batch_code",), findings, optional=True)
    completions = read_table(folder / COMPLETIONS, ("name_in_source",), findings, optional=True)
    reading = Reading(
        drugs=DrugCatalogue(_names(results, prices, volumes), findings),
        enterprises=EnterpriseNames.gather(_enterprises(results, prices), completions),
        findings=findings,
    )
    winners = read_winners(results, reading)
    supplies = read_supplies(prices, winners, reading)
    agreed = assign_suppliers(read_volumes(volumes, reading), winners, supplies, reading)
    _note_unmatched_pilot_drugs(winners, findings)
    return Dataset(
        batches=tuple(_batches(batches, [*results, *volumes], findings)),
        regions=_regions([*volumes, *prices], supplies, findings),
        winners=tuple(winners),
        supplies=tuple(supplies),
        agreed=tuple(agreed),
        findings=tuple(findings),
        rows={
            RESULTS: len(results),
            PRICES: len(prices),
            VOLUMES: len(volumes),
            BATCHES: len(batches),
            COMPLETIONS: len(completions),
        },
    )


def _names(
    results: Sequence[Record], prices: Sequence[Record], volumes: Sequence[Record]
) -> Iterator[NameUse]:
    for table, rows in ((RESULTS, results), (PRICES, prices), (VOLUMES, volumes)):
        for row in rows:
            name = row.text("generic_name")
            if name:
                yield NameUse(row.text("batch_code"), table, name, row.text("dosage_form_group"))


def _enterprises(results: Sequence[Record], prices: Sequence[Record]) -> Iterator[tuple[str, str]]:
    for row in (*results, *prices):
        yield row.text("enterprise_name"), row.text("enterprise_name_kind")


def _batches(
    stated: Sequence[Record], rows: Sequence[Record], findings: Findings
) -> Iterator[Batch]:
    """Yield the batches that the tables use, by code; one without a date is noted."""
    known = {row.text("batch_code"): row for row in stated}
    labels = {row.text("batch_code"): row.text("batch_label") for row in reversed(rows)}
    for code in sorted(label for label in labels if label):
        row = known.get(code)
        opened = row.text("event_date") if row is not None else ""
        if not _DATE.fullmatch(opened):
            findings.add("batch.undated", f"{code} {opened}".strip(), BATCHES)
            opened = ""
        label = (row.text("label") if row is not None else "") or labels[code] or code
        yield Batch(code, label, opened)


def _regions(
    rows: Sequence[Record], supplies: Sequence[Supply], findings: Findings
) -> dict[str, str]:
    """Return the name of every region; the first name stands, others are noted."""
    found: dict[str, str] = {}
    for row in rows:
        name = row.text("region") or row.text("province")
        code = region_code(row.text("region_code") or row.text("province_code"), name)
        if not code or not name:
            continue
        if found.setdefault(code, name) != name:
            findings.add("region.renamed", f"{code}: {found[code]} / {name}", "")
    for supply in supplies:
        found.setdefault(supply.region, PROVINCES.get(supply.region, supply.region))
    return dict(sorted(found.items()))


def _note_unmatched_pilot_drugs(winners: Sequence[Winner], findings: Findings) -> None:
    """Note pilot drugs (4+7) that no later batch has: their prices have nothing to follow."""
    later = {winner.product.drug.code for winner in winners if winner.batch != PILOT}
    if not later:
        return
    for winner in winners:
        if winner.batch == PILOT and winner.product.drug.code not in later:
            findings.add("drug.unmatched", winner.name, PILOT)
