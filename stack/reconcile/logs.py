"""CloudWatch log groups: created where `awslogs` needs one, and never deleted, since they contain data."""

from stack.reconcile.draft import Draft
from stack.reconcile.observed import Observed
from stack.reconcile.plan import Change
from stack.reconcile.wanted import LogGroup


def plan_log_group(draft: Draft, wanted: LogGroup, observed: Observed) -> str | None:
    """The id of the one step that creates the log group for all services; None where the log group exists."""
    if (wanted.region, wanted.name) in observed.log_groups:
        return None
    if why := observed.unknown_log_groups.get((wanted.region, wanted.name)):
        draft.note(f'Whether the log group {wanted.name} exists is not known, and it is not created: {why}')
        return None
    name = f'log-group/{wanted.region or ""}{wanted.name}'
    if any(step.id == f'/{name}' for step in draft.steps):
        return f'/{name}'
    where = {'region': wanted.region} if wanted.region else {}
    return draft.add(
        name,
        'logs:CreateLogGroup',
        f'Create the log group {wanted.name}' + (f' in {wanted.region}' if wanted.region else ''),
        {'logGroupName': wanted.name, 'tags': draft.owner.tags, **where},
        why=[Change('logging.options.awslogs-group', None, wanted.name)],
    )
