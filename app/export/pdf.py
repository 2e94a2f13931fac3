"""A PDF of pictures, written page by page, so that a long one never lies in memory (ISO 32000-1, 7.5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import BytesIO

from PIL import Image

QUALITY = 88  # of JPEG; fine lines stay clean
LONGEST = 65_000  # px of a side that JPEG can hold
LARGEST = 14_400.0  # points of a side that readers show
CATALOGUE, TREE, FIRST = 1, 2, 3  # numbers of objects; a page takes three from FIRST on


def to_pdf(pages: Iterable[tuple[Image.Image, float]]) -> Iterator[bytes]:
    """The file in parts, from RGB pictures and their resolutions in dots per inch; each is taken when its turn comes."""
    places: dict[int, int] = {}
    at = 0
    for part in _parts(pages):
        number, data = part
        if number:
            places[number] = at
        at += len(data)
        yield data
    rows = b"".join(b"%010d 00000 n \n" % places[number] for number in sorted(places))
    size = len(places) + 1
    yield b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root %d 0 R >>\n" % (size, rows, size, CATALOGUE)
    yield b"startxref\n%d\n%%%%EOF\n" % at


def _parts(pages: Iterable[tuple[Image.Image, float]]) -> Iterator[tuple[int, bytes]]:
    """(number, bytes) of each object, number 0 for what is none."""
    yield 0, b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"
    count = 0
    for picture, dpi in pages:
        yield from _page(FIRST + 3 * count, picture, dpi)
        count += 1
    kids = b" ".join(b"%d 0 R" % (FIRST + 3 * n) for n in range(count))
    yield CATALOGUE, _object(CATALOGUE, b"<< /Type /Catalog /Pages %d 0 R >>" % TREE)
    yield TREE, _object(TREE, b"<< /Type /Pages /Count %d /Kids [%s] >>" % (count, kids))


def _page(number: int, picture: Image.Image, dpi: float) -> Iterator[tuple[int, bytes]]:
    scale = min(72.0 / dpi, LARGEST / max(picture.size))
    width, height = (side * scale for side in picture.size)
    picture.thumbnail((LONGEST, LONGEST))
    facts = b"/Type /Page /Parent %d 0 R /MediaBox [0 0 %.3f %.3f] /Contents %d 0 R" % (TREE, width, height, number + 1)
    resources = b"/Resources << /XObject << /I %d 0 R >> >>" % (number + 2)
    yield number, _object(number, b"<< %s %s >>" % (facts, resources))
    yield number + 1, _stream(number + 1, b"", b"%.3f 0 0 %.3f 0 0 cm /I Do" % (width, height))
    kind = b"/Type /XObject /Subtype /Image /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode"
    facts = b"%s /Width %d /Height %d " % (kind, *picture.size)
    yield number + 2, _stream(number + 2, facts, _jpeg(picture))


def _jpeg(picture: Image.Image) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, "JPEG", quality=QUALITY, subsampling=0)
    return buffer.getvalue()


def _object(number: int, content: bytes) -> bytes:
    return b"%d 0 obj\n%s\nendobj\n" % (number, content)


def _stream(number: int, facts: bytes, data: bytes) -> bytes:
    return _object(number, b"<< %s/Length %d >>\nstream\n%s\nendstream" % (facts, len(data), data))
