"""`python -m training export`: the symbols that a folder of weights brings along, with their codes.

    python -m training export --weights model_weights
    python -m training export --weights model_weights --references symbols/

Writes references/*.png, references.json and references.faiss, and the manifest that names them. Without `--references` the
symbols are those of `training.references`; else every PNG of the folder, named as its file.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from app.engine.index import SymbolIndex
from app.engine.weights import REFERENCES, Reference, load_detector, read_manifest, seal
from app.errors import BadInput
from training.annotations import read_image
from training.references import REFERENCES as OWN
from training.references import render

SIZE = 64  # pixels of the longer side of a rendered symbol
INDEX = "references.faiss"


def own_references() -> tuple[Reference, ...]:
    """The symbols the product ships with."""
    return tuple(Reference(symbol.name, render(symbol, SIZE)) for symbol in OWN)


def read_references(folder: Path) -> tuple[Reference, ...]:
    """Every PNG of a folder, by name. Raises BadInput where there is none or one cannot be read."""
    paths = sorted(path for path in folder.glob("*") if path.suffix.lower() == ".png")
    if not paths:
        raise BadInput(f"{folder} holds no PNG.")
    return tuple(Reference(path.stem, read_image(path)) for path in paths)


def export(weights: Path, references: Sequence[Reference]) -> None:
    """Writes the references into a folder of weights, in place of those it has. Raises WeightsError, BadInput."""
    names = [reference.name for reference in references]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise BadInput(f"References need names of their own. Received twice: {', '.join(twice)}")
    manifest, detector = read_manifest(weights), load_detector(weights, "cpu")
    index = SymbolIndex(detector.dimension, detector.stamp)
    index.add(range(len(references)), np.stack([detector.embed(reference.pixels) for reference in references]))
    folder = weights / "references"
    folder.mkdir(exist_ok=True)
    listed = [_written(folder, number, reference) for number, reference in enumerate(references)]
    for stale in set(folder.glob("*.png")) - {weights / str(entry["file"]) for entry in listed}:
        stale.unlink()
    (weights / REFERENCES).write_text(json.dumps(listed, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    index.save(weights / INDEX)
    seal(weights, manifest)


def _written(folder: Path, number: int, reference: Reference) -> dict[str, object]:
    """Writes one picture; its entry in references.json."""
    slug = re.sub(r"[^a-z0-9]+", "-", reference.name.lower()).strip("-") or "symbol"
    path = folder / f"{number:03d}-{slug}.png"
    Image.fromarray(reference.pixels).save(path, optimize=True)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return {"id": number, "name": reference.name, "file": f"{folder.name}/{path.name}", "sha256": digest}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--weights", type=Path, default=Path("model_weights"), help="folder of weights to write into")
    parser.add_argument("--references", type=Path, help="folder of PNG, one a symbol")


def run(args: argparse.Namespace) -> None:
    references = read_references(args.references) if args.references else own_references()
    export(args.weights, references)
    print(f"{len(references)} references written to {args.weights}")
