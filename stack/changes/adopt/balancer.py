"""Conversion of a service's load balancer to `elb`, where `elb` can describe it exactly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stack.reconcile import names
from stack.reconcile.balancer_settings import USUAL_IDLE_TIMEOUT_S, USUAL_POLICY, idle_timeout_s
from stack.reconcile.draft import Blocked, Draft
from stack.reconcile.group_attributes import attribute_settings
from stack.reconcile.load_balancer import plan_load_balancer
from stack.reconcile.names import RECORD_TAG, Owner, alias_target, tagged_records
from stack.reconcile.observed import Observed
from stack.reconcile.observed_balancers import Listener, LoadBalancer, TargetGroup
from stack.reconcile.observed_names import Record
from stack.reconcile.tested import for_tests
from stack.reconcile.wanted_balancers import Balancer
from stack.stackfile.elb_fields import MOST_RECORDS, TargetHealthcheck
from stack.stackfile.entries import entries
from stack.stackfile.semantics.balancers import LONGEST_TAG

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
    """The route of requests to the service: listener of a load balancer, target group, container and its port.

    `container` is None for the main one.
    """

    balancer: LoadBalancer
    listener: Listener
    group: TargetGroup
    port: int
    container: str | None = None


def way_in(attachment: Mapping[str, Any], main: str, observed: Observed) -> Way | None:
    """The route that `elb` may describe: to the target group of a default action."""
    group = group_of(attachment, observed)
    if group is None:
        return None
    ways = [
        (balancer, listener)
        for balancer in observed.load_balancers
        for listener in balancer.listeners
        if listener.target_group == group.arn
    ]
    if not ways:
        return None
    # A listener that redirects to HTTPS has no target group.
    balancer, listener = max(ways, key=lambda way: (way[1].protocol in ('HTTPS', 'TLS'), -way[1].port))
    container = attachment.get('containerName')
    return Way(balancer, listener, group, attachment['containerPort'], container if container != main else None)


def group_of(attachment: Mapping[str, Any], observed: Observed) -> TargetGroup | None:
    """The target group of an attachment that has nothing more than that."""
    extra = {name for name, value in attachment.items() if value} - _OF_ATTACHMENT
    arn = attachment.get('targetGroupArn')
    return None if extra else next((known for known in observed.target_groups if known.arn == arn), None)


def is_described(way: Way, wanted: Balancer | None, owner: Owner, observed: Observed, more: Sequence[str]) -> bool:
    """Whether `elb` describes the load balancer exactly: a deployment would only tag it.

    A load balancer that Nysa created is always described, even if it was changed since; otherwise the first deployment
    would delete it.
    `more`: see `stack.aws.elb_details`.
    """
    if owner in (names.owner(way.balancer.tags), names.owner(way.group.tags)):
        return True
    if wanted is None or beside_elb(way, observed, more):
        return False
    draft = Draft(owner, frozenset(wanted.records))
    try:
        plan_load_balancer(draft, wanted, observed)
    except Blocked:
        return False
    return all(step.kind == 'elbv2:AddTags' for step in draft.steps)


def others_settings(
    attachment: Mapping[str, Any], body: Mapping[str, Any], main: str, observed: Observed
) -> dict[str, Any] | None:
    """The value of `elb` for a target group that others made; None where a field does not describe the attachment."""
    group = group_of(attachment, observed)
    if group is None or not group.load_balancers or not _fits(group, body):
        return None
    name = attachment.get('containerName')
    return {
        'target_group': group.arn,
        'ports': {'container': attachment.get('containerPort')},
        **({'container': name} if name != main else {}),
    }


_OF_ATTACHMENT = {'targetGroupArn', 'containerName', 'containerPort'}


def _fits(group: TargetGroup, body: Mapping[str, Any]) -> bool:
    return group.target_type == ('ip' if body.get('networkMode') == 'awsvpc' else 'instance')


def encryption_settings(listener: Listener) -> dict[str, Any]:
    """The values of `certificates` and `ssl_policy`; empty and None for defaults."""
    default = listener.certificates[:1]
    return {
        'certificates': [*default, *sorted(listener.further - {*default})],
        'ssl_policy': listener.ssl_policy if listener.ssl_policy != USUAL_POLICY else None,
    }


def stated_timeout(balancer: LoadBalancer) -> int | None:
    """The value of `idle_timeout`; None for the default."""
    seconds = idle_timeout_s(balancer)
    return seconds if seconds != USUAL_IDLE_TIMEOUT_S else None


def elb_settings(owner: Owner, way: Way, observed: Observed) -> dict[str, Any]:
    """The value of `elb`, without defaults."""
    balancer, listener = way.balancer, way.listener
    attributes = attribute_settings(way.group) or {}
    found = {
        'name': own_name(owner.cluster, owner.service or '', balancer.name),
        'type': 'public' if balancer.scheme == 'internet-facing' else 'private',
        'protocol': listener.protocol if listener.protocol != 'HTTP' else None,
        'ports': {
            'public': listener.port,
            **({'test': tested.port} if (tested := for_tests(balancer)) else {}),
            'container': way.port,
        },
        'container': way.container,
        **encryption_settings(listener),
        'idle_timeout': stated_timeout(balancer),
        'dns': dns_settings(_chosen(balancer, observed)),
        'healthcheck': {**healthcheck(way.group), **attributes.pop('healthcheck', {})},
        **attributes,
    }
    return {name: value for name, value in found.items() if value}


def beside_elb(way: Way, observed: Observed, more: Sequence[str]) -> list[str]:
    """Sentences on what `elb` has no field for, which stays unchanged. `more`: see `stack.aws.elb_details`."""
    balancer = way.balancer
    sentences = [
        f'The listener of {balancer.name} on port {other.port} is left unchanged: elb describes one listener.'
        for other in balancer.listeners
        if other not in (way.listener, for_tests(balancer))
    ]
    chosen = {name for _, name in _chosen(balancer, observed)}
    sentences += [
        f'The record {name} is left unchanged: elb.dns describes records of type A without a routing policy.'
        for name in sorted({record.name for record in _pointing(balancer, observed)} - chosen)
    ]
    return sentences + [f'{balancer.name} keeps {feature}, for which elb has no field.' for feature in more]


def own_name(cluster: str, service: str, name: str) -> str:
    """The part of the name of a load balancer or target group that the user chooses; see `stack.stackfile.naming`."""
    before, base = f'{cluster}-{service}-', names.first_of(name)
    fits = base.startswith(before) and base.endswith('-lb') and len(base) > len(before) + len('-lb')
    return base[len(before) : -len('-lb')] if fits else ''


def _pointing(balancer: LoadBalancer, observed: Observed) -> list[Record]:
    return [record for record in observed.records if record.target and record.target == alias_target(balancer.dns_name)]


def dns_settings(places: Sequence[tuple[str, str]]) -> Any:
    """The value of `elb.dns` for records by zone and name."""
    records = [{'hosted_zone_id': zone, 'record_name': name} for zone, name in places]
    return records if len(records) > 1 else next(iter(records), None)


def _chosen(balancer: LoadBalancer, observed: Observed) -> list[tuple[str, str]]:
    """The records of the tag, or else as many as the tag can have; the others stay as they are."""
    tagged = tagged_records(balancer.tags.get(RECORD_TAG, ''))
    plain = plain_records(balancer, observed)
    if mine := [place for place in plain if place in tagged]:
        return mine
    fitting = plain[:MOST_RECORDS]
    while len(names.records_tag(fitting)) > LONGEST_TAG:
        fitting.pop()
    return fitting


def plain_records(balancer: LoadBalancer, observed: Observed) -> list[tuple[str, str]]:
    """Zone and name of the records that `elb.dns` can describe, the tagged ones first."""
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


def healthcheck(group: TargetGroup) -> dict[str, Any]:
    """The value of `elb.healthcheck`, without defaults and without the matcher."""
    settings = {name: group.health.get(key) for name, key in _HEALTH.items()}
    port = str(settings['port'] or '')
    settings['port'] = int(port) if port.isdecimal() else None
    defaults = {entry.name: entry.default for entry in entries(TargetHealthcheck)}
    if settings['protocol'] == ('HTTP' if group.protocol in ('HTTP', 'HTTPS') else 'TCP'):
        settings['protocol'] = None
    return {name: value for name, value in settings.items() if value not in (None, defaults[name])}
