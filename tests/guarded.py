"""The server with access control, for tests: fixture `guarded`, with an admin's token in its secret."""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from stack.access.access import ROLES
from stack.access.tokens import Asked, make
from tests.aws import Aws
from tests.client import Answer
from tests.server import Server

_numbers = itertools.count(1)


class Guarded(Server):
    """A server with access control: `admin` is an administrator's token, `records` are further tokens in the secret."""

    def __init__(self, aws: Aws, *records: dict[str, Any], profile: str | None = None, **settings: str):
        self.profile = profile or f'guarded-{next(_numbers)}'
        self.admin, kept = make(Asked('root', ROLES['admin']), None, datetime.now(UTC))
        aws.secret(self.profile, {'NYSA_TOKENS': [kept.record(), *records]})
        # A test makes more requests a second than any caller: each would be refused, and prove nothing.
        unlimited = {'NYSA_RATE_LIMIT': '1000000'}
        super().__init__(aws, PROFILE=self.profile, NYSA_AUTH='on', **(unlimited | settings))

    def as_(self, token: str, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send a request with a token."""
        return self.api(method, path, body, Authorization=f'Bearer {token}', **headers)

    def token(self, role: str, **asked: Any) -> str:
        """A new token, created through the API."""
        made = self.as_(self.admin, 'POST', '/tokens', {'name': role, 'role': role, 'expires': '1d'} | asked)
        assert made.status == 201, made.body
        return made.json['token']

    def revoke(self, token: str) -> None:
        assert self.as_(self.admin, 'DELETE', f'/tokens/{token.split("_")[1]}').status == 200

    def managed(self, name: str | None = None) -> str:
        """A new cluster under management with one service, `web`."""
        name = self.aws.cluster(name)
        config = {'services': [{'web': {'image': 'nginx:1', 'environment': [{'DB_PASSWORD': 'hunter2'}]}}]}
        assert self.as_(self.admin, 'POST', '/clusters', {'name': name, 'config': config}).status == 201
        return name

    def signed_in(self, token: str) -> tuple[str, str]:
        """A new session: its cookie, and its CSRF token."""
        answer = self.api('POST', '/session', {'token': token})
        assert answer.status == 200, answer.body
        return answer.headers['Set-Cookie'].partition(';')[0], answer.json['csrf']

    def refresh(self) -> None:
        """Make the server reload its tokens now instead of in some seconds."""
        self.run(self.context.access.controlled().store.refresh())


@pytest.fixture
def guarded(aws: Aws) -> Iterator[Guarded]:
    """A fresh server with access control."""
    with Guarded(aws) as running:
        yield running
