"""Native deployments on their way: from stage to stage, with the tasks, hooks and weights that each one has.

Sources: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/blue-green-deployment-how-it-works.html and
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-lifecycle-hooks.html
"""

from collections.abc import Iterator

from stack.sandbox.ecs.deployments import complete, end_overtaken, give_up_old
from stack.sandbox.ecs.endings import fail
from stack.sandbox.ecs.launching import start, stop, surplus
from stack.sandbox.ecs.model import Cause, Course, Deployment, Rollout, Service, Task
from stack.sandbox.ecs.rollout import MOST_STARTED_AT_ONCE
from stack.sandbox.ecs.strategies import hooks, stages, traffic
from stack.sandbox.ecs.world import LIVE, World

_MOVING = ('IN_PROGRESS', 'ROLLBACK_IN_PROGRESS')
_ENDED = ('SUCCESSFUL', 'ROLLBACK_SUCCESSFUL')
_DAY = 86_400.0
_LONGEST_STAGE, _LONGEST_DEPLOYMENT = _DAY, 30 * _DAY


def current(service: Service) -> Course | None:
    """The course of the newest deployment until it has succeeded or has been rolled back.

    One that was stopped keeps its tasks and its weights.
    """
    record = service.rollouts[0]
    return None if record.status in _ENDED else record.course


def tend(world: World, service: Service, course: Course) -> None:
    """Move a native deployment on as far as it comes now, and start or stop tasks."""
    record = service.rollouts[0]
    if record.status == 'PENDING':
        _set_off(world, service, record, course)
    while record.status in _MOVING and _moved(world, service, record, course):
        pass
    _keep_counts(world, service, record, course)
    _wake(world, service, record, course)


def _set_off(world: World, service: Service, record: Rollout, course: Course) -> None:
    end_overtaken(world, service.rollouts[1:])
    record.status, record.started_at = 'IN_PROGRESS', world.now
    _enter(world, service, record, course, course.stage)


def _moved(world: World, service: Service, record: Rollout, course: Course) -> bool:
    """Take the next step, if there is one now."""
    if record.rollback is not None and not course.backward:
        course.backward = True
        _enter(world, service, record, course, _back(world, service, record, course, stages.PRE_SCALE_UP))
        return True
    if course.stage == stages.RECONCILE and _can_reconcile(world, service, course):
        course.production = {course.source: stages.WHOLE}
        course.until = world.after(world.scaled(world.timings.shift))
        traffic.apply(world, service, _target(service, record), course)
    hooks.settle(world, service, record, course)
    cause = _failure(world, service, record, course)
    if cause is not None:
        fail(world, service, cause)
        return True
    if not _is_over(world, service, record, course):
        return False
    if course.backward:
        stage = _back(world, service, record, course, course.stage)
    else:
        stage = stages.following(course.stage, len(_steps(record, course)) - course.step)
    if stage == stages.DONE:
        complete(world, service)
        give_up_old(service, set())
        world.wake(service)
        return False
    _enter(world, service, record, course, stage)
    return True


def _steps(record: Rollout, course: Course) -> list[stages.Step]:
    return stages.steps(record.configuration, first=not course.source)


def _back(world: World, service: Service, record: Rollout, course: Course, stage: str) -> str:
    missing = service.desired - _healthy(world, service, course.source)
    elsewhere = stages.WHOLE - course.production.get(course.source, 0.0)
    weights = stages.Weights(elsewhere, course.test.get(record.target, 0.0))
    return stages.way_back(stage, weights, missing)


def _failure(world: World, service: Service, record: Rollout, course: Course) -> Cause | None:
    if course.backward:
        return None
    if course.stage == stages.PRE_SCALE_UP and not traffic.is_wired(world, service.deployments[0]):
        return Cause.NETWORK
    if hooks.failed(course):
        return Cause.HOOK
    late = course.stage == stages.SCALE_UP and world.now >= _limit(world, course.since, _LONGEST_STAGE)
    return Cause.TIME if late or world.now >= _limit(world, record.created_at, _LONGEST_DEPLOYMENT) else None


def _limit(world: World, since: float, seconds: float) -> float:
    return world.after(world.scaled(seconds), since=since)


def _enter(world: World, service: Service, record: Rollout, course: Course, stage: str) -> None:
    course.stage, course.since = stage, world.now
    kept = hooks.failed(course) if course.backward else []
    course.hooks = [*kept, *hooks.fire(world, service, record, stage)]
    course.until = world.after(world.scaled(_duration(world, service, record, course)))
    record.updated_at = world.now
    if stage in (stages.TEST_SHIFT, stages.SHIFT):
        _shift(record, course)
        traffic.apply(world, service, _target(service, record), course)


def _duration(world: World, service: Service, record: Rollout, course: Course) -> float:
    """The seconds that the work of a stage takes, apart from its hooks and tasks."""
    if course.stage == stages.BAKE:
        return float(record.configuration.get('bakeTimeInMinutes', 0) * stages.MINUTE)
    if course.stage not in (stages.SHIFT, stages.TEST_SHIFT):
        return world.timings.stage
    shift = world.timings.shift + traffic.delay(_target(service, record))
    bakes = course.stage == stages.SHIFT and not course.backward
    return shift + (_steps(record, course)[course.step].bake if bakes else 0.0)


def _target(service: Service, record: Rollout) -> Deployment:
    """The deployment that is rolled out; the newest one where it has gone."""
    return next(_deployments(service, record.target), service.deployments[0])


def _shift(record: Rollout, course: Course) -> None:
    """Set the weights of a stage that moves traffic."""
    if course.stage == stages.TEST_SHIFT:
        course.test = {} if course.backward else {record.target: stages.WHOLE}
    elif course.stage == stages.SHIFT and course.backward:
        course.production = {course.source: stages.WHOLE}
    elif course.stage == stages.SHIFT:
        percent = _steps(record, course)[course.step].percent
        course.step += 1
        course.production = {course.source: round(100 - percent, 1)} if course.source else {}
        course.production[record.target] = percent


def _can_reconcile(world: World, service: Service, course: Course) -> bool:
    """Whether the source, which gets all traffic again, has its tasks."""
    if course.production == {course.source: stages.WHOLE}:
        return False
    return _healthy(world, service, course.source) >= service.desired


def _is_over(world: World, service: Service, record: Rollout, course: Course) -> bool:
    """Whether the work, the hooks and the tasks of a stage are done."""
    if world.now < course.until or hooks.are_open(course):
        return False
    if course.stage == stages.SCALE_UP:
        scaled = course.source if course.backward else record.target
        return _healthy(world, service, scaled) >= service.desired
    if course.stage == stages.RECONCILE and course.production != {course.source: stages.WHOLE}:
        return False
    if course.stage not in (stages.RECONCILE, stages.CLEAN_UP):
        return True
    staying = course.source if course.backward or course.stage == stages.RECONCILE else record.target
    kept = {deployment.id for deployment in _deployments(service, staying)}
    return all(task.deployment in kept or task.status not in LIVE for task in world.tasks_of(service))


def _deployments(service: Service, revision: str) -> Iterator[Deployment]:
    return (d for d in service.deployments if d.revision == revision)


def _tasks(world: World, service: Service, revision: str) -> list[Task]:
    """The tasks of a revision that run or are about to."""
    ids = {d.id for d in _deployments(service, revision)}
    return [task for task in world.tasks_of(service) if task.deployment in ids and task.desired == 'RUNNING']


def _healthy(world: World, service: Service, revision: str) -> int:
    return sum(task.healthy for task in _tasks(world, service, revision))


def _keep_counts(world: World, service: Service, record: Rollout, course: Course) -> None:
    """Start or stop tasks until each deployment has as many as the stage wants."""
    there = len(_tasks(world, service, record.target))
    wanted = stages.counts(course.stage, course.backward, service.desired, there)
    numbers = {course.source: wanted.source, record.target: wanted.target}
    for deployment in service.deployments:
        tasks = _tasks(world, service, deployment.revision)
        # Those of a deployment that was replaced, until the source has its traffic again.
        others = len(tasks) if course.production.get(deployment.revision) else 0
        deployment.desired = numbers.get(deployment.revision, others)
        stop(world, service, surplus(tasks, max(0, len(tasks) - deployment.desired)))
        missing = min(deployment.desired - len(tasks), MOST_STARTED_AT_ONCE)
        if missing > 0 and deployment.state != 'FAILED' and world.now >= service.not_before:
            start(world, service, deployment, missing, tasks)
    give_up_old(service, {task.deployment for task in world.tasks_of(service) if task.status in LIVE})


def _wake(world: World, service: Service, record: Rollout, course: Course) -> None:
    """Have the scheduler look again when something is due by itself."""
    times = [service.not_before]
    if record.status in _MOVING:
        limits = [_limit(world, course.since, _LONGEST_STAGE), _limit(world, record.created_at, _LONGEST_DEPLOYMENT)]
        times += [course.until, *hooks.next_due(course), *limits]
    for time in times:
        if time > world.now:
            world.wake(service, time)
