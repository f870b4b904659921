"""内置消费组: who of a group reads which shard, and where the group's offsets are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.ports import Delivered, Entry, Journal

if TYPE_CHECKING:
    from gateway.bus.embedded_member import EmbeddedMember

Place = tuple[str, int]
"""A topic and a partition."""
_SPACE: Final = "offset/"
_PAGE: Final = 1000


def offset_space(group: str) -> str:
    """Return the key-value space with a group's offsets."""
    return f"{_SPACE}{group}"


def offset_key(place: Place) -> str:
    """Return the key of one partition's offset."""
    topic, shard = place
    return f"{topic}/{shard}"


def delivered(entry: Entry, topic: str) -> Delivered:
    """Return a journal row as a consumer gets it, with its place in the journal as sequence."""
    message = entry.message.numbered(entry.shard, entry.seq)
    return Delivered(topic, entry.shard, entry.seq, message)


async def stored_offsets(journal: Journal, space: str) -> dict[Place, int]:
    """Return every offset of a group: the next one to read, by topic and partition."""
    found: dict[Place, int] = {}
    after = ""
    while page := await journal.scan(space, after=after, limit=_PAGE):
        for key, stored in page:
            topic, _, shard = key.rpartition("/")
            found[topic, int(shard)] = int(stored.value)
        after = page[-1][0]
    return found


class Group:
    """The members of one group in this process, in the order they joined."""

    def __init__(self, name: str, shards: int) -> None:
        self.name = name
        self.members: list[EmbeddedMember] = []
        self.generation = 0
        """Grows whenever a member joins or leaves; whoever sees it grown asks for its share again."""
        self._shards = shards

    def join(self, member: EmbeddedMember) -> None:
        """Add a member; everyone's share changes."""
        self.members.append(member)
        self.generation += 1

    def leave(self, member: EmbeddedMember) -> None:
        """Take a member out; everyone's share changes."""
        self.members.remove(member)
        self.generation += 1

    def share(self, member: EmbeddedMember) -> set[Place]:
        """Return what this member reads: of each of its topics every n-th shard.

        Members with the same topics get whole shards, so that what has one key meets in one place.
        """
        found: set[Place] = set()
        for topic in member.topics:
            readers = [each for each in self.members if topic in each.topics]
            mine = readers.index(member)
            found |= {(topic, shard) for shard in range(mine, self._shards, len(readers))}
        return found
