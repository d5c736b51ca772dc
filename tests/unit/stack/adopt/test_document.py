"""Odd clusters: whatever runs, the document is one that can be stored, and says what it cannot say."""

from dataclasses import replace
from typing import Any

import pytest

from stack.adopt.document import Written, write
from stack.reconcile.observed import Observed, Record, Service, TaskDefinition
from stack.reconcile.planner import plan
from stack.stackfile.check import check
from tests.unit.stack.reconcile.settled import CLUSTER, example, service_in, settled

IMAGE = {'name': 'one', 'image': 'team/one:1', 'memory': 64}


def one(container: dict[str, Any] | None = None, body: dict[str, Any] | None = None, **service: Any) -> Observed:
    """A cluster with one service, as Nysa would have made it but for what is told."""
    definition = {
        'family': f'{CLUSTER}-one',
        'networkMode': 'host',
        'containerDefinitions': [{**IMAGE, **(container or {})}],
        **(body or {}),
    }
    found = Service(
        **{
            'name': 'one',
            'arn': 'arn:one',
            'status': 'ACTIVE',
            'task_definition': 'arn:td',
            'desired_count': 1,
            'launch_type': 'EC2',
            **service,
        }
    )
    return Observed(CLUSTER, {'one': found}, {'arn:td': TaskDefinition('arn:td', definition['family'], definition)})


def written(observed: Observed, region: str | None = 'us-east-1') -> Written:
    """What is written down; always without mistakes."""
    found = write(observed, region)
    assert check(found.document, cluster=CLUSTER).mistakes == ()
    return found


def said(found: Written) -> str:
    return '\n'.join(f'{note.service}: {note.text}' for note in found.notes)


@pytest.mark.parametrize(
    ('observed', 'why'),
    [
        (one(launch_type='EXTERNAL'), 'outside of AWS'),
        (one(controller='CODE_DEPLOY'), 'CODE_DEPLOY'),
        (one(task_definition='arn:gone'), 'cannot be read'),
        (one(body={'containerDefinitions': []}), 'cannot be read'),
        (one({'image': 'Not An Image'}), 'image'),
        (one({'image': ''}), 'image'),
        (one({'memory': 1}), 'memory'),
        (one(network={'subnets': ['subnet-a']}), 'network mode awsvpc'),
        (one(bound=('serviceConnectConfiguration',)), 'names ports or volumes'),
        (
            one(
                body={'containerDefinitions': [IMAGE, {**IMAGE, 'name': 'proxy'}]},
                load_balancers=(
                    {'targetGroupArn': 'arn:1', 'containerName': 'one', 'containerPort': 80},
                    {'targetGroupArn': 'arn:2', 'containerName': 'proxy', 'containerPort': 81},
                ),
            ),
            'leads to the container proxy beside one',
        ),
        (
            one(
                body={'containerDefinitions': [IMAGE, {**IMAGE, 'name': 'proxy'}]},
                load_balancers=({'targetGroupArn': 'arn:1', 'containerName': 'one', 'containerPort': 80},),
                registries=({'registryArn': 'arn:r', 'containerName': 'proxy', 'containerPort': 81},),
            ),
            'leads to the container proxy beside one',
        ),
        (one({'logConfiguration': 'odd'}), 'not known here (AttributeError)'),
        (one(body={'cpu': '300', 'memory': '512'}, launch_type='FARGATE'), 'FARGATE'),
    ],
    ids=str,
)
def test_a_service_that_cannot_be_described_is_left_out_and_said_so(observed: Observed, why: str):
    found = written(observed)
    assert found.document['services'] == []
    assert 'It is left out, and goes on running as it is' in said(found)
    assert why in said(found)


@pytest.mark.parametrize('status', ['DRAINING', 'INACTIVE'])
def test_a_service_that_is_going_is_not_there(status: str):
    assert written(one(status=status)) == Written({'services': []})


@pytest.mark.parametrize(
    ('container', 'field'),
    [
        ({'environment': [{'name': '9', 'value': 'x'}]}, 'environment'),
        ({'logConfiguration': {'logDriver': 'none'}}, 'logging'),
        ({'logConfiguration': {'logDriver': 'awslogs', 'options': {}}}, 'logging'),
        ({'healthCheck': {'command': ['NONE']}}, 'healthcheck'),
        ({'healthCheck': {'command': []}}, 'healthcheck'),
        ({'command': ['a\x00b']}, 'command'),
    ],
)
def test_what_a_stackfile_does_not_take_is_left_out_with_the_reason(container: dict, field: str):
    found = written(one(container))
    assert field not in service_in(found.document, 'one')
    assert f'one: {field} is left out' in said(found)


def test_only_the_item_that_is_wrong_goes_and_its_value_is_not_told():
    variables = [{'name': '9', 'value': 'hidden'}, {'name': 'A', 'value': '1'}]
    found = written(one({'environment': variables}))
    assert service_in(found.document, 'one')['environment'] == [{'A': '1'}]
    [left_out] = [note.text for note in found.notes if 'left out in part' in note.text]
    assert 'environment is left out in part, 9' in left_out
    assert 'hidden' not in left_out


@pytest.mark.parametrize(
    ('observed', 'expected'),
    [
        (one({'ulimits': [{'name': 'core', 'softLimit': 0, 'hardLimit': 0}]}), 'ulimits is set'),
        (
            one({'name': 'main', 'user': 'root'}),
            'Its container is called main: the first deployment would call it one.',
        ),
        (one({'user': 'root'}, {'family': 'old'}), 'Its task definitions are called old'),
        (one(body={'networkMode': 'bridge'}), 'network mode bridge: the first deployment would run them in host'),
        (one(body={'pidMode': 'host'}), 'pidMode is set (host)'),
        (one({'memory': None, 'memoryReservation': 100}), 'memoryReservation is set (100)'),
        (one({'portMappings': [{'containerPort': 80, 'hostPort': 0}]}, {'networkMode': 'bridge'}), 'ports is'),
        (one(body={'volumes': [{'name': 'e', 'efsVolumeConfiguration': {'fileSystemId': 'fs-1'}}]}), 'volumes is'),
        (one(unmanaged=('placementStrategy',)), 'placementStrategy is set, for which a stackfile has no field'),
        (one(load_balancers=({'loadBalancerName': 'old-elb'},)), 'old-elb, of the classic type'),
        (one(load_balancers=({'targetGroupArn': 'arn:tg'},)), 'the target group arn:tg as it is'),
        (one(registries=({'registryArn': 'arn:reg'},)), 'It stays registered as arn:reg'),
    ],
)
def test_what_the_first_deployment_would_change_is_said(observed: Observed, expected: str):
    assert expected in said(written(observed))


@pytest.mark.parametrize('observed', [one({'name': 'main'}), one(body={'family': 'old'})])
def test_names_alone_are_no_reason_to_deploy(observed: Observed):
    assert written(observed).notes == ()


def test_the_container_behind_the_load_balancer_is_the_one_that_is_described():
    containers = [{**IMAGE, 'name': 'proxy'}, {**IMAGE, 'name': 'app', 'image': 'team/app:1'}]
    attached = ({'targetGroupArn': 'arn:tg', 'containerName': 'app', 'containerPort': 80},)
    found = written(one(body={'containerDefinitions': containers}, load_balancers=attached))
    assert service_in(found.document, 'one')['image'] == 'team/app:1'
    assert 'Beside app it runs proxy' in said(found)


@pytest.mark.parametrize(
    ('containers', 'image'),
    [
        ([{**IMAGE, 'name': 'a', 'image': 'a'}, {**IMAGE, 'image': 'b'}], 'b'),
        ([{**IMAGE, 'name': 'a', 'image': 'a', 'essential': False}, {**IMAGE, 'name': 'b', 'image': 'b'}], 'b'),
        ([{**IMAGE, 'name': 'a', 'image': 'a'}, {**IMAGE, 'name': 'b', 'image': 'b'}], 'a'),
    ],
)
def test_else_the_one_of_the_services_name_or_the_first_essential_one(containers: list, image: str):
    found = written(one(body={'containerDefinitions': containers}))
    assert service_in(found.document, 'one')['image'] == image


def test_fields_stand_in_the_order_of_the_stackfile_and_defaults_are_left_out():
    observed = one(
        {'memory': 1024, 'cpu': 5, 'command': ['x'], 'resourceRequirements': [{'type': 'GPU', 'value': '2'}]}
    )
    settings = service_in(written(observed).document, 'one')
    assert list(settings.items()) == [('image', 'team/one:1'), ('cpu', 5), ('gpus', 2), ('command', ['x'])]


def test_a_count_that_belongs_to_an_autoscaler():
    observed = replace(one(desired_count=7), autoscaled=frozenset({'one'}))
    settings = service_in(written(observed).document, 'one')
    assert (settings['desired_count'], settings['autoscaled']) == (7, True)


def test_variables_that_stand_twice_count_as_ecs_counts_them():
    variables = [{'name': 'A', 'value': '1'}, {'name': 'A', 'value': '2'}]
    assert service_in(written(one({'environment': variables})).document, 'one')['environment'] == [{'A': '2'}]


# Logging


def two(*logging: dict[str, Any] | None) -> dict[str, Any]:
    """The document of a cluster whose services log so."""
    observed = Observed(CLUSTER)
    for number, each in enumerate(logging):
        name, arn = f's{number}', f'arn:{number}'
        made = one({'name': name, 'logConfiguration': each}, {'family': f'{CLUSTER}-{name}'})
        definition = replace(made.definitions['arn:td'], arn=arn)
        service = replace(made.services['one'], name=name, task_definition=arn)
        observed = replace(
            observed,
            services={**observed.services, name: service},
            definitions={**observed.definitions, arn: definition},
        )
    found = written(observed)
    assert found.notes == ()
    return found.document


def awslogs(**options: str) -> dict[str, Any]:
    return {'logDriver': 'awslogs', 'options': {'awslogs-group': 'g', 'awslogs-region': 'us-east-1', **options}}


def test_logging_that_services_share_stands_at_the_top():
    document = two(awslogs(), awslogs(mode='non-blocking'))
    assert document['logging'] == {'log_driver': 'awslogs', 'options': {'awslogs-group': 'g'}}
    assert 'logging' not in service_in(document, 's0')
    assert service_in(document, 's1')['logging'] == {'options': {'mode': 'non-blocking'}}


def test_a_driver_that_others_do_not_share_stays_with_its_service():
    document = two(awslogs(), awslogs(), {'logDriver': 'json-file'})
    assert service_in(document, 's2')['logging'] == {'log_driver': 'json-file'}


@pytest.mark.parametrize('logging', [(awslogs(), None), (awslogs(), awslogs(), None), (awslogs(),)])
def test_nothing_stands_at_the_top_that_some_service_would_have_to_decline(logging: tuple):
    assert 'logging' not in two(*logging)


# Load balancers, discovery and the VPC: the example of the planner's tests, changed


def settled_example() -> Observed:
    document = example()
    document['services'].pop()
    return settled(document)


def test_the_example_comes_back_without_a_note():
    assert written(settled_example(), region=None).notes == ()


def web(observed: Observed, **changes: Any) -> Observed:
    """The example with its load balancer changed."""
    return replace(observed, load_balancers=(replace(observed.load_balancers[0], **changes),))


@pytest.mark.parametrize(
    ('changes', 'expected'),
    [
        ({'type': 'network'}, 'is a network load balancer'),
        ({'listeners': ()}, 'no listener leads to it by default, only rules do'),
    ],
)
def test_a_way_in_that_a_stackfile_cannot_describe_stays(changes: dict, expected: str):
    found = written(web(settled_example(), **changes))
    assert 'elb' not in service_in(found.document, 'web')
    assert expected in said(found)


@pytest.mark.parametrize(
    'changes',
    [
        {'name': 'front-door', 'tags': {}},
        {'vpc': 'vpc-2', 'subnets': frozenset({'subnet-z'}), 'tags': {}, 'scheme': 'internal'},
        {'tags': {'nysa:cluster': 'other', 'nysa:service': 'web'}},
    ],
)
def test_a_load_balancer_that_elb_would_make_again_is_kept_with_its_record(changes: dict):
    observed = web(settled_example(), **changes)
    observed = replace(observed, target_groups=(replace(observed.target_groups[0], tags={}),))
    found = written(observed)
    assert 'elb' not in service_in(found.document, 'web')
    assert 'both stay as they are with their records' in said(found)
    first = plan(found.document, observed, revision='r1')
    assert {step.kind for step in first.steps} <= {'ecs:TagResource', 'elbv2:AddTags', 'servicediscovery:TagResource'}


def test_a_load_balancer_that_nysa_made_is_described_whatever_was_changed_since():
    observed = web(settled_example(), security_groups=frozenset({'sg-z'}))
    assert 'elb' in service_in(written(observed).document, 'web')


def test_settings_that_elb_has_no_field_for_are_noted():
    details = {'arn:lb/staging-web-lb': ('3 rules on port 443',), 'arn:tg/staging-web-lb': ('stickiness.enabled true',)}
    found = write(settled_example(), None, details)
    assert 'elb' in service_in(found.document, 'web')
    assert 'staging-web-lb keeps 3 rules on port 443, for which elb has no field' in said(found)
    assert 'stickiness.enabled true' in said(found)


def test_further_listeners_and_records_are_said_to_stay():
    observed = settled_example()
    balancer = observed.load_balancers[0]
    listener = replace(balancer.listeners[0], arn='arn:other', port=80, protocol='HTTP', target_group=None)
    alias = {'DNSName': balancer.dns_name}
    more = [
        Record.read('Z1', {'Name': 'zzz.example.com', 'Type': 'A', 'AliasTarget': alias}),
        Record.read('Z1', {'Name': 'aaa.example.com', 'Type': 'A', 'AliasTarget': alias, 'SetIdentifier': 'x'}),
    ]
    observed = replace(web(observed, listeners=(*balancer.listeners, listener)), records=(*observed.records, *more))
    found = written(observed)
    assert service_in(found.document, 'web')['elb']['dns']['record_name'] == 'staging.example.com'
    for expected in ('on port 80 stays', 'zzz.example.com stays', 'aaa.example.com stays'):
        assert expected in said(found)


def test_srv_records_are_not_what_dns_discovery_means():
    observed = settled_example()
    [registry] = observed.registries
    users = replace(observed.services['users'], network=None)
    observed = replace(observed, services={**observed.services, 'users': users})
    found = written(replace(observed, registries=(replace(registry, records=(('SRV', 10),)),)))
    assert 'dns_discovery' not in service_in(found.document, 'users')
    assert 'with SRV records' in said(found)


def test_tasks_in_other_subnets_than_most_are_said_to_move():
    observed = settled_example()
    users = observed.services['users']
    for name in ('u1', 'u2'):
        observed = replace(observed, services={**observed.services, name: replace(users, name=name)})
    moved = replace(users, network={**users.network, 'subnets': ['subnet-x']})
    found = written(replace(observed, services={**observed.services, 'users': moved}))
    assert found.document['vpc']['subnets']['private'] == ['subnet-c', 'subnet-d']
    assert 'users: The subnets of its tasks would become subnet-c, subnet-d (now subnet-x)' in said(found)


def fargate(name: str, public: bool, **changes: Any) -> Observed:
    """A cluster with one service on Fargate."""
    place = {'subnets': ['subnet-pub'] if public else ['subnet-priv'], 'securityGroups': ['sg-1']}
    network = {**place, 'assignPublicIp': 'ENABLED' if public else 'DISABLED'}
    body = {'cpu': '256', 'memory': '512', 'networkMode': 'awsvpc', 'requiresCompatibilities': ['FARGATE']}
    observed = one(body=body, launch_type='FARGATE', network=network, **changes)
    return replace(observed, services={name: replace(observed.services['one'], name=name)})


def both(*clusters: Observed) -> Observed:
    services = {name: each for cluster in clusters for name, each in cluster.services.items()}
    return replace(clusters[0], services=services)


def test_public_tasks_on_fargate_are_adopted_where_all_are():
    found = written(fargate('one', public=True))
    assert service_in(found.document, 'one')['launch_type'] == 'FARGATE'
    assert found.document['vpc']['subnets'] == {'public': ['subnet-pub']}


def test_public_tasks_are_left_out_beside_private_ones_and_not_moved():
    found = written(both(fargate('one', public=True), fargate('two', public=False)))
    assert [name for each in found.document['services'] for name in each] == ['two']
    assert 'one: It is left out, and goes on running as it is: its tasks have public addresses' in said(found)


@pytest.mark.parametrize(('providers', 'expected'), [(('FARGATE_SPOT', 'FARGATE'), 'FARGATE'), (('machines',), 'EC2')])
def test_capacity_providers_decide_the_launch_type_of_a_definition_that_has_both(providers: tuple, expected: str):
    on_fargate = expected == 'FARGATE'
    observed = fargate('one', public=False) if on_fargate else one()
    definition = observed.definitions['arn:td']
    both_types = {**definition.body, 'requiresCompatibilities': ['EC2', 'FARGATE']}
    service = replace(observed.services['one'], launch_type=None, providers=providers)
    observed = replace(
        observed, services={'one': service}, definitions={'arn:td': replace(definition, body=both_types)}
    )
    settings = service_in(written(observed).document, 'one')
    assert settings.get('launch_type', 'EC2') == expected


def test_a_variable_without_a_value_is_empty():
    found = written(one({'environment': [{'name': 'A'}, {'name': 'B', 'value': '1'}]}))
    assert service_in(found.document, 'one')['environment'] == [{'A': ''}, {'B': '1'}]
    assert found.notes == ()
