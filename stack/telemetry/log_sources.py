"""Where the containers of a service write their logs, by its task definitions. Pure.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from stack.errors import NotFound, Unprocessable
from stack.rollouts.cluster_state import ClusterState
from stack.stackfile.main_container import main_first

AWSLOGS = 'awslogs'


@dataclass(frozen=True, slots=True)
class LogSource:
    """The streams `{prefix}/{container}/{task id}` of a log group; `region` is None for the cluster's own."""

    container: str
    group: str
    prefix: str
    region: str | None = None

    @property
    def stream_prefix(self) -> str:
        return f'{self.prefix}/{self.container}/'

    def stream(self, task: str) -> str:
        return f'{self.stream_prefix}{task}'


@dataclass(frozen=True, slots=True)
class ContainerLog:
    """The log of one container; `source` is None if it cannot be read in CloudWatch, `driver` is its log driver."""

    container: str
    driver: str | None
    source: LogSource | None

    def to_json(self) -> dict[str, Any]:
        group = self.source.group if self.source else None
        return {'container': self.container, 'driver': self.driver, 'group': group, 'readable': group is not None}


def container_logs(state: ClusterState, service: str) -> list[ContainerLog]:
    """The logs of a service's containers, its main container first. Raises `NotFound`.

    Those of all deployments that ECS shows; before their task definitions are read, those of the desired state.
    """
    if service not in state.names():
        raise NotFound(f'{state.name} has no service {service!r}.')
    seen, wanted = state.ecs.services.get(service), state.wanted.get(service)
    arns = [deployment.task_definition for deployment in seen.deployments] if seen else []
    bodies = [state.ecs.definitions[arn].body for arn in arns if arn in state.ecs.definitions]
    if not bodies and wanted is not None:
        bodies = [wanted.definition]
    logs = (_container_log(each) for body in bodies for each in main_first(body, service)['containerDefinitions'])
    return list(dict.fromkeys(logs))


def readable(logs: Iterable[ContainerLog], container: str = '') -> list[LogSource]:
    """The sources of the logs, of one container if it is named. Raises `Unprocessable` if there is none."""
    logs = list(logs)
    chosen = [log for log in logs if container in ('', log.container)]
    if not chosen:
        names = ', '.join(sorted(log.container for log in logs))
        raise Unprocessable(f'There is no container {container!r}; the containers are {names}.')
    sources = [log.source for log in chosen if log.source is not None]
    if not sources:
        drivers = ', '.join(sorted({log.driver or 'no log driver' for log in chosen}))
        raise Unprocessable(
            f'The log goes to {drivers}, which Nysa cannot read: only the log driver awslogs writes to CloudWatch.'
        )
    return sources


def _container_log(container: Mapping[str, Any]) -> ContainerLog:
    name = str(container.get('name', ''))
    configuration = container.get('logConfiguration') or {}
    driver, options = configuration.get('logDriver'), configuration.get('options') or {}
    group, prefix = options.get('awslogs-group'), options.get('awslogs-stream-prefix')
    if driver != AWSLOGS or not group or not prefix:
        return ContainerLog(name, driver, None)
    return ContainerLog(name, driver, LogSource(name, group, prefix, options.get('awslogs-region')))
