"""Runs on request: one task of a service's newest definition, with another command, more variables or another size.

A run changes nothing of the desired state, so a freeze does not refuse it. The same client token gives the same run.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from stack.changes.audit import Audit
from stack.errors import AwsFailed, Conflict, NotFound, Unprocessable
from stack.reconcile import names
from stack.reconcile.names import Owner
from stack.reconcile.tasks import run_members
from stack.reconcile.wanted import Wanted
from stack.rollouts.cluster_state import ClusterState
from stack.runs.history import started_by
from stack.runs.records import RunRecords
from stack.runs.run import Run
from stack.stackfile.main_container import main_container
from stack.state.revisions import Change

# The answers of ECS for a task definition that does not exist.
NO_DEFINITION = ('ClientException', 'InvalidParameterException')


class Starter(Protocol):
    """Starts tasks: see `stack.aws.ecs_runs.EcsRuns`."""

    async def run(self, arguments: Mapping[str, Any]) -> str: ...


@dataclass(frozen=True)
class Overrides:
    """What a run has in place of its service's settings; `cpu` in CPU units, `memory` in MiB."""

    command: Sequence[str] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    cpu: int | None = None
    memory: int | None = None

    def to_json(self) -> dict[str, Any] | None:
        """The overrides without the values of variables; None without any."""
        stated = {
            'command': list(self.command) if self.command else None,
            'environment': sorted(self.environment) or None,
            'cpu': self.cpu,
            'memory': self.memory,
        }
        return {name: value for name, value in stated.items() if value is not None} or None

    def to_ecs(self, container: str, on_fargate: bool) -> dict[str, Any]:
        """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskOverride.html

        Fargate has the size of the task; elsewhere it is that of the container.
        """
        size = {name: value for name, value in (('cpu', self.cpu), ('memory', self.memory)) if value is not None}
        own: dict[str, Any] = {'name': container}
        if self.command:
            own['command'] = list(self.command)
        if self.environment:
            own['environment'] = [{'name': name, 'value': value} for name, value in self.environment.items()]
        task = {name: str(value) for name, value in size.items()} if on_fargate else {}
        return {'containerOverrides': [own if on_fargate else {**own, **size}], **task}


@dataclass(frozen=True)
class Asked:
    """A request for a run; `token` is the caller's own name for it, None for a new one."""

    change: Change
    overrides: Overrides
    token: str | None = None


class RunRequests:
    def __init__(
        self,
        records: RunRecords,
        starter: Starter,
        audit: Audit,
        follow: Callable[[str, str, str], None],
        moved: Callable[[str, str, Run], None],
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ):
        """Of each run that was started here, `follow` gets cluster, service and main container, `moved` the run."""
        self._records = records
        self._starter = starter
        self._audit = audit
        self._follow = follow
        self._moved = moved
        self._now = now

    async def start(self, state: ClusterState, service: str, asked: Asked) -> Run:
        """Start a run. Raises `NotFound`, `Unprocessable`, `AccessDenied`, `Conflict` and `AwsFailed`."""
        asked.change.scope.check([service])
        wanted = state.wanted.get(service)
        if wanted is None:
            raise NotFound(f'{state.name} has no service {service!r} in its desired state.')
        if not wanted.is_task and not asked.overrides.command:
            raise Unprocessable(f'{service} is no task: a run of it needs a command.')
        run = self._new(state.name, service, asked)
        _, after = await self._records.update(
            state.name, service, lambda history: history if history.find(run.id) else history.with_run(run)
        )
        known = after.find(run.id) or run
        if known.overrides != run.overrides:
            raise Conflict('The client token is that of another run, with other overrides.')
        if known.task is not None or known.state not in ('requested', 'refused'):
            return known
        started = await self._start(state, wanted, known, asked)
        self._audit.ran(state.name, asked.change)
        self._moved(state.name, service, started)
        self._follow(state.name, service, _container(wanted))
        return started

    def _new(self, cluster: str, service: str, asked: Asked) -> Run:
        token = asked.token or secrets.token_hex(16)
        identity = names.token(cluster, service, token)[:20]
        origin = asked.change.origin
        return Run(
            identity,
            'request',
            'requested',
            self._now(),
            by=origin.by,
            message=origin.message or None,
            overrides=asked.overrides.to_json(),
        )

    async def _start(self, state: ClusterState, wanted: Wanted, run: Run, asked: Asked) -> Run:
        seen = state.ecs.services.get(wanted.service)
        # A service runs what ECS runs of it; a task has the newest definition of its family.
        definition = seen.task_definition if seen and not wanted.is_task else wanted.family
        arguments = {
            'cluster': state.name,
            'taskDefinition': definition,
            'count': 1,
            'startedBy': started_by(run.id),
            'clientToken': names.token(state.name, wanted.service, run.id),
            'tags': names.ecs_tags(Owner(state.name, wanted.service).tags),
            'overrides': asked.overrides.to_ecs(
                _container(wanted),
                'FARGATE' in wanted.definition.get('requiresCompatibilities', ()),
            ),
            **run_members(wanted),
        }
        try:
            arn = await self._starter.run(arguments)
        except AwsFailed as failed:
            if failed.aws_code and not failed.pending:
                reason = {
                    'kind': 'refused',
                    'what': failed.message,
                    'advice': 'Correct what AWS names, and run it again.',
                }
                await self._store(state.name, wanted.service, replace(run, state='refused', reason=reason))
            if failed.aws_code in NO_DEFINITION and 'TaskDefinition not found' in failed.message:
                raise Unprocessable(f'{wanted.service} has no task definition in ECS yet: deploy it first.') from failed
            raise
        started = replace(run, state='starting', task=arn.rpartition('/')[2])
        await self._store(state.name, wanted.service, started)
        return started

    async def _store(self, cluster: str, service: str, run: Run) -> None:
        """Store a run, unless a look at its task has shown more of it meanwhile."""
        await self._records.update(
            cluster,
            service,
            lambda history: (
                history
                if (known := history.find(run.id)) is not None and known.task is not None
                else history.with_run(run)
            ),
        )


def _container(wanted: Wanted) -> str:
    return str(main_container(wanted.definition, wanted.service).get('name', wanted.service))
