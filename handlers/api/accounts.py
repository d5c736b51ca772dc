"""The AWS accounts of the installation."""

from handlers.api.operation import operation
from handlers.base import ApiHandler
from stack.access.access import Role
from stack.configuration.accounts import Place


class Accounts(ApiHandler):
    @operation(Role.VIEWER, answer='Accounts')
    async def get(self) -> None:
        """List the accounts and regions of the clusters, each with its health as this server knows it.

        An admin also sees accounts without a cluster.
        """
        context = self.context
        names = [name for name in await context.states.names() if self.caller.may_see(name)]
        every = context.places.table.usual_places() if self.caller.role is Role.ADMIN else []
        found: dict[Place, list[str]] = {place: [] for place in every}
        for name in names:
            found.setdefault(context.places.known(name), []).append(name)
        rows = [
            context.health(place).to_json() | {'clusters': len(listed), 'names': listed}
            for place, listed in found.items()
        ]
        self.reply({'content': rows})
