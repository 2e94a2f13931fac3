"""Work in parts: in order, one thread a part, by the caller's rules."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import torch

from app.engine import batching
from app.engine.batching import AHEAD, Batches, each


@pytest.fixture
def two_threads() -> Iterator[None]:
    """A crew of two, however many cores there are."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    batching._crew.cache_clear()
    yield
    batching._crew().pool.shutdown()
    batching._crew.cache_clear()
    torch.set_num_threads(before)


def test_results_come_in_order_and_are_those_of_one_thread() -> None:
    weights = torch.rand(64, 64)
    parts = [torch.rand(50 + n, 64) for n in range(9)]
    for result, part in zip(each(lambda rows: rows @ weights, parts, "cpu"), parts, strict=True):
        assert torch.allclose(result, part @ weights)


@pytest.mark.usefixtures("two_threads")
def test_parts_run_side_by_side_each_on_one_thread() -> None:
    both = threading.Barrier(2)

    def work(_: int) -> tuple[int, int]:
        both.wait(30)
        return threading.get_ident(), torch.get_num_threads()

    seen = list(each(work, range(2), "cpu"))
    assert len({thread for thread, _ in seen}) == 2
    assert [threads for _, threads in seen] == [1, 1]
    assert torch.get_num_threads() == 2


def test_threads_that_come_later_compute_with_as_many_as_before() -> None:
    before = torch.get_num_threads()
    list(each(lambda n: n, range(3), "cpu"))
    found: list[int] = []
    thread = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    assert found == [before]


@pytest.mark.usefixtures("two_threads")
def test_parts_of_a_part_are_done_by_whoever_is_idle() -> None:
    both = threading.Barrier(2)

    def whole(n: int) -> set[int]:
        return set(each(lambda _: both.wait(30) * 0 or threading.get_ident(), range(2 * n), "cpu"))

    assert [len(threads) for threads in each(whole, range(2), "cpu")] == [0, 2]


@pytest.mark.usefixtures("two_threads")
def test_parts_of_parts_come_in_order_where_nobody_is_idle() -> None:
    def whole(n: int) -> list[list[int]]:
        return list(each(lambda k: list(each(lambda m: 100 * n + 10 * k + m, range(7), "cpu")), range(9), "cpu"))

    results = list(each(whole, range(8), "cpu"))
    assert results == [[[100 * n + 10 * k + m for m in range(7)] for k in range(9)] for n in range(8)]


@pytest.mark.usefixtures("two_threads")
def test_an_error_in_a_part_of_a_part_is_the_callers() -> None:
    with pytest.raises(ZeroDivisionError):
        list(each(lambda n: list(each(lambda k: 1 / (n + k - 9), range(6), "cpu")), range(6), "cpu"))
    assert list(each(lambda n: n, range(6), "cpu")) == list(range(6))


@pytest.mark.parametrize("mode", [torch.inference_mode, torch.no_grad, torch.enable_grad])
def test_parts_keep_the_callers_mode(mode: type[torch.inference_mode | torch.no_grad | torch.enable_grad]) -> None:
    with mode():
        expected = torch.is_inference_mode_enabled(), torch.is_grad_enabled()
        seen = list(each(lambda _: (torch.is_inference_mode_enabled(), torch.is_grad_enabled()), range(4), "cpu"))
    assert seen == [expected] * 4


def test_who_may_not_go_on_does_not() -> None:
    done: list[int] = []

    def stop() -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(each(done.append, range(100), "cpu", stop))
    assert 1 <= len(done) <= AHEAD * torch.get_num_threads()


def test_an_error_in_a_part_is_the_callers() -> None:
    with pytest.raises(ZeroDivisionError):
        list(each(lambda n: 1 / (3 - n), range(6), "cpu"))


def test_out_of_memory_halves_the_batch_and_goes_on() -> None:
    def work(rows: torch.Tensor) -> torch.Tensor:
        if len(rows) > 3:
            raise torch.cuda.OutOfMemoryError
        return rows * 2

    batches = Batches(16, "cuda")
    rows = torch.arange(20.0)
    assert torch.equal(batches.run(work, rows), rows * 2)
    assert batches.size == 2


def test_a_row_that_does_not_fit_by_itself_is_an_error() -> None:
    def work(rows: torch.Tensor) -> torch.Tensor:
        if 16 in rows:
            raise torch.cuda.OutOfMemoryError
        return rows

    for count in (17, 20):  # alone in the last part, and among others
        with pytest.raises(torch.cuda.OutOfMemoryError):
            Batches(16, "cuda").run(work, torch.arange(count))


def test_no_rows_are_no_parts() -> None:
    assert list(Batches(4, "cpu").parts(lambda rows: rows, torch.zeros(0, 2))) == []
