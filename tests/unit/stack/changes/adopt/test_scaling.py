"""Autoscaling of a running service in the adopted document: without loss, and without a step."""

from dataclasses import replace
from typing import Any

import pytest

from stack.changes.adopt.document import write
from stack.reconcile.observed import Observed
from stack.reconcile.planner import plan
from stack.reconcile.scalable_target import ScalableTarget
from stack.stackfile.check import check
from tests.unit.stack.reconcile.settled import CLUSTER, service_in, settled
from tests.unit.stack.reconcile.test_autoscaling import AAS, document, target_of
from tests.unit.stack.reconcile.test_scaling_steps import document as steps_document
from tests.unit.stack.reconcile.test_scaling_steps import observed


def policy(
    name: str, value: float = 60.0, metric: str = 'ECSServiceAverageCPUUtilization', **more: Any
) -> dict[str, Any]:
    return {
        'PolicyName': name,
        'PolicyType': 'TargetTrackingScaling',
        'TargetTrackingScalingPolicyConfiguration': {
            'TargetValue': value,
            'PredefinedMetricSpecification': {'PredefinedMetricType': metric},
            **more,
        },
    }


def action(name: str, schedule: str, **limits: int) -> dict[str, Any]:
    return {'ScheduledActionName': name, 'Schedule': schedule, 'ScalableTargetAction': limits}


def running(target: ScalableTarget) -> Observed:
    """The example, in which another program scales `mailer`."""
    plain = document()
    plain['services'] = [item for item in plain['services'] if 'mailer' in item]
    return replace(settled(plain), autoscaled=frozenset({'mailer'}), scaling={'mailer': target}, at=1_772_625_600.0)


def adopted(target: ScalableTarget) -> tuple[dict[str, Any], str]:
    """The settings of the service, and the notes; no step of autoscaling follows from them."""
    observed = running(target)
    found = write(observed, 'us-east-1')
    assert check(found.document, cluster=CLUSTER).mistakes == ()
    steps = plan(found.document, observed, revision='r1', region='us-east-1').steps
    assert [step.kind for step in steps if step.kind.startswith(AAS)] == []
    [settings] = [item['mailer'] for item in found.document['services']]
    return settings, ' '.join(note.text for note in found.notes)


STEP = {'PolicyName': 'steps', 'PolicyType': 'StepScaling', 'StepScalingPolicyConfiguration': {}}


@pytest.mark.parametrize(
    ('target', 'expected'),
    [
        (ScalableTarget('arn', 2, 8, policies=(policy('a'),)), {'min': 2, 'max': 8, 'cpu': 60}),
        (
            ScalableTarget(
                'arn',
                2,
                8,
                policies=(
                    policy('a', 60.5, ScaleInCooldown=60),
                    policy('b', 70.0, 'ECSServiceAverageMemoryUtilization', ScaleInCooldown=60),
                ),
            ),
            {'min': 2, 'max': 8, 'cpu': 60.5, 'memory': 70, 'in_cooldown': 60},
        ),
        (
            ScalableTarget('arn', 1, 2, frozenset({'in', 'out', 'schedules'}), policies=(policy('a'),)),
            {'min': 1, 'max': 2, 'cpu': 60, 'suspended': True},
        ),
        (
            ScalableTarget('arn', 1, 2, frozenset({'out'}), policies=(policy('a'),)),
            {'min': 1, 'max': 2, 'cpu': 60, 'suspended': ['out']},
        ),
        (
            ScalableTarget('arn', 1, 2, actions=(action('night', 'cron(0 20 * * ? *)', MinCapacity=1),)),
            {'min': 1, 'max': 2, 'schedules': [{'cron': '0 20 * * ? *', 'min': 1}]},
        ),
    ],
)
def test_what_scales_a_service_is_written(target, expected):
    settings, notes = adopted(target)
    assert settings['autoscaling'] == expected
    assert 'autoscaled' not in settings
    assert 'No field states' not in notes


@pytest.mark.parametrize(
    'other',
    [
        STEP,
        policy('other', DisableScaleIn=True),
        policy('other', 900.0, 'ALBRequestCountPerTarget'),
        policy('other', ScaleInCooldown=7),
        policy('other', 300.0, 'ECSServiceAverageMemoryUtilization'),
    ],
)
def test_what_no_field_states_is_noted(other):
    target = ScalableTarget('arn', 2, 8, policies=(policy('cpu'), other))
    settings, notes = adopted(target)
    assert settings['autoscaling'] == {'min': 2, 'max': 8, 'cpu': 60}
    assert f'No field states {other["PolicyName"]}' in notes


@pytest.mark.parametrize(
    'other',
    [
        action('rate', 'rate(5 minutes)', MinCapacity=1),
        {**action('ends', 'cron(0 8 * * ? *)', MinCapacity=1), 'EndTime': '2030-01-01T00:00:00Z'},
    ],
)
def test_an_action_that_no_field_states_is_noted(other):
    settings, notes = adopted(ScalableTarget('arn', 2, 8, policies=(policy('cpu'),), actions=(other,)))
    assert settings['autoscaling'] == {'min': 2, 'max': 8, 'cpu': 60}
    assert f'No field states {other["ScheduledActionName"]}' in notes


def test_without_anything_that_a_field_states_the_service_is_left_to_its_autoscaler():
    settings, notes = adopted(ScalableTarget('arn', 2, 8, policies=(STEP,)))
    assert settings['autoscaled'] is True
    assert 'autoscaling' not in settings
    assert 'No field states steps' in notes


def test_requests_are_written_with_their_load_balancer():
    target = target_of(document())
    observed = replace(settled(document()), autoscaled=frozenset({'web'}), scaling={'web': target}, at=1_772_625_600.0)
    found = write(observed, 'us-east-1')
    [settings] = [item['web'] for item in found.document['services'] if 'web' in item]
    stated = next(item['web'] for item in document()['services'] if 'web' in item)['autoscaling']
    assert settings['autoscaling'] == {**stated, 'min': target.minimum}


@pytest.mark.parametrize('metric', ['cpu', {'name': 'Depth', 'namespace': 'App', 'dimensions': {'Queue': 'jobs'}}])
def test_steps_that_nysa_made_are_written(metric):
    made = steps_document()
    service_in(made, 'web')['autoscaling']['steps'].update(metric=metric, periods=5)
    state = observed(made)
    found = write(state, 'us-east-1')
    [settings] = [item['web'] for item in found.document['services'] if 'web' in item]
    stated = service_in(made, 'web')['autoscaling']
    ordered = {**stated['steps'], 'add': stated['steps']['add'][::-1]}
    assert settings['autoscaling'] == {**stated, 'steps': ordered}
    again = plan(found.document, state, revision='r1', region='us-east-1')
    assert [step.kind for step in again.steps if step.kind.startswith((AAS, 'cloudwatch:'))] == []
