"""Request dispatcher of the endpoint: faults first, then our ECS or moto, one call at a time."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from stack.sandbox import moto_sqs
from stack.sandbox.calls import Call, identify, refusal
from stack.sandbox.control import CONTROL_PATH, control
from stack.sandbox.elb.requests import REQUESTS_PATH, requested
from stack.sandbox.faults import Faults, Verdict
from stack.sandbox.http_server import Answer, Environ
from stack.sandbox.serial import LOCK, QUEUES_CHANGED
from stack.sandbox.sts import OF_SESSIONS, Role, SecurityTokens

log = logging.getLogger(__name__)

_NO_SESSION = 'The security token included in the request is invalid or has expired.'
_FAILED = 'The embedded AWS failed; its log states why.'

# Answers one call of a service that moto does not serve: call, body → answer.
Own = Callable[[Call, bytes], Answer]


class AwsApplication:
    """Answers every call to the embedded AWS of one account.

    A call that is signed with the keys of an assumed role is answered by the application of the role's account.
    """

    def __init__(self, account: str, faults: Faults, own: dict[str, Own]):
        self.faults = faults
        self._touched: set[str] = set()
        self._account = account
        self._tokens: SecurityTokens[AwsApplication] = SecurityTokens(account)
        self._own = {**own, 'sts': self._tokens.answer}
        self._moto = DomainDispatcherApplication(create_backend_app)
        # moto looks at the directories of all its services at each request, a third of the time that it takes.
        vars(self._moto)['get_backend_for_host'] = cache(self._moto.get_backend_for_host)
        self._recordings: list[Callable[[Call], None]] = []

    def __call__(self, environ: Environ, body: bytes) -> Answer | None:
        path = environ['PATH_INFO']
        if _from_a_browser(environ) or path.startswith('/moto-api'):
            return Answer(403, (('Content-Type', 'text/plain'),), b'The embedded AWS answers AWS clients alone.\n')
        if path == REQUESTS_PATH:
            return requested(environ['REQUEST_METHOD'], body)
        if path.startswith(CONTROL_PATH):
            return control(self.faults, environ['REQUEST_METHOD'], path, body)
        call = identify(environ, body)
        if not call.access_key.startswith(OF_SESSIONS):
            return self._serve(call, environ, body)
        session = self._tokens.session(call.access_key)
        if session is None:
            return refusal(call, 403, 'ExpiredTokenException', _NO_SESSION)
        return session.role.owner._serve(call, environ, body)

    def trust(self, arn: str, owner: 'AwsApplication', external_id: str = '') -> None:
        """Let callers assume a role in the account of another embedded AWS."""
        self._tokens.trust(Role(arn, owner, external_id))

    def _serve(self, call: Call, environ: Environ, body: bytes) -> Answer | None:
        """Answer a call in this account."""
        for record in self._recordings:
            record(call)
        verdict = self._verdict(call, environ, body)
        if verdict.seconds:
            time.sleep(verdict.seconds)
        if verdict.reset:
            return None
        if verdict.refusal:
            return verdict.refusal
        try:
            answer = self._answer(call, environ, body, verdict)
        except Exception:
            log.exception('the embedded AWS failed at %s', call)
            answer = refusal(call, 500, 'InternalFailure', _FAILED)
        return None if 'lose' in verdict.kinds else answer

    @contextmanager
    def recording(self) -> Iterator[list[str]]:
        """The calls of a `with` block in order of arrival, as `s3:PutObject`."""
        calls: list[str] = []
        with self._recording(lambda call: calls.append(str(call))):
            yield calls

    @contextmanager
    def recording_keys(self) -> Iterator[list[tuple[str, str]]]:
        """The calls of a `with` block, as `recording`, each with the access key that it was signed with."""
        calls: list[tuple[str, str]] = []
        with self._recording(lambda call: calls.append((str(call), call.access_key))):
            yield calls

    @contextmanager
    def _recording(self, record: Callable[[Call], None]) -> Iterator[None]:
        self._recordings.append(record)
        try:
            yield
        finally:
            self._recordings = [kept for kept in self._recordings if kept is not record]

    def take_touched(self) -> set[str]:
        """The calls since the last look that may have changed something, as `s3:PutObject`; LOCK is held."""
        taken, self._touched = self._touched, set()
        return taken

    def _verdict(self, call: Call, environ: Environ, body: bytes) -> Verdict:
        if not self.faults:
            return Verdict()
        text = f'{environ["PATH_INFO"]}?{environ["QUERY_STRING"]}\n{body.decode("utf-8", "replace")}'
        return self.faults.verdict(call, text)

    def _answer(self, call: Call, environ: Environ, body: bytes, verdict: Verdict) -> Answer:
        with LOCK:
            if call.changes:
                self._touched.add(str(call))
            if 'shuffle' in verdict.kinds:
                moto_sqs.shuffle(self._account, call.region, body)
            answer = (
                self._own[call.service](call, body) if call.service in self._own else self._from_moto(call, environ)
            )
            if 'duplicate' in verdict.kinds and answer.status == 200:
                moto_sqs.duplicate_newest(self._account, call.region, body)
            if call.service == 'sqs' and call.operation != 'ReceiveMessage':
                QUEUES_CHANGED.notify_all()
        return answer

    def _from_moto(self, call: Call, environ: Environ) -> Answer:
        # moto would take the account from the access key, and each embedded AWS of a process has one of its own.
        environ['HTTP_X_MOTO_ACCOUNT_ID'] = self._account
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[..., Any]:
            started[:] = [int(status.split(' ', 1)[0]), tuple(headers)]
            return lambda data: None

        try:
            body = b''.join(self._moto(environ, start_response))
        except NotImplementedError:
            return refusal(call, 501, 'NotImplemented', f'The embedded AWS does not have {call}.')
        except Exception:
            log.exception('moto failed at %s', call)
            return refusal(call, 500, 'InternalFailure', _FAILED)
        status, headers = started
        return Answer(status, headers, body)


def _from_a_browser(environ: Environ) -> bool:
    """Whether the request comes from a web page; AWS clients send neither header."""
    host = environ.get('HTTP_HOST', '').rpartition(':')[0] or environ.get('HTTP_HOST', '')
    if 'HTTP_ORIGIN' in environ or 'HTTP_SEC_FETCH_SITE' in environ:
        return True
    # DNS rebinding: a web page may use a name that resolves to 127.0.0.1.
    return not (host in ('127.0.0.1', 'localhost') or host.endswith(('.localhost', '.amazonaws.com')))
