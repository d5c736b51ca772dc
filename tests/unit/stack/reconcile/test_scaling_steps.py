"""Step scaling: its policies and alarms are made, changed and removed together."""

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from stack.reconcile.observed import Observed
from stack.reconcile.plan import ResultOf
from tests.unit.stack.reconcile.settled import example, service_in, settled
from tests.unit.stack.reconcile.test_autoscaling import (
    DELETE,
    DEREGISTER,
    FOREIGN_POLICY,
    NOON,
    PUT,
    REGISTER,
    kinds,
    planned,
    target_of,
    with_target,
)

ALARM, UNWATCH = 'cloudwatch:PutMetricAlarm', 'cloudwatch:DeleteAlarms'


def document() -> dict[str, Any]:
    found = example()
    service_in(found, 'web')['autoscaling'] = {
        'min': 2,
        'max': 10,
        'steps': {
            'metric': 'cpu',
            'add': [{'above': 90, 'tasks': 4}, {'above': 70, 'tasks': 2}],
            'remove': [{'below': 30, 'tasks': 1}, {'below': 10, 'tasks': 3}],
        },
    }
    return found


def observed(found: dict[str, Any], policies: tuple[dict[str, Any], ...] = ()) -> Observed:
    """What AWS holds once the document has been reconciled."""
    target = target_of(found)
    arns = {policy['PolicyName']: f'arn:policy/{policy["PolicyName"]}' for policy in target.policies}
    described = tuple({**policy, 'PolicyARN': arns[policy['PolicyName']]} for policy in target.policies)
    steps = planned(found, settled(found)).steps
    alarms = {
        step.arguments['AlarmName']: {
            **step.arguments,
            'AlarmActions': [arns[step.arguments['AlarmName'].partition('/')[0]]],
        }
        for step in steps
        if step.kind == ALARM
    }
    target = replace(target, policies=(*described, *policies), alarms=alarms)
    return with_target(replace(settled(found), at=NOON), target)


def edited(edit: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    changed = copy.deepcopy(document())
    edit(service_in(changed, 'web')['autoscaling'])
    return changed


def test_each_direction_has_a_policy_and_the_alarm_that_starts_it():
    found = planned(document(), settled(document()))
    assert kinds(found) == [REGISTER, PUT, ALARM, PUT, ALARM]
    _, add, high, remove, low = found.steps
    assert add.arguments['StepScalingPolicyConfiguration']['StepAdjustments'] == [
        {'MetricIntervalLowerBound': 0.0, 'MetricIntervalUpperBound': 20.0, 'ScalingAdjustment': 2},
        {'MetricIntervalLowerBound': 20.0, 'ScalingAdjustment': 4},
    ]
    assert remove.arguments['StepScalingPolicyConfiguration']['StepAdjustments'] == [
        {'MetricIntervalLowerBound': -20.0, 'MetricIntervalUpperBound': 0.0, 'ScalingAdjustment': -1},
        {'MetricIntervalUpperBound': -20.0, 'ScalingAdjustment': -3},
    ]
    assert high.arguments['AlarmActions'] == [ResultOf(add.id, 'PolicyARN')]
    assert low.arguments['AlarmActions'] == [ResultOf(remove.id, 'PolicyARN')]
    assert (high.arguments['Threshold'], high.arguments['ComparisonOperator']) == (70, 'GreaterThanOrEqualToThreshold')
    assert (low.arguments['Threshold'], low.arguments['ComparisonOperator']) == (30, 'LessThanOrEqualToThreshold')
    assert high.arguments['Dimensions'] == [
        {'Name': 'ClusterName', 'Value': 'staging'},
        {'Name': 'ServiceName', 'Value': 'web'},
    ]


def test_what_is_made_is_complete():
    assert planned(document(), observed(document())).is_empty


@pytest.mark.parametrize(
    ('edit', 'steps'),
    [
        (lambda scaling: scaling['steps']['add'][0].update(tasks=5), [PUT]),
        (lambda scaling: scaling['steps']['add'][0].update(above=95), [PUT]),
        (lambda scaling: scaling['steps']['add'][1].update(above=75), [PUT, ALARM]),
        (lambda scaling: scaling['steps'].update(periods=5), [ALARM, ALARM]),
        (lambda scaling: scaling['steps'].update(metric='memory'), [ALARM, ALARM]),
        (lambda scaling: scaling['steps'].update(cooldown=60), [PUT, PUT]),
        (lambda scaling: scaling['steps'].pop('remove'), [UNWATCH, DELETE]),
        (lambda scaling: scaling.update(steps=None, cpu=50), [PUT, UNWATCH, DELETE, UNWATCH, DELETE]),
    ],
)
def test_an_edit_takes_exactly_its_steps_and_then_none(edit, steps):
    changed = edited(edit)
    if service_in(changed, 'web')['autoscaling'].get('steps') is None:
        service_in(changed, 'web')['autoscaling'].pop('steps')
    found = planned(changed, observed(document()))
    assert kinds(found) == steps
    assert planned(changed, observed(changed)).is_empty


def test_an_alarm_that_a_killed_pass_did_not_make_is_made():
    state = observed(document())
    bare = with_target(state, replace(state.scaling['web'], alarms={}))
    assert kinds(planned(document(), bare)) == [ALARM, ALARM]


def test_removed_its_alarms_go_before_what_names_them():
    changed = document()
    service_in(changed, 'web').pop('autoscaling')
    found = planned(changed, observed(document()))
    assert kinds(found) == [UNWATCH, UNWATCH, DEREGISTER]
    assert set(found.steps[2].depends_on) == {step.id for step in found.steps[:2]}


def test_removed_beside_a_policy_of_another_program():
    changed = document()
    service_in(changed, 'web').pop('autoscaling')
    found = planned(changed, observed(document(), (FOREIGN_POLICY,)))
    assert kinds(found) == [UNWATCH, UNWATCH, DELETE, DELETE]
    assert all(step.depends_on for step in found.steps[2:])
