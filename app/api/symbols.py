"""/symbols: register, list, rename, delete."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response, UploadFile
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field

from app import errors
from app.api import wire
from app.api.dependencies import FINEST_DPI, OLDEST_DPI, ExampleId, IdempotencyKey, ServiceDep, SymbolId, answered
from app.api.problems import UPLOADED, documented, linked, unreadable
from app.api.uploads import BoundedRoute, DeviceRoute
from app.catalogue.records import Kind
from app.service.asker import Asker
from app.service.fields import parse_box
from app.service.pictures import Upload

READING = (errors.BadInput, errors.BrokenDrawing, errors.UnsupportedType, errors.TooLarge)
KNOWN = (errors.BadInput, errors.CatalogueError)
WORKING = (errors.Overloaded, errors.NotReady, errors.WeightsError, errors.CatalogueError, errors.DeadlinePassed)

router = APIRouter(prefix="/symbols", tags=["symbols"], route_class=BoundedRoute, responses=documented(*KNOWN))
uploads = APIRouter(
    prefix="/symbols",
    tags=["symbols"],
    route_class=DeviceRoute,
    responses=documented(*READING, *WORKING) | unreadable(*UPLOADED),
)


ID = ("symbol_id", "$response.body#/id")
LAST = (("symbol_id", "$request.path.symbol_id"), ("example_id", "$response.body#/examples/1/id"))
LINKS = {name: linked(name, ID) for name in ("get_symbol", "image", "rename", "add_example", "delete_symbol")}


class ExampleForm(BaseModel, extra="forbid"):
    """An example: a crop of one symbol, or a whole drawing with `box`."""

    file: UploadFile = Field(description="PNG, JPEG, TIFF, WebP, BMP or PDF.")
    box: str | None = Field(None, description="`x,y,width,height` of the symbol in `file`; the whole image if not given.")
    page: int = Field(1, ge=1, description="Page of a PDF or TIFF, from 1.")
    dpi: int = Field(200, ge=OLDEST_DPI, le=FINEST_DPI, description="Resolution at which a PDF is rendered.")

    async def upload(self) -> Upload:
        """The form as the service takes it."""
        box = None if self.box is None else parse_box(self.box, "box")
        return Upload(await self.file.read(), box, self.page, self.dpi)


class SymbolForm(ExampleForm):
    """A symbol's name and first example."""

    name: str = Field(description="1 to 100 characters, no control characters, not blank, unique.")


class ShotForm(ExampleForm):
    """One more example."""

    kind: Kind = Field("positive", description="Negative examples push look-alikes away.")


@uploads.post(
    "",
    status_code=201,
    responses=documented(errors.NameTaken, errors.KeyReused) | {201: {"links": LINKS}},
    summary="Register a symbol from one example",
)
async def register(
    request: Request,
    service: ServiceDep,
    form: Annotated[SymbolForm, Form(media_type="multipart/form-data")],
    response: Response,
    key: IdempotencyKey = None,
) -> wire.Symbol:
    """The symbol survives a crash from the moment that 201 is sent."""
    asker, upload = Asker(), await form.upload()
    work = run_in_threadpool(service.symbols.register, form.name, upload, key, asker)
    record = await answered(request, asker, work)
    response.headers["Location"] = f"/symbols/{record.id}"
    return wire.symbol(record)


@uploads.post(
    "/{symbol_id}/examples",
    status_code=201,
    responses=documented(errors.NotFound, errors.ReadOnly, errors.KeyReused)
    | {201: {"links": {"delete_example": linked("delete_example", *LAST)}}},
    summary="Add one more example",
)
async def add_example(
    request: Request,
    service: ServiceDep,
    symbol_id: SymbolId,
    form: Annotated[ShotForm, Form(media_type="multipart/form-data")],
    response: Response,
    key: IdempotencyKey = None,
) -> wire.Symbol:
    """The next detection uses it."""
    asker, upload = Asker(), await form.upload()
    work = run_in_threadpool(service.symbols.add_example, symbol_id, upload, form.kind, key, asker)
    record = await answered(request, asker, work)
    response.headers["Location"] = f"/symbols/{record.id}"
    return wire.symbol(record)


@router.get("", responses=documented(errors.NotFound), summary="List symbols, oldest first")
def list_symbols(
    service: ServiceDep,
    limit: Annotated[int, Query(ge=1, le=1000, description="At most this many.")] = 100,
    after: Annotated[str | None, Query(max_length=100, description="The `next` of the page before.")] = None,
) -> wire.SymbolList:
    return wire.symbol_list(service.symbols.page(limit, after))


@router.get("/{symbol_id}", responses=documented(errors.NotFound), summary="One symbol")
def get_symbol(service: ServiceDep, symbol_id: SymbolId) -> wire.Symbol:
    return wire.symbol(service.symbols.get(symbol_id))


@router.get(
    "/{symbol_id}/image",
    responses=documented(errors.NotFound) | {200: {"content": {"image/png": {}}, "description": "The first positive example"}},
    response_class=Response,
    summary="The symbol's picture",
)
def image(service: ServiceDep, symbol_id: SymbolId) -> Response:
    return Response(service.symbols.image(symbol_id), media_type="image/png")


@router.patch(
    "/{symbol_id}",
    responses=documented(errors.NotFound, errors.NameTaken, errors.ReadOnly, errors.TooLarge)
    | unreadable(HTTPStatus.BAD_REQUEST),
    summary="Rename a symbol",
)
def rename(service: ServiceDep, symbol_id: SymbolId, renaming: wire.Renaming) -> wire.Symbol:
    return wire.symbol(service.symbols.rename(symbol_id, renaming.name))


@router.delete(
    "/{symbol_id}", status_code=204, responses=documented(errors.NotFound, errors.ReadOnly), summary="Delete a symbol"
)
def delete_symbol(service: ServiceDep, symbol_id: SymbolId) -> None:
    service.symbols.delete(symbol_id)


@router.delete(
    "/{symbol_id}/examples/{example_id}",
    status_code=204,
    responses=documented(errors.NotFound, errors.ReadOnly, errors.LastExample),
    summary="Delete one example",
)
def delete_example(service: ServiceDep, symbol_id: SymbolId, example_id: ExampleId) -> None:
    service.symbols.delete_example(symbol_id, example_id)
