"""Work in parts: on a CPU every core takes one at a time, on CUDA they follow each other and shrink when memory runs out."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import cache
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor

PartT = TypeVar("PartT")
ResultT = TypeVar("ResultT")

AHEAD = 2  # parts a core that are begun or wait for one, so that none waits for the slowest

_own = threading.local()  # has a core where a thread is one of the crew


def each(function: Callable[[PartT], ResultT], parts: Sequence[PartT], device: str,
         go_on: Callable[[], None] = lambda: None) -> Iterator[ResultT]:
    """The results of `function` on each part, in order. `go_on` is called in between, by the caller's thread, and may raise.

    On a CPU a core has a part to itself. Threads inside an operation gain little there: a network is a thousand operations,
    and at the end of each they wait for the last of them. Parts of a part are its own core's, unless another is idle.
    """
    crew = _crew() if device == "cpu" and len(parts) > 1 else None
    if crew is None or crew.size == 1:
        for part in parts:
            go_on()
            yield function(part)
        return
    inference, grad, of_crew = torch.is_inference_mode_enabled(), torch.is_grad_enabled(), hasattr(_own, "core")

    def work(part: PartT) -> ResultT:
        with torch.inference_mode(inference), torch.set_grad_enabled(grad):  # of this thread alone
            return function(part)

    begun = deque[tuple[PartT, Future[ResultT]]]()

    def first() -> ResultT:
        """The result of the part begun first. One of the crew does not wait: it takes over what nobody has begun."""
        for n, (part, later) in enumerate(tuple(begun) if of_crew else ()):
            if begun[0][1].done():
                break
            if later.cancel():
                own = Future[ResultT]()
                own.set_result(function(part))
                begun[n] = part, own
        return begun.popleft()[1].result()

    try:
        for part in parts:
            if len(begun) == AHEAD * crew.size:
                yield first()
            go_on()
            begun.append((part, crew.pool.submit(work, part)))
        while begun:
            yield first()
    finally:
        wait([late for _, late in begun if not late.cancel()])


class Batches:
    """Runs a function over the rows of a tensor on a device, so many at a time; out of memory on CUDA halves that for good,
    and goes on."""

    def __init__(self, size: int, device: str) -> None:
        self.size, self._device = size, device

    def run(self, function: Callable[[Tensor], Tensor], rows: Tensor) -> Tensor:
        """The results of `function` (n, …) → (n, …) over all rows, concatenated. `rows` holds at least one."""
        return torch.cat(list(self.parts(function, rows)))

    def parts(self, function: Callable[[Tensor], Tensor], rows: Tensor,
              go_on: Callable[[], None] = lambda: None) -> Iterator[Tensor]:
        """The same part by part, none if there are no rows; `go_on` is called in between and may raise."""
        parts = torch.split(rows, self.size) if len(rows) else ()
        yield from each(lambda part: self._whole(function, part), parts, self._device, go_on)

    def _whole(self, function: Callable[[Tensor], Tensor], part: Tensor) -> Tensor:
        results, done = list[Tensor](), 0
        while done < len(part):
            rows = part[done : done + self.size]
            try:
                results.append(function(rows))
            except torch.cuda.OutOfMemoryError:
                if len(rows) == 1:
                    raise
                self.size = len(rows) // 2
                torch.cuda.empty_cache()
                continue
            done += len(rows)
        return torch.cat(results)


class _Crew(NamedTuple):
    pool: ThreadPoolExecutor
    size: int


@cache
def _crew() -> _Crew:
    """As many threads as torch has been told to use, each of which computes alone."""
    size = torch.get_num_threads()
    pool, ready = ThreadPoolExecutor(size, "crew", _alone), threading.Barrier(size)
    list(pool.map(lambda _: ready.wait(), range(size)))
    torch.set_num_threads(size)  # what the crew's threads said of themselves holds for threads that come later
    return _Crew(pool, size)


def _alone() -> None:
    _own.core = True
    torch.get_num_threads()  # a thread's first look takes over the number that holds for all
    torch.set_num_threads(1)


os.register_at_fork(after_in_child=_crew.cache_clear)  # a fork has none of its parent's threads
