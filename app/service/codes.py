"""Keeps the index equal to the catalogue: built at start, brought up to date after each change."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from app.catalogue.catalogue import Catalogue
from app.catalogue.records import StoredExample
from app.engine.index import Codes, SymbolIndex
from app.service.engine import Finder
from app.service.pictures import from_png
from app.service.references import References

BATCH = 200  # examples embedded between two commits


class CodeKeeper:
    """The index of every example's code. A change makes a new index, so a search that runs keeps the one it began with.

    on_device: runs a function on the thread that owns the device.
    """

    def __init__(
        self, catalogue: Catalogue, finder: Finder, references: References, on_device: Callable[[Callable[[], Codes]], Codes]
    ) -> None:
        self._catalogue = catalogue
        self._finder = finder
        self._on_device = on_device
        self._updating = threading.Lock()
        self._version = -1
        self._index = SymbolIndex(finder.dimension, finder.stamp)
        known = references.codes()
        if known:
            self._index.add(*known)

    def current(self) -> SymbolIndex:
        """The index as of the catalogue's last change. Raises CatalogueError."""
        if self._catalogue.version() != self._version:
            self._update()
        return self._index

    def state(self) -> tuple[int, int, str]:
        """(catalogue version, examples, a digest of their ids) of the index as it is, references left out."""
        index, version = self._index, self._version
        ids = [i for i in index.ids() if i > 0]
        return version, len(ids), digest(ids)

    def _update(self) -> None:
        with self._updating:
            # examples never change and their ids are never given twice, so the difference of ids is all there is
            version, codes = self._catalogue.codes(self._finder.stamp)
            index = self._index.copy()
            here = {i for i in index.ids() if i > 0}
            index.remove(sorted(here - codes.keys()))
            fresh = {i: code for i, code in codes.items() if i not in here}
            known = {i: np.frombuffer(code, dtype=np.float32) for i, code in fresh.items() if code is not None}
            known |= self._embedded([i for i, code in fresh.items() if code is None])
            if known:
                index.add(list(known), np.stack(list(known.values())))
            self._index, self._version = index, version

    def _embedded(self, ids: Sequence[int]) -> dict[int, Codes]:
        """Codes of examples that another encoder embedded, made anew from their pixels and kept."""
        found: dict[int, Codes] = {}
        for start in range(0, len(ids), BATCH):
            examples = self._catalogue.examples(ids[start : start + BATCH])
            if not examples:
                continue
            codes = self._on_device(partial(self._embed, examples))
            made = {each.id: code for each, code in zip(examples, codes, strict=True)}
            self._catalogue.keep_codes(self._finder.stamp, {i: code.tobytes() for i, code in made.items()})
            found |= made
        return found

    def _embed(self, examples: Sequence[StoredExample]) -> Codes:
        return np.stack([self._finder.embed(from_png(each.png)[0], each.paper) for each in examples])


def digest(ids: Sequence[int]) -> str:
    """A short fingerprint of ids in ascending order."""
    return hashlib.sha256(",".join(map(str, ids)).encode()).hexdigest()[:16]
