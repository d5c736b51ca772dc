"""Each field of the stackfile changed alone: exactly the steps that it takes, and then none."""

import copy
from collections.abc import Callable
from dataclasses import replace

import pytest

from stack.reconcile import names
from stack.reconcile.observed import Observed, TaskDefinition
from stack.reconcile.observed_balancers import TargetGroup
from stack.reconcile.observed_names import Namespace, Record
from stack.reconcile.plan import Change, Plan, ResultOf, Row
from stack.reconcile.planner import plan
from tests.unit.stack.reconcile.settled import CLUSTER, REVISION, example, service_in, settled

REGISTER = 'ecs:RegisterTaskDefinition'
UPDATE = 'ecs:UpdateService'
ROLL = [REGISTER, UPDATE]
MOVED = ['elbv2:AddTags', 'elbv2:CreateListener']
ROLE = 'arn:aws:iam::123456789012:role/a'
REMAKE_SERVICE = ['ecs:DeleteService', 'ecs:DescribeServices', 'ecs:CreateService']
RECORD = 'route53:ChangeResourceRecordSets'

# A load balancer is succeeded by another; what it replaces goes with a later pass.
SUCCEED = [
    'elbv2:CreateTargetGroup',
    'elbv2:CreateLoadBalancer',
    'elbv2:CreateListener',
    UPDATE,
    'elbv2:DescribeTargetHealth',
    RECORD,
    'elbv2:AddTags',
]

DNS = {'hosted_zone_id': 'Z1', 'record_name': 'staging.example.com'}

# A target group that others made, with a listener that forwards to it.
GROUP = TargetGroup(
    arn='arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/others/0123456789abcdef',
    name='others',
    protocol='HTTP',
    vpc='vpc-1',
    target_type='instance',
    load_balancers=('arn:lb/others',),
)

Edit = Callable[[dict], None]


def with_group() -> Observed:
    observed = settled(example())
    return replace(observed, target_groups=(*observed.target_groups, GROUP))


def planned(document: dict, observed: Observed, **options) -> Plan:
    return plan(document, observed, **{'revision': REVISION, **options})


def kinds(found: Plan) -> list[str]:
    return [step.kind for step in found.steps]


def edited(edit: Edit) -> dict:
    document = copy.deepcopy(example())
    edit(document)
    return document


def put(service: str, **fields) -> Edit:
    return lambda document: service_in(document, service).update(fields)


def put_elb(**fields) -> Edit:
    return lambda document: service_in(document, 'web')['elb'].update(fields)


def put_elb_health(**fields) -> Edit:
    return lambda document: service_in(document, 'web')['elb']['healthcheck'].update(fields)


def drop(service: str, field: str) -> Edit:
    return lambda document: service_in(document, service).pop(field)


def top(key: str, **fields) -> Edit:
    return lambda document: document[key].update(fields)


# What is edited: the service that it concerns, the edit, the steps that it takes.
EDITS: dict[str, tuple[str, Edit, list[str]]] = {
    'image': ('mailer', put('mailer', image='registry/mailer:2'), ROLL),
    'desired_count': ('mailer', put('mailer', desired_count=3), [UPDATE]),
    'desired_count 0': ('mailer', put('mailer', desired_count=0), [UPDATE]),
    'memory': ('mailer', put('mailer', memory=512), ROLL),
    'cpu': ('mailer', put('mailer', cpu=256), ROLL),
    'gpus': ('mailer', put('mailer', gpus=1), ROLL),
    'ports': ('mailer', put('mailer', ports=['81:81']), ROLL),
    'environment': ('mailer', put('mailer', environment={'A': 'b'}), ROLL),
    'secrets': (
        'mailer',
        put('mailer', secrets=[{'KEY': 'arn:aws:ssm:us-east-1:1:parameter/key'}], task_execution_role_arn=ROLE),
        ROLL,
    ),
    'command': ('mailer', put('mailer', command=['run']), ROLL),
    'entrypoint': ('mailer', put('mailer', entrypoint=['/bin/run']), ROLL),
    'privileged': ('mailer', put('mailer', privileged=True), ROLL),
    'volumes': ('mailer', put('mailer', volumes=['data:/data:/data']), ROLL),
    'task_role_arn': ('mailer', put('mailer', task_role_arn=ROLE), ROLL),
    'task_execution_role_arn': (
        'mailer',
        put('mailer', task_execution_role_arn=ROLE),
        ROLL,
    ),
    'healthcheck': ('mailer', put('mailer', healthcheck={'command': ['CMD', 'true']}), ROLL),
    'logging of one service': ('mailer', put('mailer', logging={'log_driver': 'syslog'}), ROLL),
    'another log group': (
        'mailer',
        put('mailer', logging={'options': {'awslogs-group': '/ecs/mail'}}),
        ['logs:CreateLogGroup', *ROLL],
    ),
    'deployment_configuration': (
        'mailer',
        put('mailer', deployment_configuration={'maximum_percent': 150, 'minimum_healthy_percent': 50}),
        [UPDATE],
    ),
    'deployment_circuit_breaker': (
        'mailer',
        put('mailer', deployment_circuit_breaker={'enable': True, 'rollback': True}),
        [UPDATE],
    ),
    'placement_constraints memberOf': (
        'mailer',
        put('mailer', placement_constraints=[{'type': 'memberOf', 'expression': 'attribute:a == b'}]),
        ROLL,
    ),
    'placement_constraints distinctInstance': (
        'mailer',
        put('mailer', placement_constraints=[{'type': 'distinctInstance'}]),
        [UPDATE],
    ),
    'scheduling_strategy': (
        'mailer',
        put('mailer', scheduling_strategy='DAEMON'),
        [UPDATE, *REMAKE_SERVICE],
    ),
    'scheduling_strategy of a daemon': ('agent', drop('agent', 'scheduling_strategy'), REMAKE_SERVICE),
    'launch_type': (
        'mailer',
        put(
            'mailer',
            launch_type='FARGATE',
            cpu=256,
            memory=512,
            task_execution_role_arn=ROLE,
            logging={'options': {'awslogs-stream-prefix': 'mailer'}},
        ),
        [REGISTER, UPDATE, *REMAKE_SERVICE],
    ),
    'type': (
        'mailer',
        put('mailer', type='task'),
        ['ecs:RunTask', 'ecs:TagResource', UPDATE, 'ecs:DeleteService', 'ecs:DescribeServices'],
    ),
    'type of a task': ('migrate', drop('migrate', 'type'), ['ecs:CreateService']),
    'autoscaled': ('mailer', put('mailer', autoscaled=True, desired_count=9), []),
    'dns_discovery': (
        'mailer',
        put('mailer', dns_discovery={'name': 'mail'}),
        [REGISTER, 'servicediscovery:CreateService', UPDATE],
    ),
    'dns_discovery.name': (
        'users',
        put('users', dns_discovery={'name': 'people'}),
        ['servicediscovery:CreateService', UPDATE, 'ecs:DescribeServices', 'servicediscovery:DeleteService'],
    ),
    'without dns_discovery': (
        'users',
        drop('users', 'dns_discovery'),
        [REGISTER, UPDATE, *REMAKE_SERVICE, 'servicediscovery:DeleteService'],
    ),
    'elb.ports.public': ('web', put_elb(ports={'public': 8443, 'container': 8080}), MOVED),
    'elb.ports.container': ('web', put_elb(ports={'public': 443, 'container': 9090}), [UPDATE]),
    'elb.certificates': (
        'web',
        put_elb(certificates=['arn:aws:acm:us-east-1:123456789012:certificate/two']),
        ['elbv2:ModifyListener'],
    ),
    'elb.protocol': ('web', put_elb(protocol='HTTP', certificates=[]), ['elbv2:ModifyListener']),
    'elb.healthcheck.path': ('web', put_elb_health(path='/alive'), ['elbv2:ModifyTargetGroup']),
    'elb.healthcheck.port': ('web', put_elb_health(port=9090), ['elbv2:ModifyTargetGroup']),
    'elb.healthcheck.protocol': ('web', put_elb_health(protocol='HTTPS'), ['elbv2:ModifyTargetGroup']),
    'elb.healthcheck.interval': ('web', put_elb_health(interval_seconds=60), ['elbv2:ModifyTargetGroup']),
    'elb.healthcheck.timeout': ('web', put_elb_health(timeout_seconds=9), ['elbv2:ModifyTargetGroup']),
    'elb.healthcheck.healthy': ('web', put_elb_health(healthy_threshold_count=3), ['elbv2:ModifyTargetGroup']),
    'elb.healthcheck.unhealthy': ('web', put_elb_health(unhealthy_threshold_count=3), ['elbv2:ModifyTargetGroup']),
    'elb.dns.record_name': (
        'web',
        put_elb(dns={'hosted_zone_id': 'Z1', 'record_name': 'new.example.com'}),
        [RECORD, RECORD, 'elbv2:AddTags'],
    ),
    'elb.dns.hosted_zone_id': (
        'web',
        put_elb(dns={'hosted_zone_id': 'Z2', 'record_name': 'staging.example.com'}),
        [RECORD, RECORD, 'elbv2:AddTags'],
    ),
    'without elb.dns': (
        'web',
        lambda document: service_in(document, 'web')['elb'].pop('dns'),
        [RECORD, 'elbv2:RemoveTags'],
    ),
    'elb.type': (
        'web',
        put_elb(type='private'),
        SUCCEED,
    ),
    'elb.name': ('web', put_elb(name='new'), SUCCEED),
    'without elb': (
        'web',
        drop('web', 'elb'),
        [
            UPDATE,
            'ecs:DescribeServices',
            RECORD,
            'elbv2:DeleteListener',
            'elbv2:DeleteLoadBalancer',
            'elbv2:DeleteTargetGroup',
        ],
    ),
    'vpc.security_groups': (
        'web',
        top('vpc', security_groups={'public': ['sg-z'], 'private': ['sg-b']}),
        ['elbv2:SetSecurityGroups'],
    ),
    'vpc.subnets': (
        'web',
        top('vpc', subnets={'public': ['subnet-a', 'subnet-z'], 'private': ['subnet-c', 'subnet-d']}),
        ['elbv2:SetSubnets'],
    ),
    'vpc.security_groups of tasks': (
        'users',
        top('vpc', security_groups={'public': ['sg-a'], 'private': ['sg-z']}),
        [UPDATE],
    ),
    'service_discovery': (
        'users',
        top('service_discovery', namespace='other.sd'),
        [
            'servicediscovery:CreatePrivateDnsNamespace',
            'servicediscovery:GetOperation',
            'servicediscovery:CreateService',
            UPDATE,
            'ecs:DescribeServices',
            'servicediscovery:DeleteService',
        ],
    ),
    'a service more': (
        'new',
        lambda document: document['services'].append({'new': {'image': 'registry/new:1'}}),
        [REGISTER, 'ecs:CreateService'],
    ),
    'a service less': ('mailer', lambda document: document['services'].pop(2), []),
}


@pytest.mark.parametrize('edit', EDITS)
def test_an_edit_takes_exactly_its_steps_and_then_none(edit: str):
    service, change, steps = EDITS[edit]
    document = edited(change)
    found = planned(document, settled(example()))
    assert kinds(found) == steps
    assert {row.service for row in found.rows if row.action != 'nothing'} <= {service}
    assert all(step.depends_on == () or step.depends_on[0] in {each.id for each in found.steps} for step in found.steps)
    assert planned(document, settled(document)).is_empty


def test_defaults_concern_every_service():
    found = planned(edited(top('defaults', memory=100)), settled(example()))
    assert kinds(found).count(REGISTER) == 5
    assert kinds(found).count(UPDATE) == 4
    assert found.rows[0].changes == (Change('memory', 930, 100),)


def test_everything_is_made_where_nothing_is():
    found = planned(example(), Observed(CLUSTER, container_instances=1))
    assert [(row.service, row.action) for row in found.rows] == [
        ('web', 'create'),
        ('users', 'create'),
        ('mailer', 'create'),
        ('agent', 'create'),
        ('migrate', 'run'),
    ]
    assert sorted(kinds(found)) == sorted(
        [
            'logs:CreateLogGroup',
            'servicediscovery:CreatePrivateDnsNamespace',
            'servicediscovery:GetOperation',
            'servicediscovery:CreateService',
            'elbv2:CreateLoadBalancer',
            'elbv2:CreateTargetGroup',
            'elbv2:CreateListener',
            RECORD,
            *[REGISTER] * 5,
            *['ecs:CreateService'] * 4,
            'ecs:RunTask',
            'ecs:TagResource',
        ]
    )


def test_a_settled_cluster_needs_nothing():
    found = planned(example(), settled(example()))
    assert found.is_empty
    assert found.notes == ()
    assert {row.action for row in found.rows} == {'nothing'}


def test_steps_come_after_what_they_need():
    found = planned(example(), Observed(CLUSTER))
    seen = set()
    for step in found.steps:
        assert seen.issuperset(step.depends_on)
        seen.add(step.id)
    assert len(seen) == len(found.steps)
    create = next(step for step in found.steps if step.id == 'web/service')
    assert {'/log-group//ecs/staging', 'web/task-definition', 'web/target-group', 'web/listener'} <= {
        *create.depends_on
    }
    assert create.arguments['taskDefinition'] == ResultOf('web/task-definition', 'taskDefinition.taskDefinitionArn')


def test_everything_made_is_tagged():
    made = planned(example(), Observed(CLUSTER)).steps
    tags = {step.id: names.read_tags(step.arguments.get('tags') or step.arguments.get('Tags')) for step in made
            if not isinstance(step.arguments.get('tags'), dict) and not step.until and step.kind != RECORD}  # fmt: skip
    for step, found in tags.items():
        if step != 'migrate/task/note':
            assert found['nysa:cluster'] == CLUSTER, step
            assert step.startswith('/') or found['nysa:service'] == step.split('/')[0]


@pytest.mark.parametrize(
    ('before', 'after'),
    [
        ({'environment': ['A=1', 'B=2']}, {'environment': [{'B': 2}, {'A': 1}]}),
        ({'ports': ['80:80', '81:81']}, {'ports': ['81:81', '80:80']}),
        ({}, {'desired_count': 1, 'privileged': False, 'command': []}),
        ({}, {'deployment_configuration': {'maximum_percent': 200, 'minimum_healthy_percent': 100}}),
        ({}, {'deployment_circuit_breaker': {'enable': False}}),
        (
            {'placement_constraints': [{'type': 'distinctInstance'}, {'type': 'memberOf', 'expression': 'a'}]},
            {'placement_constraints': [{'type': 'memberOf', 'expression': 'a'}, {'type': 'distinctInstance'}]},
        ),
    ],
)
def test_another_way_of_writing_the_same_needs_nothing(before: dict, after: dict):
    one = {'services': [{'mailer': {'image': 'registry/mailer:1', **before}}]}
    other = {'services': [{'mailer': {'image': 'registry/mailer:1', **after}}]}
    assert planned(other, settled(one)).is_empty


def test_defaults_that_ecs_reports_are_no_difference():
    observed = settled(example())
    mailer = replace(
        observed.services['mailer'],
        members={
            **observed.services['mailer'].members,
            'deploymentConfiguration': {
                'deploymentCircuitBreaker': {'enable': False, 'rollback': False},
                'maximumPercent': 200,
                'minimumHealthyPercent': 100,
                'strategy': 'ROLLING',
                'bakeTimeInMinutes': 0,
            },
        },
    )
    assert planned(example(), replace(observed, services={**observed.services, 'mailer': mailer})).is_empty


def test_a_count_that_an_autoscaler_owns_is_left_alone():
    document = edited(put('mailer', desired_count=5))
    assert planned(document, replace(settled(example()), autoscaled=frozenset({'mailer'}))).is_empty


class TestLeastHealthy:
    def observed(self, service: str, least: int) -> Observed:
        observed = settled(example())
        found = observed.services[service]
        configuration = {'maximumPercent': 200, 'minimumHealthyPercent': least}
        found = replace(found, members={**found.members, 'deploymentConfiguration': configuration})
        return replace(observed, services={**observed.services, service: found})

    def test_in_the_host_s_network_it_stays_where_the_stackfile_is_silent(self):
        assert planned(example(), self.observed('mailer', 50)).is_empty

    def test_what_the_stackfile_states_counts(self):
        stated = edited(put('mailer', deployment_configuration={'minimum_healthy_percent': 25}))
        [update] = planned(stated, self.observed('mailer', 50)).steps
        assert update.arguments['deploymentConfiguration']['minimumHealthyPercent'] == 25

    def test_other_services_have_the_default(self):
        [update] = planned(example(), self.observed('users', 50)).steps
        assert update.arguments['deploymentConfiguration']['minimumHealthyPercent'] == 100


class TestNotOurs:
    def test_a_service_that_the_document_leaves_out_goes_on_running(self):
        found = planned(edited(lambda document: document['services'].pop(0)), settled(example()))
        assert found.is_empty
        assert found.unmanaged == ('web',)

    def test_prune_destroys_only_services_of_nysa(self):
        observed = settled(example())
        stranger = replace(observed.services['mailer'], name='stranger', tags={'team': 'a'})
        observed = replace(observed, services={**observed.services, 'stranger': stranger})
        found = planned({'services': []}, observed, prune=True)
        assert {row.service for row in found.rows} == {'web', 'users', 'mailer', 'agent'}
        assert found.unmanaged == ('stranger',)

    def test_a_service_that_nysa_did_not_make_is_not_destroyed(self):
        observed = settled(example())
        stranger = replace(observed.services['mailer'], tags={})
        observed = replace(observed, services={'mailer': stranger}, load_balancers=(), target_groups=(), registries=())
        found = planned({'services': []}, observed, destroyed=['mailer'])
        assert found.is_empty
        assert [note.service for note in found.notes] == ['mailer']
        assert found.unmanaged == ('mailer',)

    def test_what_the_document_names_is_taken_over_and_the_plan_says_so(self):
        observed = settled(example())
        observed = replace(
            observed,
            services={name: replace(each, tags={}) for name, each in observed.services.items()},
            load_balancers=tuple(replace(each, tags={}) for each in observed.load_balancers),
            target_groups=tuple(replace(each, tags={}) for each in observed.target_groups),
            registries=tuple(replace(each, tags={}) for each in observed.registries),
        )
        found = planned(example(), observed)
        assert [step.text for step in found.steps if 'Take over' in step.text] == [
            'Take over the target group staging-web-lb',
            'Take over the load balancer staging-web-lb',
            'Take over the service web',
            'Take over the Cloud Map service user.staging',
            'Take over the service users',
            'Take over the service mailer',
            'Take over the service agent',
        ]
        assert {*kinds(found)} == {'elbv2:AddTags', 'ecs:TagResource', 'servicediscovery:TagResource'}

    def test_other_names_of_a_task_definition_and_its_container_are_no_reason_to_deploy(self):
        observed = settled(example())
        web = observed.services['web']
        there = observed.definitions[web.task_definition]
        container = {**there.body['containerDefinitions'][0], 'name': 'app'}
        foreign = replace(there, tags={}, body={**there.body, 'family': 'old', 'containerDefinitions': [container]})
        attached = ({**web.load_balancers[0], 'containerName': 'app'},)
        observed = replace(
            observed,
            services={**observed.services, 'web': replace(web, load_balancers=attached)},
            definitions={**observed.definitions, there.arn: foreign},
        )
        assert planned(example(), observed).is_empty
        found = planned(edited(put('web', image='registry/web:2')), observed)
        assert kinds(found) == ROLL
        assert found.steps[1].arguments['loadBalancers'][0]['containerName'] == 'web'

    @pytest.mark.parametrize('change', [put('mailer', scheduling_strategy='DAEMON'), put('mailer', type='task')])
    def test_what_was_not_made_by_nysa_is_not_replaced(self, change: Edit):
        observed = settled(example())
        services = {**observed.services, 'mailer': replace(observed.services['mailer'], tags={})}
        found = planned(edited(change), replace(observed, services=services))
        assert found.is_empty
        assert 'by hand first' in found.notes[0].text

    def test_a_load_balancer_of_another_service_is_left_alone(self):
        observed = settled(example())
        foreign = names.Owner('eu', 'prod-web').tags
        found = planned(
            example(),
            replace(observed, load_balancers=tuple(replace(each, tags=foreign) for each in observed.load_balancers)),
        )
        assert found.is_empty
        assert 'belongs to prod-web of cluster eu' in found.notes[0].text

    def test_target_groups_that_others_attached_stay_attached(self):
        observed = settled(example())
        web = observed.services['web']
        foreign = {'targetGroupArn': 'arn:tg/foreign', 'containerName': 'web', 'containerPort': 9090}
        observed = replace(
            observed,
            services={**observed.services, 'web': replace(web, load_balancers=(*web.load_balancers, foreign))},
        )
        assert planned(example(), observed).is_empty
        update = next(step for step in planned(edited(drop('web', 'elb')), observed).steps if step.kind == UPDATE)
        assert update.arguments['loadBalancers'] == [foreign]

    def test_a_target_group_that_is_named_is_attached_and_remembered(self):
        found = planned(edited(put('mailer', ports=['80:80'], elb={'target_group': GROUP.arn})), with_group())
        assert kinds(found) == [REGISTER, UPDATE, 'ecs:TagResource']
        assert found.steps[1].arguments['loadBalancers'] == [
            {'targetGroupArn': GROUP.arn, 'containerName': 'mailer', 'containerPort': 80}
        ]
        assert found.steps[2].arguments['tags'] == [{'key': names.ATTACHED_TAG, 'value': '0123456789abcdef'}]
        assert found.steps[2].depends_on == ('mailer/service',)

    def test_one_that_is_named_no_longer_goes_and_what_others_attached_stays(self):
        observed = with_group()
        foreign = {'targetGroupArn': 'arn:tg/foreign', 'containerName': 'mailer', 'containerPort': 80}
        mailer = replace(
            observed.services['mailer'],
            load_balancers=({**foreign, 'targetGroupArn': GROUP.arn}, foreign),
            tags={**names.Owner(CLUSTER, 'mailer').tags, names.ATTACHED_TAG: '0123456789abcdef'},
        )
        found = planned(example(), replace(observed, services={**observed.services, 'mailer': mailer}))
        assert kinds(found) == [UPDATE, 'ecs:TagResource']
        assert found.steps[0].arguments['loadBalancers'] == [foreign]
        assert found.steps[1].arguments['tags'] == [{'key': names.ATTACHED_TAG, 'value': ''}]

    @pytest.mark.parametrize(
        ('observed', 'why'),
        [
            ((), 'There is no target group'),
            ((replace(GROUP, target_type='ip'),), 'its tasks need one of type instance'),
            ((replace(GROUP, load_balancers=()),), 'No listener forwards to the target group others'),
        ],
    )
    def test_one_that_ecs_would_refuse_blocks_the_service(self, observed: tuple, why: str):
        document = edited(put('mailer', ports=['80:80'], elb={'target_group': GROUP.arn}))
        found = planned(document, replace(settled(example()), target_groups=observed))
        assert any(why in note.text and note.blocks for note in found.notes)

    def test_of_several_records_each_is_kept_and_one_that_is_left_out_goes(self):
        more = {'hosted_zone_id': 'Z2', 'record_name': 'www.example.com'}
        both = edited(lambda document: service_in(document, 'web')['elb'].update(dns=[DNS, more]))
        found = planned(both, settled(example()))
        assert kinds(found) == [RECORD, 'elbv2:AddTags']
        assert found.steps[1].arguments['Tags'] == [
            {'Key': names.RECORD_TAG, 'Value': 'Z1/staging.example.com Z2/www.example.com'}
        ]
        assert planned(both, settled(both)).is_empty
        found = planned(example(), settled(both))
        assert [step.id for step in found.steps] == ['web/record/delete/www.example.com', 'web/record/tag']

    def test_one_record_for_two_services_goes_to_the_first(self):
        document = example()
        service_in(document, 'users')['elb'] = copy.deepcopy(service_in(document, 'web')['elb'])
        found = planned(document, settled(example()))
        assert found.is_empty
        assert found.notes[0].service == 'users'


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (put('web', elb=None), 'elb'),
        (put_elb(ports={'public': 443, 'container': 1}), 'ports'),
        (put_elb(dns={'hosted_zone_id': 'Z1'}), 'record_name'),
        (put('web', image=''), 'image'),
        (put('web', image=5, desired_count=7), 'image'),
    ],
)
def test_a_service_with_a_mistake_is_left_as_it_is(change: Edit, message: str):
    document = edited(change)
    service_in(document, 'mailer')['image'] = 'registry/mailer:2'
    found = planned(document, settled(example()))
    assert {step.service for step in found.steps} == {'mailer'}
    assert found.rows[0] == Row('web', 'nothing')
    assert message in found.notes[0].text


def test_a_mistake_above_the_services_stops_all_of_them():
    document = edited(lambda document: document['vpc'].update(id=5))
    found = planned(document, settled(example()))
    assert found.is_empty
    assert len(found.notes) == 5


def test_a_key_that_nobody_knows_stops_nothing():
    document = edited(put('mailer', image='registry/mailer:2', colour='red'))
    assert kinds(planned(document, settled(example()))) == ROLL


class TestNamespaces:
    def observed(self, *vpcs: frozenset[str] | None) -> Observed:
        """The example before any service is registered, with namespaces of one name."""
        named = tuple(Namespace(f'ns-{n}', f'arn:ns-{n}', 'example.sd', each) for n, each in enumerate(vpcs, 1))
        return Observed(CLUSTER, namespaces=named)

    def registered_in(self, found: Plan) -> object:
        return next(each for each in found.steps if each.id == 'users/registry').arguments['NamespaceId']

    def test_the_one_that_is_resolved_in_the_vpc_is_used(self):
        observed = self.observed(frozenset({'vpc-2'}), frozenset({'vpc-1', 'vpc-3'}))
        assert self.registered_in(planned(example(), observed)) == 'ns-2'

    def test_a_namespace_of_another_vpc_is_not_used(self):
        found = planned(example(), self.observed(frozenset({'vpc-2'})))
        assert '/namespace' in [each.id for each in found.steps]

    def test_one_whose_vpcs_are_not_known_is_used(self):
        assert self.registered_in(planned(example(), self.observed(None))) == 'ns-1'

    def test_the_one_in_which_the_service_is_registered_stays(self):
        observed = settled(example())
        elsewhere = replace(observed.namespaces[0], vpcs=frozenset({'vpc-2'}))
        other = Namespace('ns-2', 'arn:ns-2', 'example.sd', frozenset({'vpc-1'}))
        assert planned(example(), replace(observed, namespaces=(other, elsewhere))).is_empty


def test_a_service_with_a_short_arn_is_updated_and_never_tagged():
    observed = settled(example())
    mailer = replace(observed.services['mailer'], tags={}, arn='arn:aws:ecs:us-east-1:1:service/mailer')
    observed = replace(observed, services={**observed.services, 'mailer': mailer})
    found = planned(example(), observed)
    assert found.is_empty
    assert [note.text for note in found.notes if 'ARN is of the old format' in note.text]
    assert kinds(planned(edited(put('mailer', image='registry/mailer:2')), observed)) == ROLL


def test_a_log_group_that_could_not_be_asked_for_holds_up_nothing():
    unknown = {(None, '/ecs/staging'): 'AWS did not answer.'}
    found = planned(example(), Observed(CLUSTER, unknown_log_groups=unknown))
    assert 'logs:CreateLogGroup' not in kinds(found)
    assert kinds(found).count('ecs:CreateService') == 4
    assert any('AWS did not answer.' in note.text for note in found.notes)


def test_registries_of_others_keep_their_port_under_the_new_name_of_the_container():
    observed = settled(example())
    mailer = observed.services['mailer']
    there = observed.definitions[mailer.task_definition]
    container = {**there.body['containerDefinitions'][0], 'name': 'app'}
    foreign = replace(there, tags={}, body={**there.body, 'containerDefinitions': [container]})
    registry = {'registryArn': 'arn:foreign', 'containerName': 'app', 'containerPort': 25}
    observed = replace(
        observed,
        services={**observed.services, 'mailer': replace(mailer, registries=(registry,))},
        definitions={**observed.definitions, there.arn: foreign},
    )
    assert planned(example(), observed).is_empty
    update = planned(edited(put('mailer', image='registry/mailer:2')), observed).steps[1]
    assert update.arguments['serviceRegistries'] == [{**registry, 'containerName': 'mailer'}]


class TestDestroy:
    def test_in_the_order_in_which_aws_lets_go(self):
        observed = settled(example())
        family = (*(replace(observed.newest['staging-web'], arn=f'arn:x/staging-web:{n}') for n in (6, 7)),)
        document = edited(lambda document: document['services'].pop(0))
        found = planned(document, replace(observed, families={'staging-web': family}), destroyed=['web'])
        assert kinds(found) == [
            'ecs:UpdateService',
            'ecs:DeleteService',
            'ecs:DescribeServices',
            RECORD,
            'elbv2:DeleteListener',
            'elbv2:DeleteLoadBalancer',
            'elbv2:DeleteTargetGroup',
            'ecs:DeregisterTaskDefinition',
            'ecs:DeregisterTaskDefinition',
        ]
        assert found.rows[-1] == Row('web', 'destroy')
        assert all(step.depends_on == (found.steps[i - 1].id,) or i > 3 for i, step in enumerate(found.steps) if i)

    def test_a_service_that_is_back_in_the_document_is_not_destroyed(self):
        assert planned(example(), settled(example()), destroyed=['web'], prune=True).is_empty

    def test_what_was_begun_goes_on_by_itself(self):
        observed = settled(example())
        gone = {name: each for name, each in observed.services.items() if name != 'web'}
        found = planned(edited(lambda document: document['services'].pop(0)), replace(observed, services=gone))
        assert kinds(found) == [RECORD, 'elbv2:DeleteListener', 'elbv2:DeleteLoadBalancer', 'elbv2:DeleteTargetGroup']

    def test_a_draining_service_is_waited_for(self):
        observed = settled(example())
        draining = replace(observed.services['mailer'], status='DRAINING')
        observed = replace(observed, services={**observed.services, 'mailer': draining})
        assert kinds(planned(example(), observed)) == ['ecs:DescribeServices', 'ecs:CreateService']
        without = edited(lambda document: document['services'].pop(2))
        assert kinds(planned(without, observed)) == ['ecs:DescribeServices']

    def test_parts_that_something_else_uses_stay_and_the_plan_says_so(self):
        observed = settled(example())
        mailer = replace(observed.services['mailer'], load_balancers=observed.services['web'].load_balancers)
        observed = replace(observed, services={**observed.services, 'mailer': mailer})
        document = edited(lambda document: document['services'].pop(0))
        found = planned(document, observed, destroyed=['web'])
        assert 'elbv2:DeleteTargetGroup' not in kinds(found)
        assert any('mailer still uses it' in note.text for note in found.notes)

    def test_task_definitions_of_others_in_the_family_stay(self):
        definition = TaskDefinition('arn:x/staging-web:1', 'staging-web', {}, {})
        observed = replace(settled(example()), families={'staging-web': (definition,)})
        found = planned(edited(lambda document: document['services'].pop(0)), observed, destroyed=['web'])
        assert 'ecs:DeregisterTaskDefinition' not in kinds(found)

    def test_records_of_others_stay(self):
        observed = settled(example())
        foreign = Record.read('Z1', {'Name': 'a.example.com.', 'Type': 'A', 'ResourceRecords': [{'Value': '10.0.0.1'}]})
        found = planned({'services': []}, replace(observed, records=(foreign,)), destroyed=['web'])
        assert RECORD not in kinds(found)


class TestOncePerRevision:
    def test_a_task_runs_again_for_a_new_revision(self):
        found = planned(example(), settled(example()), revision='r2')
        assert kinds(found) == ['ecs:RunTask', 'ecs:TagResource']
        assert found.rows[-1] == Row('migrate', 'run')

    def test_a_task_that_was_started_is_only_noted(self):
        started = planned(example(), settled(example()), revision='r2').steps[0].arguments['startedBy']
        observed = replace(settled(example()), ran=frozenset({('migrate', started)}))
        assert kinds(planned(example(), observed, revision='r2')) == ['ecs:TagResource']

    def test_many_tasks_take_several_calls(self):
        found = planned(edited(put('migrate', desired_count=25)), settled(example()), revision='r2')
        assert [step.arguments['count'] for step in found.steps if step.kind == 'ecs:RunTask'] == [10, 10, 5]


class TestRolledBack:
    def observed(self, **changes) -> Observed:
        """ECS runs version 7 again; version 8, which is wanted, is what it rolled back from."""
        observed = settled(example())
        wanted = settled(edited(put('mailer', image='registry/mailer:2'))).newest['staging-mailer']
        newest = replace(wanted, arn=wanted.arn.replace(':7', ':8'))
        return replace(observed, newest={**observed.newest, 'staging-mailer': newest}, **changes)

    document = edited(put('mailer', image='registry/mailer:2'))
    failed = 'arn:aws:ecs:us-east-1:1:task-definition/staging-mailer:8'

    def test_a_definition_that_was_registered_before_is_used(self):
        found = planned(self.document, self.observed())
        assert kinds(found) == [UPDATE]
        assert found.steps[0].arguments['taskDefinition'] == self.failed

    def test_what_ecs_gave_up_is_not_tried_again_by_itself(self):
        observed = self.observed(given_up=frozenset({self.failed}))
        found = planned(self.document, observed, retry=False)
        assert found.is_empty
        assert 'rolled back staging-mailer:8' in found.notes[0].text
        assert kinds(planned(self.document, observed, retry=True)) == [UPDATE]


def test_a_record_belongs_to_the_first_service_that_names_it():
    """The other is blocked: each pass would else point the record to the other's load balancer."""
    document = example()
    document['services'].append({'other': copy.deepcopy(service_in(document, 'web')) | {'ports': ['8081:8081']}})
    service_in(document, 'other')['elb']['ports']['container'] = 8081
    service_in(document, 'other')['elb']['dns']['record_name'] = 'Staging.example.com.'
    found = planned(document, Observed(CLUSTER, container_instances=2))
    rows = {row.service: row for row in found.rows}
    assert (rows['web'].action, rows['other'].action) == ('create', 'nothing')
    assert [step.service for step in found.steps if step.kind == RECORD] == ['web']
    assert [note.text for note in found.notes if note.service == 'other'] == [
        'Nothing is planned for it. Its record staging.example.com is already that of web.'
    ]
