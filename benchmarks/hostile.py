"""Small files that ask for much, for tests and benchmarks. Each is made byte by byte."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

KINDS = ("PNG", "JPEG", "TIFF", "WebP", "BMP")


def declared(kind: str, width: int, height: int) -> bytes:
    """A raster file of a few bytes that says it is so large. WebP cannot say more than 16,384 pixels a side."""
    return {"PNG": _png, "JPEG": _jpeg, "TIFF": _tiff, "WebP": _webp, "BMP": _bmp}[kind](width, height)


def cyclic_tiff(length: int = 2) -> bytes:
    """A TIFF of so many pages, the last of which says that the first comes next."""
    pages = [_directory(64, 64) for _ in range(length)]
    starts = [8 + sum(len(page) + 4 for page in pages[:n]) for n in range(length)]
    chained = [page + struct.pack("<I", after) for page, after in zip(pages, [*starts[1:], 8], strict=True)]
    return b"II*\0" + struct.pack("<I", 8) + b"".join(chained)


def long_pdf(pages: int) -> bytes:
    """A PDF of so many blank pages."""
    kids = b" ".join(b"%d 0 R" % (3 + n) for n in range(pages))
    blank = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>"
    return pdf([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, pages), *[blank] * pages])


def pdf_bomb(megabytes: int) -> bytes:
    """A PDF whose page is drawn by a stream that is this long once it is unpacked."""
    packer = zlib.compressobj(9)
    stream = b"".join(packer.compress(b" " * 2**20) for _ in range(megabytes)) + packer.flush()
    return drawn_pdf(stream, b"/Filter/FlateDecode")


def busy_pdf(levels: int = 12) -> bytes:
    """A PDF whose page draws a form ten times, which draws a form ten times, and so on."""
    form = b"<</Type/XObject/Subtype/Form/BBox[0 0 200 200]/Resources<</XObject<</X %d 0 R>>>>/Length %d>>stream\n%s\nendstream"
    calls = b"/X Do " * 10
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R/Resources<</XObject<</X 5 0 R>>>>>>"
    contents = b"<</Length %d>>stream\n%s\nendstream" % (len(calls), calls)
    forms = [form % (6 + level, len(calls), calls) for level in range(levels)]
    last = form % (5, 21, b"0 0 m 200 200 l S\n   ")
    return pdf([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>", page, contents, *forms, last])


def drawn_pdf(stream: bytes, how: bytes = b"", resources: bytes = b"") -> bytes:
    """A PDF of one page of 200 x 200 points that this stream draws."""
    return pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R/Resources<<%s>>>>" % resources,
            b"<</Length %d%s>>stream\n%s\nendstream" % (len(stream), how, stream),
        ]
    )


def pdf(objects: Sequence[bytes]) -> bytes:
    """A PDF of these objects, numbered from 1; the first is its catalogue."""
    body, places = bytearray(b"%PDF-1.4\n"), []
    for number, each in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj%s endobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    tail = b"trailer<</Root 1 0 R/Size %d>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(body))
    return bytes(body) + head + table + tail


def png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _png(width: int, height: int) -> bytes:
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + png_chunk(b"IDAT", zlib.compress(bytes(10_000))) + png_chunk(b"IEND", b"")


def _jpeg(width: int, height: int) -> bytes:
    frame = struct.pack(">BHHBBBB", 8, height, width, 1, 1, 0x11, 0)
    return b"\xff\xd8\xff\xc0" + struct.pack(">H", len(frame) + 2) + frame + b"\xff\xda\0\x08\x01\x01\0\0\x3f\0\xff\xd9"


def _tiff(width: int, height: int) -> bytes:
    return b"II*\0" + struct.pack("<I", 8) + _directory(width, height) + bytes(4)


def _directory(width: int, height: int) -> bytes:
    """A TIFF's directory of a grey page, its strip the file's first bytes."""
    tags = {256: width, 257: height, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: height, 279: width * height % 2**32}
    return struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())


def _webp(width: int, height: int) -> bytes:
    sides = (width - 1) | (height - 1) << 14
    body = b"VP8L" + struct.pack("<I", 14) + b"\x2f" + struct.pack("<I", sides) + bytes(9)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def _bmp(width: int, height: int) -> bytes:
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 2835, 2835, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + header
