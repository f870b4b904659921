"""候选规模实测: building and ranking at the size of a catalogue.

    python -m benchmarks.coding_scale [--products 100000] [--questions 500] [--data DIR]

Products are made of the catalogue's own names, strengths, packs and makers, drawn anew and seeded, so
that popular names stand with thousands of products of hundreds of makers.
"""

from __future__ import annotations

import argparse
import random
import resource
import time
from pathlib import Path

from benchmarks.coding_stress import rewritten
from benchmarks.coding_tables import Row, default_data, product_record, table
from gateway.coding.matching.candidates import Candidates
from gateway.coding.products.packed import PackedProducts

SEED = 100_000
SPECIFICATIONS = 40
"""Strength and pack texts that one name is sold in."""
MAKERS = 200
SYLLABLES = "阿比卡多艾法格海伊加吉克拉马米那帕普瑞沙司他托维西亚伏唑坦定汀星林平宁素康泰"


def catalogue_of(rows: list[Row], count: int, draw: random.Random) -> list[Row]:
    """Return `count` catalogue rows: names by a long-tailed draw, everything else at random."""
    names = [row["generic_name"] for row in rows]
    names += ["".join(draw.choices(SYLLABLES, k=4)) + "片" for _ in range(8 * len(rows))]
    weights = [1 / (rank + 5) for rank in range(len(names))]
    ranges: dict[str, tuple[list[Row], list[Row]]] = {}
    made: list[Row] = []
    for number, name in enumerate(draw.choices(names, weights, k=count)):
        if name not in ranges:
            ranges[name] = (draw.sample(rows, SPECIFICATIONS), draw.sample(rows, MAKERS))
        specifications, makers = ranges[name]
        made.append(
            draw.choice(specifications)
            | {
                "local_drug_code": f"X{number:07d}",
                "generic_name": name,
                "manufacturer": draw.choice(makers)["manufacturer"],
                "approval_no": f"H{20000000 + number}",
                "approval_no_raw": f"国药准字H{20000000 + number}",
            }
        )
    return made


def resident() -> float:
    """Return what the process holds now, MiB (Linux)."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize() / (1 << 20)


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--questions", type=int, default=500)
    parser.add_argument("--data", type=Path, default=None)
    asked = parser.parse_args()
    draw = random.Random(SEED)  # noqa: S311 - repeatable, not secret
    rows = table(asked.data or default_data(), "drug_approvals.csv")
    made = catalogue_of(rows, asked.products, draw)
    start = resident()
    began = time.perf_counter()
    candidates = Candidates.of(map(product_record, made))
    print(f"索引 index: {asked.products} products in {time.perf_counter() - began:.2f} s,", end=" ")
    print(f"{resident() - start:.0f} MiB")
    times: list[float] = []
    found = exact = wrong = 0
    for row in draw.sample(made, asked.questions):
        question = rewritten(row, draw)
        began = time.process_time()  # others may be on the machine
        ranked = candidates.rank(question)
        times.append(1000 * (time.process_time() - began))
        codes = [one.unified_code for one in ranked[:5]]
        found += row["local_drug_code"] in codes
        picked = next((one.unified_code for one in ranked if one.exact), None)
        exact += picked is not None
        wrong += picked not in {None, row["local_drug_code"]}
    times.sort()
    at = {share: times[min(len(times) - 1, int(share * len(times)))] for share in (0.5, 0.95, 0.99)}
    print(
        f"排序 rank: median {at[0.5]:.2f} ms, p95 {at[0.95]:.2f}, p99 {at[0.99]:.2f}, max {times[-1]:.2f};"
    )
    print(f"R@5 {found / asked.questions:.4f}, exact {exact}, false {wrong}")
    before = resident()
    began = time.perf_counter()
    packed = PackedProducts.of(map(product_record, made))
    took, size = time.perf_counter() - began, resident() - before
    began = time.perf_counter()
    for row in made[:2000]:
        packed.get(row["local_drug_code"])
    each = (time.perf_counter() - began) / 2000 * 1e6
    print(
        f"产品表 packed: {len(packed)} products in {took:.2f} s, {size:.0f} MiB, {each:.0f} µs each"
    )


if __name__ == "__main__":
    main()
