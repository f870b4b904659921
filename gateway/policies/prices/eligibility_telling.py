"""资格的结论: suspensions and restorations said with their reasons, as the difference to what is open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from gateway.policies.policy import because
from gateway.policies.prices.drawing import NamingDrawing
from gateway.policies.prices.price_book import day_after
from gateway.policies.rulebook import Term
from schemas.events import LISTING_RESTORED, LISTING_SUSPENDED
from schemas.listing import RestoredBecause

RULE: Final = "R7"
POLICY: Final = "eligibility"
MAKERS: Final = "eligibility.makers"
EFFECT: Final = "eligibility.effect"
CONDITION: Final = "eligibility.condition"
_ID, _MAKERS, _REASON, _RESTORED_FROM, _RESTORED_ID = range(5)
Open = list[Any]
"""An open suspension in the state, by its first day: [its id, makers, reason, restored from, its id];
the last three are "" while it lasts."""


class Suspension(NamedTuple):
    """A stretch of days on which a product is suspended, both ends inclusive."""

    since: str
    until: str
    reason: str
    """Why it ends; "" while it does not."""
    makers: dict[str, str]
    """By maker: the message that says that it passed."""
    facts: tuple[str, ...]
    ends: tuple[str, ...]

    @property
    def restored_from(self) -> str:
        """Return the first day after; "" while it lasts."""
        return day_after(self.until) if self.reason else ""


Product = tuple[str, str, str]
"""(unified code, drug name, region)"""


class Telling(NamingDrawing):
    """The conclusions that one message leads to for one drug, in order."""

    policy = POLICY

    def compare(
        self, product: Product, known: Mapping[str, Open], wanted: Sequence[Suspension]
    ) -> dict[str, Open]:
        """Conclude what is new or no longer so for one product; return what is open now.

        What a correction moves to another first day stands in the place of what began on the wrong one.
        """
        left = dict(known)
        stood = {one.since: left.pop(one.since, None) for one in wanted}
        for since, open_ in stood.items():
            if open_ is None and left and self._in_place:
                gone = left.pop(min(left))
                stood[since] = [gone[_ID], None, "", "", ""]
        still: dict[str, Open] = {}
        if self._in_place:
            self._none_followed(product, left)
        for one in wanted:
            still[one.since] = self._said(product, one, stood[one.since])
        if not self._in_place:
            self._none_followed(product, left)
        return still

    def _said(self, product: Product, one: Suspension, known: Open | None) -> Open:
        """Say what is new of one suspension."""
        makers = list(one.makers)
        again = known is not None and (
            known[_MAKERS] != makers
            or bool(known[_RESTORED_ID] and not one.reason)
            or product[0] in self.renamed
        )
        if known is None or again:
            identity = self._suspend(product, one, known[_ID] if known is not None else "")
            known = [identity, makers, "", "", ""]
        if one.reason and [one.reason, one.restored_from] != known[_REASON:_RESTORED_ID]:
            restored = self._restore(product, one, known)
            known = [*known[:_REASON], one.reason, one.restored_from, restored]
        return known

    def _suspend(self, product: Product, one: Suspension, replaces: str) -> str:
        makers, effect, condition = self._terms(product[2], one.since)
        needed = int(makers.value) if makers is not None else 0
        shown = "、".join(one.makers)
        line = f"过评企业 makers that passed: {len(one.makers)} ≥ {needed} ({shown})"
        causes = (*one.facts, *one.makers.values(), replaces, *(self._causes if replaces else ()))
        return self._draw(
            LISTING_SUSPENDED,
            product,
            {
                "suspended_from": one.since,
                "makers": len(one.makers),
                "makers_needed": needed,
                "passed_makers": list(one.makers),
                "effect": effect.value if effect is not None else "proposal",
                "condition": condition.value if condition is not None else None,
                "replaces": replaces or None,
                "because": because(RULE, _known(makers, effect, condition), [line], causes),
            },
        )

    def _restore(self, product: Product, one: Suspension, known: Open) -> str:
        line = f"自 {one.restored_from} 起恢复 restored: {one.reason}"
        return self._end(product, one.since, known, one.restored_from, one.reason, line, one.ends)

    def _none_followed(self, product: Product, left: Mapping[str, Open]) -> None:
        """Say that some suspensions never followed."""
        for since, gone in left.items():
            if gone[_REASON] != RestoredBecause.CORRECTED:
                line = f"自 {since} 起的暂停不再成立 no longer follows"
                self._end(product, since, gone, since, RestoredBecause.CORRECTED, line, ())

    def _end(
        self,
        product: Product,
        since: str,
        known: Open,
        day: str,
        reason: str,
        line: str,
        ends: Sequence[str],
    ) -> str:
        makers, effect, condition = self._terms(product[2], since)
        causes = (known[_ID], *ends, *self._causes)
        return self._draw(
            LISTING_RESTORED,
            product,
            {
                "suspension_id": known[_ID],
                "restored_from": day,
                "reason": str(reason),
                "effect": effect.value if effect is not None else "proposal",
                "replaces": known[_RESTORED_ID] or None,
                "because": because(RULE, _known(makers, effect, condition), [line], causes),
            },
        )

    def _draw(self, type_: str, product: Product, data: dict[str, Any]) -> str:
        code, name, region = product
        about = {"unified_code": code, "drug": self._key, "drug_name": name, "region": region}
        return self.draw(type_, about | data)

    def _terms(self, region: str, day: str) -> tuple[Term | None, Term | None, Term | None]:
        terms, on = self._rules.of(region), date.fromisoformat(day)
        if terms is None:
            return None, None, None
        return terms.value(MAKERS, on), terms.value(EFFECT, on), terms.value(CONDITION, on)


def _known(*terms: Term | None) -> list[Term]:
    return [term for term in terms if term is not None]
