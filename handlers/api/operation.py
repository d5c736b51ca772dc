"""The declaration above each verb: the role that it requires, its deadline, and its entry in the API's document."""

import functools
import inspect
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stack.access.access import Role

if TYPE_CHECKING:
    from handlers.base import ApiHandler

# A handler's method; its arguments are the names in the path.
Verb = Callable[..., Awaitable[None]]

VERBS = ('get', 'put', 'post', 'patch', 'delete')

# Deadlines of an answer in seconds, below the 60 of a load balancer's idle timeout. The plan of a change may read all
# services of a cluster from ECS.
DEADLINE_S = 30.0
PLANNED_WITHIN_S = 50.0


@dataclass(frozen=True)
class Parameter:
    """A query parameter or a header."""

    name: str
    help: str
    where: str = 'query'
    kind: str = 'string'


@dataclass(frozen=True)
class Operation:
    """`body` and `answer` name schemas of handlers/document/schemas/; `refusals` are its own statuses.

    `accepted` is what 202 means where that is another status of success.

    `cluster` is the index of the cluster's name in the path. `plan` is the schema of a dry run's answer. `seconds` is
    the deadline of the answer.
    """

    role: Role
    status: int
    answer: str | None
    body: str | None
    parameters: Sequence[Parameter]
    refusals: Sequence[int]
    plan: str
    cluster: int | None = None
    seconds: float = DEADLINE_S
    accepted: str | None = None


def operation(
    role: Role,
    *,
    status: int = 200,
    answer: str | None = None,
    body: str | None = None,
    parameters: Sequence[Parameter] = (),
    refusals: Sequence[int] = (),
    plan: str = 'Plan',
    seconds: float | None = None,
    accepted: str | None = None,
) -> Callable[[Verb], Verb]:
    """Declare a verb: its minimum role, the schemas of body and answer, and its deadline."""
    plans = any(parameter.name == 'dry_run' for parameter in parameters)
    deadline = seconds or (PLANNED_WITHIN_S if plans else DEADLINE_S)

    def declare(verb: Verb) -> Verb:
        names_in_path = list(inspect.signature(verb).parameters)[1:]
        cluster = names_in_path.index('cluster') if 'cluster' in names_in_path else None
        declared = Operation(
            role, status, answer, body, tuple(parameters), tuple(refusals), plan, cluster, deadline, accepted
        )

        # Not in prepare(), which runs before the body has arrived: the client would not read the error.
        @functools.wraps(verb)
        async def checked(handler: 'ApiHandler', *names: str) -> None:
            with handler.context.in_flight.work(handler, deadline, limited=role is not Role.PUBLIC):
                await handler.admit(declared, names)
                await verb(handler, *names)

        checked.__dict__['operation'] = declared
        return checked

    return declare


def operation_of(verb: Any) -> Operation | None:
    """The declaration of a handler's method, None where it has none."""
    return getattr(verb, 'operation', None)
