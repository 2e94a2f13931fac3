"""Mild damage as by scanners, screens and compression. What moves the picture moves the truth with it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
from numpy.random import Generator

from app.engine.geometry import Pose
from training.canvas import Colour, Pixels
from training.truth import Instance

Damage = Callable[[Pixels, Generator], Pixels]
CLEAN = 0.4  # of all drawings


def degrade(
    pixels: Pixels, instances: tuple[Instance, ...], background: Colour, rng: Generator
) -> tuple[Pixels, tuple[Instance, ...]]:
    """One to three kinds of damage, or none; the picture keeps its size."""
    if rng.random() < CLEAN:
        return pixels, instances
    if rng.random() < 0.25:
        pixels, instances = skewed(pixels, instances, background, float(rng.uniform(-2.0, 2.0)))
    for i in np.sort(rng.choice(len(DAMAGES), int(rng.choice([1, 1, 2, 3])), replace=False, p=OFTEN)):
        pixels = DAMAGES[i](pixels, rng)
    return pixels, instances


def skewed(
    pixels: Pixels, instances: tuple[Instance, ...], background: Colour, angle: float
) -> tuple[Pixels, tuple[Instance, ...]]:
    """The page turned counter-clockwise about its middle by a small angle in degrees."""
    height, width = pixels.shape[:2]
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    cx, cy = width / 2, height / 2
    turn = np.array([[cos, sin, cx - cos * cx - sin * cy], [-sin, cos, cy + sin * cx - cos * cy]])
    # cv2 counts from pixel centres, poses from pixel corners
    shift = turn[:, :2] @ np.array([0.5, 0.5]) + turn[:, 2] - 0.5
    warped = cv2.warpAffine(
        pixels,
        np.column_stack([turn[:, :2], shift]),
        (width, height),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=background,
    )
    return np.asarray(warped, dtype=np.uint8), tuple(replace(one, pose=_turned(one.pose, turn, angle)) for one in instances)


def _turned(pose: Pose, turn: np.ndarray[tuple[int, ...], np.dtype[np.float64]], angle: float) -> Pose:
    x, y = turn[:, :2] @ np.array([pose.x, pose.y]) + turn[:, 2]
    return replace(pose, x=float(x), y=float(y), angle=(pose.angle + angle) % 360.0)


def faded(pixels: Pixels, rng: Generator) -> Pixels:
    """Ink nearer to the paper, in places or all over."""
    background = np.median(pixels.reshape(-1, 3)[::7], axis=0)
    amount = float(rng.uniform(0.3, 0.9)) + 0.15 * _cloud(pixels.shape[:2], rng)[..., None] * float(rng.random() < 0.5)
    return _bytes(background + (pixels.astype(np.float32) - background.astype(np.float32)) * np.clip(amount, 0.2, 1.0))


def toned(pixels: Pixels, rng: Generator) -> Pixels:
    """Uneven light and the paper's tone."""
    light = 1.0 - float(rng.uniform(0.03, 0.16)) * (0.5 + 0.5 * _cloud(pixels.shape[:2], rng)[..., None])
    return _bytes(pixels.astype(np.float32) * light)


def rescaled(pixels: Pixels, rng: Generator) -> Pixels:
    """Made smaller and larger again."""
    height, width = pixels.shape[:2]
    part = float(rng.uniform(0.5, 0.95))
    small = cv2.resize(pixels, (int(width * part), int(height * part)), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def blurred(pixels: Pixels, rng: Generator) -> Pixels:
    if rng.random() < 0.3:
        return np.asarray(cv2.blur(pixels, (2, 2)), dtype=np.uint8)
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), float(rng.uniform(0.4, 1.2))), dtype=np.uint8)


def noisy(pixels: Pixels, rng: Generator) -> Pixels:
    """Grain, and now and then specks."""
    height, width = pixels.shape[:2]
    tile = rng.standard_normal((128, 128), dtype=np.float32) * float(rng.uniform(2, 11))
    grain = np.tile(tile, (height // 128 + 1, width // 128 + 1))[:height, :width, None]
    result = _bytes(pixels.astype(np.float32) + grain)
    if rng.random() < 0.3:
        count = int(height * width * rng.uniform(0.0001, 0.001))
        result[rng.integers(height, size=count), rng.integers(width, size=count)] = rng.integers(
            0, 256, size=(count, 1), dtype=np.uint8
        )
    return result


def one_bit(pixels: Pixels, rng: Generator) -> Pixels:
    """Black and white, cut between paper and ink."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    paper = int(np.median(grey[::5, ::5]))
    distance = cv2.absdiff(grey, np.full_like(grey, paper))
    ink = distance > max(18.0, float(rng.uniform(0.25, 0.5)) * float(np.percentile(distance, 99.0)))
    black, white = (0, 255) if paper > 90 else (255, 0)
    return np.repeat(np.where(ink, np.uint8(black), np.uint8(white))[..., None], 3, axis=2)


def compressed(pixels: Pixels, rng: Generator) -> Pixels:
    """JPEG."""
    done, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 96))])
    if not done:
        raise ValueError(f"a page to compress must be an image. Received: {pixels.shape}")
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), dtype=np.uint8)


DAMAGES: tuple[Damage, ...] = (faded, toned, rescaled, blurred, noisy, one_bit, compressed)  # in the order they happen
OFTEN = np.array([1, 1, 2, 2, 1, 1, 3]) / 11


def _cloud(shape: tuple[int, ...], rng: Generator) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """A smooth field in [-1, 1]."""
    coarse = rng.uniform(-1, 1, size=(4, 4)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def _bytes(values: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> Pixels:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
