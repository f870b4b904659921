"""Small tables of one batch of the test's own: three drugs, three regions, real-looking and made up."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Final

Row = dict[str, str]
BATCH: Final = "T-2020-01"

_RESULTS: Final[list[Row]] = [
    {
        "batch_code": BATCH,
        "generic_name": name,
        "dosage_form_group": "",
        "spec": spec,
        "enterprise_name": enterprise,
        "enterprise_name_kind": "full",
        "selected": selected,
        "ceiling_unit_price": "999",
        "bid_unit_price": price,
        "supply_regions": "云南|贵州|重庆",
        "supply_region_codes": "530000|520000|500000",
    }
    for name, spec, enterprise, selected, price in (
        ("测试地平口服常释剂型", "5mg", "甲示例制药有限公司", "1", "0.06"),
        ("测试沙坦口服常释剂型", "75mg", "乙示例制药有限公司", "1", "0.202143"),
        ("测试曲塞注射剂", "100mg", "丙示例制药有限公司", "1", "798"),
        ("测试曲塞注射剂", "100mg", "丁示例制药有限公司", "0", "810"),
    )
]
_REGIONS: Final = (("530000", "云南"), ("520000", "贵州"), ("500000", "重庆"))


class TablesFolder:
    """The tables as lists of rows; `write` puts them into the folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.results = [dict(row) for row in _RESULTS]
        self.volumes = [
            {
                "batch_code": BATCH,
                "region_code": code,
                "region": region,
                "generic_name": row["generic_name"],
                "spec": row["spec"],
                "volume_wan": "80",
            }
            for code, region in _REGIONS
            for row in _RESULTS[:3]
        ]
        self.prices = [
            {
                "batch_code": BATCH,
                "generic_name": row["generic_name"],
                "spec": row["spec"],
                "province_code": code,
                "province": region,
                "enterprise_name": row["enterprise_name"],
                "unit_price": row["bid_unit_price"],
            }
            for code, region in _REGIONS
            for row in _RESULTS[:3]
        ]
        self.batches = [{"batch_code": BATCH, "label": "测试批次", "event_date": "2019-10-01"}]
        self.completions: list[Row] = []

    def write(self, encoding: str = "utf-8") -> Path:
        """Write the tables and return the folder; a table without rows is left out."""
        files: Mapping[str, list[Row]] = {
            "vbp_results.csv": self.results,
            "vbp_volumes.csv": self.volumes,
            "vbp_province_prices.csv": self.prices,
            "vbp_batches.csv": self.batches,
            "enterprise_name_completions.derived.csv": self.completions,
        }
        for name, rows in files.items():
            if rows:
                (self.path / name).write_bytes(as_csv(rows).encode(encoding))
        return self.path


def as_csv(rows: list[Row]) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
