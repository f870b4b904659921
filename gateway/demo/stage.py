"""舞台: a home folder for the gateway, and the partner systems as real servers on this machine.

Everything lies in a temporary folder and listens on 127.0.0.1 with ports of the system's choice.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from adapters._kit.simulation import Mood, Receive, Scope, Send, SimulatedPartner
from adapters.insurance_nhsa.simulator import InsurancePlatform
from adapters.yunnan_procurement.simulator import YunnanPlatform
from gateway.demo.cast import CANONICAL, HIS, INSURANCE, PROCUREMENT, TRACE, Place
from gateway.demo.codebook import Codebook, crosswalk_file
from gateway.demo.hospital_letters import HospitalLetters
from gateway.demo.plan import Plan
from gateway.errors import Misconfigured
from gateway.intake.server import HttpServer
from schemas.events import (
    PRICE_LINKED,
    PROGRESS_WARNED,
    PROGRESS_WARNING_LIFTED,
    SETTLEMENT_HELD,
    SETTLEMENT_RESUMED,
    STOCK_COUNTED,
    USAGE_DISPENSED,
)

HOST: Final = "127.0.0.1"
SIDE_BY_SIDE: Final = "8"
"""Deliveries of different subjects under way at once per partner."""
_TROUBLED: Final = ("unavailable", "error_inside", "truncated", "html")
"""How the first insurance platform's first calls go wrong: nothing may be lost or doubled by it."""
_PREFIX_PARTS: Final = 2
_CLAUSES: Final = {
    "price": "渝府办发〔2019〕29号 二（四）;云医保〔2020〕71号 四（一）",
    "progress": "黔医保发〔2019〕69号 五（三）",
    "usage": "医保进销存与依码结算 3501 / 3505",
}


class Switchboard:
    """总机: one ASGI server for many simulated partners; the path's first part names the partner."""

    def __init__(self) -> None:
        self.partners: dict[str, SimulatedPartner] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request to the partner it names; 404 for nobody."""
        _, name, *rest = f"{scope.get('path', '')}/".split("/", _PREFIX_PARTS)
        partner = self.partners.get(name)
        if partner is None:
            await send({"type": "http.response.start", "status": 404, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return
        path = "/" + (rest[0] if rest else "").rstrip("/")
        await partner({**scope, "path": path, "raw_path": path.encode()}, receive, send)


@dataclass(slots=True)
class Stage:
    """The set: partners with their secrets, platforms and insurance agencies by partner id."""

    home: Path
    server: HttpServer
    switchboard: Switchboard
    secrets: dict[str, bytes] = field(default_factory=dict)
    algorithms: dict[str, str] = field(default_factory=dict)
    platforms: dict[str, YunnanPlatform] = field(default_factory=dict)
    insurers: dict[str, InsurancePlatform] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """Return where the simulated partners listen."""
        return f"http://{HOST}:{self.server.port}"

    async def stop(self) -> None:
        """Close the simulated partners' server."""
        await self.server.stop()


async def set_stage(
    home: Path,
    plan: Plan,
    codebook: Codebook,
    hospitals: HospitalLetters,
    clock: Callable[[], datetime],
) -> Stage:
    """Write partners, secrets, routes and codes under `home`, and start the simulated partners."""
    switchboard = Switchboard()
    stage = Stage(home, HttpServer(switchboard, HOST, 0), switchboard)
    await stage.server.start()
    written: list[dict[str, Any]] = []
    troubled = True
    for place in plan.places.values():
        written += _platform(stage, place, clock)
        if place.institutions:
            written += _region_partners(stage, place, clock, troubled=troubled)
            troubled = False
    for institution in hospitals.institutions:
        written.append(
            _partner(
                stage,
                institution.his,
                f"{institution.name} HIS",
                HIS,
                institution.region,
                sender_ids=[institution.his],
                settings={"charset": hospitals.charset(institution)},
            )
        )
    _write_home(stage, plan, codebook, hospitals, written)
    return stage


def _platform(
    stage: Stage, place: Place, clock: Callable[[], datetime]
) -> Iterable[dict[str, Any]]:
    name = place.platform
    yield _partner(
        stage,
        name,
        f"合成采购平台-{place.name}",
        PROCUREMENT,
        place.region,
        url=f"{stage.address}/{name}",
        settings={"parallel": SIDE_BY_SIDE},
    )
    platform = YunnanPlatform(clock, secret=stage.secrets[name])
    stage.platforms[name] = stage.switchboard.partners[name] = platform


def _region_partners(
    stage: Stage, place: Place, clock: Callable[[], datetime], *, troubled: bool
) -> Iterable[dict[str, Any]]:
    name, region = place.insurance, place.region
    named = {f"institution_name.{each.code}": each.name for each in place.institutions}
    yield _partner(
        stage,
        name,
        f"合成医保经办-{place.name}",
        INSURANCE,
        region,
        url=f"{stage.address}/{name}",
        settings={"parallel": SIDE_BY_SIDE, **named},
    )
    mood = Mood(script=deque(_TROUBLED if troubled else ()))
    insurer = InsurancePlatform(clock, secret=stage.secrets[name], division=region, mood=mood)
    stage.insurers[name] = stage.switchboard.partners[name] = insurer
    yield _partner(stage, place.trace, f"合成追溯系统-{place.name}", TRACE, region, auth="hmac_sm3")
    yield _partner(
        stage,
        place.bureau,
        f"合成监测机构-{place.name}",
        CANONICAL,
        region,
        native_codes=["product", "institution", "enterprise"],
    )


def _partner(
    stage: Stage, name: str, title: str, interface: str, region: str, **more: Any
) -> dict[str, Any]:
    stage.secrets[name] = secrets.token_hex(24).encode()
    stage.algorithms[name] = more.get("auth", "hmac_sha256").replace("_", "-")
    return {"id": name, "name": title, "interface": interface, "region": region, **more}


# --------------------------------------------------------------------------- the home folder


def _write_home(
    stage: Stage,
    plan: Plan,
    codebook: Codebook,
    hospitals: HospitalLetters,
    partners: Iterable[Mapping[str, Any]],
) -> None:
    home = stage.home
    try:
        (home / "codes").mkdir(parents=True, exist_ok=True)
        (home / "secrets").mkdir(mode=0o700, exist_ok=True)
        for name, secret in stage.secrets.items():
            path = home / "secrets" / f"{name}.key"
            path.touch(mode=0o600)
            path.write_bytes(secret)
        _write(home / "partners.toml", _tables("partner", partners))
        _write(home / "routes.toml", _tables("route", _routes(plan)))
        _write(home / "codes" / "products.csv", codebook.products_file())
        rows = codebook.rows(hospitals.institutions)
        _write(home / "codes" / "crosswalk.csv", crosswalk_file(rows))
    except OSError as error:
        raise Misconfigured(f"{home}: {error.strerror}") from error


def _routes(plan: Plan) -> Iterable[dict[str, Any]]:
    for place in plan.buying:
        region = [place.region]
        yield {
            "types": [SETTLEMENT_HELD, SETTLEMENT_RESUMED],
            "regions": region,
            "to": place.insurance,
            "reason": _CLAUSES["progress"],
        }
        yield {
            "types": [USAGE_DISPENSED, STOCK_COUNTED],
            "regions": region,
            "to": place.insurance,
            "reason": _CLAUSES["usage"],
        }
        yield {
            "types": [
                PROGRESS_WARNED,
                PROGRESS_WARNING_LIFTED,
                SETTLEMENT_HELD,
                SETTLEMENT_RESUMED,
            ],
            "regions": region,
            "to": place.platform,
            "reason": _CLAUSES["progress"],
        }
    for place in plan.places.values():
        yield {
            "types": [PRICE_LINKED],
            "regions": [place.region],
            "to": place.platform,
            "reason": _CLAUSES["price"],
        }


def _tables(name: str, records: Iterable[Mapping[str, Any]]) -> str:
    """Return TOML with one table per record; values are texts, lists of texts or tables of texts."""
    return "\n".join(
        f"[[{name}]]\n" + "".join(f"{key} = {_value(value)}\n" for key, value in record.items())
        for record in records
    )


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_quoted(key)} = {_quoted(each)}" for key, each in value.items())
        return f"{{ {inner} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_quoted, value))}]"
    return _quoted(str(value))


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(sign if sign.isprintable() else " " for sign in escaped) + '"'


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
