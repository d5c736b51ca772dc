"""The `deployment` of a service: values, defaults, and the deploymentConfiguration that it renders and is read from."""

from datetime import timedelta
from typing import Any

import pytest

from stack.reconcile.wanted import wanted_services
from stack.stackfile.check import check
from stack.stackfile.effective import service_settings
from stack.stackfile.entries import entries
from stack.stackfile.fields import ServiceSettings
from stack.stackfile.inverse import Source, fields_of
from tests.unit.stack.stackfile.examples import one_service

FUNCTION = 'arn:aws:lambda:us-east-1:123456789012:function:smoke'
ROLE = 'arn:aws:iam::123456789012:role/hooks'
DAY = {'timeoutInMinutes': 1440, 'action': 'ROLLBACK'}

# Values of `deployment`, and all that ECS gets for each.
RENDERED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    'rolling': ({'strategy': 'rolling'}, {'strategy': 'ROLLING'}),
    'blue_green': (
        {'strategy': 'blue_green', 'bake_time': '1h30m'},
        {'strategy': 'BLUE_GREEN', 'bakeTimeInMinutes': 90},
    ),
    'no bake time': ({'strategy': 'blue_green', 'bake_time': '0m'}, {'strategy': 'BLUE_GREEN', 'bakeTimeInMinutes': 0}),
    'linear': (
        {'strategy': 'linear', 'linear': {'step_percent': 12.5, 'step_bake_time': '3m'}},
        {'strategy': 'LINEAR', 'linearConfiguration': {'stepPercent': 12.5, 'stepBakeTimeInMinutes': 3}},
    ),
    'linear by default': (
        {'strategy': 'linear'},
        {'strategy': 'LINEAR', 'linearConfiguration': {'stepPercent': 10.0, 'stepBakeTimeInMinutes': 6}},
    ),
    'canary': (
        {'strategy': 'canary', 'canary': {'percent': 20}},
        {'strategy': 'CANARY', 'canaryConfiguration': {'canaryPercent': 20.0, 'canaryBakeTimeInMinutes': 10}},
    ),
    'canary by default': (
        {'strategy': 'canary'},
        {'strategy': 'CANARY', 'canaryConfiguration': {'canaryPercent': 5.0, 'canaryBakeTimeInMinutes': 10}},
    ),
    'alarms': (
        {'alarms': {'names': ['web-5xx']}},
        {'alarms': {'alarmNames': ['web-5xx'], 'enable': True, 'rollback': True}},
    ),
    'pause': (
        {'pause': ['post_test_traffic_shift']},
        {
            'lifecycleHooks': [
                {'targetType': 'PAUSE', 'lifecycleStages': ['POST_TEST_TRAFFIC_SHIFT'], 'timeoutConfiguration': DAY}
            ]
        },
    ),
    'hooks': (
        {
            'pause': ['post_scale_up'],
            'hooks': [
                {'type': 'pause', 'stages': ['pre_scale_up'], 'timeout': '2d', 'on_timeout': 'continue'},
                {
                    'type': 'lambda',
                    'arn': FUNCTION,
                    'role_arn': ROLE,
                    'stages': ['test_traffic_shift'],
                    'details': {'suite': ['smoke']},
                },
            ],
        },
        {
            'lifecycleHooks': [
                {'targetType': 'PAUSE', 'lifecycleStages': ['POST_SCALE_UP'], 'timeoutConfiguration': DAY},
                {
                    'targetType': 'PAUSE',
                    'lifecycleStages': ['PRE_SCALE_UP'],
                    'timeoutConfiguration': {'timeoutInMinutes': 2880, 'action': 'CONTINUE'},
                },
                {
                    'targetType': 'AWS_LAMBDA',
                    'lifecycleStages': ['TEST_TRAFFIC_SHIFT'],
                    'hookTargetArn': FUNCTION,
                    'roleArn': ROLE,
                    'hookDetails': {'suite': ['smoke']},
                    'timeoutConfiguration': DAY,
                },
            ]
        },
    ),
    'breaker': (
        {
            'circuit_breaker': {
                'enable': True,
                'rollback': True,
                'threshold': 3,
                'threshold_type': 'count',
                'reset_on_healthy_task': False,
            }
        },
        {
            'deploymentCircuitBreaker': {
                'enable': True,
                'rollback': True,
                'thresholdConfiguration': {'value': 3, 'type': 'COUNT'},
                'resetOnHealthyTask': False,
            }
        },
    ),
    'early success': (
        {'early_success': {'healthy_percent': 100, 'cleanup': 'deferred'}},
        {'earlySuccessCriteria': {'enable': True, 'healthyPercent': 100, 'sourceServiceRevisionCleanup': 'DEFERRED'}},
    ),
    'percentages': (
        {'maximum_percent': 150, 'minimum_healthy_percent': 50},
        {'maximumPercent': 150, 'minimumHealthyPercent': 50},
    ),
    'nothing of ECS': ({'stalled_after': '1h', 'role_arn': ROLE}, {}),
}


def rendered(settings: dict[str, Any]) -> Any:
    return wanted_services('staging', one_service(**settings))['web'].deployment


@pytest.mark.parametrize(('deployment', 'expected'), RENDERED.values(), ids=RENDERED)
def test_it_is_rendered_whole(deployment: dict[str, Any], expected: dict[str, Any]):
    assert rendered({'deployment': deployment}) == expected


@pytest.mark.parametrize(('deployment', 'members'), RENDERED.values(), ids=RENDERED)
def test_what_runs_is_read_back(deployment: dict[str, Any], members: dict[str, Any]):
    found = fields_of({'deploymentConfiguration': members}, entries(ServiceSettings), 'service', Source())
    assert rendered(found) == {name: value for name, value in members.items() if value not in ('ROLLING', 0)}
    assert set(found.get('deployment', {})) <= set(deployment)


def test_a_hook_at_an_unknown_stage_is_left_to_the_pass_through():
    short, unknown = ({'targetType': 'PAUSE', 'lifecycleStages': [stage]} for stage in ('POST_SCALE_UP', 'NEW_STAGE'))
    members = {'strategy': 'BLUE_GREEN', 'lifecycleHooks': [short, unknown]}
    found = fields_of({'deploymentConfiguration': members}, entries(ServiceSettings), 'service', Source())
    assert found == {'deployment': {'strategy': 'blue_green'}}


WRONG: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({'strategy': 'blue-green'}, {'strategy': 'did you mean "blue_green"?'}),
    ({'bake_time': 10}, {'bake_time': 'expected a duration such as 10m, 1h30m or 2d, from 0m to 1d; found 10'}),
    ({'bake_time': '90s'}, {'bake_time': 'found "90s"'}),
    ({'bake_time': '25h'}, {'bake_time': 'from 0m to 1d'}),
    ({'strategy': 'linear', 'linear': {'step_percent': 2.9}}, {'linear.step_percent': 'from 3 to 100; found 2.9'}),
    ({'strategy': 'linear', 'linear': {'step_percent': 3.05}}, {'linear.step_percent': 'at most one decimal place'}),
    ({'strategy': 'canary', 'canary': {'percent': 0}}, {'canary.percent': 'from 0.1 to 100; found 0'}),
    ({'strategy': 'canary', 'canary': {'percent': True}}, {'canary.percent': 'found true'}),
    ({'pause': ['post_scale']}, {'pause[0]': 'did you mean "post_scale_up"?'}),
    ({'pause': ['production_traffic_shift']}, {'pause[0]': 'found "production_traffic_shift"'}),
    ({'hooks': [{'stages': ['pre_scale_up']}]}, {'hooks[0].type': 'is missing: expected pause or lambda'}),
    ({'hooks': [{'type': 'pause'}]}, {'hooks[0].stages': 'is missing'}),
    ({'hooks': [{'type': 'pause', 'stages': ['scale_up']}]}, {'hooks[0].stages[0]': 'found "scale_up"'}),
    ({'stalled_after': '0m'}, {'stalled_after': 'from 1m to 30d'}),
    ({'circuit_breaker': {'rollback': True}}, {'circuit_breaker.enable': 'is missing'}),
    ({'alarms': {}}, {'alarms.names': 'is missing'}),
    ({'canary_percent': 5}, {'canary_percent': 'unknown key'}),
]


@pytest.mark.parametrize(('deployment', 'expected'), WRONG)
def test_wrong_values(deployment: dict[str, Any], expected: dict[str, str]):
    found = {p.where: p.message for p in check(one_service(deployment=deployment)).mistakes}
    prefix = 'services[0].web.deployment.'
    assert found.keys() == {prefix + path for path in expected}
    assert all(words in found[prefix + path] for path, words in expected.items()), found


class TestMerging:
    """A service's own `deployment` and that of `defaults`."""

    def settle(self, inherited: dict[str, Any], own: dict[str, Any]) -> Any:
        document = {**one_service(deployment=own), 'defaults': {'deployment': inherited}}
        return service_settings(document, 'web').deployment

    def test_each_field_is_merged(self):
        found = self.settle({'stalled_after': '1h', 'bake_time': '5m'}, {'bake_time': '10m'})
        assert (found.stalled_after, found.bake_time) == (timedelta(hours=1), timedelta(minutes=10))

    def test_what_another_strategy_has_is_not_inherited(self):
        inherited = {'strategy': 'canary', 'canary': {'percent': 5}, 'circuit_breaker': {'enable': True}}
        found = self.settle(inherited, {'strategy': 'linear'})
        assert (found.canary, found.circuit_breaker) == (None, None)
        found = self.settle(inherited, {'strategy': 'rolling'})
        assert found.canary is None
        assert found.circuit_breaker.enable

    def test_no_pauses_replace_inherited_ones(self):
        assert self.settle({'pause': ['pre_scale_up']}, {'pause': []}).all_hooks == ()


def test_messages_are_found_by_stage():
    hook = {'type': 'pause', 'stages': ['pre_scale_up', 'post_scale_up'], 'message': 'run the smoke test'}
    found = service_settings(one_service(deployment={'hooks': [hook]}), 'web').deployment
    assert found.messages_at('POST_SCALE_UP') == ('run the smoke test',)
    assert found.messages_at('POST_TEST_TRAFFIC_SHIFT') == ()
    assert 'smoke' not in str(rendered({'deployment': {'hooks': [hook]}}))


def test_a_stall_has_its_limit():
    assert service_settings(one_service(), 'web').deployment.stalled_after is None
    stated = service_settings(one_service(deployment={'stalled_after': '2h'}), 'web').deployment
    assert stated.stalled_after == timedelta(hours=2)
