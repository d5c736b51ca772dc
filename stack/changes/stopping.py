"""Stops a rollout: the desired state goes back to what ECS's rollback brings, and the image goes into quarantine.

One write stores the content, the quarantine, and the order to end ECS's deployment, which schedulers find in the guards
of every later revision. See docs/decisions/stopping.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from stack.aws.ports import PerCluster
from stack.changes.approval_policy import with_policies
from stack.changes.change_request import Accepted, ChangeRequest, Outcome
from stack.changes.changes import Changes
from stack.changes.gate import images
from stack.changes.guards import Guards, StoppedDeployment
from stack.changes.rollback import Rollback
from stack.configuration.accounts import RegionOf
from stack.errors import Conflict, DeploymentMoved, NotFound, RevisionConflict, StateUnreadable, Unprocessable
from stack.reconcile.observed import TaskDefinition
from stack.reconcile.stop_order import Mode, StopOrder
from stack.reconcile.wanted import wanted_services
from stack.rollouts.drift import carries
from stack.rollouts.ecs_state import Service
from stack.rollouts.service_deployment import ServiceDeployment
from stack.runtime.observers import Observers
from stack.stackfile.main_container import main_container
from stack.state.history import History
from stack.state.revisions import Revision
from stack.state.service_edits import settings_of, with_service

Document = dict[str, Any]

# How far back the revision is searched that ECS's rollback brings.
LOOKED_AT = 100
# How often a stop is tried while the cluster changes in the meantime.
ATTEMPTS = 5


class Look(Protocol):
    """Reads ECS: see `stack.aws.ecs_look.EcsLook`."""

    async def services(self, cluster: str, names: Sequence[str]) -> dict[str, Service | None]: ...
    async def service_deployments(
        self, cluster: str, services: Mapping[str, str | None]
    ) -> dict[str, ServiceDeployment]: ...
    async def definition(self, arn: str) -> TaskDefinition | None: ...


@dataclass(frozen=True)
class StopRequest:
    """`deployment` is the service deployment that the caller saw, None where it named none."""

    service: str
    mode: Mode = 'rollback'
    deployment: str | None = None


class Stopping:
    def __init__(
        self, changes: Changes, rollback: Rollback, history: History, looks: PerCluster[Look], region: RegionOf
    ):
        self._changes = changes
        self._rollback = rollback
        self._history = history
        self._looks = looks
        self._region = region
        # Notified of each stop that was stored: `stop` or `abort`.
        self.acts: Observers[[str]] = Observers()

    async def stop(self, cluster: str, request: ChangeRequest, stop: StopRequest) -> Outcome:
        """Stop the rollout of a service that ECS carries out.

        Raises `NotFound`, `Conflict` where nothing is to be stopped, `DeploymentMoved`, `Unprocessable` where ECS has
        nothing to go back to, `AwsFailed`, and what a rollback raises.
        """
        # ECS brings the former revision back whether or not that loses something.
        request = replace(request, may_lose=True)
        for _ in range(ATTEMPTS):
            current = await self._changes.current(cluster, request)
            try:
                return await self._stop(current, request, stop)
            except RevisionConflict:
                if request.expected is not None or request.plan is not None:
                    raise
        raise Conflict(f'{cluster} kept changing at the same time; nothing was stored.')

    async def _stop(self, current: Revision, request: ChangeRequest, stop: StopRequest) -> Outcome:
        service = stop.service
        if settings_of(current.document, service) is None:
            raise NotFound(f'{current.cluster} has no service {service!r} in its desired state.')
        going = await self._going(current.cluster, stop)
        restored, document, because = await self._restored(current, service, going)
        did: dict[str, Any] = {'service': service, 'mode': stop.mode}
        did |= {'revision': restored.id} if restored else {}
        change = request.change(verb='stop', **did)
        ordered = StoppedDeployment(service, StopOrder(going.arn, stop.mode))

        def order(guards: Guards) -> Guards:
            return guards.with_stop(ordered)

        more = {'service': service, 'deployment': going.arn, 'restored': restored.id if restored else None}
        outcome = await self._rollback.store(
            current, document, change, request, more | {'restored_because': because, 'skipped': []}, order
        )
        if isinstance(outcome, Accepted):
            self.acts.notify('abort' if stop.mode == 'abort' else 'stop')
        return outcome

    async def _going(self, cluster: str, stop: StopRequest) -> ServiceDeployment:
        """The deployment to be stopped, as ECS has it now."""
        going = await newest_deployment(await self._looks.of(cluster), cluster, stop.service)
        refuse_moved(stop.service, stop.deployment, going)
        if going is None or not going.open:
            raise Conflict(f'ECS rolls out nothing of {stop.service} now: there is nothing to stop.')
        if going.status.startswith('ROLLBACK'):
            raise Conflict(f'ECS rolls {stop.service} back already.')
        return going

    async def _restored(
        self, current: Revision, service: str, going: ServiceDeployment
    ) -> tuple[Revision | None, Document, str]:
        """The revision that ECS's rollback brings, the document with its settings, and why that one."""
        look = await self._looks.of(current.cluster)
        definition = await look.definition(going.source_definition) if going.source_definition else None
        if definition is None:
            raise Unprocessable(
                f'It is the first deployment of {service}: ECS has nothing to go back to. Scale it to 0, or delete it.'
            )
        revision = await self._history.before(current)
        for _ in range(LOOKED_AT):
            if revision is None:
                break
            if (restored := self._settings(revision, service, definition)) is not None:
                document = with_policies(with_service(current.document, service, restored), current.document)
                return revision, document, 'It is what the rollback of ECS brings.'
            revision = await self._history.before(revision)
        image = main_container(definition.body, service).get('image')
        settings = {**(settings_of(current.document, service) or {}), 'image': image}
        because = 'No revision is known that ECS would bring back: its image replaces the present one.'
        return None, with_service(current.document, service, settings), because

    def _settings(self, revision: Revision, service: str, definition: TaskDefinition) -> Document | None:
        """The settings of a service in a revision, where the task definition carries them."""
        try:
            document = revision.document
        except StateUnreadable:
            return None
        if images(document).get(service) != main_container(definition.body, service).get('image'):
            return None
        wanted = wanted_services(revision.cluster, document, self._region(revision.cluster, document)).get(service)
        return settings_of(document, service) if wanted and carries(definition, wanted) else None


async def newest_deployment(look: Look, cluster: str, service: str) -> ServiceDeployment | None:
    """The newest service deployment of a service, as ECS has it now. Raises `AwsFailed`."""
    seen = (await look.services(cluster, [service])).get(service)
    if seen is None or not seen.active:
        return None
    return (await look.service_deployments(cluster, {service: seen.current_deployment})).get(service)


def refuse_moved(service: str, expected: str | None, now: ServiceDeployment | None) -> None:
    """Raise `DeploymentMoved` where the deployment that a caller saw is not the newest one."""
    newest = now.arn if now else None
    if expected is not None and expected != newest:
        raise DeploymentMoved(
            f'Another deployment of {service} has begun, or it has none any more; nothing was changed.', newest
        )
