"""Autoscaling: each field changed alone takes exactly its steps; what another program made is left alone."""

import copy
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from stack.reconcile.attached import Target
from stack.reconcile.autoscaling import plan_autoscaling
from stack.reconcile.draft import Draft
from stack.reconcile.names import Owner
from stack.reconcile.observed import Observed
from stack.reconcile.plan import Joined, Plan, ResultOf
from stack.reconcile.planner import plan
from stack.reconcile.scalable_target import ScalableTarget
from stack.reconcile.scaling_policies import counted_requests
from stack.reconcile.wanted import wanted_services
from stack.stackfile.autoscaling_fields import SUSPENSIONS
from tests.unit.stack.reconcile.settled import CLUSTER, REVISION, example, service_in, settled

AAS = 'application-autoscaling:'
REGISTER, DEREGISTER = f'{AAS}RegisterScalableTarget', f'{AAS}DeregisterScalableTarget'
PUT, DELETE = f'{AAS}PutScalingPolicy', f'{AAS}DeleteScalingPolicy'
SCHEDULE, UNSCHEDULE = f'{AAS}PutScheduledAction', f'{AAS}DeleteScheduledAction'
UPDATE = 'ecs:UpdateService'
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC).timestamp()

FOREIGN_POLICY = {
    'PolicyName': 'by-hand',
    'PolicyType': 'TargetTrackingScaling',
    'TargetTrackingScalingPolicyConfiguration': {
        'TargetValue': 33.0,
        'PredefinedMetricSpecification': {'PredefinedMetricType': 'ECSServiceAverageCPUUtilization'},
    },
}


def document() -> dict[str, Any]:
    found = example()
    service_in(found, 'web')['autoscaling'] = {
        'min': 2,
        'max': 10,
        'cpu': 60,
        'requests': 1000,
        'metric': {'name': 'Depth', 'namespace': 'App', 'dimensions': {'Queue': 'jobs'}, 'target': 5},
        'schedules': [
            {'cron': '0 20 * * ? *', 'timezone': 'Europe/Berlin', 'min': 1},
            {'at': '2030-01-31T18:00:00', 'min': 5, 'max': 20},
        ],
    }
    return found


def scaling_of(found: dict[str, Any]) -> dict[str, Any]:
    autoscaling: dict[str, Any] = service_in(found, 'web')['autoscaling']
    return autoscaling


def observed(found: dict[str, Any], **changes: Any) -> Observed:
    """What AWS holds once the document has been reconciled, at noon; `changes` are those of the scalable target."""
    return with_target(replace(settled(found), at=NOON), replace(target_of(found), **changes))


def with_target(state: Observed, target: ScalableTarget) -> Observed:
    return replace(state, autoscaled=frozenset({'web'}), scaling={'web': target})


def target_of(found: dict[str, Any]) -> ScalableTarget:
    """The scalable target that the steps on a cluster without one make."""
    steps = planned(found, settled(found)).steps
    limits = next(step.arguments for step in steps if step.kind == REGISTER)
    return ScalableTarget(
        arn='arn:aws:application-autoscaling:us-east-1:1:scalable-target/1',
        minimum=limits['MinCapacity'],
        maximum=limits['MaxCapacity'],
        suspended=frozenset(word for word, member in SUSPENSIONS.items() if limits['SuspendedState'][member]),
        policies=tuple(step.arguments for step in steps if step.kind == PUT),
        actions=tuple(step.arguments for step in steps if step.kind == SCHEDULE),
        tags=limits['Tags'],
    )


def planned(found: dict[str, Any], state: Observed) -> Plan:
    return plan(found, replace(state, at=state.at or NOON), revision=REVISION)


def kinds(found: Plan) -> list[str]:
    return [step.kind for step in found.steps]


def notes(found: Plan) -> str:
    return ' '.join(note.text for note in found.notes)


def edited(edit: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    changed = copy.deepcopy(document())
    edit(scaling_of(changed))
    return changed


def test_all_of_it_is_made_after_the_service():
    found = planned(document(), replace(settled(document()), services={}, at=NOON))
    steps = [step for step in found.steps if step.kind.startswith(AAS)]
    assert [step.kind for step in steps] == [REGISTER, PUT, PUT, PUT, SCHEDULE, SCHEDULE]
    created = next(step.id for step in found.steps if step.kind == 'ecs:CreateService' and step.service == 'web')
    assert all(created in step.depends_on for step in steps)
    assert all(steps[0].id in step.depends_on for step in steps[1:])
    assert steps[0].arguments == {
        'ServiceNamespace': 'ecs',
        'ResourceId': 'service/staging/web',
        'ScalableDimension': 'ecs:service:DesiredCount',
        'MinCapacity': 1,
        'MaxCapacity': 10,
        'SuspendedState': {
            'DynamicScalingInSuspended': False,
            'DynamicScalingOutSuspended': False,
            'ScheduledScalingSuspended': False,
        },
        'Tags': Owner(CLUSTER, 'web').tags,
    }


def test_what_is_made_is_complete():
    assert planned(document(), observed(document())).is_empty


@pytest.mark.parametrize(
    ('edit', 'steps'),
    [
        (lambda scaling: scaling.update(max=12), [REGISTER]),
        (lambda scaling: scaling.update(suspended=True), [REGISTER]),
        (lambda scaling: scaling.update(suspended=['in']), [REGISTER]),
        (lambda scaling: scaling.update(cpu=65), [PUT]),
        (lambda scaling: scaling.update(memory=70), [PUT]),
        (lambda scaling: scaling.update(requests=900), [PUT]),
        (lambda scaling: scaling['metric'].update(target=6), [PUT]),
        (lambda scaling: scaling['metric'].update(dimensions={'Queue': 'mail'}), [PUT]),
        (lambda scaling: scaling['metric'].update(statistic='maximum'), [PUT]),
        (lambda scaling: scaling.update(in_cooldown=60), [PUT, PUT, PUT]),
        (lambda scaling: scaling.update(out_cooldown=60), [PUT, PUT, PUT]),
        (lambda scaling: scaling.update(in_cooldown=300), []),
        (lambda scaling: scaling.pop('cpu'), [DELETE]),
        (lambda scaling: scaling.pop('requests'), [DELETE]),
        (lambda scaling: scaling.pop('metric'), [DELETE]),
        (lambda scaling: scaling['schedules'][1].update(max=30), [SCHEDULE]),
        (lambda scaling: scaling['schedules'][1].update(at='2031-01-31T18:00:00'), [SCHEDULE]),
        (lambda scaling: scaling['schedules'][1].update(timezone='Asia/Tokyo'), [SCHEDULE]),
        (lambda scaling: scaling['schedules'].pop(), [UNSCHEDULE]),
        (lambda scaling: scaling['schedules'].append({'cron': '0 8 * * ? 2040', 'max': 9}), [SCHEDULE]),
    ],
)
def test_an_edit_takes_exactly_its_steps_and_then_none(edit, steps):
    changed = edited(edit)
    found = planned(changed, observed(document()))
    assert kinds(found) == steps
    assert {row.service for row in found.rows if row.action != 'nothing'} == ({'web'} if steps else set())
    assert all(change.path.startswith('autoscaling.') for step in found.steps for change in step.why)
    assert planned(changed, observed(changed)).is_empty


def test_the_desired_count_is_only_the_start():
    changed = document()
    service_in(changed, 'web')['desired_count'] = 7
    assert planned(changed, observed(document())).is_empty
    found = planned(changed, replace(settled(changed), services={}))
    create = next(step for step in found.steps if step.kind == 'ecs:CreateService' and step.service == 'web')
    assert create.arguments['desiredCount'] == 7


@pytest.mark.parametrize(('stated', 'started'), [(0, 2), (50, 10)])
def test_the_start_is_within_the_limits(stated, started):
    changed = document()
    service_in(changed, 'web')['desired_count'] = stated
    found = planned(changed, replace(settled(changed), services={}))
    create = next(step for step in found.steps if step.kind == 'ecs:CreateService' and step.service == 'web')
    assert create.arguments['desiredCount'] == started


def test_removed_it_leaves_nothing_and_the_count_is_set_in_the_same_pass():
    changed = document()
    service_in(changed, 'web').pop('autoscaling')
    service_in(changed, 'web')['desired_count'] = 4
    found = planned(changed, observed(document()))
    assert kinds(found) == [DEREGISTER, UPDATE]
    assert found.steps[0].id in found.steps[1].depends_on
    assert planned(
        changed,
        replace(observed(document()), scaling={}, autoscaled=frozenset(), services={**settled(changed).services}),
    ).is_empty


def test_a_destroyed_service_stops_scaling_before_it_is_deleted():
    changed = document()
    changed['services'] = [item for item in changed['services'] if 'web' not in item]
    found = plan(changed, observed(document()), revision=REVISION, destroyed={'web'})
    deregister = next(step for step in found.steps if step.kind == DEREGISTER)
    assert all(deregister.id in step.depends_on for step in found.steps if step.kind in (UPDATE, 'ecs:DeleteService'))


def test_a_replaced_service_is_scaled_again():
    changed = document()
    service_in(changed, 'web')['launch_type'] = 'EXTERNAL'
    found = planned(changed, observed(document()))
    made = [kind for kind in kinds(found) if kind.startswith(AAS) or kind in ('ecs:DeleteService', 'ecs:CreateService')]
    assert made == [
        DEREGISTER, 'ecs:DeleteService', 'ecs:CreateService', REGISTER, PUT, PUT, PUT, SCHEDULE, SCHEDULE
    ]  # fmt: skip


def test_a_service_that_becomes_a_task_is_not_scaled():
    changed = document()
    service_in(changed, 'web').pop('elb')
    service_in(changed, 'web').pop('autoscaling')
    service_in(changed, 'web')['type'] = 'task'
    assert DEREGISTER in kinds(planned(changed, observed(document())))


class TestForeign:
    """What another program made stays, and is noted."""

    def test_a_target_of_another_program_is_not_changed(self):
        found = planned(edited(lambda scaling: scaling.update(max=12)), observed(document(), tags={}))
        assert kinds(found) == []
        assert 'was not made by Nysa and stays as it is' in notes(found)

    def test_a_policy_of_another_program_stays_and_is_noted(self):
        policies = (*target_of(document()).policies, FOREIGN_POLICY)
        found = planned(document(), observed(document(), policies=policies))
        assert found.is_empty
        assert 'by-hand' in notes(found)

    def test_a_policy_of_another_program_that_is_as_declared_is_enough(self):
        changed = edited(lambda scaling: scaling.update(cpu=33))
        others = tuple(policy for policy in target_of(document()).policies if policy['PolicyName'] != 'nysa-cpu')
        found = planned(changed, observed(document(), policies=(*others, FOREIGN_POLICY), tags={}))
        assert found.is_empty
        assert 'by-hand' not in notes(found)

    def test_removed_its_parts_stay(self):
        changed = document()
        service_in(changed, 'web').pop('autoscaling')
        policies = (*target_of(document()).policies, FOREIGN_POLICY)
        found = planned(changed, observed(document(), policies=policies))
        assert kinds(found) == [DELETE, DELETE, DELETE, UNSCHEDULE, UNSCHEDULE]
        assert 'by-hand' in notes(found)
        after = observed(document(), policies=(FOREIGN_POLICY,), actions=())
        assert planned(changed, after).is_empty

    def test_a_target_of_another_program_stays_without_the_field(self):
        changed = document()
        service_in(changed, 'web').pop('autoscaling')
        state = observed(document(), policies=(FOREIGN_POLICY,), actions=(), tags={})
        assert planned(changed, state).is_empty
        bare = observed(document(), policies=(), actions=(), tags={})
        assert planned(changed, bare).is_empty


def test_limits_that_a_schedule_set_are_right():
    """At night the fewest tasks are 1; a target that has the stated limits is new, and right as well."""
    assert planned(document(), observed(document(), minimum=1)).is_empty
    assert planned(document(), observed(document(), minimum=2)).is_empty
    assert kinds(planned(document(), observed(document(), minimum=3))) == [REGISTER]


def test_a_moment_that_has_passed_is_not_scheduled_again():
    changed = edited(lambda scaling: scaling['schedules'][1].update(at='2026-03-01T18:00:00'))
    actions = target_of(document()).actions[:1]
    state = observed(document(), actions=actions, minimum=5, maximum=20)
    assert SCHEDULE not in kinds(planned(changed, state))


def test_what_cannot_be_read_is_noted_and_not_changed():
    state = replace(settled(document()), unknown_scaling='AWS refused it.', autoscaled=frozenset({'web'}))
    found = planned(document(), state)
    assert found.is_empty
    assert 'AWS refused it.' in notes(found)


def test_the_label_of_requests_names_load_balancer_and_target_group():
    found = planned(document(), replace(settled(document()), services={}, load_balancers=(), target_groups=()))
    policy = next(step for step in found.steps if step.kind == PUT and 'requests' in step.id)
    tracking = policy.arguments['TargetTrackingScalingPolicyConfiguration']
    label = tracking['PredefinedMetricSpecification']['ResourceLabel']
    assert label == Joined(
        (
            ResultOf('web/load-balancer', 'LoadBalancers.0.LoadBalancerArn', ':loadbalancer/'),
            '/targetgroup/',
            ResultOf('web/target-group', 'TargetGroups.0.TargetGroupArn', ':targetgroup/'),
        )
    )
    assert {'web/load-balancer', 'web/target-group'} <= set(policy.depends_on)


def test_with_undeclared_kept_nothing_is_removed():
    changed = document()
    service_in(changed, 'web').pop('autoscaling')
    service_in(changed, 'web')['undeclared'] = 'keep'
    assert not [kind for kind in kinds(planned(changed, observed(document()))) if kind.startswith(AAS)]


def test_without_an_application_load_balancer_requests_are_not_followed():
    changed = document()
    service_in(changed, 'web').pop('elb')
    service_in(changed, 'web')['autoscaling'].pop('cpu')
    state = replace(settled(changed), services={}, at=NOON)
    counted = counted_requests((), [Target('arn:tg/none', 80)], state)
    assert counted is None
    draft = Draft(Owner(CLUSTER, 'web'))
    plan_autoscaling(draft, wanted_services(CLUSTER, changed)['web'], state, counted)
    assert [step.id for step in draft.steps if 'policy' in step.id] == ['web/autoscaling/policy/nysa-metric']
    assert [note.text for note in draft.notes] == [
        'Its requests are not followed: no application load balancer forwards to it.'
    ]
