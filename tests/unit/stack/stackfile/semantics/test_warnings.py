"""What matters to a user, but is not wrong."""

from typing import Any

import pytest

from tests.unit.stack.stackfile.examples import balanced, one_service, with_vpc
from tests.unit.stack.stackfile.semantics.checking import mistakes, warnings


@pytest.mark.parametrize(
    ('image', 'found'),
    [
        ('team/web', ['has no tag: what runs depends on when it is pulled']),
        ('host:5000/web', ['has no tag: what runs depends on when it is pulled']),
        ('web:latest', ['the tag latest moves: what runs depends on when it is pulled']),
        ('web:latest@sha256:' + 'a' * 64, []),
        ('web@sha256:' + 'a' * 64, []),
        ('web:v1', []),
    ],
)
def test_images(image: str, found: list[str]):
    assert warnings(one_service(image=image)) == [('image', message) for message in found]


@pytest.mark.parametrize(
    ('name', 'value'),
    [
        ('PASSWORD', 'hunter2'),
        ('DB_PASSWORD', 'hunter2'),
        ('spring.datasource.password', 'hunter2'),
        ('SMTP_PASS', 'hunter2'),
        ('api_key', 'abc'),
        ('AWS_SECRET_ACCESS_KEY', 'abc'),
        ('GITHUB_TOKEN', 'abc'),
        ('ANYTHING', 'AKIAABCDEFGHIJKLMNOP'),
        ('DATABASE_URL', 'postgres://user:hunter2@db/app'),
        ('KEY', '-----BEGIN RSA PRIVATE KEY-----'),
    ],
)
@pytest.mark.parametrize('form', ['list', 'mapping', 'text'])
def test_secrets_in_plain_text(name: str, value: str, form: str):
    environment: Any = {'list': [{name: value}], 'mapping': {name: value}, 'text': [f'{name}={value}']}[form]
    where = {'list': f'environment[0].{name}', 'mapping': f'environment.{name}', 'text': 'environment[0]'}[form]
    reported = f'{name} looks like a secret in plain text: use secrets and Secrets Manager instead'
    found = [
        (path.replace('["', '.').replace('"]', ''), message)
        for path, message in warnings(one_service(environment=environment))
    ]
    assert found == [(where, reported)]
    assert value not in str(found)


@pytest.mark.parametrize(
    ('name', 'value'),
    [
        ('PASSWORD', ''),
        ('PASSWORD', '${DB_PASSWORD}'),
        ('PASSWORD_FILE', '/run/secrets/password'),
        ('TOKEN_EXPIRY', '3600'),
        ('MAX_TOKENS', '4096'),
        ('USE_TOKEN', 'true'),
        ('COMPASS', 'north'),
        ('MONKEY', 'x'),
        ('DATABASE_URL', 'postgres://db/app'),
        ('DATABASE_URL', 'postgres://user:${PASSWORD}@db/app'),
        ('PASSWORD', 1),
        ('PASSWORD', None),
    ],
)
def test_what_is_no_secret(name: str, value: Any):
    found = warnings(one_service(environment={name: value}))
    assert not [message for _, message in found if 'secret' in message]


def test_secrets_in_defaults_are_reported_once():
    document = {
        'services': [{'a': {'image': 'a:1'}}, {'b': {'image': 'a:1'}}],
        'defaults': {'environment': ['TOKEN=x']},
    }
    assert [where for where, _ in warnings(document)] == ['defaults.environment[0]']


def test_decimal_numbers():
    message = 'the number reaches the container as 1.1: put it in quotes to have it as written'
    assert warnings(one_service(environment=[{'VERSION': 1.10}])) == [('environment[0].VERSION', message)]


def test_a_task_is_not_reached():
    document = with_vpc(one_service(type='task', dns_discovery={'name': 'x'}, autoscaled=True, **balanced()))
    assert [where for where, _ in warnings(document)] == ['dns_discovery', 'autoscaled', 'elb']


def test_ids_of_another_kind():
    vpc = {'id': 'subnet-1', 'subnets': {'public': ['sg-1', 'subnet-1']}, 'security_groups': {'private': ['vpc-1']}}
    assert warnings({'services': [], 'vpc': vpc}) == [
        ('vpc.id', 'the id of a VPC starts with vpc-'),
        ('vpc.subnets.public[0]', 'an id here starts with subnet-'),
        ('vpc.security_groups.private[0]', 'an id here starts with sg-'),
    ]


def test_a_load_balancer_wants_two_subnets():
    document = with_vpc(one_service(**balanced()))
    document['vpc']['subnets']['public'] = ['subnet-a', 'subnet-a']
    assert mistakes(document) == []
    assert [where for where, _ in warnings(document)] == ['elb.type']


@pytest.mark.parametrize(('mode', 'settings'), [('host', {}), ('awsvpc', {'dns_discovery': {'name': 'web'}})])
def test_a_port_is_not_mapped_to_another(mode: str, settings: dict[str, Any]):
    document = with_vpc(one_service(ports=['80:80', '81:8080'], **settings))
    assert mistakes(document) == []
    reported = f'is reached at 8080: in network mode {mode} ECS maps no port to another'
    assert warnings(document) == [('ports[1]', reported)]


def test_requirements_of_ecs_are_reported():
    document = one_service(dns_discovery={'name': 'web'}, secrets={'A': 'name'})
    document['service_discovery'] = {'namespace': 'example.sd'}
    assert warnings(document) == []
    assert mistakes(document) == [
        ('dns_discovery', 'tasks with an address of their own need vpc.subnets'),
        ('secrets', 'ECS needs task_execution_role_arn to read secrets'),
    ]


def test_a_load_balancer_without_security_groups_gets_the_default_one():
    document = one_service(**balanced())
    document['vpc'] = {'id': 'vpc-1', 'subnets': {'public': ['subnet-1', 'subnet-2']}}
    assert mistakes(document) == []
    assert warnings(document) == [
        ('elb.type', "without vpc.security_groups.public it gets the VPC's default security group")
    ]


@pytest.mark.parametrize(
    ('count', 'maximum', 'minimum', 'warned'),
    [
        (1, 150, None, True),
        (1, 150, 50, True),
        (1, 150, 0, False),
        (1, 200, 100, False),
        (2, 150, 100, False),
        (3, 130, 100, True),
        (2, 110, 50, False),
        (0, 150, None, False),
    ],
)
def test_a_rollout_needs_room_after_rounding(count: int, maximum: int, minimum: int | None, warned: bool):
    percents = {'maximum_percent': maximum} | ({} if minimum is None else {'minimum_healthy_percent': minimum})
    document = one_service(desired_count=count, deployment_configuration=percents)
    assert mistakes(document) == []
    found = [path for path, message in warnings(document) if 'rounds' in message]
    assert found == (['deployment_configuration'] if warned else [])


@pytest.mark.parametrize(
    ('value', 'warned'),
    [('${HOST}', True), ('http://${HOST}:80', True), ('$HOST', False), ('${', False), ('$${A-b}', False), (5, False)],
)
def test_references_that_nothing_replaces(value: Any, warned: bool):
    found = warnings(one_service(environment={'URL': value}))
    assert bool([message for _, message in found if 'is not replaced' in message]) is warned
    assert str(value) not in str(found) or not warned
