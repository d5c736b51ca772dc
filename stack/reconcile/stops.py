"""Stops of deployments: ECS ends the deployment that a person stopped, instead of replacing it by another one.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stop-service-deployment.html
"""

from stack.reconcile.draft import Draft
from stack.reconcile.observed import Observed
from stack.reconcile.plan import Change, Row, Until

_TO_STOP = frozenset({'PENDING', 'IN_PROGRESS'})
_STOPPING = frozenset({'STOP_REQUESTED', 'ROLLBACK_REQUESTED', 'ROLLBACK_IN_PROGRESS'})
_OVER = ('SUCCESSFUL', 'STOPPED', 'ROLLBACK_SUCCESSFUL', 'ROLLBACK_FAILED')
# ECS refuses to stop a deployment that is over, or that it stops already.
_ALREADY = ('ConflictException', 'ServiceDeploymentNotFoundException')


def plan_stop(draft: Draft, observed: Observed) -> Row | None:
    """Add the steps that stop the deployment of a service; None where none is to be stopped, or it is over.

    Until then nothing else is planned for the service: another deployment would replace the one that ECS rolls back.
    """
    service = draft.service
    stop = observed.stops.get(service)
    if stop is None or stop.status not in _TO_STOP | _STOPPING:
        return None
    order = stop.order
    ends = 'Roll back' if order.mode == 'rollback' else 'Abort'
    stopped = None
    if stop.status in _TO_STOP:
        stopped = draft.add(
            'service/stop-deployment',
            'ecs:StopServiceDeployment',
            f'{ends} the deployment of {service}',
            {'serviceDeploymentArn': order.deployment, 'stopType': order.mode.upper()},
            why=[Change('deployment', order.deployment.rpartition('/')[2], None)],
            already=_ALREADY,
        )
    draft.add(
        'service/deployment-stopped',
        'ecs:DescribeServiceDeployments',
        f'Wait until the deployment of {service} has ended',
        {'serviceDeploymentArns': [order.deployment]},
        after=[stopped],
        until=Until('serviceDeployments.0.status', _OVER),
        later=True,
    )
    return Row(service, 'update')
