"""The command line's part for operators: API keys. None of it needs a model."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from app.service.engine import Loader
from app.service.keys import SCOPES
from app.service.service import Service
from app.settings import Settings
from app.table import print_table

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def add_commands(commands: Commands) -> None:
    """Add them to the command line."""
    _add_keys(commands.add_parser("keys", help="API keys: create, list, revoke"))


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
