"""底账: what was sent and what the gateway answered, kept by the senders, independently of the gateway."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from gateway.demo.answered import Answered
from gateway.demo.letters import Letter
from gateway.demo.reviewing import ReviewScene

WRONG: Final = "错误报文 wrong inputs"


@dataclass(frozen=True, slots=True)
class Sent:
    """One line that was accepted or held: its canonical type and what it adds to the type's sum."""

    type: str
    value: int
    title: str


@dataclass(frozen=True, slots=True)
class WrongInput:
    """错误报文: one deliberate mistake, the answer it must get and the one it got."""

    title: str
    expected: str
    answered: str
    said: str
    """The gateway's sentence."""

    @property
    def as_expected(self) -> bool:
        """Return whether the gateway answered as it must."""
        return self.expected == self.answered


@dataclass
class Ledger:
    """Every line by its canonical id, counts per kind of document, and answers that surprised."""

    lines: dict[str, Sent] = field(default_factory=dict)
    documents: Counter[str] = field(default_factory=Counter)
    """Documents sent, by title."""
    interfaces: dict[str, str] = field(default_factory=dict)
    """Interface by title."""
    by_title: dict[str, Counter[str]] = field(default_factory=dict)
    """Lines answered, by title and state."""
    held: list[str] = field(default_factory=list)
    """Ids that were held, in the order they were sent."""
    review: ReviewScene | None = None
    """How the unknown code got its meaning."""
    released: int = 0
    """How many of them were released after their code had been mapped."""
    rejections: int = 0
    """Documents for which the gateway must have journalled a rejection."""
    never: set[str] = field(default_factory=set)
    """Ids that lines of rejected documents would have had."""
    refused: int = 0
    """Requests turned away before parsing: bad signature, replay, too large."""
    conflicts: int = 0
    wrong: list[WrongInput] = field(default_factory=list)
    surprises: list[str] = field(default_factory=list)
    """What was not answered as it must be; each is unexplained in the report."""

    def count(self, state: str) -> int:
        """Return how many lines were answered with this state."""
        return sum(each[state] for each in self.by_title.values())

    def note(self, letter: Letter, states: Mapping[int, str]) -> None:
        """Book a letter with the state of each line (1-based) as answered."""
        self.documents[letter.title] += 1
        self.interfaces[letter.title] = letter.interface
        counts = self.by_title.setdefault(letter.title, Counter())
        if len(states) != len(letter.facts):
            what = f"{letter.title} {letter.message_id}: {len(states)} ≠ {len(letter.facts)} lines"
            self.surprises.append(what)
        for line, (fact, identity) in enumerate(
            zip(letter.facts, letter.identities(), strict=True), start=1
        ):
            state = states.get(line, "unanswered")
            counts[state] += 1
            if state != letter.state:
                what = f"{letter.title} {letter.message_id} line {line}: {state} ≠ {letter.state}"
                self.surprises.append(what)
            if state in ("accepted", "held"):
                self.lines[identity] = Sent(fact.type, fact.value, letter.title)
            if state == "held":
                self.held.append(identity)

    def note_partial(self, letter: Letter, states: Mapping[int, str]) -> None:
        """Book a letter of which the first line must be rejected and the others kept."""
        wanted = dict.fromkeys(range(1, len(letter.facts) + 1), "accepted") | {1: "rejected"}
        self.documents[WRONG] += 1
        self.rejections += 1
        counts = self.by_title.setdefault(WRONG, Counter())
        counts.update(states.values())
        if dict(states) != wanted:
            self.surprises.append(f"{letter.message_id}: {dict(states)} ≠ {wanted}")
        for line, (fact, identity) in enumerate(
            zip(letter.facts, letter.identities(), strict=True), start=1
        ):
            if states.get(line) == "accepted":
                self.lines[identity] = Sent(fact.type, fact.value, letter.title)

    def note_rejected(self, letter: Letter) -> None:
        """Book a letter that must be rejected as a whole: nothing of it may appear anywhere."""
        self.documents[WRONG] += 1
        self.rejections += 1
        self.by_title.setdefault(WRONG, Counter())["rejected"] += 1
        self.never.update(letter.identities())

    def note_wrong(self, title: str, expected: str, answered: Answered) -> None:
        """Book a deliberate mistake and its answer."""
        booked = WrongInput(title, expected, answered.short, answered.said)
        self.wrong.append(booked)
        if not booked.as_expected:
            self.surprises.append(f"{title}: {booked.answered} ≠ {expected}")

    def sums(self) -> dict[str, tuple[int, int]]:
        """Return (lines, sum) by type of all that was accepted or held."""
        found: dict[str, tuple[int, int]] = {}
        for sent in self.lines.values():
            count, value = found.get(sent.type, (0, 0))
            found[sent.type] = (count + 1, value + sent.value)
        return found
