"""References written into a folder of weights and read back by the engine."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from app.engine.encoder import Encoder
from app.engine.evidence import Calibration
from app.engine.index import SymbolIndex
from app.engine.verify import Verifier
from app.engine.weights import golden_picture, load_detector, load_references, read_manifest, write_weights
from app.errors import BadInput, WeightsError
from training.__main__ import main
from training.export import export, own_references, read_references


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    write_weights(tmp_path / "weights", Encoder((4, 4, 8, 8), 16), Verifier((4, 4, 8, 8)), Calibration(), {"seed": 0})
    return tmp_path / "weights"


def test_the_products_own_symbols(weights: Path) -> None:
    main(["export", "--weights", str(weights)])
    held = load_references(weights)
    assert [reference.name for reference in held] == [reference.name for reference in own_references()]
    detector = load_detector(weights, "cpu")
    index = SymbolIndex.load(weights / "references.faiss", detector.stamp)
    assert index.ids() == list(range(len(held)))
    np.testing.assert_allclose(index.codes([5])[0], detector.embed(held[5].pixels), atol=1e-5)
    listed = json.loads((weights / "references.json").read_text())
    assert {"id", "name", "file", "sha256"} == set(listed[0])
    assert listed[3]["file"] in read_manifest(weights).files
    assert read_manifest(weights).training == {"seed": 0}


def test_a_folder_of_pictures_takes_the_place_of_what_was_there(weights: Path, tmp_path: Path) -> None:
    export(weights, own_references()[:3])
    for name in ("Ventil Ä", "pump"):
        Image.fromarray(golden_picture()).save(tmp_path / f"{name}.png")
    main(["export", "--weights", str(weights), "--references", str(tmp_path)])
    held = load_references(weights)
    assert [reference.name for reference in held] == ["Ventil Ä", "pump"]
    np.testing.assert_array_equal(held[0].pixels, golden_picture())
    assert len(list((weights / "references").iterdir())) == 2
    assert sum(name.startswith("references/") for name in read_manifest(weights).files) == 2


def test_refuses_what_cannot_be_a_set_of_references(weights: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds no PNG"):
        read_references(tmp_path)
    (tmp_path / "a.png").write_text("no picture")
    with pytest.raises(BadInput, match=r"a\.png"):
        read_references(tmp_path)
    with pytest.raises(BadInput, match="Received twice"):
        export(weights, own_references()[:1] * 2)
    with pytest.raises(WeightsError):
        export(tmp_path, own_references()[:1])
