"""Every setting in one table, and how a set of them is read.

A setting is looked up on the command line, in the environment, in the secret `{PROFILE}/nysa-api-server`, and last in
the table's default; the first that has it wins.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from stack.access.access import ROLES, Role
from stack.access.alb_identity import ARN
from stack.access.groups import read_groups
from stack.access.tokens import Token, read_records
from stack.configuration.accounts import read_accounts
from stack.errors import Misconfigured
from stack.runtime.stopping import STOP_WITHIN_S


@dataclass(frozen=True)
class Setting:
    """One line of the table. `read` turns text into the value, raising ValueError with what is allowed."""

    name: str
    help: str
    default: Any = None
    required: bool = False
    where: Literal['environment', 'secret or environment'] = 'secret or environment'
    read: Callable[[str], Any] = str
    older_name: str | None = None
    confidential: bool = False


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 <= int(text) <= 65535:
        raise ValueError('a port from 0 (any free one) to 65535')
    return int(text)


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed <= 1000:
        raise ValueError('a number above 0, at most 1000')
    return speed


def _fleet(text: str) -> str:
    if text not in ('busy', 'small'):
        raise ValueError('busy or small')
    return text


def _switch(text: str) -> bool:
    if text.lower() not in ('on', 'off'):
        raise ValueError('on or off')
    return text.lower() == 'on'


def _role(text: str) -> Role:
    if text not in ROLES:
        raise ValueError(f'one of {", ".join(ROLES)}')
    return ROLES[text]


def _whole(least: int, most: int) -> Callable[[str], int]:
    """What reads a whole number within bounds."""

    def read(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= most:
            raise ValueError(f'a whole number from {least} to {most}')
        return int(text)

    return read


def _origin(text: str) -> str:
    if not re.fullmatch(r'https?://[a-z0-9.-]+(:\d{1,5})?', text):
        raise ValueError('an origin, as https://nysa.example.com, in lower case and without a path')
    return text


def _origins(text: str) -> frozenset[str]:
    return frozenset(_origin(each) for each in text.replace(',', ' ').split())


def _load_balancer(text: str) -> str:
    if not ARN.fullmatch(text):
        raise ValueError('the ARN of an application load balancer')
    return text


def _session_key(text: str) -> str:
    if len(text) < 32:
        raise ValueError('32 random characters or more, as `openssl rand -hex 32` gives them')
    return text


def _web_address(text: str) -> str:
    if urlsplit(text).scheme not in ('http', 'https') or not urlsplit(text).hostname:
        raise ValueError('an http or https address')
    return text


SETTINGS = (
    Setting(
        'PROFILE',
        'Which configuration: the secret `{PROFILE}/nysa-api-server` in AWS Secrets Manager; `local` needs no AWS.',
        required=True,
        where='environment',
    ),
    Setting('NYSA_PORT', 'The port that the server listens on.', default=8888, where='environment', read=_port),
    Setting('NYSA_HOST', 'The address that the server listens on.', default='127.0.0.1', where='environment'),
    Setting(
        'NYSA_PROCESSES',
        'The number of processes that serve on the port, one for each processor; each is a replica. `PROFILE=local` '
        'runs in one.',
        default=1,
        where='environment',
        read=_whole(1, 64),
    ),
    Setting(
        'NYSA_STOP_SECONDS',
        'The seconds from SIGTERM within which requests and passes under way are finished; the process ends within '
        '3 more. Docker kills after 10 seconds, ECS after `stopTimeout`.',
        default=STOP_WITHIN_S,
        where='environment',
        read=_whole(3, 110),
    ),
    Setting(
        'NYSA_METRICS_PORT',
        'The port on which `nysa_server.py scheduler` serves its metrics; none unless it is set.',
        where='environment',
        read=_port,
    ),
    Setting(
        'NYSA_HEALTH_FILE',
        'The file in which a process records its heartbeat, for the health check of its container.',
        where='environment',
    ),
    Setting(
        'NYSA_AUTH',
        '`off` switches access control off: behind a proxy that controls access, or in a test. The default is on, '
        'in `PROFILE=local` off.',
        where='environment',
        read=_switch,
    ),
    Setting(
        'NYSA_TOKENS',
        'Tokens beside those created over the API: a JSON list, as `nysa_server.py token create` prints.',
        default=(),
        read=read_records,
        confidential=True,
    ),
    Setting(
        'NYSA_SESSION_KEY',
        'The key that sessions of browsers are signed with, the same for all replicas. Without it each process creates '
        'one, and sessions end with the process.',
        read=_session_key,
        confidential=True,
    ),
    Setting(
        'NYSA_URL',
        'The origin of the server for its users, as `https://nysa.example.com`. Without it every origin that matches '
        'the Host header is accepted. The commands that call a server read it from the environment.',
        read=_origin,
    ),
    Setting(
        'NYSA_ORIGINS',
        'The origins of other pages that may call the API from a browser, with a token; separated by spaces.',
        default=frozenset(),
        read=_origins,
    ),
    Setting(
        'NYSA_PROXIES',
        'The number of proxies in front that add to X-Forwarded-For; the addresses that they add are trusted.',
        default=0,
        read=_whole(0, 10),
    ),
    Setting(
        'NYSA_OIDC_ISSUER',
        'The OpenID provider at which people sign in, as its ID tokens name it. It sends them back to '
        '`{NYSA_URL}/signed-in`.',
        read=_web_address,
    ),
    Setting('NYSA_OIDC_CLIENT_ID', 'The client id of this server at the OpenID provider.', default=''),
    Setting(
        'NYSA_OIDC_CLIENT_SECRET',
        'The client secret of this server at the OpenID provider.',
        default='',
        confidential=True,
    ),
    Setting('NYSA_OIDC_SCOPES', 'The scopes to request from the OpenID provider.', default='openid profile email'),
    Setting(
        'NYSA_ALB_ARN',
        'The ARN of the load balancer whose header `x-amzn-oidc-data` is trusted.',
        read=_load_balancer,
    ),
    Setting(
        'NYSA_ALB_KEYS',
        "The address of that load balancer's public keys, before a key's id; by default the endpoint of its region.",
        read=_web_address,
    ),
    Setting('NYSA_GROUPS_CLAIM', 'The claim that names the groups of a person.', default='groups'),
    Setting(
        'NYSA_GROUPS',
        'What groups may do: `{"platform": "admin", "web": {"role": "deployer", "clusters": ["stag*"]}}`.',
        default={},
        read=read_groups,
    ),
    Setting(
        'NYSA_MAX_CONNECTIONS',
        'The number of open connections of clients, WebSockets included; more are refused with 503. It is lowered to '
        'what the limit of open files allows.',
        default=20_000,
        read=_whole(1, 1_000_000),
    ),
    Setting(
        'NYSA_MAX_CONNECTIONS_PER_ADDRESS',
        'The number of open connections of one address. The default is 1000, without a limit for loopback addresses '
        'and with `NYSA_PROXIES`, where all connections come from the proxy.',
        read=_whole(1, 1_000_000),
    ),
    Setting('NYSA_RATE_LIMIT', 'Requests a second of one caller.', default=100, read=_whole(1, 1_000_000)),
    Setting('NYSA_SOCKET_LIMIT', 'Open WebSockets of one caller.', default=100, read=_whole(1, 1_000_000)),
    Setting(
        'NYSA_LOGS_ROLE',
        'The least role that may read the logs of services: `viewer`, `deployer` or `admin`. For viewers, what '
        'looks like a secret is masked.',
        default=Role.VIEWER,
        read=_role,
    ),
    Setting(
        'NYSA_ACCOUNTS',
        'The AWS accounts of clusters, each with the role to assume there: '
        '`{"prod-eu": {"role_arn": "arn:aws:iam::123456789012:role/nysa", "external_id": "…", "region": "eu-west-1", '
        '"clusters": ["prod-*"]}}`. Without it, and for clusters that match no pattern, the account of the server.',
        default=(),
        read=read_accounts,
        confidential=True,
    ),
    Setting('AWS_S3_BUCKET', 'The bucket of the desired states.', required=True),
    Setting(
        'AWS_SQS_NOTIFICATION_QUEUE',
        'The name of the SQS queue on which changes are announced.',
        required=True,
        older_name='NYSA_SCHEDULER_SQS_QUEUE',
    ),
    Setting(
        'SLACK_NOTIFICATIONS_WEBHOOK_URL',
        'The Slack incoming webhook that each announcement carries as `callback_url`.',
        read=_web_address,
        confidential=True,
    ),
    Setting(
        'AWS_SQS_ECS_EVENTS_QUEUE',
        'The name of an SQS queue to which EventBridge sends the events of ECS; then polling only verifies.',
    ),
    Setting(
        'NYSA_RELAY_SERVER',
        'The server whose events `relay` posts to the webhook.',
        default='http://127.0.0.1:8888',
        where='environment',
        read=_web_address,
    ),
    Setting(
        'NYSA_RELAY_CLUSTERS',
        'The clusters whose events `relay` posts: names or patterns as `stag*`, separated by commas.',
        default='*',
        where='environment',
    ),
    Setting(
        'NYSA_CALLBACKS_PRIVATE',
        '`on` lets the messages that a scheduler receives name a `callback_url` with http or with an address of a '
        'private network. Without it that is https and a public address, or the configured webhook.',
        default=False,
        read=_switch,
    ),
    Setting('NYSA_RELAY_TOKEN', 'The token with which `relay` reads events.', where='environment', confidential=True),
    Setting(
        'NYSA_TOKEN',
        'The token with which `stop`, `continue`, `proposals`, `approve` and `reject` call the server at `NYSA_URL`.',
        where='environment',
        confidential=True,
    ),
    Setting(
        'NYSA_RELAY_STATE',
        'The file in which `relay` records what it has posted, so that a restart continues there; none unless set.',
        where='environment',
        read=Path,
    ),
    Setting(
        'NYSA_SANDBOX_DIR',
        'The directory in which the embedded AWS of `PROFILE=local` stores its state.',
        default='.nysa',
        where='environment',
    ),
    Setting(
        'NYSA_SANDBOX_FLEET',
        'What a fresh embedded AWS holds: `busy` (two accounts, six clusters, 40 services that run, rollouts '
        'under way) or `small` (two clusters whose services the scheduler starts).',
        default='busy',
        where='environment',
        read=_fleet,
    ),
    Setting(
        'NYSA_SANDBOX_SPEED',
        "The speed of rollouts in the embedded ECS, as a multiple of AWS's.",
        default=1.0,
        where='environment',
        read=_speed,
    ),
)

BY_NAME = {setting.name: setting for setting in SETTINGS}


class Settings:
    """The values of all settings: `settings['NYSA_PORT']`."""

    def __init__(self, values: Mapping[str, Any]):
        self._values = dict(values)

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __repr__(self) -> str:
        shown = {n: '…' if BY_NAME[n].confidential and v else v for n, v in self._values.items()}
        return f'Settings({shown})'


def is_controlled(settings: Settings) -> bool:
    """Whether callers must authenticate."""
    auth: bool | None = settings['NYSA_AUTH']
    return settings['PROFILE'] != 'local' if auth is None else auth


def tokens_of_secret(secret: Mapping[str, Any] | None) -> tuple[Token, ...]:
    """What `NYSA_TOKENS` in the secret holds now. Raises ValueError where that is broken."""
    given = (secret or {}).get('NYSA_TOKENS') or []
    return read_records(given if isinstance(given, str) else json.dumps(given))


def secret_name(profile: str) -> str:
    return f'{profile}/nysa-api-server'


def read_settings(
    environment: Mapping[str, str],
    secret: Mapping[str, Any] | None = None,
    overrides: Mapping[str, str] | None = None,
    *,
    only: str | None = None,
) -> Settings:
    """Read every setting, or with `only` those looked up there. `secret` is None where there is no such secret.

    Raises `Misconfigured` that names every missing or wrong setting, and where it was looked up; never its value
    where that is confidential.
    """
    values, wrong = {}, []
    profile = environment.get('PROFILE', '')
    for setting in SETTINGS:
        if only and setting.where != only:
            continue
        try:
            values[setting.name] = _value(setting, environment, secret or {}, overrides or {})
        except ValueError as error:
            wrong.append({'path': setting.name, 'message': f'{error}; looked up in {_places(setting, profile)}'})
    if secret is None and only is None and any(BY_NAME[each['path']].where != 'environment' for each in wrong):
        name = secret_name(profile)
        wrong.insert(0, {'path': name, 'message': 'there is no such secret in AWS Secrets Manager'})
    if wrong:
        raise Misconfigured('Settings are missing or wrong.', wrong)
    return Settings(values)


def _value(
    setting: Setting, environment: Mapping[str, str], secret: Mapping[str, Any], overrides: Mapping[str, str]
) -> Any:
    sources = [overrides, environment] if setting.where == 'environment' else [overrides, environment, secret]
    names = [setting.name] + ([setting.older_name] if setting.older_name else [])
    for source in sources:
        for name in names:
            found = source.get(name)
            if found is None or found == '':
                continue
            try:
                return setting.read(found if isinstance(found, str) else json.dumps(found))
            except ValueError as error:
                shown = '' if setting.confidential else f', not {str(found)!r}'
                raise ValueError(f'must be {error}{shown}') from None
    if setting.required:
        raise ValueError('is missing')
    return setting.default


def _places(setting: Setting, profile: str) -> str:
    if setting.where == 'environment':
        return 'the environment'
    older = f' (or the older {setting.older_name})' if setting.older_name else ''
    return f'the environment and the secret {secret_name(profile or "{PROFILE}")}{older}'
