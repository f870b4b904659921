"""演出: the demo from beginning to end: reads the data, sets the stage, sends everything, adds it all up."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr, ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from gateway.bootstrap import Gateway, configure_logs, utc_now
from gateway.coding.records import LocalItem
from gateway.demo.codebook import UNKNOWN_CODE, Codebook, newly_mapped
from gateway.demo.courier import Courier
from gateway.demo.dataset import load
from gateway.demo.facts import Line, Order
from gateway.demo.hospital_letters import HospitalLetters
from gateway.demo.ledger import Ledger
from gateway.demo.letters import Letter, State
from gateway.demo.plan import Act, Plan, make_plan
from gateway.demo.platform_letters import PlatformLetters
from gateway.demo.premises import demo_broker, demo_database, demo_topics
from gateway.demo.reconcile import gather, reconcile
from gateway.demo.report import Report, make_report
from gateway.demo.reviewing import review
from gateway.demo.stage import HOST, Stage, set_stage
from gateway.demo.wrong_inputs import SMALL, WrongInputs
from gateway.errors import Misconfigured, Unavailable
from gateway.settings import Settings

SETTLE_SECONDS: Final = 120.0
SETTLE_PAUSE: Final = 0.5
BACKOFF: Final = 0.05
SHIPPED_DATA: Final = Path(__file__).resolve().parents[2] / "examples" / "national-vbp"


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """How the demo is run. Empty addresses: the environment's (JICAI_KAFKA, JICAI_POSTGRES)."""

    data: Path | None = None
    report: Path | None = None
    bus: str = "embedded"
    journal: str = "sqlite"
    kafka: str = ""
    postgres: str = ""
    regions: tuple[str, ...] = ()
    as_json: bool = False
    quiet: bool = False
    clock: Callable[[], datetime] = utc_now


@dataclass(slots=True)
class Players:
    """Everybody who takes part in one performance."""

    plan: Plan
    platforms: PlatformLetters
    hospitals: HospitalLetters
    stage: Stage
    gateway: Gateway
    courier: Courier
    ledger: Ledger
    progress: Progress


async def play(options: DemoOptions) -> Report:
    """Run the demo and return its report.

    Raises Misconfigured (data, settings, broker or database cannot be used), Unavailable (the gateway
    stopped answering, or did not come to rest in SETTLE_SECONDS).
    """
    began = time.monotonic()
    dataset = load(options.data or SHIPPED_DATA)
    plan = make_plan(dataset, options.regions)
    if not plan.acts:
        raise Misconfigured(
            "数据中没有可演示的约定采购量 no agreed volume with a supplier and a price"
            + (f" in {', '.join(options.regions)}" if options.regions else "")
        )
    async with _players(options, plan) as players:
        await _perform(players)
        with_rows = players.progress.add_task("对账 reconciliation", total=None)
        evidence = await gather(
            players.gateway,
            players.stage,
            lambda rows: players.progress.advance(with_rows, rows),
        )
        reconciliation = reconcile(players.ledger, evidence)
        report = await make_report(dataset, plan, players.ledger, reconciliation, players.gateway)
    return replace(report, elapsed_s=round(time.monotonic() - began, 1))


@asynccontextmanager
async def _players(options: DemoOptions, plan: Plan) -> AsyncIterator[Players]:
    """Set the stage, start the gateway; close and clean up everything afterwards."""
    codebook = Codebook(plan)
    hospitals = HospitalLetters(plan, codebook)
    platforms = PlatformLetters(plan, codebook)
    ledger = Ledger()
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="jicai-demo-"))
        progress = stack.enter_context(_progress(hidden=options.quiet or options.as_json))
        settings = await stack.enter_async_context(_settings(options, Path(folder)))
        stage = await set_stage(Path(folder), plan, codebook, hospitals, options.clock)
        stack.push_async_callback(stage.stop)
        configure_logs(settings)
        gateway = Gateway(settings, options.clock, keep_days=False)
        stack.push_async_callback(gateway.stop)
        await gateway.start()
        ports = (gateway.http_port, gateway.mllp_port)
        courier = await stack.enter_async_context(Courier(stage, ports, ledger, options.clock))
        yield Players(plan, platforms, hospitals, stage, gateway, courier, ledger, progress)


@asynccontextmanager
async def _settings(options: DemoOptions, home: Path) -> AsyncIterator[Settings]:
    """Give the run's settings: a home, topics and, on a given server, a database of its own."""
    try:
        given = Settings()
    except ValidationError as error:
        raise Misconfigured(*(str(each["msg"]) for each in error.errors())) from error
    named = options.kafka or (given.kafka if "kafka" in given.model_fields_set else "")
    url = SecretStr(options.postgres) if options.postgres else given.postgres
    async with (
        demo_database(options.journal, url) as database,
        demo_broker(options.bus, named) as kafka,
        demo_topics(options.bus, kafka) as prefix,
    ):
        own = {
            "home": home,
            "journal": options.journal,
            "postgres": database,
            "bus": options.bus,
            "kafka": kafka,
            "topic_prefix": prefix,
            "host": HOST,
            "port": 0,
            "mllp_port": 0,
            "delivery_backoff": BACKOFF,
            "log_level": "error",
        }
        yield _checked({**given.model_dump(), **own})


def _checked(values: dict[str, Any]) -> Settings:
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        findings = (f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise Misconfigured(*findings) from error


def _progress(*, hidden: bool) -> Progress:
    return Progress(
        TextColumn("[bold]{task.description:<34}"),
        BarColumn(bar_width=28),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        disable=hidden,
        transient=False,
    )


# --------------------------------------------------------------------------- the acts


async def _perform(players: Players) -> None:
    """Listings and tasks first, then quarter by quarter, then what is deliberately wrong."""
    platforms, hospitals = players.platforms, players.hospitals
    await _send(players, "挂网 listings", list(platforms.listings()))
    await _send(players, "采购任务 tasks", list(platforms.tasks()))
    await _settle(players)
    acts = players.plan.acts
    bars = players.progress
    total = sum(len(act.orders) for act in acts)
    bar = bars.add_task("逐季采购 quarter by quarter", total=total)
    for act in acts:
        bars.update(bar, description=f"采购 {act.quarter.period} orders, receipts")
        await _play_act(players, act)
        bars.advance(bar, len(act.orders))
    bars.update(bar, description="逐季采购 quarter by quarter")
    order = _order_with_his(acts, hospitals)
    if order is not None:
        wrong = WrongInputs(players.courier, players.ledger, platforms, hospitals, order)
        bar = bars.add_task("错误报文 wrong inputs", total=len(list(wrong.cases())))
        await wrong.send(lambda: bars.advance(bar))
        await _held_and_released(players, order)
    await _settle(players)


async def _play_act(players: Players, act: Act) -> None:
    """A quarter: ordered, shipped, received, dispensed, counted; then it closes and is measured.

    Acceptances are at rest before the quarter closes, as they are when a real quarter closes.
    """
    platforms, hospitals, courier = players.platforms, players.hospitals, players.courier
    followed = hospitals.followed(act)
    await courier.carry(platforms.orders(act.orders), _nothing)
    shipped = [hospitals.movements(order, packs, "shipping") for order, packs in followed]
    await courier.carry(shipped, _nothing)
    received = [hospitals.movements(order, packs, "receiving") for order, packs in followed]
    await courier.carry([*received, *platforms.receipts(act.orders)], _nothing)
    used: list[Letter] = []
    for order, packs in followed:
        used.append(hospitals.movements(order, packs, "dispensing"))
        used += [*hospitals.dispenses(order, packs), hospitals.supplementary(order)]
        used += hospitals.counts(order, packs)
    await courier.carry(used, _nothing)
    await _settle(players)
    await courier.carry(hospitals.closings(act), _nothing)
    await _settle(players)
    if act.late:
        await courier.carry(platforms.orders(act.late), _nothing)
        await courier.carry(platforms.receipts(act.late), _nothing)
        await _settle(players)


async def _held_and_released(players: Players, order: Order) -> None:
    """Two hospital orders with a code nobody has mapped; one of them again, behind itself; one more with
    a known code, which nothing holds up. Then two people map the code.
    """
    hospitals, gateway, ledger = players.hospitals, players.gateway, players.ledger
    line = Line(order.lines[0].product, SMALL, order.lines[0].unit_price)
    known = hospitals.known_code(order, line)
    said: list[tuple[str, str, str, State]] = [
        # (order, message, code, what becomes of it)
        ("GQ1", "GQ1", UNKNOWN_CODE, "held"),
        ("GQ2", "GQ2", UNKNOWN_CODE, "held"),
        ("GQ2", "GQ2-B", known, "held"),
        ("GQ3", "GQ3", known, "accepted"),
    ]
    letters = [
        replace(
            hospitals.his_order(
                order,
                f"{order.number}-{number}",
                [code],
                [line],
                message_id=f"{order.number}-{message}",
            ),
            state=state,
        )
        for number, message, code, state in said
    ]
    bar = players.progress.add_task("编码挂起与放行 held and released", total=len(letters) + 1)
    await players.courier.carry(letters, lambda: players.progress.advance(bar))
    row = newly_mapped(order.institution, line.product)
    product = line.product
    facts = LocalItem(
        *row[:3],
        name=product.drug.name,
        specification=product.spec,
        manufacturer=product.enterprise,
    )
    ledger.review = await review(gateway, row, facts)
    ledger.released = len(ledger.held) - len(await gateway.journal.held())
    players.progress.advance(bar)


def _order_with_his(acts: Sequence[Act], hospitals: HospitalLetters) -> Order | None:
    """Return an order of two lines and more whose institution has a HIS."""
    for act in acts:
        for order in act.orders:
            if order.institution in hospitals.institutions and len(order.lines) > 1:
                return order
    return None


async def _send(players: Players, title: str, letters: Iterable[Letter]) -> None:
    listed = list(letters)
    bar = players.progress.add_task(title, total=len(listed))
    await players.courier.carry(listed, lambda: players.progress.advance(bar))


async def _settle(players: Players) -> None:
    """Wait until the gateway is at rest; a broker that has just started may not know its groups yet."""
    ends = time.monotonic() + SETTLE_SECONDS
    while (left := ends - time.monotonic()) > 0:
        try:
            if await players.gateway.settle(left):
                return
        except Unavailable:
            await asyncio.sleep(SETTLE_PAUSE)
    raise Unavailable(f"网关未在 {SETTLE_SECONDS:.0f} 秒内处理完毕 the gateway did not settle")


def _nothing() -> None:
    """Quarters advance their bar as a whole."""
