"""支付标准的结论: standards set, replaced and ended, schedules refused, with their reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from gateway.policies.policy import because
from gateway.policies.prices.drawing import NamingDrawing
from gateway.policies.prices.payment_standard_pieces import Change, Open, Piece, Speaker, changes
from gateway.policies.prices.payment_standard_rules import BASIS, YEARS, Refusal, Schedule
from gateway.policies.ratio import priced
from gateway.policies.rulebook import Term
from schemas.events import (
    PAYMENT_STANDARD_ENDED,
    PAYMENT_STANDARD_SCHEDULE_REFUSED,
    PAYMENT_STANDARD_SET,
)
from schemas.money import PRICE_SCALE, plain

RULE: Final = "R6"
POLICY: Final = "payment_standard"
_NAME, _STEPS = 5, 4
_PRICE: Final = 1
"""Place of the price in a piece's content."""


class Product(NamedTuple):
    """A product in one region."""

    code: str
    name: str
    region: str


class Telling(NamingDrawing):
    """The conclusions that one message leads to for one drug, in order."""

    policy = POLICY

    def compare(
        self, product: Product, known: Mapping[str, list[Any]], wanted: Sequence[Piece]
    ) -> Open:
        """Conclude what is new or no longer so for one product; return what is open now."""
        still = dict(known)
        again = product.code in self.renamed
        for change in changes(known, wanted, ends_first=self._in_place, again=again):
            if change.piece is None:
                self._end(product, change, still.pop(change.since)[1])
            else:
                identity = self._set(product, change.piece, change.known)
                still[change.since] = [identity, change.piece.content]
        return still

    def _set(self, product: Product, piece: Piece, replaces: str) -> str:
        found = piece.found
        price, basis, selected, _, steps = found.content
        trigger = self._causes if replaces else ()
        data = {
            "unit_price": plain(price, PRICE_SCALE),
            "basis": basis,
            "selected_code": selected,
            "effective_from": piece.since,
            "effective_to": piece.until or None,
            "steps": [
                {"effective_from": day, "unit_price": plain(each, PRICE_SCALE)}
                for day, each in steps
            ],
            "replaces": replaces or None,
            "because": because(
                RULE, found.terms, found.arithmetic, (*found.facts, replaces, *trigger)
            ),
        }
        return self._draw(PAYMENT_STANDARD_SET, product, data)

    def _end(self, product: Product, change: Change, content: Sequence[Any]) -> None:
        price = content[_PRICE]
        line = f"{priced(price)} 自 {change.since} 起不再成立 no longer follows"
        terms = self._terms(product.region, change.since)
        data = {
            "standard_id": change.known,
            "price_ended": plain(price, PRICE_SCALE),
            "effective_from": change.since,
            "because": because(RULE, terms, [line], (change.known, *self._causes)),
        }
        self._draw(PAYMENT_STANDARD_ENDED, product, data)

    def refuse(
        self,
        speaker: Speaker,
        code: str,
        refused: tuple[str, Refusal] | None,
        known: str,
        schedules: Mapping[str, Schedule],
    ) -> str:
        """Conclude that a schedule is not applied, unless that was said; return what is said now."""
        if refused is None:
            return ""
        identity, refusal = refused
        said = f"{identity} {refusal.reason}"
        if said != known:
            schedule = schedules[identity]
            since = schedule[_STEPS][0][0]
            years = speaker.value(YEARS, since)
            terms = [years] if years is not None else self._terms(speaker.region, since)
            data = {
                "schedule_id": identity,
                "reason": refusal.reason.value,
                "effective_from": since,
                "because": because(RULE, terms, [refusal.line], (identity, *self._causes)),
            }
            product = Product(code, schedule[_NAME], speaker.region)
            self._draw(PAYMENT_STANDARD_SCHEDULE_REFUSED, product, data)
        return said

    def _draw(self, type_: str, product: Product, data: dict[str, Any]) -> str:
        about = {
            "unified_code": product.code,
            "drug": self._key,
            "drug_name": product.name,
            "region": product.region,
        }
        return self.draw(type_, about | data)

    def _terms(self, region: str, day: str) -> list[Term]:
        """Return the term of the standard's basis on a day, or the nearest there is."""
        terms = self._rules.of(region)
        found = terms.next_value(BASIS, date.fromisoformat(day)) if terms is not None else None
        return [found] if found is not None else []
