"""Doing jobs, no HTTP: what a page may do to its job, and what a job may not do to others."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from app.catalogue.job_records import JobState
from app.engine.index import SymbolIndex
from app.engine.query import Options, PageResult, Query
from app.errors import NotFound, Unavailable
from app.service.engine import Engine
from app.service.job_files import JobFiles
from app.service.jobs import Order, Sent
from app.service.pictures import Upload
from app.service.service import Service
from app.settings import Settings
from tests import pictures
from tests.stub import StubDetector

BAD_WIDTH = 401  # a page of this width makes the detector fail
PATIENCE = 60.0


@dataclass(frozen=True)
class Failing(StubDetector):
    """Fails on pages of one width, as a driver might."""

    def detect(
        self,
        page: NDArray[np.uint8],
        queries: Sequence[Query],
        index: SymbolIndex,
        options: Options,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> PageResult:
        if page.shape[1] == BAD_WIDTH:
            raise RuntimeError("out of luck")
        return super().detect(page, queries, index, options, cancelled)


def load(weights: Path, device: str) -> Engine:
    return Engine(Failing())


@contextmanager
def served(folder: Path) -> Iterator[Service]:
    service = Service(Settings(data_dir=folder, weights=Path("stub")), load)
    service.start().result()
    try:
        yield service
    finally:
        service.close()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with served(tmp_path) as running:
        running.symbols.register("H", Upload(pictures.symbol()))
        yield running


def order(*widths: int) -> Order:
    sheets = pictures.pages([pictures.page([(10, 10)], width=width) for width in widths], "TIFF")
    return Order((Sent("sheets.tiff", lambda most: sheets[:most]),))


def ended(service: Service, job: str) -> JobState:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if (state := service.jobs.state(job)).ended:
            return state
        time.sleep(0.01)
    raise TimeoutError(f"the job stayed as it is: {state}")


def test_a_page_on_which_the_detector_fails_is_told_without_the_reason(service: Service) -> None:
    job = service.jobs.submit(order(400, BAD_WIDTH, 400)).id
    service.runner.start()
    state = ended(service, job)
    (error,) = state.files[0].errors
    assert (state.status, state.done, error.page) == ("done", 3, 2)
    assert "luck" not in error.detail
    (file,) = service.jobs.result(job).files
    assert [page.number for page in file.answer.pages] == [1, 3]


def test_drawings_that_are_gone_fail_their_job_and_no_other(service: Service, tmp_path: Path) -> None:
    lost, good = service.jobs.submit(order(400)).id, service.jobs.submit(order(400)).id
    (tmp_path / "jobs" / lost / "0").unlink()
    service.runner.start()
    assert ended(service, lost).status == "failed"
    assert ended(service, good).status == "done"


def test_a_service_that_does_no_jobs_leaves_them(service: Service) -> None:
    job = service.jobs.submit(order(400)).id
    assert service.jobs.state(job).status == "queued"


def test_one_process_does_the_jobs_of_a_folder(tmp_path: Path) -> None:
    one, two = JobFiles(tmp_path), JobFiles(tmp_path)
    assert one.store() == two.store()
    assert one.own()
    assert one.own()
    assert not two.own()
    one.release()
    assert two.own()
    two.release()


def test_a_folder_gets_one_name_whoever_asks(tmp_path: Path) -> None:
    names: set[str] = set()
    barrier = threading.Barrier(8)

    def ask() -> None:
        barrier.wait()
        names.add(JobFiles(tmp_path).store())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(names) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["store"]


def test_files_that_cannot_be_kept_or_found_are_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"in the way")
    files = JobFiles(tmp_path / "file" / "jobs")
    for use in (files.spool, files.store, lambda: files.put("j", 0, b"data")):
        with pytest.raises(Unavailable):
            use()
    with pytest.raises(NotFound):
        JobFiles(tmp_path).read("j", 0)
