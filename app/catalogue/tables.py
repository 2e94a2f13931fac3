"""The tables, and how each kind of database is opened."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    Dialect,
    Double,
    Engine,
    ForeignKey,
    LargeBinary,
    String,
    Text,
    TypeDecorator,
    create_engine,
    event,
)
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import DeclarativeBase, Mapped, deferred, mapped_column, relationship

WAIT_SECONDS = 30  # for another writer to finish
IDLE_SECONDS = 10  # that a writer on PostgreSQL may be silent; less than others wait for it
CONNECT_SECONDS = 10  # for a server to answer
WRITER = int.from_bytes(b"planspot", "big")  # the number of the lock that a writer on PostgreSQL holds


class Base(DeclarativeBase):
    """The root of the tables."""


class Words(TypeDecorator[str]):
    """Text without U+0000, which PostgreSQL cannot keep; the substitute, U+001A, is in no name or id and so finds none."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else value.replace("\0", "\x1a")


class LongWords(Words):
    """The same, of any length."""

    impl = Text
    cache_ok = True


def now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


class Symbol(Base):
    """A symbol; `number` orders by age, `id` is what clients see."""

    __tablename__ = "symbols"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012  (SQLAlchemy's own protocol)

    number: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(Words(32), unique=True)
    name: Mapped[str] = mapped_column(Words(400), unique=True)
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
    id: Mapped[str] = mapped_column(Words(32), unique=True)
    store: Mapped[str] = mapped_column(String(32))
    status: Mapped[str] = mapped_column(String(16), index=True)
    asked: Mapped[str] = mapped_column(Text)
    detail: Mapped[str | None] = mapped_column(Words)
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
    error: Mapped[str | None] = mapped_column(LongWords)


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
    error: Mapped[str | None] = mapped_column(LongWords)
    result: Mapped[str | None] = deferred(mapped_column(Text))


class Webhook(Base):
    """Whom to tell of a job's end, until it was heard. `due`: when to try, once the job has ended."""

    __tablename__ = "webhooks"

    job: Mapped[int] = mapped_column(ForeignKey("jobs.number", ondelete="CASCADE"), primary_key=True)
    url: Mapped[str] = mapped_column(Text)
    tries: Mapped[int] = mapped_column(default=0)
    due: Mapped[datetime] = mapped_column(default=now)


class State(Base):
    """One row: how many changes the catalogue has seen."""

    __tablename__ = "state"

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int]


class ApiKey(Base):
    """An API key, without its secret. A revoked one stays, so that revoking the last does not open the service."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(400))
    digest: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(default=now)
    revoked_at: Mapped[datetime | None]


def open_database(url: str) -> Engine:
    """An engine for the URL; the folder of a SQLite file is made if missing.

    A session with the option `writes` is alone among those, from its beginning. Raises ArgumentError, ImportError, OSError.
    """
    parsed = make_url(url)
    if parsed.drivername in {"postgres", "postgresql"}:
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() == "postgresql":
        return _postgresql(parsed)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed)
    raise ArgumentError(f"It must be in SQLite or PostgreSQL. Received: {parsed.get_backend_name()}.")


def _postgresql(url: URL) -> Engine:
    engine = create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": CONNECT_SECONDS})
    event.listen(engine, "begin", _begin_postgresql)
    return engine


def _begin_postgresql(connection: Connection) -> None:
    if not connection.get_execution_options().get("writes", False):
        # what a reader puts together from several statements is of one moment
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return
    # one writer at a time, as on SQLite: what it checks is still so when it commits
    connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE")
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{WAIT_SECONDS}s'")
    # a writer whose machine is gone would keep the others waiting until its connection is known to be broken
    connection.exec_driver_sql(f"SET LOCAL idle_in_transaction_session_timeout = '{IDLE_SECONDS}s'")
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER})")


def _sqlite(url: URL) -> Engine:
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": WAIT_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _: Any) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")  # a commit is on the disk when it returns
    connection.execute("PRAGMA foreign_keys=ON")


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get("rebuilds", False):
        # a table is changed by making it anew, and dropping the old one would delete all that refers to it
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
    # a reader that turns writer late would fail at once instead of waiting its turn
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writes", False) else "BEGIN")
