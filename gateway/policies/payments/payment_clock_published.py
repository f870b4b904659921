"""逾期公布: which receipts were overdue at the end of a closed period, where the paper has them published.

An institution's publications stand by `region|period`: [the period's last day, the id of its closing, how
many receipts were overdue, their sum in fen, the id of what is published, the region whose paper has it
published]. Where nothing was overdue the last four are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from gateway.policies.payments import payment_clock_findings as findings
from gateway.policies.payments.payment_clock_receipts import Overdue, Receipt, causes, overdue
from gateway.policies.payments.payment_clock_standing import covers
from gateway.policies.policy import because
from gateway.policies.rulebook import Rulebook, Term
from schemas.money import yuan
from schemas.payment import Finding

Place = Sequence[Any]
Data = dict[str, Any]
_NOTHING: Final = (0, 0, "", "")
_CLOSING: Final = 2


def counted(known: Place | None) -> tuple[int, int, str, str]:
    """Return how many receipts a publication counts, their sum in fen, its id and whose paper it follows."""
    if known is None or len(known) == _CLOSING:
        return _NOTHING
    return known[2], known[3], known[4], known[5]


def place_with(closing: Place, count: int, total: int, identity: str, by: str) -> list[Any]:
    """Return a closing's publication: count, sum, id and whose paper it follows."""
    return [*closing[:_CLOSING], *((count, total, identity, by) if count or identity else ())]


def published_by(region: str, ended_on: str, rules: Rulebook) -> Term | None:
    """Return the term by which what is overdue in a region is published; None where the paper is silent."""
    return rules.term(region, "payment.published", ended_on)


def overdue_at(receipt: Receipt, place: str, ended_on: str, rules: Rulebook) -> Overdue | None:
    """Return what of a receipt is published of a period; None for nothing."""
    late = overdue(receipt, ended_on, ended_on)
    if late is None or not covers(place.split("|", maxsplit=1)[0], late.region):
        return None
    return late if published_by(late.region, ended_on, rules) is not None else None


def spoken_of(regions: Iterable[str], place: str, ended_on: str, rules: Rulebook) -> bool:
    """Return whether anything of a period may be published of receipts of some regions."""
    where = place.split("|", maxsplit=1)[0]
    return any(
        covers(where, region) and published_by(region, ended_on, rules) is not None
        for region in regions
    )


def publication(
    place: str, known: Place, receipts: Iterable[tuple[str, Receipt]], rules: Rulebook
) -> tuple[Data, str]:
    """Return what is published of a period, and the region whose paper has it published."""
    ended_on, closed_by, count, total = known[:4]
    region, period = place.split("|")
    late = [
        (each, receipt)
        for _, receipt in receipts
        if (each := overdue_at(receipt, place, ended_on, rules)) is not None
    ]
    terms = [term for each, _ in late if (term := published_by(each.region, ended_on, rules))]
    why = [cause for _, receipt in late for cause in causes(receipt)]
    said = f"{count} 张验收单逾期未付 receipts overdue: {yuan(total)}"
    data = {
        "region": region,
        "period": period,
        "receipts": count,
        "outstanding": yuan(total),
        "published_on": ended_on,
        "because": because(findings.RULE, terms[:1], [said], [*why, closed_by]),
    }
    return data, late[0][0].region


def unpublished(place: str, known: Place, on: str, why: Iterable[str], rules: Rulebook) -> Data:
    """Return the end of a publication on a day, caused by messages."""
    region, period = place.split("|")
    published = published_by(region, known[0], rules) or published_by(known[5], known[0], rules)
    reasons = because(
        findings.RULE,
        [published] if published else [],
        ["逾期未付 overdue: 0.00"],
        [known[4], known[1], *why],
    )
    place_named = {"period": period}
    ended_on = max(known[0], on)
    return findings.ended(Finding.PUBLISHED, known[4], region, place_named, ended_on, reasons)
