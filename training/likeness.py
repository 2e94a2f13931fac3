"""Whether two symbols look the same, and under which turns a symbol looks like itself."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from training.canvas import FRACTION_BITS, Fill, Matrix, Shape, affine, apply
from training.symbols import Symbol

ANGLES = tuple(range(0, 360, 15))
SIZE, TURNS, RADII = 56, 72, 28  # of the pictures compared, and of their polar forms
SPREAD = 12.0  # pixels of root mean square radius that every symbol is scaled to before it is compared
TRIED = 3  # turns looked at closely
ANOTHER = 0.3  # greatest local difference, of the usual ink, from which unrelated symbols are two,
SIBLING = 0.08  # and from which a symbol and one made of it are: the rest of them is the same to the pixel
FINE = 50.0  # pixels of a symbol's longer side up to which so little cannot be seen

Picture = NDArray[np.float32]


def render(symbol: Symbol, size: int = SIZE, matrix: Matrix | None = None, line_width: float = 2.0) -> Picture:
    """(size, size) ink in [0, 1]; as given the symbol's longer side takes 0.7 of the picture, so that every turn fits."""
    return _drawn(symbol.shape, affine(size / 2, size / 2, size * 0.7) if matrix is None else matrix, size, line_width)


def _drawn(shape: Shape, matrix: Matrix, size: int, line_width: float) -> Picture:
    page = np.zeros((size, size), dtype=np.uint8)
    for part in shape.parts:
        contours = part.contours if isinstance(part, Fill) else (part.points,)
        fixed = [np.round((apply(matrix, points) - 0.5) * (1 << FRACTION_BITS)).astype(np.int32) for points in contours]
        if isinstance(part, Fill):
            cv2.fillPoly(page, fixed, 0 if part.erase else 255, cv2.LINE_AA, FRACTION_BITS)
        else:
            cv2.polylines(page, fixed, part.closed, 255, max(1, round(line_width * part.width)), cv2.LINE_AA, FRACTION_BITS)
    return page.astype(np.float32) / 255.0


class Look:
    """What a symbol looks like whatever its place, size and angle: centred on its ink, scaled to a common spread."""

    def __init__(self, symbol: Symbol) -> None:
        middle, spread = _moments(render(symbol, 64))
        scale = SPREAD / max(spread / (64 * 0.7), 1e-3)
        offset = (middle - 32.0) / (64 * 0.7)
        place = affine(SIZE / 2 - float(offset[0]) * scale, SIZE / 2 - float(offset[1]) * scale, scale)
        self.picture = _soft(render(symbol, SIZE, place))
        self.strength = _strength(self.picture)
        polar = _polar(self.picture)
        self.waves = np.fft.rfft(polar * np.sqrt(np.arange(RADII)), axis=0)  # (TURNS / 2 + 1, RADII)
        rings = polar.sum(axis=0) * np.arange(RADII)
        self.rings = rings / max(float(rings.sum()), 1e-6)  # (RADII,) ink by radius

    def like(self, other: Look, tolerance: float) -> bool:
        """Whether some turn or mirror image of the other looks like this one."""
        if np.abs(self.rings - other.rings).sum() > 0.3:
            return False
        strength = max(self.strength, other.strength)
        return any(_gap(self.picture, turned) < tolerance * strength for turned in self._best(other))

    def _best(self, other: Look) -> Iterator[Picture]:
        """The other's picture, turned and mirrored as suits best."""
        for mirrored in (False, True):
            # the mirrored picture's polar form runs backwards, so its transform is the conjugate
            match = np.fft.irfft((self.waves * (other.waves if mirrored else np.conj(other.waves))).sum(axis=1), TURNS)
            picture = other.picture[::-1] if mirrored else other.picture
            for shift in np.argsort(-match)[:TRIED].tolist():
                yield _rotated(picture, -shift * 360.0 / TURNS)


def visible(size: float) -> float:
    """The greatest local difference from which a symbol and one made of it are two when they are drawn over `size` px."""
    return SIBLING * max(1.0, FINE / size)


def alike(one: Symbol | Look, other: Symbol | Look, tolerance: float = ANOTHER) -> bool:
    """Whether two symbols look the same in some pose, whatever their sizes."""
    a, b = (each if isinstance(each, Look) else Look(each) for each in (one, other))
    return a.like(b, tolerance)


def symmetry(symbol: Symbol, tolerance: float = ANOTHER) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The turns (degrees, counter-clockwise, in steps of 15) under which the symbol looks the same, as it is and mirrored.

    Turns go about the middle of the symbol's box, after the mirroring, as those of a pose do.
    """
    base = render(symbol, 64)
    return _same(base, base, tolerance), _same(base, np.ascontiguousarray(base[:, ::-1]), tolerance)


def _same(base: Picture, start: Picture, tolerance: float) -> tuple[int, ...]:
    still = _soft(base)
    limit = tolerance * _strength(still)
    return tuple(angle for angle in ANGLES if _gap(still, _soft(_rotated(start, angle))) < limit)


def _rotated(picture: Picture, angle: float) -> Picture:
    size = picture.shape[0]
    turn = cv2.getRotationMatrix2D(((size - 1) / 2, (size - 1) / 2), angle, 1.0)
    return np.asarray(cv2.warpAffine(np.ascontiguousarray(picture), turn, (size, size)), dtype=np.float32)


def _polar(picture: Picture) -> Picture:
    """(TURNS, RADII) clockwise from +x."""
    middle = ((SIZE - 1) / 2, (SIZE - 1) / 2)
    return np.asarray(cv2.warpPolar(picture, (RADII, TURNS), middle, SIZE / 2, cv2.INTER_LINEAR), dtype=np.float32)


def _moments(picture: Picture) -> tuple[NDArray[np.float64], float]:
    """Centre and root mean square radius of the ink, in pixels."""
    y, x = np.nonzero(picture > 0.3)
    if not len(x):
        return np.full(2, picture.shape[0] / 2), 1.0
    middle = np.array([x.mean() + 0.5, y.mean() + 0.5])
    return middle, float(np.sqrt(((x + 0.5 - middle[0]) ** 2 + (y + 0.5 - middle[1]) ** 2).mean()))


def _soft(picture: Picture) -> Picture:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 1.2), dtype=np.float32)


def _strength(picture: Picture) -> float:
    """Of the usual ink, for a local difference to be measured by."""
    return max(0.15, float(np.partition(picture, -picture.size // 20, axis=None)[-picture.size // 20]))


def _gap(a: Picture, b: Picture) -> float:
    """The greatest local difference."""
    return float(cv2.boxFilter(np.abs(a - b), -1, (5, 5)).max())
