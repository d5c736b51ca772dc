"""Rules for autoscaling."""

from collections.abc import Iterator

from stack.stackfile.autoscaling_fields import Autoscaling
from stack.stackfile.semantics.rules import Finding, Subject, rule

_POLICIES = ('cpu', 'memory', 'requests', 'metric', 'steps')


@rule('autoscaling.min', 'autoscaling.max')
def limits_are_in_order(subject: Subject) -> Iterator[Finding]:
    scaling = subject.settings.autoscaling
    if scaling and scaling.min > scaling.max:
        yield ('autoscaling', 'min'), f'is more than max: {scaling.min} is more than {scaling.max}'


@rule('autoscaling')
def something_scales(subject: Subject) -> Iterator[Finding]:
    scaling = subject.settings.autoscaling
    if scaling and not scaling.schedules and all(getattr(scaling, name) is None for name in _POLICIES):
        yield ('autoscaling',), f'needs something to follow: {", ".join(_POLICIES)} or schedules'


@rule('autoscaling', 'type', 'scheduling_strategy', 'controller')
def count_can_be_scaled(subject: Subject) -> Iterator[Finding]:
    """A task or a daemon leaves inherited autoscaling without effect."""
    settings = subject.settings
    if settings.autoscaling is None or 'autoscaling' not in subject.raw:
        return
    if settings.type == 'task':
        yield ('autoscaling',), 'has no meaning with type: task, which runs once'
    elif settings.scheduling_strategy == 'DAEMON':
        yield ('autoscaling',), 'has no meaning with DAEMON, which runs one task on each instance'
    elif settings.controller == 'external':
        yield ('autoscaling',), 'has no meaning with controller: external, whose task sets are scaled by their owner'


@rule('autoscaling', 'autoscaled')
def scaled_by_one_owner(subject: Subject) -> Iterator[Finding]:
    if subject.settings.autoscaling and 'autoscaling' in subject.raw and subject.settings.autoscaled:
        yield ('autoscaled',), 'states that another program scales the service: leave it out beside autoscaling'


@rule('autoscaling.requests', 'elb')
def requests_are_counted(subject: Subject) -> Iterator[Finding]:
    settings = subject.settings
    if settings.autoscaling and settings.autoscaling.requests is not None and not settings.elb:
        yield ('autoscaling', 'requests'), 'needs a load balancer, which counts the requests: expected elb'


@rule('autoscaling.steps')
def steps_are_complete(subject: Subject) -> Iterator[Finding]:
    steps = subject.settings.autoscaling.steps if subject.settings.autoscaling else None
    if steps is None:
        return
    path = ('autoscaling', 'steps')
    if not steps.add and not steps.remove:
        yield path, 'expected add, remove, or both'
    above, below = [step.above for step in steps.add], [step.below for step in steps.remove]
    for name, limits in (('add', above), ('remove', below)):
        for i, limit in enumerate(limits):
            if limit in limits[:i]:
                yield (*path, name, i), 'another step has this limit already'
    if above and below and max(below) >= min(above):
        message = (
            f'a value of {max(below):g} would remove tasks, and one of {min(above):g} add some: leave room between'
        )
        yield (*path, 'remove'), message


@rule('autoscaling.schedules', 'autoscaling.min', 'autoscaling.max')
def schedules_are_complete(subject: Subject) -> Iterator[Finding]:
    scaling = subject.settings.autoscaling
    for i, schedule in enumerate(scaling.schedules if scaling else ()):
        path = ('autoscaling', 'schedules', i)
        if (schedule.at is None) == (schedule.cron is None):
            yield path, 'expected either at or cron'
        if schedule.min is None and schedule.max is None:
            yield path, 'expected min, max, or both'
        if schedule.min is not None and schedule.max is not None and schedule.min > schedule.max:
            yield path, f'min is more than max: {schedule.min} is more than {schedule.max}'
        elif scaling and (reason := _beyond(scaling, schedule.min, schedule.max)):
            yield path, reason


def _beyond(scaling: Autoscaling, low: int | None, high: int | None) -> str | None:
    """Why one limit alone does not fit the other, which stays as it is; None where it fits."""
    if high is None and low is not None and low > scaling.max:
        return f'min is more than max of the service: state max as well, {low} or more'
    if low is None and high is not None and high < scaling.min:
        return f'max is less than min of the service: state min as well, {high} or less'
    return None


@rule('autoscaling.schedules')
def schedules_differ(subject: Subject) -> Iterator[Finding]:
    scaling = subject.settings.autoscaling
    seen: list[tuple[str | None, str | None, str]] = []
    for i, schedule in enumerate(scaling.schedules if scaling else ()):
        when = schedule.at, schedule.cron, schedule.timezone
        if when in seen:
            yield ('autoscaling', 'schedules', i), 'another schedule has this time already'
        seen.append(when)


@rule('autoscaling.min', 'autoscaling.max', 'desired_count')
def start_is_within_limits(subject: Subject) -> Iterator[Finding]:
    settings = subject.settings
    scaling = settings.autoscaling
    if scaling and 'desired_count' in subject.raw and not scaling.min <= settings.desired_count <= scaling.max:
        yield (
            ('desired_count',),
            f'is outside of autoscaling: the service starts with {scaling.start(settings.desired_count)}',
        )


RULES = (
    limits_are_in_order,
    something_scales,
    count_can_be_scaled,
    scaled_by_one_owner,
    requests_are_counted,
    schedules_are_complete,
    schedules_differ,
    steps_are_complete,
)

WARNINGS = (start_is_within_limits,)
