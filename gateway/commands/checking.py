"""jicai check: everything that must be right before the program starts, one line per finding."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from gateway.bootstrap import known_interfaces
from gateway.coding.crosswalk import Crosswalk
from gateway.delivery.routes import Routes
from gateway.errors import GatewayError, Misconfigured
from gateway.journal.opening import open_journal
from gateway.operators import Operators
from gateway.partners import Partner, Partners
from gateway.policies.terms import load_terms
from gateway.settings import Settings
from schemas.events import EVENT_TYPES


async def findings(settings: Settings) -> list[str]:
    """Return one line per finding; [] when the configuration is sound."""
    found = _home_findings(settings.home)
    if found:
        return found
    partners = Partners({}, {})

    def attempt(read: Callable[[], object]) -> object | None:
        try:
            return read()
        except Misconfigured as wrong:
            found.extend(wrong.findings)
            return None

    loaded = attempt(lambda: Partners.load(settings.home))
    if isinstance(loaded, Partners):
        partners = loaded
        found.extend(_partner_findings(partners))
        attempt(lambda: Routes.load(settings.home, partners, known_interfaces()))
    found.extend(_key_findings(settings.home))
    attempt(lambda: Operators.load(settings.home))
    attempt(lambda: Crosswalk.load(settings.home / "codes"))
    attempt(load_terms)
    found.extend(_digest_findings())
    found.extend(await _journal_findings(settings))
    found.extend(await _bus_findings(settings))
    return found


def notes(settings: Settings) -> list[str]:
    """Return what is not wrong, but worth knowing: a home not made yet, what the code files say."""
    home = settings.home
    if not home.exists():
        return [f"{home}: 数据目录尚不存在 there is no such folder yet, the first start makes it"]
    if not home.is_dir():
        return []  # stands among the findings
    try:
        told = list(Crosswalk.load(home / "codes").notes)
        listed = len(Partners.load(home))
    except Misconfigured:
        return []  # stands among the findings
    if not listed:
        told.insert(0, "partners.toml: 尚无对接方 no partners yet: nobody can send anything")
    return told


def _home_findings(home: Path) -> list[str]:
    """Return what keeps the gateway from writing under home, or under the folder it is made in."""
    if home.exists() and not home.is_dir():
        return [f"JICAI_HOME: {home}: 不是目录 not a folder"]
    place = next(each for each in (home, *home.absolute().parents) if each.exists())
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        return [f"JICAI_HOME: {place}: 无法写入 cannot be written"]
    return []


def _partner_findings(partners: Partners) -> list[str]:
    known = known_interfaces()
    found: list[str] = []
    for one in partners:
        if one.interface not in known:
            found.append(
                f"partners.toml: partner {one.id}: 没有接口 no such interface: {one.interface}"
            )
        elif known[one.interface].transport == "http" and not partners.secret(one.id):
            found.append(f"secrets/{one.id}.key: 缺少密钥 the partner has no secret")
        found.extend(_type_findings(one))
    return found


def _key_findings(home: Path) -> list[str]:
    """Return the keys, of partners and of people, that others on this machine can read."""
    return [
        f"{key.relative_to(home)}: 权限过宽 readable by others, chmod 600"
        for key in sorted((home / "secrets").rglob("*.key"))
        if key.stat().st_mode & 0o077
    ]


def _type_findings(one: Partner) -> list[str]:
    return [
        f"partners.toml: partner {one.id}: may_send: 没有报文类型 no such type: {name}"
        for name in one.may_send
        if name not in EVENT_TYPES
    ]


def _digest_findings() -> list[str]:
    try:
        hashlib.new("sm3")
    except ValueError:
        return ["OpenSSL 不支持 SM3: HMAC-SM3 signatures cannot be checked on this machine"]
    return []


async def _journal_findings(settings: Settings) -> list[str]:
    if settings.journal == "sqlite" and not (settings.home / "journal.db").exists():
        return []  # made at the first start
    try:
        journal = open_journal(settings)
        await journal.start()
        await journal.stop()
    except GatewayError as wrong:
        return [f"journal {settings.journal}: {wrong}"]
    return []


async def _bus_findings(settings: Settings) -> list[str]:
    if settings.bus == "embedded":
        return []
    from gateway.bus.reaching import unreachable  # noqa: PLC0415 - Kafka loads slowly

    return await unreachable(settings.kafka)
