"""A desired state written from what runs in a cluster: everything that runs is in it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stack.changes.adopt import network
from stack.changes.adopt.balancer import beside_elb, is_described
from stack.changes.adopt.fallback import carry_over, carry_over_field
from stack.changes.adopt.found import Found, find, ordered
from stack.changes.adopt.tidying import leave_out, with_common_logging
from stack.reconcile.definition import serves
from stack.reconcile.observed import Observed, Service
from stack.reconcile.plan import Note
from stack.reconcile.wanted import Wanted, wanted_services
from stack.stackfile.check import check
from stack.stackfile.effective import top_settings
from stack.stackfile.network_fields import Vpc
from stack.stackfile.places import Path

# By the ARN of a load balancer or target group.
Details = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Written:
    """`notes` state what the document does not express, and what is worth knowing."""

    document: dict[str, Any]
    notes: tuple[Note, ...] = ()


def write(observed: Observed, region: str | None = None, details: Details | None = None) -> Written:
    """A document without mistakes that renders what runs.

    `observed` holds the cluster's services with all that belongs to them. Only services are carried over: of tasks
    that were run once nothing is left to be read. `details`: see `stack.aws.elb_details`.
    """
    active = sorted((each for each in observed.services.values() if each.active), key=lambda each: each.name)
    found = {each.name: _find(each, observed, region) for each in active}
    for _ in range(_MOST_ROUNDS):
        document = _draft(found)
        wanted = wanted_services(observed.cluster, document, region)
        vpc = top_settings(document).vpc or Vpc()
        adjusted = [_adjust(found[name], each, vpc, observed, details or {}) for name, each in wanted.items()]
        if not any(adjusted) and not _without_mistakes(document, found, observed):
            break
    notes = [note for each in found.values() for note in each.notes]
    wanted = wanted_services(observed.cluster, document, region)
    for name, each in wanted.items():
        notes += _remaining(found[name], each, observed, details or {})
    return Written(with_common_logging(document), tuple(sorted(notes, key=lambda note: note.service or '')))


# Each round states members that the one before found to differ; a few are enough for any service.
_MOST_ROUNDS = 50


def _find(service: Service, observed: Observed, region: str | None) -> Found:
    """The settings of a service. One that ECS describes in an unforeseen way spoils none of the others."""
    try:
        return find(service, observed, region)
    except Exception as failed:  # noqa: BLE001 - one odd service spoils none of the others
        found = Found(service.name)
        # Not the message, which may hold a value that is secret.
        found.leave_out(f'ECS described it in a way that is not known here ({type(failed).__name__})')
        return found


def _draft(found: Mapping[str, Found]) -> dict[str, Any]:
    described = [each for each in found.values() if each.settings]
    draft: dict[str, Any] = {}
    if chosen := network.vpc([place for each in described for place in each.places]):
        draft['vpc'] = chosen
    if namespace := _namespace(described):
        draft['service_discovery'] = {'namespace': namespace}
    draft['services'] = [{each.name: each.settings} for each in described]
    return draft


def _namespace(found: Sequence[Found]) -> str | None:
    """The namespace that most are found in; the registries of the others are stated as they are."""
    counted = Counter(each.namespace for each in found if each.namespace)
    if not counted:
        return None
    most = min(counted, key=lambda name: (-counted[name], name))
    for each in found:
        if each.namespace not in (None, most):
            _drop(each, 'dns_discovery')
            each.namespace = None
    return most


def _drop(found: Found, field: str) -> None:
    """Leave a field out; the network mode that it implied is stated instead."""
    found.settings.pop(field, None)
    if field == 'dns_discovery' and found.settings.get('launch_type') != 'FARGATE':
        mode = found.body.get('networkMode')
        found.settings = ordered({**found.settings, **({'network_mode': mode} if mode else {})})


def _adjust(found: Found, wanted: Wanted, vpc: Vpc, observed: Observed, details: Details) -> bool:
    """Bring the settings nearer to what runs; whether anything was changed."""
    service = observed.services[found.name]
    if found.way and not is_described(found.way, wanted, observed, _more(found, details)):
        _drop(found, 'elb')
        found.places = tuple(place for place in found.places if place.what != network.BALANCER)
        found.way = None
        return True
    if found.namespace and not _registry_is_described(service, wanted, observed):
        _drop(found, 'dns_discovery')
        found.namespace = None
        return True
    if service.network and 'network' not in found.settings:
        stated = network.stated_network(service.network, wanted.network, vpc)
        if stated:
            found.settings = ordered({**found.settings, 'network': stated})
            return True
    return carry_over(found, wanted, service)


def _registry_is_described(service: Service, wanted: Wanted, observed: Observed) -> bool:
    """Whether `dns_discovery` comes to the registry that there is, in the namespace that there is."""
    if wanted.registry is None:
        return False
    arns = {each.get('registryArn') for each in service.registries}
    registry = next((each for each in observed.registries if each.arn in arns), None)
    namespace = next((each for each in observed.namespaces if registry and each.id == registry.namespace), None)
    return bool(registry and namespace and namespace.name == wanted.registry.namespace)


def _without_mistakes(document: dict[str, Any], found: Mapping[str, Found], observed: Observed) -> bool:
    """State what has a mistake by the pass-through, or leave it out; whether there was any mistake."""
    mistakes = check(document, cluster=observed.cluster).mistakes
    for mistake in mistakes[:1]:
        name = mistake.path[2] if mistake.path[:1] == ('services',) and len(mistake.path) > 2 else None
        if name is None:
            # What is common is wrong for one of the services: each states its own.
            for each in found.values():
                each.places = ()
            continue
        below: Path = mistake.path[3:]
        if not below or not carry_over_field(found[str(name)], observed.services[str(name)], below):
            leave_out(found[str(name)], below, mistake.message)
    return bool(mistakes)


def _more(found: Found, details: Details) -> list[str]:
    assert found.way
    return [*details.get(found.way.balancer.arn, ()), *details.get(found.way.group.arn, ())]


def _remaining(found: Found, wanted: Wanted, observed: Observed, details: Details) -> list[Note]:
    """Notes on what a deployment of the document would change of the service, or leave alone."""
    notes = []
    running = observed.definitions.get(observed.services[found.name].task_definition)
    if running is None or not serves(wanted.definition, running):
        notes.append(
            Note(found.name, 'The first deployment would register another task definition for it: see the plan.')
        )
    if found.way:
        notes += [Note(found.name, text) for text in beside_elb(found.way, observed, _more(found, details))]
    return notes
