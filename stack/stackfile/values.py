"""The values of a stackfile that have a grammar of their own, and what they are read as."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from voluptuous import Invalid, MultipleInvalid

from stack import images
from stack.errors import InvalidRequest
from stack.stackfile.pairs import pairs
from stack.stackfile.restarts import instant
from stack.stackfile.shapes import (
    PRINTABLE,
    Shape,
    checked,
    list_of,
    mistakes_in,
    pair,
    refused,
    scalar,
    text,
    whole,
)

_PORT = r'(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])'
_LABEL = r'[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?'

PORT = whole(1, 65535)
AWS_ID = text(r'[A-Za-z0-9-]+', 'an AWS id', example='subnet-0a1b2c3d')
SERVICE_NAME = text(r'[A-Za-z0-9_-]+', 'a name of letters, digits, - and _', at_most=255, example='user-service')
NAMESPACE = text(rf'{_LABEL}\.{_LABEL}', 'a domain one level below the top, such as example.com', example='example.sd')
DISCOVERY_NAME = text(
    r'[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*', 'a name below the namespace', example='user.staging'
)
DOMAIN = text(
    r'(?:\*\.)?(?:[A-Za-z0-9_-]{1,63}\.)+[A-Za-z0-9-]{1,63}\.?',
    'a domain name',
    at_most=255,
    example='staging.example.com',
)
HOSTED_ZONE = text(r'(?:/hostedzone/)?[A-Za-z0-9]{1,32}', 'the id of a hosted zone', example='Z0123456789ABC')
CERTIFICATE = text(
    r'arn:aws[a-z-]*:(?:acm|iam):\S+',
    'the ARN of a certificate',
    example='arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012',
)
ROLE = text(
    r'arn:aws[a-z-]*:iam::\S+:role/\S+|[A-Za-z0-9_+=,.@-]{1,64}',
    'the ARN or the name of an IAM role',
    example='arn:aws:iam::123456789012:role/ecsTaskExecutionRole',
)
URL_PATH = text(r'/[!-~]*', 'a path that starts with /', at_most=1024, example='/health')
VARIABLE = text(r'[A-Za-z_][A-Za-z0-9_.-]*', 'a name of letters, digits, _ . - (no digit first)', at_most=255)
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar.html
SECRET = text(
    r'arn:aws[a-z-]*:(?:secretsmanager|ssm):\S+|[A-Za-z0-9_./-]+',
    'the ARN of a secret, or the ARN or the name of a parameter',
    at_most=2048,
    example='arn:aws:secretsmanager:us-east-1:123456789012:secret:database-a1b2c3',
)


def _image(value: Any) -> str:
    if not isinstance(value, str):
        raise refused('an image', value)
    try:
        images.ImageReference.parse(value)
    except InvalidRequest as e:
        raise Invalid(e.message) from None
    return value


IMAGE = Shape(
    'an image, as docker pull takes it',
    _image,
    {
        'type': 'string',
        'pattern': f'^{images.REFERENCE}$',
        'examples': ['123456789012.dkr.ecr.us-east-1.amazonaws.com/user-service:v1.2.3'],
    },
)


@dataclass(frozen=True)
class PortMapping:
    host: int
    container: int
    protocol: str = 'tcp'


def _parsed(pattern: str, says: str, example: str, make: Callable[[re.Match], Any]) -> Shape:
    """Text by a pattern, read as what `make` gives."""
    words = text(pattern, says, example=example)
    compiled = re.compile(pattern)
    return Shape(says, lambda value: make(compiled.fullmatch(words.check(value))), words.json)


PORT_MAPPING = _parsed(
    rf'({_PORT}):({_PORT})(?:/(tcp|udp))?',
    'HOST:CONTAINER or HOST:CONTAINER/udp in quotes, ports from 1 to 65535',
    '8080:8080',
    lambda m: PortMapping(int(m[1]), int(m[2]), m[3] or 'tcp'),
)


@dataclass(frozen=True)
class Volume:
    name: str
    host: str
    container: str
    read_only: bool = False


VOLUME = _parsed(
    r'([A-Za-z0-9_-]{1,255}):(/[^:\s]*):(/[^:\s]*)(?::(ro|rw))?',
    'NAME:/HOST/PATH:/CONTAINER/PATH, with :ro at the end for read only',
    'data:/srv/data:/data:ro',
    lambda m: Volume(m[1], m[2], m[3], m[4] == 'ro'),
)


_INSTANT = text(
    r'[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?(?:Z|[+-][0-2][0-9]:[0-5][0-9])',
    'a time with its UTC offset (RFC 3339)',
    example='2030-01-31T18:00:00Z',
)


def _moment(value: Any) -> str:
    if instant(_INSTANT.check(value)) is None:
        raise refused(_INSTANT.says, value)
    return value


INSTANT = Shape(_INSTANT.says, _moment, {**_INSTANT.json, 'format': 'date-time'})


ARGUMENTS = list_of(text(PRINTABLE + '*'))


_SHELL_COMMAND = text(rf'(?=[\s\S]*\S){PRINTABLE}+', 'a shell command')


def _health_command(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return 'CMD-SHELL', _SHELL_COMMAND.check(value)
    if isinstance(value, list) and len(value) >= 2 and value[0] in ('CMD', 'CMD-SHELL'):
        return ARGUMENTS.check(value)
    raise refused(HEALTH_COMMAND.says, value)


# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html
HEALTH_COMMAND = Shape(
    'a shell command, or a list that starts with CMD or CMD-SHELL',
    _health_command,
    {
        'anyOf': [
            _SHELL_COMMAND.json,
            {**ARGUMENTS.json, 'prefixItems': [{'enum': ['CMD', 'CMD-SHELL']}], 'minItems': 2},
        ]
    },
)

ENVIRONMENT = pairs(VARIABLE, scalar(), 'a list of NAME: value or NAME=value, or a mapping', with_text=True)
SECRETS = pairs(VARIABLE, SECRET, 'a list of NAME: ARN or parameter, or a mapping')


# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html
MAX_SERVICES = 5000


def named(name: Shape, item: Shape, says: str) -> Shape:
    """A list whose items have one key each, their name; read as it is, since each service is read by itself."""
    check_both = pair(name, item)

    def one(entry: Any) -> Any:
        if not isinstance(entry, dict):
            raise refused('one name with its settings below it', entry)
        if len(entry) != 1:
            mistakes = [Invalid(f'expected one name, found {len(entry)}: each service is an item of its own')]
            try:
                checked(entry.items(), check_both)
            except Invalid as e:
                mistakes += mistakes_in(e)
            raise MultipleInvalid(mistakes)
        return checked(entry.items(), check_both)[0]

    mapping = {'type': 'object', 'propertyNames': name.json, 'additionalProperties': item.json}
    items = Shape(says, one, {**mapping, 'minProperties': 1, 'maxProperties': 1})
    whole_list = list_of(items, at_most=MAX_SERVICES, says=says)
    return replace(whole_list, read=lambda value: value, entries=item.entries)
