"""Blue/green services behind load balancers of the embedded AWS, through boto3."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from stack.aws.cloudwatch import CloudWatchMetrics
from stack.aws.ecs_deployments import EcsDeployments
from stack.aws.elbv2 import balancer_arns
from stack.reconcile.plan import Plan
from stack.scheduler.reconciler import Request
from stack.telemetry.metric_queries import TimeRange, target_queries
from tests.aws import Aws
from tests.cluster import Cluster
from tests.integration.test_killed_passes import kill_everywhere, until_killed
from tests.server import connect
from tests.unit.stack.reconcile.settled import service_in

ROLE = 'arn:aws:iam::123456789012:role/traffic'


def kinds(plan: Plan) -> list[str]:
    return [step.kind for step in plan.steps]


def document(cluster: Cluster, strategy: str, tag: str = '1') -> dict[str, Any]:
    """One service with a load balancer of its own."""
    found = cluster.example()
    found['services'] = [item for item in found['services'] if 'web' in item]
    web = service_in(found, 'web')
    web.update(image=f'team/web:{tag}', network_mode='awsvpc', ports=['8080:8080'])
    web['deployment'] = {'strategy': strategy} | ({} if strategy == 'rolling' else {'role_arn': ROLE})
    return found


def attached(cluster: Cluster) -> dict[str, Any]:
    [service] = cluster.aws.client('ecs').describe_services(cluster=cluster.name, services=['web'])['services']
    [attachment] = service['loadBalancers']
    return attachment


def weights(cluster: Cluster) -> dict[str, int]:
    """The target groups that the listener names, with their weights."""
    elb = cluster.aws.client('elbv2')
    [balancer] = elb.describe_load_balancers(Names=[f'{cluster.name}-web-lb'])['LoadBalancers']
    [listener] = elb.describe_listeners(LoadBalancerArn=balancer['LoadBalancerArn'])['Listeners']
    [action] = listener['DefaultActions']
    groups = action.get('ForwardConfig', {}).get('TargetGroups') or [{'TargetGroupArn': action['TargetGroupArn']}]
    return {each['TargetGroupArn']: each.get('Weight', 1) for each in groups}


def test_there_and_back_again(cluster: Cluster):
    async def change() -> None:
        await settled(cluster, document(cluster, 'rolling'))
        first = attached(cluster)['targetGroupArn']
        assert weights(cluster) == {first: 1}

        await settled(cluster, document(cluster, 'blue_green'))
        advanced = attached(cluster)['advancedConfiguration']
        assert attached(cluster)['targetGroupArn'] == first
        assert set(weights(cluster)) == {first, advanced['alternateTargetGroupArn']}
        assert ':listener-rule/app/' in advanced['productionListenerRule']

        await settled(cluster, document(cluster, 'blue_green', '2'))
        serving = [arn for arn, weight in weights(cluster).items() if weight]

        await settled(cluster, document(cluster, 'rolling', '2'))
        assert [attached(cluster)['targetGroupArn']] == serving
        assert weights(cluster).keys() == set(serving)
        assert [each['TargetGroupArn'] for each in cluster.target_groups()] == serving

    asyncio.run(change())


def test_a_blue_green_service_from_nothing_to_nothing(cluster: Cluster):
    async def live() -> None:
        await settled(cluster, document(cluster, 'blue_green'))
        assert len(weights(cluster)) == 2
        gone = {**document(cluster, 'blue_green'), 'services': []}
        outcome = await cluster.reconcile(gone, prune=True)
        assert outcome.failed == []
        assert cluster.target_groups() == []

    asyncio.run(live())


def test_a_change_of_strategy_that_is_killed_anywhere_is_finished_by_the_next_pass(aws: Aws):
    async def kill_after(lives: int, cluster: Cluster) -> bool:
        await settled(cluster, document(cluster, 'rolling'))
        killed = False
        for strategy in ('blue_green', 'rolling'):
            wanted = document(cluster, strategy)
            killed = await until_killed(cluster, Request(wanted, 'r1'), lives) or killed
            await settled(cluster, wanted)
            [serving] = [arn for arn, weight in weights(cluster).items() if weight]
            attachment = attached(cluster)
            pair = {attachment['targetGroupArn'], *pair_of(attachment)}
            assert serving in pair
            assert weights(cluster).keys() == pair
        return killed

    assert kill_everywhere(aws, kill_after) > 2


def pair_of(attachment: dict[str, Any]) -> list[str]:
    advanced = attachment.get('advancedConfiguration')
    return [advanced['alternateTargetGroupArn']] if advanced else []


async def settled(cluster: Cluster, wanted: dict[str, Any]) -> None:
    """Make a state real, and look that a second pass has nothing to do."""
    outcome = await cluster.reconcile(wanted)
    assert outcome.failed == []
    cluster.aws.advance(600)
    again = await cluster.plan(wanted)
    assert kinds(again) == [], again.to_json()


def test_each_target_group_has_the_metrics_of_its_own_revision(cluster: Cluster):
    async def compare() -> None:
        await settled(cluster, document(cluster, 'blue_green'))
        wanted = document(cluster, 'blue_green', '2')
        service_in(wanted, 'web')['deployment']['bake_time'] = '1h'
        assert (await cluster.reconcile(wanted)).failed == []
        begun = cluster.aws.embedded.clock.now()
        cluster.aws.advance(1200)
        native = (await EcsDeployments(cluster.connection).newest(cluster.name, {'web': None}))['web']
        (old,), (new,) = native.source_groups, native.target_groups
        assert weights(cluster) == {old: 0, new: 100}
        balancers = await balancer_arns(cluster.connection, [old, new])
        queries = [query for group in (old, new) for query in target_queries(balancers[group][0], group)]
        requests = [query for query in queries if query.metric.name == 'requests']
        span = TimeRange(at(begun - 600), at(begun + 1200), 60)
        before, since = await CloudWatchMetrics(connect(cluster.aws.endpoint, cluster.aws.region)[0]).series(
            requests, span
        )
        # The old one has requests until the shift, the new one from then on.
        assert min(before) < at(begun) < min(since)
        assert max(before) <= min(since)
        assert sum(before.values()) > 0
        assert sum(since.values()) > 0

    asyncio.run(compare())


def at(seconds: float) -> datetime:
    """The minute of a time in seconds since 1970."""
    return datetime.fromtimestamp(seconds // 60 * 60, UTC)
