"""The comparison's own arithmetic, and that every way runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks import speed
from benchmarks.speed import Row

WEIGHTS = Path(__file__).parent.parent / "model_weights"


def test_sheets_and_symbols_are_as_asked() -> None:
    page = speed.sheet(0.3)
    assert page.shape[0] * page.shape[1] == pytest.approx(3e5, rel=0.01)
    assert speed.inked_share(page) > 0
    sides = [max(pixels.shape[:2]) for pixels in speed.examples(3)]
    assert len(sides) == 3
    assert all(0.7 * speed.SYMBOL < side < 1.5 * speed.SYMBOL for side in sides)


@pytest.mark.parametrize("way", list(speed.WAYS))
def test_every_way_takes_time(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "SLICE", 2)
    cost = speed.WAYS[way](speed.sheet(0.3), speed.examples(1), WEIGHTS, "cpu")
    assert np.isfinite(cost.seconds)
    assert cost.seconds > 0
    assert cost.measured == (way in ("planspot", "floor"))


def test_the_page_has_ratios_and_marks_what_was_not_measured(tmp_path: Path) -> None:
    rows = [Row("planspot", 5, 1, 2.0, True, 1.0), Row("windows", 5, 1, 500.0, False, 1.5),
            Row("windows", 20, 1, 9.0, False, 2.0)]
    lines = list(speed.page(rows, {5: 0.75, 20: 0.5}, 2))
    assert "| 5 | 1 | planspot | 1 |  | 2.0 | 1.00 |" in lines
    assert "| 5 | 1 | windows | 250 |  | 500.0* | 1.50 |" in lines
    assert "| 20 | 1 | windows |  |  | 9.0* | 2.00 |" in lines
    speed.chart(tmp_path / "speed.svg", rows, 1)
    assert (tmp_path / "speed.svg").read_text().startswith("<?xml")
