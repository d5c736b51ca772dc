"""Runs on request: one task of a service's newest definition, with another command, more variables or another size.

A request is an object in the bucket, which a scheduler carries out (`stack.runs.starter`). A run changes nothing of the
desired state, so a freeze does not refuse it. The same client token gives the same run.
"""

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from stack.aws.ports import ObjectReplacer
from stack.changes.audit import Audit
from stack.errors import Conflict, NotFound, Unprocessable
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

# One object for each request: the arguments of RunTask.
PREFIX = 'run-requests/'


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
        bucket: ObjectReplacer,
        records: RunRecords,
        audit: Audit,
        follow: Callable[[str, str, str], None],
        moved: Callable[[str, str, Run], None],
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ):
        """Of each run that was requested here, `follow` gets cluster, service and main container, `moved` the run."""
        self._bucket = bucket
        self._records = records
        self._audit = audit
        self._follow = follow
        self._moved = moved
        self._now = now

    async def request(self, state: ClusterState, service: str, asked: Asked) -> Run:
        """Request a run. Raises `NotFound`, `Unprocessable`, `AccessDenied`, `Conflict` and `AwsFailed`."""
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
        if known.state != 'requested':
            return known
        # Stored again for a repeated request: the process that made it first may have died in between.
        arguments = _arguments(state, wanted, known.id, asked.overrides)
        await self._bucket.replace(f'{PREFIX}{state.name}/{service}/{known.id}', json.dumps(arguments).encode())
        self._audit.ran(state.name, asked.change)
        self._moved(state.name, service, known)
        self._follow(state.name, service, _container(wanted))
        return known

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


def _arguments(state: ClusterState, wanted: Wanted, run: str, overrides: Overrides) -> dict[str, Any]:
    """The arguments of RunTask. A service runs what ECS runs of it; a task has the newest definition of its family."""
    seen = state.ecs.services.get(wanted.service)
    on_fargate = 'FARGATE' in wanted.definition.get('requiresCompatibilities', ())
    return {
        'cluster': state.name,
        'taskDefinition': seen.task_definition if seen and not wanted.is_task else wanted.family,
        'count': 1,
        'startedBy': started_by(run),
        'clientToken': names.token(state.name, wanted.service, run),
        'tags': names.ecs_tags(Owner(state.name, wanted.service).tags),
        'overrides': overrides.to_ecs(_container(wanted), on_fargate),
        **run_members(wanted),
    }


def _container(wanted: Wanted) -> str:
    return str(main_container(wanted.definition, wanted.service).get('name', wanted.service))
