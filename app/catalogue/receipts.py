"""Idempotency keys: the answer to a request is kept in the transaction that did what it asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from pydantic import TypeAdapter
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.catalogue import tables
from app.catalogue.database import Database
from app.catalogue.records import Receipt
from app.errors import KeyReused

T = TypeVar("T")

KEYS_KEPT = timedelta(hours=24)


def answered(database: Database, receipt: Receipt, kind: TypeAdapter[T]) -> T | None:
    """The answer that this request got before, if it did. Raises KeyReused if the key came with another request."""
    with database.reading() as session:
        return _answer(session, receipt, kind)


def once(database: Database, change: Callable[[Session], T], receipt: Receipt | None, kind: TypeAdapter[T]) -> T:
    """Change the database in one transaction, unless the receipt had an answer before. Raises KeyReused."""
    try:
        return _once(database, change, receipt, kind)
    except IntegrityError:
        # another process took a name or the key between our look and our write; the second look sees it
        return _once(database, change, receipt, kind)


def _once(database: Database, change: Callable[[Session], T], receipt: Receipt | None, kind: TypeAdapter[T]) -> T:
    with database.writing() as session:
        before = _answer(session, receipt, kind) if receipt else None
        if before is not None:
            return before
        found = change(session)
        if receipt:
            _keep(session, receipt, kind.dump_json(found).decode())
        session.flush()
        return found


def _answer(session: Session, receipt: Receipt, kind: TypeAdapter[T]) -> T | None:
    before = session.get(tables.Answered, receipt.key)
    if before is None:
        return None
    if before.fingerprint != receipt.fingerprint:
        raise KeyReused("This Idempotency-Key came with another request before; use a new key.", "Idempotency-Key")
    return kind.validate_json(before.answer)


def _keep(session: Session, receipt: Receipt, answer: str) -> None:
    session.execute(delete(tables.Answered).where(tables.Answered.at < tables.now() - KEYS_KEPT))
    session.add(tables.Answered(key=receipt.key, fingerprint=receipt.fingerprint, answer=answer))
