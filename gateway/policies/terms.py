"""政策条款: reads the regions' terms from data files, each value with its clause and its days.

`contracts/policies/<region>.toml` holds what one region's paper says, `ratios.toml` the price ratios.
A value may change over time: `[name]` is one version, `[[name]]` several. A city inherits its province's
terms and overrides some. Every file is checked as a whole before any of it is used.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from gateway.errors import Misconfigured
from gateway.policies.rulebook import Ratios, Rulebook, Term, Terms
from gateway.policies.vocabulary import VOCABULARY_FILE, Word, load_vocabulary
from gateway.policies.workdays import WORKDAYS_FILE, Workdays
from gateway.toml_tables import parse_tables, read_text
from schemas.codes import REGION_PATTERN
from schemas.money import PRICE_SCALE

TERMS_FOLDER: Final = Path(__file__).parents[2] / "contracts" / "policies"
RATIOS_FILE: Final = "ratios.toml"
COVERAGE_FILE: Final = "coverage.toml"
CHOICES_FILE: Final = "choices.toml"
OTHER_FILES: Final = frozenset(
    {RATIOS_FILE, VOCABULARY_FILE, WORKDAYS_FILE, COVERAGE_FILE, CHOICES_FILE}
)

_REGION: Final = re.compile(REGION_PATTERN)
_FACTOR: Final = re.compile(r"[0-9]{1,2}\.[0-9]{1,6}")


def load_terms(folder: Path = TERMS_FOLDER) -> Rulebook:
    """Read every region's file and the ratios. Raises Misconfigured with every finding."""
    findings: list[str] = []
    read: dict[str, Terms] = {}
    words = load_vocabulary(folder if (folder / VOCABULARY_FILE).exists() else TERMS_FOLDER)
    for path in sorted(folder.glob("*.toml")):
        if path.name not in OTHER_FILES:
            terms = _region(path, words, findings)
            if terms is not None:
                read[terms.code] = terms
    placed = _with_provinces(read)
    for terms in placed.values():
        findings += _companions_missing(terms, words)
    ratios = _ratios(folder / RATIOS_FILE, findings)
    if findings or ratios is None:
        raise Misconfigured(*findings)
    return Rulebook(placed, ratios, Workdays.load(folder / WORKDAYS_FILE))


def _with_provinces(read: Mapping[str, Terms]) -> dict[str, Terms]:
    """Give each region the nearest one above it that has terms, so that silence is asked upward."""
    placed: dict[str, Terms] = {}
    for code in sorted(read):  # 530000 before 530300 before 530302
        above = [f"{code[:4]}00", f"{code[:2]}0000"]
        parent = next((placed[each] for each in above if each != code and each in placed), None)
        own = read[code]
        placed[code] = Terms(
            own.code, own.name, own.paper_number, own.paper_title, own.values, parent
        )
    return placed


def _parsed(path: Path, findings: list[str]) -> dict[str, Any] | None:
    if not path.exists():
        findings.append(f"{path.name}: 缺此文件 the file is missing")
        return None
    try:
        return parse_tables(read_text(path), path.name)
    except Misconfigured as wrong:
        findings.extend(wrong.findings)
        return None


def _region(path: Path, words: Mapping[str, Word], findings: list[str]) -> Terms | None:
    given = _parsed(path, findings)
    if given is None:
        return None
    before = len(findings)
    code, name, paper = given.pop("code", None), given.pop("name", None), given.pop("paper", None)
    if code != path.stem or not isinstance(code, str) or _REGION.fullmatch(code) is None:
        findings.append(
            f"{path.name}: code 须为六位区划代码且与文件名相同 code must be the six digits of the file's name"
        )
    if not name or not isinstance(name, str):
        findings.append(f"{path.name}: 缺 name（地区名称） name is missing")
    cited = paper if isinstance(paper, dict) else {}
    findings += [
        f"{path.name}: [paper] 中缺 {part}（{zh}） paper.{part} is missing"
        for part, zh in (("number", "文号"), ("title", "标题"))
        if not cited.get(part) or not isinstance(cited[part], str)
    ]
    values = _values(path.name, given, words, findings)
    if len(findings) > before:
        return None
    return Terms(str(code), str(name), cited["number"], cited["title"], values)


def _values(
    file: str, given: dict[str, Any], words: Mapping[str, Word], findings: list[str]
) -> dict[str, tuple[Term, ...]]:
    found: dict[str, tuple[Term, ...]] = {}
    for family, terms in given.items():
        if not isinstance(terms, dict):
            findings.append(
                f"{file}: {family} 不是条款表，应写作 [{family}.…] {family} is no table of terms"
            )
            continue
        for short, versions in terms.items():
            name = f"{family}.{short}"
            word = words.get(name)
            if word is None:
                findings.append(f"{file}: {_unknown(name, words)}")
                continue
            listed = versions if isinstance(versions, list) else [versions]
            read = [_term(file, word, each, findings) for each in listed]
            found[name] = _in_order(file, name, [each for each in read if each], findings)
    return found


def _unknown(name: str, words: Iterable[str]) -> str:
    near = get_close_matches(name, list(words), n=1)
    meant = f"，是否为 did you mean {near[0]}" if near else ""
    return f"词汇表 {VOCABULARY_FILE} 中没有条款 no policy knows the term {name}{meant}"


def _term(file: str, word: Word, given: object, findings: list[str]) -> Term | None:
    name, where = word.name, f"{file}: {word.name}"
    if not isinstance(given, dict):
        findings.append(
            f"{where}: 应为一张表，含 value、clause、from"
            " a table with value, clause and from is expected"
        )
        return None
    before = len(findings)
    value, clause = given.get("value"), given.get("clause")
    since, until = given.get("from"), given.get("until")
    if not word.fits(value):
        findings.append(f"{where}: {_misfit(word, value)}")
    if not isinstance(clause, str) or not clause.strip():
        findings.append(
            f"{where}: 缺 clause（依据条款）：没有出处的取值不是条款"
            " no clause: a value without its source is not a term"
        )
    findings += [f"{where}: {said}" for said in _days_wrong(since, until)]
    if not isinstance(given.get("overrides", ""), str):
        findings.append(
            f"{where}: overrides 应为所替代的上级条款（文字）"
            " overrides is the clause of the province's paper (text)"
        )
    unknown = sorted(set(given) - {"value", "clause", "from", "until", "overrides"})
    if unknown:
        findings.append(f"{where}: 没有此项，请删去 unknown {', '.join(unknown)}")
    if len(findings) > before:
        return None
    return Term(name, str(value), str(clause), since, until)  # type: ignore[arg-type]


def _misfit(word: Word, value: object) -> str:
    """Return what is wrong with a value, and how a right one is written."""
    if value is None:
        return f"缺 value（取值），应为 {word.written} value is missing"
    quoted = "" if isinstance(value, str) else "，须加引号 in quotes"
    return (
        f"取值 {value!r} 不合写法，应为 {word.written}{quoted}"
        f" value {value!r} must be text of the form {word.form}"
    )


def _days_wrong(since: object, until: object) -> list[str]:
    if since is None:
        return ["缺 from（起始日），如 from = 2026-01-01 from is missing: from and until are days"]
    if type(since) is not date or (until is not None and type(until) is not date):
        days = "from 与 until 应为日期，写作 2026-01-01，不加引号"
        return [f"{days} from and until are days (YYYY-MM-DD, without quotes)"]
    if type(until) is date and until < since:
        return [f"止日早于起日 until {until} is before from {since}"]
    return []


def _in_order(file: str, name: str, read: list[Term], findings: list[str]) -> tuple[Term, ...]:
    ordered = sorted(read, key=lambda term: term.since)
    for earlier, later in pairwise(ordered):
        if earlier.holds_on(later.since):
            findings.append(
                f"{file}: {name}: 起止日重叠，{later.since} 有两个取值：前一段应有更早的 until"
                f" two values hold on {later.since}"
            )
    return tuple(ordered)


def _companions_missing(terms: Terms, words: Mapping[str, Word]) -> list[str]:
    return [
        f"{terms.code}.toml: {name}: 须同时有 {companion}（{words[companion].zh}），"
        f"{term.since} 却没有 {name} needs {companion} on {term.since}"
        for name, versions in terms.values.items()
        for term in versions
        for companion in words[name].needs
        if terms.value(companion, term.since) is None
    ]


def _ratios(path: Path, findings: list[str]) -> Ratios | None:
    given = _parsed(path, findings)
    if given is None:
        return None
    before = len(findings)
    parts = {name: given.get(name) for name in ("content", "pack_quantity", "rounding")}
    tables = {name: part if isinstance(part, dict) else {} for name, part in parts.items()}
    bases: list[Decimal] = []
    for name in ("content", "pack_quantity"):
        base = tables[name].get("base")
        if not isinstance(base, str) or _FACTOR.fullmatch(base) is None or Decimal(base) <= 1:
            findings.append(
                f'{path.name}: {name}.base {base!r} 应为大于 1 的小数文字，如 "1.7"'
                f" {name}.base must be a decimal text above 1"
            )
        else:
            bases.append(Decimal(base))
    clauses = [tables[name].get("clause") for name in tables]
    if not all(isinstance(clause, str) and clause for clause in clauses):
        findings.append(
            f"{path.name}: 各系数与取舍须有 clause（依据）"
            " every factor and the rounding need a clause"
        )
    decimals, mode = tables["rounding"].get("decimals"), tables["rounding"].get("mode")
    if mode != "half_up" or type(decimals) is not int or not 0 <= decimals <= PRICE_SCALE:
        findings.append(
            f"{path.name}: rounding 应为 half_up（四舍五入），至多 {PRICE_SCALE} 位小数"
            f" rounding is half_up to at most {PRICE_SCALE} decimals"
        )
    if len(findings) > before:
        return None
    return Ratios(bases[0], bases[1], int(str(decimals)), tuple(map(str, clauses)))
