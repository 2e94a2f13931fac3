"""Tiles cover every window once, levels cover every size."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from app.engine import windows
from app.engine.encoder import STRIDE, WINDOW

SIDE = st.integers(1, 4000)


@given(SIDE, SIDE)
def test_tiles_answer_for_every_window_of_the_page_once(height: int, width: int) -> None:
    tiling = windows.tiling(height, width)
    corners = tiling.corners()
    assert len(set(corners)) == len(corners) == tiling.rows * tiling.columns
    tops, lefts = {top for top, _ in corners}, {left for _, left in corners}
    for side, part, starts in ((height, tiling.height, tops), (width, tiling.width, lefts)):
        assert part <= windows.CORE
        covered = [s for start in sorted(starts) for s in range(start, start + part, STRIDE)]
        assert covered == list(range(0, len(starts) * part, STRIDE))
        assert covered[-1] - windows.EDGE + WINDOW / 2 >= side - STRIDE  # a window is centred near the far edge


@given(SIDE, SIDE)
def test_tiles_reach_over_the_page(height: int, width: int) -> None:
    tiling = windows.tiling(height, width)
    assert all(size % STRIDE == 0 for size in tiling.tile)
    far = [max(start) + size for start, size in zip(zip(*tiling.corners(), strict=True), tiling.tile, strict=True)]
    assert far[0] >= windows.BEFORE + height
    assert far[1] >= windows.BEFORE + width


@given(st.floats(0.2, 4), st.floats(0.2, 1), st.floats(1, 5))
def test_levels_show_every_size_of_the_band_about_right(factor: float, low: float, high: float) -> None:
    middle = windows.level(factor / math.sqrt(low * high))
    shown = [windows.STEP ** (middle + more) for more in windows.around(low, high)]
    for scale in (low, math.sqrt(low * high), high):
        nearest = min(abs(math.log(level * scale / factor)) for level in shown)
        assert nearest <= 1.1 * math.log(windows.STEP)


def test_the_default_band_needs_one_level() -> None:
    assert list(windows.around(0.8, 1.25)) == [0]


@given(st.lists(st.floats(-6, 6), max_size=12), st.floats(0, 2))
def test_levels_that_share_one_are_near_to_it(wanted: list[float], apart: float) -> None:
    serving = windows.shared(wanted, apart)
    assert sorted(n for served in serving.values() for n in served) == list(range(len(wanted)))
    for level, served in serving.items():
        assert all(-windows.LARGER - 1e-9 <= wanted[n] - level <= max(apart / 2, apart - windows.LARGER) + 1e-9 for n in served)


def test_a_level_alone_serves_itself() -> None:
    assert windows.shared([-1.3], 2.0) == {-1.3: [0]}
    assert windows.shared([0.0, 1.0, 3.0], 1.0) == {0.5: [0, 1], 3.0: [2]}
