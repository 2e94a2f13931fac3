"""Tells others of jobs that have ended: a signed POST to a host that the operator has allowed."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from app.catalogue.job_records import JobState
from app.catalogue.jobs import JobCatalogue
from app.errors import BadInput, NotFound, Unavailable
from app.service.job_files import JobFiles

log = logging.getLogger(__name__)

IDLE = 1.0  # seconds between two looks for jobs that have ended
TIMEOUT = 10.0  # seconds for a connection, and for each part of the answer
WAITS = (10, 60, 600, 3600, 6 * 3600)  # seconds before each further try
LONGEST = 2000  # characters of a URL

Network = IPv4Network | IPv6Network


@dataclass(frozen=True)
class Receivers:
    """Who may be told. hosts: names or addresses, none for nobody. internal: networks that are no part of the internet, yet
    may be called. secret: what signs."""

    hosts: frozenset[str] = frozenset()
    internal: tuple[Network, ...] = ()
    secret: str = ""

    def check(self, url: str) -> str:
        """The URL if it may be called. Raises BadInput."""
        try:
            parts = urlsplit(url)
            port_fits = parts.port is None or parts.port > 0
        except ValueError as error:
            raise BadInput(f"`webhook` is no URL: {error}.", "webhook") from error
        known = parts.scheme in {"http", "https"} and parts.hostname and port_fits and "@" not in parts.netloc
        if not known or len(url) > LONGEST or not url.isascii() or any(c.isspace() or not c.isprintable() for c in url):
            raise BadInput(f"`webhook` must be an http or https URL. Received: {url[:100]!r}.", "webhook")
        if parts.hostname not in self.hosts:
            raise BadInput(f"`webhook` may not be sent to {str(parts.hostname)[:100]!r}; the operator allows hosts.", "webhook")
        return url

    def address(self, host: str, port: int) -> str:
        """Where to connect to. Raises OSError if any of the host's addresses is internal and not allowed."""
        found = [str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        for each in found:
            address = ip_address(each.partition("%")[0])
            address = getattr(address, "ipv4_mapped", None) or address
            if not address.is_global and not any(address in network for network in self.internal):
                raise OSError(f"{host} is at an internal address")
        return found[0]

    def signature(self, at: int, body: bytes) -> str:
        """Of the time in seconds and the body, as the header has it."""
        signed = hmac.new(self.secret.encode(), f"{at}.".encode() + body, hashlib.sha256)
        return f"t={at},v1={signed.hexdigest()}"


class Teller:
    """A thread that tells of the jobs of this data folder, each until it was heard or too many tries have failed."""

    def __init__(self, catalogue: JobCatalogue, files: JobFiles, receivers: Receivers) -> None:
        self._catalogue = catalogue
        self._files = files
        self._receivers = receivers
        self._closing = threading.Event()

    def start(self, written: Callable[[JobState], bytes]) -> None:
        """Nothing runs where nobody may be told. written: gives what to send of a job."""
        if self._receivers.hosts:
            threading.Thread(target=self._run, args=(written,), name="webhooks", daemon=True).start()

    def close(self) -> None:
        """What is being told is given up and told again after a restart."""
        self._closing.set()

    def _run(self, written: Callable[[JobState], bytes]) -> None:
        while not self._closing.wait(IDLE):
            try:
                if self._files.owned:
                    self._tell(written)
            except Unavailable as error:
                log.warning("webhooks wait: %s", error)
            except Exception:  # or one fault would end the thread, and with it all webhooks to come
                log.exception("webhooks wait")

    def _tell(self, written: Callable[[JobState], bytes]) -> None:
        for job_id, url, tries in self._catalogue.untold(self._files.store()):
            if self._closing.is_set():
                return
            try:
                body = written(self._catalogue.state(job_id))
            except NotFound:
                continue  # deleted meanwhile
            failure = self._failure(job_id, url, body)
            if failure is None or tries == len(WAITS):
                self._catalogue.told(job_id)
            else:
                self._catalogue.tell_later(job_id, timedelta(seconds=WAITS[tries]))
            if failure is not None:
                log.warning("a webhook failed, try %d of %d: %s", tries + 1, len(WAITS) + 1, failure)

    def _failure(self, job_id: str, url: str, body: bytes) -> str | None:
        """Send it. Why it was not heard, None if it was."""
        try:
            status = post(self._receivers, self._receivers.check(url), job_id, body)
        except (OSError, http.client.HTTPException, BadInput) as error:
            return f"{type(error).__name__}: {error}"
        # a redirect is a failure too: it could lead anywhere
        return None if 200 <= status < 300 else f"answered {status}"


def post(receivers: Receivers, url: str, job_id: str, body: bytes) -> int:
    """The status of the answer. Raises OSError, HTTPException."""
    parts = urlsplit(url)
    connection = _connection(receivers, parts)
    at = int(time.time())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "planspot",
        "Planspot-Job": job_id,
        "Planspot-Signature": receivers.signature(at, body),
    }
    try:
        connection.request("POST", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def _connection(receivers: Receivers, parts: SplitResult) -> http.client.HTTPConnection:
    """Connected to the address that was judged: a name that is resolved twice may lead elsewhere the second time."""
    secure, host = parts.scheme == "https", parts.hostname or ""
    port = parts.port or (443 if secure else 80)
    plain = socket.create_connection((receivers.address(host, port), port), timeout=TIMEOUT)
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(host, port, timeout=TIMEOUT)
    try:
        connection.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=host) if secure else plain
    except BaseException:
        plain.close()
        raise
    return connection
