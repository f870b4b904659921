"""报量 (R1): what institutions report to need, against what they used the year before.

One state per reporting unit and drug. The unit is the institution; institutions of a county medical
community are kept together, and are one unit where the paper lets the community take part as one
(以医共体为单位), else each is judged by itself. What the paper says is data: the floor as a share of last
year's use, counted by generic or by product; that reports grow each year; that the floor itself is the
quantity to agree; who may not leave a report out. A report is held against the floor as soon as both figures
are known; what was not reported at all is found when the reporting window closes.
"""

from __future__ import annotations

from typing import ClassVar, Final

from gateway.policies.claims import Difference
from gateway.policies.policy import Judgement, State, correction_cause, in_key
from gateway.policies.quarters import day_in_china
from gateway.policies.rulebook import Rulebook
from gateway.policies.volumes.volume_report_claims import REPORT_ENDS, report_claims
from gateway.policies.volumes.volume_windows import WaitsForWindow, with_window, without
from schemas.envelope import Message
from schemas.events import VOLUME_REPORTED, VOLUME_USED_LAST_YEAR, VOLUME_WINDOW_CLOSED
from schemas.money import QUANTITY_SCALE, scaled
from schemas.volume import WindowKind

_FACTS: Final = {VOLUME_REPORTED: "reported", VOLUME_USED_LAST_YEAR: "used"}
_DATES: Final = {VOLUME_REPORTED: "reported_on", VOLUME_USED_LAST_YEAR: "counted_on"}
_VOLUMES: Final = {VOLUME_REPORTED: "reported_volume", VOLUME_USED_LAST_YEAR: "used_volume"}


class VolumeReport(WaitsForWindow):
    """报量: reports, last year's use and closed windows in; what is short or missing, and proposals, out."""

    name: Final = "volume_report"
    consumes: Final = frozenset({*_FACTS, VOLUME_WINDOW_CLOSED})
    window: ClassVar[WindowKind] = WindowKind.REPORTING
    facts: ClassVar[tuple[str, ...]] = ("reported", "used")

    def place(self, content: State) -> str:
        """Return the reporting unit's state for the drug."""
        unit = in_key(content.get("community") or content["institution"])
        return f"{unit}/{in_key(content['drug'])}"

    def judge(
        self, key: str, state: State, message: Message, content: State, rules: Rulebook
    ) -> Judgement:
        """Take one report, one figure of use or one closed window."""
        return _settled(key, _with(state, message, content), message, message.id, rules)

    def correct(
        self,
        key: str,
        state: State,
        gone: Message,
        content: State,  # noqa: ARG002 - the port's form
        by: Message,
        instead: State | None,
        rules: Rulebook,
    ) -> Judgement | None:
        """Take back a report, a figure or a closed window, or put another in its place."""
        kind = _FACTS.get(gone.type, "windows")
        if gone.id not in state[kind]:
            return None
        after = {**state, kind: without(state[kind], gone)}
        if instead is not None:
            after = _with(after, by, instead)
        return _settled(key, after, by, correction_cause(by.id, instead), rules)


def _with(state: State, message: Message, content: State) -> State:
    """Return the state with one more report, figure or closed window."""
    if message.type == VOLUME_WINDOW_CLOSED:
        return {**state, "windows": with_window(state["windows"], message, content)}
    kind = _FACTS[message.type]
    return {**state, kind: {**state[kind], message.id: _fact(message, content)}}


def _fact(message: Message, content: State) -> State:
    return {
        "id": message.id,
        "batch": content["batch"],
        "year": content["year"],
        "member": content["institution"],
        "community": content.get("community") or "",
        "product": content["unified_code"],
        "volume": scaled(content[_VOLUMES[message.type]], QUANTITY_SCALE),
        "on": content[_DATES[message.type]],
        "region": content["region"],
        "drug": content["drug"],
        "name": content["drug_name"],
        "basis": content.get("basis", ""),
        "public": content.get("public", False),
    }


def _settled(key: str, state: State, message: Message, cause: str, rules: Rulebook) -> Judgement:
    wanted = report_claims(state["reported"], state["used"], state["windows"], rules)
    day = day_in_china(message.time)
    difference = Difference(
        VolumeReport.name, key, cause, message.id, day, state["open"], REPORT_ENDS
    )
    return difference.judgement(state, wanted)
