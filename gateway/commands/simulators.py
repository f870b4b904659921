"""jicai simulate: an interface's simulator as a real server."""

from __future__ import annotations

import asyncio
import importlib

import typer

from adapters.registry import INTERFACES
from gateway.errors import Misconfigured
from gateway.intake.server import HttpServer


async def serve_simulator(interface: str, host: str, port: int, secret: str) -> None:
    """Serve until interrupted. Raises Misconfigured for an interface without a server to simulate."""
    if interface not in INTERFACES:
        raise Misconfigured(f"{interface}: 没有此接口; known: {', '.join(sorted(INTERFACES))}")
    module = importlib.import_module(f"adapters.{interface}.simulator")
    make = getattr(module, "make_simulator", None)
    if make is None:
        raise Misconfigured(
            f"{interface}: 该接口只有发送方,无服务可模拟 (it only sends; see its builders)"
        )
    server = HttpServer(make(secret.encode()), host, port)
    await server.start()
    typer.echo(f"{INTERFACES[interface].title} 模拟器 simulator on http://{host}:{server.port}")
    try:
        await asyncio.Event().wait()
    finally:
        await server.stop()
