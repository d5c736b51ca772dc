"""Acting on a rollout under way: stop it, or continue a pause."""

from dataclasses import replace
from datetime import UTC, datetime

from handlers.api.body import expect, expect_one_of
from handlers.api.operation import operation
from handlers.api.parameters import CHANGE, GUARDED
from handlers.base import ApiHandler
from stack.access.access import Role
from stack.changes.continuing import ContinueRequest
from stack.changes.stopping import StopRequest
from stack.state.revisions import Change

STOP = {'mode': 'rollback or abort', 'reason': 'text', 'deployment': 'text'}
CONTINUE = {'hook': 'text', 'action': 'continue or rollback', 'reason': 'text', 'deployment': 'text'}
MODES = ('rollback', 'abort')
ACTIONS = ('rollback', 'continue')
# A stop that is not deployed stops nothing.
STOPPING = tuple(parameter for parameter in CHANGE if parameter.name != 'deploy')
ANSWERING = tuple(parameter for parameter in CHANGE if parameter.name in ('message', 'override'))


class Stop(ApiHandler):
    @operation(
        Role.DEPLOYER,
        status=202,
        body='Stop',
        answer='Stopped',
        parameters=STOPPING,
        refusals=(400, 404, *GUARDED, 413, 415, 422),
    )
    async def post(self, cluster: str, service: str) -> None:
        """Stop the rollout of a service: ECS goes back, the desired state with it, and the image goes into quarantine.

        409 `deployment_moved` where `deployment` is not the newest one any more. `abort` ends it where it stands; where
        AWS refuses that, `trouble` of the service has its message.
        """
        given = self.body.fields(STOP)
        mode = given.get('mode', 'rollback')
        expect_one_of('mode', mode, MODES)
        for name in ('deployment', 'reason'):
            expect(name, given.get(name), str, STOP[name])
        request = replace(self.change_request().because(given.get('reason')), deploy=True)
        stop = StopRequest(service, mode, given.get('deployment'))
        outcome = await self.context.stopping.stop(cluster, request, stop)
        await self.reply_outcome(outcome, f'{service} is stopped')


class Continue(ApiHandler):
    @operation(
        Role.DEPLOYER,
        body='Continue',
        answer='HookAnswer',
        parameters=ANSWERING,
        refusals=(400, 404, *GUARDED, 413, 415, 422),
        accepted='No scheduler has carried it out yet.',
    )
    async def post(self, cluster: str, service: str) -> None:
        """Answer the pause of a rollout: ECS goes on, or rolls back. The first answer to a pause counts.

        A further answer to it gives its state. 409 `deployment_moved` where `deployment` is not the newest one.
        """
        given = self.body.fields(CONTINUE)
        action = given.get('action', 'continue')
        expect_one_of('action', action, ACTIONS)
        for name in ('hook', 'deployment', 'reason'):
            expect(name, given.get(name), str, CONTINUE[name])
        request = self.change_request().because(given.get('reason'))
        did = {'verb': 'continue', 'service': service, 'action': action}
        change = Change(request.origin, datetime.now(UTC), did, None, request.override, scope=request.scope)
        revision = await self.context.states.read(cluster)
        asked = ContinueRequest(service, action, change, given.get('hook'), given.get('deployment'), request.author)
        found = await self.context.continuing.answer(revision, asked)
        self.reply(found, status=200 if found['state'] == 'done' else 202)
