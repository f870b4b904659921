"""过评企业: which makers' products of a drug have passed consistency evaluation (一致性评价), and when.

A pass holds from its day up to the day before it is revoked. Makers are counted, not products: two
products of one maker count once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from gateway.policies.prices.price_book import FOREVER, day_after, day_before
from schemas.envelope import Message

Passes = Mapping[str, list[Any]]
"""By message id: [maker, product, first day, last day, place in the journal]"""
_FIRST: Final = 2


class Days(NamedTuple):
    """Consecutive days, both ends inclusive, and the messages that say so."""

    since: str
    until: str
    because: tuple[str, ...]


def with_pass(passes: Passes, message: Message, content: Mapping[str, Any]) -> Passes:
    """Return the passes with one more."""
    revoked = content.get("revoked_on")
    until = day_before(revoked) if revoked else FOREVER
    entry = [content["maker"], content["unified_code"], content["passed_on"], until]
    return {**passes, message.id: [*entry, message.sequence]}


def without_pass(passes: Passes, identity: str) -> Passes:
    """Return the passes without one; the same object where it is not among them."""
    if identity not in passes:
        return passes
    return {name: each for name, each in passes.items() if name != identity}


def counted(passes: Passes) -> Iterator[tuple[str, list[Any]]]:
    """Yield (message id, entry), of several about one maker, product and day the one recorded last."""
    latest: dict[tuple[str, ...], tuple[str, list[Any]]] = {}
    for identity, entry in passes.items():
        key = tuple(entry[: _FIRST + 1])
        known = latest.get(key)
        if known is None or (known[1][-1], known[0]) < (entry[-1], identity):
            latest[key] = (identity, entry)
    for identity, entry in latest.values():
        if entry[_FIRST] <= entry[_FIRST + 1]:
            yield identity, entry


def days_passed(passes: Passes, product: str) -> list[Days]:
    """Return the days on which a product counts as having passed, in order."""
    of_product = [
        Days(entry[_FIRST], entry[_FIRST + 1], (identity,))
        for identity, entry in counted(passes)
        if entry[1] == product
    ]
    return joined(of_product)


def makers_on(passes: Passes, day: str) -> dict[str, str]:
    """Return the makers with a pass on a day, each with the message that says so first."""
    found: dict[str, str] = {}
    for identity, entry in sorted(counted(passes), key=lambda one: (one[1][_FIRST], one[0])):
        if entry[_FIRST] <= day <= entry[_FIRST + 1]:
            found.setdefault(entry[0], identity)
    return dict(sorted(found.items()))


def days_with_makers(passes: Passes, needed: int) -> list[Days]:
    """Return the days on which at least so many makers have a pass, in order."""
    by_maker: dict[str, list[Days]] = {}
    for identity, entry in counted(passes):
        days = Days(entry[_FIRST], entry[_FIRST + 1], (identity,))
        by_maker.setdefault(entry[0], []).append(days)
    turns: Counter[str] = Counter()
    for of_maker in by_maker.values():
        for days in joined(of_maker):
            turns[days.since] += 1
            if days.until != FOREVER:
                turns[day_after(days.until)] -= 1
    found: list[Days] = []
    count, since = 0, ""
    for day in sorted(turns):
        before, count = count, count + turns[day]
        if before < needed <= count:
            since = day
        elif count < needed <= before:
            found.append(Days(since, day_before(day), ()))
    if count >= needed:
        found.append(Days(since, FOREVER, ()))
    return found


def joined(days: Iterable[Days]) -> list[Days]:
    """Return stretches of days in order; those that overlap or touch become one."""
    found: list[Days] = []
    for each in sorted(days):
        if found and each.since <= day_after(found[-1].until):
            last = found[-1]
            because = tuple(dict.fromkeys((*last.because, *each.because)))
            found[-1] = Days(last.since, max(last.until, each.until), because)
        else:
            found.append(each)
    return found


def common(some: Iterable[Days], others: Sequence[Days]) -> list[Days]:
    """Return the days that lie in both, in order."""
    return [
        Days(max(one.since, other.since), min(one.until, other.until), ())
        for one in some
        for other in others
        if max(one.since, other.since) <= min(one.until, other.until)
    ]


def outside(some: Iterable[Days], others: Sequence[Days]) -> Iterator[Days]:
    """Yield the days of `some` that do not lie in `others` (in order, apart), in order."""
    for one in some:
        since = one.since
        for other in others:
            if other.until < since or other.since > one.until:
                continue
            if since < other.since:
                yield Days(since, day_before(other.since), ())
            since = day_after(other.until) if other.until != FOREVER else FOREVER
        if since <= one.until and since != FOREVER:
            yield Days(since, one.until, ())


def at(days: Iterable[Days], day: str) -> Days | None:
    """Return the stretch that a day lies in."""
    return next((each for each in days if each.since <= day <= each.until), None)
