"""Reading and changing the catalogue. Each change is one transaction that is on the disk when the call returns."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC

from pydantic import TypeAdapter
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, undefer

from app.catalogue import receipts, tables
from app.catalogue.database import Database
from app.catalogue.records import ExampleRecord, NewExample, Receipt, StoredExample, SymbolRecord
from app.engine.ink import Colour
from app.engine.inspect import ExampleWarning
from app.errors import LastExample, NameTaken, NotFound

_SNAPSHOT = TypeAdapter(SymbolRecord)


class Catalogue:
    """Symbols and examples in the database at `url`. Opened on first use; every method may raise CatalogueError."""

    def __init__(self, url: str) -> None:
        self.database = Database(url)

    def close(self) -> None:
        """Give the connections back."""
        self.database.close()

    def version(self) -> int:
        """How many changes the catalogue has seen."""
        with self.database.reading() as session:
            return session.scalars(select(tables.State.version)).one()

    def add_symbol(self, name: str, example: NewExample, receipt: Receipt | None = None) -> SymbolRecord:
        """Keep a symbol with its first example. Raises NameTaken; with a receipt, what `answered` raises and returns."""

        def change(session: Session) -> SymbolRecord:
            _check_name(session, name, None)
            symbol = tables.Symbol(id=secrets.token_hex(8), name=name)
            session.add(symbol)
            return _with_example(session, symbol, example)

        return self._changed(change, receipt)

    def add_example(self, symbol_id: str, example: NewExample, receipt: Receipt | None = None) -> SymbolRecord:
        """Keep one more example. Raises NotFound; with a receipt, as `add_symbol`."""
        return self._changed(lambda session: _with_example(session, _symbol(session, symbol_id), example), receipt)

    def rename(self, symbol_id: str, name: str) -> SymbolRecord:
        """Raises NotFound, NameTaken."""

        def change(session: Session) -> SymbolRecord:
            symbol = _symbol(session, symbol_id)
            _check_name(session, name, symbol)
            symbol.name = name
            return _record(symbol)

        return self._changed(change)

    def delete(self, symbol_id: str) -> None:
        """Remove a symbol and its examples. Raises NotFound."""

        def change(session: Session) -> SymbolRecord:
            symbol = _symbol(session, symbol_id)
            record = _record(symbol)
            session.delete(symbol)
            return record

        self._changed(change)

    def delete_example(self, symbol_id: str, example_id: int) -> SymbolRecord:
        """Raises NotFound, and LastExample for the only positive one."""

        def change(session: Session) -> SymbolRecord:
            symbol = _symbol(session, symbol_id)
            example = next((each for each in symbol.examples if each.id == example_id), None)
            if example is None:
                raise NotFound(f"Symbol {symbol.name!r} has no such example.")
            if example.kind == "positive" and sum(each.kind == "positive" for each in symbol.examples) == 1:
                raise LastExample(f"Symbol {symbol.name!r} has one positive example; delete the symbol instead.")
            symbol.examples.remove(example)
            session.flush()
            return _record(symbol)

        return self._changed(change)

    def answered(self, receipt: Receipt) -> SymbolRecord | None:
        """The answer that this request got before, if it did. Raises KeyReused if the key came with another request."""
        return receipts.answered(self.database, receipt, _SNAPSHOT)

    def symbols(self, limit: int | None = None, after: str | None = None) -> list[SymbolRecord]:
        """Symbols oldest first, those behind `after` only. Raises NotFound for an `after` that is not there."""
        query = select(tables.Symbol).order_by(tables.Symbol.number).limit(limit)
        with self.database.reading() as session:
            if after is not None:
                query = query.where(tables.Symbol.number > _symbol(session, after).number)
            return [_record(symbol) for symbol in session.scalars(query)]

    def count(self) -> int:
        """How many symbols there are."""
        with self.database.reading() as session:
            return session.scalars(select(func.count()).select_from(tables.Symbol)).one()

    def symbol(self, symbol_id: str) -> SymbolRecord:
        """Raises NotFound."""
        with self.database.reading() as session:
            return _record(_symbol(session, symbol_id))

    def find(self, id_or_name: str) -> SymbolRecord | None:
        """The symbol of this id, or else of this name."""
        with self.database.reading() as session:
            symbol = session.scalars(select(tables.Symbol).where(tables.Symbol.id == id_or_name)).one_or_none()
            if symbol is not None:
                return _record(symbol)
        return self.named(id_or_name)

    def named(self, name: str) -> SymbolRecord | None:
        """The symbol of this name."""
        with self.database.reading() as session:
            symbol = session.scalars(select(tables.Symbol).where(tables.Symbol.name == name)).one_or_none()
            return _record(symbol) if symbol else None

    def examples(self, ids: Sequence[int]) -> list[StoredExample]:
        """These examples with their pixels, in order of id; those deleted meanwhile are left out."""
        query = (
            select(tables.Example, tables.Symbol.id)
            .join(tables.Symbol, tables.Symbol.number == tables.Example.symbol)
            .where(tables.Example.id.in_(ids))
            .order_by(tables.Example.id)
            .options(undefer(tables.Example.png))
        )
        with self.database.reading() as session:
            return [
                StoredExample(row.id, symbol_id, row.kind, _colour(row.paper), row.png)  # type: ignore[arg-type]
                for row, symbol_id in session.execute(query)
            ]

    def codes(self, stamp: str) -> tuple[int, dict[int, bytes | None]]:
        """The version, and for every example its code by this encoder, None where it has not been embedded."""
        joined = (tables.Embedding.example == tables.Example.id) & (tables.Embedding.stamp == stamp)
        query = select(tables.Example.id, tables.Embedding.code).outerjoin(tables.Embedding, joined)
        with self.database.reading() as session:
            version = session.scalars(select(tables.State.version)).one()
            return version, {row.id: row.code for row in session.execute(query)}

    def keep_codes(self, stamp: str, codes: Mapping[int, bytes]) -> None:
        """Keep codes beside their examples; not a change of the catalogue."""
        with self.database.writing() as session:
            kept = session.scalars(select(tables.Example.id).where(tables.Example.id.in_(codes)))
            for example in kept.all():
                session.merge(tables.Embedding(example=example, stamp=stamp, code=codes[example]))

    def _changed(self, change: Callable[[Session], SymbolRecord], receipt: Receipt | None = None) -> SymbolRecord:
        def counted(session: Session) -> SymbolRecord:
            record = change(session)
            session.execute(update(tables.State).values(version=tables.State.version + 1))
            return record

        return receipts.once(self.database, counted, receipt, _SNAPSHOT)


def _symbol(session: Session, symbol_id: str) -> tables.Symbol:
    found = session.scalars(select(tables.Symbol).where(tables.Symbol.id == symbol_id)).one_or_none()
    if found is None:
        raise NotFound(f"There is no symbol with the id {symbol_id!r}.")
    return found


def _check_name(session: Session, name: str, own: tables.Symbol | None) -> None:
    other = session.scalars(select(tables.Symbol).where(tables.Symbol.name == name)).one_or_none()
    if other is not None and other is not own:
        raise NameTaken(f"The name {name!r} is taken by symbol {other.id}.")


def _with_example(session: Session, symbol: tables.Symbol, new: NewExample) -> SymbolRecord:
    example = tables.Example(
        kind=new.kind,
        width=new.width,
        height=new.height,
        dpi=new.dpi,
        paper=None if new.paper is None else list(new.paper),
        warnings=[asdict(warning) for warning in new.warnings],
        png=new.png,
    )
    symbol.examples.append(example)
    session.flush()
    session.add(tables.Embedding(example=example.id, stamp=new.stamp, code=new.code))
    return _record(symbol)


def _colour(stored: list[int] | None) -> Colour | None:
    return None if stored is None else (stored[0], stored[1], stored[2])


def _record(symbol: tables.Symbol) -> SymbolRecord:
    examples = tuple(
        ExampleRecord(
            each.id,
            each.kind,  # type: ignore[arg-type]
            each.width,
            each.height,
            tuple(ExampleWarning(**warning) for warning in each.warnings),
            each.dpi,
        )
        for each in symbol.examples
    )
    return SymbolRecord(symbol.id, symbol.name, symbol.created_at.replace(tzinfo=UTC), examples)
