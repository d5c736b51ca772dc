"""Desired states made real in the embedded AWS, through boto3."""

import asyncio
import copy
from collections.abc import Callable

import pytest

from stack.reconcile.plan import Plan
from stack.sandbox.faults import Fault
from stack.scheduler.reconciler import Request
from tests.cluster import Cluster
from tests.unit.stack.reconcile.settled import service_in

Edit = Callable[[dict, Cluster], object]

REGISTER, UPDATE, CREATE = 'ecs:RegisterTaskDefinition', 'ecs:UpdateService', 'ecs:CreateService'
DELETE, LOOK = 'ecs:DeleteService', 'ecs:DescribeServices'
RECORD = 'route53:ChangeResourceRecordSets'
BALANCE = ['elbv2:CreateTargetGroup', 'elbv2:CreateLoadBalancer', 'elbv2:CreateListener', RECORD]
UNBALANCE = [RECORD, 'elbv2:DeleteListener', 'elbv2:DeleteLoadBalancer', 'elbv2:DeleteTargetGroup']
SUCCEED = [*BALANCE[:3], UPDATE, 'elbv2:DescribeTargetHealth', RECORD, 'elbv2:AddTags']


def kinds(plan: Plan) -> list[str]:
    return [step.kind for step in plan.steps]


def on(service: str, **fields) -> Edit:
    return lambda document, _: service_in(document, service).update(fields)


def without(service: str, field: str) -> Edit:
    return lambda document, _: service_in(document, service).pop(field)


def elb(**fields) -> Edit:
    return lambda document, _: service_in(document, 'web')['elb'].update(fields)


def record(name: str) -> Edit:
    return lambda document, cluster: service_in(document, 'web')['elb']['dns'].update(
        record_name=f'{name}.{cluster.domain}'
    )


def test_everything_in_the_example_is_there_afterwards(cluster: Cluster):
    outcome = asyncio.run(cluster.reconcile(cluster.example()))
    assert outcome.failed == []
    assert outcome.is_complete
    cluster.aws.advance(300)
    client = cluster.aws.client
    services = client('ecs').describe_services(cluster=cluster.name, services=['web', 'users', 'mailer', 'agent'])
    assert {each['serviceName']: each['runningCount'] for each in services['services']} == {
        'web': 2,
        'users': 1,
        'mailer': 1,
        'agent': 4,
    }
    balancer = client('elbv2').describe_load_balancers(Names=[f'{cluster.name}-web-lb'])['LoadBalancers'][0]
    assert balancer['Scheme'] == 'internet-facing'
    listener = client('elbv2').describe_listeners(LoadBalancerArn=balancer['LoadBalancerArn'])['Listeners'][0]
    assert (listener['Port'], listener['Protocol']) == (443, 'HTTPS')
    records = client('route53').list_resource_record_sets(HostedZoneId=cluster.zone)['ResourceRecordSets']
    alias = next(each['AliasTarget'] for each in records if each['Name'].startswith('web.'))
    assert alias['DNSName'].rstrip('.').endswith(balancer['DNSName'])
    names = [each['Name'] for each in client('servicediscovery').list_namespaces()['Namespaces']]
    assert f'{cluster.name}.sd' in names
    groups = client('logs').describe_log_groups(logGroupNamePrefix=f'/ecs/{cluster.name}')['logGroups']
    assert [each['logGroupName'] for each in groups] == [f'/ecs/{cluster.name}']
    family = f'{cluster.name}-migrate'
    runs = [
        arn
        for status in ('RUNNING', 'STOPPED')
        for arn in client('ecs').list_tasks(cluster=cluster.name, family=family, desiredStatus=status)['taskArns']
    ]
    assert len(runs) == 1


def test_a_second_pass_changes_nothing_and_neither_does_one_of_a_new_process(cluster: Cluster):
    async def again() -> None:
        await cluster.reconcile(cluster.example())
        reconciler = cluster.reconciler()
        with cluster.changes() as changes:
            for _ in range(2):
                plan = await reconciler.plan(cluster.name, request(cluster))
                assert plan.is_empty, plan.to_json()
                await reconciler.apply(plan)
            await cluster.reconcile(cluster.example())
        assert changes == []

    asyncio.run(again())


def request(cluster: Cluster, revision: str = 'r1') -> Request:
    return Request(cluster.example(), revision)


EDITS: dict[str, tuple[Edit, list[str]]] = {
    'image': (on('mailer', image='team/mailer:2'), [REGISTER, UPDATE]),
    'count': (on('mailer', desired_count=2), [UPDATE]),
    'variable': (on('mailer', environment={'A': 'b'}), [REGISTER, UPDATE]),
    'health check': (on('mailer', healthcheck={'command': ['CMD', 'true']}), [REGISTER, UPDATE]),
    'volume': (on('mailer', volumes=['data:/data:/data']), [REGISTER, UPDATE]),
    'secret': (
        on(
            'mailer',
            secrets=[{'KEY': 'arn:aws:ssm:us-east-1:123456789012:parameter/key'}],
            task_execution_role_arn='arn:aws:iam::123456789012:role/execution',
        ),
        [REGISTER, UPDATE],
    ),
    'deployment': (on('mailer', deployment_configuration={'maximum_percent': 150}), [UPDATE]),
    'breaker': (on('mailer', deployment_circuit_breaker={'enable': True, 'rollback': True}), [UPDATE]),
    'placement': (on('mailer', placement_constraints=[{'type': 'distinctInstance'}]), [UPDATE]),
    'placement by attribute': (
        on('mailer', placement_constraints=[{'type': 'memberOf', 'expression': 'attribute:ecs.os-type == linux'}]),
        [REGISTER, UPDATE],
    ),
    'daemon': (on('mailer', scheduling_strategy='DAEMON'), [UPDATE, DELETE, LOOK, CREATE]),
    'Fargate': (
        on(
            'mailer',
            launch_type='FARGATE',
            cpu=256,
            memory=512,
            logging={'options': {'awslogs-stream-prefix': 'mailer'}},
            task_execution_role_arn='arn:aws:iam::123456789012:role/execution',
        ),
        [REGISTER, UPDATE, DELETE, LOOK, CREATE],
    ),
    'service to task': (on('mailer', type='task'), ['ecs:RunTask', 'ecs:TagResource', UPDATE, DELETE, LOOK]),
    'task to service': (without('migrate', 'type'), [CREATE]),
    'discovery': (
        on('mailer', dns_discovery={'name': 'mail'}),
        [REGISTER, 'servicediscovery:CreateService', UPDATE],
    ),
    'discovery renamed': (
        on('users', dns_discovery={'name': 'people'}),
        ['servicediscovery:CreateService', UPDATE, LOOK, 'servicediscovery:DeleteService'],
    ),
    'discovery removed': (
        without('users', 'dns_discovery'),
        [REGISTER, UPDATE, DELETE, LOOK, CREATE, 'servicediscovery:DeleteService'],
    ),
    'listener port': (elb(ports={'public': 8443, 'container': 8080}), ['elbv2:AddTags', 'elbv2:CreateListener']),
    'container port': (elb(ports={'public': 443, 'container': 9090}), [UPDATE]),
    'protocol': (elb(protocol='HTTP', certificates=[]), ['elbv2:ModifyListener']),
    'target health': (elb(healthcheck={'path': '/alive', 'port': 8080}), ['elbv2:ModifyTargetGroup']),
    'record': (record('other'), [RECORD, RECORD, 'elbv2:AddTags']),
    'no record': (lambda document, _: service_in(document, 'web')['elb'].pop('dns'), [RECORD, 'elbv2:RemoveTags']),
    'load balancer renamed': (elb(name='b'), SUCCEED),
    'load balancer removed': (without('web', 'elb'), [UPDATE, LOOK, *UNBALANCE]),
    'scheme': (elb(type='private'), SUCCEED),
    'security groups': (
        lambda document, cluster: document['vpc']['security_groups'].update(public=cluster.groups),
        ['elbv2:SetSecurityGroups'],
    ),
    'subnets': (
        lambda document, cluster: document['vpc']['subnets'].update(public=cluster.subnets[2:]),
        ['elbv2:SetSubnets'],
    ),
}


# Thirty edits with two passes each: 20 s on a quiet machine.
@pytest.mark.timeout(600)
def test_each_edit_takes_exactly_its_steps_there_and_back_and_then_none(cluster: Cluster):
    async def there_and_back() -> None:
        await settle(cluster, cluster.example())
        for name, (edit, steps) in EDITS.items():
            document = copy.deepcopy(cluster.example())
            edit(document, cluster)
            outcome = await cluster.reconcile(document)
            assert outcome.failed == [], (name, outcome.failed)
            assert kinds(outcome.plan) == steps, (name, [step.text for step in outcome.plan.steps])
            assert outcome.is_complete, name
            assert (await cluster.plan(document)).is_empty, (name, (await cluster.plan(document)).to_json())
            await settle(cluster, cluster.example())

    asyncio.run(there_and_back())


async def settle(cluster: Cluster, document: dict) -> None:
    """Passes until nothing is left, also of what a later pass removes."""
    for _ in range(2):
        outcome = await cluster.reconcile(document)
        assert outcome.is_complete, outcome.failed or outcome.waiting
        cluster.wait(600)


def test_a_load_balancer_serves_until_its_successor_does_and_goes_later(cluster: Cluster):
    document = cluster.example()
    service_in(document, 'web')['elb']['type'] = 'private'

    def balancers() -> dict[str, str]:
        found = cluster.load_balancers()
        return {each['LoadBalancerName'].removeprefix(cluster.name): each['Scheme'] for each in found}

    def leads_to() -> str:
        records = cluster.aws.client('route53').list_resource_record_sets(HostedZoneId=cluster.zone)
        return next(each['AliasTarget']['DNSName'] for each in records['ResourceRecordSets'] if 'AliasTarget' in each)

    async def passes() -> None:
        await settle(cluster, cluster.example())
        with cluster.changes() as changes:
            assert (await cluster.reconcile(document)).is_complete
        assert not [each for each in changes if 'Delete' in each]
        assert balancers() == {'-web-lb': 'internet-facing', '-web-l2': 'internal'}
        assert 'web-l2' in leads_to()
        assert (await cluster.plan(document)).is_empty
        cluster.wait(600)
        assert (await cluster.reconcile(document)).is_complete
        assert balancers() == {'-web-l2': 'internal'}
        assert (await cluster.plan(document)).is_empty

    asyncio.run(passes())


def test_a_wrong_vpc_id_changes_nothing_pass_after_pass(cluster: Cluster):
    wrong = copy.deepcopy(cluster.example())
    wrong['vpc']['id'] = 'vpc-0123456789abcdef0'

    async def passes() -> None:
        await settle(cluster, wrong)
        with cluster.changes() as changes:
            for _ in range(2):
                plan = await cluster.plan(wrong)
                assert plan.is_empty, plan.to_json()
        assert changes == []
        assert any('vpc.id is vpc-0123456789abcdef0' in each.text for each in plan.notes)

    asyncio.run(passes())


def test_a_restart_is_a_rollout_and_neither_an_earlier_one_nor_none_is_another(cluster: Cluster):
    def document(restarted_at: str | None) -> dict:
        settings = {'image': 'team/web:1', 'desired_count': 2} | (
            {'restarted_at': restarted_at} if restarted_at else {}
        )
        return {'services': [{'web': settings}]}

    def tasks() -> set[str]:
        return set(cluster.aws.client('ecs').list_tasks(cluster=cluster.name, serviceName='web')['taskArns'])

    async def restart() -> None:
        await settle(cluster, document(None))
        before = tasks()
        outcome = await cluster.reconcile(document('2030-01-02T00:00:00Z'))
        assert kinds(outcome.plan) == [REGISTER, UPDATE]
        assert [each.path for each in outcome.plan.rows[0].changes] == ['restarted_at']
        cluster.aws.advance(600)
        assert len(tasks()) == 2
        assert tasks().isdisjoint(before)
        for met in (None, '2030-01-02T00:00:00Z', '2030-01-02T01:00:00+01:00', '2030-01-01T00:00:00Z'):
            assert (await cluster.plan(document(met))).is_empty, met
        assert kinds(await cluster.plan(document('2030-01-02T00:00:00.001Z'))) == [REGISTER, UPDATE]

    asyncio.run(restart())


def test_what_ecs_rolled_back_is_retried_only_on_request(cluster: Cluster):
    def document(tag: str) -> dict:
        breaker = {'enable': True, 'rollback': True}
        return {'services': [{'web': {'image': f'team/web:{tag}', 'deployment_circuit_breaker': breaker}}]}

    async def roll_back() -> None:
        await settle(cluster, document('1'))
        await cluster.reconcile(document('broken'))
        cluster.aws.advance(3600)
        by_itself = await cluster.plan(document('broken'), retry=False)
        assert by_itself.is_empty
        assert 'ECS rolled back' in by_itself.notes[0].text
        assert kinds(await cluster.plan(document('broken'))) == [UPDATE]
        assert kinds(await cluster.plan(document('2'), retry=False)) == [REGISTER, UPDATE]

    asyncio.run(roll_back())


def test_a_definition_that_a_killed_pass_registered_is_used(cluster: Cluster):
    async def register_and_die() -> None:
        document = {'services': [{'web': {'image': 'team/web:1', 'memory': 16}}]}
        await settle(cluster, document)
        document['services'][0]['web']['image'] = 'team/web:2'
        done: list[str] = []
        await cluster.reconcile(document, sink=lambda each: done.append(each.state), goes_on=lambda: 'done' not in done)
        for retry in (True, False):
            assert kinds(await cluster.plan(document, retry=retry)) == [UPDATE]

    asyncio.run(register_and_die())


def test_a_step_that_is_refused_holds_up_nobody_else(cluster: Cluster):
    async def refuse() -> None:
        cluster.aws.faults.add(Fault('deny', service='elbv2', operation='CreateLoadBalancer'))
        outcome = await cluster.reconcile(cluster.example())
        cluster.aws.faults.clear()
        assert [each.step.kind for each in outcome.failed] == ['elbv2:CreateLoadBalancer']
        assert 'AccessDenied' in str(outcome.failed[0].error)
        left = {each.step.id for each in outcome.ended.values() if each.state == 'left'}
        assert left == {'web/listener', 'web/record', 'web/service'}
        services = cluster.aws.client('ecs').list_services(cluster=cluster.name)['serviceArns']
        assert len(services) == 3
        assert (await cluster.reconcile(cluster.example())).is_complete

    asyncio.run(refuse())
