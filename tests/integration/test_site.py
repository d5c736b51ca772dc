"""A whole site in the embedded AWS: made, left alone, edited, made by killed and failing schedulers, and removed."""

import asyncio
import copy
import itertools
import random
from collections.abc import Callable
from typing import Any

import pytest

from tests.cluster import Cluster
from tests.site import EVERYTHING, MIGRATED, found, removed, site, whole
from tests.site_passes import Dies, Process, Stage, no_trouble, one_in
from tests.unit.stack.reconcile.settled import service_in

REGISTER, UPDATE = 'ecs:RegisterTaskDefinition', 'ecs:UpdateService'
TARGET, POLICY = 'application-autoscaling:RegisterScalableTarget', 'application-autoscaling:PutScalingPolicy'
ACTION, UNACTION = 'application-autoscaling:PutScheduledAction', 'application-autoscaling:DeleteScheduledAction'
RESCHEDULE = 'scheduler:UpdateSchedule'

Json = dict[str, Any]
Edit = Callable[[Json, Cluster], object]


EDITS: dict[str, tuple[Edit, list[str]]] = {}


def edit(name: str, *expected: str) -> Callable[[Edit], Edit]:
    def register(change: Edit) -> Edit:
        EDITS[name] = change, list(expected)
        return change

    return register


def edge(document: Json) -> Json:
    return document['load_balancers'][0]['edge']


def at(document: Json, service: str, *path: str) -> Json:
    settings = service_in(document, service)
    for part in path:
        settings = settings[part]
    return settings


@edit('the path of a rule', 'elbv2:ModifyRule')
def _(document: Json, _: Cluster) -> None:
    at(document, 's01', 'elb')['rules'] = [{'path': '/v2/*'}]


@edit('the host of a rule', 'elbv2:ModifyRule')
def _(document: Json, cluster: Cluster) -> None:
    at(document, 's02', 'elb')['rules'] = [{'host': f'www.{cluster.domain}'}]


@edit('one certificate less', 'elbv2:RemoveListenerCertificates')
def _(document: Json, _: Cluster) -> None:
    edge(document)['listeners'][0]['certificates'].pop()


@edit('no redirect', 'elbv2:DeleteListener')
def _(document: Json, _: Cluster) -> None:
    edge(document)['listeners'].pop()


@edit('the idle timeout', 'elbv2:ModifyLoadBalancerAttributes')
def _(document: Json, _: Cluster) -> None:
    edge(document)['idle_timeout'] = 120


@edit('a health check', 'elbv2:ModifyTargetGroup')
def _(document: Json, _: Cluster) -> None:
    at(document, 's03', 'elb')['healthcheck'] = {'path': '/health'}


@edit('a deregistration delay', 'elbv2:AddTags', 'elbv2:ModifyTargetGroupAttributes')
def _(document: Json, _: Cluster) -> None:
    at(document, 's03', 'elb')['deregistration_delay'] = 30


@edit('the port of the network load balancer', 'elbv2:AddTags', 'elbv2:CreateListener')
def _(document: Json, _: Cluster) -> None:
    at(document, 'feed', 'elb')['ports'] = {'public': 9001}


@edit('the limits of autoscaling', TARGET)
def _(document: Json, _: Cluster) -> None:
    at(document, 's01', 'autoscaling')['max'] = 5


@edit('a target of autoscaling', POLICY)
def _(document: Json, _: Cluster) -> None:
    at(document, 's03', 'autoscaling')['requests'] = 500


@edit('a scheduled change of limits', ACTION)
def _(document: Json, _: Cluster) -> None:
    at(document, 's04', 'autoscaling')['schedules'][0]['min'] = 2


@edit('no scheduled change of limits', UNACTION)
def _(document: Json, _: Cluster) -> None:
    del at(document, 's04', 'autoscaling')['schedules']


@edit('the count of a service that is scaled')
def _(document: Json, _: Cluster) -> None:
    at(document, 's01')['desired_count'] = 3


@edit('the count of another service', UPDATE)
def _(document: Json, _: Cluster) -> None:
    at(document, 's09')['desired_count'] = 2


@edit('an image', REGISTER, UPDATE)
def _(document: Json, _: Cluster) -> None:
    at(document, 's09')['image'] = 'team/s09:2'


@edit('the image of a service with a migration', REGISTER, REGISTER, 'ecs:RunTask', 'ecs:DescribeTasks', UPDATE)
def _(document: Json, _: Cluster) -> None:
    at(document, MIGRATED)['image'] = 'team/s08:2'


@edit('the command of a migration')
def _(document: Json, _: Cluster) -> None:
    at(document, MIGRATED)['pre_deploy'][0]['migrate']['command'] = ['bin/other']


@edit('a name in Service Connect', UPDATE)
def _(document: Json, _: Cluster) -> None:
    at(document, 's05', 'service_connect')['services'][0]['aliases'][0]['name'] = 'other'


@edit('no Service Connect', UPDATE)
def _(document: Json, _: Cluster) -> None:
    del at(document, 's05')['service_connect']


@edit('the time of a scheduled task', RESCHEDULE)
def _(document: Json, _: Cluster) -> None:
    at(document, 'nightly', 'schedule')['cron'] = '0 5 * * ? 2199'


@edit('a schedule that is off', RESCHEDULE)
def _(document: Json, _: Cluster) -> None:
    at(document, 'hourly', 'schedule')['enabled'] = False


@edit('the image of a scheduled task', REGISTER, RESCHEDULE)
def _(document: Json, _: Cluster) -> None:
    at(document, 'nightly')['image'] = 'team/nightly:2'


@pytest.fixture
def cluster(swift_cluster: Cluster) -> Cluster:
    return swift_cluster


def test_it_is_made_left_alone_and_each_edit_takes_exactly_its_steps(cluster: Cluster):
    async def scenario() -> None:
        stage = Stage(cluster)
        await stage.change(site(cluster))
        process = Process(stage, no_trouble)
        await stage.settle(lambda: process.make_pass(stage))
        assert (found(cluster), len(stage.migrations)) == (whole(), 1)
        with cluster.changes() as changes:
            assert (await cluster.plan(site(cluster))).is_empty
            assert await process.make_pass(stage) == 'complete'
        assert [each for each in changes if not each.startswith('s3:')] == []
        planned = {}
        for name, (change, _) in EDITS.items():
            document = copy.deepcopy(site(cluster))
            change(document, cluster)
            planned[name] = [step.kind for step in (await cluster.plan(document)).steps]
        assert planned == {name: expected for name, (_, expected) in EDITS.items()}

    asyncio.run(scenario())


class Others:
    """What other programs made beside a site."""

    def __init__(self, cluster: Cluster):
        self._cluster = cluster
        name = cluster.name
        elb, ecs = cluster.aws.client('elbv2'), cluster.aws.client('ecs')
        [balancer] = elb.create_load_balancer(
            Name=f'{name}-theirs', Subnets=cluster.subnets[:2], SecurityGroups=cluster.groups[:1]
        )['LoadBalancers']
        self._balancer = balancer['LoadBalancerArn']
        [group] = elb.create_target_group(Name=f'{name}-theirs', Protocol='HTTP', Port=80, VpcId=cluster.vpc)[
            'TargetGroups'
        ]
        elb.create_listener(
            LoadBalancerArn=self._balancer,
            Protocol='HTTP',
            Port=80,
            DefaultActions=[{'Type': 'forward', 'TargetGroupArn': group['TargetGroupArn']}],
        )
        ecs.register_task_definition(
            family=f'{name}-theirs', containerDefinitions=[{'name': 'app', 'image': 'theirs:1', 'memory': 16}]
        )
        ecs.create_service(cluster=name, serviceName='theirs', taskDefinition=f'{name}-theirs', desiredCount=0)
        cluster.aws.client('scheduler').create_schedule_group(Name=f'{name}-theirs')

    def seen(self) -> Any:
        cluster, name = self._cluster, f'{self._cluster.name}-theirs'
        elb, ecs = cluster.aws.client('elbv2'), cluster.aws.client('ecs')
        return (
            elb.describe_listeners(LoadBalancerArn=self._balancer)['Listeners'],
            elb.describe_target_groups(Names=[name])['TargetGroups'],
            ecs.describe_services(cluster=cluster.name, services=['theirs'])['services'][0]['taskDefinition'],
            cluster.aws.client('scheduler').get_schedule_group(Name=name)['Arn'],
        )


def without_others(shown: Json) -> Json:
    """What is found of a site beside what `Others` made."""
    shown['ecs'].pop('theirs', None)
    shown['definitions'] = [each for each in shown['definitions'] if 'theirs' not in each]
    shown['groups'] = [each for each in shown['groups'] if 'theirs' not in each]
    shown['balancers'].pop('C-theirs', None)
    return shown


def test_schedulers_that_are_killed_again_and_again_make_the_same_and_remove_all_of_it(cluster: Cluster):
    """Each process makes a few changing calls, and dies before the next one, or before the answer of the last one."""
    chance = random.Random(17)

    async def scenario() -> None:
        stage, others = Stage(cluster), Others(cluster)
        before = others.seen()

        async def settled() -> int:
            kills, process = 0, dying(stage, chance)

            async def make_pass() -> str:
                nonlocal kills, process
                state = await process.make_pass(stage)
                if state == 'killed':
                    kills, process = kills + 1, dying(stage, chance)
                return state

            await stage.settle(make_pass, 400)
            return kills

        await stage.change(site(cluster))
        assert await settled() > 6
        assert (without_others(found(cluster)), len(stage.migrations)) == (whole(), 1)
        await stage.change({**site(cluster), 'services': []}, *EVERYTHING)
        assert await settled() > 6
        assert without_others(found(cluster)) == removed()
        assert others.seen() == before

    asyncio.run(scenario())


def dying(stage: Stage, chance: random.Random) -> Process:
    is_made, lives, calls = chance.random() < 0.5, chance.randint(4, 14), itertools.count(1)
    return Process(stage, lambda _: Dies(is_made) if next(calls) == lives else no_trouble(_))


def test_two_schedulers_whose_calls_fail_at_random_make_the_same(cluster: Cluster):
    async def scenario() -> None:
        stage = Stage(cluster)
        await stage.change(site(cluster))
        both = [Process(stage, one_in(8, n)) for n in range(2)]

        async def make_passes() -> str:
            ended = await asyncio.gather(*(process.make_pass(stage) for process in both))
            # One of them may find the other at work.
            done = 'complete' in ended and set(ended) <= {'complete', 'busy'}
            return 'complete' if done else ', '.join(ended)

        await stage.settle(make_passes, 80)
        assert (found(cluster), len(stage.migrations)) == (whole(), 1)

    asyncio.run(scenario())
