"""Files are decoded apart: what a hostile one does to a decoder reaches nobody else."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine import decoders
from app.engine.drawing import Drawings, Limits
from app.engine.reader import Reader
from app.errors import BrokenDrawing, PlanspotError, Stopping, TooLarge
from benchmarks.hostile import KINDS, busy_pdf, cyclic_tiff, declared, long_pdf, pdf_bomb
from benchmarks.mutations import mutated, seeds
from tests import pictures

LIMITS = Limits(max_bytes=5_000_000, max_pixels=30_000_000, max_pages=50)
PNG = pictures.symbol()


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    made = Reader()
    yield made
    made.close()


@pytest.fixture
def drawings(reader: Reader) -> Drawings:
    return Drawings(LIMITS, reader.opened)


def children() -> set[int]:
    """The processes that this one has started and not forgotten, dead ones too."""
    found = set[int]()
    for thread in Path("/proc/self/task").iterdir():
        with suppress(OSError):  # it may have ended
            found |= {int(child) for child in (thread / "children").read_text().split()}
    return found


def only_child(before: set[int]) -> int:
    (child,) = children() - before
    return child


@pytest.mark.parametrize("kind", pictures.FORMATS)
def test_pages_are_what_they_are_when_decoded_here(drawings: Drawings, kind: str) -> None:
    data = pictures.file(pictures.page([(10, 20), (300, 100)]), kind)
    here = Drawings(LIMITS, decoders.opened)
    assert (drawings.page(data, 1, 72).pixels == here.page(data, 1, 72).pixels).all()
    assert drawings.survey(data, None, 72) == here.survey(data, None, 72)


@pytest.mark.parametrize("kind", KINDS)
def test_a_small_file_that_declares_a_huge_page_is_refused(drawings: Drawings, kind: str) -> None:
    side = 16_384 if kind == "WebP" else 60_000
    data = declared(kind, side, side)
    assert len(data) < 1000
    for _ in range(2):  # the second time beside nothing that the first one left
        with pytest.raises(TooLarge, match=f"{side} x {side}") as caught:
            drawings.page(data, 1, 72)
        assert caught.value.limit == LIMITS.max_pixels


def test_a_pdf_of_ten_thousand_pages_is_refused(drawings: Drawings) -> None:
    with pytest.raises(TooLarge, match="10000"):
        drawings.survey(long_pdf(10_000), None, 72)


@pytest.mark.parametrize("length", [1, 2, 1000])
def test_a_tiff_with_a_cyclic_directory_is_refused(drawings: Drawings, length: int) -> None:
    with pytest.raises(BrokenDrawing, match="circle"):
        drawings.page(cyclic_tiff(length), 1, 72)


UNPACKED = [pdf_bomb(300), *(declared(kind, 5000, 5000) for kind in ("PNG", "TIFF", "BMP"))]


@pytest.mark.parametrize("data", UNPACKED, ids=["PDF", "PNG", "TIFF", "BMP"])
def test_what_unpacks_to_too_much_is_refused(data: bytes) -> None:
    narrow = Reader(memory=20 * 2**20)
    drawings = Drawings(LIMITS, narrow.opened)
    try:
        with pytest.raises(TooLarge, match="memory") as caught:
            drawings.page(data, 1, 72)
        assert caught.value.limit == 20 * 2**20
        assert drawings.page(PNG, 1, 72).pixels.shape == (pictures.SIDE, pictures.SIDE, 3)
    finally:
        narrow.close()


@given(number=st.integers(0, 10**6))
@settings(max_examples=60)
def test_a_mutated_file_is_read_or_refused(reader: Reader, number: int) -> None:
    """The service's own limits would let it decode for longer."""
    with suppress(PlanspotError):
        for page in Drawings(Limits(10**6, 10**6, 3), reader.opened).pages(mutated(seeds(), 1, number).data, None, 72):
            assert page.pixels.shape[2] == 3


@pytest.mark.parametrize("kind", pictures.FORMATS)
@given(place=st.integers(0, 2000), noise=st.binary(min_size=1, max_size=8))
@settings(max_examples=15)
def test_a_damaged_file_is_read_or_refused(reader: Reader, kind: str, place: int, noise: bytes) -> None:
    data = bytearray(pictures.file(pictures.page([], width=90, height=70), kind))
    data[place : place + len(noise)] = noise
    with suppress(PlanspotError):
        Drawings(LIMITS, reader.opened).page(bytes(data), 1, 72)


def draw_and_send(reader: Reader, sent: int) -> None:
    """Decode a page in a fresh child that gets a signal in the midst of it."""
    before = children()
    with reader.opened(PNG, "PNG") as document:
        child = only_child(before)
        os.kill(child, signal.SIGSTOP)
        threading.Timer(0.2, os.kill, (child, sent)).start()
        document.draw(1, 72, (pictures.SIDE, pictures.SIDE))


def test_a_child_killed_in_mid_decode_is_told_and_the_next_file_read() -> None:
    reader = Reader()
    try:
        with pytest.raises(BrokenDrawing, match="killed"):
            draw_and_send(reader, signal.SIGKILL)
        assert Drawings(LIMITS, reader.opened).page(PNG, 1, 72).pixels.shape == (pictures.SIDE, pictures.SIDE, 3)
    finally:
        reader.close()


def test_a_child_that_hangs_is_ended() -> None:
    before, reader = children(), Reader(seconds=0.5)
    try:
        with pytest.raises(BrokenDrawing, match=r"more than 0\.5 s"):
            draw_and_send(reader, signal.SIGSTOP)
        assert children() == before
    finally:
        reader.close()


def test_a_file_that_takes_too_long_is_refused() -> None:
    reader = Reader(seconds=0.5)
    drawings = Drawings(LIMITS, reader.opened)
    try:
        drawings.page(PNG, 1, 72)
        with pytest.raises(BrokenDrawing, match=r"more than 0\.5 s"):
            drawings.page(busy_pdf(), 1, 72)
    finally:
        reader.close()


def test_a_file_is_not_refused_for_what_an_earlier_one_did() -> None:
    before, reader = children(), Reader()
    drawings = Drawings(LIMITS, reader.opened)
    try:
        drawings.page(PNG, 1, 72)
        seasoned = only_child(before)
        os.kill(seasoned, signal.SIGKILL)
        assert drawings.page(PNG, 1, 72).pixels.shape == (pictures.SIDE, pictures.SIDE, 3)
        assert only_child(before) != seasoned
    finally:
        reader.close()


def test_many_files_at_once() -> None:
    before, reader = children(), Reader(at_once=2)
    drawings = Drawings(LIMITS, reader.opened)
    wanted = [pictures.page([(n, n)], width=90 + n, height=80) for n in range(24)]
    try:
        with ThreadPoolExecutor(8) as threads:
            found = list(threads.map(lambda pixels: drawings.page(pictures.file(pixels), 1, 72).pixels, wanted))
        assert all(np.array_equal(*pair) for pair in zip(found, wanted, strict=True))
        assert len(children() - before) <= 2
    finally:
        reader.close()
    assert children() == before


def test_a_child_serves_file_after_file() -> None:
    before, reader = children(), Reader()
    drawings = Drawings(LIMITS, reader.opened)
    try:
        drawings.page(PNG, 1, 72)
        child = only_child(before)
        for _ in range(3):
            with suppress(PlanspotError):
                drawings.page(PNG[:100], 1, 72)
            drawings.page(PNG, 1, 72)
        assert only_child(before) == child
    finally:
        reader.close()


def test_nothing_is_read_once_closed() -> None:
    before, reader = children(), Reader()
    drawings = Drawings(LIMITS, reader.opened)
    pages = drawings.pages(pictures.pages([pictures.page([]), pictures.page([])], "TIFF"), None, 72)
    next(pages)
    reader.close()
    with pytest.raises(Stopping):
        next(pages)
    with pytest.raises(Stopping):
        drawings.page(PNG, 1, 72)
    assert children() == before
