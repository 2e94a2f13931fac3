"""The catalogue's database: opened on first use, its failures told in our words."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from app.catalogue import tables
from app.catalogue.migrate import migrate
from app.errors import CatalogueError


class Database:
    """Sessions on the database at `url`; every method may raise CatalogueError."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._engine: Engine | None = None
        self._opening = threading.Lock()

    def close(self) -> None:
        """Give the connections back."""
        with self._opening:
            if self._engine is not None:
                self._engine.dispose()
            self._engine = None

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that changes nothing."""
        with _failures_named(), Session(self._opened()) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One transaction, on the disk when the block ends. Raises IntegrityError where another took what must be unique."""
        engine = self._opened().execution_options(writes=True)
        with _failures_named(), Session(engine) as session, session.begin():
            yield session

    def _opened(self) -> Engine:
        with self._opening:
            if self._engine is None:
                self._engine = _prepared(self._url)
            return self._engine


def _prepared(url: str) -> Engine:
    try:
        engine = tables.open_database(url)
        try:
            migrate(engine)
        except BaseException:
            engine.dispose()
            raise
    except (ImportError, OSError, SQLAlchemyError) as error:
        raise CatalogueError(f"The catalogue cannot be opened: {_reason(error)}") from error
    return engine


@contextmanager
def _failures_named() -> Iterator[None]:
    try:
        yield
    except IntegrityError:
        raise
    except SQLAlchemyError as error:
        raise CatalogueError(f"The catalogue cannot be used: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__  # without the path
    # SQLAlchemy's own text quotes the statement and its values
    return str(getattr(error, "orig", None) or error).splitlines()[0]
