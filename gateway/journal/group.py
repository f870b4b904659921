"""组提交: concurrent commits share one transaction, because making durable costs the same for one or many.

While a group is being written, the next one gathers. Each caller gets its own results or its own error.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.errors import Unavailable
from gateway.journal.plan import Result
from gateway.ports import Commit, Outcome

GROUP_ROWS: Final = 1000
"""A group stops growing at about so many rows: more would only make the first callers wait."""
GROUP_BYTES: Final = 32 << 20

Write = Callable[[Sequence[Commit]], Awaitable[list[Result]]]


@dataclass(slots=True)
class _Waiting:
    work: Commit
    told: asyncio.Future[list[Outcome]]


class GroupCommit:
    """Gathers commits and hands them to `write` group by group, one group at a time."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._waiting: deque[_Waiting] = deque()
        self._writing: asyncio.Task[None] | None = None
        self._open = True

    async def commit(self, work: Commit) -> list[Outcome]:
        """Return the outcomes once the group that `work` joined is durable.

        A caller that is cancelled does not take its commit back: the outcome is then unknown to it.
        """
        if not self._open:
            raise Unavailable("the journal is closed")
        told: asyncio.Future[list[Outcome]] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(work, told))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all(), name="journal-commit")
        return await told

    async def stop(self) -> None:
        """Take no more, finish what has been taken."""
        self._open = False
        if self._writing is not None:
            await asyncio.wait([self._writing])

    async def _write_all(self) -> None:
        group: list[_Waiting] = []
        try:
            while self._waiting:
                group = self._gather()
                await self._write_group(group)
        finally:
            self._writing = None
            # only reached with callers left when this task itself was cancelled: nobody waits for ever
            for one in (*group, *self._waiting):
                if not one.told.done():
                    one.told.set_exception(Unavailable("the journal was interrupted"))
            self._waiting.clear()

    def _gather(self) -> list[_Waiting]:
        group: list[_Waiting] = []
        rows = size = 0
        while self._waiting and rows < GROUP_ROWS and size < GROUP_BYTES:
            one = self._waiting.popleft()
            group.append(one)
            rows += 1 + sum(len(given.rows) for given in one.work.submissions)
            size += sum(len(given.raw) for given in one.work.submissions)
        return group

    async def _write_group(self, group: list[_Waiting]) -> None:
        try:
            results = await self._write([one.work for one in group])
        except Unavailable as error:
            _tell_all(group, error)
        except Exception as error:  # noqa: BLE001 - whatever one commit does wrong must reach its caller
            if len(group) == 1:
                _tell(group[0], error)
                return
            for one in group:  # find out whose fault it is, so that the others are not hurt
                await self._write_group([one])
        else:
            for one, result in zip(group, results, strict=True):
                _tell(one, result)


def _tell(one: _Waiting, result: list[Outcome] | Exception) -> None:
    if one.told.done():
        return
    if isinstance(result, Exception):
        one.told.set_exception(result)
    else:
        one.told.set_result(result)


def _tell_all(group: Sequence[_Waiting], error: Unavailable) -> None:
    for one in group:
        again = Unavailable(str(error))  # each caller its own: tracebacks must not pile up on one
        again.__cause__ = error
        _tell(one, again)
