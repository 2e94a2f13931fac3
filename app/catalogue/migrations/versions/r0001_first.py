"""The tables as they were before there were revisions. Catalogues from then have them, or some of them, already."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    _symbols()
    _receipts()
    _jobs()
    op.create_table(
        "state",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("version", sa.Integer(), nullable=False),
        if_not_exists=True,
    )
    op.execute("INSERT INTO state (id, version) SELECT 1, 0 WHERE NOT EXISTS (SELECT 1 FROM state)")


def _symbols() -> None:
    op.create_table(
        "symbols",
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("id", sa.String(32), nullable=False, unique=True),
        sa.Column("name", sa.String(400), nullable=False, unique=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sqlite_autoincrement=True,
        if_not_exists=True,
    )
    op.create_table(
        "examples",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("symbol", sa.Integer(), sa.ForeignKey("symbols.number", ondelete="CASCADE"), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("dpi", sa.Double(), nullable=True),
        sa.Column("paper", sa.JSON(), nullable=True),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.Column("png", sa.LargeBinary(), nullable=True),
        sqlite_autoincrement=True,
        if_not_exists=True,
    )
    _index("examples", "symbol")
    op.create_table(
        "embeddings",
        sa.Column("example", sa.Integer(), sa.ForeignKey("examples.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("stamp", sa.String(128), primary_key=True),
        sa.Column("code", sa.LargeBinary(), nullable=False),
        if_not_exists=True,
    )


def _receipts() -> None:
    op.create_table(
        "answered",
        sa.Column("key", sa.String(255), primary_key=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        if_not_exists=True,
    )
    _index("answered", "at")


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("id", sa.String(32), nullable=False, unique=True),
        sa.Column("store", sa.String(32), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("detail", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sqlite_autoincrement=True,
        if_not_exists=True,
    )
    _index("jobs", "status")
    _index("jobs", "ended_at")
    op.create_table(
        "job_files",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("job", sa.Integer(), sa.ForeignKey("jobs.number", ondelete="CASCADE"), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sqlite_autoincrement=True,
        if_not_exists=True,
    )
    _index("job_files", "job")
    op.create_table(
        "job_pages",
        sa.Column("file", sa.Integer(), sa.ForeignKey("job_files.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("dpi", sa.Double(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        if_not_exists=True,
    )


def _index(table: str, column: str) -> None:
    op.create_index(f"ix_{table}_{column}", table, [column], if_not_exists=True)
