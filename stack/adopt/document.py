"""A desired state written from what runs in a cluster, and notes on what it cannot say."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from stack.adopt import network
from stack.adopt.found import Found, find
from stack.adopt.remarks import remarks
from stack.adopt.tidying import with_common_logging, without_mistakes
from stack.plan import Note
from stack.reconcile.observed import Observed
from stack.reconcile.wanted import wanted_services
from stack.stackfile.effective import services


@dataclass(frozen=True)
class Written:
    """`notes` hold all that the document does not say, or says otherwise than what runs."""

    document: dict[str, Any]
    notes: tuple[Note, ...] = ()


def write(observed: Observed, region: str | None = None) -> Written:
    """A document without mistakes that comes as near to what runs as a stackfile can.

    `observed` holds the cluster's services with all that belongs to them. Only services are carried over: of tasks
    that were run once nothing is left to be read.
    """
    active = sorted((each for each in observed.services.values() if each.active), key=lambda each: each.name)
    found = {each.name: find(each, observed, region) for each in active}
    described = [each for each in found.values() if each.settings]
    draft: dict[str, Any] = {}
    if chosen := network.vpc(place for each in described for place in each.places):
        draft['vpc'] = chosen
    if namespace := _namespace(described):
        draft['service_discovery'] = {'namespace': namespace}
    draft['services'] = [{each.name: each.settings} for each in described]
    document, left_out = without_mistakes(draft, observed.cluster)
    notes = [note for note in left_out if note.service is None]
    for name, each in found.items():
        notes += [*each.notes, *(note for note in left_out if note.service == name)]
    notes += _differences(document, found, observed, region)
    return Written(with_common_logging(document), tuple(sorted(notes, key=lambda note: note.service or '')))


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
    return most


def _differences(
    document: dict[str, Any], found: dict[str, Found], observed: Observed, region: str | None
) -> list[Note]:
    notes: list[Note] = []
    kept = dict(services(document))
    for name, wanted in wanted_services(observed.cluster, document, region).items():
        notes += remarks(found[name], wanted, observed)
        for place in found[name].places:
            if place.what == 'tasks' or 'elb' in kept[name]:
                notes += [Note(name, text) for text in network.elsewhere(place, document.get('vpc', {}))]
    return notes
