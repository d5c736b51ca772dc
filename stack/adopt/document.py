"""A desired state written from what runs in a cluster, and notes on what it cannot say."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stack.adopt import network
from stack.adopt.balancer import beside_elb, kept_as_it_is
from stack.adopt.found import Found, find
from stack.adopt.remarks import remarks
from stack.adopt.tidying import with_common_logging, without_mistakes
from stack.plan import Note
from stack.reconcile.observed import Observed, Service
from stack.reconcile.wanted import Wanted, wanted_services

# By the ARN of a load balancer or target group.
Details = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Written:
    """`notes` hold all that the document does not say, or says otherwise than what runs."""

    document: dict[str, Any]
    notes: tuple[Note, ...] = ()


def write(observed: Observed, region: str | None = None, details: Details | None = None) -> Written:
    """A document without mistakes that comes as near to what runs as a stackfile can.

    `observed` holds the cluster's services with all that belongs to them. Only services are carried over: of tasks
    that were run once nothing is left to be read. `details`: see `stack.aws.elb_details`.
    """
    active = sorted((each for each in observed.services.values() if each.active), key=lambda each: each.name)
    found = {each.name: _find(each, observed, region) for each in active}
    while True:
        document, left_out = without_mistakes(_draft(found), observed.cluster)
        wanted = wanted_services(observed.cluster, document, region)
        if not [each for each in wanted.values() if _does_not_fit(found[each.service], each, observed)]:
            break
    notes = [note for note in left_out if note.service is None]
    for name, each in found.items():
        notes += [*each.notes, *(note for note in left_out if note.service == name)]
    for name, each in wanted.items():
        notes += _differences(document, found[name], each, observed, details or {})
    return Written(with_common_logging(document), tuple(sorted(notes, key=lambda note: note.service or '')))


def _find(service: Service, observed: Observed, region: str | None) -> Found:
    """What can be described of a service. One that has something unforeseen in it spoils none of the others."""
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


def _does_not_fit(found: Found, wanted: Wanted, observed: Observed) -> bool:
    """Whether the document would move what runs; then `found` has less of it, or none, and a note."""
    service = observed.services[found.name]
    if reason := network.moved(service, wanted):
        found.leave_out(reason)
        return True
    if found.way and wanted.balancer and (reason := kept_as_it_is(found.way, wanted, observed)):
        found.say(reason)
        del found.settings['elb']
        found.places = tuple(place for place in found.places if place.what != network.BALANCER)
        found.way = None
        return True
    return False


def _namespace(found: Sequence[Found]) -> str | None:
    """The namespace that most are found in; the others stay in theirs."""
    counted = Counter(each.namespace for each in found if each.namespace)
    if not counted:
        return None
    most = min(counted, key=lambda name: (-counted[name], name))
    for each in found:
        if each.namespace not in (None, most):
            name = each.settings.pop('dns_discovery')['name']
            each.say(f'It stays registered as {name}.{each.namespace}: a stackfile has one namespace, {most}.')
            each.namespace = None
    return most


def _differences(
    document: dict[str, Any], found: Found, wanted: Wanted, observed: Observed, details: Details
) -> list[Note]:
    notes = list(remarks(found, wanted, observed))
    for place in found.places:
        notes += [Note(found.name, text) for text in network.elsewhere(place, document.get('vpc', {}))]
    if found.way:
        more = [*details.get(found.way.balancer.arn, ()), *details.get(found.way.group.arn, ())]
        notes += [Note(found.name, text) for text in beside_elb(found.way, observed, more)]
    return notes
