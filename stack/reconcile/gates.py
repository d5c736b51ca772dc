"""Gates: one-off tasks of a new task definition, which must exit with 0 before or after the rollout of a service.

A gate runs once for each task definition of its service. The ledger decides that, and not ECS, which forgets tasks.
"""

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from stack.reconcile import names
from stack.reconcile.definition import fingerprint
from stack.reconcile.draft import Draft
from stack.reconcile.ledger import GateRun, Ledger, Stage
from stack.reconcile.names import MADE_FOR_TAG
from stack.reconcile.plan import Change, ResultOf, Until
from stack.reconcile.tasks import run_members
from stack.reconcile.wanted import Wanted
from stack.stackfile.main_container import main_container
from stack.stackfile.naming import gate_family
from stack.stackfile.order_fields import Gate
from stack.stackfile.restarts import LABEL

# A task that ended is described for another hour, so that what was not seen to start by then may have ended.
STARTS_WITHIN_S = 50 * 60.0

STOPPED = Until('tasks.0.lastStatus', ('STOPPED',))


@dataclass(frozen=True)
class Occasion:
    """What a gate runs for: the `definition` of a service (a fingerprint), by a revision and a message.

    `since` is when the rollout before it began; a run before that was for another rollout.
    """

    cluster: str
    definition: str
    revision: str
    now: float
    asked_at: float | None = None
    since: float = 0.0


def definition_mark(wanted: Wanted) -> str:
    """The fingerprint of the task definition that a service declares; a restart is no difference."""
    body = copy.deepcopy(dict(wanted.definition))
    for container in body.get('containerDefinitions', ()):
        labels = {key: value for key, value in container.pop('dockerLabels', {}).items() if key != LABEL}
        container.update({'dockerLabels': labels} if labels else {})
    return fingerprint(body)


def of_occasion(ledger: Ledger, wanted: Wanted, gate: Gate, occasion: Occasion) -> GateRun | None:
    """The run of a gate for this occasion, if it has one."""
    run = ledger.runs.get((wanted.service, gate.name))
    if run is None or run.definition != occasion.definition or run.at < occasion.since:
        return None
    return run


def failed_run(ledger: Ledger, wanted: Wanted, gates: Iterable[Gate], occasion: Occasion) -> GateRun | None:
    """The first gate that failed, and that no later change or deploy tries again."""
    for gate in gates:
        run = of_occasion(ledger, wanted, gate, occasion)
        if run and run.state == 'failed' and not run.may_be_retried(occasion.asked_at):
            return run
    return None


def failure_text(run: GateRun) -> str:
    """Why nothing goes on, a sentence."""
    lines = f' Its last line: {run.lines[-1]}' if run.lines else ''
    return f'{run.text} failed: {run.reason.rstrip(".")}.{lines}'


def plan_gates(
    draft: Draft,
    wanted: Wanted,
    stage: Stage,
    ledger: Ledger,
    occasion: Occasion,
    after: Iterable[str | None] = (),
) -> 'Planned':
    """Add the steps of the gates of one stage that have not succeeded, one gate after the other."""
    gates = wanted.order.before if stage == 'pre_deploy' else wanted.order.after
    starts: dict[str, GateRun] = {}
    last, first_open = tuple(after), ''
    for gate in gates:
        run = of_occasion(ledger, wanted, gate, occasion)
        if run is not None and run.state == 'succeeded':
            continue
        first_open = first_open or gate.name
        last, started = _plan_gate(draft, wanted, gate, stage, ledger, occasion, last)
        starts |= started
    return Planned(last, starts, first_open)


@dataclass(frozen=True)
class Planned:
    """The steps to come after, what is recorded before RunTask by its step, and the first gate that is open."""

    after: tuple[str | None, ...]
    starts: Mapping[str, GateRun]
    gate: str


def _plan_gate(
    draft: Draft,
    wanted: Wanted,
    gate: Gate,
    stage: Stage,
    ledger: Ledger,
    occasion: Occasion,
    after: tuple[str | None, ...],
) -> tuple[tuple[str | None, ...], dict[str, GateRun]]:
    former = ledger.runs.get((wanted.service, gate.name))
    run = of_occasion(ledger, wanted, gate, occasion)
    if run is not None and run.state == 'running':
        return (_ended(draft, occasion.cluster, run, after),), {}
    if run is None or run.state == 'failed':
        if former is not None and former.is_open:
            # Two runs of one migration at a time could spoil each other's work.
            after = (_ended(draft, occasion.cluster, former, after, 'former'),)
        run = _new_run(wanted, gate, stage, former, occasion)
    ref = run.task_definition or _register(draft, wanted, gate, run, after)
    step = draft.add(
        f'gate/{gate.name}/run',
        'ecs:RunTask',
        f'Run {run.text} of {wanted.service}',
        {
            'cluster': occasion.cluster,
            'taskDefinition': ref,
            'count': 1,
            'startedBy': run.mark,
            'clientToken': names.token(occasion.cluster, wanted.service, gate.name, run.mark),
            'tags': names.ecs_tags(draft.owner.tags),
            **run_members(wanted),
        },
        after=after,
        why=[Change(f'{stage}.{gate.name}.command', None, list(gate.command))],
    )
    return (_ended(draft, occasion.cluster, run, (step,)),), {step: run}


def _new_run(wanted: Wanted, gate: Gate, stage: Stage, former: GateRun | None, occasion: Occasion) -> GateRun:
    attempt = former.attempt + 1 if former and former.definition == occasion.definition else 1
    identity = (occasion.cluster, wanted.service, gate.name, occasion.definition, occasion.revision, str(attempt))
    return GateRun(
        service=wanted.service,
        gate=gate.name,
        stage=stage,
        definition=occasion.definition,
        mark=f'nysa/{names.token(*identity)[:16]}',
        family=gate_family(occasion.cluster, wanted.service, gate.name),
        container=wanted.order.container,
        timeout=gate.timeout,
        at=occasion.now,
        attempt=attempt,
        asked_at=occasion.asked_at,
    )


def _register(draft: Draft, wanted: Wanted, gate: Gate, run: GateRun, after: tuple[str | None, ...]) -> ResultOf:
    body = gate_definition(wanted, gate, run.family)
    made_for = {MADE_FOR_TAG: run.mark}
    made = draft.add(
        f'gate/{gate.name}/task-definition',
        'ecs:RegisterTaskDefinition',
        f'Register a task definition for {run.text} of {wanted.service}',
        {**body, 'tags': [*body.get('tags', ()), *names.ecs_tags(made_for)]},
        after=after,
    )
    return ResultOf(made, 'taskDefinition.taskDefinitionArn')


def gate_definition(wanted: Wanted, gate: Gate, family: str) -> dict[str, Any]:
    """The task definition of a gate: that of the service, with the gate's image and command and without ports.

    A task beside those of the service must not compete for their host ports.
    """
    body: dict[str, Any] = copy.deepcopy({**wanted.definition, 'family': family})
    main = main_container(body, wanted.service)
    containers: list[dict[str, Any]] = body['containerDefinitions']
    for container in containers:
        container.pop('portMappings', None)
        if container is main:
            container.pop('restartPolicy', None)
            container |= {'command': list(gate.command), 'essential': True}
            container |= {'image': gate.image} if gate.image else {}
    return body


def _ended(draft: Draft, cluster: str, run: GateRun, after: tuple[str | None, ...], name: str = 'ended') -> str:
    return draft.add(
        f'gate/{run.gate}/{name}',
        'ecs:DescribeTasks',
        f'Wait until {run.text} of {run.service} has ended with exit code 0',
        {'cluster': cluster, 'tasks': [run.task or run.mark]},
        after=after,
        until=STOPPED,
        later=True,
    )


def plan_upkeep(draft: Draft, cluster: str, runs: Iterable[GateRun], now: float) -> dict[str, GateRun]:
    """Add the steps that stop runs after their timeout, and that deregister the task definitions of those that ended.

    Gives what is recorded once a step is done, by its id.
    """
    ends: dict[str, GateRun] = {}
    for run in runs:
        if run.is_open and run.task and run.timeout and now >= run.at + run.timeout:
            draft.add(
                f'gate/{run.gate}/stop',
                'ecs:StopTask',
                f'Stop {run.text} of {run.service} after {run.timeout} s',
                {'cluster': cluster, 'task': run.task, 'reason': f'Not ended within {run.timeout} s'},
            )
        if not run.is_open and run.task_definition and run.gate:
            step = draft.add(
                f'gate/{run.gate}/deregister',
                'ecs:DeregisterTaskDefinition',
                f'Deregister the task definition of {run.text} of {run.service}',
                {'taskDefinition': run.task_definition},
            )
            ends[step] = run
    return ends


def is_wanted(run: GateRun, wanted: Mapping[str, Wanted]) -> bool:
    """Whether a run belongs to a gate that the desired state has."""
    service = wanted.get(run.service)
    if service is None:
        return False
    gates = (*service.order.before, *service.order.after)
    return run.gate in {gate.name for gate in gates} or (not run.gate and service.runs_once)
