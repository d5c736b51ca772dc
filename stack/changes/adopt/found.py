"""Conversion of one running service to settings of a stackfile."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stack.changes.adopt import network
from stack.changes.adopt.balancer import Way
from stack.changes.adopt.container import main_container, main_settings, sidecars
from stack.changes.adopt.entrances import Entrance, elb_value, entrances
from stack.changes.adopt.network import Place
from stack.changes.adopt.routes import Route
from stack.changes.adopt.scaling import autoscaling_settings
from stack.changes.adopt.service import service_settings
from stack.changes.adopt.shared import key_of
from stack.changes.adopt.shifted import shifting_role
from stack.changes.adopt.task import network_mode, runs_on_fargate, task_settings
from stack.reconcile.observed import Observed, Service
from stack.reconcile.observed_balancers import LoadBalancer
from stack.reconcile.plan import Note
from stack.reconcile.scaling_policies import balancer_label, counted_as_attached
from stack.stackfile.entries import entries
from stack.stackfile.fields import ServiceSettings
from stack.stackfile.inverse import Source
from stack.stackfile.places import Path

Answer = Mapping[str, Any]


@dataclass
class Found:
    """A service and its settings so far.

    `body`: its task definition. `main`: the name of its main container. `resolved`: mistakes that were resolved once.
    `entrances`: what leads to each of its target groups, as far as `elb` describes it.
    """

    name: str
    body: Answer = field(default_factory=dict)
    main: str = ''
    settings: dict[str, Any] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    places: tuple[Place, ...] = ()
    entrances: tuple[Entrance, ...] = ()
    namespace: str | None = None
    resolved: set[tuple[Path, str]] = field(default_factory=set)

    @property
    def ways(self) -> list[Way]:
        """The load balancers of its own."""
        return [entrance for entrance in self.entrances if isinstance(entrance, Way)]

    def shared(self, cluster: str) -> list[LoadBalancer]:
        """The load balancers of the cluster that it shares with other services."""
        routes = [entrance for entrance in self.entrances if isinstance(entrance, Route)]
        return [route.balancer for route in routes if key_of(route.balancer, cluster)] if self.settings else []

    def leave_out(self, reason: str) -> None:
        """Remove the service from the document; `reason` is a clause."""
        self.settings, self.places = {}, ()
        self.notes[:] = [Note(self.name, f'It is not in the document and goes on running unchanged: {reason}.')]

    def note(self, text: str) -> None:
        self.notes.append(Note(self.name, text))


def find(service: Service, observed: Observed, region: str | None) -> Found:
    """The settings of a service; empty, with a note, where its task definition cannot be read."""
    found = Found(service.name)
    definition = observed.definitions.get(service.task_definition)
    body = definition.body if definition else {}
    attached = frozenset(attachment.get('containerName', '') for attachment in service.load_balancers)
    main = main_container(service.name, body, attached)
    if definition is None or main is None:
        found.leave_out('its task definition cannot be read')
        return found
    found.body, found.main = body, main['name']
    source = Source(network_mode(body), region)
    fargate = runs_on_fargate(service.members)
    found_ways = entrances(service, found.main, observed)
    elb, found.entrances = elb_value(service, found_ways, body, found.main, observed)
    found.places = network.places(service, [way.balancer for way in found.ways])
    settings = {
        **main_settings(main, source),
        **task_settings(body, main, service.members, source),
        **service_settings(service, definition, service.name in observed.autoscaled, source),
        'container_name': found.main if found.main != service.name else None,
        'containers': sidecars(body, main, source),
        'elb': elb,
        'dns_discovery': _discovery(service, observed, found),
    }
    if elb and (role := shifting_role(service)):
        settings['deployment'] = {**settings['deployment'], 'role_arn': role}
    settings |= _scaling(service, observed, found, _label(service, observed) if elb else None)
    if settings.get('exec') and not settings.get('init'):
        settings['init'] = False
    if source.network_mode != _usual_network(settings, fargate):
        settings['network_mode'] = source.network_mode
    found.settings = ordered(settings)
    return found


def without_entrance(found: Found, place: int, service: Service, observed: Observed) -> None:
    """Describe the target group at a place in place of what leads to it."""
    rest = (*found.entrances[:place], None, *found.entrances[place + 1 :])
    elb, found.entrances = elb_value(service, rest, found.body, found.main, observed)
    found.settings = ordered({**found.settings, 'elb': elb})
    if not elb:
        without_requests(found)
    if found.places:
        found.places = network.places(service, [way.balancer for way in found.ways])


def _usual_network(settings: Mapping[str, Any], fargate: bool) -> str:
    return 'awsvpc' if fargate or settings.get('dns_discovery') else 'host'


def ordered(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings in the order of the field table, without defaults."""
    return {
        entry.name: settings[entry.name]
        for entry in entries(ServiceSettings)
        if settings.get(entry.name) is not None and _is_stated(settings, entry)
    }


def _is_stated(settings: Mapping[str, Any], entry: Any) -> bool:
    value = settings[entry.name]
    if entry.name == 'memory':
        limited = 'memory' in (settings.get('task') or {}) or settings.get('memory_reservation')
        return value != entry.default or bool(limited)
    if entry.name in ('task_definition_tags', 'compatibilities'):
        return True
    return value not in ([], {}) and value != entry.default


def _label(service: Service, observed: Observed) -> str | None:
    """The label of the load balancer and target group whose requests a policy of the service can count."""
    counted = counted_as_attached(service, observed)
    return balancer_label(str(counted.balancer), str(counted.group)) if counted else None


def _scaling(service: Service, observed: Observed, found: Found, label: str | None) -> dict[str, Any]:
    """`autoscaling` where a field states what scales the service, else `autoscaled`."""
    target = observed.scaling.get(service.name)
    if target is None:
        return {}
    described = autoscaling_settings(target, label)
    if described.left:
        found.note(f'No field states {", ".join(described.left)}, which scales it: it stays and has effect.')
    return {'autoscaling': dict(described.settings), 'autoscaled': False} if described.settings else {}


def without_requests(found: Found) -> None:
    """Leave out the requests of a load balancer that the document does not describe."""
    stated = found.settings.get('autoscaling') or {}
    if 'requests' not in stated:
        return
    found.note('No field states the policy that follows the requests of its load balancer: it stays and has effect.')
    rest = {name: value for name, value in stated.items() if name != 'requests'}
    follows = rest.keys() & {'cpu', 'memory', 'metric', 'schedules'}
    found.settings = {name: value for name, value in found.settings.items() if name != 'autoscaling'}
    found.settings = ordered({**found.settings, **({'autoscaling': rest} if follows else {'autoscaled': True})})


def _discovery(service: Service, observed: Observed, found: Found) -> dict[str, str] | None:
    """The value of `dns_discovery`, where it describes the registry exactly."""
    namespaces = {candidate.id: candidate for candidate in observed.namespaces}
    if [entry.keys() for entry in service.registries] != [{'registryArn'}]:
        return None
    [used] = service.registries
    registry = next((entry for entry in observed.registries if entry.arn == used['registryArn']), None)
    namespace = namespaces.get(registry.namespace) if registry else None
    if namespace is None or registry is None or {kind for kind, _ in registry.records} - {'A'}:
        return None
    found.namespace = namespace.name
    return {'name': registry.name}
