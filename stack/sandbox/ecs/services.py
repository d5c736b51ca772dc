"""CreateService, UpdateService, DeleteService, DescribeServices and ListServices."""

from stack.sandbox.ecs import service_rules, tagging
from stack.sandbox.ecs.connect import connected
from stack.sandbox.ecs.deployments import ROLLED, begin
from stack.sandbox.ecs.errors import client, invalid, service_not_active
from stack.sandbox.ecs.events import service_acted
from stack.sandbox.ecs.model import Service, TaskDefinition, Wire
from stack.sandbox.ecs.paging import page
from stack.sandbox.ecs.service_views import view
from stack.sandbox.ecs.strategies.configuration import merged
from stack.sandbox.ecs.task_definitions import found
from stack.sandbox.ecs.views import definition_arn
from stack.sandbox.ecs.world import World, short

KEPT = (
    'taskDefinition',
    'loadBalancers',
    'serviceRegistries',
    'launchType',
    'capacityProviderStrategy',
    'platformVersion',
    'deploymentConfiguration',
    'placementConstraints',
    'placementStrategy',
    'networkConfiguration',
    'healthCheckGracePeriodSeconds',
    'schedulingStrategy',
    'deploymentController',
    'enableECSManagedTags',
    'propagateTags',
    'enableExecuteCommand',
    'availabilityZoneRebalancing',
    'serviceConnectConfiguration',
    'volumeConfigurations',
    'vpcLatticeConfigurations',
)
# What CodeDeploy alone changes of a service that it controls.
_OF_CODE_DEPLOY = ('taskDefinition', 'loadBalancers', 'serviceRegistries', 'networkConfiguration', 'platformVersion')
_FIXED = ('schedulingStrategy', 'launchType', 'deploymentController')
_MOST_DESCRIBED = 10
# How soon the scheduler looks at a service that was changed.
_REACTION = 0.5


def create(world: World, params: Wire) -> Wire:
    cluster = world.cluster(params.get('cluster'))
    service_rules.check_name(params['serviceName'])
    if 'taskDefinition' not in params:
        raise invalid('Task definition can not be blank.')
    existing = cluster.services.get(params['serviceName'])
    if existing is not None and existing.status != 'INACTIVE':
        return _again(world, existing, params)
    if params.get('launchType') and params.get('capacityProviderStrategy'):
        raise invalid('Specifying both a launch type and capacity provider strategy is not supported. Remove one.')
    desired = _desired(params)
    definition = _active_definition(world, params['taskDefinition'])
    spec = {name: params[name] for name in KEPT if name in params}
    spec = service_rules.filled_in(spec | {'taskDefinition': definition_arn(world, definition)}, cluster)
    spec = connected(spec, cluster)
    service_rules.check(world, cluster, definition, spec)
    service = Service(
        name=params['serviceName'],
        cluster=cluster.name,
        spec=spec,
        desired=desired,
        created_at=world.now,
        token=params.get('clientToken', ''),
        tags=tagging.read(params.get('tags', [])),
    )
    begin(world, service)
    cluster.services[service.name] = service
    world.wake(service, world.after(world.lasts(_REACTION)))
    return {'service': view(world, service, with_tags=True)}


def _again(world: World, service: Service, params: Wire) -> Wire:
    if service.status == 'DRAINING':
        raise invalid('Unable to Start a service that is still Draining.')
    if service.token and service.token == params.get('clientToken'):
        return {'service': view(world, service, with_tags=True)}
    raise invalid('Creation of service was not idempotent.')


def _desired(params: Wire) -> int:
    if params.get('schedulingStrategy') == 'DAEMON':
        if params.get('desiredCount') is not None:
            raise invalid('The daemon scheduling strategy does not support a desired count for services.')
        return 0
    desired: int | None = params.get('desiredCount')
    if desired is None:
        raise invalid('Desired count can not be null for the REPLICA scheduling strategy.')
    if not 0 <= desired <= 5000:
        raise invalid('desiredCount must be between 0 and 5000.')
    return desired


def _active_definition(world: World, name: str) -> TaskDefinition:
    definition = found(world, name)
    if definition is None:
        raise client('TaskDefinition not found.')
    if definition.status != 'ACTIVE':
        raise client('TaskDefinition is inactive')
    return definition


def update(world: World, params: Wire) -> Wire:
    cluster = world.cluster(params.get('cluster'))
    service = world.service(cluster, params['service'])
    if service.status != 'ACTIVE':
        raise service_not_active()
    _leave_to_code_deploy(service, params)
    daemon = service.spec['schedulingStrategy'] == 'DAEMON'
    desired = service.desired
    if params.get('desiredCount') is not None:
        desired = _desired({**params, 'schedulingStrategy': service.spec['schedulingStrategy']})
    spec, definition = _changed_spec(world, service, params)
    spec = connected(spec, cluster)
    service_rules.check(world, cluster, definition, spec)
    rolls = bool(params.get('forceNewDeployment')) or any(
        spec.get(name) != service.spec.get(name) for name in (*ROLLED, 'taskDefinition')
    )
    service.spec = spec
    if 'desiredCount' in params:
        service.planned = 0
    if desired != service.desired and not daemon:
        _scale(world, service, desired)
    if rolls:
        begin(world, service)
    world.wake(service, world.after(world.lasts(_REACTION)))
    return {'service': view(world, service, with_tags=True)}


def _leave_to_code_deploy(service: Service, params: Wire) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html"""
    controller = service.spec['deploymentController'].get('type', 'ECS')
    if controller == 'ECS':
        return
    changed = [name for name in _OF_CODE_DEPLOY if name in params] or (
        ['force a new deployment'] if params.get('forceNewDeployment') else []
    )
    if changed:
        what = 'task definition' if changed[0] == 'taskDefinition' else changed[0]
        raise invalid(
            f'Unable to update {what} on services with a {controller} deployment controller. Use '
            'trigger a new deployment.'
        )


def _changed_spec(world: World, service: Service, params: Wire) -> tuple[Wire, TaskDefinition]:
    changes = {name: params[name] for name in KEPT if name in params and name not in _FIXED}
    definition = world.definition(service.spec['taskDefinition'])
    if 'taskDefinition' in changes:
        definition = _active_definition(world, changes['taskDefinition'])
        changes['taskDefinition'] = definition_arn(world, definition)
    if 'deploymentConfiguration' in changes:
        changes['deploymentConfiguration'] = merged(
            service.spec['deploymentConfiguration'], changes['deploymentConfiguration']
        )
    spec = {**service.spec, **changes}
    if 'capacityProviderStrategy' in changes:
        spec['launchType'] = service_rules.launch_type(spec)
    if not spec['loadBalancers']:
        spec.pop('healthCheckGracePeriodSeconds', None)
    return spec, definition


def autoscale(world: World, cluster: str, name: str, desired: int) -> None:
    """Set the count for an autoscaler. Its load is still that of the count before."""
    service = world.service(world.cluster(cluster), name)
    service.planned = service.planned or service.desired
    if desired != service.desired:
        _scale(world, service, desired)
    world.wake(service, world.after(world.lasts(_REACTION)))


def _scale(world: World, service: Service, desired: int) -> None:
    service.desired = desired
    service.steady = False
    service.attempt, service.not_before = 0, 0.0
    for deployment in service.deployments[:1]:
        deployment.desired = desired
        deployment.updated_at = world.now
        service.rollouts[0].desired = desired
    service_acted(world, service, 'SERVICE_DESIRED_COUNT_UPDATED', f'desired count is now {desired}')


def delete(world: World, params: Wire) -> Wire:
    cluster = world.cluster(params.get('cluster'))
    service = world.service(cluster, params['service'])
    if service.status == 'INACTIVE':
        raise service_not_active()
    if service.desired and service.spec['schedulingStrategy'] == 'REPLICA' and not params.get('force'):
        raise invalid('The service cannot be stopped while it is scaled above 0.')
    service.status = 'DRAINING'
    service.desired = 0
    for deployment in service.deployments:
        deployment.desired = 0
    world.wake(service, world.after(world.lasts(_REACTION)))
    return {'service': view(world, service, with_tags=True)}


def describe(world: World, params: Wire) -> Wire:
    names = params['services']
    if not names:
        raise invalid('Services cannot be empty.')
    if len(names) > _MOST_DESCRIBED:
        raise invalid('service names can have at most 10 items.')
    cluster = world.cluster(params.get('cluster'))
    with_tags = 'TAGS' in params.get('include', [])
    services, failures = [], []
    for name in dict.fromkeys(names):
        service = cluster.services.get(short(name))
        if service is None:
            failures.append({'arn': world.arn('service', cluster.name, short(name)), 'reason': 'MISSING'})
        else:
            services.append(view(world, service, with_tags))
    return {'services': services, 'failures': failures}


def list_(world: World, params: Wire) -> Wire:
    cluster = world.cluster(params.get('cluster'))
    wanted = {name: params[name] for name in ('launchType', 'schedulingStrategy') if name in params}
    arns = sorted(
        world.arn('service', cluster.name, service.name)
        for service in cluster.services.values()
        if service.status == 'ACTIVE' and all(service.spec[name] == value for name, value in wanted.items())
    )
    got, rest = page(arns, params, default=10)
    return {'serviceArns': got, **rest}
