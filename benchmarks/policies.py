"""Policies: messages a second through the runner, state in the database, one transaction per batch.

    python -m benchmarks.policies [--messages N] [--institutions N] [--drugs N] [--profile]
    python -m benchmarks.policies --scale        # the same, then with ten times the institutions and messages
    python -m benchmarks.policies --orders [--province 530000]       # with an order before each acceptance

Through Kafka with two workers: `benchmarks.policies_kafka`.

A synthetic quarter of one province: listings, registrations, tasks, acceptances, payments, ended days and
closed months and quarters, in the order of their days. Everything that is registered judges it. What
a day brings is appended to the journal (SQLite), then `PolicyRunner.step` is timed until nothing is left.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import hashlib
import pstats
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import uvloop

from gateway.bootstrap import tune_interpreter
from gateway.bus.embedded import EmbeddedBus
from gateway.journal.sqlite import SqliteJournal
from gateway.policies.registry import POLICIES
from gateway.policies.running.runner import PolicyRunner
from gateway.policies.terms import load_terms
from gateway.ports import Commit, Journal, Row, Submission
from schemas.envelope import SOURCE_PREFIX, Message, canonical_bytes, message_identity
from schemas.events import (
    ACCEPTANCE_RECORDED,
    CALENDAR_DAY_ENDED,
    EVENT_TYPES,
    ORDER_PLACED,
    PAYMENT_MADE,
    PRICE_LISTED,
    VOLUME_PERIOD_CLOSED,
    VOLUME_TASK_ASSIGNED,
)
from schemas.money import line_amount, yuan

PROVINCE: Final = "520000"
OTHERS: Final = ("530000", "510000", "500000")
FIRST: Final = date(2020, 1, 1)
DAYS: Final = 91
PAY_AFTER: Final = 20
"""Days from acceptance to payment; one receipt in twenty is paid forty days late."""
COMPANY: Final = "91520000MA00000001"
NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
TOGETHER: Final = 2000
SPACE: Final = 5000


def clock() -> datetime:
    return datetime.now(UTC)


class Year:
    """合成年度: the messages of one province's year; the same numbers give the same messages."""

    def __init__(
        self,
        messages: int,
        institutions: int,
        drugs: int,
        *,
        province: str = PROVINCE,
        orders: bool = False,
    ) -> None:
        self._messages, self._drugs = messages, drugs
        self._province, self._orders = province, orders
        self._institutions = [f"H{province[:2]}01{at:07d}" for at in range(institutions)]
        self._chance = random.Random(7)  # noqa: S311 - a reproducible workload, no secret
        self._due: dict[int, list[tuple[str, str, int]]] = {}

    def product(self, drug: int) -> tuple[str, str]:
        """Return a drug and the product that was selected of it."""
        return f"DRUG{drug:05d}", f"XC08CAA001A001010{drug:06d}"

    def days(self) -> Iterator[list[Message]]:
        """Yield what is recorded on each day, the terms and tasks before the first."""
        found: list[Message] = []
        for each in self.told():
            found.append(each)
            if each.type == CALENDAR_DAY_ENDED:
                yield found
                found = []
        yield found

    def told(self) -> Iterator[Message]:
        """Yield the quarter's messages in the order of their days."""
        for drug in range(self._drugs):
            for region in dict.fromkeys((self._province, *OTHERS)):
                yield self._listing(drug, region, "1.000000", "2019-12-25", "selected")
        for institution in self._institutions:
            for drug in range(self._drugs):
                yield self._task(institution, drug)
        fixed = self._drugs * (1 + len(OTHERS)) + len(self._institutions) * self._drugs
        a_day = max(1, (self._messages - fixed) // DAYS // (1 + self._orders))
        for number in range(DAYS):
            day = FIRST + timedelta(number)
            yield from self._day(number, day, a_day)
            data = {"region": self._province, "day": day.isoformat()}
            yield _message(CALENDAR_DAY_ENDED, f"{self._province}:{day}", data, "calendar")
            yield from self._closed(day)

    def _day(self, number: int, day: date, count: int) -> Iterator[Message]:
        paid = self._due.pop(number, [])
        for place in range(max(1, count - len(paid))):
            goods = self._acceptance(number, place, day)
            if self._orders:
                yield self._order(goods.content())
            yield goods
        for receipt, institution, amount in paid:
            yield self._payment(receipt, institution, amount, day)
        if number % 30 == 0:
            drug = self._chance.randrange(self._drugs)
            price = f"0.{self._chance.randrange(500, 999)}000"
            yield self._listing(drug, OTHERS[number % len(OTHERS)], price, day.isoformat())

    def _closed(self, day: date) -> Iterator[Message]:
        if (day + timedelta(1)).day == 1:
            periods = [f"{day:%Y-%m}"]
            if day.month % 3 == 0:
                periods.append(f"{day.year}-Q{day.month // 3}")
            for period in periods:
                data = {"region": self._province, "period": period, "ended_on": day.isoformat()}
                yield _message(VOLUME_PERIOD_CLOSED, f"{self._province}-{period}", data)

    def _listing(
        self, drug: int, region: str, price: str, day: str, kind: str = "listed"
    ) -> Message:
        name, product = self.product(drug)
        data = {
            "local_code": f"L{drug}",
            "unified_code": product,
            "drug": name,
            "drug_name": "合成示例药",
            "pack_quantity": 28,
            "region": region,
            "kind": kind,
            "unit_price": price,
            "effective_from": day,
        }
        return _message(PRICE_LISTED, f"{product}-{region}-{day}", data)

    def _task(self, institution: str, drug: int) -> Message:
        name, product = self.product(drug)
        data = {
            "local_code": f"L{drug}",
            "unified_code": product,
            "drug": name,
            "drug_name": "合成示例药",
            "institution_local": institution,
            "institution": institution,
            "region": self._province,
            "batch": "NVBP-2019-LM",
            "task_volume": "4000.0000",
            "quarters": ["1000.0000"] * 4,
            "term_from": "2020-01-01",
            "term_to": "2020-12-31",
            "assigned_on": "2019-12-20",
        }
        return _message(VOLUME_TASK_ASSIGNED, f"{institution}-{drug}", data)

    def _acceptance(self, number: int, place: int, day: date) -> Message:
        institution = self._chance.choice(self._institutions)
        name, product = self.product(self._chance.randrange(self._drugs))
        receipt, quantity = f"R{number:03d}-{place:06d}", f"{self._chance.randrange(10, 400)}.0000"
        amount = line_amount("1.000000", quantity)
        late = 40 if self._chance.random() < 0.05 else 0
        when = number + PAY_AFTER + late
        self._due.setdefault(when, []).append((receipt, institution, amount))
        data = {
            "receipt_no": receipt,
            "line_no": 1,
            "institution_local": institution,
            "institution": institution,
            "region": self._province,
            "local_code": "L",
            "unified_code": product,
            "drug": name,
            "accepted_quantity": quantity,
            "unit_price": "1.000000",
            "amount": yuan(amount),
            "accepted_at": f"{day}T09:00:00+08:00",
        }
        if self._orders:
            data |= {"order_no": f"DD-{receipt}", "distributor": COMPANY}
        return _message(ACCEPTANCE_RECORDED, receipt, data, "his")

    def _order(self, goods: dict[str, Any]) -> Message:
        """Return the order of what was accepted; every eighth is for more than that."""
        more = self._chance.random() < 1 / 8
        line = {name: goods[name] for name in ("line_no", "local_code", "unified_code", "drug")}
        line |= {"unit_price": goods["unit_price"], "amount": goods["amount"]}
        line["quantity"] = "400.0000" if more else goods["accepted_quantity"]
        data = {
            "msg_id": goods["order_no"],
            "order_no": goods["order_no"],
            "institution": goods["institution"],
            "distributor": COMPANY,
            "placed_at": goods["accepted_at"],
            "lines": [line],
            "total": goods["amount"],
        }
        return _message(ORDER_PLACED, goods["order_no"], data, "his", self._province)

    def _payment(self, receipt: str, institution: str, amount: int, day: date) -> Message:
        data = {
            "institution_local": institution,
            "institution": institution,
            "region": self._province,
            "payment_no": f"P-{receipt}",
            "distributor": COMPANY,
            "paid_on": day.isoformat(),
            "lines": [{"receipt_no": receipt, "amount": yuan(amount)}],
            "total": yuan(amount),
        }
        return _message(PAYMENT_MADE, f"pay-{receipt}", data, "his")


def _message(
    type_: str, number: str, data: dict[str, Any], partner: str = "platform", region: str = ""
) -> Message:
    listed = EVENT_TYPES[type_]
    return Message(
        id=message_identity(partner, number),
        source=SOURCE_PREFIX + partner,
        type=type_,
        subject=listed.subject(data),
        time=listed.business_time(data),
        data=canonical_bytes(data),
        region=region or data["region"],
    )


async def fill(journal: Journal, messages: Sequence[Message]) -> None:
    """Append messages to the journal as accepted ones."""
    for start in range(0, len(messages), TOGETHER):
        given = [
            Submission(
                one.id,
                one.partner,
                one.id,
                "canonical",
                one.data,
                hashlib.sha256(one.data).hexdigest(),
                NOW.isoformat(),
                [Row(one)],
            )
            for one in messages[start : start + TOGETHER]
        ]
        await journal.commit(Commit(submissions=given))


async def settle(runner: PolicyRunner, idle: float = 0.05) -> int:
    """Let a runner work until nothing is left; return how many messages it handled."""
    total = 0
    while handled := await runner.step(idle):
        total += handled
    return total


async def conclusions(journal: Journal) -> dict[str, str]:
    """Return digest by id of every conclusion in the journal."""
    found: dict[str, str] = {}
    async for entry in _entries(journal):
        if entry.message.partner.startswith("policy-"):
            found[entry.message.id] = entry.digest
    return found


async def _entries(journal: Journal) -> Any:
    for shard in range(journal.shards):
        after = 0
        while rows := await journal.read(shard, after, SPACE):
            for entry in rows:
                yield entry
            after = rows[-1].seq


async def embedded(
    days: Sequence[list[Message]], folder: Path
) -> tuple[float, int, dict[str, str]]:
    """Run one worker on the embedded bus; return (processor seconds, handled, conclusions)."""
    journal = SqliteJournal(folder / "journal.db")
    await journal.start()
    runner = PolicyRunner(journal, EmbeddedBus(journal), POLICIES, load_terms(), clock)
    handled, wall, used = 0, 0.0, 0.0
    for day in days:
        await fill(journal, day)
        begun, before = time.perf_counter(), time.process_time()
        handled += await settle(runner, 0)
        wall += time.perf_counter() - begun
        used += time.process_time() - before
    _say(f"embedded, one worker: {handled} handled", handled, wall, used)
    if runner.failures:
        print(f"{runner.failures} messages could not be handled")
    drawn = await conclusions(journal)
    await runner.stop()
    await journal.stop()
    return used, handled, drawn


def _say(what: str, handled: int, wall: float, processor: float) -> None:
    each = processor / max(1, handled) * 1e6
    print(
        f"{what} in {wall:.2f} s wall, {processor:.2f} s processor: "
        f"{handled / wall:,.0f}/s wall, {handled / processor:,.0f}/s of one core, {each:.0f} µs each"
    )


def mix(messages: Sequence[Message]) -> str:
    """Return what a workload consists of."""
    counted = Counter(each.type.removeprefix("cn.jicai.") for each in messages)
    return ", ".join(f"{name} {count}" for name, count in counted.most_common())


async def one(arguments: argparse.Namespace, factor: int = 1) -> tuple[float, dict[str, str]]:
    """Measure one worker; return (seconds a message, conclusions)."""
    year = Year(
        arguments.messages * factor,
        arguments.institutions * factor,
        arguments.drugs,
        province=arguments.province,
        orders=arguments.orders,
    )
    days = list(year.days())
    messages = [each for day in days for each in day]
    print(f"{len(messages)} messages ({mix(messages)})")
    with tempfile.TemporaryDirectory(prefix="jicai-policies-") as folder:
        used, handled, drawn = await embedded(days, Path(folder))
        print(f"{len(drawn)} conclusions")
        return used / handled, drawn


async def main_async(arguments: argparse.Namespace) -> None:
    each, _ = await one(arguments)
    if arguments.scale:
        more, _ = await one(arguments, 10)
        print(f"ten times the institutions: {more / each:.2f} × the cost of a message")


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=50_000)
    parser.add_argument("--institutions", type=int, default=100)
    parser.add_argument("--drugs", type=int, default=20)
    parser.add_argument("--province", default=PROVINCE)
    parser.add_argument("--orders", action="store_true")
    parser.add_argument("--scale", action="store_true")
    parser.add_argument("--profile", action="store_true")
    arguments = parser.parse_args()
    tune_interpreter()
    if not arguments.profile:
        uvloop.run(main_async(arguments))
        return
    profile = cProfile.Profile()
    profile.enable()
    asyncio.run(main_async(arguments))
    profile.disable()
    pstats.Stats(profile).sort_stats("tottime").print_stats(45)


if __name__ == "__main__":
    main()
