"""Rehearsals of whole desired states with recorded answers of AWS."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from stack.errors import AwsFailed
from stack.reconcile.wanted import faults
from stack.rehearsal.facts import Image, Instance, Secret, Subnet
from stack.rehearsal.finding import CHECKS, Rehearsed
from stack.rehearsal.rehearsal import Rehearsal
from stack.rollouts.ecs_state import task
from stack.rollouts.refusals import KIND as REFUSED
from stack.rollouts.stop_reasons import classify, of_text
from tests.asynchronous import asynchronous
from tests.unit.stack.rehearsal.good_plans import (
    CERTIFICATE,
    EXECUTION,
    PREVIOUS,
    SECRET,
    TASK,
    VPC,
    good_document,
    good_facts,
)
from tests.unit.stack.rehearsal.known_facts import REGION, REGISTRY, KnownFacts, arn_of_role, trust

FARGATE = {'launch_type': 'FARGATE', 'cpu': 256, 'memory': 512, 'task_execution_role_arn': EXECUTION}
EC2 = {'launch_type': 'EC2', 'memory': 512, 'task_execution_role_arn': EXECUTION}
ELB = {
    'type': 'public',
    'protocol': 'HTTPS',
    'certificates': [CERTIFICATE],
    'ports': {'public': 443, 'container': 8080},
}


def rehearse(document: dict[str, Any], facts: KnownFacts, names: list[str] | None = None) -> Rehearsed:
    every = [name for item in document['services'] for name in item]
    return asyncio.run(Rehearsal(facts, REGION).rehearse('prod', document, every if names is None else names))


def one(**settings: Any) -> dict[str, Any]:
    return {'vpc': VPC, 'services': [{'app': {'image': f'{REGISTRY}/app:1', **settings}}]}


@pytest.mark.parametrize('first', range(0, 200, 20))
def test_a_good_plan_has_no_finding(first: int):
    for seed in range(first, first + 20):
        document = good_document(seed)
        assert faults('prod', document) == {}, seed
        rehearsed = rehearse(document, good_facts())
        assert rehearsed.findings == (), seed
        assert rehearsed.services == tuple(name for item in document['services'] for name in item)


def stopped(reason: str) -> str:
    """The class of a task that stopped for that reason before it ran."""
    found = {'taskArn': 'arn:task/prod/1', 'stoppedReason': reason, 'stopCode': 'TaskFailedToStart', 'containers': []}
    return classify(task(found)).kind


def exited(code: int) -> str:
    containers = [{'name': 'app', 'exitCode': code}]
    found = {'taskArn': 'arn:task/prod/1', 'stopCode': 'EssentialContainerExited', 'containers': containers}
    return classify(task({**found, 'stoppedReason': 'Essential container in task exited'})).kind


def event(text: str) -> str:
    found = of_text(f'(service app) {text}')
    assert found is not None
    return found.kind


PULL = 'CannotPullContainerError: '
NOT_PULLED = stopped(f'{PULL}pull image manifest has been retried 1 time(s): failed to resolve ref a/b:1: not found')
WRONG_PLATFORM = stopped(f"{PULL}image manifest does not contain descriptor matching platform 'linux/arm64'")
NO_SECRET = stopped(
    'ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: '
    'unable to retrieve secret from asm: service call has been retried 1 time(s)'
)
NO_ROLE = event(
    f"failed to launch a task with (error ECS was unable to assume the role '{TASK}' that was provided for this task. "
    'Please verify that the role being passed has the proper trust relationship and permissions and that your IAM user '
    'has permissions to pass this role.).'
)
NO_LOG = stopped(
    'ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to '
    'create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist.'
)
NO_ROOM = event(
    'was unable to place a task because no container instance met all of its requirements. The closest matching '
    '(container-instance 1) has insufficient memory available.'
)
NO_ADDRESS = stopped(
    'Unexpected EC2 error while attempting to Create Network Interface with public IP assignment disabled in subnet '
    "'subnet-1': InsufficientFreeAddressesInSubnet"
)
LOGS = {'log_driver': 'awslogs', 'options': {'awslogs-group': '/missing', 'awslogs-stream-prefix': 'side'}}
CREATES = {**LOGS, 'options': {**LOGS['options'], 'awslogs-create-group': 'true'}}
OTHER_REGION = CERTIFICATE.replace(REGION, 'us-east-1')

Spoil = Callable[[KnownFacts], object]

# What is wrong → the settings of the service, how AWS differs from a good one, path, check, and the class of a failure.
CAUSES: dict[str, tuple[dict[str, Any], Spoil, str, str, str]] = {
    'repository': ({'image': f'{REGISTRY}/nope:1', **FARGATE}, lambda _: None, 'image', 'image', NOT_PULLED),
    'tag': ({'image': f'{REGISTRY}/app:9', **FARGATE}, lambda _: None, 'image', 'image', NOT_PULLED),
    'digest': (
        {'image': f'{REGISTRY}/app@sha256:{"0" * 64}', **FARGATE},
        lambda _: None,
        'image',
        'image',
        NOT_PULLED,
    ),
    'sidecar': (
        {'containers': [{'side': {'image': f'{REGISTRY}/side:9'}}], **FARGATE},
        lambda _: None,
        'containers.side.image',
        'image',
        NOT_PULLED,
    ),
    'platform of an image': (
        {'image': f'{REGISTRY}/app:x86', 'architecture': 'arm64', **FARGATE},
        lambda _: None,
        'image',
        'image',
        WRONG_PLATFORM,
    ),
    'platform of an index': (
        {'architecture': 'arm64', **EC2},
        lambda aws: aws.images.update({f'{REGISTRY}/app:1': Image(frozenset({'amd64'}), is_index=True)}),
        'image',
        'image',
        WRONG_PLATFORM,
    ),
    'platform of the instances': (
        {'image': f'{REGISTRY}/app:x86', **EC2},
        lambda aws: aws.machines.pop(0),
        'image',
        'image',
        exited(1),
    ),
    'secret': ({'secrets': {'A': f'{SECRET}-no'}, **FARGATE}, lambda _: None, 'secrets.A', 'secrets', NO_SECRET),
    'deleted secret': (
        {'secrets': {'A': SECRET}, **FARGATE},
        lambda aws: aws.secrets.update({SECRET: Secret(is_deleted=True)}),
        'secrets.A',
        'secrets',
        NO_SECRET,
    ),
    'stage of a secret': (
        {'secrets': {'A': PREVIOUS}, **FARGATE},
        lambda aws: aws.secrets.update({SECRET: Secret(stages={'v1': ('AWSCURRENT',)})}),
        'secrets.A',
        'secrets',
        NO_SECRET,
    ),
    'version of a secret': (
        {'secrets': {'A': f'{SECRET}:::v9'}, **FARGATE},
        lambda _: None,
        'secrets.A',
        'secrets',
        NO_SECRET,
    ),
    'parameter': ({'secrets': {'A': '/app/no'}, **FARGATE}, lambda _: None, 'secrets.A', 'parameters', NO_SECRET),
    'registry credentials': (
        {'registry_credentials': f'{SECRET}-no', **FARGATE},
        lambda _: None,
        'registry_credentials',
        'secrets',
        'image-pull',
    ),
    'execution role': (
        FARGATE | {'task_execution_role_arn': arn_of_role('no')},
        lambda _: None,
        'task_execution_role_arn',
        'roles',
        NO_ROLE,
    ),
    'task role': (
        {'task_role_arn': arn_of_role('no'), **FARGATE},
        lambda _: None,
        'task_role_arn',
        'roles',
        NO_ROLE,
    ),
    'trust policy': (
        {'task_role_arn': TASK, **FARGATE},
        lambda aws: aws.roles.update({TASK: trust(Principal={'Service': 'ec2.amazonaws.com'})}),
        'task_role_arn',
        'roles',
        NO_ROLE,
    ),
    'log group': (
        {'containers': [{'side': {'image': f'{REGISTRY}/side:1', 'logging': LOGS}}], **FARGATE},
        lambda _: None,
        'containers.side.logging',
        'log-group',
        NO_LOG,
    ),
    'right to make the log group': (
        {'containers': [{'side': {'image': f'{REGISTRY}/side:1', 'logging': CREATES}}], **FARGATE},
        lambda aws: aws.permitted.clear(),
        'containers.side.logging',
        'log-group',
        NO_LOG,
    ),
    'certificate': (
        {'elb': ELB, 'ports': ['8080:8080'], **FARGATE},
        lambda aws: aws.certificates.clear(),
        'elb.certificates',
        'certificate',
        REFUSED,
    ),
    'pending certificate': (
        {'elb': ELB, 'ports': ['8080:8080'], **FARGATE},
        lambda aws: aws.certificates.update({CERTIFICATE: 'PENDING_VALIDATION'}),
        'elb.certificates',
        'certificate',
        REFUSED,
    ),
    'certificate of another region': (
        {'elb': ELB | {'certificates': [OTHER_REGION]}, 'ports': ['8080:8080'], **FARGATE},
        lambda aws: aws.certificates.update({OTHER_REGION: 'ISSUED'}),
        'elb.certificates',
        'certificate',
        REFUSED,
    ),
    'subnet': (FARGATE, lambda aws: aws.known_subnets.pop('subnet-3'), 'network.subnets', 'network', REFUSED),
    'security group': (FARGATE, lambda aws: aws.groups.pop('sg-2'), 'network.security_groups', 'network', REFUSED),
    'VPC of a subnet': (
        FARGATE,
        lambda aws: aws.known_subnets.update({'subnet-3': Subnet('vpc-2', 9)}),
        'network.subnets',
        'network',
        REFUSED,
    ),
    'VPC of a security group': (
        FARGATE,
        lambda aws: aws.groups.update({'sg-2': 'vpc-2'}),
        'network.security_groups',
        'network',
        REFUSED,
    ),
    'addresses': (
        FARGATE,
        lambda aws: aws.known_subnets.update({f'subnet-{n}': Subnet('vpc-1', 0) for n in (3, 4)}),
        'network.subnets',
        'network',
        NO_ADDRESS,
    ),
    'no instance': (EC2, lambda aws: aws.machines.clear(), 'launch_type', 'capacity', NO_ROOM),
    'large instances': (EC2 | {'memory': 20000}, lambda _: None, 'memory', 'capacity', NO_ROOM),
    'room on instances': (
        EC2,
        lambda aws: aws.machines.__setitem__(slice(None), [Instance('x86_64', 4096, 16384, 4096, 100)]),
        'memory',
        'capacity',
        NO_ROOM,
    ),
    'architecture of the instances': (
        EC2 | {'architecture': 'arm64'},
        lambda aws: aws.machines.pop(1),
        'architecture',
        'capacity',
        NO_ROOM,
    ),
}


@pytest.mark.parametrize('cause', CAUSES)
def test_each_cause_of_a_failing_start_is_foretold_in_the_class_of_the_failure(cause: str):
    settings, spoil, path, check, kind = CAUSES[cause]
    facts = good_facts()
    spoil(facts)
    rehearsed = rehearse(one(**settings), facts)
    assert [(each.service, each.path, each.check, each.kind) for each in rehearsed.findings] == [
        ('app', path, check, kind)
    ]
    assert check in CHECKS


def test_the_causes_start_well_where_aws_has_what_they_name():
    for settings in (FARGATE, EC2, {'elb': ELB, 'ports': ['8080:8080'], **FARGATE}, {'task_role_arn': TASK, **FARGATE}):
        assert rehearse(one(**settings), good_facts()).findings == ()


def test_only_the_named_services_are_asked_about():
    facts = good_facts()
    document = {'vpc': VPC, 'services': [{'a': {'image': f'{REGISTRY}/no:1'}}, {'b': {'image': f'{REGISTRY}/no:2'}}]}
    assert [each.service for each in rehearse(document, facts, ['b']).findings] == ['b']
    assert facts.asked['image'] == 1


def test_without_services_nothing_is_asked():
    facts = good_facts()
    assert rehearse(good_document(1), facts, []) == Rehearsed()
    assert not facts.asked


def denied(call: str) -> AwsFailed:
    return AwsFailed(f'AWS refused {call}: AccessDenied: no', call, 'AccessDeniedException')


def test_a_missing_permission_turns_a_check_into_not_checked():
    facts = good_facts()
    facts.failures = {'role': denied('iam:GetRole'), 'image': denied('ecr:BatchGetImage')}
    rehearsed = rehearse(one(**FARGATE), facts)
    assert rehearsed.findings == ()
    assert rehearsed.to_json()['not_checked'] == [
        {
            'check': 'image',
            'message': 'The permission ecr:BatchGetImage is missing.',
            'permission': 'ecr:BatchGetImage',
            'services': ['app'],
        },
        {
            'check': 'roles',
            'message': 'The permission iam:GetRole is missing.',
            'permission': 'iam:GetRole',
            'services': ['app'],
        },
    ]


def test_another_failure_is_not_checked_either_and_spoils_no_other_check():
    facts = good_facts()
    facts.failures = {'secret': AwsFailed('AWS cannot do it now', 'secretsmanager:DescribeSecret', 'InternalError')}
    rehearsed = rehearse(one(secrets={'A': SECRET}, task_role_arn=arn_of_role('no'), **FARGATE), facts)
    assert [each.path for each in rehearsed.findings] == ['task_role_arn']
    assert [(each.path, each.permission, each.message) for each in rehearsed.unchecked] == [
        ('secrets.A', None, 'AWS cannot do it now')
    ]


@asynchronous
async def test_what_does_not_answer_in_time_is_not_checked():
    class Silent(KnownFacts):
        async def secret(self, arn: str) -> Secret | None:
            await asyncio.Event().wait()
            return None

    facts = Silent(**vars(good_facts()))
    document = one(secrets={'A': SECRET}, task_role_arn=arn_of_role('no'), **FARGATE)
    rehearsed = await Rehearsal(facts, REGION, within_s=0.05).rehearse('prod', document, ['app'])
    assert [each.path for each in rehearsed.findings] == ['task_role_arn']
    assert [(each.path, each.message) for each in rehearsed.unchecked] == [
        ('secrets.A', 'AWS did not answer within 0.05 s.')
    ]


def test_images_of_other_registries_and_json_keys_are_listed_as_not_checked():
    rehearsed = rehearse(one(image='nginx:1', secrets={'A': f'{SECRET}:key::'}, **FARGATE), good_facts())
    assert rehearsed.findings == ()
    assert [(each['check'], each['permission']) for each in rehearsed.to_json()['not_checked']] == [
        ('image', None),
        ('secrets', None),
    ]
    assert rehearsed.lines() == [
        'not checked: Images outside of Amazon ECR are not looked for.',
        'not checked: The JSON keys within secrets are not looked for: that would need their values.',
    ]


def test_services_that_share_subnets_share_their_addresses():
    facts = good_facts()
    facts.known_subnets |= {f'subnet-{n}': Subnet('vpc-1', 2) for n in (3, 4)}
    services = [{name: {'image': f'{REGISTRY}/app:1', 'desired_count': 3, **FARGATE}} for name in 'abc']
    facts.tasks = {'a': 3}
    found = rehearse({'vpc': VPC, 'services': services}, facts).findings
    assert [(each.service, each.severity) for each in found] == [('c', 'error'), ('b', 'warning')]


def test_quotas_are_asked_for_only_where_a_plan_adds_to_them():
    facts = KnownFacts(limits={'target-groups': 10}, used={'target-groups': 9})
    step = {'kind': 'elbv2:CreateTargetGroup', 'service': 'a'}
    update = {'kind': 'ecs:UpdateService', 'service': 'a'}
    rehearsal = Rehearsal(facts, REGION)
    assert asyncio.run(rehearsal.quotas('prod', {}, [update])) == Rehearsed()
    assert asyncio.run(rehearsal.quotas('prod', {}, [step])) == Rehearsed()
    found = asyncio.run(rehearsal.quotas('prod', {}, [step, {**step, 'service': 'b'}])).findings
    assert [(each.service, each.check, each.kind) for each in found] == [('b', 'quota', REFUSED)]
    assert facts.asked == {'quotas': 2}


def _balanced(name: str, elb: dict[str, Any]) -> dict[str, Any]:
    return {name: {'image': f'{REGISTRY}/app:1', 'ports': ['80:80'], 'elb': {'ports': {'container': 80}, **elb}}}


def test_quotas_of_load_balancers_and_of_their_rules():
    edge = {'edge': {'type': 'public', 'listeners': [{'port': 80, 'protocol': 'HTTP'}]}}
    shared = {'load_balancer': 'edge', 'port': 80, 'rules': [{'path': '/a/*'}]}
    document = {
        'vpc': VPC,
        'load_balancers': [edge],
        'services': [
            _balanced('a', shared),
            _balanced('b', shared),
            _balanced('net', {'type': 'private', 'protocol': 'TCP', 'ports': {'public': 9000}}),
        ],
    }
    rule, balancer = 'elbv2:CreateRule', 'elbv2:CreateLoadBalancer'
    steps = [(balancer, None), (rule, 'a'), (rule, 'b'), (balancer, 'net')]
    facts = KnownFacts(
        limits={
            'application-load-balancers': 5,
            'network-load-balancers': 5,
            'rules-per-application-load-balancer': 100,
        },
        used={'application-load-balancers': 5, 'network-load-balancers': 4},
        rules_of={'prod-edge-lb': 99},
    )
    asked = [{'kind': kind, 'service': service} for kind, service in steps]
    found = asyncio.run(Rehearsal(facts, REGION).quotas('prod', document, asked)).findings
    assert [(each.service, each.message) for each in found] == [
        ('a', 'The account has 5 of 5 application load balancers; this adds more.'),
        ('b', 'The load balancer prod-edge-lb has 99 of 100 rules; this adds more.'),
    ]


def test_certificates_of_a_shared_load_balancer_are_checked_for_those_behind_it():
    listener = {'port': 443, 'protocol': 'HTTPS', 'certificates': [CERTIFICATE, OTHER_REGION]}
    document = {
        'vpc': VPC,
        'load_balancers': [{'edge': {'type': 'public', 'listeners': [listener]}}],
        'services': [
            _balanced('a', {'load_balancer': 'edge', 'port': 443, 'rules': [{'path': '/a/*'}]}),
            {'worker': {'image': f'{REGISTRY}/app:1'}},
        ],
    }
    found = [each for each in rehearse(document, good_facts()).findings if each.check == 'certificate']
    assert [(each.service, each.path) for each in found] == [('a', 'load_balancers.edge.listeners.443.certificates')]
    assert 'is in' in found[0].message


def test_a_document_that_no_check_expects_is_reported_and_raises_nothing(caplog: pytest.LogCaptureFixture):
    class Broken(KnownFacts):
        async def role(self, arn: str) -> None:
            raise RuntimeError('a mistake')

    rehearsed = rehearse(one(**FARGATE), Broken(**vars(good_facts())))
    assert [(each.check, each.message) for each in rehearsed.unchecked] == [
        ('roles', 'The check failed; the log of Nysa has the reason.')
    ]
    assert 'the check roles of app failed' in caplog.text
    caplog.clear()


def test_the_running_tasks_of_all_services_are_asked_for_together():
    asked = []

    class Recording(KnownFacts):
        async def running(self, cluster: str, services: frozenset[str]) -> Any:
            asked.append(services)
            return await super().running(cluster, services)

    services = [{f's{number}': {'image': f'{REGISTRY}/app:1', **EC2}} for number in range(3)]
    rehearsed = rehearse({'services': services}, Recording(**vars(good_facts())))
    assert rehearsed.findings == ()
    assert asked == [frozenset({'s0', 's1', 's2'})] * 3
