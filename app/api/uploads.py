"""Requests whose body is bounded while it streams in and stays in memory: drawings are not written to disk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import aclosing
from typing import Any, TypeVar

from fastapi.routing import APIRoute
from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.formparsers import FormParser, MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from app.api.drain import Drain
from app.errors import Cancelled, DeadlinePassed, TooLarge
from app.service.service import Service

T = TypeVar("T")

MORE_THAN_FILE = 2**20  # bytes of a body besides its file: fields and boundaries
DRAINED = 64 * 2**20  # bytes thrown away after a refusal, so that the client reads the answer and not a reset


class _InMemory(MultiPartParser):
    """Starlette spools files over a megabyte to disk; the stream is bounded, so memory can hold them."""

    spool_max_size = 2**62


class BoundedRequest(Request):
    """Raises TooLarge once more bytes have come than a file may have."""

    @property
    def _limit(self) -> int:
        service: Service = self.app.state.service
        return service.limits.max_bytes

    async def stream(self) -> AsyncGenerator[bytes, None]:
        declared = self.headers.get("content-length", "")
        received, most = 0, self._limit + MORE_THAN_FILE
        too_much = declared.isdecimal() and int(declared) > most
        async with aclosing(super().stream()) as chunks:
            if too_much and self.headers.get("expect", "").lower() == "100-continue":
                raise self._too_large()
            async for chunk in chunks:
                received += len(chunk)
                too_much = too_much or received > most
                if not too_much:
                    yield chunk
                elif received > most + DRAINED:
                    break
        if too_much:
            raise self._too_large()

    def form(self, **limits: Any) -> Any:
        """As Starlette's, with the files in memory."""
        return self._parsed(limits)

    async def _parsed(self, limits: dict[str, Any]) -> FormData:
        if self._form is None:
            kind, _ = parse_options_header(self.headers.get("content-type"))
            multipart = kind == b"multipart/form-data"
            try:
                async with aclosing(self.stream()) as stream:
                    parser = _InMemory(self.headers, stream, **limits) if multipart else FormParser(self.headers, stream)
                    self._form = await parser.parse()
            except MultiPartException as error:
                raise HTTPException(400, error.message) from error
            except ClientDisconnect as error:
                raise Cancelled("The client hung up.") from error
        return self._form

    def _too_large(self) -> TooLarge:
        return TooLarge(f"The upload has more than {self._limit} bytes.", self._limit)


class BoundedRoute(APIRoute):
    """Bounds the body of its requests."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            return await inner(BoundedRequest(request.scope, request.receive))

        return handle


class DeviceRoute(APIRoute):
    """A route that needs the device: a permit comes before the body is read, so that a full queue answers at once."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            service: Service = request.app.state.service
            drain: Drain = request.app.state.drain
            bounded, settings = BoundedRequest(request.scope, request.receive), service.settings

            async def served() -> Response:
                await _within(settings.upload_seconds, bounded.form(), HTTPException(408, "The upload took too long."))
                return await _within(settings.deadline_seconds, inner(bounded), _deadline(settings.deadline_seconds))

            with service.worker.permit():
                return await drain.bounded(served())

        return handle


async def _within(seconds: float, work: Awaitable[T], otherwise: Exception) -> T:
    """The work's result; it is cancelled after so long, and `otherwise` raised."""
    try:
        async with asyncio.timeout(seconds) as limit:
            return await work
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise otherwise from error


def _deadline(seconds: float) -> DeadlinePassed:
    return DeadlinePassed(f"The answer was not there within {seconds:g} s. Ask for fewer pages or symbols at once.")
