"""The dense pass and the crops of it are the same thing."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from app.engine import windows
from app.engine.detector import Detector
from app.engine.encoder import CELLS, MARGIN, STRIDE, WINDOW, Encoder
from app.engine.evidence import Calibration
from app.engine.fuse import fused, precision
from app.engine.poses import resized
from app.engine.verify import DEEPER, SHARP, SHARP_CHANNELS, SHARP_PLANES, SIZE, SPREADS, Judge, Verifier, compared
from app.engine.weights import load_networks
from tests.engine.conftest import WEIGHTS


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    torch.manual_seed(0)
    return Encoder((8, 8, 16, 16), 32).eval()


def page(height: int, width: int, seed: int = 0) -> torch.Tensor:
    """Lines and boxes as ink (height, width)."""
    rng = np.random.default_rng(seed)
    ink = np.zeros((height, width), np.float32)
    for _ in range(height * width // 2500):
        y, x = rng.integers(0, height), rng.integers(0, width)
        ink[y : y + 2, x : x + rng.integers(4, 60)] = 1
        ink[y : y + rng.integers(4, 60), x : x + 2] = 1
    return torch.from_numpy(ink)


def test_codes_have_unit_length_and_the_shape_of_the_windows(encoder: Encoder) -> None:
    with torch.inference_mode():
        codes = encoder(page(160, 240)[None, None])
    assert codes.shape == (1, 32, 160 // STRIDE - CELLS + 1, 240 // STRIDE - CELLS + 1)
    assert torch.allclose(codes.norm(dim=1), torch.ones_like(codes[:, 0]), atol=1e-5)


def test_dense_and_cropped_codes_agree(shipped: Detector) -> None:
    side, ink = WINDOW + 2 * MARGIN, page(480, 640).to(shipped.device)
    with torch.inference_mode():
        dense = shipped.dense.encoder(ink[None, None])[0]
        for row, column in [(10, 10), (20, 35), (33, 50), (4, 70)]:
            top, left = row * STRIDE - MARGIN, column * STRIDE - MARGIN
            crop = shipped.dense.encoder.crops(ink[top : top + side, left : left + side][None, None])[0]
            assert float(F.cosine_similarity(crop, dense[:, row, column], dim=0)) >= 0.99


def test_tiles_give_the_codes_of_the_whole_page(encoder: Encoder) -> None:
    ink = page(1200, 1500)
    detector = Detector(encoder, Verifier((4, 4, 8, 8)), Calibration(), "test", "cpu")
    with torch.inference_mode():
        codes, centres = detector.dense(ink, lambda: None)
        whole = encoder(F.pad(ink, (windows.BEFORE, 2000, windows.BEFORE, 2000))[None, None])[0]
    assert len(codes) > 1000
    starts = (centres - WINDOW / 2 + windows.BEFORE).flip(1).long()
    rows, columns = (starts // STRIDE).T
    assert torch.allclose((codes.float() * whole[:, rows, columns].T).sum(1), torch.ones(len(codes)), atol=2e-3)
    assert len(torch.unique(starts, dim=0)) == len(starts)


def test_a_page_is_enlarged_tile_by_tile(encoder: Encoder) -> None:
    ink = page(700, 900)
    frame = (1400, 1800)
    dense = Detector(encoder, Verifier((4, 4, 8, 8)), Calibration(), "test", "cpu").dense
    with torch.inference_mode():
        whole, places = dense(resized(ink, 2.0), lambda: None)
        codes, centres = dense(ink, lambda: None, frame)
    same = {tuple(place): n for n, place in enumerate(places.tolist())}
    rows = [same[tuple(place)] for place in centres.tolist() if tuple(place) in same]
    assert len(rows) > 0.98 * len(whole) > 1000
    there = torch.tensor([tuple(place) in same for place in centres.tolist()])
    assert float((codes[there].float() * whole[rows].float()).sum(1).min()) > 0.99


def test_blank_tiles_are_not_computed(encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    detector = Detector(encoder, Verifier((4, 4, 8, 8)), Calibration(), "test", "cpu")
    ink = torch.zeros(3000, 3000)
    ink[100:130, 100:104] = 1
    seen: list[int] = []
    answers = detector.dense._answers

    def counted(batch: torch.Tensor) -> torch.Tensor:
        seen.append(len(batch))
        return answers(batch)

    monkeypatch.setattr(detector.dense, "_answers", counted)
    with torch.inference_mode():
        detector.dense(ink, lambda: None)
    assert sum(seen) == 1 < len(windows.tiling(3000, 3000).corners())


def test_a_batch_that_shrinks_loses_no_tile(encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    ink = page(2300, 2300)
    detector = Detector(encoder, Verifier((4, 4, 8, 8)), Calibration(), "test", "cpu")
    with torch.inference_mode():
        before, _ = detector.dense(ink, lambda: None)
        answers = detector.dense._answers

        def scarce(batch: torch.Tensor) -> torch.Tensor:
            if len(batch) > 1:
                raise torch.cuda.OutOfMemoryError
            return answers(batch)

        monkeypatch.setattr(detector.dense, "_answers", scarce)
        after, _ = detector.dense(ink, lambda: None)
    assert len(after) == len(before) > 1000


def test_folding_the_normalisations_changes_nothing() -> None:
    encoder, _, _ = load_networks(WEIGHTS)
    folded = fused(encoder)
    window = page(112, 112)[None, None]
    with torch.inference_mode():
        assert torch.allclose(folded.crops(window), encoder.crops(window), atol=1e-4)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in folded.modules())


def test_codes_hardly_differ_in_bfloat16() -> None:
    encoder, _, _ = load_networks(WEIGHTS)
    folded, ink = fused(encoder), page(300, 400)[None, None]
    with torch.inference_mode():
        likeness = F.cosine_similarity(fused(encoder).bfloat16()(ink), folded(ink), dim=1)
    assert float(likeness.min()) >= 0.998


def test_a_device_computes_in_what_it_multiplies(monkeypatch: pytest.MonkeyPatch) -> None:
    for native in (False, True):
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda native=native: native)
        monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
        assert precision("cpu") == (torch.bfloat16 if native else torch.float32)


def test_scout_and_jury_answer_each_pair() -> None:
    verifier, pictures = Verifier((4, 4, 8, 8), deep=(False, True)).eval(), torch.zeros(3, 3, SIZE, SIZE)
    verdict = verifier.scout(compared(pictures, SPREADS[:1]))
    assert verdict.logit.shape == (3,)
    assert verdict.correction.shape == (3, 4)
    assert verifier.decide(torch.zeros(3, SHARP_PLANES, SHARP, SHARP), torch.full((3,), 20.0)).shape == (3,)


def test_a_fresh_judge_has_nothing_to_say_of_details() -> None:
    judge, seen = Judge((8, 8, 16, 16)).eval(), torch.rand(2, SHARP_CHANNELS, SHARP, SHARP)
    assert not judge.detail(seen).any()
    before = judge(seen)
    torch.nn.init.ones_(dict(judge.detail.named_parameters())["5.weight"])
    assert not torch.allclose(judge(seen), before)


def test_a_fresh_deep_judge_says_what_one_without_its_further_blocks_says() -> None:
    deep, plain = (Judge((8, 8, 16, 16), each).eval() for each in (True, False))
    seen = torch.rand(2, SHARP_CHANNELS, SHARP, SHARP)
    kept = [n for n in range(len(deep.trunk)) if n not in DEEPER]
    names = {f"trunk.{old}.": f"trunk.{new}." for new, old in enumerate(kept)}
    plain.load_state_dict({next((key.replace(old, names[old]) for old in names if key.startswith(old)), key): value
                           for key, value in deep.state_dict().items()
                           if not key.startswith(tuple(f"trunk.{n}." for n in DEEPER))})
    torch.testing.assert_close(plain(seen), deep(seen))


def test_the_closer_comparison_sees_a_stroke_that_moved_by_little() -> None:
    pictures = torch.zeros(1, 3, SIZE, SIZE)
    pictures[0, 0, :, 30] = pictures[0, 1, :, 32] = 1
    _, _, _, missing, extra, missing_closer, extra_closer = compared(pictures, SPREADS)[0]
    assert not missing.any()
    assert not extra.any()
    assert missing_closer[:, 30].all()
    assert extra_closer[:, 32].all()
