"""Rules for the load balancers of a service."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from stack.stackfile.balancing import container_of, container_port, exposed_ports
from stack.stackfile.elb_fields import Elb
from stack.stackfile.naming import load_balancer_name
from stack.stackfile.places import Path
from stack.stackfile.semantics.rules import Finding, Subject, rule

# https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
LONGEST_BALANCER_NAME = 32

# Fields that have a meaning only where Nysa creates the load balancer or the target group.
_NOT_OF_OTHERS = ('name', 'type', 'protocol', 'certificates', 'dns', 'healthcheck')


def balancers(subject: Subject) -> Iterator[tuple[Path, Elb]]:
    """Each value of `elb` with its path below the service."""
    for path, elb, _ in _with_raw(subject):
        yield path, elb


def _with_raw(subject: Subject) -> Iterator[tuple[Path, Elb, Mapping[str, Any]]]:
    """As `balancers`, with the mapping as it is in the document."""
    raw: Any = subject.raw.get('elb')
    several = isinstance(raw, list)
    for i, (elb, stated) in enumerate(zip(subject.settings.elb, raw if several else [raw], strict=False)):
        yield ('elb', i) if several else ('elb',), elb, stated


@rule('elb')
def balancer_has_its_kind(subject: Subject) -> Iterator[Finding]:
    for path, elb, stated in _with_raw(subject):
        if elb.is_own and elb.type is None:
            yield (*path, 'type'), 'is missing: expected public or private'
        if elb.is_own and elb.ports.public is None:
            yield (*path, 'ports', 'public'), 'is missing: expected a whole number from 1 to 65535'
        if elb.target_group:
            for name in _NOT_OF_OTHERS:
                if name in stated:
                    yield (*path, name), 'has no effect with target_group, which is never changed: remove it'
            if elb.ports.public is not None:
                yield (*path, 'ports', 'public'), 'has no effect with target_group, which is never changed: remove it'


@rule('elb.ports.container', 'elb.container', 'ports', 'containers')
def balancer_reaches_a_port(subject: Subject) -> Iterator[Finding]:
    for path, elb in balancers(subject):
        container = container_of(subject.settings, elb)
        if container is None:
            yield (*path, 'container'), f'the service has no container {elb.container}'
            continue
        exposed = exposed_ports(container)
        known = f'{", ".join(map(str, exposed))} in ports' if exposed else 'none in ports'
        port = container_port(subject.settings, elb)
        if port is None:
            yield (*path, 'ports', 'container'), f'is missing: expected the port that gets the requests, {known}'
        elif port not in exposed:
            yield (*path, 'ports', 'container'), f'the container does not expose {port}: expected {known}'


@rule('elb.protocol', 'elb.certificates')
def balancer_has_its_certificate(subject: Subject) -> Iterator[Finding]:
    for path, elb in balancers(subject):
        if elb.protocol == 'HTTPS' and len(elb.certificates) != 1:
            yield (*path, 'certificates'), f'HTTPS needs exactly one certificate, found {len(elb.certificates)}'
        if elb.protocol == 'HTTP' and elb.certificates:
            yield (*path, 'certificates'), 'HTTP has no certificate'


@rule('elb.healthcheck.timeout_seconds', 'elb.healthcheck.interval_seconds')
def balancer_check_ends_in_time(subject: Subject) -> Iterator[Finding]:
    for path, elb in balancers(subject):
        timeout, interval = elb.healthcheck.timeout_seconds, elb.healthcheck.interval_seconds
        if timeout >= interval:
            message = f'must be less than interval_seconds: {timeout} is not less than {interval}'
            yield (*path, 'healthcheck', 'timeout_seconds'), message


@rule('elb.name')
def balancer_name_fits(subject: Subject) -> Iterator[Finding]:
    taken = set()
    for path, elb in balancers(subject):
        if not elb.is_own:
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
    balancer_reaches_a_port,
    balancer_has_its_certificate,
    balancer_check_ends_in_time,
    balancer_name_fits,
    balancer_has_its_network,
)
