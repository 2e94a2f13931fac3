"""What routes ask for, by name."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Header, Path, Request

from app.errors import Cancelled
from app.service.service import Service

T = TypeVar("T")

OLDEST_DPI, FINEST_DPI = 36, 1200


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


ServiceDep = Annotated[Service, Depends(_service)]
SymbolId = Annotated[str, Path(description="The symbol's id.", max_length=100)]
ExampleId = Annotated[str, Path(description="The example's id.", max_length=100)]
JobId = Annotated[str, Path(description="The job's id.", max_length=100)]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        description="The same request with the same key, within a day, gets the same answer and changes nothing more.",
    ),
]


async def until_done(request: Request, start: Callable[[Callable[[], bool]], Future[T]]) -> T:
    """Wait for work on the device. When the client hangs up, tell the work to stop, wait for that, raise Cancelled."""
    gone = threading.Event()
    future = asyncio.wrap_future(start(gone.is_set))
    watch = asyncio.create_task(_hung_up(request))
    either: set[asyncio.Future[Any]] = {future, watch}
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not future.done():
            gone.set()
            await asyncio.wait({future})
            future.exception()  # seen, so that it is not reported as lost
            raise Cancelled("The client hung up.")
        return future.result()
    finally:
        gone.set()
        watch.cancel()


async def _hung_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
