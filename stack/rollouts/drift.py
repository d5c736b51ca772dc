"""Drift: how what runs differs from what is wanted, service by service and field by field; and unmanaged services.

Only what ECS itself shows of a service is compared; load balancers, records and registries are the planner's.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace

from stack.reconcile.connect import in_known_namespace
from stack.reconcile.definition import definition_changes, same_definition
from stack.reconcile.kept import kept_definition, with_kept
from stack.reconcile.names import owner
from stack.reconcile.observed import Service as DescribedService
from stack.reconcile.observed import TaskDefinition
from stack.reconcile.plan import Change, Row
from stack.reconcile.service import settings_changes
from stack.reconcile.wanted import Wanted
from stack.rollouts.ecs_state import Service
from stack.rollouts.rollout import NOTHING
from stack.stackfile.normal_form import normalised

# What of a task definition another program may name as it likes.
_NAMES = frozenset({'family', 'container_name'})


def carries(definition: TaskDefinition, wanted: Wanted, dropped: Collection[str] = ()) -> bool:
    """Whether a task definition brings what is wanted.

    One that another scheduler registered does if it has every field of the desired state, whatever it adds, but
    for the fields in `dropped`, which the desired state had once, so that it must have them no more.
    """
    if wanted.leaves_something:
        wanted = replace(wanted, definition=kept_definition(wanted, definition))
    if same_definition(wanted.definition, definition.body):
        return True
    if owner(definition.tags) is not None:
        return False
    changes = definition_changes(definition.body, wanted.definition)
    return all(each.path in _NAMES or (each.after is None and each.path not in dropped) for each in changes)


def is_exactly(wanted: Wanted, definition: TaskDefinition) -> bool:
    """Whether a task definition is the wanted one to the letter, so that either can be compared with later ones."""
    return not wanted.leaves_something and normalised(wanted.definition) == normalised(definition.body)


def dropped_fields(before: Wanted | None, after: Wanted, already: frozenset[str] | None) -> frozenset[str]:
    """The fields of its task definition that a service had once and is to have no more."""
    already = already or NOTHING
    if before is None or before is after or before.definition == after.definition:
        return already
    changes = definition_changes(before.definition, after.definition)
    gone = {each.path for each in changes if each.after is None}
    return (already | gone) - {each.path for each in changes if each.after is not None}


def service_drift(wanted: Wanted, seen: Service | None, definition: TaskDefinition | None) -> Row | None:
    """What sets a service apart from what is wanted, `before` being what runs; None where nothing does.

    `definition` is the task definition that it runs, None where that is not known yet, or is known to bring what is
    wanted: see `carries`.
    """
    if wanted.is_task:
        return None
    if seen is None or not seen.active:
        return Row(wanted.service, 'create')
    described = DescribedService.read(seen.described)
    wanted = in_known_namespace(with_kept(wanted, described, definition), described, {})
    changes = settings_changes(wanted, described)
    if wanted.scheduling_strategy == 'REPLICA' and not wanted.autoscaled and wanted.count != seen.desired:
        changes.append(Change('desired_count', seen.desired, wanted.count))
    if definition is not None:
        changes += definition_changes(definition.body, wanted.definition)
    return Row(wanted.service, 'update', tuple(changes)) if changes else None


def unmanaged(wanted: Iterable[str], seen: Iterable[Service]) -> list[str]:
    """The services that run in ECS and that no desired state names, sorted."""
    names = set(wanted)
    return sorted(each.name for each in seen if each.active and each.name not in names)
