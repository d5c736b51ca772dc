"""The versions matrix over all clusters."""

import asyncio

from handlers.api.operation import Parameter, operation
from handlers.base import ApiHandler
from stack.access.access import Role
from stack.changes.versions import versions, with_pushes

SERVICE = (
    Parameter('service', 'Only this service, with the push of each image in ECR and how far behind the newest it is.'),
)


class Versions(ApiHandler):
    @operation(Role.VIEWER, answer='Versions', parameters=SERVICE)
    async def get(self) -> None:
        """List the image of each service in each cluster: desired, and deployed as last observed."""
        names = [name for name in await self.context.states.names() if self.caller.may_see(name)]
        loaded = await asyncio.gather(*(self.context.live.state(name) for name in names))
        rows = versions(state for state in loaded if state is not None)
        service = self.query.text('service')
        if service is not None:
            only = [row for row in rows if row['service'] == service]
            rows = [await with_pushes(row, self.context.tagged_images) for row in only]
        self.reply({'clusters': names, 'content': rows})
