"""The commands `plan` and `apply` of nysa_server.py."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from stack.aws.ports import PerDesiredState
from stack.errors import InvalidRequest
from stack.reconcile.estimate import estimate
from stack.reconcile.plan import STARTING, Plan
from stack.reconcile.side_effects import side_effects
from stack.rehearsal.rehearsal import Rehearsal
from stack.rollouts.progress import Progress
from stack.runtime.masking import masked, masked_text
from stack.runtime.off_loop import call_off_loop
from stack.runtime.terminal import shows_colour, sign
from stack.scheduler.passes import Ask, Ended, Passes
from stack.scheduler.plan_text import plan_lines
from stack.scheduler.reconciler import Reconciler, Request
from stack.stackfile.check import check
from stack.stackfile.problems import refusal
from stack.stackfile.reading import read
from stack.state.diff import changed_rows, touched

# Plans of desired states that are not stored: tasks run once for the revision that they would become.
NEW_REVISION = 'new'

# A document without services, for what is not stored yet.
EMPTY: Mapping[str, Any] = {}

LOOK_AGAIN_S = 5.0

# The exit status of a plan with steps, which scripts tell from a failure.
CHANGES = 2


async def ecs_plan(
    reconcilers: PerDesiredState[Reconciler],
    cluster: str,
    document: Mapping[str, Any],
    destroyed: Sequence[str] = (),
    stored: Mapping[str, Any] = EMPTY,
) -> dict[str, Any]:
    """The plan for a desired state that is not stored, as JSON, with its secrets masked for every role.

    Its key `also` has the side effects of changing the stored document to that one, see
    `stack.reconcile.side_effects`. Raises `Unprocessable` where ECS has no such active cluster, and `AwsFailed`.
    """
    request = Request(document, NEW_REVISION, frozenset(destroyed))
    plan, without_change = await reconcilers.planned(cluster, document).plans(cluster, request, stored)
    return await call_off_loop(_shown_beside, plan, without_change, stored, document)


def _shown_beside(
    plan: Plan, without_change: Plan, stored: Mapping[str, Any], document: Mapping[str, Any]
) -> dict[str, Any]:
    """A plan as JSON, with the side effects of the change that it is for."""
    effects = side_effects(without_change.rows, plan.rows, touched(changed_rows(stored, document)))
    return shown_plan(plan) | {'also': masked([effect.to_json() for effect in effects])}


@dataclass(frozen=True)
class Planning:
    """What the command `plan` needs."""

    passes: Passes
    reconcilers: PerDesiredState[Reconciler]
    rehearsals: PerDesiredState[Rehearsal]


async def show_plan(planning: Planning, cluster: str, file: str | None, *, prune: bool, as_json: bool = False) -> int:
    """Print the plan of a pass, for the stored state or for a stackfile, with what would fail when services start.

    Gives the exit status: 2 for steps. Raises `NotFound`, `Unprocessable`, `AwsFailed`, and `InvalidRequest` for a file
    that is no stackfile.
    """
    if file is None:
        document, plan = await planning.passes.plan(Ask(cluster, prune=prune))
    else:
        document = _read_file(cluster, file)
        plan = await planning.reconcilers.planned(cluster, document).plan(
            cluster, Request(document, NEW_REVISION, prune=prune)
        )
    starting = [row.service for row in plan.rows if row.action in STARTING]
    rehearsal = planning.rehearsals.planned(cluster, document)
    of_services, of_quotas = await asyncio.gather(
        rehearsal.rehearse(cluster, document, starting),
        rehearsal.quotas(cluster, document, plan.to_json()['steps']),
    )
    rehearsed = of_services.beside(of_quotas)
    if as_json:
        print(json.dumps(shown_plan(plan) | {'rehearsal': rehearsed.to_json()}))
    else:
        _print_plan(plan)
        _print_lines(rehearsed.lines())
    return CHANGES if plan.steps else 0


def _print_lines(lines: Iterable[str]) -> None:
    for line in lines:
        print(f'! {masked_text(line)}', flush=True)


def shown_plan(plan: Plan) -> dict[str, Any]:
    """A plan as JSON, with its secrets masked for every role."""
    shown: dict[str, Any] = masked(plan.to_json())
    return shown | {'estimate_seconds': round(estimate(plan), 1)}


async def apply(
    passes: Passes, cluster: str, prune: bool, sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep
) -> int:
    """Print the plan and carry it out until nothing is left to do or a step fails. Gives the exit status."""
    busy_printed = False
    ask = Ask(cluster, prune=prune, asked_at=datetime.now(UTC))
    while True:
        ended = await passes.make(ask, on_plan=_print_plan)
        if ended.state in ('complete', 'failed', 'frozen', 'gone'):
            break
        if ended.state == 'busy' and not busy_printed:
            print(f'A scheduler is at work on {cluster}: waiting until it is done.')
            busy_printed = True
        ask = _following(ask, ended)
        await sleep(LOOK_AGAIN_S)
    if halted := _halted(ended):
        print('Stopped: ' + '\n         '.join(halted))
        return 1
    outcome = {
        'complete': 'Done.',
        'failed': 'Failed: ' + '\n        '.join(ended.errors),
        'frozen': f'{cluster} is frozen: nothing was done.',
        'gone': f'{cluster} is not managed here: nothing was done.',
    }
    print(outcome[ended.state])
    return int(ended.state != 'complete')


def _following(ask: Ask, ended: Ended) -> Ask:
    """The request for the pass after another one: what failed meanwhile is not tried again."""
    if ended.outcome is None:
        return ask
    plan = ended.outcome.plan
    awaited = plan if ended.state == 'awaiting' else None
    return replace(ask, retry=False, retried=frozenset(each.service for each in plan.waits), awaited=awaited)


def _halted(ended: Ended) -> list[str]:
    """What failed tasks before or after rollouts have stopped, a sentence for each service."""
    if ended.outcome is None:
        return []
    plan = ended.outcome.plan
    services = (*plan.gate_failed, *plan.not_begun)
    return [f'{note.service}: {masked_text(note.text)}' for note in plan.notes if note.service in services]


# For terminals that show all characters, and for those that show ASCII alone.
MARKS = {'done': ('✓', 'done:'), 'failed': ('✗', 'failed:'), 'waiting': ('…', 'waiting:')}


def print_progress(progress: Progress, out: TextIO | None = None) -> None:
    """A line for each step that has ended."""
    if progress.state in ('done', 'failed', 'waiting'):
        out = out or sys.stdout
        mark = sign(out, *MARKS[progress.state])
        why = f': {progress.error}' if progress.error else ''
        print(f'  {mark} {progress.step.text}{why}', file=out, flush=True)


def _print_plan(plan: Plan) -> None:
    for line in plan_lines(plan, estimate(plan), colour=shows_colour(sys.stdout)):
        print(line, flush=True)


def _read_file(cluster: str, file: str) -> dict[str, Any]:
    try:
        body = sys.stdin.buffer.read() if file == '-' else Path(file).read_bytes()
    except OSError as error:
        raise InvalidRequest(f'{file} cannot be read: {error.strerror}') from error
    document = read(body, 'json' if file.endswith('.json') else 'yaml')
    report = check(document.data, cluster=cluster, position=document.position)
    if report.mistakes:
        raise refusal(report.mistakes)
    checked: dict[str, Any] = document.data
    return checked
