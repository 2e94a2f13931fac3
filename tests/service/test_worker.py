"""The device's thread and its permits."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from app.errors import Cancelled, Overloaded, Stopping
from app.service.asker import Asker
from app.service.worker import Urgency, Worker


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker(waiting=2)
    worker.start()
    yield worker
    worker.close()


def blocked(worker: Worker) -> threading.Event:
    """Work runs until this is set, or for a while if a test fails before."""
    begun, gate = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        gate.wait(30)

    worker.submit(work, Urgency.DETECTION)
    assert begun.wait(30)
    return gate


def test_work_is_done_on_one_thread_in_order(worker: Worker) -> None:
    done: list[int] = []
    threads = set()

    def work(n: int) -> int:
        done.append(n)
        threads.add(threading.current_thread())
        return n

    futures = [worker.submit(lambda n=n: work(n), Urgency.DETECTION) for n in range(20)]  # type: ignore[misc]
    assert [future.result() for future in futures] == done == list(range(20))
    assert len(threads) == 1
    assert threading.current_thread() not in threads


def test_the_urgent_goes_first(worker: Worker) -> None:
    gate, order = threading.Event(), list[str]()
    worker.submit(gate.wait, Urgency.DETECTION)
    futures = [
        worker.submit(lambda: order.append("job"), Urgency.JOB),
        worker.submit(lambda: order.append("drawing"), Urgency.DETECTION),
        worker.submit(lambda: order.append("example"), Urgency.EXAMPLE),
    ]
    gate.set()
    for future in futures:
        future.result()
    assert order == ["example", "drawing", "job"]


def test_long_work_gives_way_to_the_more_urgent_only(worker: Worker) -> None:
    gate, order = threading.Event(), list[str]()

    def long() -> None:
        gate.wait()
        worker.give_way(Urgency.DETECTION)
        order.append("long")

    futures = [worker.submit(long, Urgency.DETECTION)]
    futures.append(worker.submit(lambda: order.append("drawing"), Urgency.DETECTION))
    futures.append(worker.submit(lambda: order.append("example"), Urgency.EXAMPLE))
    gate.set()
    for future in futures:
        future.result()
    assert order == ["example", "long", "drawing"]


def test_errors_reach_the_one_who_asked_and_no_one_else(worker: Worker) -> None:
    def fail() -> None:
        raise ValueError("mine")

    failing = worker.submit(fail, Urgency.DETECTION)
    assert worker.call(lambda: 1, Urgency.DETECTION) == 1
    with pytest.raises(ValueError, match="mine"):
        failing.result()


def test_a_call_from_the_device_thread_runs_at_once(worker: Worker) -> None:
    assert worker.call(lambda: worker.call(lambda: 2, Urgency.JOB), Urgency.DETECTION) == 2


def test_cancelled_work_is_not_begun(worker: Worker) -> None:
    gate, done = threading.Event(), list[int]()
    worker.submit(gate.wait, Urgency.DETECTION)
    future = worker.submit(lambda: done.append(1), Urgency.DETECTION)
    assert future.cancel()
    gate.set()
    worker.call(lambda: None, Urgency.JOB)
    assert done == []


def test_withdrawn_work_is_forgotten(worker: Worker) -> None:
    gate = blocked(worker)
    kept = [worker.submit(lambda n=n: n, Urgency.DETECTION) for n in range(5)]  # type: ignore[misc]
    asker = Asker()
    asker.waits_for(worker.submit(lambda: None, Urgency.EXAMPLE))
    assert worker.load().waiting[Urgency.EXAMPLE] == 1
    asker.leave()
    assert worker.load().waiting == {Urgency.EXAMPLE: 0, Urgency.DETECTION: 5, Urgency.JOB: 0}
    gate.set()
    assert [future.result() for future in kept] == [0, 1, 2, 3, 4]


def test_a_call_for_one_who_leaves_ends_at_once(worker: Worker) -> None:
    gate, asker, left = blocked(worker), Asker(), Asker()
    left.leave()
    with pytest.raises(Cancelled):
        worker.call(lambda: None, Urgency.EXAMPLE, left)
    threading.Timer(0.1, asker.leave).start()
    with pytest.raises(Cancelled):
        worker.call(lambda: None, Urgency.EXAMPLE, asker)
    gate.set()


def test_permits_are_bounded_and_come_back(worker: Worker) -> None:
    with ExitStack() as held:
        for _ in range(3):
            held.enter_context(worker.permit())
        with pytest.raises(Overloaded) as caught, worker.permit():
            pass
        assert 1 <= caught.value.retry_after <= 60
    with worker.permit():
        pass


def test_closing_drops_what_waits() -> None:
    worker, begun, gate = Worker(waiting=1), threading.Event(), threading.Event()

    def runs() -> bool:
        begun.set()
        return gate.wait(30) and worker.closing()

    worker.start()
    running = worker.submit(runs, Urgency.DETECTION)
    assert begun.wait(30)
    waiting = worker.submit(lambda: None, Urgency.DETECTION)
    threading.Timer(0.1, gate.set).start()
    worker.close()
    assert waiting.cancelled()
    assert running.result() is True
    with pytest.raises(Stopping):
        worker.submit(lambda: None, Urgency.DETECTION)
