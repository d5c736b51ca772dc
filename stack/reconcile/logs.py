"""CloudWatch log groups: made where `awslogs` needs one that is not there. They hold data, and so are never deleted."""

from stack.plan import Change
from stack.reconcile.draft import Draft
from stack.reconcile.observed import Observed


def plan_log_group(draft: Draft, name: str, observed: Observed) -> str | None:
    """The id of the step that makes the log group, once however many services ask; None where it is there."""
    if name in observed.log_groups:
        return None
    made = f'/log-group/{name}'
    if any(step.id == made for step in draft.steps):
        return made
    return draft.add(
        f'log-group/{name}',
        'logs:CreateLogGroup',
        f'Create the log group {name}',
        {'logGroupName': name, 'tags': draft.owner.tags},
        why=[Change('logging.options.awslogs-group', None, name)],
    )
