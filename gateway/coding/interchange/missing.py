"""停用: what a partner's whole table no longer has ends the day before the table begins to hold.

It ends in the world (`valid_to`), it is not unsaid: what was coded by it before stays right. Only a
meaning that would begin later is taken back altogether.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from gateway.coding.interchange.believed import Believed, Key, believed
from gateway.coding.interchange.preview import Change, State
from gateway.coding.records import CrosswalkVersion, Proposal


@dataclass(frozen=True, slots=True)
class Scope:
    """How a file is meant."""

    full: bool = False
    """True: the file is the partner's whole table; what it does not have ends."""
    effective: str = ""
    """With `full`: the first day on which what is missing holds no longer."""
    partner: str = ""
    """With `full`: whose table it is, also where it has no row; "" : of those in its rows."""
    kind: str = ""
    source: str = ""
    """Name of the file, for reasons."""


def missing(listed: Collection[Key], crosswalk: Believed, scope: Scope) -> Iterator[Change]:
    """Yield what is believed from the effective day on and not `listed`, as retired."""
    rooms = {key[:2] for key in listed}
    if scope.partner and scope.kind:
        rooms.add((scope.partner, scope.kind))
    for partner, kind in sorted(rooms):
        for local in crosswalk.codes(partner, kind):
            key = (partner, kind, local)
            if key not in listed:
                for version in believed(crosswalk, key):
                    if version.valid_to >= scope.effective:
                        yield _retired(version, scope)


def _retired(version: CrosswalkVersion, scope: Scope) -> Change:
    zh, en = "全量文件中没有此编码", "not in the whole table"
    if not version.id:
        origin = version.origin
        zh, en = f"{zh},但在运维文件({origin})中", f"{en}, but in the operator's {origin}"
        return Change(0, State.CONFLICTING, version.key, zh, en, before=(version,))
    reason = f"{zh} {en}: {scope.source}"
    if version.valid_from < scope.effective:
        proposal = ending(version, day_before(scope.effective), scope.source, reason)
    else:
        proposal = replace(ending(version, version.valid_to, scope.source, reason), retires=True)
    return Change(0, State.RETIRED, version.key, zh, en, (proposal,), (version,))


def day_before(day: str) -> str:
    """Return the day before."""
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()


def ending(version: CrosswalkVersion, last: str, evidence: str, reason: str = "") -> Proposal:
    """Return the proposal that a version holds until `last` and no longer."""
    return Proposal(
        *version.key,
        version.unified_code,
        version.valid_from,
        last,
        version.relation,
        version.choice,
        evidence=evidence,
        reason=reason or version.reason,
        replaces=version.id,
        local_name=version.local_name,
        local_specification=version.local_specification,
    )
