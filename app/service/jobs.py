"""Jobs: many drawings searched one page after another, behind what people wait for."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import IO

from app.catalogue.job_records import Asked, FileAnswer, FileError, JobState, NewFile
from app.catalogue.jobs import JobCatalogue
from app.catalogue.records import Receipt, SymbolRecord
from app.engine.drawing import Drawings, PageSize
from app.engine.query import Options
from app.errors import (
    BadInput,
    BrokenDrawing,
    CatalogueError,
    NoResult,
    Overloaded,
    PlanspotError,
    TooLarge,
    UnsupportedType,
)
from app.service.answer import Answer, Found, Milliseconds, in_order
from app.service.detect import Detections
from app.service.job_files import JobFiles
from app.service.paging import check_options
from app.service.report import Source
from app.service.runner import Runner
from app.service.webhooks import Receivers

RETRY = 60  # seconds; jobs take their time


@dataclass(frozen=True)
class Sent:
    """A file of a request; `read` gives at most so many of its bytes."""

    name: str
    read: Callable[[int], bytes]


@dataclass(frozen=True)
class Order:
    """What a job is to do. No symbols named means all of the user's; no pages means all of every file."""

    files: tuple[Sent, ...]
    symbols: tuple[str, ...] = ()
    options: Options = field(default_factory=Options)
    pages: tuple[int, ...] | None = None
    dpi: int = 200
    webhook: str | None = None  # whom to tell once it has ended


@dataclass(frozen=True)
class JobLimits:
    """`max_pages`: of a job. `max_jobs`: that wait or run."""

    max_pages: int
    max_jobs: int


@dataclass(frozen=True)
class FileResult:
    """What a file of a job gave; `source` gives the file's bytes."""

    name: str
    answer: Answer
    errors: tuple[FileError, ...]
    source: Source


@dataclass(frozen=True)
class JobResult:
    """What a job gave, by file."""

    files: tuple[FileResult, ...]
    dpi: int

    def named(self) -> list[tuple[str, Answer]]:
        return [(file.name, file.answer) for file in self.files]


class Jobs:
    """The use cases around jobs. Every method may raise CatalogueError."""

    def __init__(
        self,
        catalogue: JobCatalogue,
        files: JobFiles,
        detections: Detections,
        drawings: Drawings,
        limits: JobLimits,
        runner: Runner,
        receivers: Receivers,
    ) -> None:
        self._catalogue = catalogue
        self._files = files
        self._detections = detections
        self.drawings = drawings
        self._limits = limits
        self._runner = runner
        self._receivers = receivers

    def spool(self) -> IO[bytes]:
        """Where an upload goes while it comes. Raises Unavailable."""
        return self._files.spool()

    def submit(self, order: Order, key: str | None = None) -> JobState:
        """Keep a job; it is on the disk when this returns.

        A file that cannot be read is told in the state, if another one can be. Raises what planning a detection does,
        TooLarge, Overloaded, KeyReused. key: an idempotency key, as for symbols.
        """
        job_id = secrets.token_hex(8)
        if order.webhook is not None:
            self._receivers.check(order.webhook)
        try:
            files, digests = self._received(job_id, order)
            receipt = None if key is None else Receipt(key, _fingerprint(order, digests))
            before = self._catalogue.answered(receipt) if receipt else None
            state = before or self._added(job_id, order, files, receipt)
        except CatalogueError:
            raise  # it may have kept the job before it failed; if not, the files are tidied away
        except BaseException:
            self._files.remove(job_id)
            raise
        if state.id != job_id:
            self._files.remove(job_id)
        return state

    def state(self, job_id: str) -> JobState:
        """Raises NotFound."""
        return self._catalogue.state(job_id)

    def result(self, job_id: str) -> JobResult:
        """What a job that is done gave. Raises NotFound, and NoResult for any other job."""
        state = self._catalogue.state(job_id)
        if state.status != "done":
            reason = f": {state.done} of {state.total} pages are searched" if not state.ended else ""
            raise NoResult(f"The job is {state.status}{reason}. {state.detail or ''}".rstrip())
        asked, answers = self._catalogue.answers(job_id)
        files = (
            FileResult(each.name, _answer(asked.symbols, each), each.errors, partial(self._files.read, job_id, each.place))
            for each in answers
        )
        return JobResult(tuple(files), asked.dpi)

    def delete(self, job_id: str) -> None:
        """Cancel a job that has not ended; forget one that has. Its files and what it found are removed. Raises NotFound."""
        self._catalogue.state(job_id)
        if self._catalogue.cancel(job_id):
            self._runner.stop(job_id)
        else:
            self._catalogue.remove(job_id)
        self._files.remove(job_id)

    def _added(self, job_id: str, order: Order, files: Sequence[NewFile], receipt: Receipt | None) -> JobState:
        asked = Asked(self._detections.chosen(order.symbols), order.options, order.dpi)
        store = self._files.store()
        if self._catalogue.active(store) >= self._limits.max_jobs:
            raise Overloaded(f"{self._limits.max_jobs} jobs wait or run already. Try again in {RETRY} s.", RETRY)
        state = self._catalogue.add(job_id, store, asked, files, receipt, order.webhook)
        self._runner.wake()
        return state

    def _received(self, job_id: str, order: Order) -> tuple[list[NewFile], list[str]]:
        """Look at each file's headers and keep the file, one in memory at a time."""
        files, digests, refused = list[NewFile](), list[str](), list[PlanspotError]()
        for place, sent in enumerate(order.files):
            data = sent.read(self.drawings.limits.max_bytes + 1)  # one more than may be, which is then refused
            digests.append(f"{sent.name}\n{hashlib.sha256(data).hexdigest()}")
            try:
                files.append(NewFile(sent.name, self._surveyed(sent.name, data, order)))
            except (BrokenDrawing, UnsupportedType) as error:
                files.append(NewFile(sent.name, error=str(error)))
                refused.append(error)
                continue
            self._check_pages(files)
            self._files.put(job_id, place, data)
        if len(refused) == len(order.files):
            raise refused[0]
        check_options(order.options, [page for file in files for page in file.pages])
        return files, digests

    def _surveyed(self, name: str, data: bytes, order: Order) -> tuple[PageSize, ...]:
        try:
            return self.drawings.survey(data, order.pages, order.dpi)
        except TooLarge as error:
            raise TooLarge(f"{name}: {error}", error.limit) from error
        except BrokenDrawing:
            raise
        except BadInput as error:
            raise BadInput(f"{name}: {error}", error.field) from error

    def _check_pages(self, files: Sequence[NewFile]) -> None:
        count, most = sum(len(file.pages) for file in files), self._limits.max_pages
        if count > most:
            raise TooLarge(f"A job may search {most} pages, this one asks for {count} or more. Send several.", most)


def _answer(symbols: tuple[SymbolRecord, ...], file: FileAnswer) -> Answer:
    by_id = {symbol.id: symbol for symbol in symbols}
    models = dict.fromkeys(page.model for _, page in file.pages)
    return Answer(
        ", ".join(models),  # several, if the weights were changed while the job waited
        tuple(size for size, _ in file.pages),
        symbols,
        in_order(
            Found(size.number, by_id[detection.symbol_id], detection, band)
            for size, page in file.pages
            for detection, band in page.found
        ),
        _timings(file),
        any(page.truncated for _, page in file.pages),
    )


def _timings(file: FileAnswer) -> Milliseconds:
    stages = {name: sum(getattr(page, name) for _, page in file.pages) for name in ("decode", "embed", "search", "verify")}
    return Milliseconds(**stages, total=sum(stages.values()))


def _fingerprint(order: Order, digests: Sequence[str]) -> str:
    asked = f"job\n{order.symbols}\n{order.options}\n{order.pages}\n{order.dpi}\n" + "\n".join(digests)
    asked += "" if order.webhook is None else f"\n{order.webhook}"
    return hashlib.sha256(asked.encode()).hexdigest()
