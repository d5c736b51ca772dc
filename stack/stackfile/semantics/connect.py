"""Rules for Service Connect. The names of ports are checked with what the service renders."""

from collections.abc import Iterator

from stack.stackfile.semantics.rules import Finding, Subject, rule


@rule('service_connect', 'type', 'controller', 'launch_type', 'operating_system')
def service_can_be_connected(subject: Subject) -> Iterator[Finding]:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-connect-concepts-deploy.html"""
    settings = subject.settings
    if settings.service_connect is None or 'service_connect' not in subject.raw:
        return
    if settings.type == 'task':
        yield ('service_connect',), 'needs a service: ECS connects no single tasks'
    elif settings.controller not in (None, 'ecs'):
        yield ('service_connect',), f'needs deployments by ECS itself, not by {settings.controller}'
    elif settings.launch_type == 'EXTERNAL' and not settings.capacity_providers:
        yield ('service_connect',), 'has no proxy on EXTERNAL'
    elif (settings.operating_system or '').startswith('windows'):
        yield ('service_connect',), 'has no proxy on Windows'


@rule('service_connect.services')
def endpoints_differ(subject: Subject) -> Iterator[Finding]:
    connect = subject.settings.service_connect
    names: set[str] = set()
    aliases: set[tuple[str, int]] = set()
    for i, service in enumerate(connect.services if connect else ()):
        path = ('service_connect', 'services', i)
        name = service.discovery_name or service.port
        if name in names:
            yield path, f'the name {name} is above already'
        names.add(name)
        for j, alias in enumerate(service.aliases):
            reached = (alias.name or name, alias.port)
            if reached in aliases:
                yield (*path, 'aliases', j), f'{reached[0]}:{reached[1]} is above already'
            aliases.add(reached)


@rule('service_connect.services', 'ports')
def requests_have_a_protocol(subject: Subject) -> Iterator[Finding]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TimeoutConfiguration.html"""
    settings = subject.settings
    protocols = {port.name: port.app_protocol for port in settings.ports if port.name}
    for i, service in enumerate(settings.service_connect.services if settings.service_connect else ()):
        timed = service.timeout is not None and service.timeout.request is not None
        if timed and service.port in protocols and protocols[service.port] is None:
            path = ('service_connect', 'services', i, 'timeout', 'request')
            yield path, f'needs app_protocol at the port {service.port}: TCP has no requests'


RULES = (service_can_be_connected, endpoints_differ, requests_have_a_protocol)
