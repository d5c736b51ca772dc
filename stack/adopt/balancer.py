"""A service's load balancer in the words of a stackfile, where a stackfile has words for it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from stack.reconcile.names import RECORD_TAG, alias_target, tagged_record
from stack.reconcile.observed import Listener, LoadBalancer, Observed, Record, Service, TargetGroup
from stack.stackfile.entries import entries
from stack.stackfile.fields import TargetHealthcheck

Say = Callable[[str], None]

_HEALTH = {
    'protocol': 'HealthCheckProtocol',
    'port': 'HealthCheckPort',
    'path': 'HealthCheckPath',
    'interval_seconds': 'HealthCheckIntervalSeconds',
    'timeout_seconds': 'HealthCheckTimeoutSeconds',
    'healthy_threshold_count': 'HealthyThresholdCount',
    'unhealthy_threshold_count': 'UnhealthyThresholdCount',
}


@dataclass(frozen=True)
class Way:
    """How requests come to the service: from a listener of a load balancer, over a target group, to a port."""

    balancer: LoadBalancer
    listener: Listener
    group: TargetGroup
    port: int


def way_in(service: Service, container: str, observed: Observed, say: Say) -> Way | None:
    """The first of the service's load balancers that a stackfile can describe; the others are said to stay."""
    found: Way | None = None
    for attachment in service.load_balancers:
        if name := attachment.get('loadBalancerName'):
            say(f'It stays attached to the load balancer {name}, of the classic type: elb means an application one.')
            continue
        group = next((each for each in observed.target_groups if each.arn == attachment.get('targetGroupArn')), None)
        called = group.name if group else attachment.get('targetGroupArn')
        way = _way(group, attachment, container, observed) if group else 'it cannot be found'
        if isinstance(way, Way) and found:
            way = 'a service of a stackfile has one load balancer'
        if isinstance(way, Way):
            found = way
        else:
            say(f'It stays attached to the target group {called} as it is, which elb cannot describe: {way}.')
    return found


def _way(group: TargetGroup, attachment: Any, container: str, observed: Observed) -> Way | str:
    """The way through a target group, or why there is none that a stackfile can describe."""
    if attachment.get('containerName') != container:
        return f'it leads to the container {attachment.get("containerName")}'
    ways = [
        (balancer, listener)
        for balancer in observed.load_balancers
        for listener in balancer.listeners
        if listener.target_group == group.arn
    ]
    if not ways:
        return 'no listener leads to it by default, only rules do'
    # One that redirects to HTTPS has no target group.
    balancer, listener = max(ways, key=lambda each: (each[1].protocol == 'HTTPS', -each[1].port))
    if balancer.type != 'application':
        return f'{balancer.name} is a {balancer.type} load balancer'
    return Way(balancer, listener, group, attachment['containerPort'])


def elb_settings(cluster: str, service: str, way: Way, observed: Observed, say: Say) -> dict[str, Any]:
    """What stands under `elb`, its defaults left out."""
    balancer, listener = way.balancer, way.listener
    found = {
        'name': _own_name(cluster, service, balancer.name),
        'type': 'public' if balancer.scheme == 'internet-facing' else 'private',
        'protocol': listener.protocol if listener.protocol != 'HTTP' else None,
        'ports': {'public': listener.port, 'container': way.port},
        'certificates': list(listener.certificates[:1]),
        'dns': _dns(balancer, observed, say),
        'healthcheck': _healthcheck(way),
    }
    for other in balancer.listeners:
        if other.arn != listener.arn:
            say(f'The listener of {balancer.name} on port {other.port} stays as it is: elb describes one listener.')
    return {name: value for name, value in found.items() if value}


def _own_name(cluster: str, service: str, name: str) -> str:
    """The part of a load balancer's name that can be chosen; see `stack.stackfile.naming`."""
    before, after = f'{cluster}-{service}-', '-lb'
    fits = name.startswith(before) and name.endswith(after) and len(name) > len(before) + len(after)
    return name[len(before) : -len(after)] if fits else ''


def _dns(balancer: LoadBalancer, observed: Observed, say: Say) -> dict[str, str] | None:
    tagged = tagged_record(balancer.tags.get(RECORD_TAG, ''))
    pointing = [each for each in observed.records if each.target and each.target == alias_target(balancer.dns_name)]
    plain = sorted(
        {(each.zone, each.name) for each in pointing if each.type == 'A' and not _is_one_of_several(each)},
        key=lambda place: (place != tagged, place[1], place[0]),
    )
    for name in sorted({each.name for each in pointing} - {name for _, name in plain[:1]}):
        say(f'The record {name} stays as it is: elb.dns describes one record, of type A and without a routing policy.')
    return {'hosted_zone_id': plain[0][0], 'record_name': plain[0][1]} if plain else None


def _is_one_of_several(record: Record) -> bool:
    """https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy.html"""
    return 'SetIdentifier' in record.found


def _healthcheck(way: Way) -> dict[str, Any]:
    said = {name: way.group.health.get(key) for name, key in _HEALTH.items()}
    port = str(said['port'] or '')
    said['port'] = int(port) if port.isdecimal() and int(port) != way.port else None
    defaults = {each.name: each.default for each in entries(TargetHealthcheck)}
    return {name: value for name, value in said.items() if value not in (None, defaults[name])}
