"""What is measured for Prometheus. Labels take values from short lists only, so that the number of series stays bounded."""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.registry import Collector

# when a series began is of no use here, and would double their number
disable_created_metrics()  # type: ignore[no-untyped-call]

# seconds
REQUEST_BUCKETS = (0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900)
WAIT_BUCKETS = (0.005, 0.05, 0.25, 1, 2.5, 5, 10, 30, 60, 120, 300, 900)
STAGE_BUCKETS = (0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


class Meters:
    """The counters and histograms of one service, in a registry of its own. Times are in seconds."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self.requests = Counter(
            "planspot_http_requests", "Requests answered.", ["route", "method", "status"], registry=self._registry
        )
        self.request_seconds = Histogram(
            "planspot_http_request_seconds",
            "From a request's headers to the end of its answer.",
            ["route", "method"],
            buckets=REQUEST_BUCKETS,
            registry=self._registry,
        )
        self.refused = Counter("planspot_queue_refused", "Requests refused, the queue being full.", registry=self._registry)
        self.wait_seconds = Histogram(
            "planspot_queue_wait_seconds",
            "From the queueing of work for the device to its beginning.",
            ["urgency"],
            buckets=WAIT_BUCKETS,
            registry=self._registry,
        )
        self.stage_seconds = Histogram(
            "planspot_stage_seconds",
            "Stages of the search of a page.",
            ["stage"],
            buckets=STAGE_BUCKETS,
            registry=self._registry,
        )
        self.pages = Counter("planspot_pages_searched", "Pages searched.", registry=self._registry)
        self.detections = Counter("planspot_detections", "Detections found.", ["band"], registry=self._registry)

    def watch(self, collector: Collector) -> None:
        """Let a collector tell, at each scrape, what need not be counted all the time."""
        self._registry.register(collector)

    def exposition(self) -> bytes:
        """All of it in Prometheus's text format."""
        return generate_latest(self._registry)
