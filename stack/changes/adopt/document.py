"""A lossless desired state of the services that run in a cluster."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from stack.changes.adopt import network, shared
from stack.changes.adopt.balancer import Way, beside_elb
from stack.changes.adopt.entrances import undescribed
from stack.changes.adopt.fallback import carry_over, carry_over_field
from stack.changes.adopt.found import Found, find, ordered, without_entrance
from stack.changes.adopt.schedules import AdoptedSchedule, NotExpressible, adopted_schedule, place_of
from stack.changes.adopt.tidying import leave_out, with_common_logging
from stack.reconcile.definition import serves
from stack.reconcile.group_attributes import attribute_settings
from stack.reconcile.observed import Observed, Service
from stack.reconcile.plan import Note
from stack.reconcile.wanted import Wanted, wanted_services
from stack.reconcile.wanted_shared import Shared, wanted_shared
from stack.stackfile.check import check
from stack.stackfile.effective import top_settings
from stack.stackfile.network_fields import Vpc
from stack.stackfile.places import Path

# By the ARN of a load balancer or target group.
Details = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Written:
    """A document, and notes on what it does not express or what is worth knowing."""

    document: dict[str, Any]
    notes: tuple[Note, ...] = ()


def write(
    observed: Observed,
    region: str | None = None,
    details: Details | None = None,
    schedules: Sequence[Mapping[str, Any]] = (),
) -> Written:
    """A valid document that renders what runs.

    `observed` has the cluster's services and their AWS resources. Only services are converted, not tasks that ran once.
    `details`: see `stack.aws.elb_details`. `schedules` are answers of GetSchedule, whose definitions `observed` has.
    """
    scheduled, unclear = _schedules(observed, schedules)
    observed = _with_schedules(observed, scheduled.values())
    active = sorted(
        (service for service in observed.services.values() if service.active), key=lambda service: service.name
    )
    found = {service.name: _find(service, observed, region) for service in active}
    for name, schedule in scheduled.items():
        _state_schedule(found[name], schedule)
    for _ in range(_MOST_ROUNDS):
        document = _draft(found, observed.cluster)
        wanted = wanted_services(observed.cluster, document, region)
        vpc = top_settings(document).vpc or Vpc()
        context = Context(vpc, wanted_shared(observed.cluster, document, wanted), observed, details or {})
        adjusted = [_adjusted(found[name], service, context) for name, service in wanted.items()]
        if not any(adjusted) and not _without_mistakes(document, found, observed):
            break
    notes = [*unclear, *(note for service in found.values() for note in service.notes)]
    wanted = wanted_services(observed.cluster, document, region)
    for name, service in wanted.items():
        notes += _of_schedule(name) if name in scheduled else _remaining(found[name], service, observed, details or {})
    return Written(with_common_logging(document), tuple(sorted(notes, key=lambda note: note.service or '')))


# A round states the members that differed in the previous one; a few are enough for any service.
_MOST_ROUNDS = 50


def _schedules(
    observed: Observed, schedules: Sequence[Mapping[str, Any]]
) -> tuple[dict[str, AdoptedSchedule], list[Note]]:
    """The schedules by the names of their services, and a note for each that cannot be expressed."""
    found: dict[str, AdoptedSchedule] = {}
    notes = []
    for seen in sorted(schedules, key=place_of):
        try:
            definition = observed.definitions.get(seen['Target']['EcsParameters']['TaskDefinitionArn'])
            schedule = adopted_schedule(observed.cluster, seen, definition, {*observed.services, *found})
        except NotExpressible as reason:
            text = f'The schedule {place_of(seen)} is not in the document and goes on unchanged: {reason}.'
            notes.append(Note(None, text))
        else:
            found[schedule.service.name] = schedule
    return found, notes


def _state_schedule(found: Found, schedule: AdoptedSchedule) -> None:
    """Add what only a schedule has; without settings the service is left out already."""
    if found.settings:
        found.settings = ordered({**found.settings, **schedule.settings})


def _with_schedules(observed: Observed, scheduled: Iterable[AdoptedSchedule]) -> Observed:
    """The observed state with the schedules as services."""
    services, definitions = dict(observed.services), dict(observed.definitions)
    for schedule in scheduled:
        services[schedule.service.name] = schedule.service
        definitions[schedule.service.task_definition] = schedule.definition
    return replace(observed, services=services, definitions=definitions)


def _of_schedule(name: str) -> list[Note]:
    text = 'The first deployment registers a task definition of its own for it, and takes its schedule over.'
    return [Note(name, text)]


def _find(service: Service, observed: Observed, region: str | None) -> Found:
    """The settings of a service. A service that cannot be converted is left out with a note."""
    try:
        return find(service, observed, region)
    except Exception as failed:  # noqa: BLE001 - one service must not fail the others
        found = Found(service.name)
        _leave_out_unknown(found, failed)
        return found


def _leave_out_unknown(found: Found, failed: Exception) -> None:
    """Leave a service out. The error's message is not repeated: it may contain a secret value."""
    found.leave_out(f'its description by ECS cannot be converted ({type(failed).__name__})')


def _draft(found: Mapping[str, Found], cluster: str) -> dict[str, Any]:
    described = [service for service in found.values() if service.settings]
    common = {one.arn: one for service in described for one in service.shared(cluster)}
    draft: dict[str, Any] = {}
    places = [place for service in described for place in service.places]
    if chosen := network.vpc([*places, *map(network.of_balancer, common.values())]):
        draft['vpc'] = chosen
    if namespace := _namespace(described):
        draft['service_discovery'] = {'namespace': namespace}
    if common:
        draft['load_balancers'] = shared.used(common.values(), cluster)
    draft['services'] = [{service.name: service.settings} for service in described]
    return draft


def _namespace(found: Sequence[Found]) -> str | None:
    """The commonest namespace; registries in another one are stated by their ARN."""
    counted = Counter(service.namespace for service in found if service.namespace)
    if not counted:
        return None
    most = min(counted, key=lambda name: (-counted[name], name))
    for service in found:
        if service.namespace not in (None, most):
            _drop_discovery(service)
            service.namespace = None
    return most


def _drop_discovery(found: Found) -> None:
    """Remove `dns_discovery`, and state the network mode that it implied."""
    found.settings.pop('dns_discovery', None)
    if found.settings.get('launch_type') != 'FARGATE':
        mode = found.body.get('networkMode')
        found.settings = ordered({**found.settings, **({'network_mode': mode} if mode else {})})


@dataclass(frozen=True)
class Context:
    """What settings are held against: the `vpc` and load balancers of the document so far, and what runs."""

    vpc: Vpc
    shared: tuple[Shared, ...]
    observed: Observed
    details: Details


def _adjusted(found: Found, wanted: Wanted, context: Context) -> bool:
    """As `_adjust`; a service for which it fails is left out with a note."""
    try:
        return _adjust(found, wanted, context)
    except Exception as failed:  # noqa: BLE001 - one service must not fail the others
        _leave_out_unknown(found, failed)
        return True


def _adjust(found: Found, wanted: Wanted, context: Context) -> bool:
    """Bring the settings nearer to what runs. Return whether anything changed."""
    observed = context.observed
    service = observed.services[found.name]
    beyond = {way.group.arn: _more(way, context.details) for way in found.ways}
    place = undescribed(found.entrances, wanted, context.shared, observed, beyond) if 'elb' in found.settings else None
    if place is not None:
        without_entrance(found, place, service, observed)
        return True
    if found.namespace and not _registry_is_described(service, wanted, observed):
        _drop_discovery(found)
        found.namespace = None
        return True
    if service.network and 'network' not in found.settings:
        stated = network.stated_network(service.network, wanted.network, context.vpc)
        if stated:
            found.settings = ordered({**found.settings, 'network': stated})
            return True
    return carry_over(found, wanted, service)


def _registry_is_described(service: Service, wanted: Wanted, observed: Observed) -> bool:
    """Whether `dns_discovery` renders the registry that exists, in its namespace."""
    if wanted.registry is None:
        return False
    arns = {entry.get('registryArn') for entry in service.registries}
    registry = next((entry for entry in observed.registries if entry.arn in arns), None)
    namespace = next(
        (candidate for candidate in observed.namespaces if registry and candidate.id == registry.namespace), None
    )
    return bool(registry and namespace and namespace.name == wanted.registry.namespace)


def _without_mistakes(document: dict[str, Any], found: Mapping[str, Found], observed: Observed) -> bool:
    """Move fields with a mistake to the pass-through, or remove them. Return whether there was a mistake."""
    mistakes = check(document, cluster=observed.cluster).mistakes
    seen: set[str] = set()
    for mistake in mistakes:
        if mistake.path[:1] != ('services',) or len(mistake.path) < 3:
            # A common setting is wrong for one of the services: every service states its own.
            for service in found.values():
                service.places = ()
            continue
        name, below = str(mistake.path[2]), mistake.path[3:]
        # Only the first mistake of a service: the next may be a consequence.
        if name not in seen:
            _resolve(found[name], observed.services[name], below, mistake.message)
        seen.add(name)
    return bool(mistakes)


def _resolve(found: Found, service: Service, below: Path, message: str) -> None:
    """Move the field at `below` to the pass-through, remove it, or leave the service out where it comes back."""
    if (below, message) in found.resolved:
        found.leave_out(message)
    elif not below or not carry_over_field(found, service, below):
        leave_out(found, below, message)
    found.resolved.add((below, message))


def _more(way: Way, details: Details) -> list[str]:
    """What `elb` has no field for of a load balancer and target group, each as a noun phrase."""
    of_group = details.get(way.group.arn, ()) if attribute_settings(way.group) is None else ()
    return [*details.get(way.balancer.arn, ()), *of_group]


def _remaining(found: Found, wanted: Wanted, observed: Observed, details: Details) -> list[Note]:
    """Notes on what a deployment of the document would change in the service, or leave unchanged."""
    notes = []
    running = observed.definitions.get(observed.services[found.name].task_definition)
    if running is None or not serves(wanted.definition, running):
        notes.append(
            Note(found.name, 'The first deployment would register another task definition for it: see the plan.')
        )
    for way in found.ways:
        notes += [Note(found.name, text) for text in beside_elb(way, observed, _more(way, details))]
    return notes
