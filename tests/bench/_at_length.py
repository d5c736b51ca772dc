"""What ECS describes beside what matters: a hundred events of each service, all members of a task definition."""

import hashlib
from typing import Any

from stack.reconcile.definition import fingerprint
from stack.reconcile.names import MADE_FOR_TAG, Owner, ecs_tags

# ECS lists as many, and a service at rest gets one every six hours.
EVENTS, EVERY_S = 100, 6 * 3600.0
NEWEST = 1.76e9
# How many of the newest report nothing but that; the deployment is before them.
STEADY = 12
GROUP = 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup'

# A service as its stackfile declares it, for `SERVICES` of a cluster.
SETTINGS: dict[str, Any] = {
    'desired_count': 2,
    'ports': ['8080:8080'],
    'environment': [{f'SETTING_{number}': f'the value of setting {number}'} for number in range(15)],
    'secrets': [
        {'DB_PASSWORD': 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:team/db-AbCdEf:password::'},
        {'API_KEY': 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:team/api-AbCdEf'},
    ],
    'logging': {'log_driver': 'awslogs', 'options': {'awslogs-group': '/ecs/team', 'awslogs-region': 'eu-west-1'}},
    'tags': {'team': 'checkout', 'stage': 'production'},
}


def service(number: int, tag: int = 1) -> dict[str, Any]:
    return {
        f's{number}': {**SETTINGS, 'image': f'123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app-{number}:{tag}'}
    }


def events(name: str, version: str) -> list[dict[str, Any]]:
    """The event log of a service at rest, the newest first."""
    tasks, group = (f'(task {_hex(name, version, n)}) (task {_hex(n, name, version)})' for n in (1, 2)), _hex(name)[:16]
    behind = f'(target-group {GROUP}/{name}/{group})'
    deployed = [
        f'(deployment ecs-svc/{int(_hex(name, version), 16) % 10**19:019}) deployment completed.',
        f'has stopped 2 running tasks: {next(tasks)}.',
        f'deregistered 2 targets in {behind}',
        'has begun draining connections on 2 tasks.',
        f'registered 2 targets in {behind}',
        f'has started 2 tasks: {next(tasks)}.',
    ]
    steady = ['has reached a steady state.'] * EVENTS
    texts = [*steady[:STEADY], *deployed, *steady][:EVENTS]
    return [
        {
            'id': _uuid(name, version, place),
            'createdAt': NEWEST - place * EVERY_S + 0.123,
            'message': f'(service {name}) {text}',
        }
        for place, text in enumerate(texts)
    ]


def described(definition: dict[str, Any], cluster: str, name: str) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """A registered task definition with the members that ECS adds, and its tags."""
    containers = [
        {'cpu': 0, 'mountPoints': [], 'volumesFrom': [], 'systemControls': [], **container}
        for container in definition['containerDefinitions']
    ]
    added = {
        'volumes': [],
        'placementConstraints': [],
        'compatibilities': ['EXTERNAL', 'EC2'],
        'requiresAttributes': [
            {'name': f'com.amazonaws.ecs.capability.{each}'}
            for each in ('logging-driver.awslogs', 'docker-remote-api.1.19', 'ecr-auth', 'task-iam-role')
        ],
        'registeredAt': NEWEST,
        'registeredBy': 'arn:aws:sts::123456789012:assumed-role/nysa/nysa-scheduler',
    }
    tags = {**Owner(cluster, name).tags, MADE_FOR_TAG: fingerprint(definition)}
    body = {key: value for key, value in definition.items() if key != 'tags'}
    return {**added, **body, 'containerDefinitions': containers}, [*definition.get('tags', ()), *ecs_tags(tags)]


def _hex(*parts: object) -> str:
    return hashlib.md5('/'.join(map(str, parts)).encode()).hexdigest()


def _uuid(*parts: object) -> str:
    text = _hex(*parts)
    return '-'.join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
