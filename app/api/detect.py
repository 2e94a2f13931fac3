"""/detect: find and count symbols on a drawing."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.concurrency import run_in_threadpool

from app import errors
from app.api import wire
from app.api.dependencies import IdempotencyKey, ServiceDep, until_done
from app.api.formats import CONTENT, MEDIA, TABLES, AcceptHeader, FormatQuery, wanted_format
from app.api.forms import DetectForm
from app.api.problems import UPLOADED, documented, unreadable
from app.api.uploads import DeviceRoute
from app.service.answer import Answer
from app.service.detect import Plan
from app.service.report import MARKED, check_pages, marked, report
from app.service.service import Service
from app.service.worker import Urgency

router = APIRouter(tags=["detection"], route_class=DeviceRoute)

FAILURES = (
    errors.BadInput,
    errors.BrokenDrawing,
    errors.UnsupportedType,
    errors.TooLarge,
    errors.NotFound,
    errors.NothingToSearch,
    errors.NotAcceptable,
    errors.Overloaded,
    errors.NotReady,
    errors.WeightsError,
    errors.CatalogueError,
    errors.DeadlinePassed,
)

@router.post(
    "/detect",
    responses=documented(*FAILURES)
    | unreadable(*UPLOADED)
    | {200: {"model": wire.Detections, "content": CONTENT, "description": "What was found, in the format asked for"}},
    response_class=Response,
    summary="Find and count symbols on a drawing",
)
async def detect(
    request: Request,
    service: ServiceDep,
    form: Annotated[DetectForm, Form(media_type="multipart/form-data")],
    format: FormatQuery = None,
    accept: AcceptHeader = "*/*",
    key: IdempotencyKey = None,
) -> Response:
    """Drawings are neither stored nor logged. Nothing is changed, so an Idempotency-Key is accepted and not needed."""
    kind = wanted_format(format, accept)
    plan = await run_in_threadpool(service.detections.plan, await form.search())
    check_pages(kind, len(plan.pages))
    answer = await until_done(
        request, lambda cancelled: service.worker.submit(lambda: service.detections.run(plan, cancelled), Urgency.DETECTION)
    )
    if kind in MARKED:
        draw = partial(_marked, service, kind, plan, answer, form.name())
        content = await until_done(request, lambda cancelled: service.press.submit(partial(draw, cancelled)))
    else:
        content = await run_in_threadpool(_written, kind, answer, form.name())
    return Response(content, media_type=MEDIA[kind])


def _written(kind: str, answer: Answer, name: str) -> bytes:
    if kind == "json":
        return wire.detections(answer).model_dump_json().encode()
    return TABLES[kind](report([(name, answer)]))


def _marked(service: Service, kind: str, plan: Plan, answer: Answer, name: str, cancelled: Callable[[], bool]) -> bytes:
    drawn = report([(name, answer)])
    return b"".join(marked(kind, drawn, [lambda: plan.search.data], plan.search.dpi, service.drawings, cancelled))
