"""Registering, listing and changing symbols."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from app.catalogue.catalogue import Catalogue
from app.catalogue.records import Kind, NewExample, Receipt, SymbolRecord
from app.engine.drawing import Drawings
from app.engine.index import Codes
from app.engine.inspect import ExampleWarning
from app.errors import Cancelled, NameTaken, NotFound, ReadOnly
from app.service.asker import Asker
from app.service.fields import clean_name
from app.service.model import Model
from app.service.pictures import Picture, Upload, check, cut, to_png
from app.service.worker import Urgency, Worker

LOOKALIKE = 0.985  # similarity of codes from which two symbols are told to look the same
NEIGHBOURS = 8


@dataclass(frozen=True)
class SymbolPage:
    """Some symbols, oldest first; `next` is what to pass as `after` for more."""

    symbols: tuple[SymbolRecord, ...]
    next: str | None


class Symbols:
    """The use cases around symbols. Every method may raise CatalogueError."""

    def __init__(self, catalogue: Catalogue, model: Model, worker: Worker, drawings: Drawings, max_pixels: int) -> None:
        self._catalogue = catalogue
        self._model = model
        self._worker = worker
        self._drawings = drawings
        self._max_pixels = max_pixels

    def register(
        self, name: str, upload: Upload, key: str | None = None, asker: Asker | None = None
    ) -> SymbolRecord:
        """Keep a new symbol. Raises BadInput, NameTaken, KeyReused, Unavailable and what reading a drawing does.

        key: an idempotency key; the same request with the same key gets the same answer and changes nothing more.
        asker: nothing is kept for one who leaves before that; raises Cancelled.
        """
        name = clean_name(name)
        receipt = _receipt(key, "register", name, upload)
        before = self._catalogue.answered(receipt) if receipt else None
        if before:
            return before
        self._check_name(name)
        example = self._example(upload, "positive", None, asker)
        record = self._catalogue.add_symbol(name, example, receipt)
        self._model.get().codes.current()
        return record

    def add_example(
        self, symbol_id: str, upload: Upload, kind: Kind, key: str | None = None, asker: Asker | None = None
    ) -> SymbolRecord:
        """Keep one more example. Raises NotFound, ReadOnly and what `register` does."""
        self._check_own(symbol_id)
        receipt = _receipt(key, "example", f"{symbol_id} {kind}", upload)
        before = self._catalogue.answered(receipt) if receipt else None
        if before:
            return before
        symbol = self._catalogue.symbol(symbol_id)
        record = self._catalogue.add_example(symbol_id, self._example(upload, kind, symbol, asker), receipt)
        self._model.get().codes.current()
        return record

    def page(self, limit: int, after: str | None = None) -> SymbolPage:
        """References first, for they are older than any registration. Raises NotFound for an unknown `after`."""
        references = self._references()
        place = next((n for n, each in enumerate(references) if each.id == after), None)
        if after is None or place is not None:
            listed = references[0 if place is None else place + 1 :][: limit + 1]
            after = None
        else:
            listed = []
        listed = listed + self._catalogue.symbols(limit + 1 - len(listed), after)
        return SymbolPage(tuple(listed[:limit]), listed[limit - 1].id if len(listed) > limit else None)

    def get(self, symbol_id: str) -> SymbolRecord:
        """Raises NotFound."""
        reference = next((each for each in self._references() if each.id == symbol_id), None)
        return reference or self._catalogue.symbol(symbol_id)

    def image(self, symbol_id: str) -> bytes:
        """The first positive example as a PNG file. Raises NotFound."""
        record = self.get(symbol_id)
        if record.origin == "reference":
            return self._model.get().references.png(record)
        first = next(each.id for each in record.examples if each.kind == "positive")
        stored = self._catalogue.examples([first])
        if not stored:
            raise NotFound(f"There is no symbol with the id {symbol_id!r}.")
        return stored[0].png

    def rename(self, symbol_id: str, name: str) -> SymbolRecord:
        """Raises BadInput, NotFound, NameTaken, ReadOnly."""
        name = clean_name(name)
        self._check_own(symbol_id)
        record = self._catalogue.rename(symbol_id, name)
        self._refresh()
        return record

    def delete(self, symbol_id: str) -> None:
        """Raises NotFound, ReadOnly."""
        self._check_own(symbol_id)
        self._catalogue.delete(symbol_id)
        self._refresh()

    def delete_example(self, symbol_id: str, example_id: str) -> None:
        """Raises NotFound, ReadOnly, LastExample."""
        self._check_own(symbol_id)
        number = int(example_id) if example_id.isascii() and example_id.isdecimal() and len(example_id) < 19 else 0
        self._catalogue.delete_example(symbol_id, number)
        self._refresh()

    def find(self, id_or_name: str) -> SymbolRecord | None:
        """The user's symbol of this id or name, or else the reference: a user's symbol hides the reference of its name."""
        loaded = self._model.find()
        own = self._catalogue.find(id_or_name)
        return own or (loaded.references.find(id_or_name) if loaded else None)

    def own(self) -> list[SymbolRecord]:
        """Every symbol of origin `user`, oldest first."""
        return self._catalogue.symbols()

    def _example(self, upload: Upload, kind: Kind, symbol: SymbolRecord | None, asker: Asker | None) -> NewExample:
        loaded = self._model.get()
        check(upload, self._drawings, self._max_pixels)

        def cut_and_embed() -> tuple[Picture, Codes]:
            # decoding on the device's thread too: one page in memory at a time, however many ask
            picture = cut(upload, self._drawings)
            return picture, loaded.finder.embed(picture.pixels, picture.paper)

        picture, code = self._worker.call(cut_and_embed, Urgency.EXAMPLE, asker)
        if asker and asker.has_left():
            raise Cancelled("Nobody waits any more.")
        code = np.ascontiguousarray(code, dtype=np.float32)
        warnings = picture.warnings + (self._lookalikes(code, symbol) if kind == "positive" else ())
        height, width = picture.pixels.shape[:2]
        return NewExample(
            to_png(picture.pixels, picture.over),
            width,
            height,
            kind,
            warnings,
            picture.dpi,
            picture.paper,
            code.tobytes(),
            loaded.finder.stamp,
        )

    def _lookalikes(self, code: Codes, symbol: SymbolRecord | None) -> tuple[ExampleWarning, ...]:
        """A warning naming each other symbol that has a positive example of nearly the same code."""
        loaded = self._model.get()
        index = loaded.codes.current()
        own = {each.id for each in symbol.examples} if symbol else set()
        others = [i for i in index.ids() if i > 0 and i not in own]  # references are searched when named only
        similar, ids = index.search(code[None], NEIGHBOURS, others)
        near = [int(i) for i, value in zip(ids[0], similar[0], strict=True) if value >= LOOKALIKE]
        stored = self._catalogue.examples(near)
        names = [self._catalogue.symbol(each.symbol_id).name for each in stored if each.kind == "positive"]
        return tuple(_same_as(name) for name in dict.fromkeys(names))

    def _references(self) -> list[SymbolRecord]:
        loaded = self._model.find()
        return loaded.references.records if loaded else []

    def _refresh(self) -> None:
        loaded = self._model.find()
        if loaded:
            loaded.codes.current()

    def _check_own(self, symbol_id: str) -> None:
        if any(each.id == symbol_id for each in self._references()):
            raise ReadOnly("Reference symbols come with the weights and cannot be changed. Register your own instead.")

    def _check_name(self, name: str) -> None:
        """Before the work; the catalogue looks again when it writes. A reference of that name does not matter: it is hidden."""
        other = self._catalogue.named(name)
        if other:
            raise NameTaken(f"The name {name!r} is taken by symbol {other.id}.")


def _same_as(name: str) -> ExampleWarning:
    return ExampleWarning("looks_like", f"The example looks the same as symbol {name!r}; finds may go to either.")


def _receipt(key: str | None, use: str, target: str, upload: Upload) -> Receipt | None:
    if key is None:
        return None
    asked = f"{use}\n{target}\n{upload.box}\n{upload.page}\n{upload.dpi}\n{hashlib.sha256(upload.data).hexdigest()}"
    return Receipt(key, hashlib.sha256(asked.encode()).hexdigest())
