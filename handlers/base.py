"""The base class of every API handler: the life of a request from its headers to its log line."""

import asyncio
import json
import logging
import random
import re
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tornado.web import HTTPError, RequestHandler, stream_request_body

from handlers.access.audited import audit_hidden, audit_refusal
from handlers.access.credentials import source_of
from handlers.access_log import log_request
from handlers.answer_headers import AnswerHeaders
from handlers.api.accepted import DEPLOYING, accepted_content, proposed_content
from handlers.api.body import Body
from handlers.api.change_requests import read_change_request
from handlers.api.operation import VERBS, Operation, operation_of
from handlers.api.query import Query
from handlers.error_answers import FailedRequest, error_answer
from handlers.http.in_flight import causes
from stack.access.access import Caller, Role
from stack.changes.change_request import Accepted, ChangeRequest, Outcome
from stack.changes.preview import Preview
from stack.changes.proposal import Proposed
from stack.errors import AccessDenied, InvalidRequest, NotFound, NysaError, OutcomeUnknown, Unavailable
from stack.runtime.masking import masked
from stack.runtime.off_loop import call_off_loop

if TYPE_CHECKING:
    from handlers.context import Context

log = logging.getLogger('nysa.access')

# The request ids that are accepted from a client.
REQUEST_ID = re.compile(r'[A-Za-z0-9._-]{1,64}')


@stream_request_body
class ApiHandler(RequestHandler):
    """One request. A verb of a subclass reads `query` and `body`, calls one use case, and replies."""

    def initialize(self, context: 'Context') -> None:
        self.context = context
        self.started = time.monotonic()
        self.body = Body(self.request.headers)
        self.authenticated: Caller | None = None
        self.expired = False
        self.path_args: list[str] = []  # Tornado refuses a path that is not in UTF-8 before it sets them
        context.in_flight.enter(self)

    def clear(self) -> None:
        """Begin an answer: Tornado calls this at the start of a request, and before an error's answer."""
        if not hasattr(self, 'request_id'):
            proposed = self.request.headers.get('X-Request-Id', '')
            # Not a secret; cheaper than a UUID by one system call.
            self.request_id = proposed if REQUEST_ID.fullmatch(proposed) else f'{random.getrandbits(128):032x}'
        origins = self.settings['access'].origins
        self._headers = AnswerHeaders(origins.always, self.request_id)
        for name, value in origins.cors(self.request).items():
            self.set_header(name, value)
        self._write_buffer: list[bytes] = []
        self.set_status(200)

    # Access

    @property
    def caller(self) -> Caller:
        """The authenticated caller; a verb of the role PUBLIC has none."""
        if self.authenticated is None:
            raise RuntimeError(f'{type(self).__name__} has not authenticated its caller')
        return self.authenticated

    async def admit(self, declared: Operation, names: Sequence[str]) -> None:
        """Authenticate the caller, and check its role and its clusters.

        Raises `NotAuthenticated`, `AccessDenied`, `TooManyRequests`, and `NotFound` for a cluster out of its scope.
        """
        self.set_status(declared.status)
        self.context.access.origins.check(self.request)
        if declared.role is Role.PUBLIC:
            return
        self.authenticated = await self.context.access.caller(self.request)
        if self.caller.role < declared.role:
            raise AccessDenied(f'This requires the role {declared.role.name.lower()}.')
        if declared.cluster is not None and not self.caller.may_see(names[declared.cluster]):
            audit_hidden(self.context, self.request, self.caller, names[declared.cluster])
            raise NotFound(f'There is no cluster {names[declared.cluster]!r} here.')

    @property
    def is_masked(self) -> bool:
        """Whether answers to this caller have their secrets masked: viewers' have."""
        return self.authenticated is not None and self.authenticated.role <= Role.VIEWER

    def visible(self, content: Any) -> Any:
        """The content that the caller may see: for a viewer, everything that looks like a secret is masked."""
        return masked(content) if self.is_masked else content

    # Input

    @property
    def query(self) -> Query:
        """Made where it is used: an attribute would be a reference cycle, and leave each request to the collector."""
        return Query(self)

    def data_received(self, chunk: bytes) -> None:
        self.body.add(chunk)

    def decode_argument(self, value: bytes, name: str | None = None) -> str:
        """Decode a part of the path or query. Raises `InvalidRequest` for text that is not in UTF-8."""
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise InvalidRequest(f'The {name or "path"} is not in UTF-8.') from None

    @property
    def source(self) -> str:
        """Where the request comes from, as records have it."""
        return source_of(self.request.headers, self.context.access.origins.address(self.request))

    def change_request(self) -> ChangeRequest:
        """Raises `AccessDenied` where the caller may not override a freeze, and `InvalidRequest`."""
        address = self.context.access.origins.address(self.request)
        return read_change_request(self.query, self.request.headers, self.caller, address)

    # Verbs that every handler has

    async def head(self, *names: str) -> None:
        answer = self.get(*names)
        if answer is not None:
            await answer

    async def options(self, *_names: str) -> None:
        """Answer a CORS preflight request from a page of NYSA_ORIGINS."""
        if not self.context.access.origins.is_other(self.request):
            raise HTTPError(405)
        self.set_status(204)
        self.finish()

    def supported_methods(self) -> list[str]:
        verbs = [verb.upper() for verb in VERBS if operation_of(getattr(self, verb))]
        return verbs + ['HEAD'] * ('GET' in verbs)

    # Answers

    def reply(
        self,
        content: Mapping[str, Any],
        *,
        status: int | None = None,
        revision: str | None = None,
        media_type: str = 'application/json',
    ) -> None:
        """Answer with JSON; the status is the declared one by default, `revision` becomes the ETag."""
        if status is not None:
            self.set_status(status)
        self.send(self.encoded(content), revision, media_type)

    def encoded(self, content: Any) -> bytes:
        return json.dumps(self.visible(content)).encode()

    def send(self, body: bytes, revision: str | None, media_type: str = 'application/json') -> None:
        """Answer with an `encoded` body."""
        self.set_header('Content-Type', f'{media_type}; charset=UTF-8')
        if revision is not None:
            self.set_header('ETag', f'"{revision}"')
        self.finish(body)

    async def reply_outcome(self, outcome: Outcome, message: str = DEPLOYING) -> None:
        """Answer a change, a proposal of it, or its dry run with the plan."""
        if isinstance(outcome, Preview):
            body = await call_off_loop(lambda: self.encoded(outcome.to_json()))
            self.set_status(200)
            self.send(body, outcome.revision)
        elif isinstance(outcome, Proposed):
            self.reply(proposed_content(outcome), status=202, revision=outcome.proposal.base)
        else:
            self.reply_accepted(outcome, message)

    def reply_accepted(self, accepted: Accepted, message: str, **more: Any) -> None:
        """Answer a change; `more` are further keys of the answer."""
        self.reply({**accepted_content(accepted, message), **more}, revision=accepted.revision.id)

    def compute_etag(self) -> None:
        """No ETag by default, where Tornado would hash the body: revisions are the only ETags of the API."""

    def not_modified(self, revision: str) -> bool:
        """Answer 304 if the client has that revision, and return whether it has."""
        header = self.request.headers.get('If-None-Match', '').strip()
        if not header:
            return False
        tags = [tag.strip().removeprefix('W/').strip('"') for tag in header.split(',')]
        if revision not in tags and header != '*':
            return False
        self.set_header('ETag', f'"{revision}"')
        self.set_status(304)
        self.finish()
        return True

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = kwargs.get('exc_info', (None, None))[1]
        cluster = self.path_args[0] if self.path_args else None
        audit_refusal(self.context, self.request, error, self.authenticated, cluster)
        method, path = self.request.method or '', self.request.path or ''
        answer = error_answer(
            error, status_code, FailedRequest(self.request_id, method, path, self.supported_methods())
        )
        self.set_status(answer.status)
        for name, value in answer.headers.items():
            self.set_header(name, value)
        self.set_header('Content-Type', 'application/json; charset=UTF-8')
        # An error may quote an answer of AWS. Before authentication, the caller may be a viewer.
        hidden = self.authenticated is None or self.is_masked
        self.finish(json.dumps(masked(answer.content) if hidden else answer.content))

    # Deadline

    @property
    def only_reads(self) -> bool:
        """Whether the verb can have changed nothing: viewers' verbs cannot, and neither can dry runs."""
        method = (self.request.method or '').lower()
        declared = operation_of(getattr(self, method, None))
        if method in ('get', 'head') or (declared is not None and declared.role is Role.VIEWER):
            return True
        try:
            return self.query.flag('dry_run', default=False)
        except InvalidRequest:
            return False

    def expire(self, seconds: float | None, overdue: list[tuple[str, float]]) -> None:
        """Answer 503 while the verb goes on, and name the AWS calls that have no answer yet."""
        if self._finished:
            return
        self.expired = True
        when = 'before the server stopped' if seconds is None else f'within {seconds:.0f} s'
        calls = causes(overdue)
        cause = f': AWS has not answered {calls}' if calls else ''
        unavailable = Unavailable(f'There was no answer {when}{cause}', 'nysa:request', 'DeadlineExceeded')
        error: NysaError = unavailable
        if not self.only_reads:
            error = OutcomeUnknown('the change was made', 'Read the cluster and its history.', unavailable)
        self.send_error(503, exc_info=(type(error), error, None))

    def finish(self, chunk: Any = None) -> 'asyncio.Future[None]':
        """Send the answer, unless the deadline's answer was sent before."""
        if not (self.expired and self._finished):
            return super().finish(chunk)
        log.info('request %s ended after its deadline', self.request_id)
        sent: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        sent.set_result(None)
        return sent

    # Log and metrics

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Log an unexpected error with its stack, and an error that came too late for its client."""
        if self.expired and isinstance(value, NysaError):
            log.info('request %s ended after its deadline: %s', self.request_id, value.message)
        elif not isinstance(value, NysaError | HTTPError):
            log.error('request %s failed', self.request_id, exc_info=(typ, value, tb))

    def on_connection_close(self) -> None:
        self.context.in_flight.leave(self)

    def on_finish(self) -> None:
        self.context.in_flight.leave(self)
        seconds = time.monotonic() - self.started
        method = self.request.method or ''
        self.context.metrics.request(type(self).__name__, method, self.get_status(), seconds)
        log_request(
            method,
            self.request.path,
            self.get_status(),
            request_id=self.request_id,
            actor=self.authenticated.name if self.authenticated else None,
            cluster=self.path_args[0] if self.path_args else None,
            milliseconds=round(seconds * 1000, 1),
        )


class NothingHere(ApiHandler):
    """Every address without a route."""

    async def _nothing(self, *_names: str) -> None:
        raise HTTPError(404)

    get = put = post = delete = patch = options = _nothing
