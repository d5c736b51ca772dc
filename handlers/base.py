"""What every verb of the API shares: who calls, what came in, what goes out, and how a refusal looks."""

import asyncio
import json
import logging
import random
import re
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tornado.web import HTTPError, RequestHandler, stream_request_body

from handlers.access.credentials import text_of
from handlers.api.operation import VERBS, Operation
from handlers.errors import HTTP_CODE, headers_of, status_of
from handlers.http.in_flight import causes
from stack.access.access import Caller, Role
from stack.changes.changes import Accepted, ChangeRequest, Outcome
from stack.changes.preview import Preview
from stack.errors import (
    AccessDenied,
    AwsFailed,
    InvalidRequest,
    NotFound,
    NysaError,
    OutcomeUnknown,
    TooLarge,
    Unavailable,
    UnsupportedMedia,
)
from stack.runtime.masking import masked
from stack.stackfile.problems import details
from stack.state.revisions import Origin

if TYPE_CHECKING:
    from handlers.context import Context

log = logging.getLogger('nysa.access')

# More than SQS carries, so that a stackfile with comments fits; what is beyond it is read and forgotten.
BODY_LIMIT = 2 * 1024 * 1024

# What a client may name a request; anything else gets a name of ours.
REQUEST_ID = re.compile(r'[A-Za-z0-9._-]{1,64}')


@stream_request_body
class ApiHandler(RequestHandler):
    """A verb parses, calls one function, and replies; everything else is here."""

    def initialize(self, context: 'Context') -> None:
        self.context = context
        self.started = time.monotonic()
        self.chunks: list[bytes] = []
        self.body_size = 0
        self.caller: Caller | None = None
        self.expired = False
        self.path_args: list[str] = []  # Tornado refuses what is not in UTF-8 before it sets them
        context.in_flight.enter(self)

    def set_default_headers(self) -> None:
        if not hasattr(self, 'request_id'):
            given = self.request.headers.get('X-Request-Id', '')
            # No secret, and a system call less than a UUID.
            self.request_id = given if REQUEST_ID.fullmatch(given) else f'{random.getrandbits(128):032x}'
        self.set_header('X-Request-Id', self.request_id)
        self.set_header('Cache-Control', 'private, no-cache')
        for name, value in self.settings['access'].origins.headers(self.request).items():
            self.set_header(name, value)

    async def admit(self, declared: Operation, names: Sequence[str]) -> None:
        """Find out who calls, and whether it may.

        Raises `NotAuthenticated`, `AccessDenied`, `TooManyRequests`, and `NotFound` for a cluster that is none of its.
        """
        self.set_status(declared.status)
        self.context.access.origins.check(self.request)
        if declared.role is Role.PUBLIC:
            return
        self.caller = await self.context.access.caller(self.request)
        if self.caller.role < declared.role:
            raise AccessDenied(f'This takes the role {declared.role.name.lower()}.')
        if declared.cluster is not None:
            self.must_see(names[declared.cluster])

    def must_see(self, cluster: str) -> None:
        """Raise `NotFound`, as for one that is not there, where a cluster is none of the caller's."""
        if not self.caller.may_see(cluster):
            raise NotFound(f'There is no cluster {cluster!r} here.')

    async def head(self, *names: str) -> None:
        await self.get(*names)

    async def options(self, *names: str) -> None:
        """What a browser asks before the page of another origin may call: only those of NYSA_ORIGINS may."""
        if not self.context.access.origins.is_other(self.request):
            raise HTTPError(405)
        self.set_status(204)
        self.finish()

    # What came in

    def data_received(self, chunk: bytes) -> None:
        self.body_size += len(chunk)
        if self.body_size <= BODY_LIMIT:
            self.chunks.append(chunk)

    def body(self) -> bytes:
        """The request's body. Raises `TooLarge`, and `UnsupportedMedia` where it is compressed."""
        encoding = self.request.headers.get('Content-Encoding', '').strip().lower()
        if encoding not in ('', 'identity'):
            raise UnsupportedMedia(f'A body with the Content-Encoding {encoding[:100]} is not read; send it as it is.')
        if self.body_size > BODY_LIMIT:
            raise TooLarge(f'The body has {self.body_size:,} bytes; {BODY_LIMIT:,} are taken.')
        return b''.join(self.chunks)

    def decode_argument(self, value: bytes, name: str | None = None) -> str:
        """Path and query in UTF-8. Raises `InvalidRequest`."""
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise InvalidRequest(f'The {name or "path"} is not in UTF-8.') from None

    def flag(self, name: str, default: bool) -> bool:
        """A query parameter that is true or false. Raises `InvalidRequest`."""
        given = self.get_query_argument(name, str(default)).lower()
        if given not in ('true', 'false', '1', '0'):
            raise InvalidRequest(
                f'{name} must be true or false, not {given!r}.', [{'path': name, 'message': 'true or false'}]
            )
        return given in ('true', '1')

    def number(self, name: str, default: int, lowest: int, highest: int) -> int:
        """A query parameter that is a whole number. Raises `InvalidRequest`."""
        given = self.get_query_argument(name, str(default))
        if not (given.isdecimal() and given.isascii() and len(given) < 10 and lowest <= int(given) <= highest):
            allowed = f'a whole number from {lowest} to {highest}'
            raise InvalidRequest(f'{name} must be {allowed}.', [{'path': name, 'message': allowed}])
        return int(given)

    def header(self, name: str) -> str:
        return text_of(self.request.headers.get(name, ''))

    def origin(self) -> Origin:
        """Who asks, why, and from where. Raises `InvalidRequest` where the message is too long."""
        message = self.get_query_argument('message', '') or self.header('X-Nysa-Message')
        agent = self.request.headers.get('User-Agent', '').encode('ascii', 'replace').decode()[:100]
        speaker = f'{self.caller.speaker}: ' if self.caller.speaker else ''
        address = self.context.access.origins.address(self.request)
        return Origin(self.caller.name, f'{speaker}{address} {agent}'.strip(), message, self.caller.subject)

    def expected(self) -> str | None:
        """The revision that `If-Match` names, None where any will do. Raises `InvalidRequest` for several."""
        given = self.request.headers.get('If-Match', '').strip()
        if given in ('', '*'):
            return None
        tags = [tag.strip() for tag in given.split(',')]
        if len(tags) > 1:
            raise InvalidRequest('If-Match must name one revision.', [{'path': 'If-Match', 'message': 'one revision'}])
        return tags[0].removeprefix('W/').strip('"')

    def change_request(self) -> ChangeRequest:
        """What comes with every change. Raises `AccessDenied` where the caller may not override a freeze."""
        override = self.get_query_argument('override', '').strip() or None
        if override and self.caller.role < Role.ADMIN:
            raise AccessDenied('To override a freeze takes the role admin.')
        return ChangeRequest(
            self.origin(),
            self.expected(),
            self.flag('deploy', True),
            self.flag('dry_run', False),
            self.get_query_argument('plan', None),
            override,
        )

    # What goes out

    def reply(
        self,
        content: Mapping[str, Any],
        *,
        status: int | None = None,
        revision: str | None = None,
        media_type: str = 'application/json',
    ) -> None:
        """Answer with JSON; the status is the declared one unless another is given."""
        if status is not None:
            self.set_status(status)
        self.send(self.encoded(content), revision, media_type)

    def send(self, body: bytes, revision: str | None, media_type: str = 'application/json') -> None:
        """Answer with what is `encoded` already."""
        self.set_header('Content-Type', f'{media_type}; charset=UTF-8')
        if revision is not None:
            self.set_header('ETag', f'"{revision}"')
        self.finish(body)

    def encoded(self, content: Any) -> bytes:
        return json.dumps(self.visible(content)).encode()

    @property
    def only_looks(self) -> bool:
        return self.caller is not None and self.caller.role <= Role.VIEWER

    def visible(self, content: Any) -> Any:
        """What the caller may see of it: to a viewer, nothing that looks like a secret."""
        return masked(content) if self.only_looks else content

    def refused(self, content: Any) -> Any:
        """What a caller may see of a refusal, which may repeat what AWS answered; a viewer may be unknown as yet."""
        return masked(content) if self.caller is None or self.only_looks else content

    def reply_outcome(self, outcome: Outcome, message: str = 'deploying...') -> None:
        """Answer a change, or with the plan where only that was asked for."""
        if isinstance(outcome, Preview):
            self.reply(outcome.to_json(), status=200, revision=outcome.revision)
        else:
            self.reply_accepted(outcome, message)

    def reply_accepted(self, accepted: Accepted, message: str, **more: Any) -> None:
        """Answer a change: its revision, what is worth knowing, and whether the schedulers know already."""
        content: dict[str, Any] = {'message': message, 'revision': accepted.revision.id}
        if accepted.announced is None and message == 'deploying...':
            content['message'] = 'stored, not deployed'
        elif accepted.announced is not None:
            content['notification'] = 'sent' if accepted.announced else 'pending'
        if accepted.warnings:
            content['warnings'] = details(accepted.warnings)
        self.reply({**content, **accepted.more, **more}, revision=accepted.revision.id)

    def compute_etag(self) -> None:
        """A revision is the only ETag here; Tornado would hash every body."""

    def not_modified(self, revision: str) -> bool:
        """Whether the client has that revision already; then 304 was answered."""
        given = self.request.headers.get('If-None-Match', '')
        if (
            revision not in (tag.strip().removeprefix('W/').strip('"') for tag in given.split(','))
            and given.strip() != '*'
        ):
            return False
        self.set_header('ETag', f'"{revision}"')
        self.set_status(304)
        self.finish()
        return True

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Every refusal has one shape. What nobody foresaw is a 500 without its cause; the log has it."""
        error = kwargs.get('exc_info', (None, None))[1]
        if isinstance(error, NysaError):
            status_code = status_of(error)
            content = {
                'error': error.code,
                'message': self.message_of(error),
                'details': error.details(),
                **error.extra(),
            }
        elif isinstance(error, HTTPError):
            code = HTTP_CODE.get(status_code, 'refused')
            content = {'error': code, 'message': refusal(self, status_code, error), 'details': []}
        else:
            message = f'Something went wrong here. The log has the cause under request {self.request_id}.'
            content = {'error': HTTP_CODE[500], 'message': message, 'details': []}
        self.set_status(status_code)
        if status_code == 405:
            self.set_header('Allow', ', '.join(self.allowed()))
        if status_code == 503:
            self.set_header('Retry-After', '1')
        for name, value in headers_of(error).items():
            self.set_header(name, value)
        self.set_header('Content-Type', 'application/json; charset=UTF-8')
        self.finish(json.dumps({**self.refused(content), 'request_id': self.request_id}))

    def message_of(self, error: NysaError) -> str:
        """The error's message; where AWS failed, a change's answer states what that means for the change."""
        if not isinstance(error, AwsFailed) or self.request.method in ('GET', 'HEAD') or not error.consequence:
            return error.message
        return f'{error.message.rstrip(".")}. {error.consequence}'

    def expire(self, seconds: float | None, overdue: list[tuple[str, float]]) -> None:
        """Answer although the verb goes on, and name the calls that AWS has not answered."""
        if self._finished:
            return
        self.expired = True
        when = 'before the server stopped' if seconds is None else f'within {seconds:.0f} s'
        calls = causes(overdue)
        cause = f': AWS has not answered {calls}' if calls else ''
        error: NysaError = Unavailable(f'There was no answer {when}{cause}', 'nysa:request', 'DeadlineExceeded')
        if self.request.method not in ('GET', 'HEAD'):
            error = OutcomeUnknown('the change was made', 'Read the cluster and its history.', error)
        self.send_error(503, exc_info=(type(error), error, None))

    def finish(self, chunk: Any = None) -> 'asyncio.Future[None]':
        """Send the answer, unless one was sent when the deadline passed."""
        if not (self.expired and self._finished):
            return super().finish(chunk)
        log.info('request %s ended after its deadline', self.request_id)
        sent = asyncio.get_running_loop().create_future()
        sent.set_result(None)
        return sent

    def allowed(self) -> list[str]:
        """The verbs that are declared here."""
        verbs = [verb.upper() for verb in VERBS if hasattr(getattr(self, verb), 'operation')]
        return verbs + ['HEAD'] * ('GET' in verbs)

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Only an unexpected error is logged with its stack, and what the client of a late verb is not given."""
        if self.expired and isinstance(value, NysaError):
            log.info('request %s ended after its deadline: %s', self.request_id, value.message)
        elif not isinstance(value, NysaError | HTTPError):
            log.error('request %s failed', self.request_id, exc_info=(typ, value, tb))

    def on_connection_close(self) -> None:
        self.context.in_flight.leave(self)

    def on_finish(self) -> None:
        self.context.in_flight.leave(self)
        seconds = time.monotonic() - self.started
        route = type(self).__name__
        self.context.metrics.request(route, self.request.method, self.get_status(), seconds)
        log.info(
            '%s %s %d',
            self.request.method,
            self.request.path,
            self.get_status(),
            extra={
                'request_id': self.request_id,
                'actor': self.caller.name if self.caller else None,
                'cluster': self.path_args[0] if self.path_args else None,
                'milliseconds': round(seconds * 1000, 1),
            },
        )


def refusal(handler: ApiHandler, status: int, error: HTTPError) -> str:
    """A sentence for a refusal that Tornado made."""
    if status == 404:
        return f'There is nothing at {handler.request.path[:300]}.'
    if status == 405:
        return f'{handler.request.method} is not possible here; {", ".join(handler.allowed()) or "nothing"} is.'
    return error.log_message or error.reason or f'The request was refused ({status}).'


class NothingHere(ApiHandler):
    """Every address that the routing table does not have."""

    async def _nothing(self) -> None:
        raise HTTPError(404)

    get = put = post = delete = patch = options = _nothing
