"""Paths behind a proxy that serves the application under a prefix, the root path."""

from __future__ import annotations

from starlette.types import Scope


def route_path(scope: Scope) -> str:
    """The path that routes see: without the root path, whether or not the proxy has taken it off."""
    path, root = str(scope["path"]), str(scope.get("root_path", ""))
    rest = path.removeprefix(root)
    return rest if rest.startswith("/") else path
