"""Files of every accepted type, and what becomes of them when bytes or parts of them are changed at random."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw

from benchmarks.hostile import cyclic_tiff, drawn_pdf, long_pdf, png_chunk

NUMBERS = (0, 1, 2, 7, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 60_000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


@dataclass(frozen=True)
class File:
    """A mutated file: its kind is that of the file it was made from."""

    number: int
    kind: str
    data: bytes = field(repr=False)


@cache
def seeds() -> dict[str, tuple[bytes, ...]]:
    """Small files by kind, of the sorts that programs write."""
    page = Image.new("RGB", (96, 64), "white")
    pen = ImageDraw.Draw(page)
    for n in range(6):
        pen.rectangle((8 + 14 * n, 10, 16 + 14 * n, 30 + 4 * n), outline=(40 * n, 0, 200 - 30 * n), width=2)
        pen.line((0, 10 * n, 96, 64 - 9 * n), fill=(0, 90, 0))
    return {
        "PNG": tuple(saved(page.convert(mode), "PNG") for mode in ("RGB", "RGBA", "L", "LA", "P", "1", "I;16")),
        "JPEG": (
            saved(page, "JPEG"),
            saved(page, "JPEG", progressive=True, quality=90, exif=_turned(6)),
            saved(page.convert("L"), "JPEG", restart_marker_rows=1),
            saved(page.convert("CMYK"), "JPEG", subsampling=0),
        ),
        "TIFF": (
            *(saved(page, "TIFF", compression=each) for each in ("raw", "tiff_lzw", "tiff_adobe_deflate", "jpeg", "packbits")),
            saved(page.convert("1"), "TIFF", compression="group4"),
            saved(page.convert("F"), "TIFF", exif=_turned(5)),
            saved(page.convert("P"), "TIFF", big_tiff=True),
            saved(page, "TIFF", save_all=True, append_images=[page.convert("L"), page.convert("CMYK")]),
            cyclic_tiff(),
        ),
        "WebP": (
            saved(page, "WEBP", quality=80),
            saved(page.convert("RGBA"), "WEBP", lossless=True, exif=_turned(8)),
            saved(page, "WEBP", save_all=True, append_images=[page.rotate(90)]),
        ),
        "BMP": tuple(saved(page.convert(mode), "BMP") for mode in ("RGB", "RGBA", "L", "P", "1")),
        "PDF": (saved(page, "PDF"), *_drawn(), long_pdf(3), saved(page, "PDF", save_all=True, append_images=[page])),
    }


def saved(image: Image.Image, kind: str, **how: Any) -> bytes:
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
