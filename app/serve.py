"""Runs the application under uvicorn."""

from __future__ import annotations

import math
import socket
from contextlib import suppress
from ipaddress import ip_address

import uvicorn
from fastapi import FastAPI

from app import logs
from app.api.stopping import Drain
from app.errors import BadInput
from app.main import create_app
from app.service.engine import Loader
from app.service.service import Service
from app.service.worker import LONGEST_RETRY
from app.settings import Settings

# longer than a client is told to wait after a 429, which else would meet the end of its connection as it asks again; longer
# than proxies keep theirs, for the same reason
KEEP_ALIVE_SECONDS = LONGEST_RETRY + 15
ANSWERING_SECONDS = 5  # for the answers to what the drain gives back


class _Server(uvicorn.Server):
    """Tells the application when it begins to stop, which uvicorn does only once all requests have ended."""

    def __init__(self, config: uvicorn.Config, drain: Drain) -> None:
        super().__init__(config)
        self._drain = drain

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._drain.begin()
        await super().shutdown(sockets)


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
    """Answer requests until a signal says to stop."""
    service: Service = app.state.service
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,  # the application logs each request itself; uvicorn's line would have the query in it
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=math.ceil(service.settings.stop_seconds) + ANSWERING_SECONDS,
    )
    with suppress(KeyboardInterrupt):  # raised again by uvicorn once it has stopped
        _Server(config, app.state.drain).run()


def is_loopback(host: str) -> bool:
    """Whether the address can be reached from this machine alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
