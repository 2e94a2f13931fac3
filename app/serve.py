"""Runs the application under uvicorn."""

from __future__ import annotations

from ipaddress import ip_address

import uvicorn
from fastapi import FastAPI

from app import logs
from app.errors import BadInput
from app.main import create_app
from app.service.engine import Loader
from app.service.service import Service
from app.settings import Settings

STOP_SECONDS = 30  # for requests that run when the server is told to stop


def serve(settings: Settings, loader: Loader, host: str, port: int) -> None:
    """Serve until told to stop. Raises BadInput for an address that others can reach while there is no API key."""
    app = create_app(settings, loader)
    service: Service = app.state.service
    if not (is_loopback(host) or settings.allow_keyless or service.keys.all()):
        raise BadInput(
            f"Others could use the service at {host!r}, and there is no API key. Make one with `planspot keys create NAME`, "
            "listen on 127.0.0.1, or set PLANSPOT_ALLOW_KEYLESS=true where something else keeps them out.",
            "host",
        )
    logs.set_up(settings.log_level)
    run(app, host, port)


def run(app: FastAPI, host: str, port: int) -> None:
    """Answer requests until a signal says to stop; those that run then may take STOP_SECONDS more."""
    # the application logs each request itself; uvicorn's line would have the query in it
    uvicorn.run(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=STOP_SECONDS,
    )


def is_loopback(host: str) -> bool:
    """Whether the address can be reached from this machine alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
