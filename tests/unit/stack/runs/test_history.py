"""The runs of a service: what a look at its tasks adds, and what they mean for the schedule."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stack.rollouts.ecs_state import Task, task
from stack.runs.history import History, dump, failing_since, load, schedule_json, seen
from stack.runs.run import Run
from stack.stackfile.schedule_fields import Schedule

HOURLY = Schedule(cron='0 * * * ? *', timezone='UTC')
DAY = datetime(2030, 4, 1, tzinfo=UTC)


def at(hour: int, minute: int = 0, second: int = 0) -> datetime:
    return DAY + timedelta(hours=hour, minutes=minute, seconds=second)


def a_task(
    number: int, created: datetime, code: int | None = 0, by: str = 'chronos-schedule/report', **more: Any
) -> Task:
    """A task that ran for a minute, or with the code None one that runs."""
    container = {'name': 'report', 'image': 'report:1', **({} if code is None else {'exitCode': code})}
    over = {
        'lastStatus': 'STOPPED',
        'stopCode': 'EssentialContainerExited',
        'stoppedAt': created + timedelta(minutes=1),
    }
    return task(
        {
            'taskArn': f'arn:aws:ecs:us-east-1:1:task/staging/{number}',
            'taskDefinitionArn': 'arn:aws:ecs:us-east-1:1:task-definition/staging-report:7',
            'startedBy': by,
            'lastStatus': 'RUNNING',
            'createdAt': created,
            'startedAt': created + timedelta(seconds=10),
            'containers': [container],
            **(over if code is not None else {}),
            **more,
        }
    )


def looked(
    *looks: tuple[datetime, list[Task]], schedule: Schedule | None = HOURLY, history: History | None = None
) -> History:
    found = history or History()
    for now, tasks in looks:
        found = seen(found, tasks, 'report', schedule, now)
    return found


def states(history: History) -> list[tuple[str, str]]:
    return [(run.id, run.state) for run in history.runs]


def test_a_run_is_followed_to_its_end():
    history = looked((at(1, 0, 30), [a_task(1, at(1, 0, 5), None)]), (at(1, 2), [a_task(1, at(1, 0, 5), 3)]))
    [run] = history.runs
    assert (run.trigger, run.state, run.exit_code, run.seconds) == ('schedule', 'failed', 3, 50.0)
    assert (run.due, run.task_definition) == (at(1), 'staging-report:7')
    assert 'code 3' in run.reason['what']


def test_an_end_is_final():
    ended = looked((at(1, 2), [a_task(1, at(1, 0, 5), 0)]))
    assert looked((at(4), [a_task(9, at(3, 0, 5))]), history=ended).find('1').state == 'succeeded'


def test_what_started_the_task_is_its_trigger():
    tasks = [
        a_task(1, at(1), by='chronos-schedule/report'),
        a_task(2, at(1), by='nysa-run/0123456789abcdef0123'),
        a_task(3, at(1), by='nysa/0123456789abcdef'),
        a_task(4, at(1), by=''),
        a_task(5, at(1), by='ecs-svc/123'),
    ]
    found = {run.id: run.trigger for run in looked((at(1, 2), tasks)).runs}
    assert found == {'1': 'schedule', '0123456789abcdef0123': 'request', '3': 'revision', '4': 'other'}


def test_what_a_caller_asked_for_keeps_its_author():
    asked = Run(
        '0123456789abcdef0123', 'request', 'requested', at(1), by='maria', message='again', overrides={'cpu': 1}
    )
    history = History().with_run(asked)
    [run] = looked((at(1, 2), [a_task(2, at(1, 0, 1), by='nysa-run/0123456789abcdef0123')]), history=history).runs
    assert (run.state, run.by, run.message, run.overrides, run.created_at) == (
        'succeeded',
        'maria',
        'again',
        {'cpu': 1},
        at(1),
    )


class TestMissed:
    def test_a_time_without_a_task_is_missed_once_it_is_late(self):
        history = looked((at(0, 58), []), (at(1, 4), []))
        assert history.runs == ()
        history = looked((at(1, 6), []), (at(1, 7), []), history=history)
        assert [(run.state, run.due) for run in history.runs] == [('missed', at(1))]

    def test_a_late_start_takes_its_place(self):
        history = looked((at(0, 58), []), (at(1, 6), []), (at(1, 20), [a_task(1, at(1, 15))]))
        assert [(run.id, run.due) for run in history.runs] == [('1', at(1))]

    def test_a_start_in_time_is_not_missed(self):
        history = looked((at(0, 58), []), (at(1, 30), [a_task(1, at(1, 0, 20))]), (at(1, 40), []))
        assert states(history) == [('1', 'succeeded')]

    def test_jitter_moves_the_limit(self):
        late = Schedule(cron='0 * * * ? *', jitter=30)
        assert looked((at(0, 58), []), (at(1, 34), []), schedule=late).runs == ()
        assert len(looked((at(0, 58), []), (at(1, 36), []), schedule=late).runs) == 1

    def test_what_ecs_has_forgotten_cannot_be_judged(self):
        assert [run.due for run in looked((at(0, 58), []), (at(9, 30), [])).runs] == [at(9)]
        assert looked((at(9, 30), [])).runs == ()

    def test_times_before_a_change_of_the_schedule_are_none_of_its_own(self):
        other = Schedule(cron='30 * * * ? *')
        history = looked((at(0, 58), []), schedule=other)
        assert looked((at(1, 10), []), (at(1, 20), []), history=history).runs == ()

    @pytest.mark.parametrize(
        'schedule',
        [
            None,
            Schedule(rate='5 minutes'),
            Schedule(cron='0 * * * ? *', enabled=False),
            Schedule(cron='0 * * * ? *', start='2030-04-02T00:00:00Z'),
            Schedule(cron='0 * * * ? *', end='2030-04-01T00:30:00Z'),
        ],
    )
    def test_without_known_times_nothing_is_missed(self, schedule):
        assert looked((at(0, 58), []), (at(1, 6), []), schedule=schedule).runs == ()


def test_a_run_that_begins_while_another_is_under_way_overlaps():
    first, second, third = a_task(1, at(1), None), a_task(2, at(2), None), a_task(3, at(3))
    assert [run.overlaps for run in looked((at(2, 1), [first, second])).runs] == [True, False]
    assert [run.overlaps for run in looked((at(3, 5), [a_task(1, at(1)), third])).runs] == [False, False]


def test_an_open_run_that_ecs_forgot_has_failed():
    history = looked((at(1, 1), [a_task(1, at(1), None)]), (at(3), []), schedule=None)
    assert states(history) == [('1', 'failed')]
    assert 'forgot' in history.runs[0].reason['what']


def test_records_are_bounded_and_read_as_written():
    log = {'group': 'g', 'stream': 's', 'task': '1', 'lines': [{'at': 'x', 'message': 'line'}]}
    runs = [Run(str(n), 'other', 'succeeded', at(1) + timedelta(seconds=n), log=log) for n in range(300)]
    history = History()
    for run in runs:
        history = history.with_run(run)
    history = looked((at(2), []), history=history, schedule=None)
    assert (len(history.runs), history.runs[0].id) == (200, '299')
    assert sum(run.log is not None for run in history.runs) == 20
    assert load(dump(history)) == history


def test_a_look_that_shows_nothing_new_is_not_recorded_each_time():
    history = looked((at(1, 2), [a_task(1, at(1))]))
    assert looked((at(1, 5), [a_task(1, at(1))]), history=history) is history
    assert looked((at(1, 20), [a_task(1, at(1))]), history=history).looked_at == at(1, 20)


class TestSchedule:
    def shown(self, *tasks: Task, schedule: Schedule = HOURLY, now: datetime | None = None) -> dict[str, Any]:
        now = now or at(5, 30)
        return schedule_json(looked((now, list(tasks)), schedule=schedule), schedule, now)

    @pytest.mark.parametrize(
        ('tasks', 'state'),
        [
            ([], 'pending'),
            ([a_task(1, at(5))], 'ok'),
            ([a_task(1, at(5), 1)], 'failing'),
            ([a_task(1, at(4), 1), a_task(2, at(5))], 'ok'),
            ([a_task(1, at(5), None)], 'running'),
            ([a_task(1, at(4), None), a_task(2, at(5), None)], 'overlapping'),
        ],
    )
    def test_states(self, tasks: list[Task], state: str):
        assert self.shown(*tasks)['state'] == state

    def test_failing_since_the_first_failure_in_a_row(self):
        shown = self.shown(a_task(1, at(1)), a_task(2, at(2), 1), a_task(3, at(3), 1), a_task(4, at(5), None))
        assert (shown['state'], shown['failing_since']) == ('failing', at(2).isoformat(timespec='milliseconds'))
        assert failing_since([]) is None

    def test_next_times(self):
        assert self.shown()['next'][:2] == [at(n).isoformat(timespec='milliseconds') for n in (6, 7)]
        assert self.shown(schedule=Schedule(cron='0 * * * ? *', enabled=False))['next'] == []
        interval = Schedule(rate='2 hours')
        assert self.shown(schedule=interval)['next'] == []
        shown = self.shown(a_task(1, at(4, 10)), schedule=interval)
        assert shown['next'][0] == at(6, 10).isoformat(timespec='milliseconds')

    def test_a_run_on_request_is_no_run_of_the_schedule(self):
        shown = self.shown(a_task(1, at(5), 1, by='nysa-run/0123456789abcdef0123'))
        assert (shown['state'], shown['last']) == ('pending', None)
