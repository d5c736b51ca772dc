"""Rules for ports, load balancers, service discovery and the VPC."""

import re
from collections.abc import Iterator

from stack.stackfile.naming import load_balancer_name
from stack.stackfile.semantics.rules import Finding, Subject, rule

# https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
LONGEST_BALANCER_NAME = 32


@rule('ports', 'launch_type')
def ports_fit(subject: Subject) -> Iterator[Finding]:
    taken = set()
    for i, port in enumerate(subject.settings.ports):
        if (port.host, port.protocol) in taken:
            yield ('ports', i), f'port {port.host}/{port.protocol} is repeated here'
        taken.add((port.host, port.protocol))


@rule('elb.ports.container', 'ports')
def balancer_reaches_a_port(subject: Subject) -> Iterator[Finding]:
    elb = subject.settings.elb
    exposed = sorted({port.container for port in subject.settings.ports if port.protocol == 'tcp' and port.container})
    if elb and elb.ports.container not in exposed:
        known = f'{", ".join(map(str, exposed))} in ports' if exposed else 'none in ports'
        yield ('elb', 'ports', 'container'), f'the container does not expose {elb.ports.container}: expected {known}'


@rule('elb.protocol', 'elb.certificates')
def balancer_has_its_certificate(subject: Subject) -> Iterator[Finding]:
    elb = subject.settings.elb
    if elb and elb.protocol == 'HTTPS' and len(elb.certificates) != 1:
        yield ('elb', 'certificates'), f'HTTPS needs exactly one certificate, found {len(elb.certificates)}'
    if elb and elb.protocol == 'HTTP' and elb.certificates:
        yield ('elb', 'certificates'), 'HTTP has no certificate'


@rule('elb.healthcheck.timeout_seconds', 'elb.healthcheck.interval_seconds')
def balancer_check_ends_in_time(subject: Subject) -> Iterator[Finding]:
    elb = subject.settings.elb
    if elb and elb.healthcheck.timeout_seconds >= elb.healthcheck.interval_seconds:
        timeout, interval = elb.healthcheck.timeout_seconds, elb.healthcheck.interval_seconds
        path = ('elb', 'healthcheck', 'timeout_seconds')
        yield path, f'must be less than interval_seconds: {timeout} is not less than {interval}'


@rule('elb.name')
def balancer_name_fits(subject: Subject) -> Iterator[Finding]:
    name = load_balancer_name(subject.cluster or '', subject.settings)
    if name is None:
        return
    if '_' in name:
        yield ('elb',), f'the load balancer would be named {name}: AWS accepts letters, digits and - there, no _'
    if subject.cluster is None:
        return
    if len(name) > LONGEST_BALANCER_NAME:
        yield (
            ('elb',),
            f'the load balancer would be named {name}: {len(name)} characters, AWS accepts {LONGEST_BALANCER_NAME}',
        )
    if re.match(r'-|internal-', name):
        yield ('elb',), f'the load balancer would be named {name}: AWS accepts no name that starts so'


@rule('elb.type', 'vpc')
def balancer_has_its_network(subject: Subject) -> Iterator[Finding]:
    elb, vpc = subject.settings.elb, subject.top.vpc
    if elb is None:
        return
    if vpc is None or vpc.id is None:
        yield ('elb',), 'a load balancer needs vpc.id'
    if vpc is None or not getattr(vpc.subnets, elb.type):
        yield ('elb', 'type'), f'a {elb.type} load balancer needs vpc.subnets.{elb.type}'


@rule('dns_discovery.name', 'service_discovery')
def discovery_has_its_namespace(subject: Subject) -> Iterator[Finding]:
    if subject.settings.dns_discovery and subject.top.service_discovery is None:
        yield ('dns_discovery',), 'needs service_discovery.namespace'


@rule('launch_type', 'capacity_providers', 'network', 'vpc')
def fargate_has_its_subnets(subject: Subject) -> Iterator[Finding]:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-networking.html"""
    if subject.settings.on_fargate and not _has_subnets(subject):
        yield ('launch_type',), 'FARGATE needs vpc.subnets.private or vpc.subnets.public'


@rule('dns_discovery', 'network_mode', 'launch_type', 'network', 'vpc')
def tasks_have_their_network(subject: Subject) -> Iterator[Finding]:
    settings = subject.settings
    if settings.task_network == 'awsvpc' and not settings.on_fargate and not _has_subnets(subject):
        yield (
            ('dns_discovery' if settings.dns_discovery else 'network_mode',),
            'tasks with an address of their own need vpc.subnets',
        )


def _has_subnets(subject: Subject) -> bool:
    network, vpc = subject.settings.network, subject.top.vpc
    passed = subject.settings.ecs.service if subject.settings.ecs else {}
    if (network and network.subnets is not None) or 'networkConfiguration' in passed:
        return True
    return bool(vpc and (vpc.subnets.private or vpc.subnets.public))


RULES = (
    ports_fit,
    balancer_reaches_a_port,
    balancer_has_its_certificate,
    balancer_check_ends_in_time,
    balancer_name_fits,
    balancer_has_its_network,
    discovery_has_its_namespace,
    fargate_has_its_subnets,
    tasks_have_their_network,
)
