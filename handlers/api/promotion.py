"""Promotion: images of another cluster become the desired ones of this cluster."""

from handlers.api.body import expect
from handlers.api.operation import operation
from handlers.api.parameters import CHANGE, GUARDED
from handlers.base import ApiHandler
from stack.access.access import Role
from stack.changes.promotion import no_source
from stack.errors import InvalidRequest

FIELDS = {'from': 'the name of a cluster', 'services': 'a list of names', 'force': 'true or false'}


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
        """Promote another cluster's images, of all services that both clusters have or of some.

        A mutable tag is promoted as the digest that the source runs. A service that is rolling out or failing in the
        source is skipped, or refused where `services` names it; `force` promotes it anyway.
        """
        given = self.body.fields(FIELDS)
        source, only = given.get('from'), given.get('services')
        if not isinstance(source, str) or not source:
            raise InvalidRequest('from must name a cluster.', [{'path': 'from', 'message': FIELDS['from']}])
        if only is not None and not (isinstance(only, list) and only and all(isinstance(each, str) for each in only)):
            raise InvalidRequest('services must name services.', [{'path': 'services', 'message': FIELDS['services']}])
        expect('force', given.get('force'), bool, FIELDS['force'])
        if not self.caller.may_see(source):
            raise no_source(source)
        force = given.get('force') or False
        promoted = await self.context.promotion.promote(cluster, self.change_request(), source, only, force=force)
        await self.reply_outcome(promoted)
