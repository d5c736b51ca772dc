"""Warnings: remarks on a valid stackfile."""

import re
from collections.abc import Iterator
from typing import Any

from stack.runtime.masking import looks_secret
from stack.stackfile.deployment_room import leaves_room
from stack.stackfile.images import ImageReference
from stack.stackfile.network_fields import Vpc
from stack.stackfile.places import Path
from stack.stackfile.semantics.balancers import balancers
from stack.stackfile.semantics.deployment import percents_place
from stack.stackfile.semantics.rules import Finding, Subject, rule

# The reference that shells, Compose and older schedulers replace by the value of a variable.
_REFERENCE = re.compile(r'\$\{[A-Za-z_][A-Za-z0-9_]*\}')


@rule('image')
def image_is_pinned(subject: Subject) -> Iterator[Finding]:
    image = ImageReference.split(subject.settings.image)
    if image.digest is None and image.tag is None:
        yield ('image',), 'has no tag: what runs depends on when it is pulled'
    elif image.digest is None and image.tag == 'latest':
        yield ('image',), 'the tag latest moves: what runs depends on when it is pulled'


@rule('ports', 'launch_type')
def container_is_reached_at_its_own_port(subject: Subject) -> Iterator[Finding]:
    for i, port in enumerate(subject.settings.ports):
        if port.host != port.container:
            mode = subject.settings.task_network
            yield ('ports', i), f'is reached at {port.container}: in network mode {mode} ECS maps no port to another'


@rule('type')
def task_is_not_reached(subject: Subject) -> Iterator[Finding]:
    if subject.settings.type == 'task':
        for field in ('elb', 'dns_discovery', 'autoscaled'):
            if getattr(subject.settings, field):
                yield (field,), 'has no effect with type: task'


@rule('environment')
def variables_are_plain(subject: Subject) -> Iterator[Finding]:
    return variable_warnings(subject.raw.get('environment'))


def variable_warnings(environment: Any) -> Iterator[Finding]:
    """Warnings for one raw `environment`; messages never contain values."""
    for path, name, value in _variables(environment):
        if isinstance(value, float):
            yield path, f'the number reaches the container as {value}: put it in quotes to have it as written'
        if isinstance(value, str) and _REFERENCE.search(value):
            yield (
                path,
                f'{name} has a reference like ${{NAME}}: it is not replaced, and the container gets it unchanged',
            )
        if looks_secret(name, value):
            yield path, f'{name} looks like a secret in plain text: use secrets and Secrets Manager instead'


def _variables(environment: Any) -> Iterator[tuple[Path, str, Any]]:
    if isinstance(environment, dict):
        yield from ((('environment', name), name, value) for name, value in environment.items())
    for i, item in enumerate(environment if isinstance(environment, list) else ()):
        if isinstance(item, dict):
            yield from ((('environment', i, name), name, value) for name, value in item.items())
        elif isinstance(item, str) and '=' in item:
            name, _, value = item.partition('=')
            yield ('environment', i), name, value


@rule('elb.type', 'vpc')
def balancer_has_two_zones(subject: Subject) -> Iterator[Finding]:
    vpc = subject.top.vpc
    for path, elb in balancers(subject):
        if elb.type and vpc and len(set(getattr(vpc.subnets, elb.type))) == 1:
            yield (
                (*path, 'type'),
                f'AWS needs subnets in two availability zones: vpc.subnets.{elb.type} has one subnet',
            )


@rule('desired_count', 'deployment', 'deployment_configuration')
def rollout_has_room_after_rounding(subject: Subject) -> Iterator[Finding]:
    """Warn for this count only; `deployment.rollout_can_move` covers all counts."""
    settings = subject.settings
    percents = settings.maximum_percent, settings.minimum_healthy_percent
    if percents == (None, None) or settings.type == 'task' or settings.scheduling_strategy == 'DAEMON':
        return
    if settings.deployment.is_rolling and not leaves_room(settings.desired_count, *percents):
        yield (
            percents_place(settings),
            f'ECS can neither stop nor start a task of {settings.desired_count} during a rollout: it rounds the most '
            'tasks down and the fewest up',
        )


@rule('elb.type', 'vpc')
def balancer_has_a_security_group(subject: Subject) -> Iterator[Finding]:
    vpc = subject.top.vpc
    for path, elb in balancers(subject):
        if elb.type and vpc and not getattr(vpc.security_groups, elb.type):
            yield (
                (*path, 'type'),
                f"without vpc.security_groups.{elb.type} it gets the VPC's default security group",
            )


def defaults_warnings(document: Any) -> Iterator[Finding]:
    defaults = document.get('defaults') if isinstance(document, dict) else None
    for path, message in variable_warnings(defaults.get('environment') if isinstance(defaults, dict) else None):
        yield ('defaults', *path), message


def vpc_warnings(vpc: Vpc | None) -> Iterator[Finding]:
    """Warn about ids of the wrong kind, such as a subnet among the security groups."""
    if vpc is None:
        return
    if vpc.id and not vpc.id.startswith('vpc-'):
        yield ('vpc', 'id'), 'the id of a VPC starts with vpc-'
    for part, prefix in (('subnets', 'subnet-'), ('security_groups', 'sg-')):
        for side in ('public', 'private'):
            for i, value in enumerate(getattr(getattr(vpc, part), side)):
                if not value.startswith(prefix):
                    yield ('vpc', part, side, i), f'an id here starts with {prefix}'


RULES = (
    image_is_pinned,
    container_is_reached_at_its_own_port,
    task_is_not_reached,
    variables_are_plain,
    balancer_has_two_zones,
    balancer_has_a_security_group,
    rollout_has_room_after_rounding,
)
