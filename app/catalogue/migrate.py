"""Bringing a catalogue's tables to the newest revision."""

from __future__ import annotations

import threading
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from app.errors import CatalogueError

HISTORY = Path(__file__).parent / "migrations"

_alembic = threading.Lock()  # what a revision calls as `op` is one for the whole process


def migrate(engine: Engine, history: Path = HISTORY) -> None:
    """Bring the tables to the newest revision, in one transaction. Of processes that start at once, one does it.

    history: a folder as `migrations` is. Raises CatalogueError for a newer catalogue, SQLAlchemyError.
    """
    config = Config()
    config.set_main_option("script_location", str(history).replace("%", "%%"))
    with engine.connect() as connection:
        if _is_newest(connection, config):
            return
    with _alembic, engine.execution_options(writes=True, rebuilds=True).connect() as connection:
        connection.detach()  # it must not be used again: on SQLite it checks no foreign keys
        with connection.begin():
            if not _is_newest(connection, config):
                config.attributes["connection"] = connection
                command.upgrade(config, "head")


def _is_newest(connection: Connection, config: Config) -> bool:
    """Raises CatalogueError if the catalogue is of a revision that is not known here."""
    revisions = ScriptDirectory.from_config(config)
    known = {each.revision for each in revisions.walk_revisions()}
    found = MigrationContext.configure(connection).get_current_revision()
    if found is not None and found not in known:
        raise CatalogueError(
            f"A newer Planspot made this catalogue: its tables are of revision {found}, and this Planspot knows those up to "
            f"{revisions.get_current_head()}. Update Planspot, or use a copy of the catalogue from before."
        )
    return found == revisions.get_current_head()
