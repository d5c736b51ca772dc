"""State of the embedded Application Auto Scaling: dataclasses of plain values, which a snapshot holds.

A field called `spec` holds what the caller sent, in AWS's spelling. Times are in seconds since 1970.
"""

from dataclasses import dataclass, field
from typing import Any

Wire = dict[str, Any]

SUSPENSIONS = ('DynamicScalingInSuspended', 'DynamicScalingOutSuspended', 'ScheduledScalingSuspended')

# How long activities are kept: https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalingActivities.html
ACTIVITIES_KEPT_S = 6 * 7 * 86_400
MOST_ACTIVITIES = 1000


class ScalingError(Exception):
    """An error of the API; `code` becomes `__type` on the wire."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code
        self.message = message


def invalid(message: str) -> ScalingError:
    return ScalingError('ValidationException', message)


@dataclass
class Policy:
    """A scaling policy; `scaled_at` is when a step policy scaled last."""

    name: str
    id: str
    spec: Wire
    created_at: float
    alarms: list[str] = field(default_factory=list)
    scaled_at: float = 0.0


@dataclass
class Action:
    """A scheduled action; `ran_at` is when it was last due."""

    name: str
    id: str
    spec: Wire
    created_at: float
    ran_at: float


@dataclass
class Target:
    """A scalable target.

    `scaled_in_at`, `scaled_out_at`: the ends of the last activities, which cooldowns follow; `scaled_out_from`: the
    count before the last addition.
    """

    resource: str
    dimension: str
    id: str
    minimum: int
    maximum: int
    created_at: float
    suspended: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(SUSPENSIONS, False))
    tags: dict[str, str] = field(default_factory=dict)
    policies: dict[str, Policy] = field(default_factory=dict)
    actions: dict[str, Action] = field(default_factory=dict)
    scaled_in_at: float = 0.0
    scaled_out_at: float = 0.0
    scaled_out_from: int = 0

    @property
    def cluster(self) -> str:
        return self.resource.split('/')[1]

    @property
    def service(self) -> str:
        return self.resource.split('/')[2]


@dataclass
class Region:
    """Everything of one account in one region; `activities` has the newest first."""

    account: str
    name: str
    targets: dict[str, Target] = field(default_factory=dict)
    activities: list[Wire] = field(default_factory=list)
    made: int = 0
    evaluated_at: float = 0.0

    def next_id(self) -> str:
        """An id that no other thing of this region has, in the form of a UUID."""
        self.made += 1
        return f'{self.made:08x}-0000-4000-8000-{self.made:012x}'

    def arn(self, rest: str) -> str:
        return f'arn:aws:{rest.partition(" ")[0]}:{self.name}:{self.account}:{rest.partition(" ")[2]}'

    def target(self, params: Wire) -> Target:
        """The target that a request names. Raises `ScalingError` where it is not registered."""
        target = self.targets.get(params['ResourceId'])
        if target is None:
            raise ScalingError(
                'ObjectNotFoundException',
                f'No scalable target registered for service namespace: ecs, resource ID: {params["ResourceId"]}, '
                f'scalable dimension: {params["ScalableDimension"]}',
            )
        return target

    def record(self, target: Target, at: float, **members: Any) -> None:
        """Add an activity, and forget those that are too old."""
        activity = {
            'ActivityId': self.next_id(),
            'ServiceNamespace': 'ecs',
            'ResourceId': target.resource,
            'ScalableDimension': target.dimension,
            'StartTime': at,
            'EndTime': at,
            'StatusCode': 'Successful',
            **members,
        }
        kept = [known for known in self.activities if known['StartTime'] > at - ACTIVITIES_KEPT_S]
        self.activities = [activity, *kept][:MOST_ACTIVITIES]
