"""The `deployment` of a service in plans: each field changed alone, differences by field, and the whole sent."""

from dataclasses import replace
from typing import Any

import pytest

from stack.reconcile import names
from stack.reconcile.plan import Plan
from stack.reconcile.planner import plan
from stack.stackfile.check import check
from tests.unit.stack.reconcile.settled import CLUSTER, REVISION, settled


def document(**deployment: Any) -> dict[str, Any]:
    connected = {
        'network_mode': 'bridge',
        'ports': [{'container': 80, 'name': 'http'}],
        'service_connect': {'namespace': 'production', 'services': [{'port': 'http'}]},
    }
    found = {'services': [{'mailer': {'image': 'registry/mailer:1', 'deployment': deployment, **connected}}]}
    assert check(found, cluster=CLUSTER).mistakes == ()
    return found


def changed(before: dict[str, Any], after: dict[str, Any]) -> Plan:
    """The plan for a service of Nysa's own, of which a stackfile states everything."""
    observed = settled(document(**before))
    service = observed.services['mailer']
    service = replace(service, tags={**service.tags, names.WHOLE_TAG: 'true'})
    return plan(document(**after), replace(observed, services={'mailer': service}), revision=REVISION)


# A deployment before and after, and the changes that a plan shows.
CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, tuple[Any, Any]]]] = {
    'bake time': (
        {'strategy': 'blue_green'},
        {'strategy': 'blue_green', 'bake_time': '1h30m'},
        {'deployment.bake_time': ('0m', '1h30m')},
    ),
    'linear': (
        {'strategy': 'linear'},
        {'strategy': 'linear', 'linear': {'step_percent': 20, 'step_bake_time': '2m'}},
        {'deployment.linear.step_percent': (10.0, 20.0), 'deployment.linear.step_bake_time': ('6m', '2m')},
    ),
    'another strategy': (
        {'strategy': 'linear'},
        {'strategy': 'canary'},
        {
            'deployment.strategy': ('linear', 'canary'),
            'deployment.linear.step_percent': (10.0, None),
            'deployment.linear.step_bake_time': ('6m', None),
            'deployment.canary.percent': (None, 5.0),
            'deployment.canary.bake_time': (None, '10m'),
        },
    ),
    'breaker': (
        {'circuit_breaker': {'enable': True}},
        {'circuit_breaker': {'enable': True, 'threshold': 3, 'threshold_type': 'count'}},
        {
            'deployment.circuit_breaker.threshold': (50, 3),
            'deployment.circuit_breaker.threshold_type': ('bounded_percent', 'count'),
        },
    ),
    'early success': (
        {},
        {'early_success': {'healthy_percent': 100}},
        {
            'deployment.early_success.enable': (False, True),
            'deployment.early_success.healthy_percent': (None, 100),
            'deployment.early_success.cleanup': (None, 'blocking'),
        },
    ),
    'percentages': ({}, {'maximum_percent': 150}, {'deployment.maximum_percent': (200, 150)}),
}


@pytest.mark.parametrize(('before', 'after', 'expected'), CHANGES.values(), ids=CHANGES)
def test_each_field_is_shown(before: dict[str, Any], after: dict[str, Any], expected: dict[str, tuple[Any, Any]]):
    found = changed(before, after)
    assert [step.kind for step in found.steps] == ['ecs:UpdateService']
    differences = {change.path: (change.before, change.after) for change in found.rows[0].changes}
    assert differences == expected


@pytest.mark.parametrize('deployment', [sides[1] for sides in CHANGES.values()], ids=CHANGES)
def test_once_it_is_so_there_is_nothing_to_do(deployment: dict[str, Any]):
    assert changed(deployment, deployment).is_empty


class TestSending:
    """The deploymentConfiguration of UpdateService: ECS keeps what is left out."""

    def sent(self, before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
        [step] = changed(before, after).steps
        configuration: dict[str, Any] = step.arguments['deploymentConfiguration']
        return configuration

    def test_every_member_of_a_changed_structure_is_sent(self):
        sent = self.sent({'strategy': 'canary'}, {'strategy': 'canary', 'canary': {'percent': 20}})
        assert sent['canaryConfiguration'] == {'canaryPercent': 20.0, 'canaryBakeTimeInMinutes': 10}
        assert sent['strategy'] == 'CANARY'

    def test_removed_hooks_are_sent_as_none(self):
        sent = self.sent({'strategy': 'blue_green', 'pause': ['pre_scale_up']}, {'strategy': 'blue_green'})
        assert sent['lifecycleHooks'] == []

    def test_removed_alarms_are_turned_off(self):
        sent = self.sent({'alarms': {'names': ['errors']}}, {})
        assert sent['alarms'] == {'alarmNames': [], 'enable': False, 'rollback': False}

    def test_steps_go_with_their_strategy(self):
        sent = self.sent({'strategy': 'canary'}, {'strategy': 'rolling'})
        assert sent['strategy'] == 'ROLLING'
        assert 'canaryConfiguration' not in sent

    def test_a_message_stays_with_nysa(self):
        hook = {'type': 'pause', 'stages': ['pre_scale_up']}
        assert changed({'hooks': [hook]}, {'hooks': [{**hook, 'message': 'look'}]}).is_empty

    def test_the_order_of_hooks_does_not_matter(self):
        one, two = ({'type': 'pause', 'stages': [stage]} for stage in ('pre_scale_up', 'post_scale_up'))
        assert changed({'hooks': [one, two]}, {'hooks': [two, one]}).is_empty


NOTE = 'Another strategy starts no deployment: it counts from the next one on.'


def test_a_plan_notes_that_another_strategy_deploys_nothing():
    assert [note.text for note in changed({}, {'strategy': 'blue_green'}).notes] == [NOTE]
    assert changed({'strategy': 'blue_green'}, {'strategy': 'blue_green', 'bake_time': '5m'}).notes == ()


def superseding(deployment: dict[str, Any], rollout_state: str, **fields: Any) -> list[str]:
    """The notes on a change of a service whose deployment is in a state."""
    observed = settled(document(**deployment))
    service = replace(observed.services['mailer'], rollout_state=rollout_state)
    wanted = document(**deployment)
    wanted['services'][0]['mailer'].update(fields)
    return [
        note.text for note in plan(wanted, replace(observed, services={'mailer': service}), revision=REVISION).notes
    ]


@pytest.mark.parametrize('strategy', ['blue_green', 'linear', 'canary'])
def test_a_plan_notes_that_it_replaces_a_deployment_in_stages(strategy: str):
    image = {'image': 'registry/mailer:2'}
    [note] = superseding({'strategy': strategy}, 'IN_PROGRESS', **image)
    assert note.startswith(f'A deployment in stages ({strategy}) is in progress, and the new one replaces it')
    assert superseding({'strategy': strategy}, 'COMPLETED', **image) == []


def test_other_changes_replace_no_deployment_in_stages():
    # ECS applies another count to the deployment that is in progress.
    assert superseding({'strategy': 'canary'}, 'IN_PROGRESS', desired_count=7) == []
    assert superseding({'strategy': 'canary'}, 'IN_PROGRESS') == []
    assert superseding({}, 'IN_PROGRESS', image='registry/mailer:2') == []


def test_a_part_can_be_left_to_others():
    seen = settled(document(bake_time='5m', maximum_percent=150))
    wanted = document(bake_time='10m', maximum_percent=200)
    wanted['services'][0]['mailer']['ignore'] = ['deployment.bake_time']
    [step] = plan(wanted, seen, revision=REVISION).steps
    assert [change.path for change in step.why] == ['deployment.maximum_percent']
