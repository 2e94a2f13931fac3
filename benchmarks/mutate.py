"""Mutated files of every accepted type through the reader, and over HTTP.

    python -m benchmarks.mutate [--files 100000] [--http 2000] [--seed 1] [--children 2] [--minutes 60] [--keep FOLDER]

File n is the same for the same seed. A file may be read or refused for a reason that the service answers with 4xx; anything
else is a failure: the process dies, a file takes longer than the deadline allows, another exception, an answer of 5xx,
memory over the cap. Prints a table, the slowest file and the most memory, then JSON. The exit code is 1 after a failure;
--keep writes the files that failed. The HTTP part wants a server around a detector without a model, which the tests have.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

from app.engine.drawing import Drawings, Limits
from app.engine.reader import PATIENCE, Reader
from app.errors import BadInput, BrokenDrawing, TooLarge, UnsupportedType
from benchmarks.mutations import File, mutated, saved, seeds
from benchmarks.server import server

MEMORY = 2**30  # bytes that decoding may take
OWN = 2**28  # bytes that a child may take besides: the interpreter and the decoders
SECONDS = 5.0  # of processor time that opening a file or decoding a page may take
LIMITS = Limits(max_bytes=2**20, max_pixels=10_000_000, max_pages=3)
# opening, sizes, three pages, twice where a child dies, and the start of a fresh one
LONGEST = 2 * 5 * PATIENCE * SECONDS + 60.0
STUB = ("tests.stub",)


@dataclass
class Tally:
    """Outcomes by kind, failures, and the slowest file in seconds."""

    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    slowest: tuple[float, int] = (0.0, -1)
    began: float = field(default_factory=time.monotonic)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, file: File, outcome: str, seconds: float, failed: bool) -> None:
        with self.lock:
            self.outcomes[file.kind, outcome] += 1
            self.slowest = max(self.slowest, (seconds, file.number))
            if failed or seconds > LONGEST:
                self.failures.append(f"file {file.number} ({file.kind}): {outcome} after {seconds:.1f} s")
            if (done := self.outcomes.total()) % 1000 == 0:
                print(f"{done} files, {done / (time.monotonic() - self.began):.0f} a second", file=sys.stderr, flush=True)


def read(drawings: Drawings, tally: Tally, file: File) -> bool:
    """Read the whole file; whether that ended as it may."""
    began, failed = time.monotonic(), False
    try:
        for page in drawings.pages(file.data, None, 72):
            assert page.pixels.shape == (*page.pixels.shape[:2], 3)
        outcome = "read"
    except BrokenDrawing as error:
        dead = "reading it failed" in str(error) or "was killed" in str(error)
        outcome = "died" if dead else "overran" if " s to read" in str(error) else "broken"
    except TooLarge as error:
        outcome = "memory" if error.limit == MEMORY else "too large"
    except UnsupportedType:
        outcome = "unsupported"
    except BadInput:
        outcome = "bad page"
    except Exception as error:  # of any other type: that is what is looked for
        outcome, failed = f"{type(error).__name__}: {error}", True
    tally.add(file, outcome, time.monotonic() - began, failed)
    return not failed


def run_reader(files: Iterator[File], children: int, keep: Path | None) -> dict[str, Any]:
    """Every file through the reader."""
    tally, reader = Tally(), Reader(children, MEMORY, SECONDS)
    _each(files, children, partial(_kept, keep, partial(read, Drawings(LIMITS, reader.opened), tally)))
    reader.close()
    used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    if used > MEMORY + OWN:
        tally.failures.append(f"a child took {used} bytes")
    return _summary(tally) | {"most_memory_mb": used >> 20}


def run_http(files: Iterator[File], keep: Path | None) -> dict[str, Any]:
    """Every file to a real server: a detection, a registration or a job."""
    tally = Tally()
    limits = {"MAX_PIXELS": 200_000, "MAX_PAGES": 3, "MAX_JOBS": 10_000, "READER_MEMORY": MEMORY, "READER_SECONDS": SECONDS}
    with server(STUB, limits) as running, httpx.Client(base_url=running.url, timeout=LONGEST) as client:
        example = saved(Image.effect_noise((40, 40), 60), "PNG")
        client.post("/symbols", data={"name": "one"}, files={"file": example}).raise_for_status()
        _each(files, 4, partial(_kept, keep, partial(send, client, tally)))
        if client.get("/health/ready").status_code != httpx.codes.OK:
            tally.failures.append("the server is not ready any more")
    used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    return _summary(tally) | {"most_memory_mb": used >> 20}


def send(client: httpx.Client, tally: Tally, file: File) -> bool:
    """Send the file; whether the answer is one that it may get."""
    began = time.monotonic()
    path = ("/detect", "/detect", "/symbols", "/jobs")[file.number % 4]
    try:
        fields = {"dpi": "72"} | ({"name": f"file {file.number}"} if path == "/symbols" else {})
        status = client.post(path, data=fields, files={"file": file.data}).status_code
    except httpx.HTTPError as error:
        tally.add(file, f"{path} {type(error).__name__}", time.monotonic() - began, True)
        return False
    tally.add(file, f"{path} {status}", time.monotonic() - began, status >= 500)
    return status < 500


def _kept(keep: Path | None, look: Callable[[File], bool], file: File) -> None:
    if not look(file) and keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        (keep / f"{file.number}.{file.kind.lower()}").write_bytes(file.data)


def _each(files: Iterator[File], at_once: int, look: Callable[[File], None]) -> None:
    """Look at every file, so many at a time; each is made when its turn comes."""
    lock = threading.Lock()

    def some() -> None:
        while True:
            with lock:
                file = next(files, None)
            if file is None:
                return
            look(file)

    with ThreadPoolExecutor(at_once) as threads:
        for done in [threads.submit(some) for _ in range(at_once)]:
            done.result()


def _summary(tally: Tally) -> dict[str, Any]:
    outcomes = {f"{kind} {outcome}": n for (kind, outcome), n in sorted(tally.outcomes.items())}
    files, (slowest, which) = sum(outcomes.values()), tally.slowest
    return {
        "files": files,
        "files_a_second": round(files / (time.monotonic() - tally.began), 1),
        "slowest_s": round(slowest, 2),
        "slowest_file": which,
        "outcomes": outcomes,
        "failures": tally.failures,
    }


def print_outcomes(title: str, summary: dict[str, Any]) -> None:
    print(f"\n{title}: {summary['files']} files, {summary['files_a_second']} a second, {len(summary['failures'])} failures")
    for outcome, number in summary["outcomes"].items():
        print(f"  {outcome:32}  {number:7}")
    print(f"  slowest {summary['slowest_s']} s (file {summary['slowest_file']}), memory {summary['most_memory_mb']} MB")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=100_000, help="files through the reader")
    parser.add_argument("--http", type=int, default=2_000, help="files over HTTP")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--children", type=int, default=os.cpu_count() or 1, help="files read at once")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="when to leave off the files through the reader")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where files that fail are written")
    args = parser.parse_args()
    found, end = dict[str, Any](seed=args.seed), time.monotonic() + 60 * args.minutes
    if args.files:
        made = (mutated(seeds(), args.seed, number) for number in range(args.files))
        found["reader"] = run_reader(takewhile(lambda _: time.monotonic() < end, made), args.children, args.keep)
        print_outcomes("reader", found["reader"])
    if args.http:
        made = (mutated(seeds(), args.seed, args.files + number) for number in range(args.http))
        found["http"] = run_http(made, args.keep)
        print_outcomes("http", found["http"])
    print(json.dumps(found))
    return 1 if any(found[part]["failures"] for part in ("reader", "http") if part in found) else 0


if __name__ == "__main__":
    sys.exit(main())
