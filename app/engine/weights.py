"""Reads and writes a folder of weights: the networks, their manifest, the reference symbols.

    manifest.json         format, hashes and sizes of all files, networks' shapes, calibration, golden code, training record
    encoder.safetensors   fp16
    verifier.safetensors  fp16
    references.faiss      codes of the reference symbols, by position
    references.json       their names and files
    references/*.png      their pixels
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import nn

from app.engine import memory
from app.engine.detector import Detector
from app.engine.encoder import Encoder
from app.engine.evidence import NAMES, Calibration
from app.engine.query import Pixels
from app.engine.verify import Verifier
from app.errors import WeightsError

FORMAT = 1
MANIFEST, ENCODER, VERIFIER = "manifest.json", "encoder.safetensors", "verifier.safetensors"
REFERENCES = "references.json"
AGREEMENT = 0.995  # cosine of the golden code, then and now


@dataclass(frozen=True)
class Manifest:
    """What manifest.json says. `files` gives sha256 and bytes by name; `golden` is the code of `golden_picture()`."""

    files: Mapping[str, Mapping[str, Any]]
    encoder: Mapping[str, Any]
    verifier: Mapping[str, Any]
    calibration: Calibration
    golden: tuple[float, ...]
    training: Mapping[str, Any]

    @property
    def stamp(self) -> str:
        """Of embeddings: the start of the encoder's hash."""
        return str(self.files[ENCODER]["sha256"])[:16]

    @property
    def model(self) -> str:
        """Of all that answers depend on: the stamp, and the start of a hash of the verifier's and the calibration."""
        calibration = self.calibration
        rest = [self.files[VERIFIER]["sha256"], *calibration.weights, calibration.offset, calibration.certain_from,
                *calibration.among, *calibration.afar]
        return f"{self.stamp}-{hashlib.sha256(json.dumps(rest).encode()).hexdigest()[:8]}"


@dataclass(frozen=True)
class Reference:
    """A symbol that came with the weights; `pixels` (h, w, 3) RGB."""

    name: str
    pixels: Pixels


def write_weights(folder: Path, encoder: Encoder, verifier: Verifier, calibration: Calibration,
                  training: Mapping[str, Any]) -> Manifest:
    """Writes both networks and the manifest, reads them back and compares the golden code. Keeps other files of the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    _save(encoder, folder / ENCODER)
    _save(verifier, folder / VERIFIER)
    shape = {"widths": encoder.widths, "dimension": encoder.dimension}
    golden = tuple(map(float, _golden(encoder)))
    judges = {"widths": verifier.widths, "jury_widths": verifier.jury_widths, "deep": verifier.deep}
    manifest = seal(folder, Manifest({}, shape, judges, calibration, golden, training))
    load_detector(folder, "cpu")
    return manifest


def seal(folder: Path, manifest: Manifest) -> Manifest:
    """Writes the manifest with the hashes of the files now in the folder."""
    paths = [folder / name for name in (ENCODER, VERIFIER, "references.faiss", REFERENCES)]
    paths += sorted(folder.glob("references/*.png"))
    files = {path.relative_to(folder).as_posix(): {"sha256": _hash(path), "bytes": path.stat().st_size}
             for path in paths if path.is_file()}
    sealed = Manifest(files, manifest.encoder, manifest.verifier, manifest.calibration, manifest.golden, manifest.training)
    part = folder / (MANIFEST + ".part")
    part.write_text(json.dumps({"format": FORMAT, **asdict(sealed)}, indent=1) + "\n")
    part.replace(folder / MANIFEST)
    return sealed


def read_manifest(folder: Path) -> Manifest:
    """The manifest, every file it names checked. Raises WeightsError saying what is wrong."""
    try:
        held = json.loads((folder / MANIFEST).read_text())
    except OSError as error:
        raise WeightsError(f"There are no weights: {MANIFEST} cannot be read ({error.strerror}).") from error
    except ValueError as error:
        raise WeightsError(f"{MANIFEST} is not JSON.") from error
    if not isinstance(held, dict) or held.get("format") != FORMAT:
        raise WeightsError(f"The weights are of another format than {FORMAT}.")
    try:
        manifest = Manifest(held["files"], held["encoder"], held["verifier"], _calibration(held["calibration"]),
                            tuple(map(float, held["golden"])), held["training"])
        for name, facts in manifest.files.items():
            _check(folder / name, str(facts["sha256"]))
        if not {ENCODER, VERIFIER} <= set(manifest.files):
            raise WeightsError(f"{MANIFEST} names no {ENCODER} or no {VERIFIER}.")
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"{MANIFEST} is incomplete or broken: {error!r}.") from error
    return manifest


def load_networks(folder: Path) -> tuple[Encoder, Verifier, Manifest]:
    """Both networks in float32 on the CPU. Raises WeightsError."""
    manifest = read_manifest(folder)
    try:
        encoder = Encoder(manifest.encoder["widths"], manifest.encoder["dimension"])
        verifier = Verifier(**manifest.verifier)
        for network, name in ((encoder, ENCODER), (verifier, VERIFIER)):
            network.load_state_dict({key: value.float() if value.is_floating_point() else value
                                     for key, value in load_file(folder / name).items()})
    except Exception as error:  # whatever a broken file makes the readers raise
        raise WeightsError(f"The weights do not fit the model: {error}") from error
    if float(np.dot(_golden(encoder), manifest.golden)) < AGREEMENT:
        raise WeightsError("The encoder does not give the code it gave when it was exported.")
    return encoder.eval(), verifier.eval(), manifest


def load_detector(folder: Path, device: str = "auto") -> Detector:
    """The detector of a folder of weights on `auto`, `cpu` or a CUDA device. Raises WeightsError."""
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise WeightsError(f"The device {device} is not there.")
    encoder, verifier, manifest = load_networks(folder)
    if device == "cpu":
        memory.reuse()
    return Detector(encoder, verifier, manifest.calibration, manifest.model, device, manifest.stamp)


def load_references(folder: Path) -> tuple[Reference, ...]:
    """The reference symbols in the order of their ids in references.faiss; none where the weights bring none."""
    if not (folder / REFERENCES).is_file():
        return ()
    try:
        names = json.loads((folder / REFERENCES).read_text())
        return tuple(Reference(str(each["name"]), _pixels(folder / str(each["file"]))) for each in names)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WeightsError(f"{REFERENCES} or a picture it names cannot be read: {error}") from error


def golden_picture() -> Pixels:
    """A fixed example: a square with one diagonal and a bar."""
    picture = np.full((40, 40, 3), 255, np.uint8)
    picture[4:36, 4:6] = picture[4:36, 34:36] = picture[4:6, 4:36] = picture[34:36, 4:36] = 0
    picture[np.arange(6, 34), np.arange(6, 34)] = picture[np.arange(6, 34), np.arange(7, 35)] = 0
    picture[12:16, 20:30] = 0
    return picture


def _calibration(held: Mapping[str, Any]) -> Calibration:
    weights, among, afar = (tuple(float(weight) for weight in held[name]) for name in ("weights", "among", "afar"))
    if {len(weights), len(among), len(afar)} != {len(NAMES)}:
        raise ValueError(f"{len(weights)}, {len(among)} and {len(afar)} calibration weights")
    return Calibration(weights, float(held["offset"]), float(held["certain_from"]), among, afar)


def _golden(encoder: Encoder) -> NDArray[np.float32]:
    held, training = next(encoder.parameters()).device, encoder.training
    detector = Detector(encoder, Verifier(), Calibration(), "", "cpu")
    code = detector.embed(golden_picture())
    encoder.to(held).train(training)
    return code


def _save(network: nn.Module, path: Path) -> None:
    state = {key: (value.half() if value.is_floating_point() else value).detach().cpu().contiguous()
             for key, value in network.state_dict().items()}
    part = path.with_suffix(".part")
    save_file(state, part)
    part.chmod(0o644)  # safetensors writes for the owner alone
    part.replace(path)


def _pixels(path: Path) -> Pixels:
    with Image.open(path, formats=["PNG"]) as image:
        return np.asarray(image.convert("RGB"))


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check(path: Path, digest: str) -> None:
    if not path.is_file():
        raise WeightsError(f"{path.name} is missing.")
    if _hash(path) != digest:
        raise WeightsError(f"{path.name} is not the file that {MANIFEST} describes.")
