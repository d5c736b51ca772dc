"""Rules of schedules."""

from collections.abc import Iterable, Iterator

from stack.stackfile.schedule_fields import KINDS
from stack.stackfile.semantics.rules import Finding, Subject, rule

# https://docs.aws.amazon.com/scheduler/latest/APIReference/API_EcsParameters.html
MOST_TASKS = 10


@rule('schedule', 'type')
def schedule_is_of_a_task(subject: Subject) -> Iterator[Finding]:
    if subject.settings.schedule and subject.settings.type != 'task':
        yield ('schedule',), 'needs type: task'


@rule('schedule')
def schedule_has_one_time(subject: Subject) -> Iterator[Finding]:
    schedule = subject.settings.schedule
    stated = [kind for kind in KINDS if getattr(schedule, kind, None) is not None]
    if schedule and not stated:
        yield ('schedule',), f'expected one of {", ".join(KINDS)}'
    for kind in stated[1:]:
        yield ('schedule', kind), f'{stated[0]} is stated already: leave one out'


@rule('schedule')
def schedule_begins_before_it_ends(subject: Subject) -> Iterator[Finding]:
    schedule = subject.settings.schedule
    if schedule and schedule.starts_at and schedule.ends_at and schedule.starts_at >= schedule.ends_at:
        yield ('schedule', 'end'), 'is not after start'


@rule('schedule', 'scheduler_role')
def schedule_has_a_role(subject: Subject) -> Iterator[Finding]:
    if subject.settings.schedule and subject.settings.scheduler_role is None:
        yield ('schedule',), 'needs scheduler_role, here or under defaults: the role that starts the tasks'


@rule('schedule', 'desired_count')
def schedule_starts_some_tasks(subject: Subject) -> Iterator[Finding]:
    settings = subject.settings
    if settings.schedule and not 1 <= settings.desired_count <= MOST_TASKS:
        hint = '; enabled: false starts none' if not settings.desired_count else ''
        yield ('desired_count',), f'a schedule starts 1 to {MOST_TASKS} tasks at a time{hint}'


def same_schedule(subjects: Iterable[Subject]) -> Iterator[Finding]:
    """Mistakes: two services with one schedule."""
    owners: dict[str, str] = {}
    for subject in subjects:
        schedule = subject.settings.schedule
        if schedule and schedule.name:
            owner = owners.setdefault(schedule.name, subject.settings.name)
            if owner != subject.settings.name:
                yield (*subject.path, 'schedule', 'name'), f'is the schedule of {owner} already'


RULES = (
    schedule_is_of_a_task,
    schedule_has_one_time,
    schedule_begins_before_it_ends,
    schedule_has_a_role,
    schedule_starts_some_tasks,
)
