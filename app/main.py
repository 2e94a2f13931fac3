"""The HTTP application: `uvicorn --factory app.main:create_app`, or `planspot serve`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool

from app.api import detect, jobs, operations, symbols
from app.api.problems import add_handlers
from app.api.stopping import told_of_stop
from app.service.engine import Loader, load_engine
from app.service.service import Service
from app.settings import Settings


def create_app(settings: Settings | None = None, loader: Loader = load_engine) -> FastAPI:
    """The application; what lives long is made here and closed when the server stops.

    settings: read from the environment if not given. loader: gives the engine for a folder of weights.
    """
    service = Service(settings or Settings(), loader)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        service.start()
        service.runner.start()
        with told_of_stop(service.stopping):
            yield
        await run_in_threadpool(service.close)

    app = FastAPI(
        title="Planspot",
        version=operations.service_version(),
        summary="Register a symbol from one example, find and count every copy of it on construction drawings.",
        lifespan=lifespan,
    )
    app.state.service = service
    add_handlers(app)
    for router in (symbols.uploads, symbols.router, detect.router, jobs.uploads, jobs.router, operations.router):
        app.include_router(router)
    return app
