"""The symbols that came with the weights: listed, searched when named, never changed."""

from __future__ import annotations

import hashlib

from app.catalogue.records import ExampleRecord, SymbolRecord
from app.engine.index import Codes
from app.engine.query import Example, Query
from app.service.engine import Engine, ReferenceSymbol
from app.service.pictures import to_png


class References:
    """Reference symbols by id and by name. Their examples' ids are below -1, so none meets one of the catalogue's."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.records = [_record(n, each, engine) for n, each in enumerate(engine.references)]
        self._places = {record.id: n for n, record in enumerate(self.records)}
        self._places_by_name = {record.name: n for n, record in enumerate(self.records)}

    def find(self, id_or_name: str) -> SymbolRecord | None:
        """The reference of this id, or else of this name."""
        place = self._places.get(id_or_name, self._places_by_name.get(id_or_name))
        return None if place is None else self.records[place]

    def query(self, record: SymbolRecord) -> Query | None:
        """The reference as something to find; None if it came with other weights."""
        place = self._places.get(record.id)
        if place is None:
            return None
        return Query(record.id, (Example(_example_id(place), self._engine.references[place].pixels),))

    def png(self, record: SymbolRecord) -> bytes:
        """The reference's picture as a PNG file."""
        return to_png(self._engine.references[self._places[record.id]].pixels)

    def codes(self) -> tuple[list[int], Codes] | None:
        """Example ids and (N, dimension) codes; None where there are no references."""
        if not self.records or self._engine.codes is None:
            return None
        return [_example_id(n) for n in range(len(self.records))], self._engine.codes.codes(range(len(self.records)))


def _example_id(place: int) -> int:
    return -(place + 2)  # -1 stands for no id


def _record(place: int, reference: ReferenceSymbol, engine: Engine) -> SymbolRecord:
    height, width = reference.pixels.shape[:2]
    example = ExampleRecord(_example_id(place), "positive", width, height)
    identity = "ref" + hashlib.sha256(reference.name.encode()).hexdigest()[:13]
    return SymbolRecord(identity, reference.name, engine.made_at, (example,), "reference")
