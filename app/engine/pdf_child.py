"""Runs pdfium for `pdf.py`, in a process of its own: what a hostile file makes it do ends here.

Started by path, so that it imports nothing of ours. Standard input: the length of the document in 8 bytes, the document,
then a request a line. Standard output: an answer a line, a picture's bytes behind its line.

    {"ask": "sizes"}                                    {"points": [[width, height], ...]}
    {"ask": "draw", "page": 0, "scale": 2.8}            {"width": w, "height": h}  h * w * 3 bytes of RGB
    anything that fails                                 {"error": "..."}
"""

from __future__ import annotations

import json
import math
import sys
from typing import Any, BinaryIO

import pypdfium2 as pdfium

try:
    import resource
except ImportError:  # not on Windows, where the limits are not kept
    resource = None  # type: ignore[assignment]

WORK = 1536 * 2**20  # bytes that drawing may take besides the picture
NO_MEMORY = 3  # exit status
SECONDS = 180  # of processor time that a page may take


def main(source: BinaryIO, sink: BinaryIO) -> None:
    """Answer until the input ends."""
    data = source.read(int.from_bytes(source.read(8), "little"))
    try:
        limit(0)
        document = pdfium.PdfDocument(data)
        document.init_forms()
        sizes = [document.get_page_size(number) for number in range(len(document))]
    except pdfium.PdfiumError as error:
        answer(sink, {"error": str(error)})
        return
    for line in source:
        asked = json.loads(line)
        try:
            if asked["ask"] == "sizes":
                answer(sink, {"points": sizes})
            else:
                draw(sink, document, asked["page"], asked["scale"], sizes[asked["page"]])
        except (pdfium.PdfiumError, RuntimeError, ValueError) as error:
            answer(sink, {"error": str(error)})


def draw(sink: BinaryIO, document: pdfium.PdfDocument, number: int, scale: float, size: tuple[float, float]) -> None:
    """A page on white, annotations and filled forms drawn."""
    width, height = (math.ceil(side * scale) for side in size)
    limit(3 * width * height)
    page = document[number]
    bitmap = page.render(scale=scale, rev_byteorder=True, force_bitmap_format=pdfium.raw.FPDFBitmap_BGR)
    answer(sink, {"width": bitmap.width, "height": bitmap.height})
    rows = memoryview(bitmap.buffer).cast("B")
    for row in range(bitmap.height):
        sink.write(rows[row * bitmap.stride : row * bitmap.stride + 3 * bitmap.width])
    sink.flush()
    bitmap.close()
    page.close()


def limit(picture: int) -> None:
    """Let memory grow by what the work may take, and no further: pdfium aborts where it can have no more."""
    if resource is None:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + SECONDS, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        with open("/proc/self/statm", encoding="ascii") as facts:
            now = int(facts.read().split()[0]) * resource.getpagesize()
    except OSError:  # only Linux tells, and only there does the limit hold
        return
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (now + picture + WORK, most))


def answer(sink: BinaryIO, content: dict[str, Any]) -> None:
    sink.write(json.dumps(content).encode() + b"\n")
    sink.flush()


if __name__ == "__main__":
    try:
        main(sys.stdin.buffer, sys.stdout.buffer)
    except MemoryError:
        sys.exit(NO_MEMORY)
