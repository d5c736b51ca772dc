"""Initial content of an unmanaged cluster with services made by hand, for adoption."""

from collections.abc import Callable
from typing import Any

from moto.elbv2.models import elbv2_backends
from moto.logs.models import logs_backends
from moto.route53.models import route53_backends

from stack.sandbox.seed_images import newest_version
from stack.sandbox.seed_states import DOMAIN, Place

LEGACY = 'legacy'
BALANCER = 'shop-alb'
LOG_GROUP = '/ecs/legacy'

_PARTITION = 'aws'

# Asks the embedded ECS: operation and parameters → answer.
AskEcs = Callable[[str, dict[str, Any]], dict[str, Any]]


def seed_legacy(place: Place, ask: AskEcs) -> None:
    """Gives the cluster its services unless it has some; LOCK is held.

    `worker` is as Nysa would have made it. `web` has names of its own and ports of the instance's choice, `exporter` a
    second container and a limit that no stackfile knows.
    """
    if ask('ListServices', {'cluster': LEGACY})['serviceArns']:
        return
    logs = logs_backends[place.account][place.region]
    if LOG_GROUP not in logs.groups:
        logs.create_log_group(LOG_GROUP, {})
    for service, definition, more in (
        ('worker', _worker(place), {'desiredCount': 2}),
        ('web', _web(place), {'desiredCount': 1, 'loadBalancers': [_attachment(place)]}),
        ('exporter', _exporter(place), {'schedulingStrategy': 'DAEMON'}),
    ):
        ask('RegisterTaskDefinition', definition)
        made = {'cluster': LEGACY, 'serviceName': service, 'taskDefinition': definition['family'], 'launchType': 'EC2'}
        ask('CreateService', made | more)


def _image(place: Place, repository: str) -> str:
    return place.image(repository, newest_version(repository, 20))


def _logs(place: Place, prefix: str) -> dict[str, Any]:
    options = {'awslogs-group': LOG_GROUP, 'awslogs-region': place.region, 'awslogs-stream-prefix': prefix}
    return {'logDriver': 'awslogs', 'options': options}


def _worker(place: Place) -> dict[str, Any]:
    container = {
        'name': 'worker',
        'image': _image(place, 'report-worker'),
        'memory': 256,
        'environment': [{'name': 'QUEUE', 'value': 'reports'}],
        'logConfiguration': _logs(place, 'jobs'),
    }
    return {'family': f'{LEGACY}-worker', 'networkMode': 'host', 'containerDefinitions': [container]}


def _web(place: Place) -> dict[str, Any]:
    container = {
        'name': 'app',
        'image': _image(place, 'routing-service'),
        'memory': 512,
        'cpu': 128,
        'portMappings': [{'containerPort': 8080, 'hostPort': 0}],
        'environment': [{'name': 'SERVER_PORT', 'value': '8080'}, {'name': 'STAGE', 'value': 'legacy'}],
        'logConfiguration': _logs(place, 'web'),
    }
    return {'family': 'shop-frontend', 'networkMode': 'bridge', 'containerDefinitions': [container]}


def _exporter(place: Place) -> dict[str, Any]:
    exporter = {
        'name': 'exporter',
        'image': _image(place, 'email-worker'),
        'memory': 64,
        'ulimits': [{'name': 'nofile', 'softLimit': 4096, 'hardLimit': 8192}],
        'logConfiguration': _logs(place, 'exporter'),
    }
    shipper = {'name': 'shipper', 'image': _image(place, 'report-worker'), 'memory': 64}
    return {'family': f'{LEGACY}-exporter', 'networkMode': 'host', 'containerDefinitions': [exporter, shipper]}


def _attachment(place: Place) -> dict[str, Any]:
    """A target group behind a public load balancer, at which shop.example.com points."""
    elbv2 = elbv2_backends[place.account][place.region]
    group = elbv2.create_target_group(
        'shop-web',
        vpc_id=place.vpc,
        protocol='HTTP',
        port='8080',
        target_type='instance',
        healthcheck_path='/health',
        healthcheck_interval_seconds=10,
    )
    balancer = elbv2.create_load_balancer(BALANCER, [place.public_group], list(place.public_subnets))
    forward = {'Type': 'forward', 'TargetGroupArn': group.arn}
    elbv2.create_listener(balancer.arn, 'HTTPS', '443', '', place.certificate, [forward])
    alias = {
        'HostedZoneId': balancer.canonical_hosted_zone_id,
        'DNSName': balancer.dns_name,
        'EvaluateTargetHealth': False,
    }
    zone = route53_backends[place.account][_PARTITION].zones[place.hosted_zone]
    zone.upsert_rrset({'Name': f'shop.{DOMAIN}.', 'Type': 'A', 'AliasTarget': alias})
    return {'targetGroupArn': group.arn, 'containerName': 'app', 'containerPort': 8080}
