"""A service's load balancer in the terms of a stackfile, where `elb` can describe it exactly."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from stack.reconcile import names
from stack.reconcile.draft import Blocked, Draft
from stack.reconcile.load_balancer import plan_load_balancer
from stack.reconcile.names import RECORD_TAG, Owner, alias_target, tagged_record
from stack.reconcile.observed import Listener, LoadBalancer, Observed, Record, Service, TargetGroup
from stack.reconcile.wanted import Wanted
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


def way_in(service: Service, observed: Observed, say: Say) -> Way | None:
    """The first of the service's attachments that `elb` might describe; a note for each of the others."""
    found: Way | None = None
    for attachment in service.load_balancers:
        if name := attachment.get('loadBalancerName'):
            say(f'It stays attached to the load balancer {name}, of the classic type: elb means an application one.')
            continue
        group = next((each for each in observed.target_groups if each.arn == attachment.get('targetGroupArn')), None)
        called = group.name if group else attachment.get('targetGroupArn')
        way = _way(group, attachment, observed) if group else 'it cannot be found'
        if isinstance(way, Way) and found:
            way = 'a service of a stackfile has one load balancer'
        if isinstance(way, Way):
            found = way
        else:
            say(f'It stays attached to the target group {called} as it is, which elb cannot describe: {way}.')
    return found


def _way(group: TargetGroup, attachment: Any, observed: Observed) -> Way | str:
    """The way through a target group, or why there is none that a stackfile can describe."""
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


def kept_as_it_is(way: Way, wanted: Wanted, observed: Observed) -> str | None:
    """Why the load balancer stays as other hands made it, in a sentence; None where `elb` describes it exactly.

    It does where a deployment would do no more to it than to mark it; and where Nysa made it, whatever was changed
    since, or else the first deployment would remove it.
    """
    owner = Owner(observed.cluster, wanted.service)
    if owner in (names.owner(way.balancer.tags), names.owner(way.group.tags)):
        return None
    draft = Draft(owner, frozenset({wanted.balancer.record} - {None}))
    try:
        plan_load_balancer(draft, wanted.balancer, observed)
        others = [step.text for step in draft.steps if step.kind != 'elbv2:AddTags']
    except Blocked as blocked:
        others = [str(blocked).removesuffix('.')]
    if not others:
        return None
    return (
        f'It stays attached to the target group {way.group.name} of the load balancer {way.balancer.name}, and both '
        f'stay as they are with their records: elb would mean another one ({"; ".join(others)}).'
    )


def elb_settings(cluster: str, service: str, way: Way, observed: Observed) -> dict[str, Any]:
    """The value of `elb`, its defaults left out."""
    balancer, listener = way.balancer, way.listener
    record = _plain_records(balancer, observed)[:1]
    found = {
        'name': _own_name(cluster, service, balancer.name),
        'type': 'public' if balancer.scheme == 'internet-facing' else 'private',
        'protocol': listener.protocol if listener.protocol != 'HTTP' else None,
        'ports': {'public': listener.port, 'container': way.port},
        'certificates': list(listener.certificates[:1]),
        'dns': {'hosted_zone_id': record[0][0], 'record_name': record[0][1]} if record else None,
        'healthcheck': _healthcheck(way),
    }
    return {name: value for name, value in found.items() if value}


def beside_elb(way: Way, observed: Observed, more: Sequence[str]) -> list[str]:
    """What `elb` has no field for, and stays as it is, in sentences. `more`: see `stack.aws.elb_details`."""
    balancer = way.balancer
    said = [
        f'The listener of {balancer.name} on port {other.port} stays as it is: elb describes one listener.'
        for other in balancer.listeners
        if other.arn != way.listener.arn
    ]
    chosen = {name for _, name in _plain_records(balancer, observed)[:1]}
    said += [
        f'The record {name} stays as it is: elb.dns describes one record, of type A and without a routing policy.'
        for name in sorted({each.name for each in _pointing(balancer, observed)} - chosen)
    ]
    return said + [f'{balancer.name} keeps {each}, for which elb has no field.' for each in more]


def _own_name(cluster: str, service: str, name: str) -> str:
    """The part of a load balancer's name that can be chosen; see `stack.stackfile.naming`."""
    before, after = f'{cluster}-{service}-', '-lb'
    fits = name.startswith(before) and name.endswith(after) and len(name) > len(before) + len(after)
    return name[len(before) : -len(after)] if fits else ''


def _pointing(balancer: LoadBalancer, observed: Observed) -> list[Record]:
    return [each for each in observed.records if each.target and each.target == alias_target(balancer.dns_name)]


def _plain_records(balancer: LoadBalancer, observed: Observed) -> list[tuple[str, str]]:
    """Zone and name of the records that `elb.dns` could describe, the marked one first."""
    tagged = tagged_record(balancer.tags.get(RECORD_TAG, ''))
    plain = {
        (each.zone, each.name)
        for each in _pointing(balancer, observed)
        if each.type == 'A' and not _is_one_of_several(each)
    }
    return sorted(plain, key=lambda place: (place != tagged, place[1], place[0]))


def _is_one_of_several(record: Record) -> bool:
    """https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy.html"""
    return 'SetIdentifier' in record.found


def _healthcheck(way: Way) -> dict[str, Any]:
    said = {name: way.group.health.get(key) for name, key in _HEALTH.items()}
    port = str(said['port'] or '')
    said['port'] = int(port) if port.isdecimal() and int(port) != way.port else None
    defaults = {each.name: each.default for each in entries(TargetHealthcheck)}
    return {name: value for name, value in said.items() if value not in (None, defaults[name])}
