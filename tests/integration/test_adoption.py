"""What a stackfile made of a cluster is read back from it; and what other hands made, as far as it can be."""

import asyncio
import copy
from datetime import UTC, datetime
from functools import partial

import pytest

from stack.aws import autoscaling, elb_details, elbv2, route53, schedules
from stack.aws.ecs import task_definitions
from stack.aws.inventory import Inventory
from stack.changes.adopter import Adopter, Adoption, Readers
from stack.errors import AwsFailed
from stack.reconcile.wanted import wanted_services
from stack.sandbox.faults import Fault
from stack.scheduler.passes import Ask
from stack.stackfile.check import check
from stack.stackfile.normal_form import normalised, normalised_service
from stack.state.revision_store import serialise
from stack.state.revisions import Change, Origin, encode
from tests.aws import Aws
from tests.cluster import Cluster
from tests.scheduling import scenes


class Unmanaged:
    """Lets every cluster be adopted."""

    async def check_new(self, cluster: str, document: dict) -> list:
        return []


async def propose(cluster: Cluster) -> Adoption:
    inventory = Inventory(cluster.paced)
    readers = Readers(
        partial(route53.aliases, cluster.paced),
        partial(elb_details.details, cluster.paced),
        partial(autoscaling.scalable_targets, cluster.paced),
        partial(elbv2.with_rules_and_attributes, cluster.paced),
        partial(schedules.of_cluster, cluster.paced),
        partial(task_definitions, cluster.paced),
    )
    return await Adopter(Unmanaged(), inventory, readers, cluster.paced.region).propose(cluster.name)


ROLE = 'arn:aws:iam::210987654321:role/reader'
SECRET = 'arn:aws:secretsmanager:us-east-1:210987654321:secret:database-a1b2c3'

# One worker for each field of a stackfile.
WORKERS = {
    'count': {'desired_count': 3},
    'no-task': {'desired_count': 0},
    'memory': {'memory': 64},
    'default-memory': {'memory': 1024},
    'cpu': {'cpu': 64},
    'ports': {'ports': ['5000:5000', '5001:5001/udp']},
    'environment': {'environment': {'A': 'x=y', 'B': '', 'C': 'ä "q" #'}},
    'secrets': {'secrets': [{'DB': SECRET}], 'task_execution_role_arn': ROLE},
    'command': {'command': ['run', '--all'], 'entrypoint': ['/bin/sh', '-c']},
    'volumes': {'volumes': ['data:/srv/data:/data', 'data:/srv/data:/more:ro', 'etc:/etc:/etc2:ro']},
    'privileged': {'privileged': True},
    'own-logging': {'logging': {'options': {'awslogs-stream-prefix': 'mail'}}},
    'other-driver': {'logging': {'log_driver': 'json-file', 'options': {'max-size': '10m'}}},
    'shell-check': {'healthcheck': {'command': 'curl -f localhost', 'interval': 10, 'start_period': 5}},
    'plain-check': {'healthcheck': {'command': ['CMD', 'true', '-v'], 'timeout': 9, 'retries': 4}},
    'role': {'task_role_arn': ROLE},
    'percentages': {'deployment_configuration': {'maximum_percent': 150, 'minimum_healthy_percent': 50}},
    'breaker': {'deployment_circuit_breaker': {'enable': True}},
    'rollback': {'deployment_circuit_breaker': {'enable': True, 'rollback': True}},
    'constraints': {
        'placement_constraints': [
            {'type': 'memberOf', 'expression': 'attribute:ecs.os-type == linux'},
            {'type': 'distinctInstance'},
        ]
    },
    'fargate': {
        'launch_type': 'FARGATE',
        'cpu': 256,
        'memory': 512,
        'task_execution_role_arn': ROLE,
        'logging': {'options': {'awslogs-stream-prefix': 'mail'}},
    },
}
# The same for a load balancer.
BALANCERS = {
    'inner': {'type': 'private'},
    'named': {'type': 'public', 'name': 'blue'},
    'healthy': {
        'type': 'public',
        'healthcheck': {
            'port': 9090,
            'path': '/up',
            'interval_seconds': 12,
            'timeout_seconds': 4,
            'healthy_threshold_count': 3,
            'unhealthy_threshold_count': 4,
        },
    },
}


# Services behind load balancers that others share with them, with several, and behind a network load balancer.
ROUTED = {
    'store': {
        'load_balancer': 'edge',
        'port': 443,
        'rules': [
            {'host': ['store.example.com', '*.store.example.com'], 'priority': 10},
            {'path': ['/store/*'], 'methods': ['GET'], 'headers': {'x-store': ['a', 'b']}, 'priority': 11},
            {'query': {'store': ['1']}, 'source_ip': ['10.0.0.0/8'], 'priority': 12},
        ],
        'healthcheck': {'path': '/up', 'matcher': '200-299'},
        'deregistration_delay': 20,
        'stickiness': {'cookie': 'session', 'duration': 60},
        'slow_start': 40,
        'protocol_version': 'HTTP2',
    },
    'panel': [
        {'type': 'private', 'protocol': 'TCP', 'name': 'raw', 'ports': {'public': 9000, 'container': 9090}},
        {'type': 'public', 'name': 'web', 'ports': {'public': 80, 'container': 9090}},
        {
            'load_balancer': 'inside',
            'rules': [{'path': ['/*'], 'priority': 3}],
            'algorithm': 'least_outstanding_requests',
        },
    ],
}


def shared(cluster: Cluster) -> list[dict]:
    """Load balancers of several listeners, certificates and default actions."""
    acm = cluster.aws.client('acm')
    more = [
        acm.request_certificate(DomainName=f'{name}.{cluster.domain}')['CertificateArn'] for name in ('store', 'panel')
    ]
    secure = {'port': 443, 'protocol': 'HTTPS', 'ssl_policy': 'ELBSecurityPolicy-TLS13-1-2-2021-06'}
    edge = {
        'type': 'public',
        'idle_timeout': 120,
        'tags': {'team': 'edge'},
        'listeners': [
            {'port': 80, 'redirect': 'https'},
            {**secure, 'certificates': [cluster.certificate, *sorted(more)]},
            {'port': 8080, 'fixed_response': {'status': 503, 'content_type': 'application/json', 'body': '{}'}},
            {'port': 8081, 'redirect': {'host': 'www.example.com', 'path': '/#{path}/', 'query': '', 'status': 302}},
        ],
    }
    return [{'edge': edge}, {'inside': {'type': 'private', 'listeners': [{'port': 80}]}}]


def everything(cluster: Cluster) -> dict:
    """A desired state with every field of some service, but no task that runs once: that leaves no trace."""
    document = cluster.example()
    document['services'].pop()
    document['load_balancers'] = shared(cluster)
    for name, routed in ROUTED.items():
        elb = copy.deepcopy(routed if isinstance(routed, list) else [routed])
        elb[-1]['ports'] = {'container': 8080}
        if name == 'panel':
            certificates = document['load_balancers'][0]['edge']['listeners'][1]['certificates']
            policy = 'ELBSecurityPolicy-TLS13-1-2-2021-06'
            elb[1] |= {'protocol': 'HTTPS', 'certificates': certificates, 'ssl_policy': policy, 'idle_timeout': 90}
        elb[-1]['dns'] = {'hosted_zone_id': cluster.zone, 'record_name': f'{name}.{cluster.domain}'}
        document['services'].append({name: {'image': 'team/web:1', 'ports': ['8080:8080', '9090:9090'], 'elb': elb}})
    for name, settings in WORKERS.items():
        document['services'].append({name: {'image': 'team/worker:1', **settings}})
    for name, settings in BALANCERS.items():
        elb = {'ports': {'public': 8000, 'container': 8080}, **settings}
        document['services'].append({name: {'image': 'team/web:1', 'ports': ['8080:8080', '9090:9090'], 'elb': elb}})
    return document


def test_what_a_stackfile_made_is_read_back(cluster: Cluster):
    document = everything(cluster)
    assert check(document, cluster=cluster.name).mistakes == ()

    async def there_and_back() -> Adoption:
        assert (await cluster.reconcile(document)).failed == []
        return await propose(cluster)

    adoption = asyncio.run(there_and_back())
    assert adoption.written.notes == ()
    assert [step.text for step in adoption.plan.steps] == []
    adopted = adoption.written.document
    assert check(adopted, cluster=cluster.name).mistakes == ()
    before, after = comparable(cluster, document), comparable(cluster, adopted)
    assert adopted['load_balancers'] == document['load_balancers']
    assert before.keys() == after.keys()
    for name in before:
        assert after[name] == before[name], name


def comparable(cluster: Cluster, document: dict) -> dict:
    """What a document comes to; ECS counts the tasks of a daemon, and means nothing by the order of variables."""
    found = {}
    for name, wanted in sorted(wanted_services(cluster.name, document, cluster.paced.region).items()):
        definition = copy.deepcopy(wanted.definition)
        container = definition['containerDefinitions'][0]
        container['environment'] = sorted(container.get('environment', []), key=str)
        found[name] = (normalised(definition), wanted.count, normalised_service(wanted.members), wanted.balancers)
        found[name] += (wanted.registry, wanted.log_group)
    return found


def test_what_other_hands_made_can_be_deployed_from_what_was_written_down(cluster: Cluster):
    made_by_hand(cluster)

    async def adopt_and_deploy() -> tuple:
        adoption = await propose(cluster)
        outcome = await cluster.reconcile(adoption.written.document)
        cluster.aws.advance(600)
        return adoption, outcome, await cluster.plan(adoption.written.document)

    adoption, outcome, again = asyncio.run(adopt_and_deploy())
    assert adoption.written.notes == ()
    assert [step.id for step in adoption.plan.steps] == ['web/service/take-over']
    [settings] = [each['web'] for each in adoption.written.document['services']]
    assert (settings['container_name'], settings['network_mode'], settings['exec']) == ('app', 'bridge', True)
    assert settings['containers'] == [{'proxy': {'image': 'team/proxy:1', 'memory': 64}}, 'app']
    assert settings['ulimits'] == {'nofile': {'soft': 10, 'hard': 20}}
    assert outcome.failed == []
    assert outcome.is_complete
    assert [step.text for step in again.steps] == []
    ecs = cluster.aws.client('ecs')
    [service] = ecs.describe_services(cluster=cluster.name, services=['web'])['services']
    assert {each['containerName'] for each in service['loadBalancers']} == {'app'}
    assert service['taskDefinition'].rpartition('/')[2] == 'front:1'
    assert len(service['loadBalancers']) == 1
    names = [each['LoadBalancerName'] for each in cluster.load_balancers()]
    assert [name for name in names if name.startswith(f'{cluster.name}-web')] == []


def test_dns_records_that_nysa_may_not_read_are_a_note(cluster: Cluster):
    made_by_hand(cluster)
    with cluster.aws.faults.during(Fault('deny', 'route53', 'ListHostedZones')):
        adoption = asyncio.run(propose(cluster))
    [note] = adoption.written.notes
    assert note.service is None
    assert note.text.startswith('Not read: DNS records. They are not in the document, and stay as they are. ')
    assert 'route53:ListHostedZones' in note.text
    assert [step.id for step in adoption.plan.steps] == ['web/service/take-over']


def test_dns_records_that_nysa_made_have_to_be_read(cluster: Cluster):
    document = cluster.example()
    document['services'] = [each for each in document['services'] if 'web' in each]
    assert asyncio.run(cluster.reconcile(document)).is_complete
    with cluster.aws.faults.during(Fault('deny', 'route53', 'ListHostedZones')), pytest.raises(AwsFailed):
        asyncio.run(propose(cluster))


def test_a_log_region_that_does_not_answer_spoils_nothing(cluster: Cluster):
    ecs = cluster.aws.client('ecs')
    options = {'awslogs-group': '/far', 'awslogs-region': 'eu-north-1', 'awslogs-stream-prefix': 'far'}
    for name, logging in (('near', {'logDriver': 'json-file'}), ('far', {'logDriver': 'awslogs', 'options': options})):
        container = {'name': name, 'image': f'team/{name}:1', 'memory': 64, 'logConfiguration': logging}
        ecs.register_task_definition(family=name, networkMode='host', containerDefinitions=[container])
        ecs.create_service(cluster=cluster.name, serviceName=name, taskDefinition=name, desiredCount=1)
    with cluster.aws.faults.during(Fault('down', service='logs', operation='DescribeLogGroups', resource='/far')):
        adoption = asyncio.run(propose(cluster))
    assert {name for each in adoption.written.document['services'] for name in each} == {'near', 'far'}
    assert any('/far exists is not known' in note.text for note in adoption.plan.notes)


def made_by_hand(cluster: Cluster) -> None:
    """A service with names of its own, in bridge mode, with a second container, behind a load balancer."""
    ecs, elbv2 = cluster.aws.client('ecs'), cluster.aws.client('elbv2')
    group = elbv2.create_target_group(
        Name=f'{cluster.name}-old', Protocol='HTTP', Port=8080, VpcId=cluster.vpc, TargetType='instance'
    )['TargetGroups'][0]['TargetGroupArn']
    balancer = elbv2.create_load_balancer(
        Name=f'{cluster.name}-alb', Subnets=cluster.subnets[:2], SecurityGroups=cluster.groups[:1]
    )['LoadBalancers'][0]['LoadBalancerArn']
    elbv2.create_listener(
        LoadBalancerArn=balancer,
        Protocol='HTTP',
        Port=80,
        DefaultActions=[{'Type': 'forward', 'TargetGroupArn': group}],
    )
    app = {
        'name': 'app',
        'image': 'team/web:1',
        'memory': 64,
        'portMappings': [{'containerPort': 8080}],
        'ulimits': [{'name': 'nofile', 'softLimit': 10, 'hardLimit': 20}],
    }
    proxy = {'name': 'proxy', 'image': 'team/proxy:1', 'memory': 64}
    ecs.register_task_definition(family='front', networkMode='bridge', containerDefinitions=[proxy, app])
    ecs.create_service(
        cluster=cluster.name,
        serviceName='web',
        taskDefinition='front',
        desiredCount=1,
        launchType='EC2',
        enableExecuteCommand=True,
        loadBalancers=[{'targetGroupArn': group, 'containerName': 'app', 'containerPort': 8080}],
    )
    cluster.aws.advance(300)


def test_the_clock_changes_nothing_in_a_cluster_that_was_only_adopted(aws: Aws):
    name = aws.cluster()
    adopted = Change(Origin('ann', 'test', ''), datetime.now(UTC), {'verb': 'adopt'}, announce=None)
    document = {'services': [{'mailer': {'image': 'team/mailer:1'}}]}
    with scenes(aws) as make:
        scene = make()
        aws.client('s3').put_object(
            Bucket=scene.bucket, Key=name, Body=serialise(document), Metadata=encode('w1', [adopted])
        )
        scene.scheduler()
        [passes] = scene.passes

        async def look_and_deploy() -> tuple[str, list[str], str]:
            looked = await passes.make(Ask(name, hinted=False))
            before = aws.client('ecs').list_services(cluster=name)['serviceArns']
            return looked.state, before, (await passes.make(Ask(name))).state

        assert asyncio.run(look_and_deploy()) == ('held', [], 'complete')


def test_176_services_are_adopted_within_15_seconds_of_aws_rates(cluster: Cluster):
    """A dry run, in simulated time: every call waits for AWS's rate limits, and takes no time itself."""
    ecs = cluster.aws.client('ecs')
    for number in range(176):
        container = {'name': 'app', 'image': f'team/app:{number}', 'memory': 64}
        ecs.register_task_definition(family=f'{cluster.name}-{number}', containerDefinitions=[container])
        ecs.create_service(
            cluster=cluster.name,
            serviceName=f'service-{number}',
            taskDefinition=f'{cluster.name}-{number}',
            desiredCount=0,
        )
    before = cluster.time.clock()
    adoption = asyncio.run(propose(cluster))
    assert len(adoption.written.document['services']) == 176
    assert adoption.written.notes == ()
    assert {step.id.rpartition('/')[2] for step in adoption.plan.steps} == {'take-over'}
    assert cluster.time.clock() - before <= 15


def behind_rules(cluster: Cluster, **attributes: str) -> dict[str, str]:
    """A service that others put behind two rules of their listener; the ARNs of its parts."""
    elbv2 = cluster.aws.client('elbv2')
    made = elbv2.create_load_balancer(Name=f'theirs-{cluster.name}', Subnets=cluster.subnets[:2])
    fixed = {'Type': 'fixed-response', 'FixedResponseConfig': {'StatusCode': '404'}}
    listener = elbv2.create_listener(
        LoadBalancerArn=made['LoadBalancers'][0]['LoadBalancerArn'], Protocol='HTTP', Port=80, DefaultActions=[fixed]
    )['Listeners'][0]['ListenerArn']
    group = elbv2.create_target_group(Name=f'theirs-{cluster.name}', Protocol='HTTP', Port=80, VpcId=cluster.vpc)[
        'TargetGroups'
    ][0]['TargetGroupArn']
    if attributes:
        elbv2.modify_target_group_attributes(
            TargetGroupArn=group,
            Attributes=[{'Key': name.replace('__', '.'), 'Value': value} for name, value in attributes.items()],
        )
    for priority, path in ((7, '/b'), (3, '/a/*')):
        elbv2.create_rule(
            ListenerArn=listener,
            Priority=priority,
            Conditions=[{'Field': 'path-pattern', 'PathPatternConfig': {'Values': [path]}}],
            Actions=[{'Type': 'forward', 'TargetGroupArn': group}],
        )
    container = {'name': 'web', 'image': 'team/web:1', 'memory': 64, 'portMappings': [{'containerPort': 80}]}
    ecs = cluster.aws.client('ecs')
    ecs.register_task_definition(family=f'w-{cluster.name}', networkMode='host', containerDefinitions=[container])
    ecs.create_service(
        cluster=cluster.name,
        serviceName='web',
        taskDefinition=f'w-{cluster.name}',
        desiredCount=1,
        loadBalancers=[{'targetGroupArn': group, 'containerName': 'web', 'containerPort': 80}],
    )
    return {'listener': listener, 'group': group}


def test_rules_of_others_are_described_and_taken_over(cluster: Cluster):
    arns = behind_rules(cluster, deregistration_delay__timeout_seconds='20')
    adoption = asyncio.run(propose(cluster))
    [described] = adoption.written.document['services']
    found = described['web']['elb']
    assert found['listener'] == arns['listener']
    assert found['rules'] == [{'path': ['/a/*'], 'priority': 3}, {'path': ['/b'], 'priority': 7}]
    assert found['deregistration_delay'] == 20
    assert found['ports'] == {'container': 80}
    assert adoption.written.notes == ()
    assert {step.id.rpartition('/')[2] for step in adoption.plan.steps} == {'take-over'}


def test_rules_with_something_that_has_no_field_stay_with_their_target_group(cluster: Cluster):
    arns = behind_rules(cluster, load_balancing__algorithm__anomaly_mitigation='on')
    adoption = asyncio.run(propose(cluster))
    [described] = adoption.written.document['services']
    assert described['web']['elb'] == {'target_group': arns['group'], 'ports': {'container': 80}}
    assert [step.id for step in adoption.plan.steps] == ['web/service/take-over']
