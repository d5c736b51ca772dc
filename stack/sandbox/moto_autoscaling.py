"""Corrections of moto's Application Auto Scaling: it looks services up in our ECS."""

from collections.abc import Callable

from moto.applicationautoscaling.exceptions import AWSValidationException
from moto.applicationautoscaling.models import ApplicationAutoscalingBackend

from stack.sandbox.patching import replace

# Whether a service exists: region, cluster, service.
Exists = Callable[[str, str, str], bool]

_ECS: dict[str, Exists] = {}


def install() -> None:
    def exists(self: ApplicationAutoscalingBackend, resource: str) -> bool:
        kind, _, rest = resource.partition('/')
        cluster, _, service = rest.partition('/')
        ask = _ECS.get(self.account_id)
        if kind != 'service' or ask is None or not ask(self.region_name, cluster, service):
            raise AWSValidationException(f"ECS service doesn't exist: {resource}")
        return True

    replace(ApplicationAutoscalingBackend, '_ecs_service_exists_for_target', exists)


def connect(account: str, exists: Exists) -> None:
    """Have an account's Application Auto Scaling ask there for services, until `disconnect`."""
    _ECS[account] = exists


def disconnect(account: str) -> None:
    _ECS.pop(account, None)
