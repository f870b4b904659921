"""端口: what the rooms need of the world outside, as protocols. Implemented in journal/ and bus/.

The journal is the truth. `rows.py` what goes in and comes out · `journal.py` · `bus.py`.
"""

from gateway.ports.bus import Bus, Consumer, Delivered, TopicPosition
from gateway.ports.journal import Journal
from gateway.ports.rows import (
    SUPERSEDED_SPACE,
    Commit,
    Entry,
    EntryKind,
    Head,
    Held,
    HeldCount,
    LineOutcome,
    LineState,
    Outcome,
    Row,
    Search,
    Stored,
    Submission,
    Verdict,
    Write,
)

__all__ = [
    "SUPERSEDED_SPACE",
    "Bus",
    "Commit",
    "Consumer",
    "Delivered",
    "Entry",
    "EntryKind",
    "Head",
    "Held",
    "HeldCount",
    "Journal",
    "LineOutcome",
    "LineState",
    "Outcome",
    "Row",
    "Search",
    "Stored",
    "Submission",
    "TopicPosition",
    "Verdict",
    "Write",
]
