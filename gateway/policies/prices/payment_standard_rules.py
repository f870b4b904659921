"""支付标准的推算 (R6): what a product's payment standard is on a day, from prices, passes and schedules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any, Final

from gateway.policies.prices.eligibility_passes import Days, at, days_passed
from gateway.policies.prices.listings import LISTED, SELECTED, About, Market
from gateway.policies.prices.payment_standard_pieces import (
    Found,
    Piece,
    Speaker,
    pieces,
    turns_of,
    turns_of_terms,
)
from gateway.policies.prices.price_book import FOREVER, Span, day_after, holding
from gateway.policies.quarters import add_months
from gateway.policies.ratio import priced
from gateway.policies.rulebook import Term
from schemas.payment_standard import RefusedBecause, StandardBasis
from schemas.price import ProductOrigin

BASIS: Final = "payment_standard.basis"
SAME_FOR: Final = "payment_standard.same_for"
AMONG: Final = "payment_standard.among_several"
YEARS: Final = "payment_standard.converge_years"
NAMES: Final = (BASIS, SAME_FOR, AMONG, YEARS)
_MONTHS: Final = 12
_ORIGINALS: Final = frozenset({ProductOrigin.ORIGINATOR.value, ProductOrigin.REFERENCE.value})
Schedule = Sequence[Any]
"""渐进调整方案 in the state: [product, region, decided on, place in the journal, steps, drug name]; a step
is [day, price]."""
_DECIDED, _ORDER, _STEPS = 2, 3, 4


class Refusal(Exception):  # noqa: N818 - it says why a schedule is not applied
    """A schedule does not agree with the paper."""

    def __init__(self, reason: RefusedBecause, line: str) -> None:
        super().__init__(line)
        self.reason, self.line = reason, line


class Standards:
    """What follows for one product in one region."""

    def __init__(
        self,
        market: Market,
        speaker: Speaker,
        product: str,
        passes: Mapping[str, list[Any]],
        schedules: Mapping[str, Schedule],
    ) -> None:
        self._market, self._speaker, self._product = market, speaker, product
        self._passed: list[Days] = days_passed(passes, product)
        self._chosen = market.above(product, speaker.region, SELECTED)
        self._listed = market.above(product, speaker.region, LISTED)
        self._selected_others: list[tuple[str, list[Span]]] | None = None
        self._schedules = schedules
        self._schedule_id = ""
        self._schedule: Schedule | None = None
        self.refused: tuple[str, Refusal] | None = None

    def pieces(self) -> list[Piece]:
        """Return the standards from day to day; sets `refused` where the latest schedule is not applied."""
        if not any(self._insured(span) for span in (*self._chosen, *self._listed)):
            return []
        self._schedule_id, self._schedule = self._applied()
        return pieces(self._turns(), self._on)

    def _turns(self) -> Iterator[str]:
        yield from turns_of((*self._chosen, *self._listed))
        yield from (day for _, spans in self._others() for day in turns_of(spans))
        for days in self._passed:
            yield days.since
            if days.until != FOREVER:
                yield day_after(days.until)
        yield from turns_of_terms(self._speaker.terms, NAMES)
        if self._schedule is not None:
            yield from (day for day, _ in self._schedule[_STEPS])

    def _on(self, day: str) -> Found | None:
        basis = self._speaker.value(BASIS, day)
        if basis is None or not self._speaker.speaks(BASIS, day):
            return None
        own = holding(self._chosen, day)
        if own is not None:
            if not (self._insured(own) and own.price):
                return None
            line = f"支付标准 standard = 本品中选价 own selected price {priced(own.price)}"
            content: tuple[Any, ...] = (
                own.price,
                StandardBasis.SELECTED_PRICE.value,
                self._product,
                "",
                [],
            )
            return Found(content, (basis,), (line,), (own.id,))
        return self._same_generic(day, basis)

    def _same_generic(self, day: str, basis: Term) -> Found | None:
        """Return the standard of a product that is not selected: that of the selected one."""
        same, listed = self._speaker.value(SAME_FOR, day), holding(self._listed, day)
        if same is None or listed is None or not self._insured(listed):
            return None
        passed = at(self._passed, day)
        if self._about(listed).origin not in _ORIGINALS and passed is None:
            return None
        base = self._base(day, self._about(listed))
        if base is None:
            return None
        code, chosen, among = base
        line = (
            f"支付标准 standard = 同通用名中选价 selected price of {code}: {priced(chosen.price)}"
        )
        facts = (listed.id, chosen.id, *(passed.because if passed is not None else ()))
        terms = (basis, same, *((among,) if among is not None else ()))
        step = self._step_on(day)
        if step is None or step[1] <= chosen.price:
            content: tuple[Any, ...] = (
                chosen.price,
                StandardBasis.SAME_GENERIC.value,
                code,
                "",
                [],
            )
            return Found(content, terms, (line,), facts)
        years = self._speaker.value(YEARS, day)
        later = [list(each) for each in self._steps() if each[0] > day]
        shown = f"渐进调整 schedule: {priced(step[1])} > {priced(chosen.price)}"
        content = (step[1], StandardBasis.SCHEDULE.value, code, self._schedule_id, later)
        used = (*terms, *((years,) if years is not None else ()))
        return Found(content, used, (line, shown), (*facts, self._schedule_id))

    def _base(self, day: str, about: About) -> tuple[str, Span, Term | None] | None:
        """Return the selected product whose price is the standard; None: none, or several differ."""
        found = []
        for code, spans in self._others():
            span = holding(spans, day)
            if span is not None and self._comparable(span, about):
                found.append((span.price, code, span))
        if not found:
            return None
        prices = {price for price, _, _ in found}
        among = self._speaker.value(AMONG, day) if len(prices) > 1 else None
        if len(prices) > 1 and among is None:
            return None
        wanted = max(prices) if among is not None and among.value == "highest" else min(prices)
        _, code, span = min((each for each in found if each[0] == wanted), key=lambda one: one[1])
        return code, span, among

    def _others(self) -> list[tuple[str, list[Span]]]:
        """Return the selected prices of the drug's other products."""
        if self._selected_others is None:
            region = self._speaker.region
            found = (
                (code, self._market.above(code, region, SELECTED))
                for code in self._market.products()
                if code != self._product
            )
            self._selected_others = [(code, spans) for code, spans in found if spans]
        return self._selected_others

    def _comparable(self, span: Span, about: About) -> bool:
        """Return whether a selected price may be the standard of a product of this form."""
        return bool(span.price) and self._insured(span) and self._about(span).same_form(about)

    def _about(self, span: Span) -> About:
        return self._market.about(span.about)

    def _insured(self, span: Span) -> bool:
        return self._about(span).insured is True

    # ------------------------------------------------------------------ by steps

    def _applied(self) -> tuple[str, Schedule | None]:
        """Return the schedule decided last of those that agree with the paper.

        It stands in the place of the earlier ones. One that is refused has no effect, so none on what was
        decided before it either; `refused` then says why, of the latest.
        """
        for identity in sorted(self._schedules, key=self._decided, reverse=True):
            try:
                self._check(self._schedules[identity])
            except Refusal as refusal:
                self.refused = self.refused or (identity, refusal)
            else:
                return identity, self._schedules[identity]
        return "", None

    def _decided(self, identity: str) -> tuple[Any, Any, str]:
        schedule = self._schedules[identity]
        return schedule[_DECIDED], schedule[_ORDER], identity

    def _steps(self) -> Sequence[Sequence[Any]]:
        return self._schedule[_STEPS] if self._schedule is not None else ()

    def _step_on(self, day: str) -> Sequence[Any] | None:
        """Return the step in force on a day."""
        past = (each for each in self._steps() if each[0] <= day)
        return max(past, key=lambda one: str(one[0]), default=None)

    def _check(self, schedule: Schedule) -> None:
        """Raise Refusal unless the steps come down to the selected price within the years of the paper."""
        steps = schedule[_STEPS]
        last_day, last_price = steps[-1]
        years = self._speaker.value(YEARS, steps[0][0])
        if years is None:
            line = "文件未规定渐进调整 the paper provides no schedule"
            raise Refusal(RefusedBecause.NOT_PROVIDED, line)
        _check_falling(steps)
        base = self._base_for_steps(steps)
        if base is None:
            return
        code, chosen, _ = base
        if last_price > chosen.price:
            line = f"末步 last step {priced(last_price)} > 中选价 {priced(chosen.price)}"
            raise Refusal(RefusedBecause.NOT_CONVERGING, line)
        begun = min(
            span.since for other, spans in self._others() for span in spans if other == code
        )
        end = add_months(date.fromisoformat(begun), _MONTHS * int(years.value)).isoformat()
        if last_day > end:
            line = f"末步 last step {last_day} > {begun} + {years.value} 年 = {end}"
            raise Refusal(RefusedBecause.TOO_LATE, line)

    def _base_for_steps(
        self, steps: Sequence[Sequence[Any]]
    ) -> tuple[str, Span, Term | None] | None:
        """Return the price that steps come down to: on the last one's day, else on the nearest before."""
        if not self._listed:
            return None
        about = self._about(self._listed[-1])
        days = [day for day, _ in reversed(steps)]
        return next((found for day in days if (found := self._base(day, about))), None)


def _check_falling(steps: Sequence[Sequence[Any]]) -> None:
    for earlier, later in pairwise(steps):
        if later[1] > earlier[1]:
            line = f"{later[0]}: {priced(later[1])} > {priced(earlier[1])}"
            raise Refusal(RefusedBecause.RISING, line)
