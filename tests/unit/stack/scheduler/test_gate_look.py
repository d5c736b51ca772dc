"""Looks at the tasks of open gates."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from stack.errors import AwsFailed
from stack.reconcile.ledger import EMPTY
from stack.reconcile.names import MADE_FOR_TAG
from stack.reconcile.observed import TaskDefinition
from stack.rollouts import ecs_state
from stack.rollouts.ecs_state import Service, Task
from stack.scheduler.gate_look import LINES_KEPT, LONGEST_LINE, GateLook
from tests.asynchronous import asynchronous
from tests.places import InOnePlace
from tests.unit.stack.rollouts.test_gate_runs import RUN, a_task

LOGGING = {'logDriver': 'awslogs', 'options': {'awslogs-group': 'g', 'awslogs-stream-prefix': 'p'}}


class Ecs:
    """What ECS and its logs show."""

    def __init__(self, *tasks: Task):
        self.tasks = tasks
        self.calls: list[str] = []
        self.lines = [{'timestamp': 0, 'message': f'line {number} ' + 'x' * 400} for number in range(30)]
        self.denied = False
        body = {'containerDefinitions': [{'name': 'web', 'logConfiguration': LOGGING}]}
        self.registered = TaskDefinition('arn:td:1', RUN.family, body, {MADE_FOR_TAG: RUN.mark})

    async def services(self, cluster: str, names: Sequence[str], /) -> dict[str, Service | None]:
        self.calls.append('services')
        return {name: shown('COMPLETED' if name == 'done' else 'IN_PROGRESS') for name in names}

    async def runs(self, cluster: str, family: str, started_by: str, /) -> Sequence[Task]:
        self.calls.append('runs')
        return self.tasks

    async def definition(self, arn: str, /) -> TaskDefinition | None:
        self.calls.append('definition')
        return self.registered

    async def log_lines(self, group: str, stream: str, region: str | None, most: int, /) -> list[dict[str, Any]]:
        if self.denied:
            raise AwsFailed('AWS refused it.', 'logs:GetLogEvents', 'AccessDeniedException')
        return self.lines


def shown(state: str) -> Service:
    return ecs_state.service({'serviceName': 's', 'deployments': [{'status': 'PRIMARY', 'rolloutState': state}]})


@asynchronous
async def test_no_call_without_an_open_run():
    ecs = Ecs()
    ledger = EMPTY.with_(replace(RUN, state='succeeded'))
    assert await GateLook(InOnePlace(ecs)).look('prod', ledger) == ledger
    assert ecs.calls == []


@asynchronous
async def test_the_end_of_a_run_has_a_bounded_part_of_its_log():
    ledger = await GateLook(InOnePlace(Ecs(a_task('STOPPED', 1))), lambda: 1040.0).look('prod', EMPTY.with_(RUN))
    [run] = ledger.runs.values()
    assert (run.state, run.exit_code, len(run.lines)) == ('failed', 1, LINES_KEPT)
    assert run.lines[-1].startswith('line 29')
    assert {len(line) for line in run.lines} == {LONGEST_LINE}


@asynchronous
async def test_a_log_that_may_not_be_read_changes_no_end():
    ecs = Ecs(a_task('STOPPED', 0))
    ecs.denied = True
    [run] = (await GateLook(InOnePlace(ecs), lambda: 1040.0).look('prod', EMPTY.with_(RUN))).runs.values()
    assert (run.state, run.lines) == ('succeeded', ())


@asynchronous
async def test_a_registered_task_definition_is_found_again():
    """RunTask is repeated with the same arguments, or else ECS would refuse its token."""
    ecs = Ecs()
    [run] = (await GateLook(InOnePlace(ecs), lambda: 1040.0).look('prod', EMPTY.with_(RUN))).runs.values()
    assert (run.state, run.task_definition) == ('starting', 'arn:td:1')
    ecs.registered = replace(ecs.registered, tags={MADE_FOR_TAG: 'nysa/other'})
    [run] = (await GateLook(InOnePlace(ecs), lambda: 1040.0).look('prod', EMPTY.with_(RUN))).runs.values()
    assert run.task_definition is None


@asynchronous
async def test_rollouts_in_progress():
    ecs = Ecs()
    look = GateLook(InOnePlace(ecs))
    assert await look.are_in_progress('prod', [f's{number}' for number in range(25)])
    assert ecs.calls == ['services'] * 3
    assert not await look.are_in_progress('prod', ['s1', 'done'])
