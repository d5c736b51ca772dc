"""One service that runs, as far as a stackfile has words for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from stack.adopt import network
from stack.adopt.balancer import Way, elb_settings, way_in
from stack.adopt.container import container_settings, main_container
from stack.adopt.network import Place
from stack.plan import Note
from stack.reconcile.observed import Observed, Service
from stack.reconcile.service_fields import with_defaults
from stack.stackfile.entries import entries
from stack.stackfile.fields import PlacementConstraint, ServiceSettings

Answer = Mapping[str, Any]
Say = Callable[[str], None]

# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-capacity-providers.html
_FARGATE = frozenset({'FARGATE', 'FARGATE_SPOT'})


@dataclass
class Found:
    """`body` is its task definition with the container first that the settings are about.

    `way`: how requests come to it, where `elb` may describe that.
    """

    name: str
    body: Answer = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    places: tuple[Place, ...] = ()
    namespace: str | None = None
    way: Way | None = None

    def leave_out(self, reason: str) -> None:
        """Leave the service out of the document, for a reason that is a clause."""
        self.settings, self.places = {}, ()
        self.notes[:] = [Note(self.name, f'It is left out, and goes on running as it is: {reason}.')]

    def say(self, text: str) -> None:
        self.notes.append(Note(self.name, text))


def find(service: Service, observed: Observed, region: str | None) -> Found:
    """What can be said of a service; without settings where it cannot be described at all, and a note says why."""
    found = Found(service.name)
    definition = observed.definitions.get(service.task_definition)
    body = definition.body if definition else {}
    attached = frozenset(each.get('containerName', '') for each in service.load_balancers)
    container = main_container(service.name, body, attached)
    hindrance = _hindrance(service, container)
    if hindrance:
        found.leave_out(hindrance)
        return found
    found.body = _first(body, container)
    launch_type = _launch_type(service, body)
    found.way = way_in(service, observed, found.say)
    found.places = network.places(service, found.way)
    found.settings = _ordered(
        {
            **container_settings(body, container, launch_type, region),
            'launch_type': launch_type,
            'scheduling_strategy': service.scheduling_strategy,
            'desired_count': service.desired_count if service.scheduling_strategy == 'REPLICA' else None,
            'autoscaled': service.name in observed.autoscaled,
            'elb': elb_settings(observed.cluster, service.name, found.way, observed) if found.way else None,
            'dns_discovery': _discovery(service, observed, found),
            **_deployment(service),
            'placement_constraints': _constraints(service, body),
        }
    )
    for name in service.unmanaged:
        found.say(
            f'{name} is set, for which a stackfile has no field: it stays as it is until the service is replaced.'
        )
    return found


def _hindrance(service: Service, container: Answer | None) -> str | None:
    if service.launch_type == 'EXTERNAL':
        return 'it runs on machines outside of AWS'
    if service.controller != 'ECS':
        return f'its deployments are controlled by {service.controller}'
    if container is None:
        return 'its task definition cannot be read'
    joined = [*service.load_balancers, *service.registries]
    others = sorted({each['containerName'] for each in joined if each.get('containerName')} - {container.get('name')})
    if others:
        return (
            f'its load balancer or registry leads to the container {", ".join(others)} beside {container.get("name")}, '
            'and a service of a stackfile has one container'
        )
    if service.bound:
        return f'its {", ".join(service.bound)} names ports or volumes, for which a stackfile has no field'
    return None


def _first(body: Answer, container: Answer) -> Answer:
    others = [each for each in body['containerDefinitions'] if each is not container]
    return {**body, 'containerDefinitions': [container, *others]}


def _launch_type(service: Service, body: Answer) -> str:
    """A service with a capacity provider strategy has none of its own: its providers decide."""
    if service.providers:
        return 'FARGATE' if _FARGATE.issuperset(service.providers) else 'EC2'
    return service.launch_type or ('FARGATE' if body.get('requiresCompatibilities') == ['FARGATE'] else 'EC2')


def _ordered(settings: Mapping[str, Any]) -> dict[str, Any]:
    """In the order of the stackfile's fields, without what says no more than the default."""
    return {
        each.name: settings[each.name]
        for each in entries(ServiceSettings)
        if settings.get(each.name) not in (None, [], {}) and settings[each.name] != each.default
    }


def _discovery(service: Service, observed: Observed, found: Found) -> dict[str, str] | None:
    namespaces = {each.id: each for each in observed.namespaces}
    for used in service.registries:
        registry = next((each for each in observed.registries if each.arn == used.get('registryArn')), None)
        namespace = namespaces.get(registry.namespace) if registry else None
        called = registry.name if registry else used.get('registryArn')
        if namespace is None:
            found.say(f'It stays registered as {called}: its namespace is not private, or cannot be found.')
        elif {kind for kind, _ in registry.records} - {'A'}:
            kinds = ' and '.join(sorted({kind for kind, _ in registry.records}))
            found.say(f'It stays registered as {called}.{namespace.name}, with {kinds} records: dns_discovery means A.')
        else:
            found.namespace = namespace.name
            return {'name': registry.name}
    return None


def _deployment(service: Service) -> dict[str, Any]:
    usual = with_defaults({}, service.scheduling_strategy)
    now = with_defaults(service.deployment_configuration, service.scheduling_strategy)
    names = {'maximum_percent': 'maximumPercent', 'minimum_healthy_percent': 'minimumHealthyPercent'}
    breaker = now['deploymentCircuitBreaker']
    return {
        'deployment_configuration': {name: now[key] for name, key in names.items() if now[key] != usual[key]},
        'deployment_circuit_breaker': {
            'enable': breaker['enable'],
            **({'rollback': True} if breaker['rollback'] else {}),
        }
        if any(breaker.values())
        else None,
    }


def _constraints(service: Service, body: Answer) -> list[dict[str, Any]]:
    """Those of the service and of the task definition, which ECS applies together."""
    listed = [*service.placement_constraints, *(body.get('placementConstraints') or ())]
    keys = [(each.name, target.key) for each in entries(PlacementConstraint) for target in each.ecs]
    plain = [{name: each[key] for name, key in keys if each.get(key)} for each in listed]
    return [each for place, each in enumerate(plain) if each not in plain[:place]]
