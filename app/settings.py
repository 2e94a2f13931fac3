"""All settings, from the environment with the prefix PLANSPOT_. Nothing else reads the environment."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SHIPPED_WEIGHTS = Path(__file__).resolve().parent.parent / "model_weights"


class Settings(BaseSettings):
    """How the service runs. Every field can be set as PLANSPOT_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="PLANSPOT_", frozen=True)

    host: str = Field(default="127.0.0.1", description="Address to listen on; 0.0.0.0 for all.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on.")
    data_dir: Path = Field(default=Path("data"), description="Folder of the catalogue and the files of jobs; made if missing.")
    database_url: str | None = Field(
        default=None, description="SQLAlchemy URL of the catalogue; SQLite in the data folder if not given."
    )
    weights: Path = Field(default=SHIPPED_WEIGHTS, description="Folder of the model's weights.")
    device: Literal["auto", "cpu", "cuda"] = Field(default="auto", description="Where the model runs; auto prefers a GPU.")
    queue_size: int = Field(default=16, ge=0, description="Requests that may wait for the device; one more is answered 429.")
    max_bytes: int = Field(default=100 * 2**20, ge=1, description="Largest upload in bytes.")
    max_pixels: int = Field(default=250_000_000, ge=1, description="Largest page in pixels; 3 bytes each once decoded.")
    max_example_pixels: int = Field(default=4_000_000, ge=1, description="Largest example in pixels, after cutting it out.")
    max_pages: int = Field(default=50, ge=1, description="Pages that one call of /detect may search.")
    readers: int = Field(default=2, ge=1, description="Files decoded at once, each in a process of its own.")
    reader_memory: int = Field(default=4 * 2**30, ge=2**20, description="Bytes of memory that decoding a file may take.")
    reader_seconds: float = Field(default=60.0, gt=0, description="Processor seconds that opening a file or a page may take.")
    max_job_bytes: int = Field(default=2**30, ge=1, description="Largest upload of a job in bytes, all its files together.")
    max_job_pages: int = Field(default=1000, ge=1, le=10_000, description="Pages that one job may search.")
    max_jobs: int = Field(default=100, ge=1, description="Jobs that may wait or run; one more is answered 429.")
    job_hours: float = Field(default=168.0, gt=0, description="Hours that a job is kept once it has ended, files and result.")
    upload_seconds: float = Field(default=300.0, gt=0, description="Longest time that an upload may take.")
    allow_keyless: bool = Field(default=False, description="Listen beyond this machine though there is no API key.")
    rate_limit: float = Field(default=0.0, ge=0, description="Requests a minute that an API key may make; 0 for any number.")
    rate_burst: int = Field(default=20, ge=1, description="Requests that an API key may make at once, within its rate limit.")
    cors_origins: str | None = Field(
        default=None, description="Web origins, comma-separated, whose pages may call the service from a browser."
    )
    root_path: str = Field(
        default="", pattern=r"^(/[^/?#\s]+)*$", description="Path under which a proxy serves this, such as /planspot."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least level that is logged; each request is logged at info."
    )
    deadline_seconds: float = Field(default=1800.0, gt=0, description="Longest time from an upload's end to the answer.")
    stop_seconds: float = Field(
        default=20.0, ge=0, description="How long requests may go on once the service is told to stop."
    )

    webhook_hosts: str | None = Field(
        default=None, description="Hosts, comma-separated, that may be told of the end of a job; nobody if not given."
    )
    webhook_secret: SecretStr | None = Field(default=None, description="What signs webhooks; needed for any to be sent.")
    webhook_internal: str | None = Field(
        default=None,
        description="Networks, comma-separated, that are no part of the internet and where webhooks may go all the same.",
    )

    @model_validator(mode="after")
    def _webhooks_fit(self) -> Self:
        if self.webhooks() and not self.signing():
            raise ValueError("PLANSPOT_WEBHOOK_HOSTS needs PLANSPOT_WEBHOOK_SECRET")
        self.webhook_networks()
        return self

    def webhooks(self) -> list[str]:
        """The hosts that may be told."""
        return [host.lower() for host in _listed(self.webhook_hosts)]

    def signing(self) -> str:
        """The secret that signs webhooks."""
        return self.webhook_secret.get_secret_value() if self.webhook_secret else ""

    def webhook_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The internal networks where they may be. Raises ValueError."""
        return tuple(ip_network(each) for each in _listed(self.webhook_internal))

    def origins(self) -> list[str]:
        """The web origins whose pages may call."""
        return _listed(self.cors_origins)

    def catalogue_url(self) -> str:
        """The catalogue's SQLAlchemy URL."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'catalogue.db').absolute()}"


def _listed(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]
