"""Guards against changes: freezes, and images in quarantine."""

from datetime import UTC, datetime

from handlers.api.operation import Parameter, operation
from handlers.api.parameters import CHANGE, GUARDED
from handlers.api.times import FUTURE, PAST, read_future, read_past
from handlers.base import ApiHandler
from stack.access.access import Role

FREEZE = {'reason': 'text', 'until': FUTURE}
RELEASE = {'reason': 'text'}


SINCE = (Parameter('since', f'Also the last 100 freeze windows that ended after it, in `past`: {PAST}.'),)


class Freeze(ApiHandler):
    @operation(Role.VIEWER, answer='FreezeState', parameters=SINCE, refusals=(400, 404))
    async def get(self, cluster: str) -> None:
        """Read the freeze of the cluster, by whom, why and until when, and its freeze windows."""
        text = self.query.text('since')
        since = read_past('since', text, datetime.now(UTC)) if text else None
        self.reply(await self.context.freezing.state(await self.context.states.read(cluster), since))

    @operation(
        Role.ADMIN, body='NewFreeze', answer='FrozenOrPlan', parameters=CHANGE, refusals=(400, 404, *GUARDED, 413, 415)
    )
    async def put(self, cluster: str) -> None:
        """Refuse all changes until the cluster is thawed or the freeze expires."""
        given = self.body.fields(FREEZE)
        ends = given.get('until')
        until = None if ends is None else read_future('until', ends, datetime.now(UTC))
        outcome = await self.context.freezing.freeze(cluster, self.change_request(), given.get('reason') or '', until)
        await self.reply_outcome(outcome, f'{cluster} is frozen')

    @operation(Role.ADMIN, answer='AcceptedOrPlan', parameters=CHANGE, refusals=(404, *GUARDED))
    async def delete(self, cluster: str) -> None:
        """Thaw the cluster: accept changes again."""
        await self.reply_outcome(
            await self.context.freezing.thaw(cluster, self.change_request()), f'{cluster} is thawed'
        )


class Quarantines(ApiHandler):
    @operation(Role.VIEWER, answer='Quarantines', refusals=(404,))
    async def get(self, cluster: str) -> None:
        """List the images in quarantine of all services."""
        held = await self.context.freezing.quarantined(await self.context.states.read(cluster))
        self.reply({'content': [each.to_json() for each in held]})


class Quarantine(ApiHandler):
    @operation(Role.VIEWER, answer='Quarantines', refusals=(404,))
    async def get(self, cluster: str, service: str) -> None:
        """List the images in quarantine of one service: those that it was rolled back from."""
        revision = await self.context.states.read(cluster)
        held = await self.context.freezing.quarantined(revision, service)
        self.reply({'content': [each.to_json() for each in held]})

    @operation(
        Role.ADMIN, body='Release', answer='ReleasedOrPlan', parameters=CHANGE, refusals=(400, 404, *GUARDED, 413, 415)
    )
    async def delete(self, cluster: str, service: str) -> None:
        """Release the images of a service from quarantine, for a reason."""
        given = self.body.fields(RELEASE)
        request = self.change_request()
        reason = given.get('reason', request.origin.message)
        outcome = await self.context.freezing.release(cluster, service, request, reason)
        await self.reply_outcome(outcome, f'{service} has no images in quarantine any more')
