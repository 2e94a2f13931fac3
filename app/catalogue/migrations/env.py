"""Run by Alembic for each command, with the connection that `app.catalogue.migrate` opened."""

from __future__ import annotations

from alembic import context

from app.catalogue.tables import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
context.run_migrations()
