"""Requests whose body is bounded while it streams in and stays in memory: drawings are not written to disk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import aclosing, suppress
from typing import IO, Any, TypeVar

from fastapi.routing import APIRoute
from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.formparsers import FormParser, MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from app.api.stopping import Drain
from app.errors import Cancelled, DeadlinePassed, TooLarge, Unavailable
from app.service.service import Service

T = TypeVar("T")

MORE_THAN_FILE = 2**20  # bytes of a body besides its file: fields and boundaries
DRAINED = 64 * 2**20  # bytes thrown away after a refusal, so that the client reads the answer and not a reset


class _InMemory(MultiPartParser):
    """Starlette spools files over a megabyte to disk; the stream is bounded, so memory can hold them."""

    spool_max_size = 2**62


class BoundedRequest(Request):
    """Raises TooLarge once more bytes have come than a file may have."""

    longest_field = 2**20  # bytes

    @property
    def _limit(self) -> int:
        service: Service = self.app.state.service
        return service.settings.max_bytes

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
                    parser = self._parser(stream, limits) if multipart else self._fields(stream)
                    self._form = await _parsed_or_drained(parser, stream)
            except MultiPartException as error:
                raise HTTPException(400, error.message) from error
            except ClientDisconnect as error:
                raise Cancelled("The client hung up.") from error
        return self._form

    def _parser(self, stream: AsyncGenerator[bytes, None], limits: dict[str, Any]) -> MultiPartParser:
        return _InMemory(self.headers, stream, **limits)

    def _fields(self, stream: AsyncGenerator[bytes, None]) -> FormParser:
        return FormParser(self.headers, stream, max_part_size=self.longest_field)

    def discard(self) -> None:
        """Give back what holds the files."""

    def _too_large(self) -> TooLarge:
        return TooLarge(f"The upload has more than {self._limit} bytes.", self._limit)


async def _parsed_or_drained(parser: MultiPartParser | FormParser, stream: AsyncGenerator[bytes, None]) -> FormData:
    try:
        return await parser.parse()
    except (TooLarge, Unavailable):
        async for _ in stream:  # so that the client reads the answer and not a reset
            pass
        raise


class _Part:
    """A file within a larger one: parts are written one after the other, and read once all are there."""

    def __init__(self, whole: IO[bytes]) -> None:
        self._whole = whole
        self._start: int | None = None
        self._length, self._at = 0, 0

    def write(self, data: bytes) -> int:
        if self._start is None:
            self._start = self._whole.tell()
        self._length += len(data)
        try:
            self._whole.write(data)
            self._whole.flush()  # or a full disk would be noticed where nobody expects it
            return len(data)
        except OSError as error:
            raise Unavailable(f"The upload cannot be kept: {error.strerror or error}.") from error

    def seek(self, at: int) -> int:
        self._at = at
        return at

    def read(self, size: int = -1) -> bytes:
        self._whole.seek((self._start or 0) + self._at)
        left = self._length - self._at
        data = self._whole.read(left if size < 0 else min(size, left))
        self._at += len(data)
        return data

    def close(self) -> None:
        """The whole is closed by who opened it."""


class _OnDisk(MultiPartParser):
    """All files of a job go into one, for there may be more of them than a process may have open."""

    def __init__(self, whole: IO[bytes], most: int, *arguments: Any, **limits: Any) -> None:
        super().__init__(*arguments, **limits)
        self._whole, self._most = whole, most

    def on_headers_finished(self) -> None:
        super().on_headers_finished()
        upload = self._current_part.file
        if upload is not None:
            if self._current_files > self._most:
                raise TooLarge(f"A job may search {self._most} pages, and this one has more files. Send several.", self._most)
            upload.file.close()
            upload.file = _Part(self._whole)  # type: ignore[assignment]


class JobRequest(BoundedRequest):
    """Its files are kept on the disk while they come, without a name, so that they are gone when the process is."""

    longest_field = 2**16  # what is no file stays in memory, and there may be a thousand fields
    _whole: IO[bytes] | None = None

    @property
    def _limit(self) -> int:
        service: Service = self.app.state.service
        return service.settings.max_job_bytes

    def _parser(self, stream: AsyncGenerator[bytes, None], limits: dict[str, Any]) -> MultiPartParser:
        service: Service = self.app.state.service
        self._whole = service.jobs.spool()
        most = service.settings.max_job_pages
        limits |= {"max_files": most + 1, "max_part_size": self.longest_field}
        return _OnDisk(self._whole, most, self.headers, stream, **limits)

    def discard(self) -> None:
        if self._whole is not None:
            with suppress(OSError):  # what could not be written need not be
                self._whole.close()


class BoundedRoute(APIRoute):
    """Bounds the body of its requests."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            return await inner(BoundedRequest(request.scope, request.receive))

        return handle


async def _received(request: BoundedRequest, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await request.form()
    except TimeoutError as error:
        raise HTTPException(408, "The upload took too long.") from error


class DeviceRoute(APIRoute):
    """A route that needs the device: a permit comes before the body is read, so that a full queue answers at once."""

    request_class: type[BoundedRequest] = BoundedRequest

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            service: Service = request.app.state.service
            drain: Drain = request.app.state.drain
            bounded, settings = self.request_class(request.scope, request.receive), service.settings

            async def served() -> Response:
                await _received(bounded, settings.upload_seconds)
                return await _within(settings.deadline_seconds, inner(bounded), _deadline(settings.deadline_seconds))

            with service.worker.permit():
                try:
                    return await drain.bounded(served())
                finally:
                    bounded.discard()

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


class JobRoute(DeviceRoute):
    """A route that takes the files of a job."""

    request_class = JobRequest
