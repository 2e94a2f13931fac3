"""Symbols written to a folder, to look at or to take elsewhere."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app.catalogue.catalogue import Catalogue
from app.catalogue.records import ExampleRecord, StoredExample, SymbolRecord
from app.errors import BadInput

FORMAT = 1
LISTING = "symbols.json"
PICTURES = "pictures"


def write_symbols(catalogue: Catalogue, folder: Path) -> int:
    """Write every symbol of origin `user` with its examples' pictures as PNG and a JSON that lists them; gives how many.

    The listing comes last, so a folder that has one is complete. Raises BadInput for a folder that holds something,
    CatalogueError, OSError.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadInput(f"{folder} is there already and not an empty folder.", "folder")
    (folder / PICTURES).mkdir(parents=True)
    written = [_written(catalogue, symbol, folder) for symbol in catalogue.symbols()]
    kept = [symbol for symbol in written if symbol["examples"]]  # the others were deleted meanwhile
    listing = json.dumps({"format": FORMAT, "symbols": kept}, indent=1, ensure_ascii=False)
    (folder / LISTING).write_text(listing + "\n", encoding="utf-8")
    return len(kept)


def _written(catalogue: Catalogue, symbol: SymbolRecord, folder: Path) -> dict[str, Any]:
    stored = {each.id: each for each in catalogue.examples([each.id for each in symbol.examples])}
    examples = [_example(each, stored[each.id], symbol, folder) for each in symbol.examples if each.id in stored]
    return {"id": symbol.id, "name": symbol.name, "created_at": symbol.created_at.isoformat(), "examples": examples}


def _example(record: ExampleRecord, stored: StoredExample, symbol: SymbolRecord, folder: Path) -> dict[str, Any]:
    file = f"{PICTURES}/{symbol.id}-{record.id}.png"  # ids, since a name may have anything in it
    (folder / file).write_bytes(stored.png)
    return {**asdict(record), "paper": stored.paper, "file": file}
