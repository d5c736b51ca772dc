"""Where what runs is not what is wanted: per service and field by field, and services that nobody manages.

Only what ECS itself shows of a service is compared; load balancers, records and registries are the planner's.
"""

from collections.abc import Iterable

from stack.observed import Service
from stack.plan import Change, Row
from stack.reconcile.definition import definition_changes, same_definition
from stack.reconcile.names import owner
from stack.reconcile.observed import Service as DescribedService
from stack.reconcile.observed import TaskDefinition
from stack.reconcile.service import settings_changes
from stack.reconcile.wanted import Wanted

# What of a task definition another program may name as it likes.
_NAMES = frozenset({'family', 'name'})


def carries(definition: TaskDefinition, wanted: Wanted) -> bool:
    """Whether a task definition brings what is wanted.

    One that another scheduler registered does if it has everything that the desired state says, whatever it adds.
    """
    if same_definition(wanted.definition, definition.body):
        return True
    if owner(definition.tags) is not None:
        return False
    missing = [each for each in definition_changes(definition.body, wanted.definition) if each.after is not None]
    return all(each.path in _NAMES for each in missing)


def service_drift(wanted: Wanted, seen: Service | None, definition: TaskDefinition | None) -> Row | None:
    """What sets a service apart from what is wanted, `before` being what runs; None where nothing does.

    `definition` is the task definition that it runs, None where that is not known yet, or known to be right.
    """
    if wanted.runs_once:
        return None
    if seen is None or not seen.active:
        return Row(wanted.service, 'create')
    changes = settings_changes(wanted, DescribedService.read(seen.description))
    if wanted.scheduling_strategy == 'REPLICA' and not wanted.autoscaled and wanted.count != seen.desired:
        changes.append(Change('desired_count', seen.desired, wanted.count))
    if definition is not None and not carries(definition, wanted):
        changes += definition_changes(definition.body, wanted.definition)
    return Row(wanted.service, 'update', tuple(changes)) if changes else None


def unmanaged(wanted: Iterable[str], seen: Iterable[Service]) -> list[str]:
    """The services that run in ECS and that no desired state names, sorted."""
    names = set(wanted)
    return sorted(each.name for each in seen if each.active and each.name not in names)
