"""Acting on a rollout under way: stop it, or continue a pause."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from handlers.api.body import expect
from handlers.api.operation import operation
from handlers.api.parameters import CHANGE, GUARDED
from handlers.base import ApiHandler
from stack.access.access import Role
from stack.changes.change_request import ChangeRequest
from stack.changes.continuing import ContinueRequest
from stack.changes.stopping import StopRequest
from stack.errors import InvalidRequest
from stack.state.revisions import Change

STOP = {'mode': 'rollback or abort', 'reason': 'text', 'deployment': 'text'}
CONTINUE = {'hook': 'text', 'action': 'continue or rollback', 'reason': 'text', 'deployment': 'text'}
MODES = {'rollback', 'abort'}
ACTIONS = {'continue', 'rollback'}
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
        mode = _one_of('mode', given, MODES, 'rollback')
        deployment = _text(given, 'deployment')
        request = replace(_because(self.change_request(), given), deploy=True)
        outcome = await self.context.stopping.stop(cluster, request, StopRequest(service, mode, deployment))
        self.reply_outcome(outcome, f'{service} is stopped')


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
        action = _one_of('action', given, ACTIONS, 'continue')
        hook, deployment = _text(given, 'hook'), _text(given, 'deployment')
        request = _because(self.change_request(), given)
        did = {'verb': 'continue', 'service': service, 'action': action}
        change = Change(request.origin, datetime.now(UTC), did, None, request.override, scope=request.scope)
        revision = await self.context.states.read(cluster)
        asked = ContinueRequest(service, action, change, hook, deployment, request.author)
        found = await self.context.continuing.answer(revision, asked)
        self.reply(found, status=200 if found['state'] == 'done' else 202)


def _because(request: ChangeRequest, given: Mapping[str, Any]) -> ChangeRequest:
    """The request with the reason of the body, if it has one."""
    expect('reason', given.get('reason'), str, 'text')
    reason = given.get('reason')
    return replace(request, origin=replace(request.origin, message=reason)) if reason else request


def _text(given: Mapping[str, Any], name: str) -> str | None:
    expect(name, given.get(name), str, 'text')
    return given.get(name)


def _one_of(name: str, given: Mapping[str, Any], allowed: set[str], otherwise: str) -> Any:
    value = given.get(name, otherwise)
    if value not in allowed:
        words = ' or '.join(sorted(allowed, reverse=True))
        raise InvalidRequest(f'{name} must be {words}.', [{'path': name, 'message': words}])
    return value
