"""Services of `type: task`: run once for each revision of the desired state, and end on their own."""

from typing import Any

from stack.reconcile import names
from stack.reconcile.draft import Draft
from stack.reconcile.observed import Observed
from stack.reconcile.plan import Change, ResultOf
from stack.reconcile.service import Definition
from stack.reconcile.wanted import Wanted

# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
MOST_TASKS_A_CALL = 10

# Members of CreateService that RunTask has as well.
_MEMBERS = (
    'capacityProviderStrategy',
    'enableECSManagedTags',
    'enableExecuteCommand',
    'launchType',
    'networkConfiguration',
    'placementConstraints',
    'placementStrategy',
    'platformVersion',
    'propagateTags',
    'volumeConfigurations',
)


def run_members(wanted: Wanted) -> dict[str, Any]:
    """The members of RunTask that the service states; its own tags cannot be propagated by RunTask.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
    """
    members = {name: wanted.members[name] for name in _MEMBERS if name in wanted.members}
    return {name: value for name, value in members.items() if (name, value) != ('propagateTags', 'SERVICE')}


def run_mark(revision: str) -> str:
    """The value of `startedBy` for a revision, a hash since `startedBy` accepts no `.` or `+`."""
    return f'nysa/{names.token(revision)[:16]}'


def plan_run(
    draft: Draft,
    wanted: Wanted,
    definition: Definition,
    observed: Observed,
    revision: str,
    after: list[str | None],
) -> bool:
    """Add the steps that run the tasks once for the revision. Return whether there are any.

    A tag of the task definition records the run: ECS forgets a task an hour after it stopped.
    """
    mark = run_mark(revision)
    if definition.known and definition.known.tags.get(names.RAN_TAG) == mark:
        return False
    ran: list[str | None] = [None]
    if (wanted.service, mark) not in observed.ran:
        firsts = range(0, wanted.count, MOST_TASKS_A_CALL)
        ran = [_run(draft, wanted, definition.ref, observed.cluster, mark, first, after) for first in firsts]
    draft.add(
        'task/note',
        'ecs:TagResource',
        f'Record that {wanted.service} ran for this revision',
        {'resourceArn': definition.ref, 'tags': names.ecs_tags({names.RAN_TAG: mark})},
        after=ran,
    )
    return True


def _run(
    draft: Draft, wanted: Wanted, ref: str | ResultOf, cluster: str, mark: str, first: int, after: list[str | None]
) -> str:
    count = min(MOST_TASKS_A_CALL, wanted.count - first)
    arguments = {
        'cluster': cluster,
        'taskDefinition': ref,
        'count': count,
        'startedBy': mark,
        'clientToken': names.token(cluster, wanted.service, mark, str(first)),
        'tags': names.ecs_tags(draft.owner.tags),
        **run_members(wanted),
    }
    many = f' ({count} tasks)' if count > 1 else ''
    return draft.add(
        f'task/run/{first}',
        'ecs:RunTask',
        f'Run {wanted.service} once for this revision{many}',
        arguments,
        after=after,
        why=[Change('revision', None, mark)],
    )
