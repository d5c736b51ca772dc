"""Rules for ports, service discovery and the VPC."""

from collections.abc import Iterator

from stack.stackfile.semantics.rules import Finding, Subject, rule


@rule('ports', 'launch_type')
def ports_fit(subject: Subject) -> Iterator[Finding]:
    taken = set()
    for i, port in enumerate(subject.settings.ports):
        # Without a host port, ECS chooses one, or takes that of the container.
        place = ('host', port.host) if port.host else ('container', port.container or port.range)
        if (place, port.protocol) in taken:
            yield ('ports', i), f'port {place[1]}/{port.protocol} is repeated here'
        taken.add((place, port.protocol))


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
    discovery_has_its_namespace,
    fargate_has_its_subnets,
    tasks_have_their_network,
)
