"""Logs: one JSON object a line on stderr. Only `planspot serve` sets them up; elsewhere the caller's set-up holds."""

from __future__ import annotations

import json
import logging
import sys
import warnings
from contextvars import ContextVar
from datetime import UTC, datetime

REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)

log = logging.getLogger(__name__)


def set_up(level: str) -> None:
    """Log to stderr; our own loggers and the server's from `level` on, all others from warnings on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    # libraries may tell at lower levels what is in a file
    for name in ("app", "uvicorn.error"):
        logging.getLogger(name).setLevel(level.upper())
    warnings.showwarning = _warned


class JsonLines(logging.Formatter):
    """`time`, `level`, `logger`, `message`, the request's id, what `extra={"fields": …}` gives, and of an error what may be."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            # further lines are traces and reprs of what was being done
            "message": (record.getMessage().splitlines() or [""])[0],
        }
        if request_id := REQUEST_ID.get():
            line["request_id"] = request_id
        line |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[1]:
            line["failure"] = failure(record.exc_info[1])
        return json.dumps(line)


def failure(error: BaseException) -> str:
    """What of an error may be logged: its kind, and where in our code it happened, or else where at all.

    Not its text, nor a trace: both may quote what was sent, a secret or a path.
    """
    places = []
    trace = error.__traceback__
    while trace is not None:
        frame = trace.tb_frame
        places.append(f"{frame.f_globals.get('__name__', '?')}.{frame.f_code.co_name}:{trace.tb_lineno}")
        trace = trace.tb_next
    ours = [place for place in places if place.startswith("app.")]
    return f"{type(error).__name__} at {(ours or places or ['?'])[-1]}"


def _warned(message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
    log.warning("%s: %s", category.__name__, message)
