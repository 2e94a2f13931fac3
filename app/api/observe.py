"""Notes each request: an id, a line in the log, a count and a time for Prometheus."""

from __future__ import annotations

import logging
import re
import secrets
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.logs import REQUEST_ID
from app.service.meters import Meters

log = logging.getLogger("app.access")

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNANSWERED = 503  # stands for the status of a request whose answer never began
LONGEST_PATH = 200  # characters logged


class Observer:
    """Counts by the route's template, never by the path, so that there are as many series as routes."""

    def __init__(self, app: ASGIApp, meters: Meters) -> None:
        self._app = app
        self._meters = meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), UNANSWERED
        request_id = chosen_id(Headers(scope=scope).get("x-request-id", ""))
        token = REQUEST_ID.set(request_id)

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            self._note(scope, status, time.perf_counter() - began)
            REQUEST_ID.reset(token)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route, method = template(scope), scope["method"] if scope["method"] in METHODS else "other"
        self._meters.requests.labels(route, method, str(status)).inc()
        self._meters.request_seconds.labels(route, method).observe(seconds)
        # the path without its query, which may hold secrets; nothing of the body
        line = {"method": method, "path": scope["path"][:LONGEST_PATH], "route": route, "status": status}
        line |= {"ms": round(1000 * seconds, 1), "client": (scope.get("client") or [None])[0]}
        log.info("request", extra={"fields": line | {"key": scope.get("state", {}).get("key")}})


def chosen_id(sent: str) -> str:
    """The request's id: what the client sent if that is short and plain, else a new one."""
    return sent if re.fullmatch(r"[A-Za-z0-9._-]{1,64}", sent) else secrets.token_hex(8)


def template(scope: Scope) -> str:
    """The path of the route that took the request, `none` where none did."""
    return str(getattr(scope.get("route"), "path", None) or "none")
