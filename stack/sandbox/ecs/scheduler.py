"""The ECS service scheduler: one step of one service at a time."""

from stack.sandbox.ecs import alarms, lifecycle, placement
from stack.sandbox.ecs.deployments import complete, give_up_old
from stack.sandbox.ecs.endings import carry_out_request, fail
from stack.sandbox.ecs.events import add_event, add_event_once, service_acted
from stack.sandbox.ecs.launching import start, stop, surplus
from stack.sandbox.ecs.model import Cause, Cluster, Deployment, Service, Task
from stack.sandbox.ecs.network import targets
from stack.sandbox.ecs.placement import TROUBLESHOOTING
from stack.sandbox.ecs.rolling_end import earliest_end, is_early
from stack.sandbox.ecs.rollout import Share, decide, threshold
from stack.sandbox.ecs.strategies.course import current, tend
from stack.sandbox.ecs.world import FORGET_AFTER, LIVE, World

IMPAIRED_AFTER = 3


def step(world: World, thing: Task | Service) -> None:
    """Moves on what is due: a task, and then its service looks again; or a service."""
    if isinstance(thing, Service):
        _tend(world, thing)
        return
    failed, healthy = thing.failed, thing.healthy
    lifecycle.step(world, thing)
    cluster = world.region.clusters[thing.cluster]
    service = cluster.services.get(thing.service or '')
    if service is None:
        return
    deployment = next((d for d in service.deployments if d.id == thing.deployment), None)
    if deployment is not None and thing.failed and not failed:
        _note_failure(world, service, deployment, thing)
    if deployment is not None and thing.healthy and not healthy:
        _note_health(service, deployment)
    _report_registration(world, service, thing)
    world.wake(service)


def _note_failure(world: World, service: Service, deployment: Deployment, task: Task) -> None:
    if deployment.state == 'IN_PROGRESS':
        deployment.failed += 1
    if 'startedAt' in task.times:
        _report_unhealthy(world, service, task)
    elif world.now >= service.not_before:
        service.attempt += 1
        wait = min(world.timings.restart * 2 ** (service.attempt - 1), world.timings.longest_backoff)
        service.not_before = world.after(world.scaled(wait))
        if service.attempt == IMPAIRED_AFTER:
            add_event_once(world, service, f'is unable to consistently start tasks successfully. {TROUBLESHOOTING}')
            service_acted(world, service, 'SERVICE_TASK_START_IMPAIRED')


def _note_health(service: Service, deployment: Deployment) -> None:
    service.attempt = 0
    breaker = service.spec['deploymentConfiguration'].get('deploymentCircuitBreaker', {})
    if breaker.get('resetOnHealthyTask', True):
        deployment.failed = 0


def _report_unhealthy(world: World, service: Service, task: Task) -> None:
    if (task.stopped_reason or '').endswith('container health checks'):
        add_event(world, service, f'(task {task.id}) failed container health checks.')
        return
    for arn, _, port in targets(task):
        who = f'(task {task.id})' if task.eni else f'(instance {task.ec2_id})'
        where = f'(target-group {arn})'
        add_event(world, service, f'{who} (port {port}) is unhealthy in {where} due to (reason Health checks failed)')


def _report_registration(world: World, service: Service, task: Task) -> None:
    """Add an event for a task that was registered with a load balancer; `_stop` adds those for deregistration."""
    if task.status == 'ACTIVATING':
        for arn, _, _ in targets(task):
            add_event(world, service, f'registered 1 targets in (target-group {arn})')


def _tend(world: World, service: Service) -> None:
    cluster = world.region.clusters[service.cluster]
    if service.status == 'INACTIVE':
        forgotten = world.after(FORGET_AFTER, since=service.inactive_at)
        if world.now < forgotten:
            world.wake(service, forgotten)
        else:
            del cluster.services[service.name]
    elif service.status == 'DRAINING':
        _drain(world, service)
    else:
        _deploy(world, cluster, service)


def _drain(world: World, service: Service) -> None:
    tasks = world.tasks_of(service)
    stop(world, service, [task for task in tasks if task.desired == 'RUNNING'])
    if all(task.status in ('STOPPING', 'DEPROVISIONING') for task in tasks):
        service.status = 'INACTIVE'
        service.deployments = []
        service.inactive_at = world.now
        world.wake(service, world.after(FORGET_AFTER))


def _deploy(world: World, cluster: Cluster, service: Service) -> None:
    if service.spec['schedulingStrategy'] == 'DAEMON':
        _follow_instances(world, cluster, service)
    alarms.heed(world, service)
    carry_out_request(world, service)
    course = current(service)
    if course is not None:
        tend(world, service, course)
    else:
        _watch_breaker(world, service)
        _roll(world, service)


def _roll(world: World, service: Service) -> None:
    primary = service.deployments[0]
    tasks = [task for task in world.tasks_of(service) if task.status in LIVE]
    new = [task for task in tasks if task.deployment == primary.id]
    old = [task for task in tasks if task.deployment != primary.id]
    move = decide(
        service.desired, service.spec['deploymentConfiguration'], _share(new), _share(old), primary.state != 'FAILED'
    )
    stop(world, service, surplus(new, move.stop_new) + surplus(old, move.stop_old, oldest_first=True))
    if move.start and world.now >= service.not_before:
        start(world, service, primary, move.start, new)
    if world.now < service.not_before:
        world.wake(service, service.not_before)
    if move.stuck:
        add_event_once(
            world,
            service,
            'was unable to stop or start tasks during a deployment because of the service deployment configuration. '
            'Update the minimumHealthyPercent or maximumPercent value and try again.',
        )
    give_up_old(service, {task.deployment for task in old if task.status in LIVE})
    for deployment in service.deployments[1:]:
        deployment.desired = sum(t.deployment == deployment.id and t.desired == 'RUNNING' for t in old)
    _settle(world, service, new, old)


def _share(tasks: list[Task]) -> Share:
    return Share(len(tasks), sum(task.healthy for task in tasks))


def _follow_instances(world: World, cluster: Cluster, service: Service) -> None:
    """A DAEMON service wants one task on each instance that fits its constraints."""
    primary = service.deployments[0]
    definition = world.definition(primary.definition)
    constraints = service.spec.get('placementConstraints', [])
    fitting = [i for i in cluster.instances.values() if placement.eligible(i, definition, constraints)]
    service.desired = len(fitting)
    if primary.state != 'FAILED':
        primary.desired = service.desired


def _watch_breaker(world: World, service: Service) -> None:
    primary = service.deployments[0]
    breaker = service.spec['deploymentConfiguration'].get('deploymentCircuitBreaker', {})
    if primary.state != 'IN_PROGRESS' or primary.rollback or not breaker.get('enable'):
        return
    if service.desired and primary.failed >= threshold(service.desired, breaker):
        fail(world, service, Cause.BREAKER, breaker.get('rollback', False))


def _settle(world: World, service: Service, new: list[Task], old: list[Task]) -> None:
    """Complete the deployment once it has its tasks, and add the event of the steady state."""
    primary = service.deployments[0]
    healthy = [task for task in new if task.healthy and task.desired == 'RUNNING']
    gone = all(task.status not in LIVE for task in old)
    ill = any(task.status in LIVE and not task.healthy for task in new)
    whole = gone and not ill and len(healthy) == service.desired
    if primary.state == 'IN_PROGRESS' and (whole or is_early(service, len(healthy), gone)):
        earliest = earliest_end(world, service)
        if world.now < earliest:
            world.wake(service, earliest)
            return
        complete(world, service)
        give_up_old(service, {task.deployment for task in old if task.status in LIVE})
    if primary.state == 'FAILED' or not gone or len(healthy) != service.desired:
        service.steady = False
    elif not service.steady and not ill:
        service.steady = True
        service.notices = []
        service.attempt, service.not_before = 0, 0.0
        add_event(world, service, 'has reached a steady state.')
        service_acted(world, service, 'SERVICE_STEADY_STATE')
