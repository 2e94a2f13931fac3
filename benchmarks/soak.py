"""Many requests by many clients at once against one server: are the answers right, does memory stay flat?

    python -m benchmarks.soak [--requests 10000] [--clients 32] [--size 240 180] [--module app serve]
    python -m benchmarks.soak --requests 500 --clients 2 --size 2580 1940    large drawings, for the memory

Each of a few drawings is searched by a single client first; all clients together must get the same answers, or 429 when the
queue is full. Memory is that of the server and its children; its mean over the last quarter of the requests may be 3% above
that over the second. The exit code is 1 where any of it does not hold. `--module tests.stub` soaks all but the model.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from statistics import fmean, median
from typing import Any

import httpx
from PIL import Image

from benchmarks.demo import SAMPLE, SampleSymbol, read_sample, written
from benchmarks.server import SERVE, checked, server

ANSWER_WITHIN = 3600.0  # seconds
DRAWINGS = ("PNG", "JPEG", "TIFF", "WEBP", "BMP", "PDF")  # one of each type, each with a symbol of its own
SIZE = 240, 180  # px of a drawing, cut out of the sample around a copy
NEAR = 1e-4  # scores may differ by so much
GROWTH = 0.03
LOOKS = 400  # at the memory
NO_ANSWER = 0  # counted as a status

Json = dict[str, Any]


@dataclass(frozen=True)
class Question:
    """A search and what a single client was answered."""

    symbol: str
    drawing: bytes = field(repr=False)
    answer: Json = field(repr=False)


@dataclass
class Tally:
    """What all clients saw. For use by any thread."""

    wanted: int
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: int = 0
    seconds: list[float] = field(default_factory=list)  # of each answer 200
    asked: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next(self) -> int | None:
        """The number of the next request, None once all are asked."""
        with self.lock:
            if self.asked == self.wanted:
                return None
            self.asked += 1
            return self.asked - 1

    def count(self, status: int, wrong: bool, seconds: float) -> None:
        with self.lock:
            self.statuses[status] += 1
            self.wrong += wrong
            if status == httpx.codes.OK:
                self.seconds.append(seconds)


def same(answer: Json, expected: Json) -> bool:
    """Whether two answers are equal but for their timings, scores within 1e-4."""
    if len(answer["detections"]) != len(expected["detections"]):
        return False
    pairs = list(zip(answer["detections"], expected["detections"], strict=True))
    near = all(abs(one["score"] - other["score"]) <= NEAR for one, other in pairs)
    places = all(_without(one, "score") == _without(other, "score") for one, other in pairs)
    counts = [[_without(count, "expected") for count in each["counts"]] for each in (answer, expected)]
    return near and places and answer["pages"] == expected["pages"] and counts[0] == counts[1]


def _without(record: Json, name: str) -> Json:
    return {key: value for key, value in record.items() if key != name}


def growth(memory: Sequence[float]) -> float:
    """By how much the mean of the last quarter is above that of the second, as a share of it."""
    quarter = len(memory) // 4
    second, last = fmean(memory[quarter : 2 * quarter]), fmean(memory[-quarter:])
    return last / second - 1


def resident(pid: int) -> int:
    """Bytes of memory that a process and its children have. Raises OSError where there is no /proc."""
    total, left = 0, [pid]
    while left:
        folder = Path(f"/proc/{left.pop()}")
        try:
            status = (folder / "status").read_text()
            total += next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS")), 0)
            left += [child for task in (folder / "task").iterdir() for child in children(task)]
        except (FileNotFoundError, ProcessLookupError):  # a child that has ended
            if folder.name == str(pid):
                raise
    return total


def children(task: Path) -> list[int]:
    """Ids of the processes that a thread of a process has started; none of one that has ended."""
    try:
        return [int(child) for child in (task / "children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def drawing(sheet: Image.Image, symbol: SampleSymbol, kind: str, size: tuple[int, int]) -> bytes:
    """A piece of the sheet of a width and height around a copy of the symbol, as a file of this type."""
    x, y, width, height = symbol.copies[0]
    left = min(max(round(x + width / 2 - size[0] / 2), 0), sheet.width - size[0])
    top = min(max(round(y + height / 2 - size[1] / 2), 0), sheet.height - size[1])
    buffer = BytesIO()
    sheet.crop((left, top, left + size[0], top + size[1])).save(buffer, kind)
    return buffer.getvalue()


def detect(client: httpx.Client, symbol: str, data: bytes) -> httpx.Response:
    return client.post("/detect", data={"symbols": symbol}, files={"file": data})


def questions(client: httpx.Client, size: tuple[int, int]) -> list[Question]:
    """One for each type of file, answered while nothing else runs."""
    sheet, found = Image.open(SAMPLE.with_suffix(".png")).convert("RGB"), []
    for symbol, kind in zip(read_sample(SAMPLE), DRAWINGS, strict=False):
        form = {"name": symbol.name, "box": written(symbol.example)}
        files = {"file": SAMPLE.with_suffix(".png").read_bytes()}
        registered: str = checked(client.post("/symbols", data=form, files=files)).json()["id"]
        data = drawing(sheet, symbol, kind, size)
        found.append(Question(registered, data, checked(detect(client, registered, data)).json()))
    return found


def ask(url: str, asked: Sequence[Question], tally: Tally) -> None:
    """One client: request after request, waiting as a 429 tells it to."""
    with httpx.Client(base_url=url, timeout=ANSWER_WITHIN) as client:
        while (number := tally.next()) is not None:
            question = asked[number % len(asked)]
            began = time.perf_counter()
            try:
                reply = detect(client, question.symbol, question.drawing)
            except httpx.TransportError:
                tally.count(NO_ANSWER, False, 0.0)
                continue
            wrong = reply.status_code == httpx.codes.OK and not same(reply.json(), question.answer)
            tally.count(reply.status_code, wrong, time.perf_counter() - began)
            if reply.status_code == httpx.codes.TOO_MANY_REQUESTS:
                time.sleep(float(reply.headers["Retry-After"]))


def soak(url: str, pid: int, requests: int, clients: int, size: tuple[int, int] = SIZE) -> tuple[Tally, list[float], float]:
    """What was answered on drawings of a size, megabytes at equal steps of the requests, and seconds in all."""
    with httpx.Client(base_url=url, timeout=ANSWER_WITHIN) as client:
        asked = questions(client, size)
    tally, memory = Tally(requests), list[float]()
    threads = [threading.Thread(target=ask, args=(url, asked, tally)) for _ in range(clients)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        while len(memory) * requests < LOOKS * sum(tally.statuses.values()):
            memory.append(resident(pid) / 2**20)
        time.sleep(0.02)
    return tally, memory, time.perf_counter() - began


def lines(figures: Json) -> Iterable[str]:
    """The table."""
    width = max(map(len, figures))
    return (f"{name:{width}}  {value}" for name, value in figures.items())


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--size", type=int, nargs=2, default=SIZE, metavar=("WIDTH", "HEIGHT"), help="of the drawings, px")
    parser.add_argument("--module", nargs="+", default=list(SERVE), help="what python -m runs as the server")
    arguments = parser.parse_args(argv)
    with server(tuple(arguments.module)) as running:
        tally, memory, seconds = soak(running.url, running.pid, arguments.requests, arguments.clients,
                                      (arguments.size[0], arguments.size[1]))
    figures: Json = {
        "requests": tally.asked,
        "clients": arguments.clients,
        "seconds": round(seconds, 1),
        "answered 200": tally.statuses[200],
        "answered 429": tally.statuses[429],
        "answered otherwise": tally.statuses.total() - tally.statuses[200] - tally.statuses[429],
        "unlike a single client's": tally.wrong,
        "median seconds of a 200": round(median(tally.seconds), 3) if tally.seconds else None,
        "MB, second quarter": round(fmean(memory[len(memory) // 4 : len(memory) // 2]), 1),
        "MB, last quarter": round(fmean(memory[-(len(memory) // 4) :]), 1),
        "growth": round(growth(memory), 4),
    }
    kept = (
        tally.statuses[200] > 0
        and tally.statuses.total() == arguments.requests
        and not figures["answered otherwise"]
        and not tally.wrong
        and growth(memory) <= GROWTH
    )
    print("\n".join(lines(figures)))
    print(json.dumps(figures | {"holds": kept}))
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
