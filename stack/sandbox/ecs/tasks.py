"""RunTask, StopTask, DescribeTasks and ListTasks."""

import hashlib
import json

from stack.sandbox.ecs import lifecycle, placement, tagging
from stack.sandbox.ecs.errors import client, conflict, invalid
from stack.sandbox.ecs.failures import role_refused
from stack.sandbox.ecs.model import Cluster, Instance, Run, Task, TaskDefinition, Wire
from stack.sandbox.ecs.paging import page
from stack.sandbox.ecs.placement import Refusal
from stack.sandbox.ecs.preparation import refused_role
from stack.sandbox.ecs.service_rules import check_constraints, launch_type
from stack.sandbox.ecs.task_definitions import found
from stack.sandbox.ecs.views import given, tag_list, task_arn, task_view
from stack.sandbox.ecs.world import World, short

_MOST_DESCRIBED = 100
_MOST_RUN = 10
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html
_TOKEN_SECONDS = 24 * 3600


def run(world: World, params: Wire) -> Wire:
    """Starts tasks that run for a few seconds and exit; what finds no room comes back among the failures.

    The same client token gives the same tasks: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html
    """
    cluster = world.cluster(params.get('cluster'))
    definition = found(world, params['taskDefinition'])
    if definition is None:
        raise client('TaskDefinition not found.')
    kind = launch_type(params)
    _check(definition, params, kind)
    if known := _known(world, cluster, params):
        there = [cluster.tasks[name] for name in known.tasks if name in cluster.tasks]
        return {'tasks': [_view(world, task, with_tags=True) for task in there], 'failures': []}
    role = refused_role(world, definition)
    if role:
        raise client(role_refused(role))
    tags = tagging.read(params.get('tags', []))
    if params.get('propagateTags') == 'TASK_DEFINITION':
        tags = definition.tags | tags
    kept = ('networkConfiguration', 'overrides', 'enableExecuteCommand')
    group = params.get('group', f'family:{definition.family}')
    started, failures = [], []
    for _ in range(params.get('count', 1)):
        place = None if kind == 'FARGATE' else _place(cluster, definition, params, group)
        if isinstance(place, Refusal):
            arn = world.arn('container-instance', cluster.name, place.instance) if place.instance else None
            failures.append(given(arn=arn, reason=place.code))
            continue
        task = lifecycle.launch(
            world,
            cluster,
            definition,
            place,
            group=group,
            started_by=params.get('startedBy', ''),
            launch_type=kind,
            spec={name: params[name] for name in kept if name in params},
            tags=dict(tags),
        )
        started.append(task)
    if started and 'clientToken' in params:
        cluster.runs[params['clientToken']] = Run(_digest(params), [task.id for task in started], world.now)
    return {'tasks': [_view(world, task, with_tags=True) for task in started], 'failures': failures}


def _known(world: World, cluster: Cluster, params: Wire) -> Run | None:
    """The run that the caller's token has started within a day; raises AWS's error where it was another request."""
    cluster.runs = {token: run for token, run in cluster.runs.items() if world.now - run.at < _TOKEN_SECONDS}
    known = cluster.runs.get(params.get('clientToken', ''))
    if known and known.request != _digest(params):
        raise conflict('The clientToken was used for another request.')
    return known


def _digest(params: Wire) -> str:
    return hashlib.sha256(json.dumps(params, sort_keys=True).encode()).hexdigest()


def _check(definition: TaskDefinition, params: Wire, kind: str) -> None:
    if not 1 <= params.get('count', 1) <= _MOST_RUN:
        raise invalid(f'count must be between 1 and {_MOST_RUN}.')
    check_constraints(params.get('placementConstraints', []))
    if definition.status != 'ACTIVE':
        raise client('TaskDefinition is inactive')
    if definition.spec.get('networkMode') == 'awsvpc' and 'networkConfiguration' not in params:
        raise invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
    if kind == 'FARGATE' and 'FARGATE' not in definition.spec['compatibilities']:
        raise invalid('Task definition does not support launch_type FARGATE.')
    if params.get('group', '').startswith('service:'):
        raise invalid('Group name can not start with service:')


def _place(cluster: Cluster, definition: TaskDefinition, params: Wire, group: str) -> Instance | Refusal:
    there = [task for task in cluster.tasks.values() if task.group == group and task.desired == 'RUNNING']
    return placement.place(
        cluster, definition, params.get('placementConstraints', []), params.get('placementStrategy', []), there
    )


def stop(world: World, params: Wire) -> Wire:
    cluster = world.cluster(params.get('cluster'))
    task = cluster.tasks.get(short(params['task']))
    if task is None:
        raise invalid('The referenced task was not found.')
    lifecycle.stop(world, task, 'UserInitiated', params.get('reason', 'Task stopped by user'))
    service = cluster.services.get(task.service or '')
    if service is not None:
        world.wake(service, world.after(world.scaled(world.timings.between_passes)))
    return {'task': task_view(world, task)}


def describe(world: World, params: Wire) -> Wire:
    cluster = world.cluster(params.get('cluster'))
    names = params['tasks']
    if not names:
        raise invalid('Tasks cannot be empty.')
    if len(names) > _MOST_DESCRIBED:
        raise invalid(f'tasks can have at most {_MOST_DESCRIBED} items.')
    tasks, failures = [], []
    for name in dict.fromkeys(names):
        task = cluster.tasks.get(short(name))
        if task is None:
            failures.append({'arn': world.arn('task', cluster.name, short(name)), 'reason': 'MISSING'})
        else:
            tasks.append(_view(world, task, 'TAGS' in params.get('include', [])))
    return {'tasks': tasks, 'failures': failures}


def _view(world: World, task: Task, with_tags: bool) -> Wire:
    return task_view(world, task) | ({'tags': tag_list(task.tags)} if with_tags else {})


def list_(world: World, params: Wire) -> Wire:
    """Tasks by every filter that is given; those that are wanted RUNNING unless STOPPED is asked for."""
    cluster = world.cluster(params.get('cluster'))
    wanted = {'desired': params.get('desiredStatus', 'RUNNING')}
    if 'serviceName' in params:
        wanted['service'] = world.service(cluster, params['serviceName']).name
    if 'containerInstance' in params:
        wanted['instance'] = short(params['containerInstance'])
    if 'startedBy' in params:
        wanted['started_by'] = params['startedBy']
    if 'launchType' in params:
        wanted['launch_type'] = params['launchType']
    family = params.get('family')
    arns = sorted(
        task_arn(world, task)
        for task in cluster.tasks.values()
        if all(getattr(task, name) == value for name, value in wanted.items())
        and family in (None, short(task.definition).partition(':')[0])
    )
    got, rest = page(arns, params)
    return {'taskArns': got, **rest}
