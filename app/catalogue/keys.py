"""API keys in the catalogue."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select

from app.catalogue import tables
from app.catalogue.database import Database
from app.catalogue.records import KeyRecord
from app.errors import NameTaken, NotFound


class Keys:
    """The keys kept in a catalogue's database. Every method may raise CatalogueError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[KeyRecord]:
        """Every key, the revoked ones too, oldest first."""
        query = select(tables.ApiKey).order_by(tables.ApiKey.created_at, tables.ApiKey.id)
        with self._database.reading() as session:
            return [_record(key) for key in session.scalars(query)]

    def add(self, key: KeyRecord) -> None:
        """Keep a key. Raises NameTaken if one that is not revoked has its name."""
        taken = select(tables.ApiKey).where(tables.ApiKey.name == key.name, tables.ApiKey.revoked_at.is_(None))
        with self._database.writing() as session:
            if session.scalars(taken).first():
                raise NameTaken(f"The name {key.name!r} is taken by another key.")
            created = key.created_at.astimezone(UTC).replace(tzinfo=None)
            scopes: list[str] = sorted(key.scopes)
            session.add(tables.ApiKey(id=key.id, name=key.name, digest=key.digest, scopes=scopes, created_at=created))

    def revoke(self, id_or_name: str) -> KeyRecord:
        """End a key that is valid. Raises NotFound if there is none of this id or name."""
        valid = select(tables.ApiKey).where(tables.ApiKey.revoked_at.is_(None))
        with self._database.writing() as session:
            key = next((each for each in session.scalars(valid) if id_or_name in {each.id, each.name}), None)
            if key is None:
                raise NotFound(f"There is no valid key with the id or name {id_or_name!r}.")
            key.revoked_at = tables.now()
            return _record(key)


def _record(key: tables.ApiKey) -> KeyRecord:
    scopes = frozenset(key.scopes)
    created, revoked = _utc(key.created_at), None if key.revoked_at is None else _utc(key.revoked_at)
    return KeyRecord(key.id, key.name, key.digest, scopes, created, revoked)  # type: ignore[arg-type]


def _utc(stored: datetime) -> datetime:
    return stored.replace(tzinfo=UTC)
