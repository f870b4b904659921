"""解释: why a message exists: its rule, clauses, terms and arithmetic, down to the partners' raw bytes.

`explain` walks from a message to its causes, each once, however they refer to each other. `render_text`
is what an official reads, `as_dict` the same for programs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.policies.explaining.explain_links import clause_links
from gateway.policies.papers.papers import Paper
from gateway.ports import SUPERSEDED_SPACE, Entry, Journal
from schemas.events import EVENT_TYPES

CAUSES_SHOWN: Final = 50
"""Of one message; the others are counted. A yearly task may rest on a thousand receipts."""
NODES: Final = 500
"""Messages in one tree; a walk ends there and says so."""
FIRST_BYTES: Final = 160
_SUPERSEDES: Final = b'"supersedes":"'
_PARTNER_INPUT: Final = "对接方报文"
_OWN_INPUT: Final = "网关自记"
_OWN: Final = frozenset({"calendar"})
"""Who speaks for the gateway itself: the calendar says that days have ended."""

Papers = Mapping[str, Paper]
"""The registered papers by number."""
_NO_PAPERS: Final[Papers] = {}


@dataclass(frozen=True, slots=True)
class Raw:
    """原文: what the partner sent, byte for byte, in the journal."""

    interface: str
    partner: str
    partner_message_id: str
    digest: str
    size: int
    first_bytes: str
    """The beginning as text; control characters are escaped."""


@dataclass(slots=True)
class Cause:
    """One message of the tree. `entry` None: it is named as a cause but not in the journal."""

    id: str
    entry: Entry | None = None
    because: dict[str, Any] | None = None
    children: list[Cause] = field(default_factory=list)
    more: int = 0
    """Causes that are not shown."""
    seen: bool = False
    """It stands elsewhere in the tree with its own causes."""
    raw: Raw | None = None
    superseded_by: str = ""
    """更正: id of the message that stands in its place."""
    replaced_by: str = ""
    """替代: id of the conclusion in this tree that says it again with other figures."""

    @property
    def replaces(self) -> str:
        """Return the id of the conclusion that this one says again with other figures; "" for none."""
        if self.entry is None or self.because is None:
            return ""
        return str(self.entry.message.content().get("replaces") or "")

    @property
    def supersedes(self) -> str:
        """Return the id of the message that this one corrects; "" where it corrects none."""
        if self.entry is None or _SUPERSEDES not in self.entry.message.data:
            return ""
        return str(self.entry.message.content().get("supersedes") or "")

    @property
    def missing(self) -> bool:
        """Return whether the journal does not have it."""
        return self.entry is None and not self.seen


async def explain(journal: Journal, message_id: str) -> Cause:
    """Return the tree of causes of a message. Raises Unavailable; a missing cause is named, not raised."""
    return await _Walk(journal).cause(message_id)


class _Walk:
    """One walk down; `_met` makes it end on cycles and keeps shared causes from repeating."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._met: dict[str, Cause] = {}
        self._room = NODES

    async def cause(self, message_id: str) -> Cause:
        """Return the tree below a message, breadth first so that what is near is never cut off."""
        root = Cause(message_id)
        waiting = [root]
        while waiting:
            below: list[Cause] = []
            for node in waiting:
                below += await self._fill(node)
            waiting = below
        for node in self._met.values():
            if node.replaces in self._met:
                self._met[node.replaces].replaced_by = node.id
        return root

    async def _fill(self, node: Cause) -> list[Cause]:
        if node.id in self._met:
            node.seen = True
            return []
        self._met[node.id] = node
        entry = node.entry = await self._journal.find(node.id)
        if entry is None:
            return []
        after = await self._journal.get(SUPERSEDED_SPACE, node.id)
        node.superseded_by = after.value.decode() if after is not None else ""
        node.because = _because(entry)
        causes = _causes(entry, node.because)
        if not causes:
            node.raw = await self._raw(entry)
            return []
        node.children = [Cause(cause) for cause in causes[: min(CAUSES_SHOWN, self._room)]]
        self._room -= len(node.children)
        node.more = len(causes) - len(node.children)
        return node.children

    async def _raw(self, entry: Entry) -> Raw:
        try:
            raw = await self._journal.raw(entry.head_id)
        except KeyError:
            raw = b""
        return Raw(
            entry.interface,
            entry.message.partner,
            entry.message_id,
            entry.digest,
            len(raw),
            _as_text(raw[:FIRST_BYTES]),
        )


def _because(entry: Entry) -> dict[str, Any] | None:
    listed = EVENT_TYPES.get(entry.message.type)
    if listed is None or not listed.derived:
        return None  # a partner's own data explains nothing, whatever it calls its fields
    found = entry.message.content().get("because")
    return found if isinstance(found, dict) else None


def _causes(entry: Entry, because: dict[str, Any] | None) -> list[str]:
    named = list(because.get("causes", ())) if because else []
    if not named and entry.message.causationid:
        named = [entry.message.causationid]
    return list(dict.fromkeys(str(each) for each in named))


def _as_text(raw: bytes) -> str:
    """Return bytes as one harmless line: what is not printable is escaped, nothing moves a terminal."""
    return harmless(raw.decode("utf-8", "replace"))


def harmless(text: str) -> str:
    """Return text in which what is not printable is escaped."""
    return "".join(sign if sign.isprintable() else f"\\x{ord(sign):02x}" for sign in text)


# ------------------------------------------------------------------------------- for people


def render_text(tree: Cause, papers: Papers = _NO_PAPERS) -> str:
    """Return the tree as lines of text, Chinese first; clauses lead to the papers that are given."""
    return "\n".join(map(harmless, _lines(tree, 0, papers)))


def _lines(node: Cause, depth: int, papers: Papers) -> Iterator[str]:
    indent = "  " * depth
    yield indent + _headline(node)
    if node.supersedes:
        yield f"{indent}  更正 corrects: {node.supersedes}"
    if node.superseded_by:
        yield f"{indent}  已被更正 superseded by: {node.superseded_by}"
    if node.replaces:
        yield f"{indent}  替代 replaces: {node.replaces}"
    if node.replaced_by:
        yield f"{indent}  已被替代 replaced by: {node.replaced_by}"
    if node.because is not None:
        yield from (f"{indent}  {line}" for line in _reasons(node.because, papers))
    if node.raw is not None:
        yield from (f"{indent}  {line}" for line in _origin(node.raw))
    for child in node.children:
        yield from _lines(child, depth + 1, papers)
    if node.more:
        yield f"{indent}  … 另有 {node.more} 条依据未列出 and {node.more} more causes"


def _headline(node: Cause) -> str:
    if node.seen:
        return f"↑ {node.id} (见上 shown above)"
    if node.entry is None:
        return f"✗ {node.id} 留痕中没有此报文 missing from the journal"
    message = node.entry.message
    return f"• {title_of(message.type)} {message.type} {message.subject} @ {message.time} [{message.id}]"


def title_of(type_: str) -> str:
    """Return what a message type is called (its Chinese term); "" for an unknown one."""
    listed = EVENT_TYPES.get(type_)
    return (listed.model.__doc__ or "").split(":")[0].split(".")[0].strip() if listed else ""


def _reasons(because: dict[str, Any], papers: Papers) -> Iterator[str]:
    yield f"规则 rule: {because.get('rule', '')}"
    for clause in map(str, because.get("clauses", ())):
        yield f"依据 clause: {clause}"
        yield from (f"  → {each.heading} {each.href}" for each in clause_links(clause, papers))
    yield from (f"条款 term: {name} = {value}" for name, value in because.get("terms", {}).items())
    yield from (f"计算 arithmetic: {line}" for line in because.get("arithmetic", ()))


def _origin(raw: Raw) -> Iterator[str]:
    who = _OWN_INPUT if raw.interface in _OWN else _PARTNER_INPUT
    yield f"{who} from {raw.partner}: 接口 {raw.interface}, 报文编号 {raw.partner_message_id}"
    yield f"原文 raw: {raw.size} 字节 bytes, SHA-256 {raw.digest}"
    if raw.first_bytes:
        yield f"  {raw.first_bytes}"


# ------------------------------------------------------------------------------- for programs


def as_dict(tree: Cause, papers: Papers = _NO_PAPERS) -> dict[str, Any]:
    """Return the tree as plain JSON data; `clause_links` where papers are given that have the clauses."""
    found: dict[str, Any] = {"id": tree.id, "missing": tree.missing, "seen": tree.seen}
    if tree.entry is not None:
        entry, message = tree.entry, tree.entry.message
        found |= {
            "kind": entry.kind.value,
            "type": message.type,
            "subject": message.subject,
            "time": message.time,
            "region": message.region,
            "partner": message.partner,
            "place": {"shard": entry.shard, "seq": entry.seq, "hash": entry.hash},
            "recorded_at": entry.recorded_at,
        }
    if tree.supersedes:
        found["supersedes"] = tree.supersedes
    if tree.superseded_by:
        found["superseded_by"] = tree.superseded_by
    if tree.replaces:
        found["replaces"] = tree.replaces
    if tree.replaced_by:
        found["replaced_by"] = tree.replaced_by
    if tree.because is not None:
        found["because"] = tree.because
        links = [
            each.as_dict() | {"clause": clause}
            for clause in map(str, tree.because.get("clauses", ()))
            for each in clause_links(clause, papers)
        ]
        if links:
            found["clause_links"] = links
    if tree.raw is not None:
        found["raw"] = {name: getattr(tree.raw, name) for name in Raw.__slots__}
    found["causes"] = [as_dict(child, papers) for child in tree.children]
    found["more_causes"] = tree.more
    return found
