"""Rules for the load balancers of a service."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from stack.stackfile.balancing import container_of, container_port, exposed_ports
from stack.stackfile.elb_fields import Elb, ElbDns
from stack.stackfile.naming import load_balancer_name
from stack.stackfile.places import Path
from stack.stackfile.rule_fields import MOST_VALUES, MOST_WILDCARDS
from stack.stackfile.semantics.rules import Finding, Subject, rule

# https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
LONGEST_BALANCER_NAME = 32
LONGEST_TAG = 256

# Fields that select how requests reach the service, and those without effect beside each.
_KINDS = ('target_group', 'listener', 'load_balancer')
_OF_OWN = ('type', 'protocol', 'certificates', 'ssl_policy', 'idle_timeout')
_OF_GROUP = ('deregistration_delay', 'stickiness', 'slow_start', 'algorithm', 'protocol_version')
_SHIFTED = ('alternate_target_group', 'production_rule', 'test_rule')
_WITHOUT_EFFECT = {
    'target_group': (*_OF_OWN, 'name', 'dns', 'healthcheck', 'rules', 'port', *_OF_GROUP),
    'listener': (*_OF_OWN, 'port', *_SHIFTED),
    'load_balancer': (*_OF_OWN, *_SHIFTED),
}


def balancers(subject: Subject) -> Iterator[tuple[Path, Elb]]:
    """Each value of `elb` with its path below the service."""
    for path, elb, _ in with_raw(subject):
        yield path, elb


def with_raw(subject: Subject) -> Iterator[tuple[Path, Elb, Mapping[str, Any]]]:
    """As `balancers`, with the mapping as it is in the document."""
    raw: Any = subject.raw.get('elb')
    several = isinstance(raw, list)
    for i, (elb, stated) in enumerate(zip(subject.settings.elb, raw if several else [raw], strict=False)):
        yield ('elb', i) if several else ('elb',), elb, stated


def records(path: Path, elb: Elb, stated: Mapping[str, Any]) -> Iterator[tuple[Path, ElbDns]]:
    """The complete records of a load balancer, each with its path; `stated` is the mapping in the document."""
    several = isinstance(stated.get('dns'), list)
    for i, dns in enumerate(elb.dns):
        if dns.record_name:
            yield (*path, 'dns', i) if several else (*path, 'dns'), dns


@rule('elb.dns')
def records_fit_a_tag(subject: Subject) -> Iterator[Finding]:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-tags.html"""
    for path, elb in balancers(subject):
        length = len(' '.join(f'{dns.hosted_zone_id}/{dns.record_name}' for dns in elb.dns))
        if length > LONGEST_TAG:
            yield (*path, 'dns'), f'the records have {length} characters: AWS accepts {LONGEST_TAG} in the tag for them'


@rule('elb')
def balancer_has_its_kind(subject: Subject) -> Iterator[Finding]:
    for path, elb, stated in with_raw(subject):
        if elb.is_own and elb.type is None:
            yield (*path, 'type'), 'is missing: expected public or private'
        if elb.is_own and elb.ports.public is None:
            yield (*path, 'ports', 'public'), 'is missing: expected a whole number from 1 to 65535'
        kinds = [name for name in _KINDS if name in stated]
        if len(kinds) > 1:
            yield (*path, kinds[1]), f'{kinds[0]} and {kinds[1]} exclude each other: each is a value of its own'
        for kind in kinds[:1]:
            for name in _WITHOUT_EFFECT[kind]:
                if name in stated:
                    yield (*path, name), f'has no effect with {kind}: remove it'
            for name in ('public', 'test'):
                if getattr(elb.ports, name) is not None:
                    yield (*path, 'ports', name), f'has no effect with {kind}: remove it'
        for name in ('rules', 'port') if elb.is_own else ():
            if name in stated:
                yield (*path, name), 'needs load_balancer or listener: a load balancer of its own has no rules'
        for name in _SHIFTED if elb.is_own else ():
            if name in stated:
                yield (*path, name), 'needs target_group: Nysa wires a load balancer of its own'


@rule('elb.load_balancer', 'elb.port', 'elb.rules', 'load_balancers')
def routed_has_its_listener(subject: Subject) -> Iterator[Finding]:
    known = {balancer.name: balancer for balancer in subject.top.load_balancers}
    for path, elb in balancers(subject):
        if elb.listener and not elb.rules:
            yield (*path, 'rules'), 'is missing: expected which requests of the listener go to the service'
        if not elb.load_balancer:
            continue
        balancer = known.get(elb.load_balancer)
        if balancer is None:
            names = ', '.join(known) or 'none'
            yield (*path, 'load_balancer'), f'load_balancers has no {elb.load_balancer}: it has {names}'
        elif balancer.listener(elb.port) is None:
            ports = ', '.join(str(listener.port) for listener in balancer.listeners)
            what = f'has no listener on port {elb.port}' if elb.port else 'has several listeners'
            yield (*path, 'port'), f'{elb.load_balancer} {what}: expected one of {ports}'


@rule('elb.rules')
def rules_are_accepted(subject: Subject) -> Iterator[Finding]:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html"""
    for path, elb in balancers(subject):
        for i, found in enumerate(elb.rules):
            where, values = (*path, 'rules', i), found.values
            if not values:
                yield where, 'needs a condition: host, path, methods, headers, query or source_ip'
            if len(values) > MOST_VALUES:
                yield where, f'has {len(values)} values: AWS accepts {MOST_VALUES} in the conditions of a rule'
            wildcards = sum(value.count('*') + value.count('?') for value in values)
            if wildcards > MOST_WILDCARDS:
                yield where, f'has {wildcards} wildcards: AWS accepts {MOST_WILDCARDS} in a rule'


@rule('elb.ports.container', 'elb.container', 'ports', 'containers')
def balancer_reaches_a_port(subject: Subject) -> Iterator[Finding]:
    for path, elb in balancers(subject):
        container = container_of(subject.settings, elb)
        if container is None:
            yield (*path, 'container'), f'the service has no container {elb.container}'
            continue
        exposed = exposed_ports(container, elb)
        known = f'{", ".join(map(str, exposed))} in ports' if exposed else 'none in ports'
        port = container_port(subject.settings, elb)
        if port is None:
            yield (*path, 'ports', 'container'), f'is missing: expected the port that gets the requests, {known}'
        elif port not in exposed:
            yield (*path, 'ports', 'container'), f'the container does not expose {port}: expected {known}'


@rule('elb.protocol', 'elb.certificates', 'elb.ssl_policy', 'elb.idle_timeout')
def balancer_has_its_certificate(subject: Subject) -> Iterator[Finding]:
    for path, elb in balancers(subject):
        encrypted = elb.protocol in ('HTTPS', 'TLS')
        if encrypted and not elb.certificates:
            yield (*path, 'certificates'), f'{elb.protocol} needs a certificate'
        if not encrypted and elb.certificates:
            yield (*path, 'certificates'), f'{elb.protocol} has no certificate'
        if not encrypted and elb.ssl_policy and elb.is_own:
            yield (*path, 'ssl_policy'), f'{elb.protocol} has no encryption: it needs protocol: HTTPS or TLS'
        if elb.is_network and elb.idle_timeout:
            yield (*path, 'idle_timeout'), f'has no effect with protocol: {elb.protocol}'


@rule('elb.protocol', 'elb.healthcheck')
def network_balancer_has_its_fields(subject: Subject) -> Iterator[Finding]:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-target-groups.html"""
    for path, elb, stated in with_raw(subject):
        check = stated.get('healthcheck') or {}
        if elb.is_network:
            for name in ('stickiness', 'slow_start', 'algorithm', 'protocol_version'):
                if name in stated:
                    yield (*path, name), f'has no effect with protocol: {elb.protocol}, which takes no HTTP requests'
        elif elb.healthcheck.protocol == 'TCP':
            yield (*path, 'healthcheck', 'protocol'), f'AWS accepts HTTP or HTTPS with protocol: {elb.protocol}'
        if elb.is_network and elb.healthcheck.protocol in (None, 'TCP'):
            for name in ('path', 'matcher'):
                if name in check:
                    yield (*path, 'healthcheck', name), 'has no effect with a check by TCP: state protocol: HTTP'


@rule('elb.healthcheck.timeout_seconds', 'elb.healthcheck.interval_seconds')
def balancer_check_ends_in_time(subject: Subject) -> Iterator[Finding]:
    for path, elb in balancers(subject):
        timeout, interval = elb.healthcheck.timeout_seconds, elb.healthcheck.interval_seconds
        if timeout >= interval:
            message = f'must be less than interval_seconds: {timeout} is not less than {interval}'
            yield (*path, 'healthcheck', 'timeout_seconds'), message


@rule('elb.algorithm', 'elb.slow_start')
def slow_start_has_its_algorithm(subject: Subject) -> Iterator[Finding]:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html"""
    for path, elb in balancers(subject):
        if elb.slow_start is not None and elb.algorithm not in (None, 'round_robin'):
            yield (*path, 'slow_start'), f'AWS accepts it with algorithm: round_robin only, not {elb.algorithm}'


@rule('elb.name')
def balancer_name_fits(subject: Subject) -> Iterator[Finding]:
    taken = set()
    for path, elb in balancers(subject):
        if elb.target_group:
            continue
        name = load_balancer_name(subject.cluster or '', subject.settings.name, elb)
        if name in taken:
            yield (*path, 'name'), f'another load balancer of the service is named {name}: give each a name of its own'
        taken.add(name)
        for message in unfit_name(name, subject.cluster):
            yield path, message


def unfit_name(name: str, cluster: str | None) -> Iterator[str]:
    """What AWS refuses of the name of a load balancer; without a cluster, the name is not complete."""
    if '_' in name:
        yield f'the load balancer would be named {name}: AWS accepts letters, digits and - there, no _'
    if cluster is None:
        return
    if len(name) > LONGEST_BALANCER_NAME:
        yield f'the load balancer would be named {name}: {len(name)} characters, AWS accepts {LONGEST_BALANCER_NAME}'
    if re.match(r'-|internal-', name):
        yield f'the load balancer would be named {name}: AWS accepts no name that starts so'


@rule('elb.type', 'vpc')
def balancer_has_its_network(subject: Subject) -> Iterator[Finding]:
    vpc = subject.top.vpc
    for path, elb in balancers(subject):
        if not elb.is_own:
            continue
        if vpc is None or vpc.id is None:
            yield path, 'a load balancer needs vpc.id'
        if elb.type and (vpc is None or not getattr(vpc.subnets, elb.type)):
            yield (*path, 'type'), f'a {elb.type} load balancer needs vpc.subnets.{elb.type}'


RULES = (
    balancer_has_its_kind,
    records_fit_a_tag,
    routed_has_its_listener,
    rules_are_accepted,
    balancer_reaches_a_port,
    balancer_has_its_certificate,
    network_balancer_has_its_fields,
    balancer_check_ends_in_time,
    slow_start_has_its_algorithm,
    balancer_name_fits,
    balancer_has_its_network,
)
