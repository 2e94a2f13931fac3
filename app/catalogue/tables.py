"""The tables, and how each kind of database is opened."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Double, Engine, ForeignKey, LargeBinary, String, Text, create_engine, event
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.orm import DeclarativeBase, Mapped, deferred, mapped_column, relationship

WAIT_SECONDS = 30  # for another writer to finish


class Base(DeclarativeBase):
    """The root of the tables."""


def now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


class Symbol(Base):
    """A symbol; `number` orders by age, `id` is what clients see."""

    __tablename__ = "symbols"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012  (SQLAlchemy's own protocol)

    number: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(400), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    examples: Mapped[list[Example]] = relationship(
        order_by="Example.id", cascade="all, delete-orphan", passive_deletes=True, lazy="selectin"
    )


class Example(Base):
    """An example's pixels. Its id is its key in the index and is never given twice, hence AUTOINCREMENT."""

    __tablename__ = "examples"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    symbol: Mapped[int] = mapped_column(ForeignKey("symbols.number", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    width: Mapped[int]
    height: Mapped[int]
    dpi: Mapped[float | None] = mapped_column(Double)
    paper: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    warnings: Mapped[list[dict[str, str]]] = mapped_column(JSON)
    png: Mapped[bytes] = deferred(mapped_column(LargeBinary))


class Embedding(Base):
    """An example's code by one encoder, kept so that a restart need not embed again."""

    __tablename__ = "embeddings"

    example: Mapped[int] = mapped_column(ForeignKey("examples.id", ondelete="CASCADE"), primary_key=True)
    stamp: Mapped[str] = mapped_column(String(128), primary_key=True)
    code: Mapped[bytes] = mapped_column(LargeBinary)


class Answered(Base):
    """An idempotency key, what was asked with it and what was answered."""

    __tablename__ = "answered"

    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    answer: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=now, index=True)


class Job(Base):
    """A job; `number` orders by age. `store` names the data folder that has its files."""

    __tablename__ = "jobs"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012

    number: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(String(32), unique=True)
    store: Mapped[str] = mapped_column(String(32))
    status: Mapped[str] = mapped_column(String(16), index=True)
    asked: Mapped[str] = mapped_column(Text)
    detail: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None] = mapped_column(index=True)


class JobFile(Base):
    """A drawing of a job. `error` says why it cannot be read; it has no pages then."""

    __tablename__ = "job_files"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    job: Mapped[int] = mapped_column(ForeignKey("jobs.number", ondelete="CASCADE"), index=True)
    place: Mapped[int]
    name: Mapped[str] = mapped_column(Text)
    error: Mapped[str | None] = mapped_column(Text)


class JobPage(Base):
    """A page of a job's drawing. `done` is set together with its result or its error; `tries` counts how often it was begun."""

    __tablename__ = "job_pages"

    file: Mapped[int] = mapped_column(ForeignKey("job_files.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    width: Mapped[int]
    height: Mapped[int]
    dpi: Mapped[float | None] = mapped_column(Double)
    tries: Mapped[int] = mapped_column(default=0)
    done: Mapped[bool] = mapped_column(default=False)
    error: Mapped[str | None] = mapped_column(Text)
    result: Mapped[str | None] = deferred(mapped_column(Text))


class State(Base):
    """One row: how many changes the catalogue has seen."""

    __tablename__ = "state"

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int]


def open_database(url: str) -> Engine:
    """An engine for the URL; the folder of a SQLite file is made if missing."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": WAIT_SECONDS})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: sqlite3.Connection, _: Any) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")  # a commit is on the disk when it returns
    connection.execute("PRAGMA foreign_keys=ON")


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get("rebuilds", False):
        # a table is changed by making it anew, and dropping the old one would delete all that refers to it
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
    # a reader that turns writer late would fail at once instead of waiting its turn
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writes", False) else "BEGIN")
