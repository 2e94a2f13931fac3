"""What goes over the wire, as the contract has it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from app.catalogue.job_records import FileError as PageError
from app.catalogue.job_records import JobState, JobStatus
from app.catalogue.records import ExampleRecord, Kind, Origin, SymbolRecord
from app.engine.geometry import Box as EngineBox
from app.service.answer import Answer, Band, Count, Found
from app.service.symbols import SymbolPage

DIGITS = 3  # of a pixel or a degree


class ExampleWarning(BaseModel):
    """Something that makes an example less useful."""

    code: str = Field(examples=["too_small"])
    detail: str


class Example(BaseModel):
    """One picture of a symbol, size in pixels."""

    id: str
    kind: Kind
    width: int
    height: int
    warnings: list[ExampleWarning]


class Symbol(BaseModel):
    """A symbol and its examples. `reference` symbols came with the weights and are read-only."""

    id: str
    name: str
    origin: Origin
    created_at: datetime
    examples: list[Example]
    warnings: list[ExampleWarning]


class SymbolList(BaseModel):
    """Symbols, oldest first; `next` is the `after` of the next page."""

    symbols: list[Symbol]
    next: str | None


class Renaming(BaseModel, extra="forbid"):
    """What a symbol is to be called."""

    name: str = Field(description="1 to 100 characters, no control characters, not blank, unique.")


class Box(BaseModel):
    """Pixels of the page as rendered, origin top left, y down."""

    x: float
    y: float
    width: float
    height: float


class Page(BaseModel):
    """A page that was searched, size in pixels."""

    page: int
    width: int
    height: int


class SymbolCount(BaseModel):
    """How often a symbol was found; `expected` sums the scores."""

    symbol_id: str
    symbol: str
    count: int
    certain: int
    review: int
    expected: float


class Detection(BaseModel):
    """One copy of a symbol. The pose takes the example to it: scaled, mirrored left to right, turned counter-clockwise."""

    symbol_id: str
    symbol: str
    page: int
    box: Box
    polygon: list[tuple[float, float]]
    score: float
    band: Band
    angle: float
    mirrored: bool
    scale: float


class Timings(BaseModel):
    """Milliseconds; the total has the waiting for the device in it."""

    decode: float
    embed: float
    search: float
    verify: float
    total: float


class Detections(BaseModel):
    """What was found, sorted by page, then score."""

    model: str
    pages: list[Page]
    counts: list[SymbolCount]
    detections: list[Detection]
    timings_ms: Timings
    truncated: bool


class FileError(BaseModel):
    """What went wrong with a page, or with the file as a whole."""

    page: int | None
    detail: str


class FileDetections(Detections):
    """What was found in one file of many; pages with an error were not searched and are not among `pages`."""

    file: str
    errors: list[FileError] = []


class FilesDetections(BaseModel):
    """What was found in each file, in the order in which they were sent."""

    files: list[FileDetections]


class JobFile(BaseModel):
    """How far one file is. Pages with an error are done too."""

    file: str
    pages_done: int
    pages_total: int
    errors: list[FileError]


class Job(BaseModel):
    """How far a job is. `detail` says why it failed as a whole."""

    id: str
    status: JobStatus
    created_at: datetime
    ended_at: datetime | None
    pages_done: int
    pages_total: int
    files: list[JobFile]
    detail: str | None


class Live(BaseModel):
    """The process answers."""

    status: Literal["live"] = "live"


class IndexState(BaseModel):
    """What the index holds: the catalogue's version, how many examples, a digest of their ids in ascending order."""

    version: int
    examples: int
    digest: str


class Ready(BaseModel):
    """Whether the service can work, and what keeps it from that."""

    status: Literal["ready", "not ready"]
    problems: dict[str, str] = Field(description="What is unusable: `weights`, `catalogue`, and why.")
    index: IndexState | None


class Version(BaseModel):
    """What runs."""

    service: str
    weights: str | None = Field(description="Hash of the model that is loaded.")
    device: str | None = Field(description="Where the model runs.")


def symbol(record: SymbolRecord) -> Symbol:
    """A catalogue's record as clients see it."""
    return Symbol(
        id=record.id,
        name=record.name,
        origin=record.origin,
        created_at=record.created_at,
        examples=[_example(each) for each in record.examples],
        warnings=[ExampleWarning(code=each.code, detail=each.detail) for each in record.warnings],
    )


def symbol_list(page: SymbolPage) -> SymbolList:
    """A page of the listing."""
    return SymbolList(symbols=[symbol(each) for each in page.symbols], next=page.next)


def detections(answer: Answer) -> Detections:
    """The JSON answer of a detection."""
    return Detections(
        model=answer.model,
        pages=[Page(page=each.number, width=each.width, height=each.height) for each in answer.pages],
        counts=[_count(each) for each in answer.counts()],
        detections=[_detection(each) for each in answer.found],
        timings_ms=Timings(**{name: round(value, DIGITS) for name, value in vars(answer.timings).items()}),
        truncated=answer.truncated,
    )


def found_in_files(named: Sequence[tuple[str, Answer]], errors: Sequence[Sequence[PageError]] = ()) -> FilesDetections:
    """The JSON answer for many files, each with its name; `errors` by file, if there can be any."""
    files = [FileDetections(file=name, **dict(detections(answer))) for name, answer in named]
    for file, found in zip(files, errors, strict=False):
        file.errors = [_error(each) for each in found]
    return FilesDetections(files=files)


def job(state: JobState) -> Job:
    """A job as clients see it."""
    files = [
        JobFile(file=each.name, pages_done=each.done, pages_total=each.total, errors=[_error(error) for error in each.errors])
        for each in state.files
    ]
    return Job(
        id=state.id,
        status=state.status,
        created_at=state.created_at,
        ended_at=state.ended_at,
        pages_done=state.done,
        pages_total=state.total,
        files=files,
        detail=state.detail,
    )


def _error(error: PageError) -> FileError:
    return FileError(page=error.page, detail=error.detail)


def _example(record: ExampleRecord) -> Example:
    warnings = [ExampleWarning(code=each.code, detail=each.detail) for each in record.warnings]
    identity = str(record.id) if record.id > 0 else f"ref{-record.id - 1}"
    return Example(id=identity, kind=record.kind, width=record.width, height=record.height, warnings=warnings)


def _count(count: Count) -> SymbolCount:
    return SymbolCount(
        symbol_id=count.symbol.id,
        symbol=count.symbol.name,
        count=count.count,
        certain=count.certain,
        review=count.review,
        expected=round(count.expected, DIGITS),
    )


def _detection(found: Found) -> Detection:
    pose = found.detection.pose
    return Detection(
        symbol_id=found.symbol.id,
        symbol=found.symbol.name,
        page=found.page,
        box=_box(found.detection.box),
        polygon=[(round(x, DIGITS), round(y, DIGITS)) for x, y in found.detection.polygon],
        score=found.detection.score,  # not rounded, or it could cross the threshold that was asked for
        band=found.band,
        angle=round(pose.angle, DIGITS) % 360.0,
        mirrored=pose.mirrored,
        scale=round(pose.scale, DIGITS + 1),
    )


def _box(box: EngineBox) -> Box:
    x, y, width, height = (round(value, DIGITS) for value in (box.x, box.y, box.width, box.height))
    return Box(x=x, y=y, width=width, height=height)
