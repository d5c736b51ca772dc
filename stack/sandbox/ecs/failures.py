"""Failures of containers, selected by words in the image's tag, with ECS's messages.

`broken`, `slow` and `unhealthy` count anywhere in a tag; the others as whole words between `-`, `_` and `.`:
`1.4-oom`, `exit-3`.

Source of the wordings: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

ANYWHERE = ('broken', 'slow', 'unhealthy')
AS_WORDS = ('oom', 'flaky', 'denied', 'unstartable', 'port-in-use', 'spot', 'stubborn', 'bad-migration')

KILLED = 137
ESSENTIAL_EXITED = 'Essential container in task exited'
OUT_OF_MEMORY = 'OutOfMemoryError: Container killed due to memory usage'

# What a `bad-migration` does in a task of RunTask, and nothing in one of a service.
_MIGRATING = 'migrating'

_WORD = re.compile(rf'(?:^|[-_.])({"|".join(AS_WORDS)}|exit-\d{{1,3}})(?=$|[-_.])')


class Exit(NamedTuple):
    """The exit of a container by itself; `last_lines` are its last log lines."""

    code: int
    reason: str | None
    last_lines: list[str]


FLAKE = Exit(1, None, ['connection lost, giving up'])


def behaviour(tags: Iterable[str]) -> str:
    """The words of the tags that select a failure, joined by spaces."""
    words: list[str] = []
    for tag in tags:
        words += [word for word in ANYWHERE if word in tag]
        words += _WORD.findall(tag)
    return ' '.join(dict.fromkeys(words))


def behaviour_of_run(words: str, command: Iterable[str]) -> str:
    """The behaviour of a container in a task of RunTask: an argument `exit-N` selects its exit code, too."""
    arguments = [word for word in command if re.fullmatch(r'exit-\d{1,3}', word)]
    kinds = words.split()
    return ' '.join(dict.fromkeys([*kinds, *arguments, *([_MIGRATING] if 'bad-migration' in kinds else [])]))


def crash(words: str) -> Exit | None:
    """How a service's container of that behaviour exits at once; None where it goes on running."""
    for word in words.split():
        if word == 'broken':
            return Exit(1, None, ['Traceback (most recent call last):', 'RuntimeError: this build is broken'])
        if word == 'oom':
            return Exit(137, OUT_OF_MEMORY, ['loading the model', 'Killed'])
        if word == _MIGRATING:
            return Exit(1, None, ['applying 0042_add_index', 'relation "orders" does not exist'])
        if word.startswith('exit-'):
            code = int(word[5:]) % 256
            return Exit(code, None, [f'stopping with status {code}'])
    return None


def not_pulled(words: str, image: str, fargate: bool) -> str | None:
    """The agent's or Fargate's message for an image that cannot be pulled; None if it can."""
    kinds = words.split()
    if 'missing' in kinds:
        if fargate:
            return f'CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref {image}: not found'  # noqa: E501 (one sentence of AWS's)
        return (
            f'CannotPullContainerError: Error response from daemon: manifest for {image} not found: '
            'manifest unknown: Requested image not found'
        )
    if 'denied' in kinds:
        name = image.partition('@')[0].rpartition(':')[0] or image
        return (
            f'CannotPullContainerError: Error response from daemon: pull access denied for {name}, '
            "repository does not exist or may require 'docker login'"
        )
    return None


def not_started(words: str, ports: list[int]) -> str | None:
    """Docker's message for a container that cannot be started; None if it can."""
    kinds = words.split()
    if 'port-in-use' in kinds:
        port = ports[0] if ports else 80
        return (
            'CannotStartContainerError: Error response from daemon: driver failed programming external connectivity '
            f'on endpoint: Bind for 0.0.0.0:{port} failed: port is already allocated'
        )
    if 'unstartable' in kinds:
        return (
            'CannotStartContainerError: Error response from daemon: failed to create task for container: '
            'exec: "/start": stat /start: no such file or directory: unknown'
        )
    return None


def secret_missing(value_from: str) -> str:
    where, service, error = (
        ('ssm', 'ssm', 'ParameterNotFound')
        if ':secretsmanager:' not in value_from
        else ('asm', 'secrets manager', "ResourceNotFoundException: Secrets Manager can't find the specified secret.")
    )
    return (
        'ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: '
        f'unable to retrieve secret from {where}: service call has been retried 1 time(s): '
        f'failed to fetch secret {value_from} from {service}: {error}'
    )


def log_group_missing() -> str:
    return (
        'ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: '
        'failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist.'
    )


def log_group_denied() -> str:
    return (
        'ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: '
        'failed to create Cloudwatch log group: AccessDeniedException: no permission for logs:CreateLogGroup'
    )


def role_refused(role: str) -> str:
    """Part of a service event, and the error of RunTask."""
    return (
        f"ECS was unable to assume the role '{role}' that was provided for this task. Please verify that the role "
        'being passed has the proper trust relationship and permissions and that your IAM user has permissions to pass '
        'this role.'
    )
