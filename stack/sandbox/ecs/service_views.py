"""Services as DescribeServices shows them, with their deployments."""

from stack.sandbox.ecs.model import Deployment, Service, Task, Wire
from stack.sandbox.ecs.revisions import summary
from stack.sandbox.ecs.views import given, tag_list
from stack.sandbox.ecs.world import LIVE, World

# What DescribeServices shows in the deployments alone.
_OF_DEPLOYMENTS = ('serviceConnectConfiguration', 'volumeConfigurations', 'vpcLatticeConfigurations')


def view(world: World, service: Service, with_tags: bool) -> Wire:
    """A service as DescribeServices shows it."""
    tasks = world.tasks_of(service)
    spec = {name: value for name, value in service.spec.items() if name not in _OF_DEPLOYMENTS}
    if spec.get('capacityProviderStrategy'):
        del spec['launchType']
    balanced = bool(spec['loadBalancers'])
    role = f'arn:aws:iam::{world.region.account}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS'
    seen = [d for i, d in enumerate(service.deployments) if i == 0 or _visible(d, tasks)]
    current = service.rollouts[0] if service.rollouts else None
    running = sum(task.status == 'RUNNING' for task in tasks)
    return given(
        serviceArn=world.arn('service', service.cluster, service.name),
        serviceName=service.name,
        clusterArn=world.arn('cluster', service.cluster),
        status=service.status,
        desiredCount=service.desired,
        runningCount=running,
        pendingCount=sum(task.status in LIVE for task in tasks) - running,
        platformFamily='Linux' if service.spec['launchType'] == 'FARGATE' else None,
        deployments=[_deployment(service, d, tasks) for d in seen],
        roleArn=role if balanced else None,
        events=service.events,
        createdAt=service.created_at,
        createdBy=f'arn:aws:iam::{world.region.account}:root',
        currentServiceRevisions=[summary(world, service, d.revision, d) for d in seen],
        currentServiceDeployment=_rollout_arn(world, service, current.id) if current else None,
        tags=tag_list(service.tags) if with_tags and service.tags else None,
        **spec,
    )


def _rollout_arn(world: World, service: Service, rollout: str) -> str:
    return world.arn('service-deployment', service.cluster, service.name, rollout)


def _visible(deployment: Deployment, tasks: list[Task]) -> bool:
    return deployment.state == 'FAILED' or any(t.deployment == deployment.id and t.status in LIVE for t in tasks)


def _deployment(service: Service, deployment: Deployment, tasks: list[Task]) -> Wire:
    own = [task for task in tasks if task.deployment == deployment.id and task.status in LIVE]
    running = sum(task.status == 'RUNNING' for task in own)
    shown = ('networkConfiguration', 'capacityProviderStrategy', 'launchType', 'platformVersion', *_OF_DEPLOYMENTS)
    spec = {name: deployment.spec[name] for name in shown if name in deployment.spec}
    if spec.get('capacityProviderStrategy'):
        del spec['launchType']
    if spec.get('platformVersion') == 'LATEST':
        spec |= {'platformVersion': '1.4.0', 'platformFamily': 'Linux'}
    return {
        'id': deployment.id,
        'status': 'PRIMARY' if deployment is service.deployments[0] else 'ACTIVE',
        'taskDefinition': deployment.definition,
        'desiredCount': deployment.desired,
        'pendingCount': len(own) - running,
        'runningCount': running,
        'failedTasks': deployment.failed,
        'createdAt': deployment.created_at,
        'updatedAt': deployment.updated_at,
        'rolloutState': deployment.state,
        'rolloutStateReason': deployment.reason,
        **spec,
    }
