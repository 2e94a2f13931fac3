"""One thread that owns the device, and the permits that bound what waits for it."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple, TypeVar

from app.errors import Cancelled, Overloaded, Stopping
from app.service.asker import Asker
from app.service.meters import Meters

T = TypeVar("T")

LONGEST_RETRY = 60  # seconds


class Urgency(IntEnum):
    """Lower goes first; equal in order of arrival."""

    EXAMPLE = 0
    DETECTION = 1
    JOB = 2


@dataclass(frozen=True)
class Load:
    """How much the worker has to do: permits in all, permits taken, whether work runs, and work not begun by urgency."""

    places: int
    taken: int
    busy: bool
    waiting: dict[Urgency, int]


class _Job(NamedTuple):
    """Work that waits; `number` is never given twice, so that no two are compared beyond it."""

    urgency: Urgency
    number: int
    since: float  # time.monotonic()
    future: Future[Any]
    work: Callable[[], Any]


class Worker:
    """Runs work one at a time. `waiting` is how many permits there are besides the one for the work that runs."""

    def __init__(self, waiting: int, meters: Meters | None = None) -> None:
        self._meters = meters or Meters()
        self._places = waiting + 1
        self._taken = 0
        self._seconds = 1.0  # how long a permit is held, smoothed
        self._heap: list[_Job] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._closing = False
        self._busy = False
        self._thread = threading.Thread(target=self._run, name="device", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Drop what waits and let the running work end; it sees `closing`."""
        with self._changed:
            self._closing = True
            waiting, self._heap = self._heap, []
            self._changed.notify_all()
        for job in waiting:
            job.future.cancel()
        self._thread.join()

    def closing(self) -> bool:
        """True once the service stops."""
        return self._closing

    def load(self) -> Load:
        """How much there is to do just now."""
        with self._changed:
            waiting = Counter(job.urgency for job in self._heap)
            return Load(self._places, self._taken, self._busy, {urgency: waiting[urgency] for urgency in Urgency})

    @contextmanager
    def permit(self) -> Iterator[None]:
        """A place in the queue for as long as a request lasts. Raises Overloaded at once if there is none."""
        self._take_place()
        began = time.monotonic()
        try:
            yield
        finally:
            with self._changed:
                self._taken -= 1
                self._seconds += 0.2 * (time.monotonic() - began - self._seconds)

    def submit(self, work: Callable[[], T], urgency: Urgency) -> Future[T]:
        """Queue work for the device's thread; it is withdrawn when the future is cancelled. Raises Stopping."""
        future: Future[T] = Future()
        future.add_done_callback(self._withdraw)
        with self._changed:
            if self._closing:
                raise Stopping("The service is stopping.")
            heapq.heappush(self._heap, _Job(urgency, next(self._order), time.monotonic(), future, work))
            self._changed.notify()
        return future

    def call(self, work: Callable[[], T], urgency: Urgency, asker: Asker | None = None) -> T:
        """Run work on the device's thread and wait for it; at once if this is that thread.

        Raises Cancelled if the asker leaves before it begins, Stopping if the service ends before.
        """
        if threading.current_thread() is self._thread:
            return work()
        future = self.submit(work, urgency)
        if asker:
            asker.waits_for(future)
        try:
            return future.result()
        except CancelledError as error:
            raise (Stopping("The service is stopping.") if self._closing else Cancelled("Nobody waits any more.")) from error

    def give_way(self, urgency: Urgency) -> None:
        """From inside long work: run what is more urgent and waits."""
        while (job := self._next(before=urgency, wait=False)) is not None:
            self._perform(job)

    def _withdraw(self, future: Future[Any]) -> None:
        """Forget work that was cancelled, or the drawing it holds would stay in memory until its turn comes."""
        if future.cancelled():
            with self._changed:
                self._heap = [job for job in self._heap if job.future is not future]
                heapq.heapify(self._heap)

    def _take_place(self) -> None:
        with self._changed:
            if self._taken >= self._places:
                self._meters.refused.inc()
                seconds = min(max(round(self._seconds), 1), LONGEST_RETRY)
                raise Overloaded(f"{self._taken} requests are being served or wait. Try again in {seconds} s.", seconds)
            self._taken += 1

    def _run(self) -> None:
        while (job := self._next(before=None, wait=True)) is not None:
            self._busy = True
            self._perform(job)
            self._busy = False
            del job  # or the last request's pages would stay in memory until the next comes

    def _next(self, before: Urgency | None, wait: bool) -> _Job | None:
        with self._changed:
            while wait and not self._heap and not self._closing:
                self._changed.wait()
            if not self._heap or (before is not None and self._heap[0].urgency >= before):
                return None
            return heapq.heappop(self._heap)

    def _perform(self, job: _Job) -> None:
        if not job.future.set_running_or_notify_cancel():
            return
        self._meters.wait_seconds.labels(job.urgency.name.lower()).observe(time.monotonic() - job.since)
        try:
            result = job.work()
        except BaseException as error:
            job.future.set_exception(error)
        else:
            job.future.set_result(result)
