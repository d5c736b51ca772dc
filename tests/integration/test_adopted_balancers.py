"""Load balancers that others made for several services are adopted without a change to what others own."""

import asyncio
from collections.abc import Iterator
from typing import Any

from tests.cluster import Cluster
from tests.integration.test_adoption import propose
from tests.unit.stack.reconcile.settled import service_in

FIXED = {'Type': 'fixed-response', 'FixedResponseConfig': {'StatusCode': '404', 'ContentType': 'text/plain'}}
TO_HTTPS = {'Type': 'redirect', 'RedirectConfig': {'Protocol': 'HTTPS', 'Port': '443', 'StatusCode': 'HTTP_301'}}

RULES: dict[str, list[tuple[int, list[dict[str, Any]]]]] = {
    'api': [
        (1, [{'Field': 'host-header', 'HostHeaderConfig': {'Values': ['api.example.com']}}]),
        (
            2,
            [
                {'Field': 'path-pattern', 'PathPatternConfig': {'Values': ['/api/*', '/v1/*']}},
                {'Field': 'http-request-method', 'HttpRequestMethodConfig': {'Values': ['GET', 'POST']}},
            ],
        ),
    ],
    'beta': [
        (5, [{'Field': 'http-header', 'HttpHeaderConfig': {'HttpHeaderName': 'X-Beta', 'Values': ['1']}}]),
        (6, [{'Field': 'query-string', 'QueryStringConfig': {'Values': [{'Key': 'beta', 'Value': '1'}]}}]),
        (7, [{'Field': 'source-ip', 'SourceIpConfig': {'Values': ['10.0.0.0/8']}}]),
    ],
    # AWS has regular expressions and query strings without a key; a stackfile has not.
    'odd': [(8, [{'Field': 'query-string', 'QueryStringConfig': {'Values': [{'Value': 'odd'}]}}])],
}


class Edge:
    """An application and a network load balancer with all that others can set on them."""

    def __init__(self, cluster: Cluster):
        self._cluster, self._elb = cluster, cluster.aws.client('elbv2')
        self.listener = self._application()
        self.groups = {name: self.group(name) for name in (*RULES, 'web', 'raw')}
        for name, rules in RULES.items():
            for priority, conditions in rules:
                self.rule(priority, conditions, {'Type': 'forward', 'TargetGroupArn': self.groups[name]})
        old = [{'Field': 'path-pattern', 'PathPatternConfig': {'Values': ['/old/*']}}]
        self.rule(3, old, TO_HTTPS)
        self.rule(4, old, FIXED)
        self._elb.modify_listener(
            ListenerArn=self.listener, DefaultActions=[{'Type': 'forward', 'TargetGroupArn': self.groups['web']}]
        )
        self._network()

    def _application(self) -> str:
        cluster = self._cluster
        made = self._elb.create_load_balancer(
            Name=f'x-{cluster.name}', Subnets=cluster.subnets[:2], SecurityGroups=cluster.groups[:1]
        )
        arn = made['LoadBalancers'][0]['LoadBalancerArn']
        self._elb.modify_load_balancer_attributes(
            LoadBalancerArn=arn, Attributes=[{'Key': 'idle_timeout.timeout_seconds', 'Value': '300'}]
        )
        self._elb.create_listener(LoadBalancerArn=arn, Protocol='HTTP', Port=80, DefaultActions=[TO_HTTPS])
        listener = self._elb.create_listener(
            LoadBalancerArn=arn,
            Protocol='HTTPS',
            Port=443,
            Certificates=[{'CertificateArn': cluster.certificate}],
            SslPolicy='ELBSecurityPolicy-TLS13-1-2-2021-06',
            DefaultActions=[FIXED],
        )['Listeners'][0]['ListenerArn']
        more = cluster.aws.client('acm').request_certificate(DomainName=f'more.{cluster.domain}')['CertificateArn']
        self._elb.add_listener_certificates(ListenerArn=listener, Certificates=[{'CertificateArn': more}])
        return listener

    def _network(self) -> None:
        cluster = self._cluster
        made = self._elb.create_load_balancer(Name=f'n-{cluster.name}', Subnets=cluster.subnets[:2], Type='network')
        self._elb.create_listener(
            LoadBalancerArn=made['LoadBalancers'][0]['LoadBalancerArn'],
            Protocol='TCP',
            Port=9000,
            DefaultActions=[{'Type': 'forward', 'TargetGroupArn': self.groups['raw']}],
        )

    def group(self, name: str) -> str:
        cluster = self._cluster
        network = name == 'raw'
        made = self._elb.create_target_group(
            Name=f'{name}-{cluster.name}'[:32],
            Protocol='TCP' if network else 'HTTP',
            Port=80,
            VpcId=cluster.vpc,
            **({} if network else {'HealthCheckPath': f'/{name}', 'Matcher': {'HttpCode': '200-204'}}),
        )
        arn = made['TargetGroups'][0]['TargetGroupArn']
        if name == 'api':
            attributes = {
                'deregistration_delay.timeout_seconds': '15',
                'stickiness.enabled': 'true',
                'stickiness.type': 'lb_cookie',
                'stickiness.lb_cookie.duration_seconds': '90',
            }
            self._elb.modify_target_group_attributes(
                TargetGroupArn=arn, Attributes=[{'Key': key, 'Value': value} for key, value in attributes.items()]
            )
        return arn

    def rule(self, priority: int, conditions: list[dict[str, Any]], action: dict[str, Any]) -> None:
        self._elb.create_rule(ListenerArn=self.listener, Priority=priority, Conditions=conditions, Actions=[action])

    def service(self, name: str, *groups: str) -> None:
        """A service that is attached to target groups."""
        container = {'name': name, 'image': 'team/web:1', 'memory': 64, 'portMappings': [{'containerPort': 80}]}
        family = f'{name}-{self._cluster.name}'
        ecs = self._cluster.aws.client('ecs')
        ecs.register_task_definition(family=family, networkMode='bridge', containerDefinitions=[container])
        ecs.create_service(
            cluster=self._cluster.name,
            serviceName=name,
            taskDefinition=family,
            desiredCount=1,
            loadBalancers=[
                {'targetGroupArn': self.groups[group], 'containerName': name, 'containerPort': 80} for group in groups
            ],
        )

    def everything(self) -> list[Any]:
        """All that the load balancers and target groups have, except tags."""
        return list(self._parts())

    def _parts(self) -> Iterator[Any]:
        elb = self._elb
        for balancer in elb.describe_load_balancers(Names=[f'{kind}-{self._cluster.name}' for kind in 'xn'])[
            'LoadBalancers'
        ]:
            arn = balancer['LoadBalancerArn']
            yield balancer
            yield elb.describe_load_balancer_attributes(LoadBalancerArn=arn)['Attributes']
            for listener in elb.describe_listeners(LoadBalancerArn=arn)['Listeners']:
                yield listener
                yield elb.describe_rules(ListenerArn=listener['ListenerArn'])['Rules']
                yield elb.describe_listener_certificates(ListenerArn=listener['ListenerArn'])['Certificates']
        for group in self.groups.values():
            yield elb.describe_target_groups(TargetGroupArns=[group])['TargetGroups']
            yield elb.describe_target_group_attributes(TargetGroupArn=group)['Attributes']


def test_services_behind_one_load_balancer_of_others_are_adopted_and_change_nothing(cluster: Cluster):
    edge = Edge(cluster)
    edge.service('api', 'api')
    edge.service('beta', 'beta', 'raw')
    edge.service('odd', 'odd')
    edge.service('web', 'web')
    cluster.aws.advance(300)
    before = edge.everything()

    async def adopt_and_deploy() -> dict[str, Any]:
        adoption = await propose(cluster)
        assert adoption.written.notes == ()
        assert {step.id.rpartition('/')[2] for step in adoption.plan.steps} == {'take-over'}
        document = adoption.written.document
        assert (await cluster.reconcile(document)).failed == []
        assert (await cluster.plan(document)).is_empty
        return document

    document = asyncio.run(adopt_and_deploy())
    assert edge.everything() == before
    assert 'load_balancers' not in document
    api = service_in(document, 'api')['elb']
    assert api == {
        'listener': edge.listener,
        'rules': [
            {'host': ['api.example.com'], 'priority': 1},
            {'methods': ['GET', 'POST'], 'path': ['/api/*', '/v1/*'], 'priority': 2},
        ],
        'ports': {'container': 80},
        'healthcheck': {
            'path': '/api',
            'healthy_threshold_count': 5,
            'unhealthy_threshold_count': 2,
            'matcher': '200-204',
        },
        'deregistration_delay': 15,
        'stickiness': {'duration': 90},
    }
    first, second = service_in(document, 'beta')['elb']
    assert first['rules'] == [
        {'headers': {'x-beta': ['1']}, 'priority': 5},
        {'query': {'beta': ['1']}, 'priority': 6},
        {'source_ip': ['10.0.0.0/8'], 'priority': 7},
    ]
    assert second == {'target_group': edge.groups['raw'], 'ports': {'container': 80}}
    assert service_in(document, 'odd')['elb'] == {'target_group': edge.groups['odd'], 'ports': {'container': 80}}
    assert service_in(document, 'web')['elb'] == {'target_group': edge.groups['web'], 'ports': {'container': 80}}


def test_removed_after_adoption_our_rules_go_and_those_of_others_stay(cluster: Cluster):
    edge = Edge(cluster)
    edge.service('api', 'api')
    cluster.aws.advance(300)

    async def adopt_and_remove() -> None:
        document = (await propose(cluster)).written.document
        for wanted, options in (
            (document, {}),
            ({**document, 'services': []}, {'destroyed': frozenset({'api'})}),
            ({**document, 'services': []}, {'destroyed': frozenset({'api'})}),
        ):
            assert (await cluster.reconcile(wanted, **options)).failed == []
            cluster.wait(300)

    asyncio.run(adopt_and_remove())
    rules = cluster.aws.client('elbv2').describe_rules(ListenerArn=edge.listener)['Rules']
    assert sorted(rule['Priority'] for rule in rules) == ['3', '4', '5', '6', '7', '8', 'default']
