"""Lifecycle hooks of a deployment: pauses that wait for ContinueServiceDeployment, and Lambda functions.

No function runs: one answers `SUCCEEDED` after a second, unless a word in its name selects something else. `fails`
answers `FAILED`, `hangs` never answers.

Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-lifecycle-hooks.html
"""

import base64
import re

from stack.sandbox.ecs.errors import invalid
from stack.sandbox.ecs.events import hook_changed
from stack.sandbox.ecs.model import Course, HookRun, Rollout, Service, Wire
from stack.sandbox.ecs.strategies.stages import MINUTE
from stack.sandbox.ecs.world import World

PAUSE, LAMBDA = 'PAUSE', 'AWS_LAMBDA'
AWAITING, RUNNING, SUCCEEDED, FAILED, TIMED_OUT = 'AWAITING_ACTION', 'IN_PROGRESS', 'SUCCEEDED', 'FAILED', 'TIMED_OUT'
OPEN = (AWAITING, RUNNING)
DEFAULT_TIMEOUT = 1440
_WORD = re.compile(r'(?:^|[-_:])(fails|hangs)(?=$|[-_:])')


def fire(world: World, service: Service, record: Rollout, stage: str) -> list[HookRun]:
    """Start the hooks of a stage, each with a new id."""
    runs = [
        _run(world, hook, stage)
        for hook in record.configuration.get('lifecycleHooks', [])
        if stage in hook['lifecycleStages']
    ]
    for run in runs:
        hook_changed(world, service, record, run)
    return runs


def _run(world: World, hook: Wire, stage: str) -> HookRun:
    kind, target = hook.get('targetType', LAMBDA), hook.get('hookTargetArn', '')
    timeout: Wire = hook.get('timeoutConfiguration', {})
    word = base64.urlsafe_b64encode(bytes.fromhex(world.dice.hexadecimal(64))).decode().rstrip('=')
    run = HookRun(
        id=f'ecs-{"pause" if kind == PAUSE else "lambda"}-{word}',
        kind=kind,
        stage=stage,
        status=AWAITING if kind == PAUSE else RUNNING,
        expires_at=world.after(world.scaled(timeout.get('timeoutInMinutes', DEFAULT_TIMEOUT) * MINUTE)),
        on_timeout=timeout.get('action', 'ROLLBACK'),
        target=target,
    )
    if kind == LAMBDA and 'hangs' not in _WORD.findall(target):
        run.ends_at = world.after(world.scaled(world.timings.hook))
    return run


def settle(world: World, service: Service, record: Rollout, course: Course) -> None:
    """End the hooks whose answer or timeout is due."""
    for run in course.hooks:
        if run.status not in OPEN:
            continue
        if run.ends_at is not None and world.now >= run.ends_at:
            end(world, service, record, run, FAILED if 'fails' in _WORD.findall(run.target) else SUCCEEDED)
        elif world.now >= run.expires_at:
            end(world, service, record, run, TIMED_OUT)


def end(world: World, service: Service, record: Rollout, run: HookRun, status: str) -> None:
    run.status = status
    record.updated_at = world.now
    hook_changed(world, service, record, run)


def are_open(course: Course) -> bool:
    return any(run.status in OPEN for run in course.hooks)


def failed(course: Course) -> list[HookRun]:
    """The hooks of this stage that demand a rollback."""
    return [
        run
        for run in course.hooks
        if run.status == FAILED or (run.status == TIMED_OUT and run.on_timeout == 'ROLLBACK')
    ]


def next_due(course: Course) -> list[float]:
    """The times at which hooks end by themselves."""
    return [run.expires_at if run.ends_at is None else run.ends_at for run in course.hooks if run.status in OPEN]


def answer(world: World, service: Service, record: Rollout, hook: str, action: str) -> None:
    """Continue the deployment after a pause, or roll it back; raises InvalidParameterException where it does not wait
    for that hook. AWS does not document which error a second answer gets."""
    run = next((run for run in record.course.hooks if run.id == hook), None) if record.course else None
    if run is None or run.kind != PAUSE:
        raise invalid(f'No pause hook with hookId {hook} was found for the service deployment.')
    if run.status != AWAITING or record.status != 'IN_PROGRESS':
        raise invalid(f'The pause hook {hook} is not awaiting action.')
    end(world, service, record, run, SUCCEEDED if action == 'CONTINUE' else FAILED)
    world.wake(service)
