"""Jobs in a database of their own."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from app.catalogue.database import Database
from app.catalogue.job_records import Asked, FileError, NewFile, PageAnswer
from app.catalogue.jobs import JobCatalogue
from app.catalogue.records import ExampleRecord, Receipt, SymbolRecord
from app.engine.drawing import PageSize
from app.engine.geometry import Box, Detection, Pose
from app.engine.query import Options
from app.errors import KeyReused, NotFound

SYMBOL = SymbolRecord("s", "H", datetime.now(UTC), (ExampleRecord(1, "positive", 9, 9),))
ASKED = Asked((SYMBOL,), Options(regions=(Box(1, 2, 3, 4.5),), rotation="none"), 150)
SIZES = (PageSize(1, 400, 300, 150.0), PageSize(2, 400, 300))
FILES = [NewFile("plan.pdf", SIZES), NewFile("notes.txt", (), "It is no drawing.")]
FOUND = Detection("s", Box(0.1, 0.2, 9, 9), ((0.1, 0.2), (9.1, 0.2), (9.1, 9.2), (0.1, 9.2)), 1 / 3, Pose(4.6, 4.7, 12.5, True))
ANSWER = PageAnswer("model", ((FOUND, "review"),), False, 1.0, 2.0, 3.0, 4.0)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def jobs(database: Database) -> JobCatalogue:
    return JobCatalogue(database)


def test_a_job_comes_back_as_it_was_kept(jobs: JobCatalogue) -> None:
    made = jobs.add("j", "here", ASKED, FILES, None)
    assert jobs.state("j") == made
    assert (made.status, made.done, made.total, made.ended) == ("queued", 0, 2, False)
    assert made.files[1].errors == (FileError(None, "It is no drawing."),)
    work = jobs.next("here")
    assert work is not None
    assert (work.job_id, work.asked) == ("j", ASKED)
    (file,) = work.files
    assert (file.place, file.pages) == (0, SIZES)
    assert jobs.next("elsewhere") is None


def test_pages_are_done_once_and_what_they_gave_comes_back(jobs: JobCatalogue) -> None:
    jobs.add("j", "here", ASKED, FILES, None)
    (file,) = jobs.next("here").files  # type: ignore[union-attr]
    assert jobs.begin("j")
    assert jobs.keep_page(file.id, 1, ANSWER)
    assert not jobs.keep_page(file.id, 1, ANSWER)
    assert not jobs.keep_error(file.id, 1, "late")
    (left,) = jobs.next("here").files  # type: ignore[union-attr]
    assert left.pages == SIZES[1:]
    assert jobs.keep_error(file.id, 2, "It is broken.")
    state = jobs.state("j")
    assert (state.status, state.done, state.files[0].errors) == ("running", 2, (FileError(2, "It is broken."),))
    assert jobs.end("j")
    assert not jobs.end("j")
    assert jobs.next("here") is None
    asked, (plan, notes) = jobs.answers("j")
    assert asked == ASKED
    assert plan.pages == ((SIZES[0], ANSWER),)
    assert (notes.pages, notes.name) == ((), "notes.txt")
    assert jobs.state("j").status == "done"


def test_tries_are_counted_by_page(jobs: JobCatalogue) -> None:
    jobs.add("j", "here", ASKED, FILES, None)
    (file,) = jobs.next("here").files  # type: ignore[union-attr]
    assert [jobs.try_page(file.id, number) for number in (1, 1, 2, 1)] == [1, 2, 1, 3]
    jobs.remove("j")
    assert jobs.try_page(file.id, 1) == 0


def test_of_many_writers_one_keeps_the_page(jobs: JobCatalogue) -> None:
    jobs.add("j", "here", ASKED, FILES, None)
    (file,) = jobs.next("here").files  # type: ignore[union-attr]
    with ThreadPoolExecutor(4) as pool:
        kept = list(pool.map(lambda _: jobs.keep_page(file.id, 1, ANSWER), range(8)))
    assert sum(kept) == 1


def test_nothing_moves_a_job_that_has_ended(jobs: JobCatalogue) -> None:
    jobs.add("j", "here", ASKED, FILES, None)
    (file,) = jobs.next("here").files  # type: ignore[union-attr]
    jobs.keep_page(file.id, 1, ANSWER)
    assert jobs.cancel("j")
    assert not jobs.cancel("j")
    assert not any((jobs.begin("j"), jobs.end("j"), jobs.fail("j", "late"), jobs.keep_page(file.id, 2, ANSWER)))
    assert (jobs.state("j").status, jobs.state("j").done) == ("cancelled", 1)
    assert jobs.answers("j")[1][0].pages == ()


def test_a_job_without_a_good_page_fails(jobs: JobCatalogue) -> None:
    jobs.add("j", "here", ASKED, FILES, None)
    (file,) = jobs.next("here").files  # type: ignore[union-attr]
    for number in (1, 2):
        jobs.keep_error(file.id, number, "It is broken.")
    jobs.end("j")
    assert (jobs.state("j").status, jobs.state("j").detail) == ("failed", "No page could be searched.")


def test_the_oldest_goes_first(jobs: JobCatalogue) -> None:
    for name in ("b", "a", "c"):
        jobs.add(name, "here", ASKED, FILES, None)
    assert jobs.active("here") == 3
    order = []
    while (work := jobs.next("here")) is not None:
        order.append(work.job_id)
        jobs.fail(work.job_id, "enough")
    assert order == ["b", "a", "c"]
    assert jobs.active("here") == 0


def test_removing_takes_all_along(jobs: JobCatalogue, database: Database) -> None:
    jobs.add("j", "here", ASKED, FILES, None)
    jobs.remove("j")
    with database.reading() as session:
        for table in ("jobs", "job_files", "job_pages"):
            assert session.connection().exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() == 0
    for use in (jobs.state, jobs.answers, jobs.cancel):
        with pytest.raises(NotFound):
            use("j")


def test_ended_jobs_expire(jobs: JobCatalogue) -> None:
    for name in ("ended", "runs"):
        jobs.add(name, "here", ASKED, FILES, None)
    jobs.fail("ended", "enough")
    assert jobs.expired("here", timedelta(hours=1)) == []
    assert jobs.expired("here", timedelta(seconds=-1)) == ["ended"]
    assert jobs.expired("elsewhere", timedelta(seconds=-1)) == []
    assert jobs.known(["ended", "runs", "never"]) == {"ended", "runs"}


def test_a_receipt_gives_the_first_answer(jobs: JobCatalogue) -> None:
    receipt = Receipt("key", "asked")
    made = jobs.add("j", "here", ASKED, FILES, receipt)
    jobs.begin("j")
    assert jobs.answered(receipt) == jobs.add("other", "here", ASKED, FILES, receipt) == made
    with pytest.raises(NotFound):
        jobs.state("other")
    with pytest.raises(KeyReused):
        jobs.answered(Receipt("key", "asked otherwise"))
