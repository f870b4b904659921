"""对照叠加: a crosswalk that goes on from another one with some codes' documents of the store changed.

Only what is touched is copied, per partner and kind; the crosswalk gone on from stays as it is.
"""

from __future__ import annotations

from gateway.coding.crosswalk import Crosswalk
from gateway.coding.crosswalk_loading import STORED, Key, Meaning, Source, several
from gateway.coding.records import KNOWN_EVER, OPEN_END, Relation
from gateway.coding.rows import Findings
from gateway.coding.store_documents import Past, Room, records_of


class Overlay:
    """One crosswalk in the making. `take` every changed document, then ask for the `crosswalk`."""

    def __init__(self, base: Crosswalk) -> None:
        self._base = base
        self._spaces = dict(base.spaces)
        self._documents = dict(base.documents)
        self._past = dict(base.past)
        self._reverse = base.reverse_index.going_on()
        self._size = base.size
        self._own: set[Room] = set()
        self._shared: dict[str, str] = {}
        self._findings = Findings()

    def take(self, key: Key, document: bytes) -> None:
        """Put a code's document in the place of the one it had."""
        partner, kind, local = key
        room = (partner, kind)
        if room not in self._own:
            self._copy(room)
        space, documents = self._spaces[partner][kind], self._documents[room]
        self._size -= _believed(documents.get(local, b""))
        documents[local] = document
        self._size += _believed(document)
        filed = [one for one in several(space.get(local)) if one[4] != STORED]
        meanings, ended = self._meanings(key, document, filed)
        space[local] = meanings[0] if len(meanings) == 1 else meanings
        if ended:
            self._past[room][local] = ended
        for meaning in meanings:
            self._reverse.add(room, meaning[2], local)

    def crosswalk(self, revision: int) -> Crosswalk:
        """Return what has been made. Raises Misconfigured when files and store contradict each other."""
        self._findings.raise_any()
        base = self._base
        made = Crosswalk(self._spaces, base.drugs, size=self._size).named_like(base)
        made.others, made.documents, made.past = base.others, self._documents, self._past
        made.reverse_index, made.revision = self._reverse, revision
        return made

    def _copy(self, room: Room) -> None:
        partner, kind = room
        kinds = dict(self._spaces.get(partner, {}))
        kinds[kind] = dict(kinds.get(kind, {}))
        self._spaces[partner] = kinds
        self._documents[room] = dict(self._documents.get(room, {}))
        self._past[room] = dict(self._past.get(room, {}))
        self._own.add(room)

    def _meanings(
        self, key: Key, document: bytes, filed: list[Meaning]
    ) -> tuple[list[Meaning], tuple[Past, ...]]:
        """Return what is believed now (of files and store) and what was once, equivalents only."""
        shared, meanings, ended = self._shared, list(filed), []
        for record in records_of(document):
            unified = record.get("unified_code", "")
            since, until = record["valid_from"], record.get("valid_to", OPEN_END)
            known_from = record.get("known_from", KNOWN_EVER)
            since = shared.setdefault(since, since)
            until = shared.setdefault(until, until)
            unified = shared.setdefault(unified, unified)
            known_from = shared.setdefault(known_from, known_from)
            equivalent = "relation" not in record
            if "known_to" in record:
                if equivalent:
                    ended.append((since, until, unified, known_from, record["known_to"]))
                continue
            self._compare(key, record, since, until, filed)
            if equivalent:
                meanings.append((since, until, unified, known_from, STORED))
        meanings.sort(key=lambda one: one[:3])
        return meanings, tuple(ended)

    def _compare(
        self, key: Key, record: dict[str, str], since: str, until: str, filed: list[Meaning]
    ) -> None:
        """Note where a row of a file says something else about the same days."""
        meaning = (
            record.get("relation", Relation.EQUIVALENT.value),
            record.get("unified_code", ""),
        )
        rows = [
            (one[0], one[1], Relation.EQUIVALENT.value, one[2], Source.of(one[4]).name)
            for one in filed
        ] + [
            (one.valid_from, one.valid_to, one.relation.value, one.unified_code, one.origin)
            for one in self._base.others.get(key, ())
        ]
        for first, last, relation, unified, name in rows:
            if first <= until and since <= last and (relation, unified) != meaning:
                self._findings.add(
                    name,
                    0,
                    f"{' '.join(key)} means {unified or relation} {first} – {last}, but "
                    f"{meaning[1] or meaning[0]} {since} – {until} was approved "
                    f"({record.get('id', '')})",
                )


def _believed(document: bytes) -> int:
    """Return how many versions of a document are believed now."""
    if not document:
        return 0
    return sum("known_to" not in record for record in records_of(document))
