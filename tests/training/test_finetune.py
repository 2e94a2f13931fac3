"""Fine-tuning on a small drawn set: it learns, it resumes to the same bits, it leaves weights that the engine loads."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from app.engine.encoder import Encoder
from app.engine.evidence import NAMES, Calibration
from app.engine.index import SymbolIndex
from app.engine.verify import Verifier
from app.engine.weights import Reference, golden_picture, load_networks, load_references, read_manifest, write_weights
from app.errors import BadInput
from training.__main__ import main
from training.annotations import read_folder, split
from training.datasets import Pairs, SymbolDataset, read_pairs, read_patches
from training.export import export
from training.finetune import Machine, Recipe, State, train

RECIPE = Recipe(epochs=3, batch_size=18, learning_rate=3e-3)
GROUP = r"^(\d+)-"


def draw(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], kind: int, x: int, y: int) -> None:
    """A square of 30 px with as many bars as its kind."""
    cv2.rectangle(pixels, (x, y), (x + 30, y + 30), (0, 0, 0), 2)
    for bar in range(kind):
        cv2.line(pixels, (x, y + 6 + 6 * bar), (x + 30, y + 6 + 6 * bar), (0, 0, 0), 2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four groups of one drawing each, three classes, four copies a class and drawing."""
    folder = tmp_path_factory.mktemp("drawings")
    images, annotations = [], []
    for group in range(4):
        pixels = np.full((200, 260, 3), 255, np.uint8)
        for place in range(12):
            x, y, kind = 10 + 60 * (place % 4), 10 + 60 * (place // 4), (place + group) % 3
            draw(pixels, kind, x, y)
            annotations.append({"image_id": group, "category_id": kind, "bbox": [x - 3, y - 3, 36, 36]})
        Image.fromarray(pixels).save(folder / f"{group}-a.png")
        images.append({"id": group, "file_name": f"{group}-a.png"})
    categories = [{"id": kind, "name": f"{kind} bars"} for kind in range(3)]
    (folder / "coco.json").write_text(json.dumps({"images": images, "annotations": annotations, "categories": categories}))
    return folder


@pytest.fixture(scope="module")
def data(folder: Path) -> tuple[SymbolDataset, Pairs]:
    parts = split(read_folder(folder, GROUP), ["3"])
    return SymbolDataset(read_patches(parts.seen, backgrounds=6), seed=RECIPE.seed), read_pairs(parts.unseen)


def tiny(seed: int = 0) -> Encoder:
    torch.manual_seed(seed)
    # below 16 channels torch 2.15 writes out of bounds in the gradient of a 1×1 convolution of stride 2, channels last
    return Encoder((16, 16, 16, 16), 16)


def same(first: dict[str, Tensor], second: dict[str, Tensor]) -> bool:
    return all(torch.equal(first[name], second[name]) for name in first)


def test_resumes_to_the_same_bits(data: tuple[SymbolDataset, Pairs], tmp_path: Path) -> None:
    whole = train(tiny(), *data, RECIPE, tmp_path / "whole")
    train(tiny(), *data, RECIPE, tmp_path / "parts", until=1)
    resumed = train(tiny(seed=9), *data, RECIPE, tmp_path / "parts", resume=True)
    assert same(whole.encoder.state_dict(), resumed.encoder.state_dict())
    assert whole.losses == resumed.losses
    assert whole.top1 == resumed.top1
    assert len(whole.top1) == 3
    assert not same(whole.encoder.state_dict(), tiny().state_dict())


def test_a_finished_run_is_resumed_to_itself(data: tuple[SymbolDataset, Pairs], tmp_path: Path) -> None:
    once = replace(RECIPE, epochs=1)
    done = train(tiny(), *data, once, tmp_path)
    again = train(tiny(), *data, once, tmp_path, resume=True)
    assert same(done.encoder.state_dict(), again.encoder.state_dict())
    assert done.step == again.step


def test_workers_do_not_change_the_result_and_seeds_do(data: tuple[SymbolDataset, Pairs], tmp_path: Path) -> None:
    def losses(recipe: Recipe, machine: Machine) -> list[float]:
        return train(tiny(), *data, recipe, tmp_path, machine, until=1).losses

    assert losses(RECIPE, Machine()) == losses(RECIPE, Machine(workers=1))
    assert losses(RECIPE, Machine()) != losses(replace(RECIPE, seed=2), Machine())


def test_the_learning_rate_rises_and_falls_to_zero(data: tuple[SymbolDataset, Pairs], tmp_path: Path) -> None:
    state = train(tiny(), *data, RECIPE, tmp_path)
    assert state.schedule.get_last_lr()[0] == pytest.approx(0, abs=1e-9)
    steps = state.step
    rates = [state.schedule.lr_lambdas[0](step) for step in range(steps)]
    assert max(rates) <= 1
    assert rates[len(rates) // 2] == pytest.approx(0.5, abs=0.2)


def test_the_statistics_of_the_normalisation_stay(data: tuple[SymbolDataset, Pairs], tmp_path: Path) -> None:
    before, after = tiny().state_dict(), train(tiny(), *data, replace(RECIPE, epochs=1), tmp_path).encoder.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before if "running" in name)


def test_it_learns(data: tuple[SymbolDataset, Pairs], tmp_path: Path) -> None:
    state = train(tiny(), *data, replace(RECIPE, epochs=15, batch_size=24), tmp_path)
    assert np.mean(state.losses[-5:]) < np.mean(state.losses[:5]) - 0.2
    assert all(math.isfinite(loss) for loss in state.losses)
    assert list(state.top1.values())[-1] > 0.6  # one of three by chance


def test_refuses_the_checkpoint_of_another_run(data: tuple[SymbolDataset, Pairs], tmp_path: Path) -> None:
    def resumed(recipe: Recipe, **origin: str) -> State:
        return train(tiny(), *data, recipe, tmp_path, origin=origin, resume=True)

    with pytest.raises(BadInput, match="not there to be resumed"):
        resumed(RECIPE)
    train(tiny(), *data, RECIPE, tmp_path, until=1, origin={"data": "a"})
    with pytest.raises(BadInput, match="another epochs, seed"):
        resumed(replace(RECIPE, epochs=4, seed=8), data="a")
    with pytest.raises(BadInput, match="another data"):
        resumed(RECIPE, data="b")


@pytest.mark.parametrize("change", [{"epochs": 0}, {"learning_rate": 0.0}, {"temperature": -1.0}])
def test_refuses_recipes(change: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="above 0"):
        replace(RECIPE, **change)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    calibration = Calibration((2.0, *[0.0] * (len(NAMES) - 1)), 0.5, 0.8)
    write_weights(tmp_path / "weights", tiny(), Verifier((4, 4, 8, 8)), calibration, {"steps": 7})
    export(tmp_path / "weights", [Reference("golden", golden_picture())])
    return tmp_path / "weights"


def test_the_command(folder: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run"
    arguments = ["finetune", "--data", str(folder), "--group", GROUP, "--weights", str(weights), "--out", str(out),
                 "--epochs", "1", "--batch-size", "18", "--device", "cpu", "--workers", "0"]
    assert main(arguments) == 0
    assert "one-shot top-1, unseen drawings: before" in capsys.readouterr().out
    report = json.loads((out / "report.json").read_text())
    assert report["data"]["seen"]["groups"] + report["data"]["unseen"]["groups"] != report["data"]["seen"]["groups"]
    assert not set(report["data"]["seen"]["groups"]) & set(report["data"]["unseen"]["groups"])
    assert report["after"]["unseen drawings"]["classes"] == 3
    assert report["after"]["classes not trained on"] is None
    assert {path.name for path in (out / "plots").iterdir()} == {"loss.png", "tsne.png", "similarity.png"}
    check_weights(weights, out / "weights")
    assert str(tmp_path) not in (out / "weights" / "manifest.json").read_text()
    assert main([*arguments, "--resume"]) == 0  # it is finished: the same again
    assert json.loads((out / "report.json").read_text()) == report


def check_weights(base: Path, made: Path) -> None:
    """Another encoder, the same verifier and calibration, references embedded anew, the run on record."""
    old, new = read_manifest(base), read_manifest(made)
    assert new.model != old.model
    assert (new.calibration, new.verifier) == (old.calibration, old.verifier)
    assert new.files["verifier.safetensors"] == old.files["verifier.safetensors"]
    assert new.training["steps"] == 7
    assert new.training["finetune"][0]["weights"] == old.model
    assert [reference.name for reference in load_references(made)] == ["golden"]
    assert SymbolIndex.load(made / "references.faiss", new.stamp).ids() == [0]
    load_networks(made)


def test_without_weights_or_data(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = ["--out", str(tmp_path / "run"), "--device", "cpu"]
    assert main(["finetune", "--data", str(folder), "--weights", str(tmp_path), *out]) == 1
    assert "There are no weights" in capsys.readouterr().err
    assert main(["finetune", "--data", str(tmp_path), "--weights", str(tmp_path), *out]) == 1
    assert "holds no coco.json" in capsys.readouterr().err
