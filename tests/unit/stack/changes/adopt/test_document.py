"""Whatever runs is in the document: what it renders is what runs, and its plan does no more than mark it."""

from dataclasses import replace
from typing import Any

import pytest

from stack.changes.adopt import document
from stack.changes.adopt.document import Written, write
from stack.reconcile import names
from stack.reconcile.observed import Observed, Service, TaskDefinition
from stack.reconcile.observed_balancers import TargetGroup
from stack.reconcile.observed_names import Record
from stack.reconcile.plan import Plan
from stack.reconcile.planner import plan
from stack.reconcile.wanted import Wanted, wanted_services
from stack.stackfile.check import check
from stack.stackfile.normal_form import normalised, normalised_service
from tests.unit.stack.reconcile.settled import CLUSTER, example, service_in, settled
from tests.unit.stack.reconcile.shifted import BLUE, GREEN, LISTENER, SHIFTED, running

# The listener for tests of the load balancer there.
TESTS = f'{LISTENER}0'
IMAGE = {'name': 'one', 'image': 'team/one:1', 'memory': 64}
REGION = 'us-east-1'
PORTS = [{'containerPort': 80, 'hostPort': 80, 'protocol': 'tcp'}]
REGISTRY = {'registryArn': 'a', 'containerName': 'one', 'containerPort': 80}


def one(
    container: dict[str, Any] | None = None,
    body: dict[str, Any] | None = None,
    members: dict[str, Any] | None = None,
    **service: Any,
) -> Observed:
    """A cluster with one service, as Nysa would have made it but for what is stated."""
    definition = {
        'family': f'{CLUSTER}-one',
        'networkMode': 'host',
        'containerDefinitions': [{**IMAGE, **(container or {})}],
        **(body or {}),
    }
    members = {'launchType': 'EC2', 'schedulingStrategy': 'REPLICA', **(members or {})}
    found = Service(
        **{
            'name': 'one',
            'arn': f'arn:aws:ecs:us-east-1:1:service/{CLUSTER}/one',
            'status': 'ACTIVE',
            'task_definition': 'arn:td',
            'desired_count': 1,
            'launch_type': members.get('launchType'),
            'scheduling_strategy': members['schedulingStrategy'],
            'load_balancers': tuple(members.get('loadBalancers', ())),
            'registries': tuple(members.get('serviceRegistries', ())),
            'controller': members.get('deploymentController', {}).get('type', 'ECS'),
            'members': members,
            **service,
        }
    )
    return Observed(
        CLUSTER,
        {'one': found},
        {'arn:td': TaskDefinition('arn:td', definition['family'], definition)},
        container_instances=1,
    )


def fargate(public: bool = False, container: dict[str, Any] | None = None, **body: Any) -> Observed:
    network = {
        'subnets': ['subnet-pub'] if public else ['subnet-priv'],
        'securityGroups': ['sg-1'],
        'assignPublicIp': 'ENABLED' if public else 'DISABLED',
    }
    size = {'cpu': '256', 'memory': '512', 'networkMode': 'awsvpc', 'requiresCompatibilities': ['FARGATE']}
    members = {'launchType': 'FARGATE', 'networkConfiguration': {'awsvpcConfiguration': network}}
    return one({'memory': None, **(container or {})}, {**size, **body}, members)


def written(observed: Observed, region: str | None = REGION) -> Written:
    """What is written; always without mistakes."""
    found = write(observed, region)
    assert check(found.document, cluster=CLUSTER).mistakes == ()
    return found


def notes(found: Written) -> str:
    return '\n'.join(f'{note.service}: {note.text}' for note in found.notes)


def first_plan(found: Written, observed: Observed) -> Plan:
    return plan(found.document, observed, revision='r1', region=REGION)


def lossless(observed: Observed) -> dict[str, Any]:
    """The settings of the service `one`, which render what runs and do no more than mark it."""
    found = written(observed)
    assert notes(found) == ''
    wanted = wanted_services(CLUSTER, found.document, REGION)['one']
    service = observed.services['one']
    assert nameless(wanted.definition) == nameless(observed.definitions['arn:td'].body)
    assert comparable(wanted, service) == normalised_service(service.members)
    first = first_plan(found, observed)
    assert [step.id for step in first.steps if not step.id.endswith('/take-over')] == []
    assert first.notes == ()
    return service_in(found.document, 'one')


def nameless(definition: Any) -> dict[str, Any]:
    return {**normalised(definition), 'family': ''}


def comparable(wanted: Wanted, service: Service) -> dict[str, Any]:
    """The members of the document, with those that a stackfile leaves as they are where it is silent."""
    kept = {name: service.members[name] for name in ('availabilityZoneRebalancing',) if name in service.members}
    return normalised_service({**kept, **wanted.members})


def with_containers(*containers: dict[str, Any], **body: Any) -> Observed:
    return one(body={'containerDefinitions': [{'image': 'x:1', 'memory': 8, **each} for each in containers], **body})


GROUP = {'targetGroupArn': 'arn:tg', 'containerName': 'one', 'containerPort': 80}
EFS = {
    'fileSystemId': 'fs-1',
    'transitEncryption': 'ENABLED',
    'authorizationConfig': {'accessPointId': 'a', 'iam': 'ENABLED'},
}
EBS = {'roleArn': 'arn:aws:iam::1:role/ebs', 'sizeInGiB': 20, 'volumeType': 'gp3'}
CONNECT = {'enabled': True, 'namespace': 'n', 'services': [{'portName': 'web', 'clientAliases': [{'port': 80}]}]}
HOOK = {'hookTargetArn': 'arn:aws:lambda:f', 'roleArn': 'arn:aws:iam::1:role/r', 'lifecycleStages': ['PRE_SCALE_UP']}
HOOK_FIELDS = {
    'type': 'lambda',
    'stages': ['pre_scale_up'],
    'arn': 'arn:aws:lambda:f',
    'role_arn': 'arn:aws:iam::1:role/r',
}


@pytest.mark.parametrize(
    ('observed', 'expected'),
    [
        (one(), {'memory': 64}),
        (one({'memory': 1024}), {}),
        (one({'name': 'main'}), {'container_name': 'main'}),
        (one(body={'family': 'old'}), {}),
        (one({'memory': None, 'memoryReservation': 100}), {'memory_reservation': 100}),
        (one({'memory': 1024, 'memoryReservation': 100}), {'memory': 1024, 'memory_reservation': 100}),
        (one({'memory': None}, {'memory': '512', 'cpu': '256'}), {'task': {'cpu': 256, 'memory': 512}}),
        (one({'user': '1000:1000', 'workingDirectory': '/app'}), {'user': '1000:1000', 'working_directory': '/app'}),
        (one({'readonlyRootFilesystem': True}), {'read_only_root': True}),
        (one({'ulimits': [{'name': 'core', 'softLimit': 0, 'hardLimit': 0}]}), {'ulimits': {'core': 0}}),
        (
            one({'ulimits': [{'name': 'nofile', 'softLimit': 1, 'hardLimit': 2}]}),
            {'ulimits': {'nofile': {'soft': 1, 'hard': 2}}},
        ),
        (one({'linuxParameters': {'initProcessEnabled': True}}), {'init': True}),
        (one({'linuxParameters': {'capabilities': {'add': ['NET_ADMIN']}}}), {'capabilities': {'add': ['NET_ADMIN']}}),
        (
            one({'linuxParameters': {'tmpfs': [{'containerPath': '/t', 'size': 8}]}}),
            {'tmpfs': [{'path': '/t', 'size': 8}]},
        ),
        (
            one({'linuxParameters': {'swappiness': 10, 'initProcessEnabled': True}}),
            {'ecs': {'container': {'linuxParameters': {'swappiness': 10, 'initProcessEnabled': True}}}},
        ),
        (one({'dockerLabels': {'a': 'b'}}), {'labels': {'a': 'b'}}),
        (
            one({'dockerLabels': {'a': 'b', 'nysa.restarted-at': '2030-01-01T00:00:00Z'}}),
            {'labels': {'a': 'b'}, 'restarted_at': '2030-01-01T00:00:00Z'},
        ),
        (one({'stopTimeout': 90, 'startTimeout': 60}), {'stop_timeout': 90, 'start_timeout': 60}),
        (one({'extraHosts': [{'hostname': 'db', 'ipAddress': '::1'}]}), {'extra_hosts': ['db:::1']}),
        (
            one({'dnsServers': ['1.1.1.1'], 'dnsSearchDomains': ['x']}),
            {'dns': {'servers': ['1.1.1.1'], 'search': ['x']}},
        ),
        (
            one({'systemControls': [{'namespace': 'net.core.somaxconn', 'value': '9'}]}),
            {'sysctls': {'net.core.somaxconn': '9'}},
        ),
        (
            one({'restartPolicy': {'enabled': True, 'ignoredExitCodes': [0]}}),
            {'restart_policy': {'ignored_exit_codes': [0]}},
        ),
        (one({'repositoryCredentials': {'credentialsParameter': 'secret'}}), {'registry_credentials': 'secret'}),
        (
            one({'environmentFiles': [{'type': 's3', 'value': 'arn:aws:s3:::b/a.env'}]}),
            {'env_files': ['arn:aws:s3:::b/a.env']},
        ),
        (one({'pseudoTerminal': True, 'interactive': True}), {'tty': True, 'interactive': True}),
        (one({'versionConsistency': 'disabled'}), {'version_consistency': 'disabled'}),
        (one({'resourceRequirements': [{'type': 'GPU', 'value': '2'}]}), {'gpus': 2}),
        (
            one({'resourceRequirements': [{'type': 'InferenceAccelerator', 'value': 'd'}]}),
            {'ecs': {'container': {'resourceRequirements': [{'type': 'InferenceAccelerator', 'value': 'd'}]}}},
        ),
        (
            one({'environment': [{'name': '9', 'value': 'x'}]}),
            {'ecs': {'container': {'environment': [{'name': '9', 'value': 'x'}]}}},
        ),
        (
            one({'healthCheck': {'command': ['CMD-SHELL', 'true'], 'interval': 10}}),
            {'healthcheck': {'command': 'true', 'interval': 10}},
        ),
        (
            one({'dockerSecurityOptions': ['no-new-privileges']}),
            {'ecs': {'container': {'dockerSecurityOptions': ['no-new-privileges']}}},
        ),
        (one(body={'networkMode': 'bridge'}), {'network_mode': 'bridge'}),
        (one(body={'networkMode': None}), {'network_mode': 'default'}),
        (
            one({'portMappings': [{'containerPort': 80, 'hostPort': 0}]}, {'networkMode': 'bridge'}),
            {'ports': [{'container': 80}]},
        ),
        (
            one({'portMappings': [{'containerPort': 80, 'hostPort': 8080}]}, {'networkMode': 'bridge'}),
            {'ports': ['8080:80']},
        ),
        (
            one({'portMappings': [{'containerPort': 80, 'name': 'web', 'appProtocol': 'http2'}]}),
            {'ports': [{'container': 80, 'name': 'web', 'app_protocol': 'http2'}]},
        ),
        (
            one({'portMappings': [{'containerPortRange': '80-90'}]}, {'networkMode': 'bridge'}),
            {'ports': [{'range': '80-90'}]},
        ),
        (one(body={'pidMode': 'host'}), {'ecs': {'task_definition': {'pidMode': 'host'}}}),
        (one(body={'requiresCompatibilities': ['EC2', 'EXTERNAL']}), {'compatibilities': ['EC2', 'EXTERNAL']}),
        (one(body={'runtimePlatform': {'cpuArchitecture': 'ARM64'}}), {'architecture': 'arm64'}),
        (
            one(
                {'mountPoints': [{'sourceVolume': 'd', 'containerPath': '/x', 'readOnly': True}]},
                {'volumes': [{'name': 'd', 'host': {'sourcePath': '/d'}}]},
            ),
            {'volumes': ['d:/d:/x:ro']},
        ),
        (
            one(
                {'mountPoints': [{'sourceVolume': 'e', 'containerPath': '/x'}]},
                {'volumes': [{'name': 'e', 'efsVolumeConfiguration': EFS}]},
            ),
            {
                'volumes': [
                    {
                        'name': 'e',
                        'efs': {'file_system': 'fs-1', 'encryption': True, 'access_point': 'a', 'iam': True},
                        'mount': '/x',
                    }
                ]
            },
        ),
        (one(body={'volumes': [{'name': 'tmp'}]}), {'volumes': [{'name': 'tmp'}]}),
        (
            one(
                body={'volumes': [{'name': 'd', 'configuredAtLaunch': True}]},
                members={'volumeConfigurations': [{'name': 'd', 'managedEBSVolume': EBS}]},
            ),
            {'volumes': [{'name': 'd', 'ebs': {'role': 'arn:aws:iam::1:role/ebs', 'size': 20, 'type': 'gp3'}}]},
        ),
        (one(members={'enableExecuteCommand': True}), {'exec': True, 'init': False}),
        (
            one({'portMappings': PORTS}, members={'healthCheckGracePeriodSeconds': 60, 'loadBalancers': [GROUP]}),
            {'grace_period': 60, 'ports': ['80:80'], 'ecs': {'service': {'loadBalancers': [GROUP]}}},
        ),
        (
            one(members={'propagateTags': 'SERVICE', 'enableECSManagedTags': True}),
            {'propagate_tags': 'service', 'ecs_managed_tags': True},
        ),
        (
            one(members={'placementStrategy': [{'type': 'spread', 'field': 'instanceId'}]}),
            {'placement_strategy': [{'type': 'spread', 'field': 'instanceId'}]},
        ),
        (
            one(members={'placementConstraints': [{'type': 'distinctInstance'}]}),
            {'placement_constraints': [{'type': 'distinctInstance'}]},
        ),
        (
            one(members={'placementConstraints': [{'type': 'memberOf', 'expression': 'a == b'}]}),
            {'ecs': {'service': {'placementConstraints': [{'type': 'memberOf', 'expression': 'a == b'}]}}},
        ),
        (one(members={'availabilityZoneRebalancing': 'DISABLED'}), {'az_rebalancing': False}),
        (
            one(members={'deploymentConfiguration': {'maximumPercent': 150}}),
            {'deployment': {'maximum_percent': 150}},
        ),
        (
            one(members={'deploymentConfiguration': {'strategy': 'BLUE_GREEN', 'lifecycleHooks': [HOOK]}}),
            {'deployment': {'strategy': 'blue_green', 'hooks': [HOOK_FIELDS]}},
        ),
        (
            one({'portMappings': [{**PORTS[0], 'name': 'web'}]}, members={'serviceConnectConfiguration': CONNECT}),
            {
                'ports': [{'container': 80, 'name': 'web'}],
                'service_connect': {'namespace': 'n', 'services': [{'port': 'web', 'aliases': [{'port': 80}]}]},
            },
        ),
        (
            one({'portMappings': PORTS}, members={'loadBalancers': [GROUP]}),
            {'ports': ['80:80'], 'ecs': {'service': {'loadBalancers': [GROUP]}}},
        ),
        (
            one({'portMappings': PORTS}, members={'serviceRegistries': [REGISTRY]}),
            {'ports': ['80:80'], 'ecs': {'service': {'serviceRegistries': [REGISTRY]}}},
        ),
        (
            one(
                members={
                    'launchType': None,
                    'capacityProviderStrategy': [{'capacityProvider': 'machines', 'weight': 1, 'base': 0}],
                }
            ),
            {'capacity_providers': [{'machines': {'weight': 1}}]},
        ),
        (one(members={'launchType': 'EXTERNAL'}), {'launch_type': 'EXTERNAL'}),
        (one(members={'deploymentController': {'type': 'CODE_DEPLOY'}}), {'controller': 'code_deploy'}),
        (
            one(
                members={
                    'schedulingStrategy': 'DAEMON',
                    'deploymentConfiguration': {'maximumPercent': 100, 'minimumHealthyPercent': 0},
                }
            ),
            {'scheduling_strategy': 'DAEMON'},
        ),
        (fargate(), {'launch_type': 'FARGATE', 'cpu': 256, 'memory': 512}),
        (
            fargate(container={'memory': 512, 'cpu': 256}),
            {'task': {'cpu': 256, 'memory': 512}, 'memory': 512, 'cpu': 256},
        ),
        (fargate(public=True), {'launch_type': 'FARGATE'}),
        (fargate(requiresCompatibilities=None), {'compatibilities': []}),
        (fargate(ephemeralStorage={'sizeInGiB': 30}), {'ephemeral_storage': 30}),
    ],
    ids=lambda value: ','.join(value) if isinstance(value, dict) else '',
)
def test_everything_that_runs_is_in_the_document(observed: Observed, expected: dict[str, Any]):
    settings = lossless(observed)
    assert {name: settings.get(name) for name in expected} == expected


def test_sidecars_have_every_field_of_a_container():
    observed = with_containers(
        {
            'name': 'one',
            'dependsOn': [{'containerName': 'agent', 'condition': 'HEALTHY'}],
            'logConfiguration': {'logDriver': 'awsfirelens', 'options': {'Name': 'x'}},
        },
        {'name': 'agent', 'essential': False, 'healthCheck': {'command': ['CMD', 'true', 'x']}, 'user': '0'},
        {
            'name': 'router',
            'firelensConfiguration': {'type': 'fluentbit', 'options': {'enable-ecs-log-metadata': 'true'}},
        },
        {'name': 'init', 'essential': False, 'credentialSpecs': ['x']},
    )
    settings = lossless(observed)
    assert settings['depends_on'] == {'agent': 'healthy'}
    by_name = {name: each for item in settings['containers'] for name, each in item.items()}
    assert by_name['agent']['essential'] is False
    assert by_name['router']['firelens'] == {'type': 'fluentbit', 'options': {'enable-ecs-log-metadata': 'true'}}
    assert by_name['init']['ecs'] == {'container': {'credentialSpecs': ['x']}}


def test_a_main_container_that_is_not_the_first_keeps_its_place():
    observed = with_containers({'name': 'proxy'}, {'name': 'one', 'image': 'team/one:2'})
    settings = lossless(observed)
    assert (settings['image'], settings['containers']) == (
        'team/one:2',
        [{'proxy': {'image': 'x:1', 'memory': 8}}, 'one'],
    )
    document = written(observed).document
    rendered = wanted_services(CLUSTER, document, REGION)['one'].definition
    assert [each['name'] for each in rendered['containerDefinitions']] == ['proxy', 'one']


@pytest.mark.parametrize(
    ('containers', 'image'),
    [
        ([{'name': 'a', 'image': 'a'}, {'name': 'one', 'image': 'b'}], 'b'),
        ([{'name': 'a', 'image': 'a', 'essential': False}, {'name': 'b', 'image': 'b'}], 'b'),
        ([{'name': 'a', 'image': 'a'}, {'name': 'b', 'image': 'b'}], 'a'),
        ([{'name': 'one', 'image': 'a', 'essential': False}, {'name': 'b', 'image': 'b'}], 'b'),
    ],
)
def test_the_main_container_is_the_one_of_the_service_or_the_first_essential_one(containers: list, image: str):
    assert lossless(with_containers(*containers))['image'] == image


def test_the_container_behind_the_load_balancer_is_the_main_one():
    observed = with_containers({'name': 'proxy'}, {'name': 'app', 'image': 'team/app:1', 'portMappings': PORTS})
    attached = {'targetGroupArn': 'arn:tg', 'containerName': 'app', 'containerPort': 80}
    service = observed.services['one']
    members = {**service.members, 'loadBalancers': [attached]}
    observed = replace(observed, services={'one': replace(service, members=members, load_balancers=(attached,))})
    assert lossless(observed)['image'] == 'team/app:1'


def test_tags_of_the_service_and_of_its_task_definition():
    observed = one(tags={'team': 'a', 'aws:cloudformation:stack-name': 's'})
    assert lossless(observed)['tags'] == {'team': 'a'}
    assert lossless(observed)['task_definition_tags'] == {}
    definition = replace(observed.definitions['arn:td'], tags={'team': 'a'})
    assert 'task_definition_tags' not in lossless(replace(observed, definitions={'arn:td': definition}))


def test_a_service_whose_task_definition_cannot_be_read_is_left_out():
    for observed in (one(task_definition='arn:gone'), one(body={'containerDefinitions': []})):
        found = written(observed)
        assert found.document['services'] == []
        assert 'It is not in the document and goes on running unchanged' in notes(found)


def test_an_image_that_nothing_could_pull_is_noted_with_its_service():
    found = written(one({'image': 'Not An Image'}))
    assert found.document['services'] == []
    assert 'image' in notes(found)


@pytest.mark.parametrize('status', ['DRAINING', 'INACTIVE'])
def test_a_service_that_is_going_is_not_there(status: str):
    assert written(one(status=status)) == Written({'services': []})


def test_fields_are_in_the_order_of_the_stackfile_without_defaults():
    settings = lossless(
        one({'memory': 1024, 'cpu': 5, 'command': ['x'], 'resourceRequirements': [{'type': 'GPU', 'value': '2'}]})
    )
    assert settings == {'image': 'team/one:1', 'gpus': 2, 'command': ['x'], 'cpu': 5} or list(settings) == list(
        dict.fromkeys(settings)
    )
    assert 'memory' not in settings


def test_a_count_that_belongs_to_an_autoscaler():
    observed = replace(one(desired_count=7), autoscaled=frozenset({'one'}))
    settings = lossless(observed)
    assert (settings['desired_count'], settings['autoscaled']) == (7, True)


def test_variables_that_are_there_twice_count_as_ecs_counts_them():
    variables = [{'name': 'A', 'value': '1'}, {'name': 'A', 'value': '2'}]
    found = written(one({'environment': variables}))
    settings = service_in(found.document, 'one')
    rendered = wanted_services(CLUSTER, found.document, REGION)['one'].definition['containerDefinitions'][0]
    assert rendered['environment'][-1] == {'name': 'A', 'value': '2'}
    assert 'A' in str(settings)


def test_a_variable_without_a_value_is_carried_over():
    found = written(one({'environment': [{'name': 'A'}, {'name': 'B', 'value': '1'}]}))
    rendered = wanted_services(CLUSTER, found.document, REGION)['one'].definition['containerDefinitions'][0]
    assert {each['name'] for each in rendered['environment']} == {'A', 'B'}


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


def strangers_web(**changes: Any) -> Observed:
    """The example whose load balancer and target group another program made."""
    observed = web(settled_example(), **{'tags': {}, **changes})
    return replace(observed, target_groups=(replace(observed.target_groups[0], tags={}),))


@pytest.mark.parametrize(
    'changes',
    [
        {'type': 'network'},
        {'listeners': ()},
        {'name': 'front-door'},
        {'vpc': 'vpc-2', 'subnets': frozenset({'subnet-z'}), 'scheme': 'internal'},
        {'tags': {'nysa:cluster': 'other', 'nysa:service': 'web'}},
    ],
    ids=str,
)
def test_a_load_balancer_that_elb_would_make_again_stays_attached_as_it_is(changes: dict):
    observed = strangers_web(**changes)
    found = written(observed)
    settings = service_in(found.document, 'web')
    assert 'elb' not in settings
    assert settings['ecs']['service']['loadBalancers'] == list(observed.services['web'].load_balancers)
    assert notes(found) == ''
    assert all(step.id.endswith('/take-over') for step in first_plan(found, observed).steps)


ARN = 'arn:aws:elasticloadbalancing:us-east-1:1:targetgroup'


def with_groups(*attachments: dict[str, Any], **group: Any) -> Observed:
    """One service behind target groups of others, each led to by a rule of a load balancer."""
    port = {'containerPort': 80, 'hostPort': 80, 'protocol': 'tcp'}
    side = {
        'name': 'side',
        'image': 'x:1',
        'memory': 8,
        'portMappings': [{**port, 'containerPort': 90, 'hostPort': 90}],
    }
    main = {**IMAGE, 'portMappings': [port]}
    observed = one(body={'containerDefinitions': [main, side]}, members={'loadBalancers': list(attachments)})
    groups = tuple(
        TargetGroup(
            **{
                'arn': attachment['targetGroupArn'],
                'name': 'g',
                'protocol': 'HTTP',
                'vpc': 'vpc-1',
                'target_type': 'instance',
                'load_balancers': ('arn:lb',),
                **group,
            }
        )
        for attachment in attachments
    )
    return replace(observed, target_groups=groups)


def attachment(name: str = 'a/1', container: str = 'one', port: int = 80, **more: Any) -> dict[str, Any]:
    return {'targetGroupArn': f'{ARN}/{name}', 'containerName': container, 'containerPort': port, **more}


def attached(observed: Observed) -> Any:
    """The value of `elb`; the first plan does no more than mark the service, and remembers its target groups."""
    found = written(observed)
    assert notes(found) == ''
    [mark] = first_plan(found, observed).steps
    assert mark.id == 'one/service/take-over'
    assert 'nysa:attached' in {tag['key'] for tag in mark.arguments['tags']}
    return service_in(found.document, 'one')['elb']


def test_a_target_group_of_others_is_named():
    assert attached(with_groups(attachment())) == {'target_group': f'{ARN}/a/1', 'ports': {'container': 80}}


def test_several_target_groups_are_a_list_each_with_its_container():
    assert attached(with_groups(attachment(), attachment('b/2', 'side', 90))) == [
        {'target_group': f'{ARN}/a/1', 'ports': {'container': 80}},
        {'target_group': f'{ARN}/b/2', 'container': 'side', 'ports': {'container': 90}},
    ]


@pytest.mark.parametrize(
    'observed',
    [
        with_groups(attachment(), attachment('b/2', advancedConfiguration={'roleArn': 'arn:aws:iam::1:role/r'})),
        with_groups(attachment(), target_type='ip'),
        with_groups(attachment(), load_balancers=()),
        replace(with_groups(attachment()), target_groups=()),
    ],
)
def test_attachments_that_elb_cannot_describe_stay_as_ecs_has_them(observed: Observed):
    settings = service_in(written(observed).document, 'one')
    assert 'elb' not in settings
    assert settings['ecs']['service']['loadBalancers'] == list(observed.services['one'].load_balancers)


def test_a_load_balancer_that_elb_describes_exactly_is_taken_over():
    assert 'elb' in service_in(written(strangers_web()).document, 'web')


def test_a_load_balancer_that_nysa_made_is_described_whatever_was_changed_since():
    observed = web(settled_example(), security_groups=frozenset({'sg-z'}))
    assert 'elb' in service_in(written(observed).document, 'web')


def test_settings_that_elb_has_no_field_for_keep_a_load_balancer_as_it_is():
    details = {'arn:lb/staging-web-lb': ('3 rules on port 443',)}
    found = write(strangers_web(), None, details)
    assert 'elb' not in service_in(found.document, 'web')
    assert notes(found) == ''
    found = write(settled_example(), None, details)
    assert 'staging-web-lb keeps 3 rules on port 443, for which elb has no field' in notes(found)


def test_further_listeners_and_records_of_a_load_balancer_of_nysa_are_noted():
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
    for expected in ('on port 80 is left', 'zzz.example.com is left', 'aaa.example.com is left'):
        assert expected in notes(found)


def test_registries_with_other_records_stay_as_they_are():
    observed = settled_example()
    [registry] = observed.registries
    found = written(replace(observed, registries=(replace(registry, records=(('SRV', 10),)),)))
    settings = service_in(found.document, 'users')
    assert 'dns_discovery' not in settings
    assert settings['ecs']['service']['serviceRegistries'] == list(observed.services['users'].registries)
    assert settings['network_mode'] == 'awsvpc'


def in_network(observed: Observed, name: str, network: dict[str, Any]) -> Observed:
    service = observed.services[name]
    members = {**service.members, 'networkConfiguration': {'awsvpcConfiguration': network}}
    return replace(observed, services={**observed.services, name: replace(service, members=members)})


def test_tasks_in_other_subnets_than_most_state_their_own():
    observed = settled_example()
    users = observed.services['users']
    for name in ('u1', 'u2'):
        observed = replace(observed, services={**observed.services, name: replace(users, name=name)})
    definitions = {arn: replace(each, tags={}) for arn, each in observed.definitions.items()}
    observed = replace(observed, definitions=definitions)
    observed = in_network(observed, 'users', {**users.network, 'subnets': ['subnet-x']})
    found = written(observed)
    assert found.document['vpc']['subnets']['private'] == ['subnet-c', 'subnet-d']
    assert service_in(found.document, 'users')['network'] == {'subnets': ['subnet-x']}
    assert 'network' not in service_in(found.document, 'u1')
    assert notes(found) == ''


def test_public_tasks_stay_public_beside_private_ones():
    public, private = fargate(public=True), fargate()
    two = replace(private.services['one'], name='two')
    observed = replace(public, services={**public.services, 'two': two})
    found = written(observed)
    wanted = wanted_services(CLUSTER, found.document, REGION)
    assert wanted['one'].network == public.services['one'].network
    assert wanted['two'].network == two.network
    assert service_in(found.document, 'one')['network'] == {'subnets': 'public', 'public_ip': True}
    assert notes(found) == ''


def test_a_service_that_cannot_be_converted_spoils_no_other(monkeypatch: pytest.MonkeyPatch):
    first, second = one(), one()
    odd = replace(second.services['one'], name='odd', task_definition='arn:odd')
    observed = replace(
        first,
        services={**first.services, 'odd': odd},
        definitions={**first.definitions, 'arn:odd': replace(first.definitions['arn:td'], arn='arn:odd')},
    )
    carry_over = document.carry_over

    def failing(found: Any, wanted: Wanted, service: Service) -> bool:
        if found.name == 'odd':
            raise ZeroDivisionError
        return carry_over(found, wanted, service)

    monkeypatch.setattr(document, 'carry_over', failing)
    found = written(observed)
    assert [list(item) for item in found.document['services']] == [['one']]
    assert [note.service for note in found.notes] == ['odd']
    assert 'cannot be converted (ZeroDivisionError)' in found.notes[0].text


class TestShiftedTraffic:
    """Services whose traffic ECS shifts between two target groups."""

    ROLE = 'arn:aws:iam::123456789012:role/traffic'

    def test_target_groups_of_others_are_named_with_their_rules(self):
        rule = 'arn:aws:elasticloadbalancing:us-east-1:1:listener-rule/app/edge/1/2/3'
        other = f'{ARN}/b/2'
        advanced = {'alternateTargetGroupArn': other, 'productionListenerRule': rule, 'roleArn': self.ROLE}
        members = {
            'deploymentConfiguration': {'strategy': 'BLUE_GREEN'},
            'networkConfiguration': {'awsvpcConfiguration': {'subnets': ['subnet-1']}},
        }
        seen = with_groups(attachment(advancedConfiguration=advanced), target_type='ip')
        [service] = seen.services.values()
        [definition] = seen.definitions.values()
        definition = replace(definition, body={**definition.body, 'networkMode': 'awsvpc'})
        service = replace(service, members={**service.members, **members})
        seen = replace(seen, services={'one': service}, definitions={definition.arn: definition})
        settings = service_in(written(seen).document, 'one')
        assert settings['deployment'] == {'strategy': 'blue_green', 'role_arn': self.ROLE}
        assert settings['elb'] == {
            'target_group': f'{ARN}/a/1',
            'alternate_target_group': other,
            'production_rule': rule,
            'ports': {'container': 80},
        }

    @pytest.mark.parametrize(
        'weights', [{BLUE: 1, GREEN: 0}, {BLUE: 0, GREEN: 100}, {BLUE: 95, GREEN: 5}], ids=['first', 'other', 'both']
    )
    def test_a_load_balancer_that_nysa_made_is_described(self, weights: dict[str, int]):
        observed = running(weights)
        found = written(observed)
        settings = service_in(found.document, 'web')
        assert settings['elb']['ports'] == {'public': 443, 'container': 8080}
        assert settings['deployment'] == {'strategy': 'blue_green', 'role_arn': self.ROLE}
        assert first_plan(found, observed).is_empty

    def test_its_listener_for_tests_is_described(self):
        observed = running({BLUE: 1, GREEN: 0})
        [balancer] = observed.load_balancers
        [production] = balancer.listeners
        tests = replace(production, arn=TESTS, port=8443)
        tags = {**balancer.tags, names.TEST_TAG: '8443'}
        balancer = replace(balancer, listeners=(tests, production), tags=tags)
        service = observed.services['web']
        advanced = {
            **SHIFTED['advancedConfiguration'],
            'testListenerRule': f'{TESTS.replace(":listener/", ":listener-rule/")}/1',
        }
        attached = ({**SHIFTED, 'advancedConfiguration': advanced},)
        members = {**service.members, 'loadBalancers': list(attached)}
        service = replace(service, members=members, load_balancers=attached)
        observed = replace(observed, load_balancers=(balancer,), services={'web': service})
        found = written(observed)
        settings = service_in(found.document, 'web')
        assert settings['elb']['ports'] == {'public': 443, 'test': 8443, 'container': 8080}
        assert first_plan(found, observed).is_empty
