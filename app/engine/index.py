"""The codes of examples, searched by similarity. The only module that imports faiss."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

from app.errors import WeightsError

Codes = NDArray[np.float32]
Ids = NDArray[np.int64]

NONE = -1  # the id where nothing was found
LOWEST = -1e30  # faiss marks the same by the least float there is

_MARK = b"\nplanspot-stamp:"  # follows the faiss bytes in a file; faiss itself reads no further than its own


class SymbolIndex:
    """Unit codes by integer id, compared by inner product. Safe to use from many threads.

    dimension: length of a code. stamp: the hash of the encoder that made the codes.
    """

    def __init__(self, dimension: int, stamp: str) -> None:
        self.dimension = dimension
        self.stamp = stamp
        self._lock = threading.Lock()
        self._faiss = faiss.IndexIDMap2(faiss.IndexFlatIP(dimension))

    def __len__(self) -> int:
        return int(self._faiss.ntotal)

    def add(self, ids: Sequence[int], codes: Codes) -> None:
        """Put in (N, dimension) codes; an id that is there already gets the new code."""
        if codes.shape != (len(ids), self.dimension):
            raise ValueError(f"codes must be ({len(ids)}, {self.dimension}). Received: {codes.shape}")
        if len(set(ids)) != len(ids):
            raise ValueError(f"ids must differ. Received: {list(ids)}")
        if NONE in ids:
            raise ValueError(f"{NONE} stands for no id. Received: {list(ids)}")
        keys = np.array(ids, dtype=np.int64)
        with self._lock:
            self._faiss.remove_ids(faiss.IDSelectorBatch(keys))
            self._faiss.add_with_ids(np.ascontiguousarray(codes, dtype=np.float32), keys)

    def remove(self, ids: Sequence[int]) -> None:
        """Take these out; ids that are not there do not matter."""
        with self._lock:
            self._faiss.remove_ids(faiss.IDSelectorBatch(np.array(ids, dtype=np.int64)))

    def ids(self) -> list[int]:
        """Every id, ascending."""
        with self._lock:
            return sorted(int(i) for i in faiss.vector_to_array(self._faiss.id_map))

    def codes(self, ids: Sequence[int]) -> Codes:
        """(N, dimension) codes of these ids. Raises KeyError for an id that is not there."""
        with self._lock:
            try:
                rows = [self._faiss.reconstruct(int(i)) for i in ids]
            except RuntimeError as error:
                raise KeyError(f"no code for one of {list(ids)}") from error
        return np.array(rows, dtype=np.float32).reshape(len(ids), self.dimension)

    def search(self, queries: Codes, k: int, among: Sequence[int]) -> tuple[Codes, Ids]:
        """The k most similar ids for each of (N, dimension) queries, best first, out of `among` only.

        Returns (N, k) similarities and (N, k) ids; the id is -1 and the similarity -inf where there are fewer.
        """
        if not among or not len(self):
            shape = (len(queries), k)
            return np.full(shape, -np.inf, dtype=np.float32), np.full(shape, NONE, dtype=np.int64)
        chosen = faiss.SearchParameters(  # type: ignore[call-arg]
            sel=faiss.IDSelectorBatch(np.array(among, dtype=np.int64))
        )
        with self._lock:
            near, ids = self._faiss.search(np.ascontiguousarray(queries, dtype=np.float32), k, params=chosen)
        return np.where(near < LOWEST, np.float32(-np.inf), near), ids

    def copy(self) -> SymbolIndex:
        """Another index with the same codes; a change to one leaves the other as it is."""
        other = SymbolIndex(self.dimension, self.stamp)
        with self._lock:
            cloned = faiss.clone_index(self._faiss)
        assert isinstance(cloned, faiss.IndexIDMap2)
        other._faiss = cloned
        return other

    def save(self, path: Path) -> None:
        """Write a faiss file that any faiss reads, the stamp behind it. The file is whole or not there."""
        with self._lock:
            data = faiss.serialize_index(self._faiss).tobytes() + _MARK + self.stamp.encode()
        part = path.with_name(path.name + ".part")
        part.write_bytes(data)
        os.replace(part, path)

    @classmethod
    def load(cls, path: Path, stamp: str) -> SymbolIndex:
        """Read what `save` wrote. Raises WeightsError if it is missing, broken, or made by another encoder."""
        try:
            data, mark, found = path.read_bytes().rpartition(_MARK)
            inner = faiss.deserialize_index(np.frombuffer(data, dtype=np.uint8)) if mark else None
        except (OSError, RuntimeError) as error:
            raise WeightsError(f"{path.name} cannot be read: {error}") from error
        if inner is None or not isinstance(inner, faiss.IndexIDMap2):
            raise WeightsError(f"{path.name} is not a symbol index")
        if found.decode(errors="replace") != stamp:
            raise WeightsError(f"{path.name} was made by another encoder. Expected {stamp}, received {found.decode()}")
        index = cls(inner.d, stamp)
        index._faiss = inner
        return index
