"""处方 (R13): how doctors' prescriptions of selected products change, and whose prescriptions are reviewed.

One state per institution and drug knows the months that were counted (by doctor, under pseudonyms).

The change of a month against the one before is published as figures where the paper watches it. A clear drop
(处方量下降明显) is concluded only where a region's own file says what is clear: `prescribing.drop_from` and
`prescribing.least_count`. No paper that we have says it. The test can be redone by hand
(prescribing_change.py): with s, n a doctor's selected and all prescriptions of the generic, S those of all
other doctors of the institution, and ' the month before,

    expected = s' × min(1, S ÷ S')      (1 where the others prescribed none before)
    drop     = 1 − s ÷ expected

it is clear when drop ≥ drop_from, s' ≥ least_count, n > 0 and s ÷ n < s' ÷ n'. So nobody is named because the
whole institution treats fewer patients, because he was away, because he prescribes less of everything, or
from a handful of prescriptions. An interview is proposed, not ordered.

Whose prescriptions are reviewed (处方点评) needs no threshold: all who prescribed other products of the
generic, those with most of them first. Of months before the last MONTHS_KEPT nothing is concluded any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, ClassVar, Final

from gateway.policies.claims import Claim
from gateway.policies.conduct.prescribing_change import Change, changes
from gateway.policies.payments.payment_clock_days import end_of_month
from gateway.policies.policy import State, because, in_key
from gateway.policies.quarters import add_months
from gateway.policies.regions import province_of
from gateway.policies.supply.supply_facts import (
    FactPolicy,
    Known,
    as_recorded,
)
from schemas.envelope import Message
from schemas.events import (
    PRESCRIBING_CHANGE_COMPUTED,
    PRESCRIBING_COUNTED,
    PRESCRIBING_DROP_FOUND,
    PRESCRIBING_FINDING_ENDED,
    PRESCRIBING_REVIEW_LISTED,
)
from schemas.money import plain

RULE: Final = "R13"
SHARE_SCALE: Final = 4
MONTHS_KEPT: Final = 26
"""So many months are known; counts of an earlier one change nothing any more."""
_ABOUT: Final = ("party", "region", "drug")
_MONTH: Final = len("2026-01")


class Prescribing(FactPolicy):
    """处方: counted months in; figures, clear drops and review lists out. One state per institution and drug."""

    name = "prescribing"
    kinds: ClassVar = {PRESCRIBING_COUNTED: "counted"}
    ends: ClassVar = dict.fromkeys(
        (PRESCRIBING_CHANGE_COMPUTED, PRESCRIBING_DROP_FOUND, PRESCRIBING_REVIEW_LISTED),
        PRESCRIBING_FINDING_ENDED,
    )

    def place(self, message: Message, content: State) -> str:  # noqa: ARG002 - the port's form
        """Return the state of the institution's drug."""
        province, drug = province_of(content["region"]), in_key(content["drug"])
        return f"{province}/{content['institution']}/{drug}"

    def fact(self, message: Message, content: State) -> Any:  # noqa: ARG002 - the port's form
        """Return a month's counts; the doctors are one text."""
        return {
            "on": content["counted_on"],
            "month": content["month"],
            "region": content["region"],
            "drug": content["drug"],
            "name": content["drug_name"],
            "doctors": ";".join(
                f"{each['doctor']} {each['selected_count']} {each['all_count']}"
                for each in content["doctors"]
            ),
        }

    def touched(self, message: Message, content: State) -> tuple[str, ...]:  # noqa: ARG002
        """Return the slots of the month, and of the next one, which is compared with it."""
        return (f"{content['month']}/", f"{_month(content['month'], 1)}/")

    def claims(self, known: Known) -> Iterable[tuple[str, Claim]]:
        """Yield each touched month's review list, and against the month before its figures and drops."""
        months = {
            each["month"]: (identity, each)
            for identity, each in as_recorded(known.of("counted"), "on")
        }
        for begins in known.begins:
            month = begins[:_MONTH]
            now, before = months.get(month), months.get(_month(month, -1))
            if now is not None:
                yield from _reviewed(known, now)
                if before is not None:
                    yield from _changed(known, now, before)

    def bounded(self, state: State) -> State:
        """Return the state with the last months; what was found of earlier ones stands as it is."""
        counted = state["facts"].get("counted", {})
        if not counted:
            return state
        first = _month(max(each["month"] for each in counted.values()), 1 - MONTHS_KEPT)
        kept = {identity: each for identity, each in counted.items() if each["month"] >= first}
        if len(kept) == len(counted):
            return state
        still = {slot: each for slot, each in state["open"].items() if slot[:_MONTH] >= first}
        return {**state, "facts": {"counted": kept}, "open": still}


Counted = tuple[str, dict[str, Any]]
"""(message id, a month's counts)"""


def _counts(counted: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """Return doctor → (prescriptions of selected products, of all); kept as one text, it is read rarely."""
    rows = (row.split(" ") for row in counted["doctors"].split(";") if row)
    return {doctor: (int(selected), int(every)) for doctor, selected, every in rows}


def _month(month: str, later: int) -> str:
    """Return the month some months later."""
    return add_months(date.fromisoformat(f"{month}-01"), later).isoformat()[:_MONTH]


def _about(known: Known, now: dict[str, Any]) -> dict[str, Any]:
    institution = known.key.split("/")[1]
    return {
        "party": institution,
        "region": now["region"],
        "institution": institution,
        "drug": now["drug"],
        "drug_name": now["name"],
        "month": now["month"],
        "found_on": known.on,
    }


def _reviewed(known: Known, counted: Counted) -> Iterator[tuple[str, Claim]]:
    """Yield the list of those who prescribed other products, most first, where the paper has reviews."""
    identity, now = counted
    term = known.rules.term(
        now["region"], "prescribing.reviewed", end_of_month(f"{now['month']}-01")
    )
    if term is None:
        return
    others = [
        (every - selected, doctor, selected, every)
        for doctor, (selected, every) in _counts(now).items()
        if every > selected
    ]
    if not others:
        return
    others.sort(key=lambda each: (-each[0], each[1]))
    lines = [
        {
            "doctor": doctor,
            "selected_count": selected,
            "all_count": every,
            "other_count": other,
            "other_share": plain(other * int(10**SHARE_SCALE) // every, SHARE_SCALE),
        }
        for other, doctor, selected, every in others
    ]
    total = sum(each[0] for each in others)
    said = f"{len(others)} 名医生开具其他产品 prescribed other products: {total}"
    data = {
        **_about(known, now),
        "doctors": lines,
        "because": because(RULE, (term,), (said,), (identity,)),
    }
    yield f"{now['month']}/review", Claim(PRESCRIBING_REVIEW_LISTED, data, _ABOUT)


def _changed(known: Known, counted: Counted, earlier: Counted) -> Iterator[tuple[str, Claim]]:
    """Yield the figures of a month against the one before, and the drops that a file calls clear."""
    (identity, now), (previous, before) = counted, earlier
    day = end_of_month(f"{now['month']}-01")
    watched = known.rules.term(now["region"], "prescribing.watched", day)
    if watched is None:
        return
    found = changes(_counts(now), _counts(before))
    if not found:
        return
    about = {**_about(known, now), "previous_month": before["month"]}
    causes = (previous, identity)
    data = {
        **about,
        "doctors": [each.shown for each in found],
        "because": because(RULE, (watched,), [each.line for each in found], causes),
    }
    slot = f"{now['month']}/change"
    yield slot, Claim(PRESCRIBING_CHANGE_COMPUTED, data, _ABOUT)
    yield from _dropped(known, about, day, found, causes)


def _dropped(
    known: Known, about: dict[str, Any], day: str, found: list[Change], causes: tuple[str, ...]
) -> Iterator[tuple[str, Claim]]:
    named = ("drop_from", "least_count", "proposes")
    terms = [known.rules.term(about["region"], f"prescribing.{name}", day) for name in named]
    drop_from, least, proposes = terms
    if drop_from is None or least is None or proposes is None:
        return
    for change in found:
        if not change.clear(drop_from.value, int(least.value)):
            continue
        lines = (
            change.line,
            f"{change.drop_told} ≥ {drop_from.value}",
            f"上月中选处方 before {change.previous_selected} ≥ {least.value}",
            change.shares_line,
        )
        data = {
            **about,
            "change": change.shown,
            "proposed": proposes.value,
            "because": because(RULE, (drop_from, least, proposes), lines, causes),
        }
        slot = f"{about['month']}/drop/{change.doctor}"
        yield slot, Claim(PRESCRIBING_DROP_FOUND, data, _ABOUT)
