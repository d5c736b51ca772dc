"""The versions matrix over all clusters."""

import asyncio
from collections.abc import Collection, Sequence

from handlers.api.operation import Parameter, operation
from handlers.base import ApiHandler
from stack.access.access import Role
from stack.changes.activity import ActivityQuery
from stack.changes.versions import images_of, versions, with_pushes

PARAMETERS = (
    Parameter('cluster', 'A cluster, also with wildcards as `prod-*`; may be repeated. All unless given.'),
    Parameter('service', 'Only this service, with the push of each image in ECR and how far behind the newest it is.'),
    Parameter('pushes', 'Whether every service has the push of each image. Default: false.', kind='boolean'),
)


class Versions(ApiHandler):
    @operation(Role.VIEWER, answer='Versions', parameters=PARAMETERS, refusals=(400,))
    async def get(self) -> None:
        """List the image of each service in each cluster: desired, and deployed as last observed."""
        pushes, service = self.query.flag('pushes', default=False), self.query.text('service')
        clusters = ActivityQuery(clusters=self.get_query_arguments('cluster'))
        names = [name for name in await self._names(clusters) if self.caller.may_see(name) and clusters.covers(name)]
        loaded = await asyncio.gather(*(self.context.live.state(name) for name in names))
        rows = versions(state for state in loaded if state is not None)
        if service is not None:
            rows = [row for row in rows if row['service'] == service]
        unanswered: Collection[str] = ()
        if pushes or service is not None:
            found, unanswered = await self.context.pushed_images.of(images_of(rows))
            rows = with_pushes(rows, found)
        self.reply({'clusters': names, 'content': rows, 'unanswered': sorted(unanswered)})

    async def _names(self, wanted: ActivityQuery) -> Sequence[str]:
        """The clusters that may be wanted, sorted; no bucket is listed where those named are loaded here."""
        if wanted.clusters and all(self.context.live.loaded(name) for name in wanted.clusters):
            return sorted(set(wanted.clusters))
        return await self.context.states.names()
