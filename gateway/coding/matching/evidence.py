"""证据: what a candidate is, and what was found on each field, in words that a reviewer can check."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Verdict(StrEnum):
    """What the comparison of one field found."""

    EQUAL = "equal"
    """The same after normalisation that loses nothing: the only verdict that an exact match rests on."""
    COMPATIBLE = "compatible"
    """One side says less than the other, and nothing contradicts (氨氯地平 / 苯磺酸氨氯地平)."""
    SIMILAR = "similar"
    """Alike in spelling; may be something else."""
    DIFFERENT = "different"
    UNKNOWN = "unknown"
    """Only one side gives the field."""


WORDS: Final[dict[Verdict, tuple[str, str]]] = {
    Verdict.EQUAL: ("一致", "the same"),
    Verdict.COMPATIBLE: ("相容", "compatible"),
    Verdict.SIMILAR: ("相近", "similar"),
    Verdict.DIFFERENT: ("不一致", "different"),
    Verdict.UNKNOWN: ("一方缺失", "given on one side only"),
}

FIELD_NAMES: Final[dict[str, tuple[str, str]]] = {
    "name": ("名称", "name"),
    "dosage_form": ("剂型", "dosage form"),
    "specification": ("规格", "strength"),
    "pack": ("包装", "pack"),
    "manufacturer": ("企业", "maker"),
    "approval_no": ("批准文号", "approval number"),
    "other_codes": ("其他编码", "other codes"),
    "validity": ("有效期", "validity"),
    "uscc": ("统一社会信用代码", "unified social credit code"),
    "region": ("地区", "region"),
}


@dataclass(frozen=True, slots=True)
class FieldEvidence:
    """One field of the comparison; `points` is what it gave of the 100."""

    field: str
    ours: str
    """What the partner's item says."""
    theirs: str
    """What the unified record says."""
    verdict: Verdict
    points: float

    @property
    def zh(self) -> str:
        """Return the sentence in Chinese."""
        ours, theirs = self.ours or "(空)", self.theirs or "(空)"
        return f"{FIELD_NAMES[self.field][0]}{WORDS[self.verdict][0]}:{ours} / {theirs}"

    @property
    def en(self) -> str:
        """Return the sentence in English."""
        ours, theirs = self.ours or "(blank)", self.theirs or "(blank)"
        return f"{FIELD_NAMES[self.field][1]} {WORDS[self.verdict][1]}: {ours} / {theirs}"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One unified code that the item may mean. A higher score is likelier; only `exact` is a finding."""

    unified_code: str
    score: float
    """0 to 100."""
    exact: bool
    """All identifying fields agree by comparison and no other record qualifies."""
    evidence: tuple[FieldEvidence, ...]
    valid_from: str = ""
    valid_to: str = ""

    @property
    def zh(self) -> str:
        """Return the evidence in one Chinese line, as it is kept with a proposal."""
        return f"得分 {self.score:.1f};" + ";".join(found.zh for found in self.evidence)

    @property
    def en(self) -> str:
        """Return the evidence in one English line."""
        return f"score {self.score:.1f}; " + "; ".join(found.en for found in self.evidence)
