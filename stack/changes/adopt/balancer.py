"""Conversion of a service's load balancer to `elb`, where `elb` can describe it exactly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stack.reconcile import names
from stack.reconcile.draft import Blocked, Draft
from stack.reconcile.group_attributes import attribute_settings
from stack.reconcile.load_balancer import plan_load_balancer
from stack.reconcile.names import RECORD_TAG, Owner, alias_target, tagged_records
from stack.reconcile.observed import Observed, Record, Service
from stack.reconcile.observed_balancers import Listener, LoadBalancer, TargetGroup
from stack.reconcile.wanted import Wanted
from stack.stackfile.elb_fields import TargetHealthcheck
from stack.stackfile.entries import entries

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
    """The route of requests to the service: listener of a load balancer, target group, container port."""

    balancer: LoadBalancer
    listener: Listener
    group: TargetGroup
    port: int


def way_in(service: Service, observed: Observed) -> Way | None:
    """The route that `elb` may describe: of a service with one attachment, to the target group of a default action."""
    if len(service.load_balancers) != 1:
        return None
    [attachment] = service.load_balancers
    if attachment.get('advancedConfiguration'):
        return None
    arn = attachment.get('targetGroupArn')
    group = next((known for known in observed.target_groups if known.arn == arn), None)
    ways = [
        (balancer, listener)
        for balancer in observed.load_balancers
        for listener in balancer.listeners
        if group and listener.target_group == arn and balancer.type == 'application'
    ]
    if not group or not ways:
        return None
    # A listener that redirects to HTTPS has no target group.
    balancer, listener = max(ways, key=lambda way: (way[1].protocol == 'HTTPS', -way[1].port))
    return Way(balancer, listener, group, attachment['containerPort'])


def is_described(way: Way, wanted: Wanted, observed: Observed, more: Sequence[str]) -> bool:
    """Whether `elb` describes the load balancer exactly: a deployment would only tag it.

    A load balancer that Nysa created is always described, even if it was changed since; otherwise the first deployment
    would delete it.
    `more`: see `stack.aws.elb_details`.
    """
    owner = Owner(observed.cluster, wanted.service)
    if owner in (names.owner(way.balancer.tags), names.owner(way.group.tags)):
        return True
    if not wanted.balancers.own or beside_elb(way, observed, more):
        return False
    [balancer] = wanted.balancers.own
    draft = Draft(owner, frozenset(balancer.records))
    try:
        plan_load_balancer(draft, balancer, observed)
    except Blocked:
        return False
    return all(step.kind == 'elbv2:AddTags' for step in draft.steps)


def others_settings(service: Service, body: Mapping[str, Any], main: str, observed: Observed) -> Any:
    """The value of `elb` for target groups that others made; None where a field describes not all attachments."""
    usable = {group.arn for group in observed.target_groups if group.load_balancers and _fits(group, body)}
    found = []
    for attachment in service.load_balancers:
        extra = {name for name, value in attachment.items() if value} - _OF_ATTACHMENT
        if extra or attachment.get('targetGroupArn') not in usable:
            return None
        name = attachment.get('containerName')
        found.append(
            {
                'target_group': attachment['targetGroupArn'],
                'ports': {'container': attachment.get('containerPort')},
                **({'container': name} if name != main else {}),
            }
        )
    return found[0] if len(found) == 1 else found or None


_OF_ATTACHMENT = {'targetGroupArn', 'containerName', 'containerPort'}


def _fits(group: TargetGroup, body: Mapping[str, Any]) -> bool:
    return group.target_type == ('ip' if body.get('networkMode') == 'awsvpc' else 'instance')


def elb_settings(cluster: str, service: str, way: Way, observed: Observed) -> dict[str, Any]:
    """The value of `elb`, without defaults."""
    balancer, listener = way.balancer, way.listener
    attributes = attribute_settings(way.group) or {}
    records = [{'hosted_zone_id': zone, 'record_name': name} for zone, name in _chosen(balancer, observed)]
    found = {
        'name': _own_name(cluster, service, balancer.name),
        'type': 'public' if balancer.scheme == 'internet-facing' else 'private',
        'protocol': listener.protocol if listener.protocol != 'HTTP' else None,
        'ports': {'public': listener.port, 'container': way.port},
        'certificates': list(listener.certificates[:1]),
        'dns': records if len(records) > 1 else next(iter(records), None),
        'healthcheck': {**healthcheck(way.group, way.port), **attributes.pop('healthcheck', {})},
        **attributes,
    }
    return {name: value for name, value in found.items() if value}


def beside_elb(way: Way, observed: Observed, more: Sequence[str]) -> list[str]:
    """Sentences on what `elb` has no field for, which stays unchanged. `more`: see `stack.aws.elb_details`."""
    balancer = way.balancer
    sentences = [
        f'The listener of {balancer.name} on port {other.port} is left unchanged: elb describes one listener.'
        for other in balancer.listeners
        if other.arn != way.listener.arn
    ]
    chosen = {name for _, name in _chosen(balancer, observed)}
    sentences += [
        f'The record {name} is left unchanged: elb.dns describes records of type A without a routing policy.'
        for name in sorted({record.name for record in _pointing(balancer, observed)} - chosen)
    ]
    return sentences + [f'{balancer.name} keeps {feature}, for which elb has no field.' for feature in more]


def _own_name(cluster: str, service: str, name: str) -> str:
    """The part of a load balancer's name that the user chooses (`elb.name`); see `stack.stackfile.naming`."""
    before, base = f'{cluster}-{service}-', names.first_of(name)
    fits = base.startswith(before) and base.endswith('-lb') and len(base) > len(before) + len('-lb')
    return base[len(before) : -len('-lb')] if fits else ''


def _pointing(balancer: LoadBalancer, observed: Observed) -> list[Record]:
    return [record for record in observed.records if record.target and record.target == alias_target(balancer.dns_name)]


def _chosen(balancer: LoadBalancer, observed: Observed) -> list[tuple[str, str]]:
    """The records of the tag, or else the first one; the others stay as they are."""
    tagged = tagged_records(balancer.tags.get(RECORD_TAG, ''))
    plain = _plain_records(balancer, observed)
    return [place for place in plain if place in tagged] or plain[:1]


def _plain_records(balancer: LoadBalancer, observed: Observed) -> list[tuple[str, str]]:
    """Zone and name of the records that `elb.dns` can describe, the tagged one first."""
    tagged = tagged_records(balancer.tags.get(RECORD_TAG, ''))
    plain = {
        (record.zone, record.name)
        for record in _pointing(balancer, observed)
        if record.type == 'A' and not _is_one_of_several(record)
    }
    return sorted(plain, key=lambda place: (place not in tagged, place[1], place[0]))


def _is_one_of_several(record: Record) -> bool:
    """https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy.html"""
    return 'SetIdentifier' in record.found


def healthcheck(group: TargetGroup, container_port: int) -> dict[str, Any]:
    """The value of `elb.healthcheck`, without defaults and without the matcher."""
    settings = {name: group.health.get(key) for name, key in _HEALTH.items()}
    port = str(settings['port'] or '')
    settings['port'] = int(port) if port.isdecimal() and int(port) != container_port else None
    defaults = {entry.name: entry.default for entry in entries(TargetHealthcheck)}
    if settings['protocol'] == 'HTTP':
        settings['protocol'] = None
    return {name: value for name, value in settings.items() if value not in (None, defaults[name])}
