"""The API does what its own description says: no failure, no status, type, header or body that is not in it.

pytest tests/api/test_schema.py --schema-cases 5000
"""

from __future__ import annotations

import zlib
from contextlib import suppress
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis.errors import FlakyStrategyDefinition
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from tests import pictures
from tests.api.test_symbols import own, register
from tests.server import Server

STEPS, AT_ONCE = 8, 50  # requests that follow from one another; so many rows of them in one run
SEARCHED = pictures.file(pictures.page([(10, 10)], width=100, height=60))
LOOSE = ("box", "page", "pages", "region", "exclude", "symbols")  # what the schema cannot say all about
ALONE = ("/health/live", "/health/ready", "/metrics", "/version")  # no answer leads to these
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]


def test_no_answer_is_undocumented(pytestconfig: pytest.Config, server: Server, client: httpx.Client) -> None:
    wanted, answers = pytestconfig.getoption("--schema-cases"), dict[tuple[str, int], int]()
    schema = schemathesis.openapi.from_url(f"{server.url}/openapi.json")

    class Client(schema.as_state_machine()):  # type: ignore[misc]  # made from the description as the test runs
        """Follows the links from answer to answer."""

        def setup(self) -> None:
            for symbol in own(client):
                client.delete(f"/symbols/{symbol['id']}")
            register(client, "ring")

        def before_call(self, case: schemathesis.Case[Any]) -> None:
            if isinstance(case.body, dict) and "file" in case.body and zlib.crc32(repr(case.body).encode()) % 4:
                # nothing that is made up is ever a drawing
                file = pictures.symbol() if "/symbols" in case.path else SEARCHED
                body: dict[str, Any] = {name: value for name, value in case.body.items() if name not in LOOSE}
                body["file"] = [file] if isinstance(body["file"], list) else file
                case.body = body

        def validate_response(self, response: schemathesis.Response, case: schemathesis.Case[Any], **more: Any) -> None:
            answer = f"{case.method} {case.path}", response.status_code
            answers[answer] = answers.get(answer, 0) + 1
            case.validate_response(response, checks=CHECKS)

    while (left := wanted - sum(answers.values())) > 0:
        # a job may have ended, or not, when the same is asked again, so that other requests follow; a failure is no such thing
        with suppress(FlakyStrategyDefinition):
            Client.run(settings=made_up(min(left // STEPS + 1, AT_ONCE)))
    for path in ALONE:
        case = schema[path]["GET"].Case()
        case.validate_response(response := case.call(), checks=CHECKS)
        assert response.status_code == 200
    print(f"{sum(answers.values())} cases: {sorted(answers.items())}")
    made = {operation for operation, status in answers if status < 300}
    assert made & {"POST /symbols", "POST /detect", "POST /jobs"}


def made_up(scenarios: int) -> settings:
    return settings(
        max_examples=scenarios,
        stateful_step_count=STEPS,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
        database=None,
        deadline=None,
    )
