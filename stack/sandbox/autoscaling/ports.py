"""Ports of the embedded Application Auto Scaling: ECS, and the metrics of CloudWatch."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


class Services(Protocol):
    """The ECS services of one account and region."""

    def exists(self, cluster: str, service: str, /) -> bool: ...

    def desired(self, cluster: str, service: str, /) -> int: ...

    def is_rolling_out(self, cluster: str, service: str, /) -> bool: ...

    def serves(self, cluster: str, service: str, label: str, /) -> bool:
        """Whether the service is in the target group of a label, and its load balancer forwards there."""

    def scale(self, cluster: str, service: str, count: int, /) -> None: ...


@dataclass(frozen=True)
class Alarm:
    """An alarm of CloudWatch: its metric is beyond the threshold for so many minutes (`periods`)."""

    name: str
    metric: Mapping[str, Any]
    statistic: str
    threshold: float
    comparison: str
    periods: int


class Metrics(Protocol):
    """CloudWatch of one account and region."""

    def alarms(self, policy: str, /) -> list[Alarm]:
        """The alarms that start a policy, which is given by its ARN."""

    def values(self, metric: Mapping[str, Any], statistic: str, start: float, end: float, /) -> list[float]:
        """The values of the minutes from `start` to `end` (seconds since 1970) that have one, the oldest first."""
