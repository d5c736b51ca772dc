"""The clusters under management: list, create, read, remove and restore."""

from collections.abc import Sequence
from typing import Any

from handlers.api.body import mapping
from handlers.api.operation import Parameter, operation
from handlers.api.parameters import CHANGE, CONDITIONAL_READ, GUARDED
from handlers.base import ApiHandler
from stack.access.access import Role
from stack.changes.change_request import Accepted
from stack.errors import AccessDenied, AwsFailed, InvalidRequest, Unprocessable
from stack.rollouts.cluster_view import summary, with_deployed
from stack.state.service_rows import service_rows

REMOVED = (Parameter('removed', 'true lists the removed clusters instead.', kind='boolean'),)


class Clusters(ApiHandler):
    @operation(Role.VIEWER, answer='ClusterNames', parameters=REMOVED)
    async def get(self) -> None:
        """List the names of the clusters under management, sorted; or of those that were removed."""
        if self.query.flag('removed', default=False):
            gone = await self.context.history.removals(self.caller.may_see)
            self.reply({'content': [each['name'] for each in gone], 'removed': gone})
            return
        names = await self.context.states.names()
        which = self.caller.clusters, self.is_masked
        self.send(self.context.answers_of_names.get(names, which, lambda: self.visible_names(names)), None)

    def visible_names(self, names: Sequence[str]) -> bytes:
        return self.encoded({'content': [name for name in names if self.caller.may_see(name)]})

    @operation(
        Role.ADMIN,
        status=201,
        body='NewCluster',
        answer='Accepted',
        parameters=CHANGE,
        refusals=(400, *GUARDED, 413, 415, 422),
    )
    async def post(self) -> None:
        """Take an ECS cluster under management, with its first desired state."""
        document = await self.body.stackfile(within=('config',))
        given = mapping(document)
        missing = [key for key in ('name', 'config') if given.get(key) in (None, '')]
        if missing or not isinstance(given['name'], str):
            details = [{'path': key, 'message': 'is missing'} for key in missing] or [
                {'path': 'name', 'message': 'text'}
            ]
            raise InvalidRequest(f'{" and ".join(missing) or "name as text"} must be given.', details)
        if not self.caller.may_see(given['name']):
            raise AccessDenied('This cluster name is outside the scope of your token.')
        outcome = await self.context.states.create(
            given['name'], given['config'], self.change_request(), lambda path: document.position(('config', *path))
        )
        await self.reply_outcome(outcome)


class Cluster(ApiHandler):
    @operation(Role.VIEWER, answer='Cluster', parameters=CONDITIONAL_READ, refusals=(404,))
    async def get(self, cluster: str) -> None:
        """Read a cluster in short: its revision, its last change, its state in ECS, and its services."""
        revision = await self.context.states.read(cluster)
        if not self.not_modified(revision.id):
            rows = service_rows(revision.document_or_empty)
            state = await self.context.live.at(revision)
            services = with_deployed(rows, state)
            freeze = await self.context.freezing.state(revision)
            content = {
                'name': cluster,
                **revision.summary(),
                'last_change': revision.last_change(),
                **summary(state),
                **freeze,
                'services': services,
            }
            self.reply(content, revision=revision.id)

    @operation(Role.ADMIN, answer='AcceptedOrPlan', parameters=CHANGE, refusals=(404, *GUARDED))
    async def delete(self, cluster: str) -> None:
        """Stop managing a cluster. ECS is not changed, and the history remains."""
        outcome = await self.context.states.remove(cluster, self.change_request())
        await self.reply_outcome(outcome, f'{cluster} is no longer managed; ECS is left as it is')


class Restore(ApiHandler):
    @operation(Role.ADMIN, answer='Accepted', status=202, parameters=CHANGE, refusals=(404, *GUARDED, 413, 422))
    async def post(self, cluster: str) -> None:
        """Restore a removed cluster with its history.

        A desired state that was never deployed is deployed only with `deploy=true`; the answer repeats the notes.
        """
        given = 'deploy' in self.query
        deploy = self.query.flag('deploy', default=True) if given else None
        outcome = await self.context.states.restore(cluster, self.change_request(), deploy)
        if not isinstance(outcome, Accepted) or outcome.announced is not None:
            await self.reply_outcome(outcome)
        else:
            self.reply_accepted(outcome, 'restored, not deployed', notes=await self._notes(cluster))

    async def _notes(self, cluster: str) -> list[dict[str, Any]]:
        """The changes that a deployment would make to what runs, as far as ECS can be read."""
        try:
            adopter = await self.context.adopters.of(cluster)
            return [note.to_json() for note in await adopter.notes(cluster)]
        except (AwsFailed, Unprocessable) as failed:
            return [{'service': None, 'message': f'What runs could not be compared: {failed.message}'}]
