"""Shapes of values with their own grammar: images, ARNs, names, times, commands."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from voluptuous import Invalid, MultipleInvalid

from stack.errors import InvalidRequest
from stack.stackfile import ecs_model, images
from stack.stackfile.pairs import pairs
from stack.stackfile.restarts import instant
from stack.stackfile.shapes import (
    PRINTABLE,
    Shape,
    checked,
    either,
    list_of,
    mapping_of,
    mistakes_in,
    pair,
    parsed,
    refused,
    scalar,
    text,
    whole,
)

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
TARGET_GROUP = text(
    r'arn:aws[a-z-]*:elasticloadbalancing:\S+:targetgroup/\S+',
    'the ARN of a target group',
    example='arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123456789abcdef',
)
LISTENER_RULE = text(
    r'arn:aws[a-z-]*:elasticloadbalancing:\S+:(?:listener-rule/app|listener/net)/\S+',
    'the ARN of a rule of an application load balancer, or of a listener of a network load balancer',
    example='arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/net/edge/0123456789abcdef/0123456789abcdef',
)
LISTENER = text(
    r'arn:aws[a-z-]*:elasticloadbalancing:\S+:listener/app/\S+',
    'the ARN of a listener of an application load balancer',
    example='arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/edge/0123456789abcdef/0123456789abcdef',
)
# https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
BALANCER_NAME = text(
    r'[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?', 'letters, digits and -, none at an end', at_most=32, example='edge'
)
ROLE = text(
    r'arn:aws[a-z-]*:iam::\S+:role/\S+|[A-Za-z0-9_+=,.@-]{1,64}',
    'the ARN or the name of an IAM role',
    example='arn:aws:iam::123456789012:role/ecsTaskExecutionRole',
)
ROLE_ARN = text(
    r'arn:aws[a-z-]*:iam::\S+:role/\S+',
    'the ARN of an IAM role',
    example='arn:aws:iam::123456789012:role/ecsInfrastructureRole',
)
ACCOUNT = text(r'[a-z0-9][a-z0-9-]*', 'the name of an account', at_most=63, example='prod-eu')
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateCluster.html
ECS_CLUSTER = text(r'[A-Za-z0-9_-]+', 'a name of letters, digits, - and _', at_most=255, example='default')
REGION_NAME = r'[a-z]{2,4}(-[a-z]+){1,2}-[0-9]{1,2}'
REGION = text(REGION_NAME, 'a region of AWS', example='eu-west-1')
URL_PATH = text(r'/[!-~]*', 'a path that starts with /', at_most=1024, example='/health')
CONTAINER_NAME = text(r'[A-Za-z0-9_-]+', 'a name of letters, digits, - and _', at_most=255, example='app')
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
        raise refused(IMAGE.description, value)
    try:
        images.ImageReference.parse(value)
    except InvalidRequest as e:
        raise Invalid(e.message) from None
    return value


IMAGE = Shape(
    'an image reference',
    _image,
    {
        'type': 'string',
        'pattern': f'^{images.REFERENCE}$',
        'examples': ['123456789012.dkr.ecr.us-east-1.amazonaws.com/user-service:v1.2.3'],
    },
)


_INSTANT = text(
    r'[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?(?:Z|[+-][0-2][0-9]:[0-5][0-9])',
    'a time with its UTC offset (RFC 3339)',
    example='2030-01-31T18:00:00Z',
)


def _moment(value: Any) -> str:
    at: str = _INSTANT.check(value)
    if instant(at) is None:
        raise refused(_INSTANT.description, value)
    return at


INSTANT = Shape(_INSTANT.description, _moment, {**_INSTANT.json, 'format': 'date-time'})


ARGUMENTS = list_of(text(PRINTABLE + '*'))


_SHELL_COMMAND = text(rf'(?=[\s\S]*\S){PRINTABLE}+', 'a shell command')


def _health_command(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return 'CMD-SHELL', _SHELL_COMMAND.check(value)
    if isinstance(value, list) and len(value) >= 2 and value[0] in ('CMD', 'CMD-SHELL'):
        command: tuple[str, ...] = ARGUMENTS.check(value)
        return command
    raise refused(HEALTH_COMMAND.description, value)


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

LOG_SECRETS = pairs(text(), SECRET, 'a list of OPTION: ARN or parameter, or a mapping')

# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/use-environment-file.html
ENV_FILE = text(r'arn:aws[a-z-]*:s3:::\S+', 'the ARN of an object in S3', example='arn:aws:s3:::bucket/app.env')

# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-using-tags.html
TAGS = mapping_of(
    text(r'(?!aws:)[\s\S]+', 'a key that does not begin with aws:', at_most=128),
    scalar(),
)
CAPACITY_PROVIDER = text(r'[A-Za-z0-9_-]+', 'the name of a capacity provider', at_most=255)


@dataclass(frozen=True)
class Host:
    name: str
    address: str


EXTRA_HOST = parsed(r'([^:\s]+):(\S+)', 'NAME:ADDRESS', 'database:10.0.0.5', lambda m: Host(m[1], m[2]))


def ecs_part(place: str) -> Shape:
    """Members of an ECS structure (`stack.stackfile.ecs_model`), deeply merged with inherited ones."""

    def check(value: Any) -> Any:
        errors = [Invalid(message, list(path)) for path, message in ecs_model.mistakes(place, value)]
        if errors:
            raise MultipleInvalid(errors)
        return value

    def read(value: Any) -> Any:
        if not isinstance(value, dict):
            raise refused('a mapping', value)
        return value

    return Shape("a mapping of ECS's own members", check, {'$ref': f'#/$defs/ecs.{place}'}, read, merge=deeply_merged)


def deeply_merged(under: Any, over: Any) -> Any:
    """A deep merge: mappings are joined, any other value of `over` replaces that of `under`."""
    if not isinstance(under, Mapping) or not isinstance(over, Mapping):
        return over
    joined = {name: deeply_merged(under[name], part) if name in under else part for name, part in over.items()}
    return {**under, **joined}


# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html
MAX_SERVICES = 5000


def one_or_list(item: Shape, at_most: int) -> Shape:
    """Items, or the word `public` or `private`, which is read as a list of itself."""
    items = list_of(item, at_most=at_most)
    description = f'public, private, or {items.description}'

    def check(value: Any) -> tuple[Any, ...]:
        if isinstance(value, str):
            if value not in ('public', 'private'):
                raise refused(description, value)
            return (value,)
        listed: tuple[Any, ...] = items.check(value)
        return listed

    return Shape(description, check, {'anyOf': [{'enum': ['public', 'private']}, items.json]})


def parsed_whole(low: int, high: int, make: Callable[[int], Any]) -> Shape:
    """A whole number, converted by `make`."""
    number = whole(low, high)
    return Shape(number.description, lambda value: make(number.check(value)), number.json)


def named(name: Shape, item: Shape, description: str) -> Shape:
    """A list of one-key mappings from a name to its settings; read unchanged, since services are read one by one."""
    whole_list = list_of(_one_name(name, item, description), at_most=MAX_SERVICES, description=description)
    return replace(whole_list, read=lambda value: value, entries=item.entries)


def named_list(name: Shape, item: Shape, description: str, at_most: int, bare: bool = False) -> Shape:
    """A list of one-key mappings from a name to its settings; read as a tuple of `item`'s values with that `name`.

    With `bare`, an item may also be a name, which is read as text.
    """
    entry = _one_name(name, item, description)
    if bare:
        entry = either(name, str, entry)

    def read_one(value: Any) -> Any:
        if bare and isinstance(value, str):
            return name.check(value)
        if not isinstance(value, dict) or len(value) != 1:
            raise refused(description, value)
        [(key, part)] = value.items()
        return replace(item.read({} if part is None else part), name=name.check(key))

    return replace(
        list_of(replace(entry, read=read_one), at_most=at_most, description=description), entries=item.entries
    )


def _one_name(name: Shape, item: Shape, description: str) -> Shape:
    check_both = pair(name, item)

    def one(entry: Any) -> Any:
        if not isinstance(entry, dict):
            raise refused('one name with its settings below it', entry)
        if len(entry) != 1:
            mistakes = [Invalid(f'expected one name, found {len(entry)}: each is an item of its own')]
            try:
                checked(entry.items(), check_both)
            except Invalid as e:
                mistakes += mistakes_in(e)
            raise MultipleInvalid(mistakes)
        return checked(entry.items(), check_both)[0]

    mapping = {'type': 'object', 'propertyNames': name.json, 'additionalProperties': item.json}
    return Shape(description, one, {**mapping, 'minProperties': 1, 'maxProperties': 1})
