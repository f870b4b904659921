"""候选排序实测: how well candidates are ranked, and whether an exact match was ever false.

    python -m benchmarks.eval_coding [--data DIR] [--seed N] [--json] [--misses]

DIR holds the tables of the shared data folder; without it, that folder where it lies beside the
checkout, else the committed subset in examples/coding-eval. Exit code 1 when a threshold is missed:
recall@5 of what the fields can decide below 95 %, or any false exact match.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.coding_sets import all_sets
from benchmarks.coding_tables import EvaluationSet, Question, default_data
from gateway.coding.matching.candidates import Candidates
from gateway.coding.matching.evidence import Candidate

RECALL = 0.95
SEED = 20260819
LIMIT = 10


@dataclass(frozen=True)
class Measured:
    """What one set gave; recall and MRR over the questions that have an answer."""

    key: str
    zh: str
    en: str
    truth: str
    questions: int
    answerable: int
    derivable: int
    recall_1: float
    recall_5: float
    derivable_recall_1: float
    derivable_recall_5: float
    mrr: float
    exact: int
    false_exact: int
    against_doubtful_truth: int
    """Exact matches elsewhere than a truth that the item's own fields contradict (not derivable)."""
    milliseconds_median: float
    milliseconds_max: float

    @property
    def passed(self) -> bool:
        """Return whether the set meets both thresholds."""
        return not self.false_exact and (not self.derivable or self.derivable_recall_5 >= RECALL)


@dataclass(frozen=True)
class Answer:
    """One question with its ranking."""

    question: Question
    ranked: list[Candidate]
    seconds: float

    @property
    def place(self) -> int:
        """Return the place of the first right candidate, from 1; 0 when it is not among them."""
        for place, found in enumerate(self.ranked, start=1):
            if found.unified_code in self.question.truths:
                return place
        return 0

    @property
    def exact(self) -> Candidate | None:
        """Return the candidate that counts as exact."""
        return next((found for found in self.ranked if found.exact), None)


def answers(asked: EvaluationSet) -> list[Answer]:
    """Rank every question of a set."""
    candidates = Candidates.of(asked.records)
    found: list[Answer] = []
    for question in asked.questions:
        began = time.perf_counter()
        ranked = candidates.rank(question.item, LIMIT)
        found.append(Answer(question, ranked, time.perf_counter() - began))
    return found


def measure(asked: EvaluationSet, found: list[Answer]) -> Measured:
    """Count."""
    answerable = [one for one in found if one.question.truths]
    derivable = [one for one in answerable if one.question.derivable]
    exact = [one for one in found if one.exact is not None]
    other = [
        one for one in exact if one.exact and one.exact.unified_code not in one.question.truths
    ]
    wrong = [one for one in other if one.question.derivable]
    times = sorted(one.seconds * 1000 for one in found) or [0.0]
    return Measured(
        asked.key,
        asked.zh,
        asked.en,
        asked.truth,
        len(found),
        len(answerable),
        len(derivable),
        _recall(answerable, 1),
        _recall(answerable, 5),
        _recall(derivable, 1),
        _recall(derivable, 5),
        _share(sum(1 / one.place for one in answerable if one.place), len(answerable)),
        len(exact),
        len(wrong),
        len(other) - len(wrong),
        round(times[len(times) // 2], 2),
        round(times[-1], 2),
    )


def evaluate(data: Path, seed: int = SEED) -> list[Measured]:
    """Measure every set."""
    return [measure(asked, answers(asked)) for asked in all_sets(data, seed=seed)]


def _recall(found: list[Answer], at: int) -> float:
    return _share(sum(1 for one in found if 0 < one.place <= at), len(found))


def _share(part: float, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def show(results: list[Measured]) -> None:
    """Print the table."""
    print(
        "集合 set | n | 可答 | 可推导 | R@1 | R@5 | 可推导 R@1 | R@5 | MRR | 完全一致 exact | 误 false | 真值存疑 doubtful | 毫秒 ms"
    )
    print("---|---|---|---|---|---|---|---|---|---|---|---|---")
    for one in results:
        cells = (
            f"{one.zh} {one.en}",
            one.questions,
            one.answerable,
            one.derivable,
            *(
                f"{100 * share:.1f}%" if count else "-"
                for share, count in (
                    (one.recall_1, one.answerable),
                    (one.recall_5, one.answerable),
                    (one.derivable_recall_1, one.derivable),
                    (one.derivable_recall_5, one.derivable),
                )
            ),
            f"{one.mrr:.3f}" if one.answerable else "-",
            one.exact,
            one.false_exact,
            one.against_doubtful_truth,
            f"{one.milliseconds_median} (max {one.milliseconds_max})",
        )
        print(" | ".join(map(str, cells)))
    for one in results:
        print(f"\n{one.key}: {one.truth}")


def show_misses(data: Path, seed: int) -> None:
    """Print every question whose answer is not among the first five, and every false exact match."""
    for asked in all_sets(data, seed=seed):
        for one in answers(asked):
            false = one.exact is not None and one.exact.unified_code not in one.question.truths
            if false or (one.question.truths and not 0 < one.place <= 5):
                kind = (
                    "FALSE EXACT" if false else "miss" if one.question.derivable else "underivable"
                )
                item = one.question.item
                print(asked.key, kind, item.name, item.specification, item.pack, item.manufacturer)
                for found in one.ranked[:2]:
                    print("    ", found.unified_code, found.zh)


def main() -> int:
    """Run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, default=None)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--misses", action="store_true")
    asked = parser.parse_args()
    data = asked.data or default_data()
    if asked.misses:
        show_misses(data, asked.seed)
        return 0
    results = evaluate(data, asked.seed)
    if asked.json:
        print(json.dumps([asdict(one) for one in results], ensure_ascii=False, indent=1))
    else:
        show(results)
    return 0 if all(one.passed for one in results) else 1


if __name__ == "__main__":
    sys.exit(main())
