"""The AWS accounts of the installation."""

from collections import Counter

from handlers.api.operation import operation
from handlers.base import ApiHandler
from stack.access.access import Role


class Accounts(ApiHandler):
    @operation(Role.VIEWER, answer='Accounts')
    async def get(self) -> None:
        """List the accounts and regions of the clusters, each with its health as this server knows it.

        An admin also sees accounts without a cluster.
        """
        context = self.context
        names = [name for name in await context.states.names() if self.caller.may_see(name)]
        counted = Counter(context.places.known(name) for name in names)
        every = context.places.table.usual_places() if self.caller.role is Role.ADMIN else []
        rows = [
            context.health(place).to_json() | {'clusters': counted[place]}
            for place in dict.fromkeys([*every, *counted])
        ]
        self.reply({'content': rows})
