"""模拟年的对账: what was concluded against the second arithmetic of `year_sums`, to the fen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from gateway.demo.year_evidence import Evidence, Told
from gateway.demo.year_goods import Year
from gateway.demo.year_sums import (
    Dues,
    clearings,
    half_up,
    line_faults,
    overdue,
    prepayments,
    receivables,
    splits,
)
from schemas import events as e

SHOWN: Final = 20
"""So many differences of one check are written out; all are counted."""


@dataclass(frozen=True, slots=True)
class Check:
    """核对项: how much was compared, its sum in yuan where it has one, and every difference by name."""

    title: str
    compared: int
    total: str
    differences: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Return whether nothing differs."""
        return not self.differences


def reconcile(year: Year, evidence: Evidence, surprises: Iterable[str]) -> list[Check]:
    """Compare everything; pure."""
    dues = prepayments(year)
    cleared = clearings(year, dues)
    return [
        _counts(year, evidence, surprises),
        _contents(year, evidence),
        _working(evidence),
        Check(
            "金额=单价×数量 amounts are price × quantity",
            len(year.book.said),
            "",
            tuple(line_faults(year)),
        ),
        *_prepayments(evidence, dues, cleared),
        _postings(evidence),
        _accounts(evidence, dues, cleared),
        *_payments(year, evidence),
        *_volumes(year, evidence),
        *_agreed(year, evidence),
        _sales(year, evidence),
    ]


def _compare(
    title: str, expected: Mapping[Any, Any], found: Mapping[Any, Any], total: Decimal | None = None
) -> Check:
    """Compare two tables key by key."""
    keys: list[Hashable] = sorted({*expected, *found}, key=str)
    wrong = tuple(
        f"{key}: 应为 {_shown(expected.get(key))}, 实为 {_shown(found.get(key))}"
        for key in keys
        if expected.get(key) != found.get(key)
    )
    return Check(title, len(keys), "" if total is None else f"{total:.2f}", wrong)


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return " / ".join(map(str, value))
    return "无 none" if value is None else str(value)


# ------------------------------------------------------------------------------ what was sent


def _counts(year: Year, evidence: Evidence, surprises: Iterable[str]) -> Check:
    sent = {each.id for each in year.book.said}
    wrong = list(surprises)
    wrong += [f"未留痕 not in the journal: {each}" for each in sorted(sent - set(evidence.facts))]
    wrong += [f"来历不明 nobody sent: {each}" for each in sorted(set(evidence.facts) - sent)]
    wrong += [f"留痕两次 twice: {each}" for each, n in evidence.journalled.items() if n > 1]
    missing = set(evidence.journalled) - set(evidence.published)
    wrong += [f"未发布 not on its topic: {each}" for each in sorted(missing)]
    return Check("报送=留痕=主题 sent = journal = topics", len(sent), "", tuple(wrong))


def _contents(year: Year, evidence: Evidence) -> Check:
    wrong = []
    for each in year.book.said:
        told = evidence.facts.get(each.id)
        if told is None:
            continue
        for name, value in each.data.items():
            if told.data.get(name) != value:
                shown = f"{str(value)[:80]} ≠ {str(told.data.get(name))[:80]}"
                wrong.append(f"{each.type} {each.number} {name}: {shown}")
    return Check("内容一致 contents as planned", len(year.book.said), "", tuple(wrong))


def _working(evidence: Evidence) -> Check:
    wrong = [evidence.chain_broken] if evidence.chain_broken else []
    if evidence.still_held:
        wrong.append(f"仍挂起 still held: {evidence.still_held}")
    return Check(
        "审计链与规则 audit chain verified, no failures",
        evidence.chain_entries,
        "",
        (*wrong, *evidence.policy_failures),
    )


# ------------------------------------------------------------------------------ prepayments, ledgers


def _prepayments(
    evidence: Evidence, dues: Dues, cleared: Mapping[tuple[str, str], tuple[Decimal, ...]]
) -> Iterable[Check]:
    found = {
        (each.data["institution"], each.data["reference"], each.data["stage"]): Decimal(
            each.data["amount"]
        )
        for each in evidence.standing(e.PREPAYMENT_DUE)
    }
    yield _compare("预付 prepayments due (R2)", dues, found, sum(found.values(), Decimal()))
    stated = {
        (each.data["institution"], each.data["reference"]): tuple(
            Decimal(each.data[name]) for name in ("prepaid", "offset", "returned")
        )
        for each in evidence.standing(e.PREPAYMENT_CLEARED)
    }
    total = sum((each[0] for each in stated.values()), Decimal())
    yield _compare("预付清算 prepayments cleared (R2)", cleared, stated, total)


def _balances(evidence: Evidence) -> tuple[dict[str, Decimal], list[str]]:
    """Return every account's balance (debit positive), and the conclusions whose entries do not balance."""
    accounts: dict[str, Decimal] = defaultdict(Decimal)
    wrong = []
    for each in evidence.derived:
        total = Decimal()
        for posting in each.data.get("postings", ()):
            moved = Decimal(posting["debit"]) - Decimal(posting["credit"])
            accounts[posting["account"]] += moved
            total += moved
        if total:
            wrong.append(f"{each.type} {each.id}: {total}")
    return accounts, wrong


def _postings(evidence: Evidence) -> Check:
    accounts, wrong = _balances(evidence)
    left = sum(accounts.values(), Decimal())
    if left:
        wrong.append(f"总账不平 all accounts together: {left}")
    moved = sum((each for each in accounts.values() if each > 0), Decimal())
    return Check(
        "复式记账借贷平衡 postings sum to zero", len(accounts), f"{moved:.2f}", tuple(wrong)
    )


def _accounts(
    evidence: Evidence, dues: Dues, cleared: Mapping[tuple[str, str], tuple[Decimal, ...]]
) -> Check:
    """Every prepayment account holds what is due and not yet cleared: zero where all was cleared."""
    expected: dict[str, Decimal] = defaultdict(Decimal)
    for (institution, reference, _), due in dues.items():
        expected[institution] += Decimal() if (institution, reference) in cleared else due
    found = {institution: Decimal() for institution in expected}
    for account, left in _balances(evidence)[0].items():
        if account.startswith("institution:") and account.endswith(":vbp-prepayment"):
            institution = account.split(":")[1]
            if left or institution in expected:  # what was due for a moment and ended left nothing
                found[institution] = left
    total = sum(found.values(), Decimal())
    return _compare("预付专账余额 open prepayment per institution", expected, found, total)


# ------------------------------------------------------------------------------ payments


def _payments(year: Year, evidence: Evidence) -> Iterable[Check]:
    due = overdue(year)
    found = {
        (each.data["institution"], each.data["receipt_no"]): Decimal(each.data["outstanding"])
        for each in evidence.standing(e.PAYMENT_OVERDUE)
    }
    yield _compare(
        "逾期未付 overdue at the year's end (R3)", due, found, sum(due.values(), Decimal())
    )
    open_ = _by_institution(receivables(year))
    booked = _by_institution(_booked(year, evidence))
    title = "应收款 receivables per institution"
    yield _compare(title, open_, booked, sum(open_.values(), Decimal()))


def _by_institution(receipts: Mapping[tuple[str, str], Decimal]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = defaultdict(Decimal)
    for (institution, _), left in receipts.items():
        found[institution] += left
    return {institution: left for institution, left in found.items() if left}


def _booked(year: Year, evidence: Evidence) -> dict[tuple[str, str], Decimal]:
    """Return the open receipts as the journal has them, corrections in the place of what they correct."""
    facts = [evidence.facts[each.id] for each in year.book.said if each.id in evidence.facts]
    gone = {each.data.get("supersedes") for each in facts}
    left: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    signs = {e.ACCEPTANCE_RECORDED: 1, e.GOODS_RETURNED: -1}
    for each in facts:
        if each.id in gone:
            continue
        if each.type in signs:
            key = (each.data["institution"], each.data["receipt_no"])
            left[key] += signs[each.type] * Decimal(each.data["amount"])
        if each.type == e.PAYMENT_MADE:
            for line in each.data["lines"]:
                left[each.data["institution"], line["receipt_no"]] -= Decimal(line["amount"])
    return left


# ------------------------------------------------------------------------------ volumes and agreements


def _volumes(year: Year, evidence: Evidence) -> Iterable[Check]:
    """Split quantities add up to what was published; their parts are the tasks that were assigned."""
    tasks: dict[tuple[str, str], Decimal] = {}
    for each in year.book.of(e.VOLUME_TASK_ASSIGNED):
        tasks[each.data["institution"], each.data["drug"]] = Decimal(each.data["task_volume"])
    published = {
        (each.data["region"], each.data["drug"]): Decimal(each.data["published_volume"])
        for each in year.book.of(e.VOLUME_PUBLISHED)
    }
    assigned: dict[tuple[str, str], Decimal] = dict.fromkeys(published, Decimal())
    for (institution, drug), volume in tasks.items():
        assigned[f"{institution[1:3]}0000", drug] += volume
    yield _compare("任务量合计=公布量 tasks add up to what is published", published, assigned)
    split: dict[tuple[str, str], Decimal] = {}
    for told in evidence.standing(e.VOLUME_SPLIT_COMPUTED):
        for line in told.data["lines"]:
            volume = Decimal(line["allotted_volume"])
            if volume:
                split[line["institution"], told.data["drug"]] = volume
    regions = {institution[1:3] for institution, _ in split}
    mine = {key: volume for key, volume in tasks.items() if key[0][1:3] in regions}
    yield _compare("按占比分解 shares of the published quantity (R1)", mine, split)


def _agreed(year: Year, evidence: Evidence) -> Iterable[Check]:
    contracts = {
        (each.data["institution"], each.data["drug"]): Decimal(each.data["amount"])
        for each in year.book.of(e.CONTRACT_SIGNED)
    }
    done: dict[tuple[str, str], Decimal] = {}
    for told in evidence.standing(e.VOLUME_TASK_COMPLETED):
        if told.data.get("agreed_amount") is not None:
            key = (told.data["institution"], told.data["drug"])
            done[key] = Decimal(told.data["agreed_amount"])
    expected = {key: contracts.get(key) for key in done}
    total = sum(done.values(), Decimal())
    yield _compare("已完成任务的约定金额 agreed amounts of completed tasks", expected, done, total)
    yield _roll_up(year, evidence)


def _roll_up(year: Year, evidence: Evidence) -> Check:
    """The province's cumulative amount of December is the sum of all its selected receipts."""
    selected = {(line.region, line.product) for lines in year.lines.values() for line in lines}
    tasked = {
        (each.data["institution"], each.data["drug"])
        for each in year.book.of(e.VOLUME_TASK_ASSIGNED)
    }
    expected: dict[str, Decimal] = defaultdict(Decimal)
    for each in year.book.standing(e.ACCEPTANCE_RECORDED):
        data = each.data
        province = f"{data['region'][:2]}0000"
        is_selected = (province, data["unified_code"]) in selected
        if is_selected and (data["institution"], data["drug"]) in tasked:
            expected[province] += Decimal(data["amount"])
    found: dict[str, Decimal] = defaultdict(Decimal)
    for told in _summaries(evidence):
        found[told.data["region"]] += Decimal(told.data["cumulative_amount"])
    total = sum(found.values(), Decimal())
    return _compare("省级汇总金额 provinces' amounts summed up (R4)", expected, found, total)


def _summaries(evidence: Evidence) -> Iterable[Told]:
    """Return the last word on each province's batches for the whole year."""
    newest: dict[tuple[str, str], Told] = {}
    for each in evidence.of(e.PROGRESS_SUMMARISED):
        data = each.data
        if data["level"] != "province" or data.get("drug") or data["period"][4:] != "-12":
            continue
        key = (data["region"], data["batch"])
        if key not in newest or newest[key].data["revision"] < data["revision"]:
            newest[key] = each
    return newest.values()


def _sales(year: Year, evidence: Evidence) -> Check:
    expected = splits(year)
    found = {
        each.data["sale_id"]: (
            Decimal(each.data["fund_base"]),
            Decimal(each.data["patient_excess"]),
        )
        for each in evidence.standing(e.PAYMENT_SPLIT_COMPUTED)
    }
    total = half_up(sum((sum(each, Decimal()) for each in found.values()), Decimal()))
    return _compare("药店销售分担 sales split by the standard (R6, R11)", expected, found, total)
