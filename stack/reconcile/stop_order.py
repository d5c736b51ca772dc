"""The order to stop a service deployment, as the desired state's guards carry it to schedulers."""

from dataclasses import dataclass
from typing import Literal

# rollback: ECS goes back to the former service revision · abort: tasks and traffic stay as they are
Mode = Literal['rollback', 'abort']


@dataclass(frozen=True)
class StopOrder:
    """The service deployment, by its ARN, that is to be stopped."""

    deployment: str
    mode: Mode


@dataclass(frozen=True)
class Stop:
    """An order whose deployment is the newest of its service, with the status of that deployment in ECS."""

    order: StopOrder
    status: str
