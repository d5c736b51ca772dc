"""A scheduler that is killed between any two changing calls: the next pass ends where it would have ended."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from stack.aws.inventory import Inventory
from stack.scheduler.reconciler import Reconciler, Request
from tests.aws import Aws
from tests.cluster import READS, Cluster, clusters

SERVICES = ['web', 'users']


def example(cluster: Cluster) -> dict[str, Any]:
    """One service of each kind that has parts, and a task."""
    whole = cluster.example()
    kept = [each for each in whole['services'] if {*SERVICES, 'migrate'}.intersection(each)]
    return {**whole, 'services': kept}


def remaining(cluster: Cluster) -> dict[str, Any]:
    return {**cluster.example(), 'services': example(cluster)['services'][-1:]}


class Killed(BaseException):
    """Ends a pass as a kill ends a process: nothing gets to clean up."""


class Mortal:
    """Makes AWS calls, and dies instead of the changing one after `lives` of them."""

    def __init__(self, cluster: Cluster, lives: int):
        self._call = cluster.paced.call
        self.lives = lives

    async def __call__(self, service: str, operation: str, /, **arguments: Any) -> dict:
        if not operation.startswith(READS):
            if self.lives == 0:
                raise Killed
            self.lives -= 1
        return await self._call(service, operation, **arguments)


async def until_killed(cluster: Cluster, request: Request, lives: int) -> bool:
    """One pass that is killed after so many changing calls; gives whether it came to that."""
    reconciler = Reconciler(
        Inventory(cluster.paced),
        Mortal(cluster, lives),
        region=cluster.paced.region,
        clock=cluster.time.clock,
        sleep=cluster.time.sleep,
        patience=600,
    )
    plan = await reconciler.plan(cluster.name, request)
    killed = False
    try:
        await reconciler.apply(plan)
    except* Killed:
        killed = True
    await cluster.connection.finished()
    return killed


def everything(cluster: Cluster) -> dict[str, Any]:
    """All that there is of a cluster, without ids."""
    client, prefix = cluster.aws.client, f'{cluster.name}-'
    ecs, balancing = client('ecs'), client('elbv2')
    arns = ecs.list_services(cluster=cluster.name)['serviceArns']
    services = ecs.describe_services(cluster=cluster.name, services=arns)['services'] if arns else []
    pages = ecs.get_paginator('list_task_definitions').paginate(status='ACTIVE')
    definitions = [arn for page in pages for arn in page['taskDefinitionArns']]
    tasks = [
        arn
        for status in ('RUNNING', 'STOPPED')
        for arn in ecs.list_tasks(cluster=cluster.name, family=f'{prefix}migrate', desiredStatus=status)['taskArns']
    ]
    records = client('route53').list_resource_record_sets(HostedZoneId=cluster.zone)['ResourceRecordSets']
    own = cluster.load_balancers()
    described = f'of the ECS cluster {cluster.name}, made by Nysa'
    entries = client('servicediscovery').list_services()['Services']
    return {
        'services': sorted(each['serviceName'] for each in services if each['status'] == 'ACTIVE'),
        'definitions': sorted(each.rpartition('/')[2] for each in definitions if f'/{prefix}' in each),
        'runs': len(tasks),
        'balancers': [each['LoadBalancerName'] for each in own],
        'listeners': [
            len(balancing.describe_listeners(LoadBalancerArn=each['LoadBalancerArn'])['Listeners']) for each in own
        ],
        'groups': [each['TargetGroupName'] for each in cluster.target_groups()],
        'records': sorted(each['Name'] for each in records if each['Type'] == 'A'),
        'entries': [each['Name'] for each in entries if each.get('Description', '').endswith(described)],
    }


def all_of(cluster: Cluster) -> dict[str, Any]:
    """What the example is in AWS once it has been reconciled."""
    name = cluster.name
    return {
        'services': sorted(SERVICES),
        'definitions': sorted(f'{name}-{service}:1' for service in [*SERVICES, 'migrate']),
        'runs': 1,
        'balancers': [f'{name}-web-lb'],
        'listeners': [1],
        'groups': [f'{name}-web-lb'],
        'records': [f'web.{cluster.domain}.'],
        'entries': ['users'],
    }


def nothing(cluster: Cluster) -> dict[str, Any]:
    """What is left of it when its services are destroyed: a task that was run is not a service."""
    empty = {'services': [], 'balancers': [], 'listeners': [], 'groups': [], 'records': [], 'entries': []}
    return {**empty, 'runs': 1, 'definitions': [f'{cluster.name}-migrate:1']}


def kill_everywhere(aws: Aws, kill_after: Callable[[int, Cluster], Coroutine[Any, Any, bool]]) -> int:
    """Tries every boundary, each on a cluster of its own, and gives how many there are."""
    with clusters(aws) as new_cluster:
        lives = 0
        while asyncio.run(kill_after(lives, new_cluster())):
            lives += 1
    return lives


def test_a_create_that_is_killed_anywhere_is_finished_by_the_next_pass(aws: Aws):
    async def kill_after(lives: int, cluster: Cluster) -> bool:
        request = Request(example(cluster), 'r1')
        killed = await until_killed(cluster, request, lives)
        outcome = await cluster.reconcile(example(cluster))
        assert outcome.is_complete, (lives, outcome.failed)
        assert everything(cluster) == all_of(cluster), lives
        return killed

    assert kill_everywhere(aws, kill_after) > 10


def test_a_destroy_that_is_killed_anywhere_is_finished_by_the_next_pass(aws: Aws):
    async def kill_after(lives: int, cluster: Cluster) -> bool:
        await cluster.reconcile(example(cluster))
        request = Request(remaining(cluster), 'r1', destroyed=frozenset(SERVICES))
        killed = await until_killed(cluster, request, lives)
        outcome = await cluster.reconcile(remaining(cluster), destroyed=frozenset(SERVICES))
        assert outcome.is_complete, (lives, outcome.failed)
        assert everything(cluster) == nothing(cluster), lives
        return killed

    assert kill_everywhere(aws, kill_after) > 9


def test_parts_of_a_destroy_that_was_begun_go_even_if_nobody_asks_again(aws: Aws):
    """Whatever a lost message asked for: once a service has gone, what was made for it goes too."""
    with clusters(aws) as new_cluster:
        cluster = new_cluster()

        async def check() -> None:
            await cluster.reconcile(example(cluster))
            await until_killed(cluster, Request(remaining(cluster), 'r1', destroyed=frozenset(SERVICES)), 5)
            aws.advance(600)
            outcome = await cluster.reconcile(remaining(cluster))
            assert outcome.is_complete
            assert everything(cluster)['groups'] == []
            assert everything(cluster)['balancers'] == []

        asyncio.run(check())
