"""/detect: find and count symbols on a drawing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Form, Header, Query, Request, Response, UploadFile
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field

from app import errors
from app.api import wire
from app.api.dependencies import FINEST_DPI, OLDEST_DPI, IdempotencyKey, ServiceDep, until_done
from app.api.problems import documented
from app.api.uploads import DeviceRoute
from app.engine.query import Options, Rotation
from app.errors import BadInput, NotAcceptable
from app.service.answer import Answer
from app.service.detect import Search
from app.service.fields import parse_box, parse_pages
from app.service.paging import ASKED
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

# name of the format: media type, and what writes the answer
FORMATS: dict[str, tuple[str, Callable[[Answer], bytes]]] = {
    "json": ("application/json", lambda answer: wire.detections(answer).model_dump_json().encode()),
}


Scale = Annotated[float, Field(ge=ASKED[0], le=ASKED[1], allow_inf_nan=False)]


class DetectForm(BaseModel, extra="forbid"):
    """A drawing and how to search it."""

    file: UploadFile = Field(description="The drawing: PNG, JPEG, TIFF, WebP, BMP or PDF; any polarity and colour.")
    symbols: list[str] = Field([], description="Ids or names, repeated or comma-separated; all of origin `user` if not given.")
    min_score: float = Field(0.5, ge=0, le=1, allow_inf_nan=False, description="Lowest score to answer.")
    rotation: Rotation = Field("any", description="Angles to look at.")
    mirror: bool = Field(True, description="Also find mirrored copies.")
    scale_min: float = Field(
        0.8, ge=ASKED[0], le=ASKED[1], allow_inf_nan=False, description="Smallest size, relative to the example."
    )
    scale_max: float = Field(
        1.25, ge=ASKED[0], le=ASKED[1], allow_inf_nan=False, description="Largest size, relative to the example."
    )
    pages: str | None = Field(None, description="`1-3,5`; all if not given.")
    dpi: int = Field(200, ge=OLDEST_DPI, le=FINEST_DPI, description="Resolution at which a PDF is rendered.")
    region: list[str] = Field([], description="`x,y,width,height` to search in; may be repeated.")
    exclude: list[str] = Field([], description="`x,y,width,height` to leave out; may be repeated.")
    max_detections: int = Field(5000, ge=1, le=100_000, description="Most detections of a page.")

    async def search(self) -> Search:
        """The form as the service takes it. Raises BadInput."""
        options = Options(
            min_score=self.min_score,
            rotation=self.rotation,
            mirror=self.mirror,
            scale_min=self.scale_min,
            scale_max=self.scale_max,
            regions=tuple(parse_box(text, "region") for text in self.region),
            exclude=tuple(parse_box(text, "exclude") for text in self.exclude),
            max_detections=self.max_detections,
        )
        pages = None if self.pages is None else parse_pages(self.pages)
        return Search(await self.file.read(), tuple(self.symbols), options, pages, self.dpi)


def wanted_format(asked: str | None, accept: str) -> str:
    """The format by the query, else the first of the Accept header that is served. Raises BadInput, NotAcceptable."""
    served = tuple(media for media, _ in FORMATS.values())
    if asked is not None:
        if asked not in FORMATS:
            raise BadInput(f"`format` must be one of {', '.join(FORMATS)}. Received: {asked[:100]!r}.", "format")
        return asked
    ranges = [part.split(";")[0].strip().lower() for part in accept.split(",")]
    for wish in ranges:
        for name, (media, _) in FORMATS.items():
            if wish in {"*/*", "", media, media.split("/")[0] + "/*"}:
                return name
    raise NotAcceptable(f"None of what `Accept` asks for is served. Served: {', '.join(served)}.", served)


@router.post(
    "/detect",
    responses=documented(*FAILURES) | {200: {"model": wire.Detections, "description": "What was found"}},
    response_class=Response,
    summary="Find and count symbols on a drawing",
)
async def detect(
    request: Request,
    service: ServiceDep,
    form: Annotated[DetectForm, Form(media_type="multipart/form-data")],
    format: Annotated[str | None, Query(description="`json`; else by `Accept`.")] = None,
    accept: Annotated[str, Header(include_in_schema=False)] = "*/*",
    key: IdempotencyKey = None,
) -> Response:
    """Drawings are neither stored nor logged. Nothing is changed, so an Idempotency-Key is accepted and not needed."""
    media, write = FORMATS[wanted_format(format, accept)]
    plan = await run_in_threadpool(service.detections.plan, await form.search())
    answer = await until_done(
        request, lambda cancelled: service.worker.submit(lambda: service.detections.run(plan, cancelled), Urgency.DETECTION)
    )
    return Response(await run_in_threadpool(write, answer), media_type=media)
