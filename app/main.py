"""The HTTP application; `planspot serve` runs it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from anyio import to_thread
from fastapi import Depends, FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.middleware.cors import CORSMiddleware

from app import errors
from app.api import detect, jobs, operations, symbols, wire
from app.api.accidents import Accidents
from app.api.guard import BEARER, Guard
from app.api.headers import AnswerHeaders
from app.api.observe import Observer
from app.api.problems import add_handlers, documented, under_own_type
from app.api.stopping import Drain, told_of_stop
from app.service.engine import Loader, load_engine
from app.service.service import Service
from app.settings import Settings


class _Application(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """As FastAPI makes it, problems under their own media type."""
        return under_own_type(super().openapi())


def create_app(settings: Settings | None = None, loader: Loader = load_engine) -> FastAPI:
    """The application; what lives long is made here and closed when the server stops.

    settings: read from the environment if not given. loader: gives the engine for a folder of weights.
    """
    service = Service(settings or Settings(), loader)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        # registrations wait for the device on threads; as many again must be free for what does not wait
        to_thread.current_default_thread_limiter().total_tokens += service.settings.queue_size
        service.start()
        service.runner.start()
        service.teller.start(lambda state: wire.job(state).model_dump_json().encode())
        with told_of_stop(service.stopping):
            yield
        await run_in_threadpool(service.close)

    app = _Application(
        title="Planspot",
        version=operations.service_version(),
        summary="Register a symbol from one example, find and count every copy of it on construction drawings.",
        lifespan=lifespan,
        root_path=service.settings.root_path,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.service = service
    app.state.drain = Drain(service.settings.stop_seconds)
    add_handlers(app)
    app.include_router(operations.health)
    refusals = documented(errors.Unauthenticated, errors.ScopeMissing, errors.RateLimited, errors.CatalogueError)
    for router in (symbols.uploads, symbols.router, detect.router, jobs.uploads, jobs.router, operations.router):
        app.include_router(router, dependencies=[Depends(BEARER)], responses=refusals)
    _wrap(app, service)
    return app


def _wrap(app: FastAPI, service: Service) -> None:
    """What every request goes through, the last added first."""
    app.add_middleware(Guard, ring=service.keys)
    app.add_middleware(Accidents)
    origins = service.settings.origins()
    if origins:
        # outside the guard: a browser sends no key when it asks whether it may call
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["GET", "POST", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "X-Request-ID"],
            expose_headers=["Location", "Retry-After", "X-Request-ID"],
        )
    app.add_middleware(Observer, meters=service.meters)
    app.add_middleware(AnswerHeaders)
