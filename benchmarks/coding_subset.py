"""Write the committed subset of the evaluation tables: `python -m benchmarks.coding_subset`.

Whole rows of the shared tables with their source columns, chosen by rule, never by how they rank:
- every approval that a link or a distributor's code points at, and every third other one;
- one row per (12-character generic code, registered name), and the generic codes that these have;
- all links, aliases and completions; the distributor codes whose local codes are there.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable

from benchmarks.coding_tables import COMMITTED, SHARED, Row, table

EVERY = 3
WHOLE = (
    "vbp_product_approvals.derived.csv",
    "vbp_nhsa_name_links.derived.csv",
    "enterprise_aliases.csv",
    "enterprise_name_completions.derived.csv",
)


def main() -> None:
    """Run."""
    for name in WHOLE:
        write(name, table(SHARED, name))
    codes = table(SHARED, "code_map_local_distributor.csv")
    shared = Counter((row["distributor"], row["distributor_product_code"]) for row in codes)
    several = [
        row for row in codes if shared[row["distributor"], row["distributor_product_code"]] > 1
    ]
    linked = {row["approval_no"] for row in table(SHARED, WHOLE[0])}
    wanted = {row["local_drug_code"] for row in several}
    approvals = [
        row
        for at, row in enumerate(table(SHARED, "drug_approvals.csv"))
        if not at % EVERY or row["approval_no"] in linked or row["local_drug_code"] in wanted
    ]
    write("drug_approvals.csv", approvals)
    kept = {row["local_drug_code"] for row in approvals}
    write(
        "code_map_local_distributor.csv", [row for row in several if row["local_drug_code"] in kept]
    )
    first: dict[tuple[str, str], Row] = {}
    for row in table(SHARED, "nhsa_drug_codes.csv"):
        first.setdefault((row["nhsa_drug_code"][:12], row["registered_name"]), row)
    write("nhsa_drug_codes.csv", first.values())
    names = {code[:12] for code, _ in first} | {code[:11] for code, _ in first}
    generic = table(SHARED, "nhsa_generic_codes.csv")
    write("nhsa_generic_codes.csv", [row for row in generic if row["generic_code12"] in names])


def write(name: str, rows: Iterable[Row]) -> None:
    """Write one table."""
    listed = list(rows)
    with (COMMITTED / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, listed[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(listed)
    print(f"{name}: {len(listed)}")


if __name__ == "__main__":
    main()
