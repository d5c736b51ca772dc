"""What a server needs to show logs and metrics, put together."""

from dataclasses import dataclass

from stack.access.access import Caller, Role
from stack.aws.ports import PerCluster
from stack.errors import AccessDenied
from stack.telemetry.log_events import LogReader
from stack.telemetry.service_metrics import ServiceMetrics
from stack.telemetry.tails import Tails


@dataclass(frozen=True)
class Telemetry:
    """`logs_role` is the least role that may read logs."""

    logs: PerCluster[LogReader]
    metrics: ServiceMetrics
    tails: Tails
    logs_role: Role = Role.VIEWER

    def check_may_read_logs(self, caller: Caller) -> None:
        """Raises `AccessDenied`."""
        if caller.role < self.logs_role:
            raise AccessDenied(f'Reading logs requires the role {self.logs_role.name.lower()}.')
