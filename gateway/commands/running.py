"""jicai up, serve, work, demo, simulate, check: what runs."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Annotated

import typer

from gateway.commands.terminal import AsJson, load_settings, print_json, run
from gateway.settings import Settings

Host = Annotated[str | None, typer.Option(help="监听地址 JICAI_HOST")]
Port = Annotated[int | None, typer.Option(help="HTTP 端口 JICAI_PORT")]
MllpPort = Annotated[int | None, typer.Option(help="MLLP 端口 JICAI_MLLP_PORT")]
Home = Annotated[Path | None, typer.Option(help="数据目录 JICAI_HOME")]
BusName = Annotated[str | None, typer.Option("--bus", help="embedded | kafka")]
JournalName = Annotated[str | None, typer.Option("--journal", help="sqlite | postgres")]
EXIT_FAILED = 1


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
    *, home: Home = None, host: Host = None, port: Port = None, mllp_port: MllpPort = None
) -> None:
    """只接入 the doors only; any number of processes on PostgreSQL."""
    settings = load_settings(home=home, host=host, port=port, mllp_port=mllp_port)
    run(_run(settings, serve_doors=True, do_work=False))


def work(*, home: Home = None) -> None:
    """只处理 relay, policies and deliveries only; any number of processes on PostgreSQL and Kafka."""
    run(_run(load_settings(home=home), serve_doors=False, do_work=True))


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
        raise typer.Exit(EXIT_FAILED)


def simulate(
    interface: str,
    *,
    host: Annotated[str, typer.Option(help="监听地址")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="端口")] = 8700,
    secret: Annotated[str, typer.Option(help="验签密钥 signing key", envvar="JICAI_SECRET")] = "",
) -> None:
    """模拟对方系统 run an interface's simulator as a server, to wire against without the real one."""
    from gateway.commands.simulators import serve_simulator  # noqa: PLC0415 - only here

    run(serve_simulator(interface, host, port, secret))


def check(*, home: Home = None, as_json: AsJson = False) -> None:
    """检查配置 one line per finding; exit code 1 when there is one."""
    from gateway.commands.checking import findings  # noqa: PLC0415 - only here

    found = run(findings(load_settings(home=home)))
    if as_json:
        print_json({"ok": not found, "findings": found})
    else:
        for each in found:
            typer.echo(f"✗ {each}")
        if not found:
            typer.echo("✓ 配置无误 the configuration is sound")
    if found:
        raise typer.Exit(EXIT_FAILED)


async def _run(settings: Settings, *, serve_doors: bool, do_work: bool) -> None:
    from gateway.bootstrap import Gateway, configure_logs  # noqa: PLC0415 - rooms load slowly

    configure_logs(settings)
    settings.home.mkdir(parents=True, exist_ok=True)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stopping.set)
    gateway = Gateway(settings)
    try:
        await gateway.start(serve=serve_doors, work=do_work)
        if serve_doors:
            base = f"http://{settings.host}:{gateway.http_port}"
            typer.echo(f"集采网关已启动 HTTP {base}/docs  MLLP {settings.host}:{gateway.mllp_port}")
        await gateway.wait(stopping)
    finally:
        await gateway.stop()
