"""Errors to answers: one table, application/problem+json (RFC 9457)."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from app import errors

MEDIA_TYPE = "application/problem+json"
NOT_READY_RETRY = 2  # seconds
UPLOADED = (HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_TIMEOUT)  # what may be wrong with an upload as such

# the first that fits decides, so a class comes before the one that it derives from
TABLE: tuple[tuple[type[errors.PlanspotError], int, str, str], ...] = (
    (errors.KeyReused, 422, "key-reused", "Idempotency-Key used for another request"),
    (errors.BrokenDrawing, 422, "broken-drawing", "File cannot be read"),
    (errors.BadInput, 422, "bad-input", "Value cannot be used"),
    (errors.UnsupportedType, 415, "unsupported-type", "File type not accepted"),
    (errors.NotAcceptable, 406, "not-acceptable", "Answer format not served"),
    (errors.TooLarge, 413, "too-large", "Too large"),
    (errors.NotFound, 404, "not-found", "Not found"),
    (errors.NameTaken, 409, "name-taken", "Name is taken"),
    (errors.LastExample, 409, "last-example", "Last positive example"),
    (errors.NothingToSearch, 409, "nothing-to-search", "No symbol to search for"),
    (errors.NoResult, 409, "no-result", "Job has no result"),
    (errors.ReadOnly, 403, "read-only", "Symbol is read-only"),
    (errors.Unauthenticated, 401, "unauthenticated", "API key needed"),
    (errors.ScopeMissing, 403, "scope-missing", "API key may not do this"),
    (errors.RateLimited, 429, "rate-limited", "Too many requests"),
    (errors.Overloaded, 429, "overloaded", "Queue is full"),
    (errors.Cancelled, 499, "cancelled", "Client closed the request"),
    (errors.DeadlinePassed, 504, "deadline", "Took too long"),
    (errors.Stopping, 503, "stopping", "Service is stopping"),
    (errors.NotReady, 503, "not-ready", "Model is loading"),
    (errors.WeightsError, 503, "weights", "Weights cannot be used"),
    (errors.CatalogueError, 503, "catalogue", "Catalogue cannot be used"),
    (errors.Unavailable, 503, "unavailable", "Not available"),
    (errors.PlanspotError, 500, "failure", "Failure"),
)


class FieldProblem(BaseModel):
    """What is wrong with one field."""

    field: str
    detail: str


class Problem(BaseModel):
    """An error, as RFC 9457 has it."""

    type: str = Field(examples=["urn:planspot:bad-input"])
    title: str = Field(examples=["Value cannot be used"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["`min_score` must be at most 1."])
    field: str | None = Field(default=None, description="The field that is wrong, if one is.", examples=["min_score"])
    errors: list[FieldProblem] | None = Field(default=None, description="Every field that is wrong, where several may be.")
    accepted: list[str] | None = Field(default=None, description="What is accepted instead: file types or media types.")
    limit: int | None = Field(default=None, description="The limit that was passed, in bytes, pixels or pages.")


def add_handlers(app: FastAPI) -> None:
    """Answer every error that is foreseen as a problem."""
    app.add_exception_handler(errors.PlanspotError, _of_ours)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_exception_handler(HTTPException, _of_http)


def documented(*kinds: type[errors.PlanspotError]) -> dict[int | str, dict[str, Any]]:
    """OpenAPI responses with an example for each kind of error."""
    found: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        status, slug, title = _row(kind)
        answer = found.setdefault(status, {"model": Problem, "description": title, "content": {MEDIA_TYPE: {"examples": {}}}})
        detail = (kind.__doc__ or title).splitlines()[0]
        example = Problem(type=f"urn:planspot:{slug}", title=title, status=status, detail=detail)
        answer["content"][MEDIA_TYPE]["examples"][slug] = {"value": example.model_dump(exclude_none=True)}
    return found


def unreadable(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """OpenAPI responses to requests that break HTTP's own rules."""
    found: dict[int | str, dict[str, Any]] = {}
    for status in statuses:
        slug = _slug(status.phrase)
        example = Problem(type=f"urn:planspot:{slug}", title=status.phrase, status=status, detail=f"{status.description}.")
        content = {MEDIA_TYPE: {"examples": {slug: {"value": example.model_dump(exclude_none=True)}}}}
        found[int(status)] = {"model": Problem, "description": status.phrase, "content": content}
    return found


def linked(operation: str, *parameters: tuple[str, str]) -> dict[str, Any]:
    """An OpenAPI link to an operation, its parameters taken from the answer."""
    return {"operationId": operation, "parameters": dict(parameters)}


def under_own_type(document: dict[str, Any]) -> dict[str, Any]:
    """The OpenAPI document with the model of each problem under its media type; FastAPI puts every model under JSON's."""
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    for answer in (answer for operation in operations for answer in operation["responses"].values()):
        content = answer.get("content", {})
        if MEDIA_TYPE in content and "application/json" in content:
            content[MEDIA_TYPE] |= content.pop("application/json")
    return document


def _row(kind: type[errors.PlanspotError]) -> tuple[int, str, str]:
    return next((status, slug, title) for each, status, slug, title in TABLE if issubclass(kind, each))


def problem(error: errors.PlanspotError) -> JSONResponse:
    """The answer to an error of ours."""
    status, slug, title = _row(type(error))
    more = {name: getattr(error, name) for name in ("field", "accepted", "limit") if getattr(error, name, None) is not None}
    return _answer(status, slug, title, str(error), _headers(error), **more)


def _headers(error: errors.PlanspotError) -> dict[str, str]:
    match error:
        case errors.Overloaded() | errors.RateLimited():
            return {"Retry-After": str(error.retry_after)}
        case errors.NotReady():
            return {"Retry-After": str(NOT_READY_RETRY)}
        case errors.Unauthenticated():
            return {"WWW-Authenticate": 'Bearer realm="planspot"'}
        case errors.ScopeMissing():
            return {"WWW-Authenticate": f'Bearer realm="planspot", error="insufficient_scope", scope="{error.scope}"'}
    return {}


async def _of_ours(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, errors.PlanspotError)
    return problem(error)


async def _of_validation(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    problems = [FieldProblem(field=_field(each["loc"]), detail=_detail(each)) for each in error.errors()]
    detail = "; ".join(f"`{each.field}`: {each.detail}" for each in problems)
    listed = [each.model_dump() for each in problems]
    return _answer(422, "bad-input", "Value cannot be used", detail, field=problems[0].field, errors=listed)


async def _of_http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, errors.PlanspotError):
        return await _of_ours(_, error.__cause__)  # raised while the body was read, and wrapped there
    phrase = HTTPStatus(error.status_code).phrase
    return _answer(error.status_code, _slug(phrase), phrase, str(error.detail), dict(error.headers or {}))


def _slug(phrase: str) -> str:
    return phrase.lower().replace(" ", "-")


def accident() -> JSONResponse:
    """The answer to an error that nobody foresaw."""
    return _answer(500, "failure", "Failure", "The service failed; its log says where.")


def _answer(
    status: int, slug: str, title: str, detail: str, headers: dict[str, str] | None = None, **more: Any
) -> JSONResponse:
    content = {"type": f"urn:planspot:{slug}", "title": title, "status": status, "detail": detail, **more}
    return JSONResponse(content, status, headers, MEDIA_TYPE)


def _field(location: Sequence[str | int]) -> str:
    names = [part for part in location[1:] if isinstance(part, str)]
    return names[0] if names else str(location[0])


def _detail(error: dict[str, Any]) -> str:
    received = error.get("input")
    if isinstance(received, str | int | float | bool):
        return f"{error['msg']}. Received: {str(received)[:100]!r}"
    return str(error["msg"])
