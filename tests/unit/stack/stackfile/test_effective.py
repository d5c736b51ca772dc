"""What a desired state comes to."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stack.errors import NotFound
from stack.stackfile.container_fields import Healthcheck, Logging
from stack.stackfile.effective import (
    all_settings,
    differing_services,
    environment,
    service_settings,
    services,
    top_settings,
)
from stack.stackfile.elb_fields import Elb, ElbDns, ElbPorts, TargetHealthcheck
from stack.stackfile.ports import PortMapping
from stack.stackfile.volumes import Volume
from tests.unit.stack.stackfile.examples import TOO_LONG, balanced, example, one_service

ODD = [
    None,
    1,
    'x',
    [],
    {},
    {'services': None},
    {'services': {}},
    {'services': 'x'},
    {'services': [None, 1, [], 'x', {}]},
]


@pytest.mark.parametrize('document', ODD)
def test_documents_without_services(document: Any):
    assert list(services(document)) == []
    assert all_settings(document) == {}
    with pytest.raises(NotFound):
        service_settings(document, 'web')


@pytest.mark.parametrize('raw', [None, 1, 'x', [], True])
def test_a_service_that_is_no_mapping_is_listed(raw: Any):
    document = {'services': [{'web': raw}]}
    assert list(services(document)) == [('web', {})]
    assert service_settings(document, 'web').image == ''


@pytest.mark.parametrize(
    'settings',
    [
        {'memory': 'x', 'desired_count': True, 'ports': 7, 'environment': None, 'elb': 'public', 'healthcheck': []},
        {'ports': [None, '80', []], 'environment': [None, 1, 'A', [], {}], 'volumes': ['x'], 'elb': []},
        {'elb': [None, 'public'], 'healthcheck': {'interval': 5}, 'dns_discovery': {}},
        {'logging': {'log_driver': 7, 'options': []}, 'placement_constraints': [{}, None], 'launch_type': None},
        {'unknown': {}, 'deployment_circuit_breaker': {'rollback': True}, 'command': 'x', 'secrets': ['a']},
    ],
)
def test_what_cannot_be_read_is_left_out(settings: dict[str, Any]):
    found = service_settings(one_service(**settings), 'web')
    assert found == service_settings(one_service(), 'web')


def test_what_can_be_read_is_kept_beside_what_cannot():
    found = service_settings(
        one_service(
            ports=['80:80', 'x', '81:81/udp'],
            environment=[{'A': 1}, None, 'B=2', {'C': []}, {'D': 4, 'E': 5}],
            elb={'type': 'public', 'ports': {'public': 80, 'container': 80}, 'colour': 'blue', 'protocol': 'FTP'},
        ),
        'web',
    )
    assert found.ports == (PortMapping(host=80, container=80), PortMapping(host=81, container=81, protocol='udp'))
    assert found.environment == {'A': '1', 'B': '2', 'D': '4', 'E': '5'}
    assert found.elb == (Elb(type='public', ports=ElbPorts(public=80, container=80)),)


def test_of_a_record_only_the_incomplete_parts_are_left_out():
    incomplete = {'hosted_zone_id': 'Z1'}
    found = service_settings(one_service(**balanced(dns=incomplete, healthcheck={'path': 7, 'port': 81})), 'web')
    ports = ElbPorts(public=80, container=80)
    assert found.elb == (Elb(type='public', ports=ports, healthcheck=TargetHealthcheck(port=81)),)
    assert top_settings({'service_discovery': {'namespace': 'x'}, 'vpc': {'id': 'vpc-1'}}).service_discovery is None


def test_defaults():
    found = service_settings(one_service(), 'web')
    assert found.image == 'team/web:1'
    assert (found.memory, found.desired_count, found.type) == (1024, 1, 'service')
    assert (found.scheduling_strategy, found.launch_type, found.task_network) == ('REPLICA', 'EC2', 'host')
    assert found.cpu is None
    assert found.elb == ()


def test_zero_tasks_are_zero_tasks():
    assert service_settings(one_service(desired_count=0), 'web').desired_count == 0


def test_the_example():
    found = all_settings(example())
    assert list(found) == ['routing-service', 'user-service', 'email-worker']
    assert found['routing-service'].elb == (
        Elb(
            type='public',
            protocol='HTTPS',
            ports=ElbPorts(public=443, container=8080),
            certificates=('arn:aws:acm:us-east-1:123456789012:certificate/abc',),
            dns=(ElbDns(hosted_zone_id='Z123', record_name='staging.example.com'),),
            healthcheck=TargetHealthcheck(protocol='HTTP', port=8080, path='/health'),
        ),
    )
    assert found['user-service'].task_network == 'awsvpc'
    assert found['email-worker'].memory == 930
    assert top_settings(example()).vpc.subnets.private == ('subnet-c', 'subnet-d')


def test_a_services_own_variables_win_and_the_order_stays():
    document = one_service(environment=[{'B': 'own'}, 'D=4'])
    document['defaults'] = {'environment': {'A': 1, 'B': 2, 'C': True}}
    assert list(environment(document, 'web').items()) == [('A', '1'), ('B', 'own'), ('C', 'true'), ('D', '4')]


@pytest.mark.parametrize(
    ('written', 'text'),
    [(True, 'true'), (False, 'false'), (80, '80'), (-1, '-1'), (1.5, '1.5'), ('', ''), ('022', '022'), ('ä', 'ä')],
)
def test_values_of_variables_as_text(written: object, text: str):
    for form in ({'A': written}, [{'A': written}]):
        assert environment(one_service(environment=form), 'web') == {'A': text}


def test_variables_written_as_text_keep_every_sign_after_the_first():
    assert environment(one_service(environment=['A=b=c=', 'B=']), 'web') == {'A': 'b=c=', 'B': ''}


GLOBAL = {'log_driver': 'awslogs', 'options': {'a': 1, 'b': 2}}


@pytest.mark.parametrize(
    ('top', 'own', 'driver', 'options'),
    [
        (GLOBAL, None, 'awslogs', {'a': '1', 'b': '2'}),
        (GLOBAL, {'options': {'b': 3}}, 'awslogs', {'a': '1', 'b': '3'}),
        (GLOBAL, {'log_driver': 'awslogs'}, 'awslogs', {'a': '1', 'b': '2'}),
        # options of another driver would mean nothing to it
        (GLOBAL, {'log_driver': 'gelf', 'options': {'c': 1}}, 'gelf', {'c': '1'}),
        ({'options': {'a': 1}}, {'log_driver': 'gelf'}, 'gelf', {}),
        (None, {'log_driver': 'gelf'}, 'gelf', {}),
        (None, None, None, {}),
    ],
)
def test_logging_is_joined_with_the_global_one(top: Any, own: Any, driver: str | None, options: dict[str, str]):
    document = one_service(**({'logging': own} if own else {}))
    if top:
        document['logging'] = top
    assert service_settings(document, 'web').logging == Logging(log_driver=driver, options=options)


def test_a_services_own_health_check_stands_alone():
    document = one_service(healthcheck={'command': 'true'})
    document['defaults'] = {'healthcheck': {'command': ['CMD', 'false'], 'interval': 60}}
    assert service_settings(document, 'web').healthcheck == Healthcheck(command=('CMD-SHELL', 'true'))
    del document['services'][0]['web']['healthcheck']
    assert service_settings(document, 'web').healthcheck == Healthcheck(command=('CMD', 'false'), interval=60)


def test_of_a_name_that_stands_twice_the_first_counts():
    document = {'services': [{'web': {'image': 'a'}}, {'web': {'image': 'b'}}]}
    assert service_settings(document, 'web').image == all_settings(document)['web'].image == 'a'


def test_volumes():
    found = service_settings(one_service(volumes=['data:/srv/data:/data:ro', 'x:/y:/z']), 'web')
    assert found.volumes == (
        Volume(name='data', host='/srv/data', mount='/data', read_only=True),
        Volume(name='x', host='/y', mount='/z'),
    )


def test_thousands_of_services():
    document = {
        'services': [{f's{i}': {'image': 'a', 'ports': ['80:80'], 'environment': ['A=1']}} for i in range(5000)]
    }
    started = time.thread_time()
    assert len(all_settings(document)) == 5000
    assert time.thread_time() - started < TOO_LONG


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda parts: (
        st.lists(parts, max_size=3)
        | st.dictionaries(
            st.sampled_from(['image', 'elb', 'ports', 'type', 'environment', 'logging', 'options']), parts
        )
    ),
    max_leaves=12,
)


@given(ANYTHING, ANYTHING, ANYTHING)
def test_nothing_is_too_odd(raw: Any, defaults: Any, logging: Any):
    document = {'services': [{'web': raw}, raw], 'defaults': defaults, 'logging': logging, 'vpc': raw}
    assert service_settings(document, 'web').name == 'web'
    assert 'web' in all_settings(document)


NAMED = st.dictionaries(st.sampled_from('abcdef'), st.fixed_dictionaries({'image': st.sampled_from('xyz')}))


@given(NAMED, NAMED, st.sets(st.sampled_from('abcdef')))
def test_services_that_differ_are_found_whether_or_not_the_others_are_the_same_objects(
    old: dict[str, Any], new: dict[str, Any], kept: set[str]
):
    before = {'services': [{name: raw} for name, raw in old.items()]}
    same = {name: item for item in before['services'] for name in item if name in kept}
    after = {'services': [same.get(name) or {name: raw} for name, raw in new.items()]}
    named = [named for item in after['services'] for named in item.items()]
    expected = {name: (old[name], raw) for name, raw in named if raw != old.get(name, raw)}
    assert differing_services(before, after) == expected
    assert list(differing_services(before, after)) == list(expected)


@pytest.mark.parametrize('odd', ODD)
def test_odd_documents_have_no_services_that_differ(odd: Any):
    document = {'services': [{'a': {'image': 'x'}}]}
    assert differing_services(odd, document) == {} == differing_services(document, odd)
