"""Training: the same recipe gives the same weights, stopped or not; what it learns from is what the drawing says."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils.data import Dataset

from app.engine.dense import INKED
from app.engine.encoder import STRIDE, WINDOW, Encoder
from app.engine.evidence import Calibration
from app.engine.ink import background
from app.engine.poses import compose, crops, matrices
from app.engine.verify import Verifier
from app.engine.weights import load_networks, read_manifest, write_weights
from app.errors import BadInput
from training import batches, loop
from training.batches import Lesson, joined, make_lesson, some_pairs
from training.drawings import make_drawing
from training.pairs import Pairs
from training.shots import FAINT, SPOILT, faults, from_another_drawing, take_shot
from training.tiles import collate
from training.train import Drawings, Recipe, _lessons, encoder_of, start, train, verifier_of, write
from training.views import toned, varied

SMALL = Recipe(steps=4, pool=3, filled=1, tiles=2, pairs=40, workers=0, checkpoint_every=2)


@pytest.fixture
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "SIZES", ((320, 320),))


def lesson(seed: int, clutter: float = 1.0) -> Lesson:
    rng = np.random.default_rng(seed)
    return make_lesson(make_drawing(rng, 448, 448, damaged=bool(clutter), clutter=clutter), rng)


@pytest.mark.usefixtures("_small_pages")
def test_a_run_resumed_from_its_checkpoint_ends_the_same(tmp_path: Path) -> None:
    whole = train(SMALL, tmp_path / "whole")
    train(SMALL, tmp_path / "parts", until=2)
    parts = train(SMALL, tmp_path / "parts", resume=True)
    assert parts.step == whole.step == 4
    for one, other in ((whole.networks, parts.networks), (whole.averages, parts.averages)):
        for key, value in one.state_dict().items():
            assert torch.equal(value, other.state_dict()[key]), key
    assert [json.loads(line)["step"] for line in (tmp_path / "parts" / "losses.jsonl").read_text().splitlines()] == [1, 2, 3, 4]


def test_the_learning_rate_rises_stays_and_falls() -> None:
    rates = [loop.rate(step, 1000) for step in range(1000)]
    assert rates[0] == pytest.approx(0.01)
    assert set(rates[100:600]) == {1.0}
    assert rates[-1] <= 0.01


@pytest.mark.usefixtures("_small_pages")
def test_the_averages_follow_the_networks(tmp_path: Path) -> None:
    state = train(SMALL, tmp_path, until=3)
    live, mean, begun = (networks.state_dict()["encoder.head.0.weight"]
                         for networks in (state.networks, state.averages, start(SMALL).networks))
    assert 0 < float((mean - begun).norm()) < float((live - begun).norm())
    assert not torch.equal(live, mean)


def test_workers_give_the_same_lessons_as_none() -> None:
    alone, beside = (next(iter(loop.loader(Drawings(3, 1), range(1), Recipe(workers=workers)))) for workers in (0, 1))
    assert torch.equal(alone.pairs.pictures, beside.pairs.pictures)
    assert torch.equal(alone.tiles.tiles, beside.tiles.tiles)


@pytest.mark.usefixtures("_small_pages")
def test_the_data_of_a_step_are_a_function_of_the_seed_and_the_step() -> None:
    run, again = (list(_lessons(SMALL, first, 4)) for first in (0, 2))
    for (tiles, pairs), (tiles_again, pairs_again) in zip(run[2:], again, strict=True):
        assert torch.equal(tiles.tiles, tiles_again.tiles)
        assert torch.equal(pairs.pictures, pairs_again.pictures)


def test_pairs_are_drawn_once_each_from_all_drawings() -> None:
    parts = [lesson(seed).pairs for seed in (2, 3)]
    rng = np.random.default_rng(0)
    assert len(some_pairs(parts, 10_000, rng)) == sum(map(len, parts))
    some = some_pairs(parts, 50, rng)
    whole = {row.numpy().tobytes() for row in joined(parts).pictures}
    assert len(some) == 50
    assert {row.numpy().tobytes() for row in some.pictures} <= whole


def test_a_step_draws_from_the_latest_drawings() -> None:
    recipe = loop.Recipe(steps=5, seed=0, learning_rate=1, drawings=2, pool=3, filled=1, workers=0)
    held = {step: list(pool) for step, pool in loop.pooled(Numbers, recipe, 0, 3)}
    assert held == {0: [0, 1, 2], 1: [2, 3, 4], 2: [4, 5, 6]}
    assert {step: list(pool) for step, pool in loop.pooled(Numbers, recipe, 2, 3)} == {2: [4, 5, 6]}


def test_a_drawing_may_come_with_every_other_step() -> None:
    recipe = loop.Recipe(steps=5, seed=0, learning_rate=1, drawings=0.5, pool=3, filled=2, workers=0)
    held = {step: list(pool) for step, pool in loop.pooled(Numbers, recipe, 0, 5)}
    assert held == {0: [0, 1], 1: [0, 1, 2], 2: [0, 1, 2], 3: [1, 2, 3], 4: [1, 2, 3]}
    assert {step: list(pool) for step, pool in loop.pooled(Numbers, recipe, 3, 5)} == {3: [1, 2, 3], 4: [1, 2, 3]}


class Numbers(Dataset[int]):
    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> int:
        return index


def test_copies_and_others_are_both_shown_and_corrections_are_small() -> None:
    lessons = [lesson(seed) for seed in (5, 6)]
    pairs, tiles = joined([each.pairs for each in lessons]), collate([each.tiles for each in lessons])
    assert {0.0, 1.0} == set(pairs.targets.tolist())
    assert pairs.pictures.shape[1:] == (3, 64, 64)
    assert float(pairs.corrections.abs().max()) <= 1.5
    assert not pairs.known[pairs.targets == 0].any()
    assert len(set(tiles.cell_labels.tolist()) & set(tiles.window_labels.tolist())) > 0


def test_an_exact_copy_looks_like_its_example() -> None:
    """Pictures of copies under their true poses agree better than those of other places."""
    pairs = joined([lesson(seed, clutter=0).pairs for seed in (8, 9, 10)])
    likeness = correlations(pairs)
    assert float(likeness[pairs.targets == 1].mean()) > float(likeness[pairs.targets == 0].mean()) + 0.1


def test_nothing_that_looks_the_same_counts_as_another_symbol() -> None:
    """The example's own place, for one."""
    pairs = joined([lesson(seed, clutter=0).pairs for seed in range(20, 30)])
    assert float(correlations(pairs)[pairs.targets == 0].max()) < 0.98


def correlations(pairs: Pairs) -> Tensor:
    example, seen = pairs.pictures[:, 0].float().flatten(1), pairs.pictures[:, 1].float().flatten(1)
    return torch.nn.functional.cosine_similarity(example - example.mean(1, True), seen - seen.mean(1, True))


def test_users_box_copies_that_show() -> None:
    shots = []
    for seed in range(3):
        rng = np.random.default_rng([3, seed])
        drawing = make_drawing(rng, 448, 448)
        taken = [take_shot(drawing, background(drawing.pixels), rng) for _ in range(25)]
        shots += [(drawing, shot) for shot in taken if shot is not None and shot.own >= 0]
    assert len(shots) > 20
    for drawing, shot in shots:
        missing, extra = faults(drawing, shot)
        assert missing <= FAINT
        assert missing + extra <= SPOILT


def test_examples_from_other_drawings_lie_as_the_copies_here_do() -> None:
    fits = []
    for seed in range(3):
        rng = np.random.default_rng([4, seed])
        drawing = make_drawing(rng, 448, 448)
        for copy in drawing.instances[:8]:
            shot = from_another_drawing(drawing, copy, rng)
            assert shot is not None
            assert (shot.label, shot.own) == (copy.label, -1)
            fits.append(faults(drawing, shot)[0])
    assert np.median(fits) < 0.1, "what is missing of the symbol as it is"


@pytest.mark.usefixtures("_small_pages")
def test_a_run_goes_on_from_weights(tmp_path: Path) -> None:
    first = train(SMALL, tmp_path / "first", until=1).averages
    write_weights(tmp_path / "weights", encoder_of(first), verifier_of(first["scout"]), Calibration(), {"note": "first"})
    begun = start(SMALL, tmp_path / "weights").networks
    for key, value in begun.state_dict().items():
        assert torch.allclose(value.float(), first.state_dict()[key].float(), atol=1e-3), key


@pytest.mark.usefixtures("_small_pages")
def test_an_encoder_goes_on_alone(tmp_path: Path) -> None:
    before, after, alone = tmp_path / "before", tmp_path / "after", replace(SMALL, pairs=0)
    write_weights(before, Encoder(), Verifier(), Calibration(offset=0.25), {"note": "before"})
    write(alone, train(alone, tmp_path / "run", weights=before).averages, after, before)
    (old, new), manifest = (load_networks(folder)[:2] for folder in (before, after)), read_manifest(after)
    assert not torch.equal(old[0].state_dict()["head.0.weight"], new[0].state_dict()["head.0.weight"])
    assert all(torch.equal(value, new[1].state_dict()[key]) for key, value in old[1].state_dict().items())
    assert manifest.calibration.offset == 0.25
    assert manifest.training["note"] == "before"
    assert manifest.training["encoder"]["pairs"] == 0
    with pytest.raises(BadInput, match="--weights"):
        train(alone, tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists(), "told before anything is learnt"


def test_a_tile_answers_for_all_its_windows_that_hold_ink() -> None:
    tiles = [lesson(seed).tiles for seed in (5, 6, 7)]
    for each in tiles:
        cells = [tuple(cell) for cell in each.cells[:, 1:].tolist()]
        held = torch.nn.functional.avg_pool2d(each.tiles.float() / 255, WINDOW, STRIDE)[0, 0]
        assert all(held[cell] > INKED for cell in cells[len(cells) // 2 :])
        assert len(cells) == len(set(cells)) > 0.7 * int((held > INKED).sum())
    assert all((each.cell_labels < 50_000).any() for each in tiles), "a tile shows a symbol"


@pytest.mark.parametrize("quarters", range(4))
@pytest.mark.parametrize("flipped", [False, True])
def test_a_correction_mends_its_pair_however_the_pair_is_turned(quarters: int, flipped: bool) -> None:
    picture = torch.zeros(64, 64)
    picture[20:44, 24:28] = picture[40:44, 24:40] = picture[26:30, 24:34] = 1  # an F upside down: no symmetry
    off = torch.tensor([[5.0, -3.0, 12.0, 0.15]])
    still = torch.tensor([[32.0, 32.0, 0.0, 0.0, 1.0, 1.0]])
    # the copy lies where the correction of a centred pose leads
    there = torch.eye(3)
    there[:2] = matrices(compose(still, off))[0]
    back = torch.linalg.inv(there)[:2]
    back[:, 2] += back[:, :2] @ torch.tensor([32.0, 32.0]) + 32
    seen = crops(picture, back[None], 64)[0]
    pictures = (torch.stack([picture, seen, torch.ones(64, 64)])[None] * 255).to(torch.uint8)
    units = torch.tensor([[8.0, 8.0, 20.0, 0.25]])
    pair = Pairs(pictures, torch.ones(1), off / units, torch.ones(1, 4)).turned(quarters, flipped)
    page = pair.pictures[0, 1].float() / 255
    mended = crops(page, matrices(compose(still, pair.corrections * units)), 64)[0]
    example = pair.pictures[0, 0].float() / 255
    assert float(((mended - example) ** 2).sum() / (example**2).sum()) < 0.15
    unmended = ((page - example) ** 2).sum() / (example**2).sum()
    assert float(unmended) > 0.5


def test_variation_keeps_the_pairs_and_the_box() -> None:
    pairs = lesson(4).pairs
    rng = np.random.default_rng(0)
    changed = varied(pairs, rng)
    assert sorted(changed.targets.tolist()) == sorted(pairs.targets.tolist())
    assert not torch.equal(changed.pictures, pairs.pictures)
    pictures = pairs.pictures.float() / 255
    paler = toned(pictures, rng)
    assert torch.equal(paler[:, 2], pictures[:, 2])
    assert not torch.equal(paler[:, :2], pictures[:, :2])
    assert 0 <= float(paler.min()) <= float(paler.max()) <= 1
