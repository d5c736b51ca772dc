"""ECS: the embedded one's core, in simulated time, with every change of a service recorded."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from stack.errors import AwsFailed
from stack.sandbox.ecs.ecs import Ecs
from stack.sandbox.ecs.world import Timings
from tests.simulation import determinism

ACCOUNT, REGION = '123456789012', 'eu-central-1'
# Everything goes on some times faster than in AWS, so that a world of a minute has rollouts that end.
QUICK = Timings(
    provision=0.3,
    pull=0.5,
    activate=0.2,
    settle=3,
    drain=0.3,
    stop=0.2,
    deprovision=0.2,
    run=1,
    least_deployment=2,
    restart=2,
    between_passes=0.5,
)
CHANGES = ('CreateService', 'UpdateService', 'DeleteService', 'RunTask')
# Of the other services that a pass asks: that there is nothing.
NOTHING = {
    'DescribeLoadBalancers': 'LoadBalancers',
    'DescribeTargetGroups': 'TargetGroups',
    'ListNamespaces': 'Namespaces',
    'DescribeScalableTargets': 'ScalableTargets',
    'DescribeTags': 'TagDescriptions',
    'ListServices': 'Services',
}


class _Clock:
    speed = 1.0

    def __init__(self, now: Callable[[], float]):
        self._seconds = now

    def now(self) -> float:
        return determinism.moment(self._seconds()).timestamp()


@dataclass(frozen=True)
class Applied:
    """A change of ECS that took effect `at` so many simulated seconds, and was `asked` for by the pass `run`.

    `image` is that of the task definition which it sets, None where it sets none.
    """

    at: float
    asked: float
    run: str
    operation: str
    cluster: str
    service: str
    image: str | None


class SimulatedEcs:
    """The service `ecs`."""

    def __init__(self, now: Callable[[], float], seed: str):
        self.applied: list[Applied] = []
        self._now = now
        self._ecs = Ecs(_Clock(now), seed=seed, timings=QUICK)

    def make_cluster(self, name: str) -> None:
        """An ECS cluster with two machines."""
        self.do('CreateCluster', clusterName=name)
        for _ in range(2):
            self._ecs.register_container_instance(name, region=REGION, account=ACCOUNT, cpu=65_536, memory=262_144)

    def do(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """Make a call that is answered at once. Raises `AwsFailed`."""
        status, answer = self._ecs.handle(operation, arguments, REGION, ACCOUNT)
        if status != 200:
            code = answer.get('__type', 'Unknown')
            raise AwsFailed(f'ECS refused {operation}: {answer.get("message")}', f'ecs:{operation}', code)
        return _with_moments(answer)

    async def handle(self, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        asked = dict(arguments)
        process, run, at = asked.pop('process'), asked.pop('run'), asked.pop('asked')
        answer = self.do(operation, **asked)
        if operation in CHANGES:
            service = asked.get('serviceName') or asked.get('service') or asked.get('taskDefinition', '')
            cluster = str(asked.get('cluster')).rpartition('/')[2]
            image = self.image(asked['taskDefinition']) if 'taskDefinition' in asked else None
            name = service.rpartition('/')[2]
            self.applied.append(Applied(self._now(), at, run or process.name, operation, cluster, name, image))
        return answer

    def image(self, definition: str) -> str:
        """The image of a task definition's first container."""
        found = self.do('DescribeTaskDefinition', taskDefinition=definition)
        return found['taskDefinition']['containerDefinitions'][0]['image']

    def runs(self, cluster: str) -> dict[str, str]:
        """The image that each service of a cluster is to run."""
        names = self.do('ListServices', cluster=cluster)['serviceArns']
        services = self.do('DescribeServices', cluster=cluster, services=names)['services'] if names else []
        return {each['serviceName']: self.image(each['taskDefinition']) for each in services}


class Elsewhere:
    """The other services of AWS, which have nothing."""

    async def handle(self, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        if operation not in NOTHING:
            raise AwsFailed(f'There is no {operation} here.', operation, 'NotImplemented')
        return {NOTHING[operation]: []}


def _with_moments(answer: Any) -> Any:
    """An answer of the wire with its times as boto3 reads them."""
    if isinstance(answer, list):
        return [_with_moments(each) for each in answer]
    if not isinstance(answer, dict):
        return answer
    return {
        name: datetime.fromtimestamp(value, UTC)
        if name.endswith('At') and isinstance(value, int | float)
        else _with_moments(value)
        for name, value in answer.items()
    }
