"""Load balancers and target groups that are succeeded: what serves goes on until its successor does."""

import copy
from dataclasses import replace

import pytest

from stack.reconcile import names
from stack.reconcile.handover import GRACE_S
from stack.reconcile.observed import Observed
from stack.reconcile.observed_balancers import Listener
from stack.reconcile.observed_names import Record
from stack.reconcile.plan import Plan, ResultOf
from stack.reconcile.planner import plan
from tests.unit.stack.reconcile.settled import CLUSTER, REVISION, example, service_in, settled

UPDATE = 'ecs:UpdateService'
RECORD = 'route53:ChangeResourceRecordSets'
NOW = 1_700_000_000.0
OWNER = names.Owner(CLUSTER, 'web')
OLD, NEW = 'arn:lb/staging-web-lb', 'arn:lb/staging-web-l2'


def planned(document: dict, observed: Observed) -> Plan:
    return plan(document, observed, revision=REVISION)


def private() -> dict:
    document = copy.deepcopy(example())
    service_in(document, 'web')['elb']['type'] = 'private'
    return document


def step(found: Plan, id: str):
    return next(each for each in found.steps if each.id == id)


def succeeded(*, at: float = NOW, left: float | None = None, record: str = 'staging-web-l2') -> Observed:
    """The example whose load balancer has a private successor, the service attached to both."""
    before, after = settled(example()), settled(private())
    successor = replace(
        after.load_balancers[0],
        arn=NEW,
        name='staging-web-l2',
        dns_name='staging-web-l2.elb.amazonaws.com',
        listeners=(
            Listener(f'{NEW}/listener', 443, 'HTTPS', after.load_balancers[0].listeners[0].certificates, 'arn:tg/2'),
        ),
    )
    group = replace(after.target_groups[0], arn='arn:tg/2', name='staging-web-l2', load_balancers=(NEW,))
    old = before.load_balancers[0]
    if left is not None:
        old = replace(old, tags={**old.tags, names.LEFT_TAG: str(int(left))})
    web = before.services['web']
    attached = (*web.load_balancers, {**web.load_balancers[0], 'targetGroupArn': 'arn:tg/2'})
    alias = {'HostedZoneId': 'ZELB', 'DNSName': f'{record}.elb.amazonaws.com.'}
    return replace(
        before,
        at=at,
        load_balancers=(old, successor),
        target_groups=(*before.target_groups, group),
        services={**before.services, 'web': replace(web, load_balancers=attached)},
        records=(Record.read('Z1', {'Name': 'staging.example.com.', 'Type': 'A', 'AliasTarget': alias}),),
    )


def test_what_serves_is_deleted_by_no_step_and_the_record_moves_once_the_successor_serves():
    found = planned(private(), replace(settled(example()), at=NOW))
    assert not [each for each in found.steps if 'Delete' in each.kind]
    update = step(found, 'web/service')
    attached = [each['targetGroupArn'] for each in update.arguments['loadBalancers']]
    assert attached == ['arn:tg/staging-web-lb', ResultOf('web/target-group', 'TargetGroups.0.TargetGroupArn')]
    assert step(found, 'web/target-group/serves').depends_on[0] == 'web/service'
    assert step(found, 'web/record').depends_on[0] == 'web/target-group/serves'
    mark = step(found, f'web/load-balancer/leave/{OLD}')
    assert 'web/record' in mark.depends_on
    assert mark.arguments['Tags'] == [{'Key': names.LEFT_TAG, 'Value': str(int(NOW))}]


def test_a_pass_that_was_killed_before_the_record_moved_goes_on_there():
    found = planned(private(), succeeded(record='staging-web-lb'))
    assert [each.kind for each in found.steps] == ['elbv2:DescribeTargetHealth', RECORD, 'elbv2:AddTags']


def test_the_predecessor_stays_for_as_long_as_clients_keep_its_address():
    found = planned(private(), succeeded(left=NOW - GRACE_S + 1))
    assert found.is_empty
    assert 'a later pass deletes it' in found.notes[0].text


def test_the_predecessor_goes_after_that():
    found = planned(private(), succeeded(left=NOW - GRACE_S))
    assert [each.kind for each in found.steps] == [
        UPDATE,
        'ecs:DescribeServices',
        'elbv2:DeleteListener',
        'elbv2:DeleteLoadBalancer',
        'elbv2:DeleteTargetGroup',
    ]
    assert [each['targetGroupArn'] for each in found.steps[0].arguments['loadBalancers']] == ['arn:tg/2']


def test_the_predecessor_serves_again_where_the_change_is_reverted():
    found = planned(example(), succeeded(left=NOW - 1))
    assert [each.kind for each in found.steps] == [
        'elbv2:RemoveTags',
        'elbv2:DescribeTargetHealth',
        RECORD,
        'elbv2:AddTags',
    ]
    assert step(found, f'web/load-balancer/leave/{NEW}')


def test_a_load_balancer_without_running_tasks_has_nothing_to_wait_for():
    observed = settled(example())
    idle = replace(observed.services['web'], running_count=0)
    found = planned(private(), replace(observed, services={**observed.services, 'web': idle}))
    assert 'elbv2:DescribeTargetHealth' not in [each.kind for each in found.steps]


def test_one_that_was_made_for_the_same_already_is_not_made_again():
    observed = settled(example())
    made = replace(
        observed.load_balancers[0],
        tags={**observed.load_balancers[0].tags, names.MADE_FOR_TAG: 'internal/vpc-1'},
    )
    found = planned(private(), replace(observed, load_balancers=(made,)))
    assert found.is_empty
    assert 'not replaced a second time' in found.notes[0].text


@pytest.mark.parametrize('name', ['staging-web-lb', 'staging-web-api-lb', 'a' * 29 + '-lb'])
def test_successors_have_names_of_their_own_and_are_traced_back(name: str):
    several = list(names.successive(name))
    assert len(set(several)) == 9
    assert {len(each) for each in several} == {len(name)}
    assert {names.first_of(each) for each in several} == {name}
    assert names.unused(name, several[:3]) == several[3]
    assert names.unused(name, several) is None


class TestTargetGroup:
    def observed(self) -> Observed:
        """The example with a target group that cannot serve: of another target type."""
        observed = settled(example())
        unfit = replace(observed.target_groups[0], target_type='ip')
        return replace(observed, target_groups=(unfit,))

    def test_the_listener_is_switched_once_the_new_one_serves(self):
        found = planned(example(), self.observed())
        assert [each.kind for each in found.steps] == [
            'elbv2:CreateTargetGroup',
            'elbv2:ModifyListener',
            UPDATE,
            'elbv2:DescribeTargetHealth',
            'elbv2:ModifyListener',
            'ecs:DescribeServices',
            'elbv2:DeleteTargetGroup',
        ]
        weights = found.steps[1].arguments['DefaultActions'][0]['ForwardConfig']['TargetGroups']
        assert [each['Weight'] for each in weights] == [1, 0]
        assert 'web/target-group/serves' in step(found, 'web/listener').depends_on
        gone = step(found, 'web/target-group/delete/arn:tg/staging-web-lb')
        assert {'web/listener', 'web/service/rolled-out'} <= {*gone.depends_on}

    def test_a_pass_that_was_killed_in_between_goes_on_there(self):
        observed = self.observed()
        group = replace(
            settled(example()).target_groups[0], arn='arn:tg/2', name='staging-web-l2', load_balancers=(OLD,)
        )
        balancer = observed.load_balancers[0]
        listener = replace(balancer.listeners[0], idle=frozenset({'arn:tg/2'}))
        found = planned(
            example(),
            replace(
                observed,
                load_balancers=(replace(balancer, listeners=(listener,)),),
                target_groups=(*observed.target_groups, group),
            ),
        )
        assert [each.kind for each in found.steps][:3] == [UPDATE, 'elbv2:DescribeTargetHealth', 'elbv2:ModifyListener']


class TestVpc:
    SUBNETS = dict.fromkeys(('subnet-a', 'subnet-b', 'subnet-c', 'subnet-d'), 'vpc-1')

    def wrong(self) -> dict:
        document = copy.deepcopy(example())
        document['vpc']['id'] = 'vpc-wrong'
        return document

    @pytest.mark.parametrize('subnets', [None, SUBNETS])
    def test_a_wrong_id_replaces_nothing(self, subnets: dict | None):
        assert planned(self.wrong(), replace(settled(example()), subnets=subnets)).is_empty

    def test_a_wrong_id_is_noted(self):
        found = planned(self.wrong(), replace(settled(example()), subnets=self.SUBNETS))
        assert 'vpc.id is vpc-wrong, but the subnets are in vpc-1' in found.notes[0].text

    def test_what_is_made_is_made_in_the_vpc_of_the_subnets(self):
        found = planned(self.wrong(), Observed(CLUSTER, subnets=self.SUBNETS))
        assert step(found, 'web/target-group').arguments['VpcId'] == 'vpc-1'
        assert step(found, '/namespace').arguments['Vpc'] == 'vpc-1'

    def test_subnets_that_do_not_exist_block_what_would_be_in_them(self):
        known = {name: vpc for name, vpc in self.SUBNETS.items() if name != 'subnet-b'}
        found = planned(example(), Observed(CLUSTER, subnets=known))
        assert not [each for each in found.steps if each.service == 'web']
        assert 'EC2 has no subnet subnet-b' in next(each.text for each in found.notes if each.service == 'web')

    def test_subnets_in_several_vpcs_block_what_would_be_in_them(self):
        found = planned(example(), Observed(CLUSTER, subnets={**self.SUBNETS, 'subnet-d': 'vpc-2'}))
        assert not [each for each in found.steps if each.service == 'users']
        assert 'several VPCs: vpc-1, vpc-2' in next(each.text for each in found.notes if each.service == 'users')


class TestService:
    def daemon(self) -> dict:
        document = copy.deepcopy(example())
        service_in(document, 'mailer').update(scheduling_strategy='DAEMON', image='registry/mailer:2')
        return document

    def test_it_is_deleted_after_all_that_its_successor_needs_is_made(self):
        found = planned(self.daemon(), settled(example()))
        assert 'mailer/task-definition' in step(found, 'mailer/service/scale-to-0').depends_on
        assert 'mailer/task-definition' in step(found, 'mailer/service/delete').depends_on

    def test_the_same_replacement_twice_in_a_row_is_blocked(self):
        observed = settled(example())
        made = step(planned(self.daemon(), observed), 'mailer/service').arguments['tags']
        mailer = replace(observed.services['mailer'], tags=names.read_tags(made))
        found = planned(self.daemon(), replace(observed, services={**observed.services, 'mailer': mailer}))
        assert found.is_empty
        assert 'not replaced again' in found.notes[0].text


class TestTaskDefinition:
    def test_one_that_ecs_changed_on_registration_is_not_registered_at_every_pass(self):
        document = copy.deepcopy(example())
        service_in(document, 'mailer')['image'] = 'registry/mailer:2'
        observed = settled(example())
        made = step(planned(document, observed), 'mailer/task-definition').arguments
        mailer = observed.services['mailer']
        before = observed.definitions[mailer.task_definition]
        changed = {**made, 'containerDefinitions': [{**made['containerDefinitions'][0], 'interactive': True}]}
        registered = replace(before, body={**before.body, **changed}, tags=names.read_tags(made['tags']))
        assert planned(
            document, replace(observed, definitions={**observed.definitions, before.arn: registered})
        ).is_empty
