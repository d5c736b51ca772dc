"""Runs of tasks: those that are kept, and new ones on request."""

from datetime import UTC, datetime
from typing import Any

from handlers.api.operation import Parameter, operation
from handlers.base import ApiHandler
from stack.access.access import Role
from stack.errors import InvalidRequest, NotFound
from stack.rollouts.cluster_state import document_of
from stack.runs.history import History, schedule_json
from stack.runs.requests import Asked, Overrides
from stack.runs.schedules import schedule_of
from stack.stackfile.schedule_fields import Schedule
from stack.state.revisions import Change

MESSAGE = (Parameter('message', 'The reason for the run, recorded in the audit. Also the header X-Nysa-Message.'),)
PAGE = (
    Parameter('limit', 'How many runs, from 1 to 200; 50 unless given.', kind='integer'),
    Parameter('after', 'The `next` of the page before.'),
)
OVERRIDES = {
    'command': 'a list of texts',
    'environment': 'an object of names and texts',
    'cpu': 'a whole number from 1, CPU units',
    'memory': 'a whole number from 4, MiB',
    'client_token': 'a text of at most 64 characters',
}
MOST_ARGUMENTS, LONGEST_TOKEN = 100, 64


class Runs(ApiHandler):
    @operation(Role.VIEWER, answer='RunPage', parameters=PAGE, refusals=(400, 404))
    async def get(self, cluster: str, service: str) -> None:
        """List the runs of a service, the newest first, with its schedule. The newest 200 are kept."""
        limit = self.query.number('limit', 50, 1, 200)
        schedule = await scheduled(self, cluster, service)
        history = await self.context.runs.read(cluster, service)
        runs = _after(history, self.query.text('after'))
        shown = schedule_json(history, schedule, datetime.now(UTC)) if schedule else None
        following = runs[limit - 1].id if len(runs) > limit else None
        self.reply({'schedule': shown, 'content': [run.brief() for run in runs[:limit]], 'next': following})


class OneRun(ApiHandler):
    @operation(Role.VIEWER, answer='Run', refusals=(404,))
    async def get(self, cluster: str, service: str, run: str) -> None:
        """Read one run, with the last lines of its log."""
        await scheduled(self, cluster, service)
        found = (await self.context.runs.read(cluster, service)).find(run)
        if found is None:
            raise NotFound(f'{service} has no run {run!r}.')
        self.reply(found.to_json())


class Run(ApiHandler):
    @operation(
        Role.DEPLOYER,
        status=202,
        body='RunRequest',
        answer='Run',
        parameters=MESSAGE,
        refusals=(400, 404, 409, 413, 422),
    )
    async def post(self, cluster: str, service: str) -> None:
        """Run one task of a service now, with its newest task definition. A service that is no task needs a command.

        The same client token gives the same run. A freeze does not refuse it, since a run changes no desired state.
        """
        given = self.body.fields(OVERRIDES)
        overrides, token = _overrides(given), _token(given.get('client_token'))
        state = await self.context.live.at(await self.context.states.read(cluster))
        request = self.change_request()
        did = {'verb': 'run', 'service': service, **(overrides.to_json() or {})}
        change = Change(request.origin, datetime.now(UTC), did, announce=None, scope=request.scope)
        run = await self.context.run_requests.request(state, service, Asked(change, overrides, token))
        self.reply(run.to_json())


async def scheduled(handler: ApiHandler, cluster: str, service: str) -> Schedule | None:
    """The schedule of a service; None where it has none. Raises `NotFound` where there is no such service."""
    revision = await handler.context.states.read(cluster)
    state = await handler.context.live.at(revision)
    if service not in state.names():
        raise NotFound(f'{cluster} has no service {service!r}.')
    return schedule_of(document_of(revision), service)


def _after(history: History, run: str | None) -> list[Any]:
    """The runs after one. Raises `InvalidRequest` for one that is not kept."""
    runs = list(history.runs)
    if run is None:
        return runs
    position = next((i for i, known in enumerate(runs) if known.id == run), None)
    if position is None:
        allowed = 'the `next` of a page'
        raise InvalidRequest(f'after must be {allowed}.', [{'path': 'after', 'message': allowed}])
    return runs[position + 1 :]


def _overrides(given: dict[str, Any]) -> Overrides:
    """Raises `InvalidRequest` that names each wrong field."""
    command, environment = given.get('command'), given.get('environment')
    valid = {
        'command': command is None or _is_command(command),
        'environment': environment is None or _is_environment(environment),
        'cpu': _is_size(given.get('cpu'), 1),
        'memory': _is_size(given.get('memory'), 4),
    }
    wrong = [name for name, is_valid in valid.items() if not is_valid]
    if wrong:
        details = [{'path': name, 'message': f'must be {OVERRIDES[name]}'} for name in wrong]
        raise InvalidRequest(f'{" and ".join(wrong)}: wrong values.', details)
    return Overrides(command, environment or {}, given.get('cpu'), given.get('memory'))


def _is_command(value: Any) -> bool:
    return isinstance(value, list) and 1 <= len(value) <= MOST_ARGUMENTS and all(isinstance(x, str) for x in value)


def _is_environment(value: Any) -> bool:
    return isinstance(value, dict) and all(name and isinstance(text, str) for name, text in value.items())


def _is_size(value: Any, least: int) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool) and least <= value <= 2**31 - 1)


def _token(value: Any) -> str | None:
    if value is None or (isinstance(value, str) and 0 < len(value) <= LONGEST_TOKEN):
        return value
    allowed = OVERRIDES['client_token']
    raise InvalidRequest(f'client_token must be {allowed}.', [{'path': 'client_token', 'message': allowed}])
