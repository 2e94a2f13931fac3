from __future__ import annotations

import ast
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from app.engine.geometry import bounds, iou
from training.truth import Instance
from training.unseen import FAMILIES, EvaluationDrawing
from training.unseen.symbols import ALIKE, GRAMMARS, alike, make_symbol, random_lettering, resemblance, sibling

TRAINING = Path(__file__).parents[2] / "training"
MAY_IMPORT_UNSEEN = {"training/evaluate.py", "training/calibrate.py", "training/__main__.py"}


def modules_imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def imports(path: Path, package: str) -> bool:
    return any(module == package or module.startswith(f"{package}.") for module in modules_imported(path))


def test_no_training_code_sees_the_evaluation_symbols() -> None:
    paths = [path for path in TRAINING.rglob("*.py") if "unseen" not in path.relative_to(TRAINING).parts]
    guilty = [path.relative_to(TRAINING.parent).as_posix() for path in paths if imports(path, "training.unseen")]
    assert set(guilty) <= MAY_IMPORT_UNSEEN


def test_the_evaluation_symbols_know_nothing_of_the_generator() -> None:
    known = {"training.canvas", "training.lettering", "training.pieces", "training.truth", "training.unseen"}
    for path in (TRAINING / "unseen").glob("*.py"):
        ours = {module for module in modules_imported(path) if module.startswith("training.")}
        assert {".".join(module.split(".")[:2]) for module in ours} <= known, path.name


def darkness(drawing: EvaluationDrawing, instance: Instance) -> float:
    box = instance.box
    crop = drawing.pixels[round(box.y) : round(box.y + box.height), round(box.x) : round(box.x + box.width)].astype(int)
    return float((np.abs(crop - np.median(drawing.pixels, axis=(0, 1))).max(axis=2) > 60).mean())


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_draws_what_its_truth_says(name: str) -> None:
    drawing = FAMILIES[name](np.random.default_rng(7))
    height, width = drawing.pixels.shape[:2]
    assert drawing.pixels.dtype == np.uint8
    assert len(drawing.instances) >= 8
    assert len(drawing.examples) == len(drawing.symbols)
    for instance in drawing.instances:
        box = instance.box
        assert 0 <= instance.label < len(drawing.symbols)
        assert min(box.x, box.y, width - box.x - box.width, height - box.y - box.height) > 0
        assert darkness(drawing, instance) > 0.02


@pytest.mark.parametrize("name", FAMILIES)
def test_what_lies_exactly_on_a_copy_is_right(name: str) -> None:
    for seed in range(3):
        drawing = FAMILIES[name](np.random.default_rng(seed))
        for instance in drawing.instances:
            height, width = drawing.examples[instance.label].shape[:2]
            found, box = bounds(instance.pose.polygon(width, height)), instance.box
            assert iou(*(np.array([[one.x, one.y, one.width, one.height]]) for one in (found, box)))[0, 0] > 0.6


def test_the_same_seed_gives_the_same_drawing() -> None:
    first, second = (FAMILIES["mixed"](np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(first.pixels, second.pixels)
    assert first.instances == second.instances
    assert all(np.array_equal(a, b) for a, b in zip(first.examples, second.examples, strict=True))


def test_some_symbols_searched_for_are_not_on_the_sheet() -> None:
    drawing = FAMILIES["absent"](np.random.default_rng(5))
    assert len(drawing.symbols) - len({instance.label for instance in drawing.instances}) >= 4


def test_two_symbols_may_differ_by_their_colour_alone() -> None:
    drawing = FAMILIES["colour"](np.random.default_rng(7))
    for one, other in zip(drawing.symbols[::2], drawing.symbols[1::2], strict=True):
        assert one.shape == other.shape
        assert one.colour != other.colour
    for instance in drawing.instances:
        box, colour = instance.box, drawing.symbols[instance.label].colour
        crop = drawing.pixels[round(box.y) : round(box.y + box.height), round(box.x) : round(box.x + box.width)]
        assert (crop == colour).all(axis=2).sum() > 20


def test_an_example_shows_the_symbol_at_the_size_the_truth_says() -> None:
    drawing = FAMILIES["plain"](np.random.default_rng(11))
    for instance in drawing.instances:
        example = drawing.examples[instance.label]
        ink = np.abs(example.astype(int) - drawing.pixels[0, 0]).max(axis=2) > 40
        rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
        assert columns[-1] - columns[0] + 1 == pytest.approx(instance.width, abs=2.5)
        assert rows[-1] - rows[0] + 1 == pytest.approx(instance.height, abs=2.5)


@pytest.mark.parametrize("family", GRAMMARS)
def test_a_sibling_is_near_and_yet_another_symbol(family: str) -> None:
    rng = np.random.default_rng(1)
    symbol = make_symbol(rng, random_lettering(rng), family)
    other = sibling(symbol, rng)
    assert alike(symbol, symbol)
    if other is not None:
        assert 0.2 < resemblance(symbol, other) < ALIKE


@pytest.mark.parametrize("seed", [[7, 0], [7, 3], [107, 0]])
def test_no_two_symbols_of_a_drawing_look_alike(seed: list[int]) -> None:
    symbols = FAMILIES["text_in_circle"](np.random.default_rng(seed)).symbols
    assert len(symbols) > 2
    assert not any(alike(one, other) for one, other in combinations(symbols, 2))


@pytest.mark.parametrize("seed", range(8))
def test_a_survey_mark_has_siblings_whatever_its_answers(seed: int) -> None:
    """A changed answer may leave a later question fewer options than the one remembered."""
    rng = np.random.default_rng(seed)
    assert sibling(make_symbol(rng, random_lettering(rng), "survey_mark"), rng) is not None
