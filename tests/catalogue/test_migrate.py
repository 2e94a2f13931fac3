"""Catalogues of every age are brought to the tables of today."""

from __future__ import annotations

import multiprocessing
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from app.catalogue import tables
from app.catalogue.catalogue import Catalogue
from app.catalogue.migrate import HISTORY, migrate
from app.errors import CatalogueError
from tests.catalogue.opening import open_at_once
from tests.catalogue.test_catalogue import PLAIN

PROCESSES = 4

LATER = """
import sqlalchemy as sa
from alembic import op

revision = "later"
down_revision = "0003"


def upgrade():
    anew = "always" if op.get_bind().dialect.name == "sqlite" else "never"
    with op.batch_alter_table("symbols", recreate=anew) as symbols:
        symbols.add_column(sa.Column("colour", sa.String(8)))
"""


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    opened = tables.open_database(database_url)
    yield opened
    opened.dispose()


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """The history when it had one revision."""
    folder = tmp_path / "history"
    (folder / "versions").mkdir(parents=True)
    for file in ("env.py", "versions/r0001_first.py"):
        shutil.copy(HISTORY / file, folder / file)
    return folder


@pytest.fixture
def longer(tmp_path: Path) -> Path:
    """The history, free to be added to."""
    return Path(shutil.copytree(HISTORY, tmp_path / "longer"))


def drift(engine: Engine) -> list[object]:
    """How the tables differ from what the code has."""
    with engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection), tables.Base.metadata))


def run(engine: Engine, *statements: str) -> None:
    with engine.execution_options(writes=True).begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def made_before_revisions(engine: Engine, first: Path) -> None:
    """The tables of `first`, and nothing that tells of revisions."""
    migrate(engine, first)
    run(engine, "DROP TABLE alembic_version")


def test_an_empty_database_gets_the_tables_of_the_code(engine: Engine) -> None:
    migrate(engine)
    assert drift(engine) == []


def test_drift_is_seen(engine: Engine) -> None:
    migrate(engine)
    run(engine, "DROP INDEX ix_jobs_status", "ALTER TABLE symbols ADD COLUMN colour VARCHAR(8)")
    assert len(drift(engine)) == 2


def test_ids_are_never_given_twice_in_the_same_tables(tmp_path: Path) -> None:
    found = []
    for make in (migrate, tables.Base.metadata.create_all):
        engine = tables.open_database(f"sqlite:///{tmp_path / make.__name__}.db")
        make(engine)
        with engine.connect() as connection:
            query = text("SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%' ORDER BY name")
            found.append(connection.scalars(query).all())
        engine.dispose()
    assert found[0] == found[1] != []


def test_a_catalogue_from_before_revisions_is_taken_over(engine: Engine, database_url: str, first: Path) -> None:
    made_before_revisions(engine, first)
    symbol = "INSERT INTO symbols (id, name, created_at) VALUES ('a', 'H', '2026-01-01 00:00:00')"
    run(engine, symbol, "UPDATE state SET version = 7")
    catalogue = Catalogue(database_url)
    assert [each.name for each in catalogue.symbols()] == ["H"]
    assert catalogue.version() == 7
    assert catalogue.add_example("a", PLAIN).examples
    assert drift(engine) == []
    catalogue.close()


def test_a_catalogue_from_before_jobs_is_taken_over(engine: Engine, first: Path) -> None:
    made_before_revisions(engine, first)
    run(engine, *(f"DROP TABLE {table}" for table in ("job_pages", "job_files", "jobs")))
    migrate(engine)
    assert drift(engine) == []


def test_a_newer_catalogue_is_refused_and_left_alone(engine: Engine, database_url: str) -> None:
    migrate(engine)
    run(engine, "UPDATE alembic_version SET version_num = 'later'")
    catalogue = Catalogue(database_url)
    for use in (catalogue.version, catalogue.symbols, lambda: catalogue.add_symbol("H", PLAIN)):
        with pytest.raises(CatalogueError, match="newer Planspot made this catalogue: its tables are of revision later"):
            use()
    run(engine, "UPDATE alembic_version SET version_num = '0003'")
    assert catalogue.version() == 0
    catalogue.close()


def test_a_table_that_is_made_anew_keeps_what_refers_to_it(engine: Engine, database_url: str, longer: Path) -> None:
    catalogue = Catalogue(database_url)
    made = catalogue.add_symbol("H", PLAIN)
    (longer / "versions" / "later.py").write_text(LATER)
    migrate(engine, longer)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM symbols WHERE colour IS NULL")) == 1
        assert connection.scalar(text("SELECT count(*) FROM examples")) == len(made.examples)
    catalogue.close()


def test_a_revision_that_fails_changes_nothing(engine: Engine, longer: Path) -> None:
    (longer / "versions" / "later.py").write_text(LATER + "    raise OSError('enough')\n")
    with pytest.raises(OSError, match="enough"):
        migrate(engine, longer)
    assert inspect(engine).get_table_names() == []
    migrate(engine)
    assert drift(engine) == []


def test_processes_that_start_at_once_all_open_it(engine: Engine, database_url: str) -> None:
    spawn = multiprocessing.get_context("spawn")
    barrier = spawn.Barrier(PROCESSES)
    processes = [spawn.Process(target=open_at_once, args=(database_url, barrier)) for _ in range(PROCESSES)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * PROCESSES
    assert drift(engine) == []
