"""Errors that nobody foresaw."""

from __future__ import annotations

import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import accident

log = logging.getLogger(__name__)


class Accidents:
    """Answers 500 to an unforeseen error and logs its kind and place.

    Not its text, nor a trace, to the client or to the log: both may quote what was sent, a secret or a path.
    """

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


def failure(error: BaseException) -> str:
    """What of an error may be logged: its kind, and where in our code it happened, or else where at all."""
    places = []
    trace = error.__traceback__
    while trace is not None:
        frame = trace.tb_frame
        places.append(f"{frame.f_globals.get('__name__', '?')}.{frame.f_code.co_name}:{trace.tb_lineno}")
        trace = trace.tb_next
    ours = [place for place in places if place.startswith("app.") and not place.startswith(__name__)]
    return f"{type(error).__name__} at {(ours or places or ['?'])[-1]}"
