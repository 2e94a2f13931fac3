"""The benchmark of loose boxes counts what it says."""

from __future__ import annotations

import json
import sys

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw

from app.engine.ink import VISIBLE, background, ink
from benchmarks import boxes
from benchmarks.boxes import boxed, main, shares
from training.drawings import make_drawing

PAPER = (255, 255, 255)
SPAN = (20, 20, 80, 90)


def test_what_is_left_and_lost_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    page, alone = Image.new("RGB", (120, 120), "white"), Image.new("1", (120, 120))
    ImageDraw.Draw(page).rectangle([26, 26, 66, 66], outline=0, width=2)
    ImageDraw.Draw(alone).rectangle([26, 26, 66, 66], outline=1)
    ImageDraw.Draw(page).rectangle([40, 40, 50, 50], fill=0)  # within it
    ImageDraw.Draw(page).rectangle([74, 30, 83, 49], fill=0)  # another's
    pixels, strokes = np.asarray(page), np.asarray(alone)[20:80, 20:90]
    monkeypatch.setattr(boxes, "strays", lambda *_: None)
    there, left, lost = shares(pixels, SPAN, PAPER, strokes)
    assert there == left == pytest.approx(200 / 312)
    assert lost == 0
    gone = np.zeros((60, 70), bool)
    gone[:, 54:], gone[:26] = True, True
    monkeypatch.setattr(boxes, "strays", lambda *_: gone)
    there, left, lost = shares(pixels, SPAN, PAPER, strokes)
    assert there == pytest.approx(200 / 312)
    assert left == 0
    assert 0.4 < lost < 0.8


def test_strokes_lie_on_the_drawings_ink() -> None:
    rng = np.random.default_rng(5)
    drawing = make_drawing(rng, 448, 448, clutter=0, damaged=False)
    paper = background(drawing.pixels)
    spans = list(boxed(drawing, paper, rng))
    assert len(spans) >= 2
    near = [(cv2.dilate((ink(drawing.pixels[top:bottom, left:right], paper) >= VISIBLE).astype(np.uint8),
                        np.ones((boxes.NEAR, boxes.NEAR))) > 0)[strokes].mean()
            for _, (top, left, bottom, right), strokes in spans]
    assert np.median(near) > 0.9, "copies are drawn by hand, as it were"


def test_the_command_prints_a_row_a_looseness(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["boxes", "--drawings", "1"])
    main()
    *rows, last = capsys.readouterr().out.splitlines()
    table = json.loads(last)
    assert len(rows) == len(table) == len(boxes.LOOSE)
    assert sum(row["boxes"] for row in table.values()) > 0
