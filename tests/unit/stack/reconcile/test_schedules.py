"""Schedules: each field changed alone takes exactly its steps; what Nysa did not create is left unchanged."""

import copy
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from stack.reconcile import names
from stack.reconcile.observed import Observed
from stack.reconcile.plan import Change, Plan, ResultOf
from stack.reconcile.planner import going, plan
from stack.reconcile.wanted_schedule import own_group, own_place
from tests.unit.stack.reconcile.settled import REVISION, example, service_in, settled

ROLE = 'arn:aws:iam::123456789012:role/scheduler'
OTHER_ROLE = 'arn:aws:iam::123456789012:role/other'
QUEUE = 'arn:aws:sqs:us-east-1:123456789012:failures'

REGISTER = 'ecs:RegisterTaskDefinition'
GROUP = 'scheduler:CreateScheduleGroup'
CREATE = 'scheduler:CreateSchedule'
UPDATE = 'scheduler:UpdateSchedule'
DELETE = 'scheduler:DeleteSchedule'
DELETE_GROUP = 'scheduler:DeleteScheduleGroup'
FORGET = 'ecs:UntagResource'
NOTE = 'ecs:TagResource'
DEREGISTER = 'ecs:DeregisterTaskDefinition'

PLACE = 'nysa-staging/report'
REPORT = {
    'image': 'registry/report:1',
    'type': 'task',
    'scheduler_role': ROLE,
    'schedule': {
        'cron': '0 3 * * ? *',
        'timezone': 'Europe/Berlin',
        'retries': 3,
        'start': '2030-01-01T00:00:00Z',
        'dead_letter': QUEUE,
    },
}


def document(**report: Any) -> dict[str, Any]:
    """The example with a scheduled task; None removes a field."""
    fields = {name: value for name, value in {**REPORT, **report}.items() if value is not None}
    found = example()
    found['services'].append({'report': fields})
    return found


def scheduled(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in {**REPORT['schedule'], **fields}.items() if value is not None}


def planned(document: Mapping[str, Any], observed: Observed, **options: Any) -> Plan:
    return plan(document, observed, **{'revision': REVISION, **options})


def kinds(found: Plan) -> list[str]:
    return [step.kind for step in found.steps]


def row(found: Plan, service: str = 'report') -> tuple[str, set[str]]:
    [only] = [row for row in found.rows if row.service == service]
    return only.action, {change.path for change in only.changes}


EDITS: dict[str, tuple[dict[str, Any], list[str], set[str]]] = {
    'cron': ({'schedule': scheduled(cron='0 4 * * ? *')}, [UPDATE], {'schedule.cron'}),
    'spaces in cron': ({'schedule': scheduled(cron='0  3 * * ? *')}, [], set()),
    'rate': ({'schedule': scheduled(cron=None, rate='5 minutes')}, [UPDATE], {'schedule.cron', 'schedule.rate'}),
    'at': ({'schedule': scheduled(cron=None, at='2031-01-01T00:00:00')}, [UPDATE], {'schedule.cron', 'schedule.at'}),
    'timezone': ({'schedule': scheduled(timezone='UTC')}, [UPDATE], {'schedule.timezone'}),
    'jitter': ({'schedule': scheduled(jitter=10)}, [UPDATE], {'schedule.jitter'}),
    'retries': ({'schedule': scheduled(retries=0)}, [UPDATE], {'schedule.retries'}),
    'retry_for': ({'schedule': scheduled(retry_for=60)}, [UPDATE], {'schedule.retry_for'}),
    'the default of retry_for': ({'schedule': scheduled(retry_for=86_400)}, [], set()),
    'enabled': ({'schedule': scheduled(enabled=False)}, [UPDATE], {'schedule.enabled'}),
    'start': ({'schedule': scheduled(start='2031-01-01T00:00:00Z')}, [UPDATE], {'schedule.start'}),
    'start in another zone': ({'schedule': scheduled(start='2030-01-01T01:00:00+01:00')}, [], set()),
    'without start': ({'schedule': scheduled(start=None)}, [UPDATE], {'schedule.start'}),
    'end': ({'schedule': scheduled(end='2032-01-01T00:00:00Z')}, [UPDATE], {'schedule.end'}),
    'without dead_letter': ({'schedule': scheduled(dead_letter=None)}, [UPDATE], {'schedule.dead_letter'}),
    'encryption_key': (
        {'schedule': scheduled(encryption_key='arn:aws:kms:us-east-1:123456789012:key/a')},
        [UPDATE],
        {'schedule.encryption_key'},
    ),
    'scheduler_role': ({'scheduler_role': OTHER_ROLE}, [UPDATE], {'scheduler_role'}),
    'desired_count': ({'desired_count': 2}, [UPDATE], {'desired_count'}),
    'exec': ({'exec': True}, [REGISTER, UPDATE], {'exec', 'init'}),
    'ecs_managed_tags': ({'ecs_managed_tags': True}, [UPDATE], {'ecs_managed_tags'}),
    'network_mode': (
        {'network_mode': 'awsvpc', 'network': {'subnets': ['subnet-d', 'subnet-c']}},
        [REGISTER, UPDATE],
        {'network_mode', 'network'},
    ),
    'image': ({'image': 'registry/report:2'}, [REGISTER, UPDATE], {'image'}),
}


@pytest.mark.parametrize('edit', EDITS)
def test_an_edit_takes_exactly_its_steps_and_then_none(edit: str):
    fields, steps, paths = EDITS[edit]
    after = document(**fields)
    found = planned(after, settled(document()))
    assert kinds(found) == steps
    assert row(found) == ('update' if steps else 'nothing', paths)
    assert planned(after, settled(after)).is_empty


def test_a_start_that_is_past_is_left_out():
    observed = replace(
        settled(document(schedule=scheduled(start=None))), at=datetime(2030, 6, 1, tzinfo=UTC).timestamp()
    )
    assert planned(document(), observed).is_empty
    assert kinds(planned(document(schedule=scheduled(start='2030-06-01T00:00:01Z')), observed)) == [UPDATE]
    created = planned(document(), replace(settled(example()), at=observed.at)).steps[-1]
    assert (created.kind, 'StartDate' in created.arguments) == (CREATE, False)


def test_a_new_schedule_has_a_group_and_a_mark_on_its_definition():
    found = planned(document(), replace(settled(example()), schedule_groups={}))
    assert kinds(found) == [GROUP, REGISTER, CREATE]
    group, register, create = found.steps
    assert group.arguments == {'Name': 'nysa-staging', 'Tags': [{'Key': 'nysa:cluster', 'Value': 'staging'}]}
    assert {'key': names.SCHEDULE_TAG, 'value': PLACE} in register.arguments['tags']
    assert set(create.depends_on) == {group.id, register.id}
    assert row(found) == ('create', {'image', 'schedule.cron', 'schedule.timezone'})
    target = create.arguments['Target']
    assert (create.arguments['GroupName'], create.arguments['Name']) == ('nysa-staging', 'report')
    assert create.arguments['ScheduleExpression'] == 'cron(0 3 * * ? *)'
    assert create.arguments['FlexibleTimeWindow'] == {'Mode': 'OFF'}
    assert create.arguments['Description'] == 'Service report of the ECS cluster staging, made by Nysa'
    assert target['Arn'] == 'arn:aws:ecs:us-east-1:1:cluster/staging'
    assert target['RetryPolicy'] == {'MaximumRetryAttempts': 3, 'MaximumEventAgeInSeconds': 86_400}
    assert target['EcsParameters'] == {
        'TaskDefinitionArn': ResultOf(register.id, 'taskDefinition.taskDefinitionArn'),
        'TaskCount': 1,
        'LaunchType': 'EC2',
        'Tags': [{'key': 'nysa:cluster', 'value': 'staging'}, {'key': 'nysa:service', 'value': 'report'}],
    }


def test_several_new_schedules_share_a_group():
    several = document()
    several['services'].append({'cleanup': {**REPORT, 'image': 'registry/cleanup:1'}})
    assert kinds(planned(several, settled(example()))).count(GROUP) == 1


def test_a_schedule_runs_nothing_at_a_new_revision():
    assert kinds(planned(document(), settled(document()), revision='r2')) == ['ecs:RunTask', NOTE]  # of migrate


def test_a_schedule_for_a_task_that_ran_once():
    found = planned(document(), settled(document(schedule=None)))
    assert kinds(found) == [GROUP, NOTE, CREATE]
    assert set(found.steps[2].depends_on) == {'/schedule-group', 'report/schedule/note'}


class TestRemoved:
    def test_a_task_without_its_schedule_runs_once(self):
        observed = settled(document())
        found = planned(document(schedule=None), observed)
        assert kinds(found) == [DELETE, DELETE_GROUP, FORGET, 'ecs:RunTask', NOTE]
        assert found.steps[1].id in found.steps[2].depends_on

    def test_the_schedule_is_gone_before_a_definition_without_its_mark_is_registered(self):
        found = planned(document(schedule=None, image='registry/report:2'), settled(document()))
        assert kinds(found) == [DELETE, DELETE_GROUP, FORGET, REGISTER, 'ecs:RunTask', NOTE]
        assert found.steps[2].id in found.steps[3].depends_on

    def test_a_task_that_becomes_a_service(self):
        found = planned(document(schedule=None, type=None), settled(document()))
        assert kinds(found) == [DELETE, DELETE_GROUP, FORGET, 'ecs:CreateService']

    def test_a_service_that_is_destroyed(self):
        observed = settled(document())
        gone = replace(observed, families={'staging-report': (observed.newest['staging-report'],)})
        found = planned(example(), gone, destroyed={'report'})
        assert kinds(found) == [DELETE, DELETE_GROUP, DEREGISTER]
        assert found.steps[1].id in found.steps[2].depends_on
        assert row(found) == ('destroy', set())

    def test_a_group_with_other_schedules_stays(self):
        observed = replace(settled(document()), schedule_groups={'nysa-staging': frozenset({'report', 'by-hand'})})
        assert kinds(planned(document(schedule=None), observed))[:2] == [DELETE, FORGET]

    def test_of_two_schedules_the_group_goes_with_the_last(self):
        both = document()
        both['services'].append({'cleanup': {**REPORT, 'image': 'registry/cleanup:1'}})
        observed = settled(both)
        none = copy.deepcopy(both)
        for name in ('report', 'cleanup'):
            del service_in(none, name)['schedule']
        found = planned(none, observed)
        assert kinds(found).count(DELETE) == 2
        [group] = [step for step in found.steps if step.kind == DELETE_GROUP]
        assert set(group.depends_on) == {step.id for step in found.steps if step.kind == DELETE}
        one = copy.deepcopy(both)
        del service_in(one, 'report')['schedule']
        assert DELETE_GROUP not in kinds(planned(one, observed))

    def test_what_a_killed_pass_left_is_finished(self):
        observed = replace(settled(document()), schedules={}, schedule_groups={'nysa-staging': frozenset()})
        assert kinds(planned(document(schedule=None), observed))[:2] == [DELETE_GROUP, FORGET]
        observed = replace(observed, schedule_groups={})
        assert kinds(planned(document(schedule=None), observed))[:1] == [FORGET]

    def test_a_blocked_service_keeps_its_schedule_and_the_group(self):
        both = document()
        both['services'].append({'cleanup': {**REPORT, 'image': 'registry/cleanup:1'}})
        after = copy.deepcopy(both)
        del service_in(after, 'report')['schedule']
        service_in(after, 'cleanup')['schedule'] = {'cron': 'never'}
        assert kinds(planned(after, settled(both)))[:2] == [DELETE, FORGET]

    def test_steps_are_in_the_order_of_their_dependencies(self):
        for after in (document(schedule=None), document(schedule=None, type=None), document(image='registry/report:2')):
            known: set[str] = set()
            for step in planned(after, settled(document())).steps:
                assert set(step.depends_on) <= known
                known.add(step.id)


class TestOthers:
    def seen(self, **members: Any) -> Observed:
        observed = settled(document())
        return replace(observed, schedules={PLACE: {**observed.schedules[PLACE], **members}})

    def test_a_schedule_in_the_group_that_nysa_did_not_create_blocks_the_service(self):
        found = planned(document(), self.seen(Description='by hand'))
        assert found.is_empty
        assert 'was not created by Nysa' in found.notes[0].text

    def test_it_is_left_when_the_service_goes(self):
        observed = self.seen(Description='by hand')
        gone = replace(observed, families={'staging-report': (observed.newest['staging-report'],)})
        found = planned(example(), gone, destroyed={'report'})
        assert kinds(found) == [DEREGISTER]
        assert found.notes[0].text == f'The schedule {PLACE} was not created by Nysa and is left unchanged.'

    def test_a_named_schedule_is_taken_over(self):
        named = document(schedule=scheduled(name='default/nightly'))
        schedules = {'default/nightly': {**settled(document()).schedules[PLACE], 'Description': 'by hand'}}
        found = planned(named, replace(settled(example()), schedules=schedules))
        assert kinds(found) == [REGISTER, UPDATE]
        assert Change('schedule.Description', 'by hand', found.steps[1].arguments['Description']) in found.steps[1].why
        assert planned(named, settled(named)).is_empty

    def test_a_named_schedule_that_does_not_exist_blocks_the_service(self):
        found = planned(document(schedule=scheduled(name='default/nightly')), settled(example()))
        assert found.is_empty
        assert 'There is no schedule default/nightly' in found.notes[0].text

    def test_another_name_deletes_the_former_schedule_first(self):
        observed = self.seen()
        moved = {**observed.schedules[PLACE], 'Description': 'by hand'}
        found = planned(
            document(schedule=scheduled(name='default/nightly')),
            replace(observed, schedules={**observed.schedules, 'default/nightly': moved}),
        )
        assert kinds(found) == [DELETE, DELETE_GROUP, FORGET, NOTE, UPDATE]

    def test_members_that_no_field_states_are_removed(self):
        observed = settled(document())
        target = {**observed.schedules[PLACE]['Target'], 'Input': '{"containerOverrides": []}'}
        found = planned(document(), self.seen(Target=target))
        assert kinds(found) == [UPDATE]
        assert row(found) == ('update', {'schedule.Input'})

    def test_a_schedule_that_cannot_be_read_blocks_its_service_alone(self):
        observed = replace(settled(document()), schedules={}, unknown_schedules={PLACE: 'not allowed'})
        found = planned(document(), observed)
        assert found.is_empty
        assert [(note.service, note.blocks) for note in found.notes] == [('report', True)]

    def test_a_service_of_that_name_is_deleted_once_the_schedule_exists(self):
        before = document(schedule=None, type=None)
        found = planned(document(), settled(before))
        assert kinds(found)[:3] == [GROUP, NOTE, CREATE]
        assert 'ecs:DeleteService' in kinds(found)
        assert row(found)[0] == 'replace'


def test_pruning_destroys_what_no_service_has():
    observed = settled(document())
    wanted = {name for item in example()['services'] for name in item}
    assert going(wanted, observed, prune=True) == ['report']


def test_names_within_the_limits_of_aws():
    assert own_group('staging') == 'nysa-staging'
    assert own_place('staging', 'report') == 'nysa-staging/report'
    long = own_place('c' * 255, 's' * 255)
    assert [len(part) for part in long.split('/')] == [64, 64]
    assert own_place('c' * 255, 's' * 254) != long


def test_owners_by_description():
    owner = names.Owner('staging', 'report')
    assert names.described_owner(owner.description) == owner
    assert names.described_owner('Service a of the ECS cluster b, made by hand') is None
