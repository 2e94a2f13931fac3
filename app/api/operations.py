"""/health, /metrics and /version."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from app.api import wire
from app.api.dependencies import ServiceDep
from app.service.service import Status

health = APIRouter(tags=["operations"])
router = APIRouter(tags=["operations"])


@health.get("/health/live", summary="Whether the process answers")
def live() -> wire.Live:
    return wire.Live()


@health.get(
    "/health/ready",
    responses={503: {"model": wire.Ready, "description": "Not ready, saying why"}},
    summary="Whether the service can work",
)
def ready(service: ServiceDep, response: Response) -> wire.Ready:
    """503 until the model has run once, or when weights or catalogue are unusable."""
    status = service.status()
    response.status_code = 200 if status.ready else 503
    return wire.Ready(status="ready" if status.ready else "not ready", problems=status.problems, index=_index(status))


@router.get(
    "/metrics",
    responses={200: {"content": {"text/plain": {}}, "description": "Prometheus's text format"}},
    response_class=Response,
    summary="Measurements for Prometheus",
)
def metrics(service: ServiceDep) -> Response:
    return Response(service.meters.exposition(), media_type=CONTENT_TYPE_PLAIN_0_0_4)


@router.get("/version", summary="What runs")
def versions(service: ServiceDep) -> wire.Version:
    status = service.status()
    return wire.Version(service=service_version(), weights=status.model, device=status.device)


def service_version() -> str:
    """The installed package's version."""
    try:
        return version("planspot")
    except PackageNotFoundError:
        return "source"


def _index(status: Status) -> wire.IndexState | None:
    if status.version is None or status.examples is None or status.digest is None:
        return None
    return wire.IndexState(version=status.version, examples=status.examples, digest=status.digest)
