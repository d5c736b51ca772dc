"""Rollback: the content of an earlier revision becomes the desired state again."""

from handlers.api.body import expect
from handlers.api.operation import operation
from handlers.api.parameters import CHANGE, GUARDED
from handlers.base import ApiHandler
from stack.access.access import Role

FIELDS = {'revision': 'text', 'service': 'text', 'message': 'text', 'prune': 'true or false'}


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
        """Roll back all services or one to an earlier revision: by default the newest that succeeded.

        The replaced images go into quarantine. A revision that failed is restored only where `revision` names it; an
        image in quarantine requires an `override`.
        """
        given = self.body.fields(FIELDS)
        for name in ('revision', 'service', 'message'):
            expect(name, given.get(name), str, FIELDS[name])
        expect('prune', given.get('prune'), bool, FIELDS['prune'])
        request = self.change_request().because(given.get('message'))
        outcome = await self.context.rollback.roll_back(
            cluster,
            request,
            revision=given.get('revision'),
            service=given.get('service'),
            prune=given.get('prune') or False,
        )
        await self.reply_outcome(outcome)
