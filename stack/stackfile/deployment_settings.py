"""The older spellings of two deployment fields, and what is effective of both."""

from dataclasses import dataclass

from stack.stackfile.deployment_fields import Deployment
from stack.stackfile.entries import entry
from stack.stackfile.rendering import key
from stack.stackfile.shapes import switch, whole


@dataclass(frozen=True, kw_only=True)
class DeploymentConfiguration:
    maximum_percent: int | None = entry(
        whole(100, 200), 'Most tasks during a rollout, in percent of `desired_count`.', ecs=key('maximumPercent')
    )
    minimum_healthy_percent: int | None = entry(
        whole(0, 100), 'Fewest healthy tasks during a rollout, in percent.', ecs=key('minimumHealthyPercent')
    )


@dataclass(frozen=True, kw_only=True)
class CircuitBreaker:
    enable: bool = entry(switch(), 'Stop a rollout whose tasks do not start.', required=True, ecs=key('enable'))
    rollback: bool = entry(switch(), 'Go back to the last good one then.', default=False, ecs=key('rollback'))


class DeploymentSettings:
    """What a service states of its deployments, in `deployment` or in the older spellings, which must not differ."""

    deployment: Deployment
    deployment_configuration: DeploymentConfiguration | None

    @property
    def maximum_percent(self) -> int | None:
        """The most tasks during a rollout, in percent; None where it is not stated."""
        former = self.deployment_configuration
        own = self.deployment.maximum_percent
        return former.maximum_percent if own is None and former else own

    @property
    def minimum_healthy_percent(self) -> int | None:
        """The fewest healthy tasks during a rollout, in percent; None where it is not stated."""
        former = self.deployment_configuration
        own = self.deployment.minimum_healthy_percent
        return former.minimum_healthy_percent if own is None and former else own
