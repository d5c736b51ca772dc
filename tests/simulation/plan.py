"""A plan: everything that happens to a world, as data that can be printed, and shortened."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Step:
    """Something that is done `at` so many simulated seconds; a step that does not apply does nothing."""

    at: float
    do: str
    values: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        values = ', '.join(f'{name}={value!r}' for name, value in self.values.items())
        return f'{self.at:7.3f}  {self.do}({values})'


@dataclass(frozen=True)
class Plan:
    """The steps of a world, and how its loop and its network behave.

    `seed` decides what is not in the plan: the order of tasks, and how long each call takes.
    """

    model: str
    seed: str
    replicas: int
    disorder: float
    latency: float
    steps: tuple[Step, ...]

    def with_steps(self, steps: Sequence[Step]) -> 'Plan':
        return replace(self, steps=tuple(steps))

    def __str__(self) -> str:
        head = f'{self.model}, seed {self.seed}: {self.replicas} replicas, '
        head += f'disorder {self.disorder}, latency {self.latency}'
        return '\n'.join([head, *map(str, self.steps)])
