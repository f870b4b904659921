"""审核命令的公共入口: the crosswalk of files and store, and who is at the keyboard."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from gateway.commands.terminal import home_of, opened_journal
from gateway.errors import Misconfigured, Refused
from gateway.operators import Operators, Right
from gateway.settings import Settings

if TYPE_CHECKING:
    from gateway.coding.crosswalk import Crosswalk
    from gateway.coding.review import Review

CODES: str = "codes"


def utc_now() -> datetime:
    """Return the time at which the command runs."""
    return datetime.now(UTC)


def known_at(text: str) -> str:
    """Return a time on the known axis; "" stays. A day means by its end, in China. Raises BadParameter."""
    from gateway.coding.records import known_instant  # noqa: PLC0415 - only here

    try:
        return known_instant(text) if text else ""
    except ValueError as error:
        raise typer.BadParameter(
            f"{text!r}: 应为带时区的时间或日期 RFC 3339 or a day, e.g. 2026-01-05T08:00:00+08:00"
        ) from error


def entitled(settings: Settings, by: str, right: Right) -> str:
    """Return the person's id. Raises Misconfigured (not listed), Refused (may not)."""
    operators = Operators.load(home_of(settings))
    found = operators.get(by)
    if found is None:
        known = ", ".join(one.id for one in operators) or "–"
        raise Misconfigured(
            f"--by {by}: operators.toml 中没有此经办人 is not listed; known: {known}"
        )
    if right not in found.may:
        raise Refused(
            "operator.right",
            f"{found.name} 无此权限:{right}",
            f"{by} may not {right}",
            status=403,
        )
    return found.id


@contextlib.asynccontextmanager
async def opened_review(settings: Settings) -> AsyncIterator[Review]:
    """Open the journal and read the crosswalk; a running gateway follows what is decided here.

    Raises Misconfigured (bad files; no gateway ever ran on this home), Unavailable.
    """
    from gateway.coding.crosswalk import Crosswalk  # noqa: PLC0415 - the command line starts fast
    from gateway.coding.review import Review  # noqa: PLC0415
    from gateway.coding.review_messages import About, about_partner  # noqa: PLC0415
    from gateway.coding.store import CrosswalkStore  # noqa: PLC0415
    from gateway.partners import Partners  # noqa: PLC0415

    home = home_of(settings)
    files, partners = Crosswalk.load(home / CODES), Partners.load(home)
    async with opened_journal(settings, begin=True) as journal:
        store = CrosswalkStore(journal)
        crosswalk = await store.over(files)

        def about(partner: str) -> About:
            return about_partner(partners.get(partner), crosswalk, utc_now())

        yield Review(store, crosswalk, about)


async def read_crosswalk(settings: Settings) -> Crosswalk:
    """Return what the files say, and what was decided where a gateway ever ran on this home."""
    from gateway.coding.crosswalk import Crosswalk  # noqa: PLC0415

    home = home_of(settings)
    if settings.journal == "sqlite" and not (home / "journal.db").exists():
        return Crosswalk.load(home / CODES)
    async with opened_review(settings) as review:
        return review.crosswalk
