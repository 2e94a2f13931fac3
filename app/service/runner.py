"""Does the jobs: oldest first, page by page on the device's thread, behind everything that people wait for."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from datetime import timedelta
from functools import partial

from app.catalogue.job_records import FileWork, PageAnswer, Work
from app.catalogue.jobs import JobCatalogue
from app.engine.drawing import PageSize
from app.errors import Cancelled, GivenUp, PlanspotError, Unavailable
from app.service.detect import Detections, Plan, Search, SearchedPage
from app.service.job_files import JobFiles
from app.service.worker import Urgency, Worker

log = logging.getLogger(__name__)

IDLE = 1.0  # seconds between two looks for jobs that another process left
TRIES = 20  # times that a page may be begun
TIDY = 600.0  # seconds between two looks for files that no job has


class Runner:
    """A thread that hands pages to the worker. What it holds in memory can be lost: the catalogue says what is left.

    kept: how long a job that has ended is kept, with its files and result.
    """

    def __init__(
        self, catalogue: JobCatalogue, files: JobFiles, detections: Detections, worker: Worker, kept: timedelta
    ) -> None:
        self._catalogue = catalogue
        self._files = files
        self._detections = detections
        self._worker = worker
        self._kept = kept
        self._closing = False
        self._stopped: set[str] = set()
        self._woken = threading.Event()
        self._told = ""
        self._tidied = float("-inf")
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Leave the running page; it is searched anew after a restart."""
        self._closing = True
        self._woken.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._files.release()

    def wake(self) -> None:
        """There is a new job."""
        self._woken.set()

    def stop(self, job_id: str) -> None:
        """Leave the job, which has been cancelled in the catalogue, in the midst of its page."""
        self._stopped.add(job_id)

    def _run(self) -> None:
        while not self._closing:
            self._woken.clear()
            try:
                busy = self._files.own() and self._step()
                self._told = ""
            except Unavailable as error:
                self._tell(str(error))
                busy = False
            except Exception:
                log.exception("jobs wait")
                busy = False
            if not busy:
                self._woken.wait(IDLE)

    def _tell(self, reason: str) -> None:
        if reason != self._told:
            log.warning("jobs wait: %s", reason)
        self._told = reason

    def _step(self) -> bool:
        """Do one job as far as it goes; False if there is none."""
        self._tidy()
        self._stopped.clear()  # cancelled before the look at the catalogue, which therefore knows
        work = self._catalogue.next(self._files.store())
        if work is None:
            return False
        if not self._catalogue.begin(work.job_id):
            return True
        try:
            for file in work.files:
                self._search(work, file)
        except Cancelled:
            return True
        except Unavailable:
            raise
        except PlanspotError as error:
            self._catalogue.fail(work.job_id, str(error))
        except Exception:
            log.exception("a job failed")
            self._catalogue.fail(work.job_id, "The job could not be done; the service's log says why.")
        else:
            self._catalogue.end(work.job_id)
        return True

    def _search(self, work: Work, file: FileWork) -> None:
        data, left = self._files.read(work.job_id, file.place), list(file.pages)
        while left:
            search = Search(data, (), work.asked.options, tuple(page.number for page in left), work.asked.dpi)
            plan = self._detections.planned(search, tuple(left), work.asked.symbols)
            try:
                self._worker.submit(partial(self._pages, plan, work, file, left), Urgency.JOB).result()
            except CancelledError as error:
                raise Cancelled("The service is stopping.") from error
            except (Cancelled, Unavailable):
                raise
            except PlanspotError as error:
                self._failed(file, left.pop(0), str(error))
            except Exception:
                log.exception("a page of a job failed")
                self._failed(file, left.pop(0), "The page could not be searched; the service's log says why.")

    def _pages(self, plan: Plan, work: Work, file: FileWork, left: list[PageSize]) -> None:
        """On the device's thread; takes from `left` what is done, so that the first of the rest is the one that failed."""
        self._begin(file, left)
        for page in self._searched(plan, work):
            kept = self._catalogue.keep_page(file.id, page.page.number, _answer(plan, page))
            if not kept:
                raise Cancelled("The job is not wanted any more.")
            left.pop(0)
            self._begin(file, left)

    def _begin(self, file: FileWork, left: list[PageSize]) -> None:
        """Count the tries of the next page, or one that brings the process down would do so for ever."""
        if left and self._catalogue.try_page(file.id, left[0].number) > TRIES:
            raise GivenUp(f"The service was stopped {TRIES} times while it searched this page.")

    def _searched(self, plan: Plan, work: Work) -> Iterator[SearchedPage]:
        def cancelled() -> bool:
            # asked many times a page: a drawing that someone waits for need not wait for all of it
            self._worker.give_way(Urgency.JOB)
            return self._closing or self._worker.closing() or work.job_id in self._stopped

        return self._detections.pages(plan, cancelled, Urgency.JOB)

    def _failed(self, file: FileWork, page: PageSize, detail: str) -> None:
        self._catalogue.keep_error(file.id, page.number, detail)

    def _tidy(self) -> None:
        """Remove what has been kept long enough, and now and then files that a crash left without a job."""
        for job_id in self._catalogue.expired(self._files.store(), self._kept):
            self._catalogue.remove(job_id)
            self._files.remove(job_id)
        if time.monotonic() - self._tidied < TIDY:
            return
        self._tidied = time.monotonic()
        old = self._files.old()
        for job_id in set(old) - self._catalogue.known(old):
            self._files.remove(job_id)


def _answer(plan: Plan, page: SearchedPage) -> PageAnswer:
    found = tuple((each.detection, each.band) for each in page.found)
    times = page.result.timings
    model = plan.loaded.finder.model
    return PageAnswer(model, found, page.result.truncated, page.decode, times.embed, times.search, times.verify)
