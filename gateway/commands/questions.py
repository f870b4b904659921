"""提问: what a command line names (partner, day, moment, type), checked before anything is opened."""

from __future__ import annotations

from datetime import date, datetime

import typer

from gateway.errors import Misconfigured
from gateway.partners import Partners
from gateway.settings import Settings
from schemas.codes import CodeKind


def known_partner(settings: Settings, partner: str) -> None:
    """Raise Misconfigured unless `partners.toml` lists the partner (disabled ones included)."""
    listed = [one.id for one in Partners.load(settings.home)]
    if partner not in listed:
        known = ", ".join(listed) or "–"
        raise Misconfigured(
            f"partner {partner}: partners.toml 中没有此对接方 is not listed; known: {known}"
        )


def known_topic(topic: str) -> None:
    """Raise BadParameter unless the topic is in the catalogue."""
    from schemas.events import TOPICS  # noqa: PLC0415 - the message types load slowly

    if topic not in TOPICS:
        raise typer.BadParameter(f"{topic}: 没有此主题 no such topic; known: {', '.join(TOPICS)}")


def known_type(name: str) -> None:
    """Raise BadParameter unless "" or a message type of the catalogue."""
    if not name:
        return
    from schemas.events import EVENT_TYPES  # noqa: PLC0415 - the message types load slowly

    if name not in EVENT_TYPES:
        known = ", ".join(EVENT_TYPES)
        raise typer.BadParameter(f"{name}: 没有此报文类型 no such type; known: {known}")


def known_kind(kind: str) -> None:
    """Raise BadParameter unless a kind of code."""
    if kind not in {one.value for one in CodeKind}:
        known = ", ".join(one.value for one in CodeKind)
        raise typer.BadParameter(f"{kind}: 没有此编码类别 no such kind of code; known: {known}")


def day(text: str) -> str:
    """Return a day. Raises BadParameter unless YYYY-MM-DD and in the calendar."""
    try:
        if date.fromisoformat(text).isoformat() == text:
            return text
    except ValueError:
        pass
    raise typer.BadParameter(f"{text!r}: 应为日期 YYYY-MM-DD, a day of the calendar")


def moment(text: str) -> str:
    """Return a moment or a day as given; "" stays; without an offset it is China's. Raises BadParameter."""
    if text:
        try:
            datetime.fromisoformat(text)
        except ValueError as error:
            raise typer.BadParameter(
                f"{text!r}: 应为时间 RFC 3339 or a day, e.g. 2026-01-05T08:00:00+08:00, 2026-01-05"
            ) from error
    return text
