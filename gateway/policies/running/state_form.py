"""状态格式: how the policies write their states, so that no program goes on with states of another form.

A state that is misread gives wrong sums, quietly. The journal says in which form its states are; a program
that writes another one does not begin to judge.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Final

from gateway.errors import Contended, Misconfigured
from gateway.policies.policy import Policy
from gateway.policies.running.working import STATE_SPACE
from gateway.ports import Commit, Journal, Write

STATE_FORM: Final = 2
"""Raised whenever a policy writes or reads its state otherwise than before."""
FORM_SPACE: Final = "policy-form"
FORM_KEY: Final = "states"


async def check_state_form(journal: Journal, policies: Sequence[Policy]) -> None:
    """Mark a journal that has no states yet with our form.

    Raises Misconfigured where the states are of another form (or of none that was noted), Unavailable.
    """
    stored = await journal.get(FORM_SPACE, FORM_KEY)
    if stored is None:
        if await _judged(journal, policies):
            raise _other("未标明 not noted")
        mark = Write(FORM_SPACE, FORM_KEY, b"%d" % STATE_FORM, 0)
        with contextlib.suppress(
            Contended
        ):  # another worker was first: what it wrote is read below
            await journal.commit(Commit(writes=[mark]))
        stored = await journal.get(FORM_SPACE, FORM_KEY)
    said = stored.value if stored is not None else b""
    if said != b"%d" % STATE_FORM:
        raise _other(said.decode())


async def _judged(journal: Journal, policies: Sequence[Policy]) -> bool:
    """Return whether any policy has a state already."""
    places = [(STATE_SPACE + policy.name, "") for policy in policies]
    return any(await journal.scan_each(places, limit=1))


def _other(form: str) -> Misconfigured:
    return Misconfigured(
        f"规则状态的格式是 {form}，本程序的是 {STATE_FORM}：请用写下这些状态的版本继续，或在新的留痕库里重放原文"
        f" the policies' states are of form {form}, this program's is {STATE_FORM}: go on with the"
        " version that wrote them, or replay the messages into a new journal"
    )
