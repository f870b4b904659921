"""直达: the two busiest routes, ahead of the framework's routing, which costs more than they do.

The same handlers are registered as ordinary routes too, for the description; errors come out the same.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.intake import failures

Handler = Callable[[Request], Awaitable[Response]]
MESSAGES: Final = "/v1/messages"
_DOCUMENTS: Final = re.compile(r"/v1/interfaces/([^/]+)/messages")


class Direct:
    """Takes the POSTs of messages and documents to their handlers; everything else passes."""

    def __init__(self, app: ASGIApp, messages: Handler, documents: Handler) -> None:
        self._app, self._messages, self._documents = app, messages, documents

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle the request, or pass it on."""
        handler = self._handler(scope)
        if handler is None:
            await self._app(scope, receive, send)
            return
        try:
            answer = await handler(Request(scope, receive, send))
        except Exception as seen:  # noqa: BLE001 - one place maps everything to an answer
            answer = failures.response_to(seen)
        await answer(scope, receive, send)

    def _handler(self, scope: Scope) -> Handler | None:
        if scope["type"] != "http" or scope["method"] != "POST":
            return None
        if scope["path"] == MESSAGES:
            return self._messages
        found = _DOCUMENTS.fullmatch(scope["path"])
        if found is None:
            return None
        scope["path_params"] = {"interface": found.group(1)}
        return self._documents
