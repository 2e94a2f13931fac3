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
import random
import resource
import struct
import sys
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache, partial
from io import BytesIO
from itertools import takewhile
from pathlib import Path
from typing import Any

import httpx
from PIL import Image, ImageDraw

from app.engine.drawing import Drawings, Limits
from app.engine.reader import PATIENCE, Reader
from app.errors import BadInput, BrokenDrawing, TooLarge, UnsupportedType
from benchmarks.hostile import cyclic_tiff, drawn_pdf, long_pdf, png_chunk
from benchmarks.server import server

MEMORY = 2**30  # bytes that decoding may take
OWN = 2**28  # bytes that a child may take besides: the interpreter and the decoders
SECONDS = 5.0  # of processor time that opening a file or decoding a page may take
LIMITS = Limits(max_bytes=2**20, max_pixels=10_000_000, max_pages=3)
# opening, sizes, three pages, twice where a child dies, and the start of a fresh one
LONGEST = 2 * 5 * PATIENCE * SECONDS + 60.0
STUB = ("tests.stub",)
NUMBERS = (0, 1, 2, 7, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 60_000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


@dataclass(frozen=True)
class File:
    """A mutated file: its kind is that of the file it was made from."""

    number: int
    kind: str
    data: bytes = field(repr=False)


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


# --- what files are made from ---


@cache
def seeds() -> dict[str, tuple[bytes, ...]]:
    """Small files by kind, of the sorts that programs write."""
    page = Image.new("RGB", (96, 64), "white")
    pen = ImageDraw.Draw(page)
    for n in range(6):
        pen.rectangle((8 + 14 * n, 10, 16 + 14 * n, 30 + 4 * n), outline=(40 * n, 0, 200 - 30 * n), width=2)
        pen.line((0, 10 * n, 96, 64 - 9 * n), fill=(0, 90, 0))
    return {
        "PNG": tuple(_saved(page.convert(mode), "PNG") for mode in ("RGB", "RGBA", "L", "LA", "P", "1", "I;16")),
        "JPEG": (
            _saved(page, "JPEG"),
            _saved(page, "JPEG", progressive=True, quality=90, exif=_turned(6)),
            _saved(page.convert("L"), "JPEG", restart_marker_rows=1),
            _saved(page.convert("CMYK"), "JPEG", subsampling=0),
        ),
        "TIFF": (
            *(_saved(page, "TIFF", compression=each) for each in ("raw", "tiff_lzw", "tiff_adobe_deflate", "jpeg", "packbits")),
            _saved(page.convert("1"), "TIFF", compression="group4"),
            _saved(page.convert("F"), "TIFF", exif=_turned(5)),
            _saved(page.convert("P"), "TIFF", big_tiff=True),
            _saved(page, "TIFF", save_all=True, append_images=[page.convert("L"), page.convert("CMYK")]),
            cyclic_tiff(),
        ),
        "WebP": (
            _saved(page, "WEBP", quality=80),
            _saved(page.convert("RGBA"), "WEBP", lossless=True, exif=_turned(8)),
            _saved(page, "WEBP", save_all=True, append_images=[page.rotate(90)]),
        ),
        "BMP": tuple(_saved(page.convert(mode), "BMP") for mode in ("RGB", "RGBA", "L", "P", "1")),
        "PDF": (_saved(page, "PDF"), *_drawn(), long_pdf(3), _saved(page, "PDF", save_all=True, append_images=[page])),
    }


def _saved(image: Image.Image, kind: str, **how: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **how)
    return buffer.getvalue()


def _turned(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def _drawn() -> Iterator[bytes]:
    """Pages of lines, text, clips, patterns and transparency, plain and packed."""
    lines = b"".join(b"%d %d m %d %d l %d %d %d %d re S\n" % (n, 9, 190 - n, 190, n, n, 20, 30) for n in range(0, 120, 9))
    rest = b"q 0 0 99 99 re W n /F 14 Tf BT 20 50 Td (a 12) Tj ET /G gs 1 0 0 rg 10 10 80 80 re f* Q [4 2] 0 d /S sh\n"
    resources = (
        b"/Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>/ExtGState<</G<</ca 0.5/BM/Multiply>>>>/Shading<</S"
        b"<</ShadingType 2/ColorSpace/DeviceRGB/Coords[0 0 200 200]/Function<</FunctionType 2/Domain[0 1]/N 1"
        b"/C0[1 0 0]/C1[0 0 1]>>>>>>"
    )
    yield drawn_pdf(lines + rest, b"", resources)
    yield drawn_pdf(zlib.compress(lines + rest), b"/Filter/FlateDecode", resources)


# --- mutations: each takes a file and returns another ---

Mutation = Callable[[bytes, random.Random], bytes]


def mutated(made_from: dict[str, tuple[bytes, ...]], seed: int, number: int) -> File:
    """The file of this number: one to four mutations, of any bytes or of what the format is made of."""
    rng = random.Random(f"{seed}:{number}")
    kind = rng.choice(list(made_from))
    data = rng.choice(made_from[kind])
    if rng.random() < 0.05:
        other = rng.choice(made_from[kind])
        data = data[: rng.randrange(len(data))] + other[rng.randrange(len(other)) :]
    for _ in range(rng.choice((1, 1, 2, 4))):
        structured = rng.random() < 0.5
        data = (STRUCTURED[kind] if structured else rng.choice(ANYWHERE))(data, rng) or data
    return File(number, kind, data)


def _flip(data: bytes, rng: random.Random) -> bytes:
    found = bytearray(data)
    for _ in range(rng.choice((1, 1, 3, 20))):
        found[rng.randrange(len(found))] ^= 1 << rng.randrange(8)
    return bytes(found)


def _overwrite(data: bytes, rng: random.Random) -> bytes:
    return _spliced(data, rng.randrange(len(data)), rng.randbytes(rng.choice((1, 2, 4, 16))))


def _number(data: bytes, rng: random.Random) -> bytes:
    return _spliced(data, rng.randrange(len(data)), _some_number(rng, rng.choice("<>"), rng.choice("BHI")))


def _drop(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + data[at + rng.choice((1, 4, 50)) :]


def _double(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return data[: at + rng.choice((1, 4, 200))] + data[at:]


def _cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(8, max(len(data), 9))]


def _png(data: bytes, rng: random.Random) -> bytes:
    """Another body for a chunk, its checksum right; or a chunk dropped, repeated or moved."""
    chunks, at = list[tuple[bytes, bytes]](), 8
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        chunks.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + size]))
        at += 12 + size
    if not chunks:
        return data
    place = rng.randrange(len(chunks))
    name, body = chunks[place]
    match rng.randrange(4):
        case 0 | 1 if body:
            packed = name == b"IDAT" and rng.random() < 0.5
            chunks[place] = (name, _repacked(body, rng) if packed else rng.choice((_flip, _number, _overwrite))(body, rng))
        case 2:
            chunks.insert(rng.randrange(len(chunks)), chunks[place])
        case _:
            chunks.insert(rng.randrange(len(chunks)), chunks.pop(place))
    return data[:8] + b"".join(png_chunk(*chunk) for chunk in chunks)


def _repacked(body: bytes, rng: random.Random) -> bytes:
    try:
        return zlib.compress(rng.choice((_flip, _drop, _double, _overwrite))(zlib.decompress(body), rng))
    except (zlib.error, ValueError):
        return body


def _jpeg(data: bytes, rng: random.Random) -> bytes:
    """A number in the head of a segment."""
    marks = [at for at in range(len(data) - 1) if data[at] == 0xFF and data[at + 1] not in (0, 0xFF)]
    return _spliced(data, rng.choice(marks) + rng.randrange(1, 12), _some_number(rng, ">", rng.choice("BH"))) if marks else data


def _tiff(data: bytes, rng: random.Random) -> bytes:
    """A number in an entry of a directory, or where the next directory is."""
    order, big = "<" if data[:2] == b"II" else ">", data[2:4] in (b"+\0", b"\0+")
    start = struct.unpack_from(order + ("Q" if big else "I"), data, 8 if big else 4)[0] if len(data) >= 16 else 0
    if not 0 < start < len(data) - 8:
        return data
    entries = min(int.from_bytes(data[start : start + 2], "little" if order == "<" else "big"), 40)
    size = 20 if big else 12
    place = start + (8 if big else 2) + rng.randrange(entries + 1) * size + rng.choice((0, 2, 4, size - 4, size - 2))
    number = rng.choice((_some_number(rng, order, rng.choice("HI")), struct.pack(order + "I", rng.randrange(len(data)))))
    return _spliced(data, place, number)


def _webp(data: bytes, rng: random.Random) -> bytes:
    """A number in the head of a chunk, or in its first bytes, where sizes are."""
    heads, at = [0], 12
    while at + 8 <= len(data):
        heads.append(at)
        at += 8 + (int.from_bytes(data[at + 4 : at + 8], "little") + 1) // 2 * 2
    return _spliced(data, rng.choice(heads) + rng.randrange(4, 20), _some_number(rng, "<", rng.choice("BHI")))


def _bmp(data: bytes, rng: random.Random) -> bytes:
    """A number in the header."""
    return _spliced(data, rng.randrange(2, 54), _some_number(rng, "<", rng.choice("HI")))


def _pdf(data: bytes, rng: random.Random) -> bytes:
    """Another number, another reference, another name, or a word twice."""
    words = data.split(b" ")
    place = rng.randrange(len(words))
    numbers = [n for n, word in enumerate(words) if word.isdigit()]
    match rng.randrange(3):
        case 0 if numbers:
            words[rng.choice(numbers)] = str(rng.choice((*NUMBERS, -1, 1e9, rng.randrange(12)))).encode()
        case 1:
            words[place] = rng.choice(words)
        case _:
            words.insert(place, rng.choice(words))
    return b" ".join(words)


def _some_number(rng: random.Random, order: str, size: str) -> bytes:
    return struct.pack(order + size, rng.choice(NUMBERS) & ((1 << 8 * struct.calcsize(size)) - 1))


def _spliced(data: bytes, at: int, part: bytes) -> bytes:
    return data[:at] + part + data[at + len(part) :]


ANYWHERE: tuple[Mutation, ...] = (_flip, _flip, _overwrite, _number, _drop, _double, _cut)
STRUCTURED: dict[str, Mutation] = {"PNG": _png, "JPEG": _jpeg, "TIFF": _tiff, "WebP": _webp, "BMP": _bmp, "PDF": _pdf}


# --- what becomes of them ---


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
    except Exception as error:
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
        example = _saved(Image.effect_noise((40, 40), 60), "PNG")
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
