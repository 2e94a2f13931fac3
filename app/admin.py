"""The command line's part for operators: API keys, and keeping the catalogue. None of it needs a model."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from app.catalogue.backup import backup, restore
from app.service.engine import Loader
from app.service.keeping import write_symbols
from app.service.keys import SCOPES
from app.service.service import Service
from app.settings import Settings
from app.table import print_table

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def add_commands(commands: Commands) -> None:
    """Add them to the command line."""
    _add_keys(commands.add_parser("keys", help="API keys: create, list, revoke"))
    save = commands.add_parser("backup", help="copy the catalogue to a file; the service may run")
    save.add_argument("file", type=Path, help="replaced if it is there")
    save.set_defaults(command=_backup)
    bring = commands.add_parser("restore", help="put a backup in the catalogue's place; stop the service first")
    bring.add_argument("file", type=Path)
    bring.set_defaults(command=_restore)
    export = commands.add_parser("export", help="write all symbols, as pictures and JSON, to a folder; the service may run")
    export.add_argument("folder", type=Path, help="made if missing; must be empty")
    export.set_defaults(command=_export)


@contextmanager
def idle_service(loader: Loader) -> Iterator[Service]:
    """A service for what needs no model."""
    service = Service(Settings(), loader)
    try:
        yield service
    finally:
        service.catalogue.close()


def _add_keys(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    create = commands.add_parser("create", help="make a key and print it, this once")
    create.add_argument("name", help="what it is for, such as the client's name")
    meaning = "read: detect, list, get; write: register, change, delete; both if not given"
    create.add_argument("--scope", action="append", choices=SCOPES, help=meaning)
    create.set_defaults(command=_create_key)
    commands.add_parser("list", help="all keys, oldest first").set_defaults(command=_list_keys)
    revoke = commands.add_parser("revoke", help="end a key, for good")
    revoke.add_argument("key", help="id or name")
    revoke.set_defaults(command=_revoke_key)


def _create_key(arguments: argparse.Namespace, loader: Loader) -> None:
    with idle_service(loader) as service:
        record, secret = service.keys.create(arguments.name, arguments.scope or SCOPES)
    print(secret)
    print(f"key {record.id}; it is not shown again, so keep it", file=sys.stderr)


def _list_keys(_: argparse.Namespace, loader: Loader) -> None:
    with idle_service(loader) as service:
        keys = service.keys.all()
    rows = [
        (key.id, key.name, ",".join(sorted(key.scopes)), f"{key.created_at:%Y-%m-%d %H:%M}", _state(key.revoked_at is None))
        for key in keys
    ]
    print_table([("id", "name", "scopes", "created", "state"), *rows])


def _state(valid: bool) -> str:
    return "valid" if valid else "revoked"


def _revoke_key(arguments: argparse.Namespace, loader: Loader) -> None:
    with idle_service(loader) as service:
        service.keys.revoke(arguments.key)


def _backup(arguments: argparse.Namespace, _: Loader) -> None:
    backup(Settings().catalogue_url(), arguments.file)


def _restore(arguments: argparse.Namespace, _: Loader) -> None:
    kept = restore(Settings().catalogue_url(), arguments.file)
    if kept:
        print(f"the catalogue that was there is kept as {kept}", file=sys.stderr)


def _export(arguments: argparse.Namespace, loader: Loader) -> None:
    with idle_service(loader) as service:
        count = write_symbols(service.catalogue, arguments.folder)
    print(f"{count} symbols", file=sys.stderr)
