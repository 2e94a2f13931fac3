"""The catalogue on a database of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from app.catalogue import tables
from app.catalogue.catalogue import Catalogue
from app.catalogue.receipts import KEYS_KEPT
from app.catalogue.records import NewExample, Receipt
from app.engine.inspect import ExampleWarning
from app.errors import CatalogueError, KeyReused, LastExample, NameTaken, NotFound

WARNING = ExampleWarning("too_small", "It is small.")
EXAMPLE = NewExample(b"png", 30, 20, "positive", (WARNING,), 200.0, (1, 2, 3), b"code", "stamp")
PLAIN = replace(EXAMPLE, warnings=(), dpi=None, paper=None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "catalogue.db"


@pytest.fixture
def catalogue(database_url: str) -> Iterator[Catalogue]:
    opened = Catalogue(database_url)
    yield opened
    opened.close()


@pytest.fixture
def in_file(path: Path) -> Iterator[Catalogue]:
    opened = Catalogue(f"sqlite:///{path}")
    yield opened
    opened.close()


def test_a_symbol_comes_back_as_it_was_kept(catalogue: Catalogue) -> None:
    made = catalogue.add_symbol("H", EXAMPLE)
    assert catalogue.symbol(made.id) == catalogue.find("H") == catalogue.find(made.id) == made
    (example,) = made.examples
    assert (example.kind, example.width, example.height, example.dpi) == ("positive", 30, 20, 200.0)
    assert made.warnings == example.warnings == (WARNING,)
    assert made.created_at.tzinfo is not None
    (stored,) = catalogue.examples([example.id])
    assert (stored.png, stored.paper, stored.symbol_id) == (b"png", (1, 2, 3), made.id)


def test_another_process_sees_it(catalogue: Catalogue, database_url: str) -> None:
    made = catalogue.add_symbol("H", EXAMPLE)
    other = Catalogue(database_url)
    assert other.symbols() == [made]
    assert other.version() == catalogue.version()
    other.close()


def test_every_change_counts(catalogue: Catalogue) -> None:
    versions = [catalogue.version()]
    symbol = catalogue.add_symbol("H", PLAIN)
    versions.append(catalogue.version())
    more = catalogue.add_example(symbol.id, PLAIN)
    versions.append(catalogue.version())
    catalogue.rename(symbol.id, "G")
    versions.append(catalogue.version())
    catalogue.delete_example(symbol.id, more.examples[0].id)
    versions.append(catalogue.version())
    catalogue.delete(symbol.id)
    versions.append(catalogue.version())
    assert versions == [0, 1, 2, 3, 4, 5]


def test_a_failed_change_changes_nothing(catalogue: Catalogue) -> None:
    symbol = catalogue.add_symbol("H", PLAIN)
    version = catalogue.version()
    with pytest.raises(NameTaken):
        catalogue.add_symbol("H", PLAIN, Receipt("key", "asked"))
    with pytest.raises(NotFound):
        catalogue.add_example("nobody", PLAIN)
    with pytest.raises(NotFound):
        catalogue.rename("nobody", "x")
    with pytest.raises(NotFound):
        catalogue.delete_example(symbol.id, 99)
    with pytest.raises(LastExample):
        catalogue.delete_example(symbol.id, symbol.examples[0].id)
    assert catalogue.symbols() == [symbol]
    assert catalogue.version() == version
    assert catalogue.answered(Receipt("key", "asked")) is None


def test_ids_are_never_given_twice(catalogue: Catalogue) -> None:
    first = catalogue.add_symbol("H", PLAIN)
    catalogue.delete(first.id)
    second = catalogue.add_symbol("H", PLAIN)
    assert second.examples[0].id > first.examples[0].id
    assert second.id != first.id


def test_deleting_takes_examples_and_codes_along(catalogue: Catalogue) -> None:
    symbol = catalogue.add_symbol("H", PLAIN)
    catalogue.delete(symbol.id)
    with catalogue.database.reading() as session:
        for table in (tables.Symbol, tables.Example, tables.Embedding):
            assert session.scalars(select(func.count()).select_from(table)).one() == 0


def test_listing_goes_by_age(catalogue: Catalogue) -> None:
    made = [catalogue.add_symbol(f"{9 - n}", PLAIN) for n in range(5)]
    assert catalogue.symbols() == made
    assert catalogue.symbols(2) == made[:2]
    assert catalogue.symbols(2, made[1].id) == made[2:4]
    assert catalogue.symbols(None, made[4].id) == []
    with pytest.raises(NotFound):
        catalogue.symbols(2, "nobody")


def test_codes_are_kept_by_encoder(catalogue: Catalogue) -> None:
    one = catalogue.add_symbol("1", PLAIN).examples[0].id
    two = catalogue.add_symbol("2", replace(PLAIN, stamp="older", code=b"old")).examples[0].id
    assert catalogue.codes("stamp") == (2, {one: b"code", two: None})
    catalogue.keep_codes("stamp", {two: b"new", 99: b"gone meanwhile"})
    assert catalogue.codes("stamp") == (2, {one: b"code", two: b"new"})
    assert catalogue.codes("older")[1] == {one: None, two: b"old"}


def test_a_receipt_gives_the_first_answer(catalogue: Catalogue) -> None:
    receipt = Receipt("key", "asked")
    made = catalogue.add_symbol("H", EXAMPLE, receipt)
    catalogue.rename(made.id, "renamed")
    assert catalogue.answered(receipt) == made
    assert catalogue.add_symbol("H", EXAMPLE, receipt) == made
    assert len(catalogue.symbols()) == 1
    with pytest.raises(KeyReused):
        catalogue.add_symbol("other", EXAMPLE, Receipt("key", "asked otherwise"))


def test_receipts_are_kept_for_a_day(catalogue: Catalogue) -> None:
    catalogue.add_symbol("old", PLAIN, Receipt("old", "asked"))
    with catalogue.database.writing() as session:
        session.execute(update(tables.Answered).values(at=tables.now() - KEYS_KEPT - timedelta(minutes=1)))
    catalogue.add_symbol("new", PLAIN, Receipt("new", "asked"))
    assert catalogue.answered(Receipt("old", "asked")) is None
    assert catalogue.answered(Receipt("new", "asked")) is not None


def test_many_threads_write_at_once(catalogue: Catalogue) -> None:
    barrier = threading.Barrier(6)

    def add(n: int) -> None:
        barrier.wait()
        for i in range(5):
            catalogue.add_symbol(f"{n}.{i}", PLAIN)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(add, range(6)))
    assert len(catalogue.symbols()) == catalogue.version() == 30


def test_a_symbol_keeps_an_example_whoever_deletes_at_once(catalogue: Catalogue) -> None:
    symbol = catalogue.add_symbol("H", PLAIN)
    ids = [each.id for each in catalogue.add_example(symbol.id, PLAIN).examples]
    barrier = threading.Barrier(2)

    def delete(example: int) -> bool:
        barrier.wait()
        try:
            catalogue.delete_example(symbol.id, example)
        except LastExample:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(delete, ids)) == [False, True]
    assert len(catalogue.symbol(symbol.id).examples) == 1


def test_a_reader_sees_one_moment(catalogue: Catalogue) -> None:
    catalogue.add_symbol("H", PLAIN)
    with catalogue.database.reading() as session:
        before = session.scalars(select(tables.State.version)).one()
        catalogue.add_symbol("G", PLAIN)
        assert session.scalars(select(func.count()).select_from(tables.Symbol)).one() == before == 1


def test_a_writer_that_does_not_end_is_not_waited_for_for_ever(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "WAIT_SECONDS", 1)
    catalogue, other = Catalogue(database_url), Catalogue(database_url)
    assert other.version() == 0
    with catalogue.database.writing() as session:
        session.connection()
        with pytest.raises(CatalogueError, match=r"locked|lock timeout"):
            other.add_symbol("H", PLAIN)
    assert other.add_symbol("H", PLAIN).name == "H"
    catalogue.close()
    other.close()


def test_what_cannot_be_a_name_is_nowhere(catalogue: Catalogue) -> None:
    assert catalogue.find("\0") is None
    with pytest.raises(NotFound):
        catalogue.symbol("\0")


def test_writes_are_on_the_disk_when_they_return(in_file: Catalogue) -> None:
    with in_file.database.reading() as session:
        assert session.connection().exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert session.connection().exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert session.connection().exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


@pytest.mark.parametrize("content", [b"no database, but long enough to be read as one" * 50])
def test_a_broken_file_is_told_without_its_content(path: Path, in_file: Catalogue, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    for use in (in_file.version, in_file.symbols, lambda: in_file.add_symbol("secret", PLAIN)):
        with pytest.raises(CatalogueError, match="not a database") as caught:
            use()
        assert "secret" not in str(caught.value)


def test_a_folder_that_cannot_be_made_is_told_and_tried_again(path: Path, in_file: Catalogue) -> None:
    path.parent.write_text("in the way")
    with pytest.raises(CatalogueError):
        in_file.version()
    path.parent.unlink()
    assert in_file.version() == 0


def test_a_database_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    for url, told in {
        "mysql://db/planspot": "SQLite or PostgreSQL",
        f"postgresql://somebody:secret@/planspot?host={tmp_path}": "connection",
        f"postgresql+nothing://db/planspot?host={tmp_path}": "nothing",
    }.items():
        with pytest.raises(CatalogueError, match=told) as caught:
            Catalogue(url).version()
        assert "secret" not in str(caught.value)
