"""AWS in this process without HTTP: the embedded ECS beside a model of its load balancers and records.

A pass over it takes milliseconds, so that a test can make hundreds of them.
"""

from collections.abc import Callable
from typing import Any

from stack.aws.client import AwsClient
from stack.aws.inventory import Inventory
from stack.aws.limitations import Limitations
from stack.errors import AwsFailed
from stack.sandbox.ecs.clock import ManualClock
from stack.sandbox.ecs.ecs import Ecs
from stack.sandbox.ecs.ports import Ports
from stack.scheduler.reconciler import Outcome, Reconciler, Request
from tests.model_elb import ModelElb

ACCOUNT, REGION = '123456789012', 'us-east-1'
READS = ('Describe', 'List', 'Get')

# What other services answer: that there is nothing.
NOTHING: dict[str, dict[str, Any]] = {
    'application-autoscaling:DescribeScalableTargets': {'ScalableTargets': []},
    'servicediscovery:ListNamespaces': {'Namespaces': []},
}

Call = tuple[str, dict[str, Any]]


class ModelAws(AwsClient):
    """A client of it. `followed` is called after each mutating call and after each step of the clock.

    `refuses` may raise `AwsFailed` before a call.
    """

    def __init__(self, cluster: str, instances: int = 4):
        self.cluster = cluster
        self.elb = ModelElb()
        self.clock = ManualClock()
        self.records: dict[tuple[str, str], dict[str, Any]] = {}
        self.calls: list[Call] = []
        self.followed: Callable[[str], None] = lambda when: None
        self.refuses: Callable[[str], None] = lambda kind: None
        self._limitations = Limitations()
        self._ecs = Ecs(self.clock, lambda account, region: Ports(targets=self.elb), seed='model')
        self.ecs('CreateCluster', clusterName=cluster)
        for _ in range(instances):
            self._ecs.register_container_instance(cluster, region=REGION, account=ACCOUNT, cpu=65_536, memory=262_144)

    @property
    def region(self) -> str:
        return REGION

    @property
    def limitations(self) -> Limitations:
        return self._limitations

    async def call(self, service: str, operation: str, /, *, region: str | None = None, **arguments: Any) -> Any:
        kind = f'{service}:{operation}'
        self.refuses(kind)
        answer = self._answer(kind, service, operation, arguments)
        if not operation.startswith(READS):
            self.calls.append((kind, arguments))
            self.followed(f'after {kind}')
        return answer

    def _answer(self, kind: str, service: str, operation: str, arguments: dict[str, Any]) -> Any:
        if service == 'ecs':
            return self.ecs(operation, **arguments)
        if service == 'elbv2':
            return self.elb.call(operation, arguments)
        if service == 'ec2' and operation == 'DescribeSubnets':
            found = [value for each in arguments['Filters'] for value in each['Values']]
            return {'Subnets': [{'SubnetId': subnet, 'VpcId': 'vpc-1'} for subnet in found]}
        if kind == 'route53:ListResourceRecordSets':
            zone = arguments['HostedZoneId']
            return {'ResourceRecordSets': [found for (of, _), found in self.records.items() if of == zone]}
        if kind == 'route53:ChangeResourceRecordSets':
            return self._change_records(arguments['HostedZoneId'], arguments['ChangeBatch']['Changes'])
        if kind not in NOTHING:
            raise AwsFailed(f'The model has no {kind}.', kind, 'NotImplemented')
        return NOTHING[kind]

    def ecs(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """Make a call of ECS. Raises `AwsFailed`."""
        status, answer = self._ecs.handle(operation, arguments, REGION, ACCOUNT)
        if status != 200:
            code = answer.get('__type', 'Unknown')
            raise AwsFailed(f'ECS refused {operation}: {answer.get("message")}', f'ecs:{operation}', code)
        return answer

    def _change_records(self, zone: str, changes: list[dict[str, Any]]) -> dict[str, Any]:
        for change in changes:
            found = change['ResourceRecordSet']
            place = zone, found['Name'].rstrip('.')
            if change['Action'] == 'DELETE':
                if self.records.get(place) != found:
                    raise AwsFailed(f'There is no such record: {found}', 'route53', 'InvalidChangeBatch')
                del self.records[place]
            else:
                self.records[place] = {**found, 'Name': f'{place[1]}.'}
        return {}

    def advance(self, seconds: float, step: float = 5.0) -> None:
        """Advance the time in steps, with `followed` after each."""
        while seconds > 0:
            self.clock.advance(min(step, seconds))
            self._ecs.advance()
            seconds -= step
            self.followed('meanwhile')

    async def sleep(self, seconds: float) -> None:
        self.advance(seconds)

    async def reconcile(
        self, document: dict[str, Any], goes_on: Callable[[], bool] = lambda: True, **options: Any
    ) -> Outcome:
        """Make one pass."""
        reconciler = self._reconciler()
        plan = await reconciler.plan(self.cluster, Request(document, 'r1', **options))
        return await reconciler.apply(plan, goes_on=goes_on)

    def _reconciler(self) -> Reconciler:
        now = self.clock.now
        return Reconciler(Inventory(self, now), self.call, region=REGION, clock=now, sleep=self.sleep, patience=600)
