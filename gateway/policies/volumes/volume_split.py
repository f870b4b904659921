"""分解与汇总 (R1): a published quantity by each institution's share, and the year's demand of a region.

One state per drug of a province takes what institutions used or bought the year before and what quantity was
published. When the window of the statistics closes, the paper's rule is applied once to all of them: the
published quantity split by shares, the figures summed into the region's demand, the selected quantity bounded
by shares of that sum. Figures that come or are corrected later give the result anew, which replaces the other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, ClassVar, Final

from gateway.policies.claims import Difference
from gateway.policies.policy import Judgement, State, correction_cause
from gateway.policies.quarters import day_in_china
from gateway.policies.rulebook import Rulebook
from gateway.policies.volumes.volume_split_claims import SPLIT_ENDS, split_claims
from gateway.policies.volumes.volume_windows import WaitsForWindow, with_window, without
from schemas.envelope import Message
from schemas.events import VOLUME_PUBLISHED, VOLUME_USED_LAST_YEAR, VOLUME_WINDOW_CLOSED
from schemas.money import QUANTITY_SCALE, scaled
from schemas.volume import WindowKind

_SHARD: Final = 2
"""Figures lie in drawers by the last digits of the institution's code: taking one in copies one drawer."""


class VolumeSplit(WaitsForWindow):
    """分解与汇总: last year's figures, published quantities and closed windows in; splits and sums out."""

    name: Final = "volume_split"
    consumes: Final = frozenset({VOLUME_USED_LAST_YEAR, VOLUME_PUBLISHED, VOLUME_WINDOW_CLOSED})
    window: ClassVar[WindowKind] = WindowKind.STATISTICS
    facts: ClassVar[tuple[str, ...]] = ("used", "published")

    def place(self, content: State) -> str:
        """Return the drug's state."""
        return str(content["drug"])

    def judge(
        self, key: str, state: State, message: Message, content: State, rules: Rulebook
    ) -> Judgement:
        """Take one figure, published quantity or closed window."""
        after = _with(state, message, content)
        return _settled(key, after, message, message.id, {content["batch"]}, rules)

    def correct(
        self,
        key: str,
        state: State,
        gone: Message,
        content: State,
        by: Message,
        instead: State | None,
        rules: Rulebook,
    ) -> Judgement | None:
        """Take back a figure, a published quantity or a closed window, or put another in its place."""
        after, batches = _without(state, gone, content), {content["batch"]}
        if after is None:
            return None
        if instead is not None:
            after = _with(after, by, instead)
            batches.add(instead["batch"])
        cause = correction_cause(by.id, instead)
        return _settled(key, after, by, cause, batches, rules)


def _with(state: State, message: Message, content: State) -> State:
    """Return the state with one more figure, published quantity or closed window."""
    if message.type == VOLUME_USED_LAST_YEAR:
        return _with_use(state, message, content)
    if message.type == VOLUME_PUBLISHED:
        published = {**state["published"], message.id: _published(message, content)}
        return {**state, "published": published}
    return {**state, "windows": with_window(state["windows"], message, content)}


def _without(state: State, gone: Message, content: State) -> State | None:
    """Return the state without what a message told; None: it does not know it."""
    if gone.type == VOLUME_USED_LAST_YEAR:
        return _without_use(state, gone, content)
    kind = "published" if gone.type == VOLUME_PUBLISHED else "windows"
    if gone.id not in state[kind]:
        return None
    return {**state, kind: without(state[kind], gone)}


def _place(content: State) -> tuple[str, str]:
    """Return (round, drawer): batch and year of use with what is counted, and part of the institution."""
    round_ = f"{content['year']}|{content['basis']}|{content['batch']}"
    return round_, str(content["institution"][-_SHARD:])


def _with_use(state: State, message: Message, content: State) -> State:
    round_, drawer = _place(content)
    drawers = state["used"].get(round_, {})
    entry = [
        content["institution"],
        content["unified_code"],
        scaled(content["used_volume"], QUANTITY_SCALE),
        content["counted_on"],
        content["region"],
        content["drug_name"],
    ]
    kept = {**drawers.get(drawer, {}), message.id: entry}
    return {**state, "used": {**state["used"], round_: {**drawers, drawer: kept}}}


def _without_use(state: State, gone: Message, content: State) -> State | None:
    round_, drawer = _place(content)
    drawers = state["used"].get(round_, {})
    if gone.id not in drawers.get(drawer, {}):
        return None
    kept = without(drawers[drawer], gone)
    return {**state, "used": {**state["used"], round_: {**drawers, drawer: kept}}}


def _published(message: Message, content: State) -> Mapping[str, Any]:
    return {
        "id": message.id,
        "region": content["region"],
        "batch": content["batch"],
        "year": content["year"],
        "product": content["unified_code"],
        "name": content["drug_name"],
        "volume": scaled(content["published_volume"], QUANTITY_SCALE),
        "step": scaled(content.get("step", "1.0000"), QUANTITY_SCALE),
        "on": content["published_on"],
    }


def _settled(
    key: str,
    state: State,
    message: Message,
    cause: str,
    batches: Collection[str],
    rules: Rulebook,
) -> Judgement:
    """Conclude the difference, where a window of one of the batches has closed or anything is open."""
    if not any(window[1] in batches for window in state["windows"].values()) and not state["open"]:
        return Judgement(state)  # nothing is computed before the figures are complete
    drug = key.split("/", 1)[1]
    difference = Difference(
        VolumeSplit.name,
        key,
        cause,
        message.id,
        day_in_china(message.time),
        state["open"],
        SPLIT_ENDS,
    )
    return difference.judgement(state, split_claims(drug, state, rules))
