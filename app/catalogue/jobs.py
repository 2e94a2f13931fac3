"""Jobs in the catalogue. A page's result and the mark that it is done are one statement, so each page is done once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session, undefer

from app.catalogue import receipts, tables
from app.catalogue.database import Database
from app.catalogue.job_records import (
    ACTIVE,
    Asked,
    FileAnswer,
    FileError,
    FileState,
    FileWork,
    JobState,
    JobStatus,
    NewFile,
    PageAnswer,
    Work,
)
from app.catalogue.records import Receipt
from app.engine.drawing import PageSize
from app.errors import NotFound

_STATE = TypeAdapter(JobState)
_ASKED = TypeAdapter(Asked)
_ANSWER = TypeAdapter(PageAnswer)


class JobCatalogue:
    """Jobs of every store, as a data folder with the files of jobs is called. Every method may raise CatalogueError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        job_id: str,
        store: str,
        asked: Asked,
        files: Sequence[NewFile],
        receipt: Receipt | None,
        webhook: str | None = None,
    ) -> JobState:
        """Keep a job whose files are on the disk. With a receipt, what `answered` raises and returns."""

        def change(session: Session) -> JobState:
            job = tables.Job(id=job_id, store=store, status="queued", asked=_ASKED.dump_json(asked).decode())
            session.add(job)
            session.flush()
            for place, file in enumerate(files):
                _add_file(session, job, place, file)
            if webhook is not None:
                session.add(tables.Webhook(job=job.number, url=webhook))
            session.flush()
            return _state(session, job)

        return receipts.once(self._database, change, receipt, _STATE)

    def answered(self, receipt: Receipt) -> JobState | None:
        """The answer that this request got before, if it did. Raises KeyReused if the key came with another request."""
        return receipts.answered(self._database, receipt, _STATE)

    def active(self, store: str) -> int:
        """How many jobs of a store wait or run."""
        with self._database.reading() as session:
            return session.scalars(select(func.count()).select_from(tables.Job).where(*_active(store))).one()

    def state(self, job_id: str) -> JobState:
        """Raises NotFound."""
        with self._database.reading() as session:
            return _state(session, _job(session, job_id))

    def next(self, store: str) -> Work | None:
        """What is left of the oldest job that has not ended."""
        with self._database.reading() as session:
            job = session.scalars(select(tables.Job).where(*_active(store)).order_by(tables.Job.number).limit(1)).one_or_none()
            return None if job is None else Work(job.id, _ASKED.validate_json(job.asked), _left(session, job))

    def begin(self, job_id: str) -> bool:
        """Say that the job runs; False if it has ended meanwhile."""
        return self._moved(job_id, status="running")

    def try_page(self, file: int, number: int) -> int:
        """Say that the page is being searched; how often it has been, this time included."""
        page = tables.JobPage.file == file, tables.JobPage.number == number
        with self._database.writing() as session:
            session.execute(update(tables.JobPage).where(*page).values(tries=tables.JobPage.tries + 1))
            return session.scalars(select(tables.JobPage.tries).where(*page)).one_or_none() or 0

    def keep_page(self, file: int, number: int, answer: PageAnswer) -> bool:
        """Keep a page's result. False, and nothing kept, if it was done before or the job is no longer wanted."""
        return self._page_done(file, number, result=_ANSWER.dump_json(answer).decode())

    def keep_error(self, file: int, number: int, detail: str) -> bool:
        """Say why a page could not be searched; as `keep_page`."""
        return self._page_done(file, number, error=detail)

    def end(self, job_id: str) -> bool:
        """The job is done: failed if no page could be searched."""
        with self._database.reading() as session:
            good = tables.JobPage.done & tables.JobPage.error.is_(None)
            counted = select(func.count()).select_from(tables.JobPage).where(_of_job(_job(session, job_id)), good)
            status: JobStatus = "done" if session.scalars(counted).one() else "failed"
        detail = None if status == "done" else "No page could be searched."
        return self._moved(job_id, status=status, detail=detail, ended_at=tables.now())

    def fail(self, job_id: str, detail: str) -> bool:
        """The job cannot go on."""
        return self._moved(job_id, status="failed", detail=detail, ended_at=tables.now())

    def cancel(self, job_id: str) -> bool:
        """End the job and drop what it found; False if it has ended. Raises NotFound."""
        with self._database.writing() as session:
            job = _job(session, job_id)
            if job.status not in ACTIVE:
                return False
            job.status, job.ended_at = "cancelled", tables.now()
            session.execute(update(tables.JobPage).where(_of_job(job)).values(result=None))
            return True

    def remove(self, job_id: str) -> None:
        """Forget the job and all that it found."""
        with self._database.writing() as session:
            session.execute(delete(tables.Job).where(tables.Job.id == job_id))

    def untold(self, store: str) -> list[tuple[str, str, int]]:
        """(id, URL, tries that failed) of jobs that are done or have failed and whose end is to be told now."""
        ended = tables.Job.store == store, tables.Job.status.in_(("done", "failed")), tables.Webhook.due <= tables.now()
        query = select(tables.Job.id, tables.Webhook.url, tables.Webhook.tries).join(tables.Job).where(*ended)
        with self._database.reading() as session:
            return [(row.id, row.url, row.tries) for row in session.execute(query.order_by(tables.Webhook.due))]

    def told(self, job_id: str) -> None:
        """The job's end needs to be told no more."""
        with self._database.writing() as session:
            session.execute(delete(tables.Webhook).where(_webhook(job_id)))

    def tell_later(self, job_id: str, wait: timedelta) -> None:
        """Telling has failed once more."""
        later = {"tries": tables.Webhook.tries + 1, "due": tables.now() + wait}
        with self._database.writing() as session:
            session.execute(update(tables.Webhook).where(_webhook(job_id)).values(later))

    def expired(self, store: str, age: timedelta) -> list[str]:
        """Jobs that ended longer ago than `age`."""
        query = select(tables.Job.id).where(tables.Job.store == store, tables.Job.ended_at < tables.now() - age)
        with self._database.reading() as session:
            return list(session.scalars(query))

    def known(self, job_ids: Sequence[str]) -> set[str]:
        """Those of the ids that are jobs."""
        with self._database.reading() as session:
            return set(session.scalars(select(tables.Job.id).where(tables.Job.id.in_(job_ids))))

    def answers(self, job_id: str) -> tuple[Asked, list[FileAnswer]]:
        """What was asked and what every file gave, in the order in which they were sent. Raises NotFound."""
        with self._database.reading() as session:
            job = _job(session, job_id)
            errors = _errors(session, job)
            answers = [_answer(session, file, errors[file.id]) for file in _files(session, job)]
            return _ASKED.validate_json(job.asked), answers

    def _moved(self, job_id: str, **values: object) -> bool:
        change = update(tables.Job).where(tables.Job.id == job_id, tables.Job.status.in_(ACTIVE)).values(**values)
        with self._database.writing() as session:
            return session.connection().execute(change).rowcount == 1

    def _page_done(self, file: int, number: int, **values: str) -> bool:
        active = select(tables.Job.number).where(tables.Job.status.in_(ACTIVE))
        wanted = select(tables.JobFile.id).where(tables.JobFile.job.in_(active))
        page = (tables.JobPage.file == file, tables.JobPage.number == number, ~tables.JobPage.done)
        change = update(tables.JobPage).where(*page, tables.JobPage.file.in_(wanted)).values(done=True, **values)
        with self._database.writing() as session:
            return session.connection().execute(change).rowcount == 1


def _active(store: str) -> tuple[ColumnElement[bool], ...]:
    return tables.Job.store == store, tables.Job.status.in_(ACTIVE)


def _webhook(job_id: str) -> ColumnElement[bool]:
    return tables.Webhook.job.in_(select(tables.Job.number).where(tables.Job.id == job_id))


def _job(session: Session, job_id: str) -> tables.Job:
    found = session.scalars(select(tables.Job).where(tables.Job.id == job_id)).one_or_none()
    if found is None:
        raise NotFound(f"There is no job with the id {job_id!r}.")
    return found


def _files(session: Session, job: tables.Job) -> Sequence[tables.JobFile]:
    return session.scalars(select(tables.JobFile).where(tables.JobFile.job == job.number).order_by(tables.JobFile.place)).all()


def _of_job(job: tables.Job) -> ColumnElement[bool]:
    return tables.JobPage.file.in_(select(tables.JobFile.id).where(tables.JobFile.job == job.number))


def _add_file(session: Session, job: tables.Job, place: int, file: NewFile) -> None:
    row = tables.JobFile(job=job.number, place=place, name=file.name, error=file.error)
    session.add(row)
    session.flush()
    for page in file.pages:
        session.add(tables.JobPage(file=row.id, number=page.number, width=page.width, height=page.height, dpi=page.dpi))


def _left(session: Session, job: tables.Job) -> tuple[FileWork, ...]:
    files = ((file, _pages(session, file, ~tables.JobPage.done)) for file in _files(session, job))
    return tuple(FileWork(file.id, file.place, tuple(map(_size, pages))) for file, pages in files if pages)


def _pages(session: Session, file: tables.JobFile, *which: ColumnElement[bool]) -> Sequence[tables.JobPage]:
    query = select(tables.JobPage).where(tables.JobPage.file == file.id, *which).order_by(tables.JobPage.number)
    return session.scalars(query).all()


def _state(session: Session, job: tables.Job) -> JobState:
    done = func.count().filter(tables.JobPage.done)
    query = select(tables.JobPage.file, done, func.count()).where(_of_job(job)).group_by(tables.JobPage.file)
    counts = {file: (finished, total) for file, finished, total in session.execute(query)}
    errors = _errors(session, job)
    files = tuple(FileState(file.name, *counts.get(file.id, (0, 0)), errors[file.id]) for file in _files(session, job))
    ended = None if job.ended_at is None else _zoned(job.ended_at)
    return JobState(job.id, job.status, _zoned(job.created_at), ended, job.detail, files)  # type: ignore[arg-type]


def _errors(session: Session, job: tables.Job) -> dict[int, tuple[FileError, ...]]:
    """By the id of each file: what is wrong with all of it, then with its pages."""
    found = {file.id: [] if file.error is None else [FileError(None, file.error)] for file in _files(session, job)}
    failed = select(tables.JobPage).where(_of_job(job), tables.JobPage.error.is_not(None)).order_by(tables.JobPage.number)
    for page in session.scalars(failed):
        found[page.file].append(FileError(page.number, page.error or ""))
    return {file: tuple(errors) for file, errors in found.items()}


def _answer(session: Session, file: tables.JobFile, errors: tuple[FileError, ...]) -> FileAnswer:
    searched = select(tables.JobPage).where(tables.JobPage.file == file.id, tables.JobPage.result.is_not(None))
    pages = session.scalars(searched.order_by(tables.JobPage.number).options(undefer(tables.JobPage.result)))
    answers = tuple((_size(page), _ANSWER.validate_json(page.result or "")) for page in pages)
    return FileAnswer(file.place, file.name, answers, errors)


def _size(page: tables.JobPage) -> PageSize:
    return PageSize(page.number, page.width, page.height, page.dpi)


def _zoned(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC)
