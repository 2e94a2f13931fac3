"""Bytes to pages: every type and mode, every way a file can be bad, and limits before decoding."""

from __future__ import annotations

import tracemalloc
from io import BytesIO

import numpy as np
import pypdfium2 as pdfium
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from app.engine import decoders
from app.engine.drawing import ACCEPTED, Drawings, Limits, Page, kind_of
from app.errors import BadInput, BrokenDrawing, PlanspotError, TooLarge, UnsupportedType
from benchmarks.hostile import declared
from tests import pictures

LIMITS = Limits(max_bytes=5_000_000, max_pixels=2_000_000, max_pages=3)
HERE = Drawings(LIMITS, decoders.opened)
SMALL = pictures.page([(10, 20)], width=90, height=70)


def read(data: bytes, dpi: int = 72) -> Page:
    return next(HERE.pages(data, None, dpi))


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", pictures.FORMATS)
def test_every_accepted_type_is_read(kind: str) -> None:
    data = pictures.file(SMALL, kind)
    decoded = read(data)
    assert kind_of(data).upper() == kind
    assert len(HERE.survey(data, None, 72)) == 1
    assert decoded.pixels.shape == SMALL.shape
    assert decoded.pixels.dtype == np.uint8
    assert np.abs(decoded.pixels.astype(int) - SMALL).mean() < 3


@pytest.mark.parametrize("kind", pictures.FORMATS)
@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
def test_a_truncated_file_is_refused(kind: str, share: float) -> None:
    data = pictures.file(pictures.page([(10, 20), (200, 100)]), kind)
    with pytest.raises(BrokenDrawing):
        list(HERE.pages(data[: max(int(len(data) * share), 16)], None, 72))


def test_no_bytes_are_refused() -> None:
    with pytest.raises(BrokenDrawing, match="zero bytes"):
        kind_of(b"")


@pytest.mark.parametrize("data", [b"GIF89a" + bytes(100), b"hello", b"PK\x03\x04", b"BMW is a car, not a picture", bytes(1000)])
def test_other_types_are_refused_with_the_accepted_ones(data: bytes) -> None:
    with pytest.raises(UnsupportedType) as caught:
        read(data)
    assert caught.value.accepted == ACCEPTED


MAGIC = [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"BM", b"%PDF-", b"RIFF1234WEBP", b""]


@given(st.binary(max_size=300), st.sampled_from(MAGIC))
def test_noise_never_raises_anything_else(noise: bytes, magic: bytes) -> None:
    with pytest.raises(PlanspotError):
        list(HERE.pages(magic + noise, None, 72))


def test_an_encrypted_pdf_is_refused() -> None:
    # a document that names an encryption handler and has no matching password
    body = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 10 10]>>endobj
4 0 obj<</Filter/Standard/V 1/R 2/O<OWNER>/U<USER>/P -4>>endobj
trailer<</Root 1 0 R/Encrypt 4 0 R/ID[<00><00>]/Size 5>>
startxref
0
%%EOF""".replace(b"OWNER", b"41" * 32).replace(b"USER", b"42" * 32)
    with pytest.raises(BrokenDrawing, match="encrypted"):
        read(body)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_orientation_is_honoured_and_known_before_decoding(kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(Image.fromarray(SMALL), kind, exif=exif)
    upright = {
        1: SMALL,
        2: SMALL[:, ::-1],
        3: SMALL[::-1, ::-1],
        4: SMALL[::-1],
        5: SMALL.swapaxes(0, 1),
        6: np.rot90(SMALL, -1),
        7: np.rot90(SMALL, 2).swapaxes(0, 1),
        8: np.rot90(SMALL),
    }[orientation]
    decoded = read(data).pixels
    (size,) = HERE.survey(data, None, 72)
    assert decoded.shape == upright.shape == (size.height, size.width, 3)
    assert np.abs(decoded.astype(int) - upright).mean() < 8


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA", "CMYK", "YCbCr", "I;16", "I", "F"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    grey = Image.fromarray(SMALL).convert("L")
    if mode == "I;16":
        image = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    else:
        image = grey.convert("RGB").convert(mode) if mode in {"CMYK", "YCbCr"} else grey.convert(mode)
    decoded = read(saved(image, "TIFF")).pixels
    assert decoded.shape == SMALL.shape
    assert np.abs(decoded.astype(int) - SMALL).mean() < 4


@pytest.mark.parametrize("bits", [10, 12, 16])
def test_deep_grey_is_brought_to_8_bits(bits: int) -> None:
    values = np.array([[0, 2**bits // 2, 2**bits - 1]], dtype=np.uint16)
    decoded = read(saved(Image.fromarray(values), "PNG")).pixels
    assert decoded[0, :, 0].tolist() == [0, 128, 255]


def test_transparent_parts_are_white() -> None:
    rgba = np.zeros((10, 10, 4), dtype=np.uint8)
    rgba[:5, :, 3] = 255
    decoded = read(saved(Image.fromarray(rgba), "PNG")).pixels
    assert decoded[0, 0].tolist() == [0, 0, 0]
    assert decoded[9, 0].tolist() == [255, 255, 255]


def test_a_transparent_palette_colour_is_white() -> None:
    image = Image.new("P", (4, 4), 0)
    image.putpalette([0, 0, 0, 255, 0, 0])
    image.putpixel((1, 1), 1)
    decoded = read(saved(image, "PNG", transparency=0)).pixels
    assert decoded[0, 0].tolist() == [255, 255, 255]
    assert decoded[1, 1].tolist() == [255, 0, 0]


@pytest.mark.parametrize("kind", ["PDF", "TIFF"])
def test_pages_are_chosen_and_come_in_order(kind: str) -> None:
    data = pictures.pages([pictures.page([], width=50 + n, height=40) for n in range(5)], kind)
    read = list(HERE.pages(data, [4, 2, 4], 72))
    assert [(each.number, each.pixels.shape[1]) for each in read] == [(2, 51), (4, 53)]
    with pytest.raises(BadInput, match="has 5 page"):
        HERE.survey(data, [6], 72)
    with pytest.raises(TooLarge, match="/jobs") as caught:
        HERE.survey(data, None, 72)
    assert caught.value.limit == LIMITS.max_pages


@pytest.mark.parametrize("dpi", [36, 72, 150, 200])
@pytest.mark.parametrize("points", [(300, 200), (299.5, 123.25)])
def test_a_pdf_is_rendered_at_the_size_foretold(dpi: int, points: tuple[float, float]) -> None:
    document = pdfium.PdfDocument.new()
    document.new_page(*points).close()
    buffer = BytesIO()
    document.save(buffer)
    document.close()
    (size,) = HERE.survey(buffer.getvalue(), None, dpi)
    pixels = read(buffer.getvalue(), dpi).pixels
    assert pixels.shape == (size.height, size.width, 3)
    assert size.dpi == dpi
    assert (pixels == 255).all()


def test_resolution_is_told_where_it_can_be_believed() -> None:
    assert HERE.survey(pictures.file(SMALL, "PNG", dpi=(300, 300)), None, 72)[0].dpi == pytest.approx(300, abs=0.1)
    assert HERE.survey(pictures.file(SMALL, "PNG", dpi=(72, 72)), None, 72)[0].dpi is None
    assert HERE.survey(pictures.file(SMALL, "PNG"), None, 72)[0].dpi is None


def test_a_bomb_is_refused_before_it_is_decoded() -> None:
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge, match="100000 x 100000"):
            read(declared("PNG", 100_000, 100_000))
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_a_pdf_page_too_large_to_render_is_refused() -> None:
    with pytest.raises(TooLarge):
        read(pictures.file(SMALL, "PDF"), dpi=2400)


def test_too_many_bytes_are_refused() -> None:
    with pytest.raises(TooLarge, match="bytes"):
        read(b"\x89PNG\r\n\x1a\n" + bytes(LIMITS.max_bytes))
