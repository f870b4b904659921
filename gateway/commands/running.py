"""jicai up, serve, work, demo, simulate, check: what runs."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from gateway.commands.terminal import (
    EXIT_NO,
    AsJson,
    load_settings,
    note,
    print_json,
    run,
    writing,
)
from gateway.errors import Misconfigured
from gateway.settings import Settings

if TYPE_CHECKING:
    from gateway.bootstrap import Gateway

Host = Annotated[str | None, typer.Option(help="监听地址 JICAI_HOST")]
Port = Annotated[int | None, typer.Option(help="HTTP 端口 JICAI_PORT")]
MllpPort = Annotated[int | None, typer.Option(help="MLLP 端口 JICAI_MLLP_PORT")]
Home = Annotated[Path | None, typer.Option(help="数据目录 JICAI_HOME")]
BusName = Annotated[str | None, typer.Option("--bus", help="embedded | kafka")]
JournalName = Annotated[str | None, typer.Option("--journal", help="sqlite | postgres")]
EXIT_FORCED: Final = 130


def up(
    *,
    home: Home = None,
    host: Host = None,
    port: Port = None,
    mllp_port: MllpPort = None,
    bus: BusName = None,
    journal: JournalName = None,
) -> None:
    """启动 doors and workers in one process."""
    given = {"home": home, "host": host, "port": port, "mllp_port": mllp_port}
    settings = load_settings(**given, bus=bus, journal=journal)
    run(_run(settings, serve_doors=True, do_work=True))


def serve(
    *,
    home: Home = None,
    host: Host = None,
    port: Port = None,
    mllp_port: MllpPort = None,
    bus: BusName = None,
    journal: JournalName = None,
) -> None:
    """只接入 the doors only; any number of processes on PostgreSQL."""
    given = {"home": home, "host": host, "port": port, "mllp_port": mllp_port}
    settings = load_settings(**given, bus=bus, journal=journal)
    run(_run(settings, serve_doors=True, do_work=False))


def work(*, home: Home = None, bus: BusName = None, journal: JournalName = None) -> None:
    """只处理 relay, policies and deliveries only; any number of processes on PostgreSQL and Kafka."""
    settings = load_settings(home=home, bus=bus, journal=journal)
    run(_run(settings, serve_doors=False, do_work=True))


def demo(
    *,
    data: Annotated[Path | None, typer.Option(help="数据文件夹 folder with vbp_*.csv")] = None,
    report: Annotated[Path | None, typer.Option(help="报告 JSON file to write")] = None,
    bus: Annotated[str, typer.Option(help="embedded | kafka")] = "embedded",
    journal: Annotated[str, typer.Option(help="sqlite | postgres")] = "sqlite",
    regions: Annotated[str, typer.Option(help="只做这些地区 GB/T 2260, comma separated")] = "",
    as_json: AsJson = False,
) -> None:
    """演示 the main job on real public data; exit code 0 only when everything is accounted for."""
    from gateway.demo import DemoOptions, run_demo  # noqa: PLC0415 - only here

    options = DemoOptions(
        data=data,
        report=report,
        bus=bus,
        journal=journal,
        regions=tuple(one for one in regions.split(",") if one),
        as_json=as_json,
    )
    if not run(run_demo(options)):
        raise typer.Exit(EXIT_NO)


def simulate(
    interface: Annotated[str, typer.Argument(help="接口名, e.g. insurance_nhsa")],
    *,
    host: Annotated[str, typer.Option(help="监听地址")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="端口, 0 为任意")] = 8700,
    secret: Annotated[
        str,
        typer.Option(
            help="密钥: of the partner, to check or make signatures", envvar="JICAI_SECRET"
        ),
    ] = "",
    digest: Annotated[
        Literal["sm3", "sha256"] | None,
        typer.Option(help="签名摘要 default: sm3 when called, sha256 when sending"),
    ] = None,
    mood: Annotated[
        str, typer.Option(help="对方状态 e.g. unavailable,lost,ok: in turn, the last one stays")
    ] = "ok",
    to: Annotated[str, typer.Option(help="发往 host:port or http(s)://…: send and end")] = "",
    partner: Annotated[str, typer.Option(help="以此对接方身份发送 send as this partner")] = "",
    api_key: Annotated[bool, typer.Option("--api-key", help="以密钥代替签名")] = False,
    count: Annotated[int, typer.Option(min=1, help="发送条数")] = 3,
    every: Annotated[float, typer.Option(min=0, help="间隔(秒)")] = 0.0,
    product: Annotated[str, typer.Option(help="产品编码 as the partner knows it")] = "SYN-P-0001",
    institution: Annotated[str, typer.Option(help="机构编码")] = "H53010100001",
    distributor: Annotated[str, typer.Option(help="配送企业编码")] = "91530100MA6K2ABC0X",
    sender: Annotated[str, typer.Option(help="报文中的自称, default: the partner's id")] = "",
    region: Annotated[str, typer.Option(help="GB/T 2260")] = "530000",
    as_json: AsJson = False,
) -> None:
    """模拟对方系统 an interface's other side: a server to wire against; with --to it sends."""
    from gateway.commands.sending import Sending, send_all  # noqa: PLC0415 - only here
    from gateway.commands.simulators import serve_simulator  # noqa: PLC0415

    sending = Sending(
        interface,
        to,
        partner,
        secret,
        digest=digest,
        api_key=api_key,
        count=count,
        every=every,
        codes=(product, institution, distributor),
        sender=sender,
        region=region,
    )
    if not to:
        run(serve_simulator(sending, host, port, mood, as_json=as_json))
    elif not run(send_all(sending, as_json=as_json)):
        raise typer.Exit(EXIT_NO)


def check(*, home: Home = None, as_json: AsJson = False) -> None:
    """检查配置 one line per finding; exit code 1 when there is one."""
    from gateway.commands.checking import findings, notes  # noqa: PLC0415 - only here

    settings = load_settings(home=home)
    found = run(findings(settings))
    noted = notes(settings)
    if as_json:
        print_json({"ok": not found, "findings": found, "notes": noted})
    else:
        for each in noted:
            typer.echo(f"· {each}")
        for each in found:
            typer.echo(f"✗ {each}")
        if not found:
            typer.echo("✓ 配置无误 the configuration is sound")
    if found:
        raise typer.Exit(EXIT_NO)


async def _run(settings: Settings, *, serve_doors: bool, do_work: bool) -> None:
    from gateway import bootstrap  # noqa: PLC0415 - rooms load slowly

    bootstrap.configure_logs(settings)
    bootstrap.tune_interpreter()
    with writing(settings.home):
        settings.home.mkdir(parents=True, exist_ok=True)
    embedded_work = do_work and settings.bus == "embedded"
    with only_worker(settings.home) if embedded_work else contextlib.nullcontext():
        await _run_until_stopped(
            bootstrap.Gateway(settings), serve_doors=serve_doors, do_work=do_work
        )


async def _run_until_stopped(gateway: Gateway, *, serve_doors: bool, do_work: bool) -> None:
    stopping = stop_at_signals()
    try:
        await _start(gateway, serve_doors=serve_doors, do_work=do_work)
        for line in _told(gateway, serve_doors=serve_doors, do_work=do_work):
            typer.echo(line)
        sys.stdout.flush()
        await gateway.wait(stopping)
        note("正在停止 stopping: finishing what is in flight …")
    finally:
        await gateway.stop()
    note("已停止 stopped")


@contextlib.contextmanager
def only_worker(home: Path) -> Iterator[None]:
    """Be the one process that works on a home; the lock ends with the process at the latest.

    Raises Misconfigured when another one does: the embedded bus is one process's.
    """
    lock = home / "run" / "work.lock"
    with writing(lock):
        lock.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(handle, 20).decode("ascii", "replace").strip() or "?"
            raise Misconfigured(
                f"JICAI_HOME: {home}: 已有进程 pid {holder} 在此运行 another process works on this "
                "home; several need JICAI_BUS=kafka"
            ) from error
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(handle)


def stop_at_signals() -> asyncio.Event:
    """Return an event that SIGINT and SIGTERM set. A second signal ends the process at once."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()

    def asked() -> None:
        if stopping.is_set():
            os._exit(EXIT_FORCED)  # what was accepted is durable; senders send the rest again
        stopping.set()

    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, asked)
    return stopping


async def _start(gateway: Gateway, *, serve_doors: bool, do_work: bool) -> None:
    settings = gateway.settings
    try:
        await gateway.start(serve=serve_doors, work=do_work)
    except OSError as error:  # the MLLP door: the HTTP door names itself
        address = f"{settings.host}:{settings.mllp_port}"
        raise Misconfigured(
            f"JICAI_HOST/JICAI_MLLP_PORT: {address}: 无法监听 cannot listen: {error.strerror or error}"
        ) from error


def _told(gateway: Gateway, *, serve_doors: bool, do_work: bool) -> Iterator[str]:
    """Return what an operator wants to know first: what listens where, and where things are kept."""
    settings = gateway.settings
    yield f"集采网关 jicai 已启动 started, pid {os.getpid()}"
    if serve_doors:
        base = f"http://{settings.host}:{gateway.http_port}"
        yield f"  HTTP    {base}  (接口文档 {base}/docs, 健康 {base}/readyz)"
        yield f"  MLLP    {settings.host}:{gateway.mllp_port}"
        admin = (
            "开放 open"
            if settings.admin_key.get_secret_value()
            else "未开放 closed (JICAI_ADMIN_KEY)"
        )
        yield f"  运维    {base}/admin {admin}"
    yield f"  数据    home {settings.home.resolve()}"
    yield f"  留痕    journal {settings.journal}, {gateway.journal.shards} shards"
    road = f"kafka {settings.kafka}" if settings.bus == "kafka" else "embedded"
    yield f"  总线    bus {road}{'' if do_work else ' (只接入 doors only)'}"
    partners = f"{len(gateway.partners)} partners, {len(gateway.routes)} routes"
    yield f"  对接方  {partners}, {len(gateway.receiving.crosswalk)} codes"
    yield "  停止    Ctrl-C or SIGTERM"
