"""Shared load balancers, rules and target groups, made real in the embedded AWS."""

import asyncio
import copy
from collections.abc import Callable
from typing import Any

import pytest

from stack.reconcile.handover import GRACE_S
from stack.reconcile.plan import Plan
from stack.scheduler.reconciler import Request
from tests.aws import Aws
from tests.cluster import Cluster
from tests.integration.test_killed_passes import kill_everywhere, until_killed
from tests.traffic import Traffic
from tests.unit.stack.reconcile.settled import service_in

Edit = Callable[[dict, Cluster], object]

UPDATE, HEALTHY, LOOK = 'ecs:UpdateService', 'elbv2:DescribeTargetHealth', 'ecs:DescribeServices'
NEW_RULE = ['elbv2:CreateRule', HEALTHY, 'elbv2:ModifyRule']


def document(cluster: Cluster) -> dict[str, Any]:
    """A load balancer that two services share by path, with a redirect."""
    found = cluster.example()
    found['load_balancers'] = [
        {
            'edge': {
                'type': 'public',
                'listeners': [
                    {'port': 443, 'protocol': 'HTTPS', 'certificates': [cluster.certificate]},
                    {'port': 80, 'redirect': 'https'},
                ],
            }
        }
    ]
    found['services'] = [
        {'api': _service({'rules': [{'path': '/api/*'}], 'healthcheck': {'interval_seconds': 6}})},
        {'web': _service({})},
    ]
    for each in found['services']:
        [settings] = each.values()
        settings['elb'] = {'load_balancer': 'edge', **settings['elb']}
    return found


def _service(elb: dict[str, Any]) -> dict[str, Any]:
    return {'image': 'team/web:1', 'ports': ['80:80'], 'network_mode': 'awsvpc', 'desired_count': 2, 'elb': elb}


def kinds(plan: Plan) -> list[str]:
    return [step.kind for step in plan.steps]


async def until_done(cluster: Cluster, wanted: dict, **options: Any) -> list[str]:
    """Reconcile, and wait, until a plan is empty; the kinds of all steps that changed something."""
    done: list[str] = []
    for _ in range(12):
        outcome = await cluster.reconcile(wanted, **options)
        assert outcome.failed == [], outcome.failed
        done += [progress.step.kind for progress in outcome.done]
        if outcome.plan.is_empty:
            return done
        cluster.wait(max(GRACE_S / 2, 60))
    raise AssertionError(f'not done: {[step.text for step in outcome.plan.steps]}')


def rules_of(cluster: Cluster, port: int = 443, name: str = 'edge') -> list[dict[str, Any]]:
    elb = cluster.aws.client('elbv2')
    [balancer] = elb.describe_load_balancers(Names=[f'{cluster.name}-{name}-lb'])['LoadBalancers']
    listeners = elb.describe_listeners(LoadBalancerArn=balancer['LoadBalancerArn'])['Listeners']
    arn = next(each['ListenerArn'] for each in listeners if each['Port'] == port)
    found = elb.describe_rules(ListenerArn=arn)['Rules']
    return sorted((each for each in found if not each['IsDefault']), key=lambda rule: int(rule['Priority']))


def test_two_services_share_a_load_balancer(cluster: Cluster):
    wanted = document(cluster)

    async def scenario() -> None:
        await until_done(cluster, wanted)
        with cluster.changes() as changes:
            assert (await cluster.plan(wanted)).is_empty
        assert changes == []

    asyncio.run(scenario())
    traffic = Traffic(cluster, 'edge')
    assert traffic.group(443, '/api/x') == f'{cluster.name}-api-lb'
    assert traffic.group(443, '/else') == f'{cluster.name}-web-lb'
    redirected = traffic.send(80, '/api/x')
    assert (redirected.status, redirected.location) == (301, 'https://example.com:443/api/x')


EDITS: dict[str, tuple[Edit, list[str]]] = {}


def edit(name: str, expected: list[str]) -> Callable[[Edit], Edit]:
    def register(change: Edit) -> Edit:
        EDITS[name] = change, expected
        return change

    return register


def elb(found: dict, service: str = 'api') -> dict:
    return service_in(found, service)['elb']


def edge(found: dict) -> dict:
    return found['load_balancers'][0]['edge']


@edit('the path of a rule', ['elbv2:ModifyRule'])
def _(found: dict, cluster: Cluster) -> None:
    elb(found)['rules'] = [{'path': '/v2/*'}]


@edit('another rule', ['elbv2:CreateRule'])
def _(found: dict, cluster: Cluster) -> None:
    elb(found)['rules'].append({'path': '/v2/*', 'methods': ['GET'], 'headers': {'X-A': ['b']}})


@edit('a priority', ['elbv2:SetRulePriorities'])
def _(found: dict, cluster: Cluster) -> None:
    elb(found)['rules'][0]['priority'] = 7


@edit('another certificate', ['elbv2:AddListenerCertificates'])
def _(found: dict, cluster: Cluster) -> None:
    certificate = cluster.aws.client('acm').request_certificate(DomainName=f'b.{cluster.domain}')['CertificateArn']
    edge(found)['listeners'][0]['certificates'].append(certificate)


@edit('another default certificate', ['elbv2:AddListenerCertificates', 'elbv2:ModifyListener'])
def _(found: dict, cluster: Cluster) -> None:
    certificate = cluster.aws.client('acm').request_certificate(DomainName=f'c.{cluster.domain}')['CertificateArn']
    edge(found)['listeners'][0]['certificates'].insert(0, certificate)


@edit('the TLS policy', ['elbv2:ModifyListener'])
def _(found: dict, cluster: Cluster) -> None:
    edge(found)['listeners'][0]['ssl_policy'] = 'ELBSecurityPolicy-TLS13-1-2-2021-06'


@edit('no redirect', ['elbv2:ModifyListener'])
def _(found: dict, cluster: Cluster) -> None:
    edge(found)['listeners'][1].pop('redirect')
    elb(found).update(port=443)
    elb(found, 'web').update(port=443)


@edit('a redirect to another address', ['elbv2:ModifyListener'])
def _(found: dict, cluster: Cluster) -> None:
    edge(found)['listeners'][1]['redirect'] = {'host': 'www.example.com', 'path': '/', 'query': '', 'status': 302}


@edit('a fixed response', ['elbv2:ModifyListener'])
def _(found: dict, cluster: Cluster) -> None:
    edge(found)['listeners'][0]['fixed_response'] = {'status': 503, 'body': 'Closed'}


@edit('a fixed response without a body', ['elbv2:ModifyListener'])
def _(found: dict, cluster: Cluster) -> None:
    edge(found)['listeners'][0]['fixed_response'] = {}


@edit('another listener', ['elbv2:CreateListener'])
def _(found: dict, cluster: Cluster) -> None:
    edge(found)['listeners'].append({'port': 8080, 'redirect': 'https'})


@edit('a listener less', ['elbv2:DeleteListener'])
def _(found: dict, cluster: Cluster) -> None:
    edge(found)['listeners'].pop()


@edit('the health check', ['elbv2:ModifyTargetGroup'])
def _(found: dict, cluster: Cluster) -> None:
    elb(found)['healthcheck'] = {'path': '/health', 'interval_seconds': 6}


@edit('the idle timeout', ['elbv2:ModifyLoadBalancerAttributes'])
def _(found: dict, cluster: Cluster) -> None:
    edge(found)['idle_timeout'] = 120


@edit('tags', ['elbv2:AddTags'])
def _(found: dict, cluster: Cluster) -> None:
    edge(found)['tags'] = {'team': 'edge'}


@pytest.mark.parametrize('name', EDITS)
def test_an_edit_takes_exactly_its_steps_and_then_none(name: str, cluster: Cluster):
    change, expected = EDITS[name]
    wanted = document(cluster)

    async def scenario() -> None:
        await until_done(cluster, wanted)
        changed = copy.deepcopy(wanted)
        change(changed, cluster)
        assert kinds(await cluster.plan(changed)) == expected
        await cluster.reconcile(changed)
        assert (await cluster.plan(changed)).is_empty

    asyncio.run(scenario())


def test_chosen_priorities_are_kept_and_two_stated_ones_swap(cluster: Cluster):
    wanted = document(cluster)

    async def scenario() -> None:
        await until_done(cluster, wanted)
        before = {rule['RuleArn']: rule['Priority'] for rule in rules_of(cluster)}
        elb(wanted)['rules'] = [{'path': '/v1/*'}, {'path': '/api/*', 'host': 'example.com'}]
        await until_done(cluster, wanted)
        after = {rule['RuleArn']: rule['Priority'] for rule in rules_of(cluster)}
        assert {arn: after[arn] for arn in before} == before
        elb(wanted)['rules'] = [{'path': '/v1/*', 'priority': 5}]
        elb(wanted, 'web')['rules'] = [{'path': '/*', 'priority': 6}]
        await until_done(cluster, wanted)
        elb(wanted)['rules'][0]['priority'], elb(wanted, 'web')['rules'][0]['priority'] = 6, 5
        assert await until_done(cluster, wanted) == ['elbv2:SetRulePriorities']
        assert [rule['Priority'] for rule in rules_of(cluster)] == ['5', '6']

    asyncio.run(scenario())


def test_when_no_service_uses_it_nothing_is_left_and_a_rule_of_others_keeps_it(cluster: Cluster):
    wanted = document(cluster)
    client = cluster.aws.client('elbv2')

    async def scenario() -> None:
        await until_done(cluster, wanted)
        rule = rules_of(cluster)[0]
        foreign = client.create_rule(
            ListenerArn=rule['RuleArn'].rpartition('/')[0].replace(':listener-rule/', ':listener/'),
            Priority=1,
            Conditions=[{'Field': 'path-pattern', 'Values': ['/theirs']}],
            Actions=[{'Type': 'fixed-response', 'FixedResponseConfig': {'StatusCode': '200'}}],
        )['Rules'][0]['RuleArn']
        nothing = {**wanted, 'services': []}
        gone = {'destroyed': frozenset({'api', 'web'})}
        await cluster.reconcile(nothing, **gone)
        cluster.wait(120)
        outcome = await cluster.reconcile(nothing, **gone)
        assert [rule['RuleArn'] for rule in rules_of(cluster)] == [foreign]
        assert any('it has rules that Nysa does not delete' in note.text for note in outcome.plan.notes)
        client.delete_rule(RuleArn=foreign)
        await until_done(cluster, nothing, **gone)
        assert cluster.load_balancers() == []
        assert cluster.target_groups() == []

    asyncio.run(scenario())


@pytest.mark.parametrize(('protocol', 'port'), [('TCP', '80:80'), ('UDP', '53:53/udp'), ('TLS', '80:80')])
def test_a_network_load_balancer(cluster: Cluster, protocol: str, port: str):
    wanted = cluster.example()
    encrypted = {'certificates': [cluster.certificate]} if protocol == 'TLS' else {}
    balancer = {'type': 'private', 'protocol': protocol, 'ports': {'public': 9000}, **encrypted}
    wanted['services'] = [{'net': {**_service(balancer), 'ports': [port]}}]
    client = cluster.aws.client('elbv2')

    async def scenario() -> None:
        await until_done(cluster, wanted)
        [found] = client.describe_load_balancers(Names=[f'{cluster.name}-net-lb'])['LoadBalancers']
        assert found['Type'] == 'network'
        [group] = client.describe_target_groups(Names=[f'{cluster.name}-net-lb'])['TargetGroups']
        assert group['Protocol'] == ('UDP' if protocol == 'UDP' else 'TCP')
        assert group['HealthCheckProtocol'] == 'TCP'
        elb(wanted, 'net')['ports'] = {'public': 9001}
        assert kinds(await cluster.plan(wanted)) == ['elbv2:AddTags', 'elbv2:CreateListener']
        await until_done(cluster, wanted)
        await until_done(cluster, {**wanted, 'services': []}, destroyed=frozenset({'net'}))

    asyncio.run(scenario())


def test_target_group_attributes_are_set_and_go_back_to_their_defaults(cluster: Cluster):
    wanted = document(cluster)
    client = cluster.aws.client('elbv2')

    def attributes() -> dict[str, str]:
        [group] = client.describe_target_groups(Names=[f'{cluster.name}-api-lb'])['TargetGroups']
        found = client.describe_target_group_attributes(TargetGroupArn=group['TargetGroupArn'])['Attributes']
        return {each['Key']: each['Value'] for each in found} | {'matcher': group['Matcher']['HttpCode']}

    async def scenario() -> None:
        elb(wanted).update(deregistration_delay=30, stickiness={'duration': 60})
        await until_done(cluster, wanted)
        assert attributes()['deregistration_delay.timeout_seconds'] == '30'
        assert attributes()['stickiness.lb_cookie.duration_seconds'] == '60'
        changed = copy.deepcopy(wanted)
        elb(changed)['stickiness'] = {'duration': 70}
        assert kinds(await cluster.plan(changed)) == ['elbv2:ModifyTargetGroupAttributes']
        elb(changed)['algorithm'] = 'least_outstanding_requests'
        elb(changed)['healthcheck']['matcher'] = '200-299'
        expected = ['elbv2:ModifyTargetGroup', 'elbv2:AddTags', 'elbv2:ModifyTargetGroupAttributes']
        assert kinds(await cluster.plan(changed)) == expected
        await until_done(cluster, changed)
        assert attributes()['matcher'] == '200-299'
        plain = document(cluster)
        plan = await cluster.plan(plain)
        expected = ['elbv2:ModifyTargetGroup', 'elbv2:ModifyTargetGroupAttributes', 'elbv2:AddTags']
        assert kinds(plan) == expected
        await until_done(cluster, plain)
        assert attributes()['deregistration_delay.timeout_seconds'] == '300'
        assert attributes()['stickiness.enabled'] == 'false'
        assert attributes()['matcher'] == '200'

    asyncio.run(scenario())


def test_settings_of_its_own_load_balancer_are_set_and_go_back_to_their_defaults(cluster: Cluster):
    more = [
        cluster.aws.client('acm').request_certificate(DomainName=f'{name}.{cluster.domain}')['CertificateArn']
        for name in 'abc'
    ]
    own = {'type': 'public', 'protocol': 'HTTPS', 'ports': {'public': 443}, 'certificates': [cluster.certificate]}
    wanted = cluster.example()
    wanted['services'] = [{'api': _service(own)}]
    client = cluster.aws.client('elbv2')

    def now() -> tuple[str, set[str], str, str]:
        [balancer] = client.describe_load_balancers(Names=[f'{cluster.name}-api-lb'])['LoadBalancers']
        arn = balancer['LoadBalancerArn']
        [listener] = client.describe_listeners(LoadBalancerArn=arn)['Listeners']
        listed = client.describe_listener_certificates(ListenerArn=listener['ListenerArn'])['Certificates']
        attributes = client.describe_load_balancer_attributes(LoadBalancerArn=arn)['Attributes']
        known = {each['Key']: each['Value'] for each in attributes}
        timeout = known.get('idle_timeout.timeout_seconds', '60')
        default = listener['Certificates'][0]['CertificateArn']
        return default, {each['CertificateArn'] for each in listed} - {default}, listener['SslPolicy'], timeout

    async def becomes(steps: list[str], **settings: Any) -> tuple[str, set[str], str, str]:
        changed = copy.deepcopy(wanted)
        elb(changed).update(settings)
        assert kinds(await cluster.plan(changed)) == steps
        await until_done(cluster, changed)
        return now()

    async def scenario() -> None:
        await until_done(cluster, wanted)
        before = now()
        policy, tag = 'ELBSecurityPolicy-TLS13-1-2-2021-06', 'elbv2:AddTags'
        add, remove = 'elbv2:AddListenerCertificates', 'elbv2:RemoveListenerCertificates'
        modify, attributes = 'elbv2:ModifyListener', 'elbv2:ModifyLoadBalancerAttributes'
        everything = {'certificates': [cluster.certificate, *more[:2]], 'ssl_policy': policy, 'idle_timeout': 90}
        found = await becomes([tag, attributes, add, modify], **everything)
        assert found == (cluster.certificate, set(more[:2]), policy, '90')
        rest = {'certificates': [cluster.certificate, more[2]], 'idle_timeout': 100}
        found = await becomes([attributes, add, modify, remove, tag], **rest)
        assert found == (cluster.certificate, {more[2]}, before[2], '100')
        assert await becomes([attributes, remove, 'elbv2:RemoveTags']) == before
        assert await becomes([tag, add, modify], certificates=[more[0], cluster.certificate]) == (
            more[0],
            {cluster.certificate},
            before[2],
            '60',
        )
        await until_done(cluster, {**wanted, 'services': []}, destroyed=frozenset({'api'}))
        assert cluster.load_balancers() == []

    asyncio.run(scenario())


def test_a_service_that_runs_on_undeclared_keeps_its_rule_and_load_balancer(cluster: Cluster):
    async def scenario() -> None:
        await until_done(cluster, document(cluster))
        nothing = {**document(cluster), 'services': [], 'load_balancers': []}
        plan = await cluster.plan(nothing)
        assert plan.is_empty
        assert len(rules_of(cluster)) == 2

    asyncio.run(scenario())


def test_a_listener_of_others_gets_our_rule_alone(cluster: Cluster):
    wanted = document(cluster)
    elbv2 = cluster.aws.client('elbv2')
    made = elbv2.create_load_balancer(Name=f'theirs-{cluster.name}', Subnets=cluster.subnets[:2])
    balancer = made['LoadBalancers'][0]['LoadBalancerArn']
    fixed = {'Type': 'fixed-response', 'FixedResponseConfig': {'StatusCode': '404'}}
    listener = elbv2.create_listener(LoadBalancerArn=balancer, Protocol='HTTP', Port=80, DefaultActions=[fixed])
    arn = listener['Listeners'][0]['ListenerArn']
    strangers = [{'Field': 'path-pattern', 'Values': ['/theirs']}]
    rule = elbv2.create_rule(ListenerArn=arn, Priority=3, Conditions=strangers, Actions=[fixed])['Rules'][0]
    wanted['services'] = [
        {'api': {**service_in(wanted, 'api'), 'elb': {'listener': arn, 'rules': [{'path': '/api/*'}]}}}
    ]

    async def scenario() -> None:
        await until_done(cluster, wanted)
        found = elbv2.describe_rules(ListenerArn=arn)['Rules']
        assert len(found) == 3
        elb(wanted)['rules'][0]['priority'] = 3
        plan = await cluster.plan(wanted)
        assert plan.is_empty
        assert 'Priority 3 is that of a rule that Nysa did not create' in plan.notes[0].text
        await until_done(cluster, {**wanted, 'services': []}, destroyed=frozenset({'api'}))
        left = elbv2.describe_rules(ListenerArn=arn)['Rules']
        assert {each['RuleArn'] for each in left if not each['IsDefault']} == {rule['RuleArn']}

    asyncio.run(scenario())


def test_a_pass_that_is_killed_anywhere_is_finished_by_the_next_ones(aws: Aws):
    async def kill_after(lives: int, cluster: Cluster) -> bool:
        wanted = document(cluster)
        killed = await until_killed(cluster, Request(wanted, 'r1'), lives)
        await until_done(cluster, wanted)
        found = [
            [condition['PathPatternConfig']['Values'] for condition in rule['Conditions']] for rule in rules_of(cluster)
        ]
        assert found == [[['/api/*']], [['/*']]], lives
        own = sorted(each['TargetGroupName'] for each in cluster.target_groups())
        assert own == [f'{cluster.name}-api-lb', f'{cluster.name}-web-lb'], lives
        return killed

    assert kill_everywhere(aws, kill_after) > 10
