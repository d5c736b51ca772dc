"""Rules across services: unique names, load balancers, ports and DNS names."""

from collections.abc import Callable, Hashable, Iterable, Iterator

from stack.stackfile.naming import family, load_balancer_name
from stack.stackfile.places import Path
from stack.stackfile.semantics.balancers import balancers, records, with_raw
from stack.stackfile.semantics.rules import Finding, Subject

# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html
LONGEST_FAMILY = 255

Claim = tuple[Hashable, Path, str]
Claims = Callable[[Subject], Iterable[Claim]]


def doubled_names(subjects: Iterable[Subject]) -> Iterator[Finding]:
    seen = set()
    for subject in subjects:
        if subject.settings.name in seen:
            yield subject.path, 'another service has this name'
        seen.add(subject.settings.name)


def long_families(subjects: Iterable[Subject]) -> Iterator[Finding]:
    for subject in subjects:
        name = family(subject.cluster or '', subject.settings.name)
        if subject.cluster is not None and len(name) > LONGEST_FAMILY:
            message = f'the task definition would be named {name}: {len(name)} characters, ECS accepts {LONGEST_FAMILY}'
            yield subject.path, message


def same_balancer(subjects: Iterable[Subject]) -> Iterator[Finding]:
    """Mistakes: two services whose load balancers have the same name."""

    def claims(subject: Subject) -> Iterator[Claim]:
        if subject.has_fault('elb'):
            return
        for path, elb in balancers(subject):
            if not elb.target_group:
                name = load_balancer_name(subject.cluster or '', subject.settings.name, elb)
                yield name, path, 'the load balancer would have the name of the one of {other}'

    return _collisions(subjects, claims)


def same_endpoint(subjects: Iterable[Subject]) -> Iterator[Finding]:
    """Mistakes: two services that Service Connect reaches by the same name in one namespace."""

    def claims(subject: Subject) -> Iterator[Claim]:
        connect = subject.settings.service_connect
        if connect is None or subject.has_fault('service_connect'):
            return
        for i, service in enumerate(connect.services):
            path = ('service_connect', 'services', i)
            name = service.discovery_name or service.port
            message = f'the name {name} is also that of {{other}} in the same namespace'
            yield ('name', connect.namespace, name), path, message
            for j, alias in enumerate(service.aliases):
                shown = f'{alias.name or name}:{alias.port}'
                message = f'clients reach {{other}} under {shown} as well'
                yield ('alias', connect.namespace, shown), (*path, 'aliases', j), message

    return _collisions(subjects, claims)


def shared(subjects: Iterable[Subject]) -> Iterator[Finding]:
    """Warnings: two services with the same host port or DNS name."""

    def claims(subject: Subject) -> Iterator[Claim]:
        settings = subject.settings
        if settings.task_network == 'host':
            for number, protocol in {
                (n, port.protocol) for port in settings.ports for n in (port.host, port.container)
            }:
                message = f'host port {number}/{protocol} is also used by {{other}}: never both on one instance'
                yield ('port', number, protocol), ('ports',), message
        if settings.dns_discovery and settings.dns_discovery.name:
            message = f'the name {settings.dns_discovery.name} is also used by {{other}}'
            yield ('name', settings.dns_discovery.name), ('dns_discovery', 'name'), message
        for path, elb, stated in with_raw(subject):
            for where, dns in records(path, elb, stated):
                message = f'the record {dns.record_name} is also used by {{other}}'
                yield ('record', dns.record_name.lower()), (*where, 'record_name'), message

    return _collisions(subjects, claims)


def _collisions(subjects: Iterable[Subject], claims: Claims) -> Iterator[Finding]:
    owners: dict[Hashable, str] = {}
    for subject in subjects:
        for claim, path, message in claims(subject):
            owner = owners.setdefault(claim, subject.settings.name)
            if owner != subject.settings.name:
                yield (*subject.path, *path), message.format(other=owner)
