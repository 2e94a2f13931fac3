"""What happens to a drawing between the plotter and the file: paper, blur, noise, speckle, JPEG."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator

from training.canvas import Pixels


@dataclass(frozen=True)
class Finish:
    """Blur in pixels, noise in grey levels, speckle as a part of the pixels; `quality` 0 leaves JPEG out."""

    blur: float = 0.0
    noise: float = 0.0
    paper: float = 0.0  # how much darker the paper gets towards one side, grey levels
    speckle: float = 0.0
    quality: int = 0

    def apply(self, pixels: Pixels, rng: Generator) -> Pixels:
        """The (H, W, 3) page as it comes out; the same size."""
        image = pixels.astype(np.float32)
        if self.blur:
            image = np.asarray(cv2.GaussianBlur(image, (0, 0), self.blur), dtype=np.float32)
        image -= self.paper * np.linspace(0.3, 1.0, image.shape[1], dtype=np.float32)[None, :, None]
        if self.noise:
            image += rng.normal(0, self.noise, (*image.shape[:2], 1)).astype(np.float32)
        if self.speckle:
            image[rng.random(image.shape[:2]) < self.speckle] = 40
        result = np.clip(image, 0, 255).astype(np.uint8)
        return _jpeg(result, self.quality) if self.quality else result


def scanned(rng: Generator) -> Finish:
    """A copier's or a scanner's finish."""
    return Finish(float(rng.uniform(0.4, 0.9)), float(rng.uniform(3, 12)), float(rng.uniform(0, 40)),
                  float(rng.choice([0.0, 0.0004])), int(rng.integers(35, 80)))


def _jpeg(pixels: Pixels, quality: int) -> Pixels:
    done, data = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError(f"No JPEG of this page. Received: {pixels.shape}")
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
    return np.ascontiguousarray(np.asarray(decoded, dtype=np.uint8)[..., ::-1])
