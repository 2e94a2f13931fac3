"""Backups of a catalogue in SQLite. Other databases have tools of their own."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy.engine import make_url

from app.errors import BadInput, CatalogueError

NEEDED = {"symbols", "examples", "embeddings", "state"}  # tables by which a catalogue is known
KEPT = ".before-restore"  # added to the name of a catalogue that another replaced
BUSY_SECONDS = 2.0  # that a restore waits for a catalogue in use


def backup(url: str, target: Path) -> None:
    """Write one consistent state of the catalogue to a file, while services use it; an older file is replaced.

    The file can be read by its owner only, for it holds drawings' parts and the hashes of keys. Raises BadInput for a
    database other than SQLite, CatalogueError, OSError.
    """
    source = _file(url)
    if not source.exists():
        raise CatalogueError("There is no catalogue yet.")
    with _replacing(target) as fresh, _failures_named():
        _copy(source, fresh)
        _check(fresh)


def restore(url: str, source: Path) -> Path | None:
    """Put a backup in the catalogue's place; gives where the catalogue that was there is kept, if there was one.

    Raises BadInput if the file is no backup, CatalogueError while a service uses the catalogue, OSError.
    """
    target = _file(url)
    source.stat()  # or SQLite would say of a missing file only that it cannot be opened
    target.parent.mkdir(parents=True, exist_ok=True)
    kept = target.with_name(target.name + KEPT) if target.exists() else None
    with _replacing(target) as fresh, _failures_named():
        try:
            _copy(source, fresh)
            _check(fresh)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            raise BadInput(f"{source.name} is no backup of a catalogue: {error}.", "file") from error
        if kept:
            _retire(target, kept)
            _own_as(target, fresh)
    return kept


def _file(url: str) -> Path:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        raise BadInput("This works for a catalogue in a SQLite file; use the tools of your database.", "database_url")
    return Path(parsed.database)


@contextmanager
def _replacing(target: Path) -> Iterator[Path]:
    """A new file beside the target that takes its place, whole and on the disk, unless an error is raised."""
    fresh = target.with_name(f"{target.name}.{os.getpid()}.new")
    try:
        fresh.touch(mode=0o600, exist_ok=False)
        yield fresh
        _flush(fresh)
        os.replace(fresh, target)
        _flush(target.parent)
    finally:
        fresh.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _copy(source: Path, target: Path) -> None:
    with closing(_opened(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)
        # one file, without a log beside it; a service that opens it turns the log on again
        new.execute("PRAGMA journal_mode=DELETE")


def _opened(path: Path) -> sqlite3.Connection:
    """An existing database, to read; a log beside it may have to be written, so not read-only."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=BUSY_SECONDS)


def _check(path: Path) -> None:
    """Raises DatabaseError for what is not a whole catalogue."""
    with closing(_opened(path)) as database:
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not tables >= NEEDED:
            raise sqlite3.DatabaseError("it has no symbols")
        found = database.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if found != "ok":
            raise sqlite3.DatabaseError(found)


def _retire(target: Path, kept: Path) -> None:
    """Keep a copy of the catalogue and leave no log of it. Raises CatalogueError while a service uses it."""
    with closing(_opened(target)) as old:
        try:
            # turning the log off needs the database alone; a log left behind would be taken for the new one's
            old.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.OperationalError as error:
            raise CatalogueError("The catalogue is in use. Stop the service first.") from error
        except sqlite3.DatabaseError:
            # what is no database is used by nobody, and all the more reason to restore
            for suffix in ("-wal", "-shm"):
                target.with_name(target.name + suffix).unlink(missing_ok=True)
    shutil.copy2(target, kept)


def _own_as(model: Path, path: Path) -> None:
    """Give the file the rights and the owner of another: who restores may not be who serves."""
    shutil.copymode(model, path)
    wanted, has = model.stat(), path.stat()
    if (wanted.st_uid, wanted.st_gid) != (has.st_uid, has.st_gid):
        os.chown(path, wanted.st_uid, wanted.st_gid)


@contextmanager
def _failures_named() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise CatalogueError(f"The catalogue cannot be copied: {error}") from error
