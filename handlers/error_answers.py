"""The answer to a request that failed: one JSON shape for every error, with its status and headers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tornado.web import HTTPError

from handlers.errors import HTTP_CODE, headers_of, status_of
from stack.errors import AwsFailed, NysaError


@dataclass(frozen=True)
class FailedRequest:
    """The request that failed; `allowed` are the methods that its path supports."""

    id: str
    method: str
    path: str
    allowed: Sequence[str]

    @property
    def is_read(self) -> bool:
        return self.method in ('GET', 'HEAD')


@dataclass(frozen=True)
class ErrorAnswer:
    status: int
    content: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)


def error_answer(error: BaseException | None, status: int, request: FailedRequest) -> ErrorAnswer:
    """The answer for an error; `status` is Tornado's, for an error of another kind than `NysaError`.

    An unexpected error becomes a 500 that names the log's entry, not the cause.
    """
    if isinstance(error, NysaError):
        status = status_of(error)
        message = _message(error, request)
        content = {'error': error.code, 'message': message, 'details': error.details(), **error.extra()}
    elif isinstance(error, HTTPError):
        code = HTTP_CODE.get(status, 'refused')
        content = {'error': code, 'message': _tornado_message(error, status, request), 'details': []}
    else:
        message = f'Internal error. The log has the cause under the request id {request.id}.'
        content = {'error': HTTP_CODE[500], 'message': message, 'details': []}
    return ErrorAnswer(status, {**content, 'request_id': request.id}, _headers(error, status, request))


def _message(error: NysaError, request: FailedRequest) -> str:
    """The error's message; after a failure of AWS, a change's answer adds what that means for the change."""
    if not isinstance(error, AwsFailed) or request.is_read or not error.consequence:
        return error.message
    return f'{error.message.rstrip(".")}. {error.consequence}'


def _tornado_message(error: HTTPError, status: int, request: FailedRequest) -> str:
    if status == 404:
        return f'There is nothing at {request.path[:300]}.'
    if status == 405:
        return f'{request.method} is not supported here; {", ".join(request.allowed) or "nothing"} is.'
    return error.log_message or error.reason or f'The request was refused ({status}).'


def _headers(error: BaseException | None, status: int, request: FailedRequest) -> dict[str, str]:
    headers = {'Allow': ', '.join(request.allowed)} if status == 405 else {}
    if status == 503:
        headers['Retry-After'] = '1'
    return {**headers, **headers_of(error)}
