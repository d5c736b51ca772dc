"""A cluster with all resources that a stackfile's services need, and its reconciler, on simulated time."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from stack.aws.connection import Connection
from stack.aws.inventory import Inventory
from stack.aws.paced import PacedConnection
from stack.reconcile.observed import Observed
from stack.reconcile.plan import Plan
from stack.runtime.pacing import Pace
from stack.scheduler.reconciler import Outcome, Progress, Reconciler, Request
from tests.aws import Aws
from tests.turned_time import BusyConnection, TurnedTime
from tests.unit.stack.reconcile import settled

# Read-only calls of all APIs that are used here.
READS = ('Describe', 'List', 'Get', 'Head')


class Cluster:
    """The operations of a test on one cluster."""

    def __init__(self, aws: Aws, connection: Connection):
        self.aws = aws
        self.name = aws.cluster(instances=4)
        # What the passing of time does, in seconds; a test may replace it.
        self.passing: Callable[[float], None] = aws.advance
        self.time = TurnedTime(lambda seconds: self.passing(seconds))
        self.connection = BusyConnection(connection, self.time)
        self.paced = PacedConnection(
            self.connection,
            Pace(share=1),
            clock=self.time.clock,
            sleep=self.time.sleep,
            chance=lambda: 0.5,
        )
        self._network()

    def _network(self) -> None:
        ec2 = self.aws.client('ec2')
        self.vpc = ec2.create_vpc(CidrBlock='10.0.0.0/16')['Vpc']['VpcId']
        zones = [f'{self.aws.region}{letter}' for letter in 'abab']
        self.subnets = [
            ec2.create_subnet(VpcId=self.vpc, CidrBlock=f'10.0.{n}.0/24', AvailabilityZone=zone)['Subnet']['SubnetId']
            for n, zone in enumerate(zones)
        ]
        self.groups = [
            ec2.create_security_group(GroupName=f'{kind}-{self.name}', Description=kind, VpcId=self.vpc)['GroupId']
            for kind in ('public', 'private')
        ]
        self.domain = f'{self.name}.example.com'
        zone = self.aws.client('route53').create_hosted_zone(Name=self.domain, CallerReference=self.name)
        self.zone = zone['HostedZone']['Id'].removeprefix('/hostedzone/')
        self.certificate = self.aws.client('acm').request_certificate(DomainName=self.domain)['CertificateArn']

    def example(self) -> dict[str, Any]:
        """The example of planner tests, with ids that exist."""
        document = settled.example()
        document['vpc'] = {
            'id': self.vpc,
            'subnets': {'public': self.subnets[:2], 'private': self.subnets[2:]},
            'security_groups': {'public': self.groups[:1], 'private': self.groups[1:]},
        }
        document['logging']['options']['awslogs-group'] = f'/ecs/{self.name}'
        document['service_discovery']['namespace'] = f'{self.name}.sd'
        balancer = settled.service_in(document, 'web')['elb']
        balancer['certificates'] = [self.certificate]
        balancer['dns'] = {'hosted_zone_id': self.zone, 'record_name': f'web.{self.domain}'}
        settled.service_in(document, 'users')['dns_discovery']['name'] = 'users'
        return document

    def reconciler(self, patience: float = 600.0) -> Reconciler:
        return Reconciler(
            Inventory(self.paced, self.time.clock),
            self.paced.call,
            region=self.paced.region,
            clock=self.time.clock,
            sleep=self.time.sleep,
            patience=patience,
        )

    async def plan(self, document: dict, revision: str = 'r1', **options: Any) -> Plan:
        return await self.reconciler().plan(self.name, Request(document, revision, **options))

    async def reconcile(
        self,
        document: dict,
        revision: str = 'r1',
        sink: Callable[[Progress], None] = lambda _: None,
        goes_on: Callable[[], bool] = lambda: True,
        **options: Any,
    ) -> Outcome:
        reconciler = self.reconciler()
        plan = await reconciler.plan(self.name, Request(document, revision, **options))
        return await reconciler.apply(plan, sink, goes_on)

    def load_balancers(self) -> list[dict[str, Any]]:
        """The load balancers that Nysa made for the cluster, of all pages: other tests' may fill the first."""
        pages = self.aws.client('elbv2').get_paginator('describe_load_balancers').paginate()
        found = [each for page in pages for each in page['LoadBalancers']]
        return [each for each in found if each['LoadBalancerName'].startswith(f'{self.name}-')]

    def target_groups(self) -> list[dict[str, Any]]:
        """The target groups that Nysa made for the cluster, of all pages."""
        pages = self.aws.client('elbv2').get_paginator('describe_target_groups').paginate()
        found = [each for page in pages for each in page['TargetGroups']]
        return [each for each in found if each['TargetGroupName'].startswith(f'{self.name}-')]

    def scalable_targets(self) -> list[dict[str, Any]]:
        """The scalable targets of the cluster's services, of all pages."""
        client = self.aws.client('application-autoscaling')
        pages = client.get_paginator('describe_scalable_targets').paginate(ServiceNamespace='ecs')
        found = [each for page in pages for each in page['ScalableTargets']]
        return [each for each in found if each['ResourceId'].split('/')[1] == self.name]

    def wait(self, seconds: float) -> None:
        """Advance the time, including AWS's."""
        self.time.now += seconds
        self.passing(seconds)

    async def observed(self, document: dict, **options: Any) -> Observed:
        return await Inventory(self.paced).observe(self.name, document, **options)

    @contextlib.contextmanager
    def changes(self) -> Iterator[list[str]]:
        """The mutating calls made during a `with` block; filled when it ends."""
        made: list[str] = []
        with self.aws.embedded.application.recording() as calls:
            yield made
        made += [each for each in calls if not each.partition(':')[2].startswith(READS)]


@contextlib.contextmanager
def clusters(aws: Aws) -> Iterator[Callable[[], Cluster]]:
    """A factory of clusters."""
    with contextlib.closing(Connection()) as connection:
        yield lambda: Cluster(aws, connection)


@pytest.fixture
def cluster(aws: Aws) -> Iterator[Cluster]:
    with clusters(aws) as new_cluster:
        yield new_cluster()
