"""What the catalogue keeps of jobs, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from app.catalogue.records import SymbolRecord
from app.engine.drawing import PageSize
from app.engine.geometry import Detection
from app.engine.query import Options

JobStatus = Literal["queued", "running", "done", "failed", "cancelled"]
ACTIVE: tuple[JobStatus, ...] = ("queued", "running")


@dataclass(frozen=True)
class Asked:
    """How to search: the symbols with their examples as they were when the job was sent."""

    symbols: tuple[SymbolRecord, ...]
    options: Options
    dpi: int


@dataclass(frozen=True)
class NewFile:
    """A drawing to search; `error` says why it cannot be, and then there are no pages."""

    name: str
    pages: tuple[PageSize, ...] = ()
    error: str | None = None


@dataclass(frozen=True)
class FileError:
    """What went wrong with a page, or with the file as a whole."""

    page: int | None
    detail: str


@dataclass(frozen=True)
class FileState:
    """How far a file is. Pages that failed are done too."""

    name: str
    done: int
    total: int
    errors: tuple[FileError, ...]


@dataclass(frozen=True)
class JobState:
    """How far a job is. `detail` says why it failed as a whole."""

    id: str
    status: JobStatus
    created_at: datetime
    ended_at: datetime | None
    detail: str | None
    files: tuple[FileState, ...]

    @property
    def done(self) -> int:
        return sum(file.done for file in self.files)

    @property
    def total(self) -> int:
        return sum(file.total for file in self.files)

    @property
    def ended(self) -> bool:
        return self.status not in ACTIVE


@dataclass(frozen=True)
class PageAnswer:
    """What one page gave: each detection with its band. Times in milliseconds."""

    model: str
    found: tuple[tuple[Detection, Literal["certain", "review"]], ...] = field(repr=False)
    truncated: bool
    decode: float
    embed: float
    search: float
    verify: float


@dataclass(frozen=True)
class FileWork:
    """The pages of a file that are still to be searched."""

    id: int
    place: int
    pages: tuple[PageSize, ...]


@dataclass(frozen=True)
class Work:
    """What is left of a job."""

    job_id: str
    asked: Asked
    files: tuple[FileWork, ...]


@dataclass(frozen=True)
class FileAnswer:
    """What a file gave: its pages that were searched, and the others' errors."""

    place: int
    name: str
    pages: tuple[tuple[PageSize, PageAnswer], ...]
    errors: tuple[FileError, ...]
