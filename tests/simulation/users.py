"""What people and other programs do to clusters, and what they were answered."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from stack.changes.change_request import Accepted, ChangeRequest
from stack.errors import AwsFailed, NysaError
from stack.state.revision_store import serialise
from stack.state.revisions import Origin
from tests.simulation.plan import Step
from tests.simulation.replica import Replica
from tests.simulation.world import World

OVERRIDE = 'it must be'


@dataclass
class Request:
    """One request of a user. `mark` is the message of its change, by which it is found in the history.

    `answer` is `accepted`, `refused`, `in doubt`, or None where none came: the replica died, or it is still going on.
    """

    mark: str
    verb: str
    cluster: str
    replica: str
    began: float
    values: dict[str, Any] = field(default_factory=dict)
    answer: str | None = None
    answered: float = float('inf')
    revision: str | None = None
    error: str | None = None

    def __str__(self) -> str:
        return (
            f'{self.mark} {self.verb} {self.cluster} at {self.replica} ({self.began:.3f} to {self.answered:.3f}): '
            f'{self.answer} {self.revision or self.error or ""}'
        )


def document(tag: str, *more: str) -> dict[str, Any]:
    """A desired state of `web` with that tag, and of more services."""
    services = [{name: {'image': f'team/{name}:{tag}', 'desired_count': 1, 'memory': 64}} for name in ('web', *more)]
    return {'services': services}


class Users:
    """Makes requests to replicas, and writes of other programs straight to the bucket."""

    def __init__(self, world: World):
        self.world = world
        self.requests: list[Request] = []

    def ask(self, replica: Replica, step: Step) -> None:
        """Make a request to a replica, in the background."""
        number = len(self.requests) + 1
        request = Request(
            f'm{number}', step.do, step.values['cluster'], replica.process.name, self.world.now(), step.values
        )
        self.requests.append(request)
        self.world.start(replica.process, self._ask(replica, request))

    async def _ask(self, replica: Replica, request: Request) -> None:
        # What a client names in If-Match it has read before, at the same replica or at another one.
        values, expected = request.values, None
        if values.get('if_match'):
            current = self.world.s3.current(request.cluster)
            expected = current.id if current else None
        origin = Origin('kim', 'simulation', request.mark)
        override = OVERRIDE if values.get('override') else None
        asked = ChangeRequest(origin, expected, values.get('deploy', True), override=override)
        try:
            outcome = await VERBS[request.verb](replica, request, asked)
        except NysaError as failed:
            is_sure = not isinstance(failed, AwsFailed) or failed.consequence == AwsFailed.consequence
            request.answer = 'refused' if is_sure else 'in doubt'
            request.error = repr(failed)
        else:
            request.answer = 'accepted'
            request.revision = outcome.revision.id if isinstance(outcome, Accepted) else None
        request.answered = self.world.now()
        self.world.note(request.replica, f'answers {request}')

    def begin(self, cluster: str, tag: str) -> None:
        """A desired state that another program has stored."""
        self.world.s3.put(cluster, serialise(document(tag)), 'other')

    def write(self, cluster: str, tag: str) -> None:
        """Another program stores a desired state, whatever is there."""
        if self.world.s3.current(cluster) is not None:
            self.world.s3.put(cluster, serialise(document(tag)), 'other')

    def delete(self, cluster: str) -> None:
        """Another program deletes a desired state."""
        if self.world.s3.current(cluster) is not None:
            self.world.s3.put(cluster, None, 'other')


def _freeze(replica: Replica, request: Request, asked: ChangeRequest) -> Awaitable[Any]:
    seconds = request.values.get('seconds')
    until = replica.world.day() + timedelta(seconds=seconds) if seconds else None
    # The reason is the change's message.
    return replica.freezing.freeze(request.cluster, asked, request.mark, until)


def _add(replica: Replica, request: Request, asked: ChangeRequest) -> Awaitable[Any]:
    more = ('api',) if request.values.get('more') else ()
    return replica.states.replace(request.cluster, document(request.values['tag'], *more), asked, prune=True)


VERBS: dict[str, Callable[[Replica, Request, ChangeRequest], Awaitable[Any]]] = {
    'create': lambda replica, request, asked: replica.states.create(
        request.cluster, document(request.values['tag']), asked
    ),
    'change': lambda replica, request, asked: replica.states.change_service(
        request.cluster, 'web', asked, {'image_tag': request.values['tag']}
    ),
    'replace': _add,
    'remove_service': lambda replica, request, asked: replica.states.remove_service(request.cluster, 'api', asked),
    'remove': lambda replica, request, asked: replica.states.remove(request.cluster, asked),
    'restore': lambda replica, request, asked: replica.states.restore(request.cluster, asked),
    'deploy': lambda replica, request, asked: replica.states.deploy(request.cluster, asked),
    'freeze': _freeze,
    'thaw': lambda replica, request, asked: replica.freezing.thaw(request.cluster, asked),
}
