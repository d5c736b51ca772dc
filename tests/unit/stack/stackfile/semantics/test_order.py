"""The order between services, and the tasks before and after their rollouts."""

from typing import Any

import pytest

from stack.stackfile.check import check_document
from stack.stackfile.effective import service_settings
from stack.stackfile.field_paths import declared_paths
from stack.stackfile.reading import read
from tests.unit.stack.stackfile.examples import one_service
from tests.unit.stack.stackfile.semantics.checking import mistakes


def of(**services: dict[str, Any]) -> dict[str, Any]:
    return {'services': [{name: {'image': 'a:1', **settings}} for name, settings in services.items()]}


def gate(name: str = 'migrate', **settings: Any) -> dict[str, Any]:
    return {name: {'command': ['bin/migrate'], **settings}}


def test_services_in_the_order_of_what_they_need():
    document = of(web={'depends_on': ['api']}, api={'depends_on': ['database']}, database={})
    assert mistakes(document) == []
    assert service_settings(document, 'web').depends_on.services == ('api',)


def test_a_list_may_also_name_containers_of_the_task():
    side = {'init': {'image': 'x:1', 'memory': 8, 'essential': False}}
    document = of(web={'depends_on': ['api', {'init': 'success'}], 'containers': [side]}, api={})
    assert mistakes(document) == []
    needs = service_settings(document, 'web').depends_on
    assert (needs.services, dict(needs.containers)) == (('api',), {'init': 'success'})
    wrong = of(web={'depends_on': ['api', {'init': 'success'}]}, api={})
    assert mistakes(wrong) == [('depends_on[1].init', 'the task has no other container init')]


def test_a_name_that_is_no_service():
    assert mistakes(of(web={'depends_on': ['user-servise']}, **{'user-service': {}})) == [
        ('depends_on[0]', 'there is no service user-servise: did you mean "user-service"?')
    ]
    assert mistakes(of(web={'depends_on': ['web']})) == [('depends_on[0]', 'a service cannot depend on itself')]


def test_a_cycle_is_spelled_out_at_its_line():
    text = '\n'.join(
        (
            'services:',
            '  - web: {image: a:1, depends_on: [api]}',
            '  - api:',
            '      image: a:1',
            '      depends_on:',
            '        - database',
            '  - database: {image: a:1, depends_on: [api]}',
        )
    )
    [mistake] = check_document(read(text.encode(), 'yaml')).mistakes
    assert mistake.message == 'the services wait for each other: api → database → api'
    assert (mistake.where, mistake.line) == ('services[1].api.depends_on[0]', 6)


def test_tasks_before_and_after_a_rollout():
    document = one_service(
        pre_deploy=[gate(image='team/tools:1', timeout=60)], post_deploy=[gate('smoke')], on_failure='roll_back'
    )
    assert mistakes(document) == []
    settings = service_settings(document, 'web')
    assert [(each.name, each.image, each.timeout) for each in settings.gates] == [
        ('migrate', 'team/tools:1', 60),
        ('smoke', None, 900),
    ]


@pytest.mark.parametrize(
    ('settings', 'where', 'message'),
    [
        ({'pre_deploy': [{'migrate': {}}]}, 'pre_deploy[0].migrate.command', 'is missing'),
        ({'pre_deploy': [gate(command=[])]}, 'pre_deploy[0].migrate.command', 'expected at least one word'),
        ({'pre_deploy': [gate(timeout=0)]}, 'pre_deploy[0].migrate.timeout', 'expected a whole number from 1 to 86400'),
        ({'pre_deploy': [gate(image='a b')]}, 'pre_deploy[0].migrate.image', "'a b' is not an image"),
        ({'pre_deploy': {'migrate': {}}}, 'pre_deploy', 'expected a list of tasks'),
        ({'pre_deploy': [gate('a.b')]}, 'pre_deploy[0]["a.b"]', 'expected a name of letters'),
        ({'on_failure': 'rollback'}, 'on_failure', 'expected leave or roll_back; found "rollback": did you mean'),
        ({'pre_deploy': [gate()], 'post_deploy': [gate()]}, 'post_deploy[0]', 'another task before or after'),
        ({'type': 'task', 'pre_deploy': [gate()]}, 'pre_deploy', 'a service of type: task has no rollout'),
        ({'controller': 'code_deploy', 'post_deploy': [gate()]}, 'post_deploy', 'code_deploy drives the rollouts'),
        ({'depends_on': 'api'}, 'depends_on', 'expected a list of services'),
        ({'depends_on': [1]}, 'depends_on[0]', 'expected a name of letters'),
        ({'depends_on': ['web'] * 101}, 'depends_on', 'expected at most 100 items, found 101'),
    ],
)
def test_mistakes(settings: dict[str, Any], where: str, message: str):
    [(found, text)] = mistakes(one_service(**settings))
    assert (found, text[: len(message)]) == (where, message)


def test_the_task_definition_of_a_gate_has_a_name_of_its_own():
    document = of(web={'pre_deploy': [gate()]}, **{'web-migrate': {}})
    assert mistakes(document, 'prod') == [
        ('pre_deploy[0].migrate', 'its task definition would have the name of that of web-migrate')
    ]
    long = of(**{'x' * 240: {'pre_deploy': [gate('y' * 20)]}})
    assert [text[-31:] for _, text in mistakes(long, 'prod')] == ['266 characters, ECS accepts 255']


def test_undeclared_fields_stay_where_only_the_order_is_declared():
    assert 'depends_on' not in declared_paths({'depends_on': ['api'], 'image': 'a:1'})
    assert 'depends_on' in declared_paths({'depends_on': ['api', {'init': 'start'}]})
