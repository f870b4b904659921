"""对照: what a partner's own code means on a day, from `codes/*.csv`.

Columns: `partner,kind,local_code,unified_code,valid_from,valid_to`; both ends are inclusive, a blank
`valid_to` is open, an absent or blank `kind` is `product`. `products.csv` (`unified_code,drug,…`) names
the drug group (同通用名) of a product. A loaded `Crosswalk` never changes: a change is a new object.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Final, Literal, Self

from gateway.coding.rows import (
    OPEN_END,
    PRODUCTS_FILE,
    CrosswalkRow,
    Findings,
    Reading,
    product_rows,
    read_rows,
    row_problem,
)
from gateway.errors import Misconfigured
from schemas.codes import CODED_FIELDS

Meaning = tuple[str, str, str]
"""(valid_from, valid_to, unified code); ISO dates compare as text."""
Meanings = Meaning | list[Meaning]
"""One meaning as it is; several, in order of valid_from, as a list: most codes never change."""
Space = dict[str, Meanings]
CodedField = tuple[str, str, str, str, Space]
"""(local field, unified field, kind, prefix of its hold keys, the partner's codes of the kind)."""
Absence = Literal["unknown", "expired"]

_NOTHING: Final[dict[str, Space]] = {}
_EMPTY: Final[Space] = {}


class Crosswalk:
    """统一编码对照: local codes of all partners with their dated meanings. Safe to share."""

    __slots__ = ("_names", "_prepared", "_size", "_spaces", "drugs", "notes")

    def __init__(
        self,
        spaces: dict[str, dict[str, Space]],
        drugs: dict[str, str],
        names: dict[str, str] | None = None,
        *,
        size: int = 0,
        notes: tuple[str, ...] = (),
    ) -> None:
        self._spaces, self._names, self._size = spaces, names or {}, size
        self._prepared: dict[str, tuple[CodedField, ...]] = {}
        self.drugs: Mapping[str, str] = drugs
        """Drug group of a product, where `products.csv` gives one (read only)."""
        self.notes = notes
        """What an operator may want to know: files read as GB18030, columns that were ignored."""

    def __len__(self) -> int:
        return self._size

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
        listed, findings = list(files), Findings()
        loading = _Loading(findings)
        for name, path in listed:
            reading = Reading(name, path, findings)
            if name == PRODUCTS_FILE:
                loading.take_products(reading)
            else:
                loading.take_rows(reading)
            loading.notes += reading.notes
        loading.settle(listed)
        findings.raise_any()
        return cls(
            loading.spaces,
            loading.drugs,
            loading.names,
            size=loading.size,
            notes=tuple(loading.notes),
        )

    @classmethod
    def of(cls, rows: Iterable[CrosswalkRow], drugs: Mapping[str, str] | None = None) -> Self:
        """Make a crosswalk of rows in memory. Raises Misconfigured like `load`."""
        loading = _Loading(Findings())
        for number, given in enumerate(rows, start=1):
            row = given._replace(valid_to=given.valid_to or OPEN_END)
            problem = row_problem(row)
            if problem:
                raise Misconfigured(f"row {number}: {problem}")
            loading.add(row)
        loading.settle(())
        loading.findings.raise_any()
        return cls(loading.spaces, dict(drugs or {}), size=loading.size)

    def coded_fields(self, partner: str) -> tuple[CodedField, ...]:
        """Return, per coded field, all that the hot path needs to know of a partner (read only)."""
        prepared = self._prepared.get(partner)
        if prepared is None:
            spaces = self._spaces.get(partner, _NOTHING)
            prepared = self._prepared[partner] = tuple(
                (local, unified, kind.value, f"{partner}|{kind.value}|", spaces.get(kind, _EMPTY))
                for local, kind, unified in CODED_FIELDS
            )
        return prepared

    def resolve(self, partner: str, kind: str, local_code: str, day: str) -> str | None:
        """Return what the code means on `day` (YYYY-MM-DD); None: see `absence`."""
        try:
            meanings = self._spaces[partner][kind][local_code]
        except KeyError:
            return None
        if type(meanings) is tuple:  # by far the most: no call
            return meanings[2] if meanings[0] <= day <= meanings[1] else None
        return meaning_on(meanings, day)

    def absence(self, partner: str, kind: str, local_code: str) -> Absence:
        """Return why `resolve` gave nothing: never heard of it, or it has no meaning on that day."""
        known = local_code in self._spaces.get(partner, _NOTHING).get(kind, _EMPTY)
        return "expired" if known else "unknown"

    def drug_of(self, unified_code: str) -> str | None:
        """Return the drug group that `products.csv` gives a product; None where it gives none."""
        return self.drugs.get(unified_code)

    def drug_name(self, drug: str) -> str:
        """Return the name of a drug group; "" where no file gives one."""
        return self._names.get(drug, "")


def meaning_on(meanings: Meanings, day: str) -> str | None:
    """Return the unified code in force on a day among several meanings."""
    for since, until, unified in (meanings,) if isinstance(meanings, tuple) else meanings:
        if since <= day <= until:
            return unified
    return None


class _Loading:
    """The crosswalk while it is being read."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.spaces: dict[str, dict[str, Space]] = {}
        self.drugs: dict[str, str] = {}
        self.names: dict[str, str] = {}
        self.notes: list[str] = []
        self.size = 0
        self._shared: dict[str, str] = {}
        self._several: set[tuple[str, str, str]] = set()

    def take_rows(self, reading: Reading) -> None:
        for _, row in read_rows(reading):
            self.add(row)

    def add(self, row: CrosswalkRow) -> None:
        shared = self._shared
        # half a million rows name the same few thousand products and dates: keep each text once
        meaning = (
            shared.setdefault(row.valid_from, row.valid_from),
            shared.setdefault(row.valid_to, row.valid_to),
            shared.setdefault(row.unified_code, row.unified_code),
        )
        space = self.spaces.setdefault(row.partner, {}).setdefault(row.kind, {})
        before = space.setdefault(row.local_code, meaning)
        self.size += 1
        if before is meaning:
            return
        if isinstance(before, tuple):
            before = space[row.local_code] = [before]
            self._several.add((row.partner, row.kind, row.local_code))
        before.append(meaning)

    def take_products(self, reading: Reading) -> None:
        for line, unified, drug, name in product_rows(reading):
            known = self.drugs.setdefault(unified, drug)
            if known != drug:
                self.findings.add(reading.name, line, f"{unified}: drug {drug} and {known}")
            named = self.names.setdefault(drug, name) if name else name
            if named != name:
                self.findings.add(reading.name, line, f"drug {drug}: named {name} and {named}")

    def settle(self, files: Iterable[tuple[str, Path]]) -> None:
        """Put several meanings in order and report those that contradict each other."""
        contradicted: set[tuple[str, str, str]] = set()
        for partner, kind, local in self._several:
            meanings = self.spaces[partner][kind][local]
            if isinstance(meanings, tuple):
                continue
            meanings[:] = sorted(set(meanings))
            if _contradict(meanings):
                contradicted.add((partner, kind, local))
        if contradicted and not self._locate(contradicted, files):
            for key in sorted(contradicted):
                self.findings.add("codes", 0, f"{' '.join(key)}: two meanings at the same time")

    def _locate(
        self, contradicted: set[tuple[str, str, str]], files: Iterable[tuple[str, Path]]
    ) -> bool:
        """Read the files once more for the rows concerned: their places are not kept in memory."""
        places: dict[tuple[str, str, str], list[tuple[str, int, CrosswalkRow]]] = {}
        for name, path in files:
            if name == PRODUCTS_FILE:
                continue
            for line, row in read_rows(Reading(name, path, Findings())):
                if row.key in contradicted:
                    places.setdefault(row.key, []).append((name, line, row))
        for found in places.values():
            self._report(sorted(found, key=lambda place: place[2].valid_from))
        return bool(places)

    def _report(self, found: list[tuple[str, int, CrosswalkRow]]) -> None:
        for at, (_, _, first) in enumerate(found):
            for name, line, second in found[at + 1 :]:
                overlap = second.valid_from <= first.valid_to
                if overlap and first.unified_code != second.unified_code:
                    origin = f"{found[at][0]} line {found[at][1]}"
                    self.findings.add(
                        name,
                        line,
                        f"{second.partner} {second.kind} {second.local_code} means "
                        f"{second.unified_code} from {second.valid_from}, but {first.unified_code} "
                        f"until {first.valid_to} ({origin})",
                    )


def _contradict(meanings: list[Meaning]) -> bool:
    """Return whether two different meanings hold on one day (`meanings` in order of valid_from)."""
    for at, (_, until, unified) in enumerate(meanings):
        for later in islice(meanings, at + 1, None):
            if later[0] > until:
                break
            if later[2] != unified:
                return True
    return False
