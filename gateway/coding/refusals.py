"""不予对照: what a person decided has no unified code, and how a message that says it goes back.

A refused code is no gap in our knowledge, so nothing waits for it: the partner must correct the message.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from schemas.issues import Issue

CODE_REFUSED: Final = "code.refused"


def refused_codes(issues: Iterable[Issue]) -> tuple[Issue, ...]:
    """Return those issues that say that a code was refused."""
    return tuple(each for each in issues if each.code == CODE_REFUSED)
