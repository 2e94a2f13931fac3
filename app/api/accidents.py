"""Errors that nobody foresaw."""

from __future__ import annotations

import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import accident
from app.logs import failure

log = logging.getLogger(__name__)


class Accidents:
    """Answers 500 to an unforeseen error, telling nothing of it, and logs its kind and place."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:
            log.error("a request failed: %s", failure(error))
            if not begun:  # else the server closes the connection, so that the client sees half an answer as one
                await accident()(scope, receive, send)
