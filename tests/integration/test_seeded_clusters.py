"""What a fresh embedded AWS wants is what its ECS can run: the first pass of `make run` ends well."""

import asyncio
import contextlib
import json
import time

import pytest

from stack.aws.connection import Connection
from stack.aws.inventory import Inventory
from stack.aws.paced import PacedConnection
from stack.runtime.pacing import Pace
from stack.sandbox.ecs import ManualClock
from stack.sandbox.seed import BUCKET, CLUSTERS
from stack.sandbox.server import EmbeddedAws
from stack.scheduler.reconciler import Reconciler, Request
from tests.turned_time import BusyConnection, TurnedTime


@pytest.mark.parametrize('cluster', CLUSTERS)
def test_seeded_desired_states_roll_out(cluster):
    with EmbeddedAws.start(clock=ManualClock(time.time()), account='555555555555') as aws:
        session = aws.credentials | {'region_name': aws.region, 'endpoint_url': aws.endpoint}
        with contextlib.closing(Connection(**session)) as connection:
            outcome = asyncio.run(reconcile(aws, connection, cluster))
        assert not outcome.failed
        ecs = aws.client('ecs')
        aws.advance(600)
        arns = ecs.list_services(cluster=cluster)['serviceArns']
        services = ecs.describe_services(cluster=cluster, services=arns)['services']
        assert len(services) == 6
        for service in services:
            assert [d['rolloutState'] for d in service['deployments']] == ['COMPLETED'], service['events'][:3]
            assert service['runningCount'] == service['desiredCount']


async def reconcile(aws: EmbeddedAws, connection: Connection, cluster: str):
    turned = TurnedTime(aws.advance)
    paced = PacedConnection(
        BusyConnection(connection, turned), Pace(share=1), clock=turned.clock, sleep=turned.sleep, chance=lambda: 0.5
    )
    reconciler = Reconciler(
        Inventory(paced), paced.call, region=aws.region, clock=turned.clock, sleep=turned.sleep, patience=600
    )
    document = json.loads(aws.client('s3').get_object(Bucket=BUCKET, Key=cluster)['Body'].read())
    plan = await reconciler.plan(cluster, Request(document, 'r1'))
    return await reconciler.apply(plan, lambda _: None, lambda: True)
