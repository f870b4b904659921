"""对照: what a partner's own code means on a day, and what was believed when.

Two layers make one index. The operator's files `codes/*.csv` (`partner,kind,local_code,unified_code,
valid_from,valid_to`, optionally `relation,choice,reason`; both ends inclusive, a blank `valid_to` is open,
an absent or blank `kind` is `product`) are believed as long as they stand there; what was proposed and
approved comes from the store (`store.py`) and keeps its history. `products.csv` (`unified_code,drug,…`)
names the drug group (同通用名) of a product. A `Crosswalk` never changes: a change is a new object.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, Literal, Self

from gateway.coding.crosswalk_choices import choice_findings
from gateway.coding.crosswalk_loading import (
    STORED,
    Key,
    Loading,
    Meaning,
    Meanings,
    Source,
    Space,
    Spaces,
    several,
)
from gateway.coding.crosswalk_reverse import Reverse
from gateway.coding.records import (
    OPEN_END,
    Choice,
    CrosswalkVersion,
    Relation,
    known_instant,
)
from gateway.coding.rows import CrosswalkRow, Findings, row_problem
from gateway.coding.store_documents import Documents, PastMeanings, versions_of
from gateway.errors import Misconfigured
from schemas.codes import CODED_FIELDS

CodedField = tuple[str, str, str, str, Space]
"""(local field, unified field, kind, prefix of its hold keys, the partner's codes of the kind)."""
Absence = Literal["unknown", "expired"]

_NOTHING: Final[dict[str, Space]] = {}
_EMPTY: Final[Space] = {}
_KNOWN_LENGTH: Final = len("2026-01-31T08:00:00.000000Z")


class Crosswalk:
    """统一编码对照: local codes of all partners with their dated meanings. Safe to share."""

    __slots__ = (
        "_names",
        "_prepared",
        "documents",
        "drugs",
        "notes",
        "others",
        "past",
        "reverse_index",
        "revision",
        "size",
        "spaces",
    )

    def __init__(
        self,
        spaces: Spaces,
        drugs: Mapping[str, str],
        names: Mapping[str, str] | None = None,
        *,
        size: int = 0,
        notes: tuple[str, ...] = (),
    ) -> None:
        self.spaces = spaces
        """The meanings in force by partner, kind and local code (read only)."""
        self.others: dict[Key, tuple[CrosswalkVersion, ...]] = {}
        """What the files say that is not equivalent (read only)."""
        self.documents: Documents = {}
        """The store's documents (read only)."""
        self.past: PastMeanings = {}
        """Equivalent meanings that were believed once (read only)."""
        self.revision = 0
        """The store's revision that is contained here; 0: nothing of the store."""
        self.reverse_index = Reverse()
        self.size = size
        self._prepared: dict[str, tuple[CodedField, ...]] = {}
        self.drugs: Mapping[str, str] = drugs
        """Drug group of a product, where `products.csv` gives one (read only)."""
        self._names: Mapping[str, str] = names or {}
        self.notes = notes
        """What an operator may want to know: files read as GB18030, columns that were ignored."""

    def __len__(self) -> int:
        """Return the number of rows of the files and of versions of the store that are believed."""
        return self.size

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read every `*.csv` of the folder; a folder that does not exist is an empty crosswalk.

        Raises Misconfigured with one finding (file, line, what) per bad row.
        """
        files = [path for path in sorted(folder.glob("*.csv")) if not path.name.startswith(".")]
        return cls.read([(path.name, path) for path in files])

    @classmethod
    def read(cls, files: Iterable[tuple[str, Path]]) -> Self:
        """Read files under the names that findings call them by."""
        loading = Loading(Findings())
        loading.take(files)
        return cls._loaded(loading)

    @classmethod
    def of(cls, rows: Iterable[CrosswalkRow], drugs: Mapping[str, str] | None = None) -> Self:
        """Make a crosswalk of rows in memory. Raises Misconfigured like `load`."""
        loading = Loading(Findings())
        for number, given in enumerate(rows, start=1):
            row = given._replace(valid_to=given.valid_to or OPEN_END)
            problem = row_problem(row)
            if problem:
                raise Misconfigured(f"row {number}: {problem}")
            loading.add(row)
        loading.settle()
        loading.drugs = dict(drugs or {})
        return cls._loaded(loading)

    @classmethod
    def _loaded(cls, loading: Loading) -> Self:
        notes = choice_findings(loading.spaces, loading.findings)
        loading.findings.raise_any()
        made = cls(
            loading.spaces,
            loading.drugs,
            loading.names,
            size=loading.size,
            notes=(*loading.notes, *notes),
        )
        made.others = loading.others
        return made

    def named_like(self, other: Crosswalk) -> Self:
        """Take over drug names and notes of the crosswalk that this one goes on from."""
        self._names, self.notes = other._names, other.notes
        return self

    # ------------------------------------------------------------------ the hot path

    def coded_fields(self, partner: str) -> tuple[CodedField, ...]:
        """Return, per coded field, all that the hot path needs to know of a partner (read only)."""
        prepared = self._prepared.get(partner)
        if prepared is None:
            spaces = self.spaces.get(partner, _NOTHING)
            prepared = self._prepared[partner] = tuple(
                (local, unified, kind.value, f"{partner}|{kind.value}|", spaces.get(kind, _EMPTY))
                for local, kind, unified in CODED_FIELDS
            )
        return prepared

    def resolve(self, partner: str, kind: str, local_code: str, day: str) -> str | None:
        """Return what the code means on `day` (YYYY-MM-DD); None: see `absence`."""
        try:
            meanings = self.spaces[partner][kind][local_code]
        except KeyError:
            return None
        if type(meanings) is tuple:  # by far the most: no call
            return meanings[2] if meanings[0] <= day <= meanings[1] else None
        return meaning_on(meanings, day)

    def resolve_known(
        self, partner: str, kind: str, local_code: str, day: str, known_at: str
    ) -> str | None:
        """Return what was believed at `known_at` that the code means on `day`.

        `known_at` is best in the form of `known_instant`; RFC 3339 and days are brought into it first.
        """
        try:
            meanings = self.spaces[partner][kind][local_code]
        except KeyError:
            return None
        if len(known_at) != _KNOWN_LENGTH:
            known_at = known_instant(known_at)
        if isinstance(meanings, tuple):
            if meanings[0] <= day <= meanings[1] and meanings[3] <= known_at:
                return meanings[2]
        else:
            for since, until, unified, known_from, _ in meanings:
                if since <= day <= until and known_from <= known_at:
                    return unified
        ended = self.past.get((partner, kind))
        if ended is not None:
            for past in ended.get(local_code, ()):
                if past[0] <= day <= past[1] and past[3] <= known_at < past[4]:
                    return past[2]
        return None

    def absence(self, partner: str, kind: str, local_code: str) -> Absence:
        """Return why `resolve` gave nothing: never heard of it, or it has no meaning on that day."""
        known = local_code in self.spaces.get(partner, _NOTHING).get(kind, _EMPTY)
        return "expired" if known else "unknown"

    def drug_of(self, unified_code: str) -> str | None:
        """Return the drug group that `products.csv` gives a product; None where it gives none."""
        return self.drugs.get(unified_code)

    def drug_name(self, drug: str) -> str:
        """Return the name of a drug group; "" where no file gives one."""
        return self._names.get(drug, "")

    # ------------------------------------------------------------------ full records

    def as_of(
        self, partner: str, kind: str, local_code: str, day: str, known_at: str = ""
    ) -> CrosswalkVersion | None:
        """Return the version (of any relation) in force on `day`, as believed at `known_at` ("": now).

        Raises ValueError when `known_at` is no time.
        """
        at = known_instant(known_at) if known_at else ""
        for version in self.history(partner, kind, local_code):
            if version.covers(day) and _believed(version, at):
                return version
        return None

    def refusal(
        self, partner: str, kind: str, local_code: str, day: str
    ) -> CrosswalkVersion | None:
        """Return the finding that there is no unified code (不予对照) where it is in force on a day."""
        key = (partner, kind, local_code)
        if key not in self.others and not self.document(key):
            return None
        version = self.as_of(partner, kind, local_code, day)
        return version if version is not None and version.relation is Relation.NONE else None

    def reverse(
        self, partner: str, kind: str, unified_code: str, day: str, known_at: str = ""
    ) -> tuple[CrosswalkVersion, ...]:
        """Return the local codes that say a unified code on `day`: the preferred one first.

        Codes that are only understood (inbound_only) are left out. Raises ValueError as `as_of`.
        """
        found = []
        for local in self.locals_of(partner, kind, unified_code):
            version = self.as_of(partner, kind, local, day, known_at)
            if (
                version is not None
                and version.unified_code == unified_code
                and version.relation is Relation.EQUIVALENT
                and version.choice is not Choice.INBOUND_ONLY
            ):
                found.append(version)
        found.sort(key=lambda one: (one.choice is not Choice.PREFERRED, one.local_code))
        return tuple(found)

    def locals_of(self, partner: str, kind: str, unified_code: str) -> tuple[str, ...]:
        """Return the local codes that mean or once meant a unified code, on whatever days.

        The first question about a partner and kind builds an index; later ones are look-ups.
        """
        space = self.spaces.get(partner, _NOTHING).get(kind, _EMPTY)
        return self.reverse_index.locals_of((partner, kind), unified_code, space, self.past)

    def history(self, partner: str, kind: str, local_code: str) -> tuple[CrosswalkVersion, ...]:
        """Return every version of a code, by known_from and valid_from; file rows come first."""
        key = (partner, kind, local_code)
        meanings = self.spaces.get(partner, _NOTHING).get(kind, _EMPTY).get(local_code)
        if meanings is None:
            return ()
        filed = [_filed(key, one) for one in several(meanings) if one[4] != STORED]
        versions = [*filed, *self.others.get(key, ())]
        document = self.document(key)
        if document:
            versions += versions_of(key, document)
        if len(versions) > 1:
            versions.sort(key=lambda one: (one.known_from, one.valid_from))
        return tuple(versions)

    def document(self, key: Key) -> bytes:
        """Return the store's document of a code; b"" where it has none."""
        documents = self.documents.get(key[:2])
        return documents.get(key[2], b"") if documents is not None else b""

    def versions(self, partner: str = "", kind: str = "") -> Iterator[CrosswalkVersion]:
        """Yield every version, past ones included, of a partner or all ("") and a kind or all (""), in
        order of partner, kind and local code.
        """
        for named in sorted(self.spaces) if not partner else (partner,):
            kinds = self.spaces.get(named, _NOTHING)
            for each in sorted(kinds) if not kind else (kind,):
                for local in sorted(kinds.get(each, _EMPTY)):
                    yield from self.history(named, each, local)


def _believed(version: CrosswalkVersion, at: str) -> bool:
    if not at:
        return version.believed
    return version.known_from <= at and (version.believed or at < version.known_to)


def _filed(key: Key, meaning: Meaning) -> CrosswalkVersion:
    """Return the row of a file as a version: its file is all that is known of who said so."""
    since, until, unified, _, packed = meaning
    source = Source.of(packed)
    return CrosswalkVersion(
        *key, unified, since, until, choice=Choice(source.choice), origin=f"file {source.name}"
    )


def meaning_on(meanings: Meanings, day: str) -> str | None:
    """Return the unified code in force on a day among several meanings."""
    for since, until, unified, _, _ in (meanings,) if isinstance(meanings, tuple) else meanings:
        if since <= day <= until:
            return unified
    return None
