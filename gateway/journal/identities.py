"""What is handed in: the keys under which ids are remembered, and the checks before a group takes it.

A commit that no database could store is refused here, alone, before it joins others in a group.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

from gateway.ports import Commit, EntryKind, Row, Submission
from schemas.envelope import ID_BYTES

TEXT_LIMIT: Final = 2000
"""Bytes (UTF-8) of any one text column or key: more does not fit an index page of PostgreSQL."""
PAIR_LIMIT: Final = 2400
"""Bytes of two texts that are one key."""
_NEVER: Final = "\x01" * (TEXT_LIMIT + 1)
_BEFORE_SURROGATES: Final = "\ud7ff\U0010ffff"
_LINE_LIMIT: Final = 2**31
_DIGEST_BYTES: Final = 32


def id_key(identity: str) -> bytes:
    """Return the 16 bytes under which an id is remembered (ids are 32 hex digits; others are hashed)."""
    return _packed(identity, ID_BYTES)


def digest_key(digest: str) -> bytes:
    """Return the 32 bytes under which a submission's digest is remembered."""
    return _packed(digest, _DIGEST_BYTES)


def _packed(text: str, size: int) -> bytes:
    if len(text) == 2 * size:
        try:
            packed = bytes.fromhex(text)
        except ValueError:
            pass
        else:
            # fromhex is lenient with case and spaces; two texts must never share a key
            if packed.hex() == text:
                return packed
    return hashlib.blake2b(text.encode(), digest_size=size).digest()


def askable(text: str) -> str:
    """Return a text to look up; for one that can never be stored, a text that never is either."""
    return text if _storable(text) else _NEVER


def askable_after(text: str) -> str:
    """Return a key to read on from; of one that can never be stored, the nearest that could be."""
    ends = [at for at, one in enumerate(text) if not _storable(one)]
    if not ends:
        return text
    cut = text[: ends[0]]
    return cut if text[ends[0]] == "\0" else cut + _BEFORE_SURROGATES


def _storable(text: str) -> bool:
    if "\0" in text:
        return False
    if text.isascii():  # nearly all: ids, codes and keys
        return True
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return False
    return True


def check_commit(work: Commit) -> None:
    """Raise ValueError (TypeError) for what cannot be stored as evidence, before anything is written."""
    for given in work.submissions:
        _check_submission(given)
    for row in work.receipts:
        _check_row(row)
    for write in work.writes:
        if not _plain_pair(write.space, write.key):
            _check_pair(write.space, write.key)
    for pair in work.handled:
        if not _plain_pair(*pair):
            _check_pair(*pair)


def _check_submission(given: Submission) -> None:
    _check_texts(
        (
            given.id,
            given.partner,
            given.message_id,
            given.interface,
            given.digest,
            given.received_at,
            given.nonce,
            given.releases,
            given.rejects,
        )
    )
    if given.nonce:
        _check_pair(given.partner, given.nonce)
    if given.raw and hashlib.sha256(given.raw).hexdigest() != given.digest:
        raise ValueError(f"submission {given.id}: the digest is not the SHA-256 of its raw bytes")
    if given.releases or given.rejects:
        _check_leaving(given)
    for row in given.rows:
        _check_row(row)


def _check_leaving(given: Submission) -> None:
    """Check what takes a held row off the hold list."""
    if given.releases and given.rejects:
        raise ValueError(f"submission {given.id}: a held row is released or sent back, not both")
    if len(given.rows) != 1 or given.refused:
        raise ValueError(f"submission {given.id}: a release has exactly one row")
    if given.rejects and given.rows[0].kind is not EntryKind.MESSAGE:
        raise ValueError(f"submission {given.id}: what is sent back is not held again")


def _check_row(row: Row) -> None:
    message = row.message
    if not isinstance(message.data, bytes):
        raise TypeError(f"message {message.id}: data is bytes")
    if not -_LINE_LIMIT <= row.line < _LINE_LIMIT:
        raise ValueError(f"message {message.id}: line {row.line} is out of range")
    _check_texts(
        (
            message.id,
            message.source,
            message.type,
            message.subject,
            message.time,
            message.region,
            message.causationid,
            message.correlationid,
            message.traceparent,
            *row.waits_on,
        )
    )


def _plain_pair(one: str, other: str) -> bool:
    """Return whether a key is short and of printable ASCII: nearly all are, and nothing can be wrong."""
    both = one + other
    return both.isascii() and both.isprintable() and len(both) <= TEXT_LIMIT


def _check_pair(one: str, other: str) -> None:
    """Check two texts that are one key."""
    _check_texts((one, other))
    if len(one.encode()) + len(other.encode()) > PAIR_LIMIT:
        raise ValueError(f"the texts of a key are longer than {PAIR_LIMIT} bytes")


def _check_texts(texts: Iterable[str]) -> None:
    joined = "".join(texts)
    if joined.isascii() and joined.isprintable() and len(joined) <= TEXT_LIMIT:
        return
    # a lone surrogate raises UnicodeEncodeError, a ValueError, here
    if len(joined.encode()) > TEXT_LIMIT and any(len(t.encode()) > TEXT_LIMIT for t in texts):
        raise ValueError(f"a text is longer than {TEXT_LIMIT} bytes")
    if "\0" in joined:
        raise ValueError("a text contains a NUL character")
