# ruff: noqa: RUF009 - the calls make frozen values: that is what a table of fields is made of
"""Fields of order: what comes before a rollout, and the one-off tasks before and after it."""

from dataclasses import dataclass
from typing import Any

from voluptuous import Invalid

from stack.stackfile import inverse, rendering, values
from stack.stackfile.dependencies import OF_SERVICE, Needs
from stack.stackfile.entries import DEFAULTS, entry, record
from stack.stackfile.rendering import container
from stack.stackfile.shapes import Shape, choice, text, whole

MOST_GATES = 10
LONGEST_TIMEOUT_S = 86_400
DEFAULT_TIMEOUT_S = 900

GATE_NAME = text(r'[A-Za-z0-9_-]+', 'a name of letters, digits, - and _', at_most=64, example='migrate')


def _command(value: Any) -> tuple[str, ...]:
    words: tuple[str, ...] = values.ARGUMENTS.check(value)
    if not words:
        raise Invalid('expected at least one word')
    return words


COMMAND = Shape(f'{values.ARGUMENTS.description}, at least one', _command, {**values.ARGUMENTS.json, 'minItems': 1})


@dataclass(frozen=True, kw_only=True)
class Gate:
    """A one-off task of the new task definition of its service."""

    name: str = ''
    image: str | None = entry(values.IMAGE, 'The image of its main container; that of the service.')
    command: tuple[str, ...] = entry(COMMAND, 'The command of its main container, word by word.', required=True)
    timeout: int = entry(
        whole(1, LONGEST_TIMEOUT_S),
        'Seconds until it is stopped, and has failed.',
        default=DEFAULT_TIMEOUT_S,
    )


GATES: Shape = values.named_list(
    GATE_NAME, record(Gate), 'a list of tasks, each a name with its settings below it', MOST_GATES
)


@dataclass(frozen=True, kw_only=True)
class OrderSettings:
    """Fields of a service."""

    depends_on: Needs = entry(
        OF_SERVICE,
        'Services whose rollouts must have succeeded before that of this one begins, and containers of the task that '
        'must have come so far before the main one starts.',
        default=Needs(),
        ecs=container('dependsOn', rendering.dependencies, inverse.dependencies),
    )
    pre_deploy: tuple[Gate, ...] = entry(
        GATES,
        'Tasks of the new task definition that must exit with 0 before its rollout begins, such as migrations; '
        'one after the other.',
        default=(),
    )
    post_deploy: tuple[Gate, ...] = entry(
        GATES, 'Tasks that must exit with 0 after its rollout, such as smoke tests; one after the other.', default=()
    )
    on_failure: str = entry(
        choice('leave', 'roll_back'),
        'What happens to the service when a task of `post_deploy` fails: the new task definition stays, or the '
        'former one is deployed again.',
        default='leave',
        inherits=DEFAULTS,
    )

    @property
    def gates(self) -> tuple[Gate, ...]:
        """The one-off tasks before and after its rollout."""
        return (*self.pre_deploy, *self.post_deploy)
