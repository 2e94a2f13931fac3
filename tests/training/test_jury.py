"""The jury: a run that is resumed ends the same, and what it learns from is settled and rightly labelled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from app.engine.encoder import Encoder
from app.engine.evidence import Calibration
from app.engine.example import prepare
from app.engine.pictures import Sheet
from app.engine.verify import SHARP, SHARP_PLANES, Verifier, closely_compared
from app.engine.weights import load_networks, write_weights
from training import batches
from training.agreement import agreement
from training.batches import joined, random_drawing, take_shots
from training.canvas import Shape, arc, polyline
from training.elements import filled, mark
from training.handiwork import Hand
from training.jury import Recipe, Tried, beside, train
from training.likeness import render
from training.symbols import normalised
from training.trials import AROUND, UNSEEN, Trials, looks, make_trials, set_apart, worst_spot

SMALL = Recipe(steps=4, pool=3, filled=1, pairs=32, workers=0, checkpoint_every=2)


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(batches, "SIZES", ((320, 320),))
    torch.manual_seed(0)
    write_weights(tmp_path / "weights", Encoder((4, 4, 8, 8), 16), Verifier(deep=(False, True)), Calibration(), {})
    return tmp_path / "weights"


def test_a_run_resumed_from_its_checkpoint_ends_the_same(weights: Path, tmp_path: Path) -> None:
    _, whole = train(SMALL, weights, tmp_path / "whole")
    train(SMALL, weights, tmp_path / "parts", until=2)
    _, parts = train(SMALL, weights, tmp_path / "parts", resume=True)
    for key, value in whole.state_dict().items():
        assert torch.equal(value, parts.state_dict()[key]), key


def test_only_the_jury_learns(weights: Path, tmp_path: Path) -> None:
    seen: list[tuple[Encoder, Verifier]] = []

    def watch(encoder: Encoder, verifier: Verifier) -> dict[str, float]:
        seen.append((encoder, verifier))
        return {}

    _, after = train(SMALL, weights, tmp_path / "run", until=2, watch=watch)
    assert len(seen) == 1
    before = load_networks(weights)[1]
    for key, value in after.state_dict().items():
        counted = key.endswith("num_batches_tracked")
        assert torch.equal(value, before.state_dict()[key]) != (key.startswith("jury") and not counted) or counted, key


def test_judges_seated_beside_others_have_a_say() -> None:
    torch.manual_seed(1)
    first, second = Verifier(deep=(False,)).eval(), Verifier(deep=(True, False)).eval()
    both = beside(first, second)
    pictures, longer = torch.rand(3, SHARP_PLANES, SHARP, SHARP), torch.full((3,), 40.0)
    with torch.inference_mode():
        alone, others, word = (verifier.decide(pictures, longer) for verifier in (first, second, both))
    torch.testing.assert_close(word, (alone + 2 * others) / 3)
    kept = both.scout.state_dict()
    assert all(torch.equal(value, kept[key]) for key, value in first.scout.state_dict().items())


def test_a_judge_is_not_asked_where_the_first_leaves_no_hope() -> None:
    verifier = Verifier(deep=(False, True)).eval()
    pictures, longer = torch.rand(3, SHARP_PLANES, SHARP, SHARP), torch.full((3,), 40.0)
    with torch.inference_mode():
        verifier.get_parameter("jury.0.head.3.bias").sub_(100)
        first = verifier.jury[0](closely_compared(pictures, longer))
        torch.testing.assert_close(verifier.decide(pictures, longer), first)


def trials(seed: int, count: int) -> Trials:
    return joined([Tried(seed, count)[n] for n in range(count)])


def test_copies_and_others_are_both_shown() -> None:
    pairs = trials(3, 2)
    assert {0.0, 1.0} == set(pairs.targets.tolist())
    assert 0.1 < float(pairs.targets.mean()) < 0.6


def test_settled_copies_lie_on_their_example() -> None:
    pairs = trials(4, 3)
    inks = pairs.pictures.float() / 255
    fits = torch.stack([agreement(example, mask, seen[None])[0] for example, seen, mask, _, _ in inks])
    assert float(fits[pairs.targets == 1, 0].median()) > 0.7


def test_nothing_that_looks_the_same_counts_as_another_symbol() -> None:
    pairs = trials(5, 3)
    inks = pairs.pictures[pairs.targets == 0].float() / 255
    for example, seen, mask, _, _ in inks:
        correlation, missing, extra = agreement(example, mask, seen[None], 3)[0].tolist()
        around = float((seen * (1 - mask)).sum() / (example * mask).sum())
        told = correlation < 0.95 or max(missing, extra) > 0.04 or float(worst_spot(example, mask, seen[None])) >= UNSEEN
        assert told or around > 0.9 * AROUND


def test_a_frame_sets_a_place_apart() -> None:
    """Within the example's box nothing differs."""
    ink = np.zeros((100, 100, 3), dtype=np.uint8) + 255
    cv2.rectangle(ink, (35, 35), (65, 65), (0, 0, 0), 2)
    prepared = prepare(ink[30:70, 30:70])
    alone = prepared.picture[None]
    framed = alone.clone()
    framed[:, 5:59, [5, 6, 57, 58]] = 1.0
    framed[:, [5, 6, 57, 58], 5:59] = 1.0
    assert set_apart(prepared, torch.cat([alone, framed])).tolist() == [False, True]


def test_an_arrow_on_the_other_leg_is_seen() -> None:
    """A transistor laid over itself upside down is another one."""
    legs = [polyline((-0.1, -0.5), (-0.1, 0.5)), polyline((-0.5, 0.0), (-0.1, 0.0)), polyline((-0.1, -0.15), (0.4, -0.5)),
            polyline((-0.1, 0.15), (0.4, 0.5))]
    head = filled(np.array([[0.05, -0.1], [0.25, -0.3], [0.05, -0.3]]))
    plain, arrowed = (torch.from_numpy(render(normalised([mark(one)], 1.0, (), None), 64))
                      for one in (Shape(tuple(legs)), Shape(tuple(legs)) + head))
    flipped = np.array([[0.0, 0.0, 180.0, 1.0, 1.0, 1.0]])
    assert [bool(one) for one in np.concatenate(looks(flipped, plain, 40.0))] == [True, False]
    assert [bool(one) for one in np.concatenate(looks(flipped, arrowed, 40.0))] == [False, True]


def test_a_pose_a_little_off_makes_no_other_symbol() -> None:
    """A ring is the same under every turn, also where the pose is some pixels and a tenth in size off it."""
    ring = torch.from_numpy(render(normalised([mark(Shape((polyline(*arc(0.5)),)))], 1.0, (), None), 64))
    off = np.array([[3.0, -2.0, 140.0, 1.0, 1.1, 1.05], [-3.0, 3.0, 55.0, 0.0, 0.92, 1.0]])
    same, other = looks(off, ring, 40.0)
    assert same.all()
    assert not other.any()


def test_a_drawing_that_is_too_small_teaches_nothing() -> None:
    rng = np.random.default_rng(1)
    drawing = random_drawing(rng)
    sheet, shots = take_shots(drawing, rng)
    small = Sheet(sheet.pixels[:20, :20], sheet.ink[:20, :20], sheet.paper)
    assert make_trials(drawing, small, shots[0], rng) is None


def test_a_part_of_the_drawings_is_as_cad_writes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[dict[str, Any]] = []
    monkeypatch.setattr(batches, "make_drawing", lambda *_, **how: made.append(how))
    for seed in range(60):
        random_drawing(np.random.default_rng(seed))
    exact = [how for how in made if how.get("style")]
    assert 12 <= len(exact) <= 36
    assert all(not how["damaged"] and how["style"].hand == Hand(0.0, True, 0.0) for how in exact)
