"""Guards against changes: freezes, and images in quarantine."""

from datetime import UTC, datetime
from typing import Any

from handlers.api.operation import operation
from handlers.api.parameters import CHANGE, GUARDED
from handlers.base import ApiHandler
from stack.access.access import Role
from stack.errors import InvalidRequest
from stack.runtime.durations import read_duration

MOMENT = 'a time with its UTC offset, as 2030-01-31T18:00:00Z, or a duration from now on, as 90m, 1h or 3d'
FREEZE = {'reason': 'text', 'until': MOMENT}
RELEASE = {'reason': 'text'}


class Freeze(ApiHandler):
    @operation(Role.VIEWER, answer='FreezeState', refusals=(404,))
    async def get(self, cluster: str) -> None:
        """Read the freeze of the cluster: by whom, why, until when."""
        revision = await self.context.states.read(cluster)
        freeze = await self.context.freezing.frozen(revision)
        self.reply({'frozen': freeze.to_json() if freeze else None})

    @operation(
        Role.ADMIN, body='NewFreeze', answer='FrozenOrPlan', parameters=CHANGE, refusals=(400, 404, *GUARDED, 413, 415)
    )
    async def put(self, cluster: str) -> None:
        """Refuse all changes until the cluster is thawed or the freeze expires."""
        given = self.body.fields(FREEZE)
        until = moment('until', given.get('until'), datetime.now(UTC))
        outcome = await self.context.freezing.freeze(cluster, self.change_request(), given.get('reason') or '', until)
        self.reply_outcome(outcome, f'{cluster} is frozen')

    @operation(Role.ADMIN, answer='AcceptedOrPlan', parameters=CHANGE, refusals=(404, *GUARDED))
    async def delete(self, cluster: str) -> None:
        """Thaw the cluster: accept changes again."""
        self.reply_outcome(await self.context.freezing.thaw(cluster, self.change_request()), f'{cluster} is thawed')


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
        self.reply_outcome(outcome, f'{service} has no images in quarantine any more')


def moment(name: str, value: Any, now: datetime) -> datetime | None:
    """A time with its offset from UTC, also given as a duration after `now`; None for none. Raises `InvalidRequest`."""
    if value is None:
        return None
    at = _moment(value, now) if isinstance(value, str) else None
    if at is None or at.tzinfo is None:
        raise InvalidRequest(f'{name} must be {MOMENT}.', [{'path': name, 'message': MOMENT}])
    return at


def _moment(value: str, now: datetime) -> datetime | None:
    duration = read_duration(value)
    if duration is not None:
        return now + duration
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None
