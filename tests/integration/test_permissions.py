"""The permissions of the scheduler against the calls of whole passes, recorded."""

import asyncio

from stack.aws.connection import Connection
from stack.configuration.permissions import PERMISSIONS
from tests.aws import Aws
from tests.cluster import Cluster


def test_a_scheduler_makes_no_call_that_its_policy_does_not_allow(aws: Aws):
    called: set[str] = set()
    connection = Connection(observe=lambda call, *_: called.add(call))
    cluster = Cluster(aws, connection)

    async def play() -> None:
        document = cluster.example()
        await cluster.reconcile(document)
        aws.advance(300)
        nothing = {**document, 'services': []}
        for _ in range(3):
            await cluster.reconcile(nothing, prune=True)
            aws.advance(600)

    try:
        asyncio.run(play())
    finally:
        connection.close()
    allowed = {permission.call for permission in PERMISSIONS if 'scheduler' in permission.roles}
    assert {'ecs:CreateService', 'elbv2:CreateLoadBalancer', 'elbv2:DeleteLoadBalancer', 'ecs:DeleteService'} <= called
    assert called <= allowed
