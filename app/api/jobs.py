"""/jobs: many drawings at once, searched in the background."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Generator
from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Form, Header, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from app import errors
from app.api import wire
from app.api.dependencies import IdempotencyKey, JobId, ServiceDep
from app.api.formats import CONTENT, MEDIA, TABLES, AcceptHeader, FormatQuery, wanted_format
from app.api.forms import JobForm
from app.api.problems import UPLOADED, documented, linked, unreadable
from app.api.uploads import BoundedRoute, JobRoute
from app.catalogue.job_records import JobState
from app.service.jobs import JobResult
from app.service.report import MARKED, check_pages, marked, report
from app.service.service import Service

LOOK = 0.25  # seconds between two looks at a job that someone watches
BEGUN = 2  # parts of a marked drawing made before the answer begins, so that a file that is not there is still told
SILENCE = 15.0  # seconds after which a line is sent that says nothing, so that no proxy ends the connection

READING = (errors.BadInput, errors.BrokenDrawing, errors.UnsupportedType, errors.TooLarge, errors.KeyReused)
SEARCHING = (errors.NotFound, errors.NothingToSearch)
WORKING = (
    errors.Overloaded,
    errors.NotReady,
    errors.WeightsError,
    errors.CatalogueError,
    errors.Unavailable,
    errors.DeadlinePassed,
)
TELLING: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {}}, "description": "The job, each time that it changes, until it ends"},
    204: {"description": "The end was seen"},
}
KNOWN = (errors.NotFound, errors.BadInput, errors.CatalogueError)
LINKS = {
    name: linked(name, ("job_id", "$response.body#/id")) for name in ("get_job", "events", "result", "delete_job")
}

uploads = APIRouter(prefix="/jobs", tags=["jobs"], route_class=JobRoute)
router = APIRouter(prefix="/jobs", tags=["jobs"], route_class=BoundedRoute, responses=documented(*KNOWN))


@uploads.post(
    "",
    status_code=202,
    responses=documented(*READING, *SEARCHING, *WORKING) | unreadable(*UPLOADED) | {202: {"links": LINKS}},
    summary="Find and count symbols on many drawings",
)
async def submit(
    service: ServiceDep,
    form: Annotated[JobForm, Form(media_type="multipart/form-data")],
    response: Response,
    key: IdempotencyKey = None,
) -> wire.Job:
    """The job survives a crash from the moment that 202 is sent, and goes on where it was."""
    state = await run_in_threadpool(service.jobs.submit, form.order(), key)
    response.headers["Location"] = f"/jobs/{state.id}"
    return wire.job(state)


@router.get("/{job_id}", summary="How far a job is")
def get_job(service: ServiceDep, job_id: JobId) -> wire.Job:
    return wire.job(service.jobs.state(job_id))


@router.get(
    "/{job_id}/events",
    responses=TELLING,
    response_class=Response,
    summary="How far a job is, as server-sent events",
)
async def events(
    service: ServiceDep, job_id: JobId, seen: Annotated[str | None, Header(alias="Last-Event-ID", max_length=100)] = None
) -> Response:
    """Each event's data is the job as `GET /jobs/{id}` has it. Who has seen the end and asks again gets `204`."""
    state = await run_in_threadpool(service.jobs.state, job_id)
    if state.ended and seen == _event_id(state):
        return Response(status_code=204)  # tells a browser not to come again
    return StreamingResponse(_events(service, state), media_type="text/event-stream", headers={"Cache-Control": "no-store"})


@router.get(
    "/{job_id}/result",
    responses=documented(errors.NoResult, errors.BadInput, errors.NotAcceptable, errors.TooLarge)
    | {200: {"model": wire.FilesDetections, "content": CONTENT, "description": "What was found, in the format asked for"}},
    response_class=Response,
    summary="What a job found",
)
async def result(service: ServiceDep, job_id: JobId, format: FormatQuery = None, accept: AcceptHeader = "*/*") -> Response:
    """`409` until the job is done, and for one that failed or was cancelled."""
    kind = wanted_format(format, accept)
    found = await run_in_threadpool(service.jobs.result, job_id)
    if kind in MARKED:
        check_pages(kind, sum(len(file.answer.pages) for file in found.files))
        parts = _marked(service, kind, found)
        begun = [await _on_press(service, parts) for _ in range(BEGUN)]
        return StreamingResponse(_pressed(service, parts, begun), media_type=MEDIA[kind])
    return Response(await run_in_threadpool(_written, kind, found), media_type=MEDIA[kind])


@router.delete("/{job_id}", status_code=204, summary="Cancel a job and remove its files and result")
def delete_job(service: ServiceDep, job_id: JobId) -> None:
    """A job that has not ended is `cancelled` from then on; one that has is gone."""
    service.jobs.delete(job_id)


async def _events(service: Service, state: JobState) -> AsyncIterator[bytes]:
    """The state now and after each change, until the job has ended, is gone, or the service stops."""
    yield _event(state)
    sent = time.monotonic()
    while not state.ended and not service.stopping.is_set():
        await asyncio.sleep(LOOK)
        before = state
        try:
            state = await run_in_threadpool(service.jobs.state, state.id)
        except errors.PlanspotError:
            return  # whoever asks again is told why
        if state != before or time.monotonic() - sent > SILENCE:
            yield _event(state) if state != before else b": still here\n\n"
            sent = time.monotonic()


def _event(state: JobState) -> bytes:
    return f"id: {_event_id(state)}\ndata: {wire.job(state).model_dump_json()}\n\n".encode()


def _event_id(state: JobState) -> str:
    return f"{state.status}-{state.done}"


def _written(kind: str, found: JobResult) -> bytes:
    if kind == "json":
        return wire.found_in_files(found.named(), [file.errors for file in found.files]).model_dump_json().encode()
    return TABLES[kind](report(found.named()))


def _marked(service: Service, kind: str, found: JobResult) -> Generator[bytes]:
    sources = [file.source for file in found.files]
    return marked(kind, report(found.named()), sources, found.dpi, service.jobs.drawings, service.stopping.is_set)


async def _pressed(service: Service, parts: Generator[bytes], begun: list[bytes | None]) -> AsyncIterator[bytes]:
    """Part after part as they are drawn: a long job's drawings would not fit into memory."""
    try:
        for part in begun:
            yield part or b""
        while (more := await _on_press(service, parts)) is not None:
            yield more
    finally:
        with suppress(errors.NotReady):
            service.press.submit(parts.close)


async def _on_press(service: Service, parts: Generator[bytes]) -> bytes | None:
    return await asyncio.wrap_future(service.press.submit(lambda: next(parts, None)))
