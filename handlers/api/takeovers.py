"""Taking over what was, or what another cluster has: rollback and promotion."""

from dataclasses import replace
from typing import Any

from handlers.api.body import read_fields
from handlers.api.operation import operation
from handlers.api.parameters import CHANGE, GUARDED
from handlers.base import ApiHandler
from stack.access.access import Role
from stack.changes.promotion import no_source
from stack.errors import InvalidRequest

ROLLBACK = {'revision': 'text', 'service': 'text', 'message': 'text', 'prune': 'true or false'}
PROMOTION = {'from': 'the name of a cluster', 'services': 'a list of names', 'force': 'true or false'}


class Rollback(ApiHandler):
    @operation(
        Role.DEPLOYER,
        status=202,
        body='Rollback',
        answer='RolledBack',
        parameters=CHANGE,
        refusals=(400, 404, 410, *GUARDED, 413, 415, 422),
    )
    async def post(self, cluster: str) -> None:
        """Store an old content again, of all services or of one: by default the newest that rolled out well.

        The images that it takes away go into quarantine. A revision that failed, or whose image is in quarantine, is
        restored only where `revision` names it; an image in quarantine takes an `override`.
        """
        given = read_fields(self.body(), self.request.headers, ROLLBACK)
        for name in ('revision', 'service', 'message'):
            expect(name, given.get(name), str, ROLLBACK[name])
        expect('prune', given.get('prune'), bool, ROLLBACK['prune'])
        request = self.change_request()
        if given.get('message'):
            request = replace(request, origin=replace(request.origin, message=given['message']))
        outcome = await self.context.rollback.roll_back(
            cluster,
            request,
            revision=given.get('revision'),
            service=given.get('service'),
            prune=given.get('prune') or False,
        )
        self.reply_outcome(outcome)


class Promote(ApiHandler):
    @operation(
        Role.DEPLOYER,
        status=202,
        body='Promotion',
        answer='Promoted',
        parameters=CHANGE,
        refusals=(400, 404, *GUARDED, 413, 415, 422),
    )
    async def post(self, cluster: str) -> None:
        """Take over another cluster's images, of all services that both have or of some.

        A tag that may move is taken over as the digest that the source runs. What rolls out or fails in the source is
        left out, and refused where `services` names it, unless `force` is true.
        """
        given = read_fields(self.body(), self.request.headers, PROMOTION)
        source, only = given.get('from'), given.get('services')
        if not isinstance(source, str) or not source:
            raise InvalidRequest('from must name a cluster.', [{'path': 'from', 'message': PROMOTION['from']}])
        if only is not None and not (isinstance(only, list) and only and all(isinstance(each, str) for each in only)):
            raise InvalidRequest(
                'services must name services.', [{'path': 'services', 'message': PROMOTION['services']}]
            )
        expect('force', given.get('force'), bool, PROMOTION['force'])
        if not self.caller.may_see(source):
            raise no_source(source)
        force = given.get('force') or False
        promoted = await self.context.promotion.promote(cluster, self.change_request(), source, only, force=force)
        self.reply_outcome(promoted)


def expect(name: str, value: Any, kind: type, allowed: str) -> None:
    """Raise `InvalidRequest` for a value that is given and is not of that kind."""
    if value is not None and not isinstance(value, kind):
        raise InvalidRequest(f'{name} must be {allowed}.', [{'path': name, 'message': allowed}])
