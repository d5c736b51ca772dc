"""The scalable target of a service in Application Auto Scaling, as it is observed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stack.stackfile.autoscaling_fields import SUSPENSIONS

Answer = Mapping[str, Any]

NAMESPACE = 'ecs'
DIMENSION = 'ecs:service:DesiredCount'


def resource_id(cluster: str, service: str) -> str:
    """The service's id in Application Auto Scaling."""
    return f'service/{cluster}/{service}'


def place(cluster: str, service: str) -> dict[str, str]:
    """The arguments that name the scalable target of a service."""
    resource = resource_id(cluster, service)
    return {'ServiceNamespace': NAMESPACE, 'ResourceId': resource, 'ScalableDimension': DIMENSION}


@dataclass(frozen=True)
class ScalableTarget:
    """A scalable target (DescribeScalableTargets) with its policies, scheduled actions and tags.

    `suspended`: the kinds of scaling that are suspended, as in the stackfile. `alarms`: those of Nysa's step policies,
    by name (DescribeAlarms).
    """

    arn: str
    minimum: int
    maximum: int
    suspended: frozenset[str] = frozenset()
    policies: tuple[Answer, ...] = ()
    actions: tuple[Answer, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    alarms: Mapping[str, Answer] = field(default_factory=dict)

    @classmethod
    def read(
        cls,
        found: Answer,
        policies: Sequence[Answer],
        actions: Sequence[Answer],
        tags: Mapping[str, str],
        alarms: Mapping[str, Answer],
    ) -> 'ScalableTarget':
        suspended = found.get('SuspendedState') or {}
        return cls(
            arn=found.get('ScalableTargetARN', ''),
            minimum=found['MinCapacity'],
            maximum=found['MaxCapacity'],
            suspended=frozenset(word for word, member in SUSPENSIONS.items() if suspended.get(member)),
            policies=tuple(policies),
            actions=tuple(actions),
            tags=tags,
            alarms=alarms,
        )
