"""STS of the embedded AWS: the roles that may be assumed here, and the sessions that clients hold.

A role belongs to another embedded AWS of the process, which answers the calls that are signed with its sessions' keys.
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from stack.sandbox.calls import Call, refusal
from stack.sandbox.http_server import Answer

# Access keys of sessions begin with it, those of users with AKIA:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
OF_SESSIONS = 'ASIA'
SESSION_S = 3600
_XMLNS = 'https://sts.amazonaws.com/doc/2011-06-15/'

Owner = TypeVar('Owner')


@dataclass(frozen=True)
class Role(Generic[Owner]):
    """A role that may be assumed; `external_id` is empty where its trust policy requires none."""

    arn: str
    owner: Owner
    external_id: str = ''


@dataclass(frozen=True)
class Session(Generic[Owner]):
    """An assumed role, until `expires` in seconds since the epoch."""

    role: Role[Owner]
    name: str
    expires: float


class SecurityTokens(Generic[Owner]):
    """Roles and sessions of one embedded AWS; `Owner` is what answers calls in the account of a role."""

    def __init__(self, account: str, now: Callable[[], float] = time.time):
        self._account = account
        self._now = now
        self._roles: dict[str, Role[Owner]] = {}
        self._sessions: dict[str, Session[Owner]] = {}

    def trust(self, role: Role[Owner]) -> None:
        """Let the users of this account assume a role."""
        self._roles[role.arn] = role

    def session(self, access_key: str) -> Session[Owner] | None:
        """The session of an access key; None for the key of a user, and for one that is unknown or expired."""
        session = self._sessions.get(access_key)
        return session if session and session.expires > self._now() else None

    def answer(self, call: Call, body: bytes) -> Answer:
        """Answer a call of STS that is signed with the key of a user."""
        members = {name: values[0] for name, values in parse_qs(body.decode('utf-8', 'replace')).items()}
        if call.operation == 'GetCallerIdentity':
            return self.identity(f'arn:aws:iam::{self._account}:user/sandbox', self._account)
        if call.operation != 'AssumeRole':
            return refusal(call, 501, 'NotImplemented', f'The embedded AWS does not have {call}.')
        arn = members.get('RoleArn', '')
        role = self._roles.get(arn)
        if role is None or role.external_id not in ('', members.get('ExternalId')):
            user = f'arn:aws:iam::{self._account}:user/sandbox'
            message = f'User: {user} is not authorized to perform: sts:AssumeRole on resource: {arn}'
            return refusal(call, 403, 'AccessDenied', message)
        return self._assumed(role, members)

    def _assumed(self, role: Role[Owner], members: dict[str, str]) -> Answer:
        key, name = OF_SESSIONS + secrets.token_hex(8).upper(), members.get('RoleSessionName', '')
        expires = self._now() + float(members.get('DurationSeconds', SESSION_S))
        self._sessions = {key: known for key, known in self._sessions.items() if known.expires > self._now()}
        self._sessions[key] = Session(role, name, expires)
        until = datetime.fromtimestamp(expires, UTC).strftime('%Y-%m-%dT%H:%M:%SZ')
        return _answer(
            'AssumeRole',
            f'<Credentials><AccessKeyId>{key}</AccessKeyId><SecretAccessKey>{secrets.token_hex(20)}</SecretAccessKey>'
            f'<SessionToken>{secrets.token_hex(32)}</SessionToken><Expiration>{until}</Expiration></Credentials>'
            f'<AssumedRoleUser><Arn>{escape(_assumed_arn(role.arn, name))}</Arn>'
            f'<AssumedRoleId>AROA:{escape(name)}</AssumedRoleId></AssumedRoleUser>',
        )

    def identity(self, arn: str, account: str) -> Answer:
        """The answer to GetCallerIdentity."""
        return _answer(
            'GetCallerIdentity', f'<Arn>{escape(arn)}</Arn><UserId>AIDA</UserId><Account>{account}</Account>'
        )


def _assumed_arn(role: str, session: str) -> str:
    account, name = role.split(':')[4], role.rpartition('/')[2]
    return f'arn:aws:sts::{account}:assumed-role/{name}/{session}'


def _answer(operation: str, result: str) -> Answer:
    body = (
        f'<{operation}Response xmlns="{_XMLNS}"><{operation}Result>{result}</{operation}Result>'
        f'<ResponseMetadata><RequestId>{secrets.token_hex(16)}</RequestId></ResponseMetadata></{operation}Response>'
    )
    return Answer(200, (('Content-Type', 'text/xml'),), body.encode())
