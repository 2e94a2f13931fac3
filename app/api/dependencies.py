"""What routes ask for, by name."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Header, Path, Request

from app.errors import Cancelled, Stopping
from app.service.asker import Asker
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
    """Wait for what `start` queues; it is told how work can see that nobody waits any more. Raises what `answered` does."""
    asker = Asker()
    future = start(asker.has_left)
    asker.waits_for(future)
    return await answered(request, asker, asyncio.wrap_future(future))


async def answered(request: Request, asker: Asker, work: Awaitable[T]) -> T:
    """Wait for work done for the asker, who leaves when the client hangs up or this is cancelled.

    The work has ended when this does, so that the place it had is free. Raises Cancelled for a client that hung up.
    """
    done, watch = asyncio.ensure_future(work), asyncio.create_task(_hung_up(request))
    either: set[asyncio.Future[Any]] = {done, watch}
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    finally:
        watch.cancel()
        if not done.done():
            asker.leave()
            await asyncio.wait({done})
            if not done.cancelled():
                done.exception()  # seen, so that it is not reported as lost
    if asker.has_left():
        raise Cancelled("The client hung up.")
    if done.cancelled():
        raise Stopping("The service is stopping.")
    return done.result()


async def _hung_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
