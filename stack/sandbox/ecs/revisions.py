"""Service revisions: DescribeServiceRevisions, and the counts of tasks of each."""

from stack.sandbox.ecs.arns import checked, named
from stack.sandbox.ecs.model import Deployment, Revision, Service, Wire
from stack.sandbox.ecs.views import given
from stack.sandbox.ecs.world import LIVE, World


def describe(world: World, params: Wire) -> Wire:
    found, failures = [], []
    for arn in checked(params['serviceRevisionArns'], 'serviceRevisionArns'):
        service, identifier = named(world, arn, 'service-revision')
        revision = next((r for r in service.revisions if r.id == identifier), None)
        if revision is None:
            failures.append({'arn': arn, 'reason': 'MISSING'})
        else:
            found.append(_view(world, service, revision))
    return {'serviceRevisions': found, 'failures': failures}


def revision_arn(world: World, service: Service, revision: str) -> str:
    return world.arn('service-revision', service.cluster, service.name, revision)


def summary(world: World, service: Service, revision: str, deployment: Deployment | None) -> Wire:
    """The tasks of a revision; `deployment` is None where it has none any more."""
    tasks = [] if deployment is None else world.tasks_of(service)
    live = [task for task in tasks if deployment and task.deployment == deployment.id and task.status in LIVE]
    running = sum(task.status == 'RUNNING' for task in live)
    return {
        'arn': revision_arn(world, service, revision),
        'requestedTaskCount': deployment.desired if deployment else 0,
        'runningTaskCount': running,
        'pendingTaskCount': len(live) - running,
    }


def _view(world: World, service: Service, revision: Revision) -> Wire:
    containers = world.definition(revision.definition).spec['containerDefinitions']
    spec = dict(revision.spec)
    if spec.get('capacityProviderStrategy'):
        del spec['launchType']
    return given(
        serviceRevisionArn=revision_arn(world, service, revision.id),
        serviceArn=world.arn('service', service.cluster, service.name),
        clusterArn=world.arn('cluster', service.cluster),
        taskDefinition=revision.definition,
        containerImages=[_image(world, c['name'], c['image']) for c in containers],
        guardDutyEnabled=False,
        createdAt=revision.created_at,
        resolvedConfiguration=_resolved(service, revision),
        **spec,
    )


def _resolved(service: Service, revision: Revision) -> Wire | None:
    """The target groups that a revision uses, and the rules that lead to them."""
    deployment = next((each for each in service.deployments if each.revision == revision.id), None)
    groups = deployment.groups if deployment else revision.groups
    pairs = zip(groups, revision.spec.get('loadBalancers', []), strict=False)
    balancers = [
        given(
            targetGroupArn=group,
            productionListenerRule=balancer.get('advancedConfiguration', {}).get('productionListenerRule'),
        )
        for group, balancer in pairs
        if group
    ]
    return {'loadBalancers': balancers} if balancers else None


def _image(world: World, name: str, image: str) -> Wire:
    found = world.ports.images.find(image)
    return given(containerName=name, image=image, imageDigest=found.digest if found else None)
