"""Who may call: a request is judged by its headers alone, before it takes a place in the queue or its body is read."""

from __future__ import annotations

from anyio import CapacityLimiter, to_thread
from fastapi.security import HTTPBearer
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as Request

from app.api.problems import problem
from app.api.proxy import route_path
from app.catalogue.records import Scope
from app.errors import PlanspotError
from app.service.keys import KeyRing

OPEN = frozenset({"/health/live", "/health/ready"})
READING = frozenset({"GET", "HEAD", "OPTIONS"})
FINDING = frozenset({"detect", "jobs"})  # what is sent there is searched; no symbol changes

# tells OpenAPI, and so /docs, that a key may be sent; it judges nothing
BEARER = HTTPBearer(auto_error=False, description="An API key, where the service has any.")


class Guard:
    """Refuses requests without a valid key that has the scope, once the service has a key."""

    def __init__(self, app: ASGIApp, ring: KeyRing) -> None:
        self._app = app
        self._ring = ring
        # threads of its own: requests that wait for the device may hold all of the common ones
        self._threads = CapacityLimiter(2)

    async def __call__(self, scope: Request, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and route_path(scope) not in OPEN:
            try:
                await self._admit(scope)
            except PlanspotError as error:
                await problem(error)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _admit(self, scope: Request) -> None:
        if self._ring.stale():
            await to_thread.run_sync(self._ring.refresh, limiter=self._threads)
        key = self._ring.admit(_token(scope), needed(scope["method"], route_path(scope)))
        if key:
            scope.setdefault("state", {})["key"] = key.id


def needed(method: str, path: str) -> Scope:
    """The scope that a key must have for this request."""
    return "read" if method in READING or path.strip("/").split("/")[0] in FINDING else "write"


def _token(scope: Request) -> str | None:
    scheme, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None
