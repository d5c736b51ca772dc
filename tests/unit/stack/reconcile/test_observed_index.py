"""The index of observed parts, and that a plan's work grows no faster than its services."""

from typing import Any

import pytest

from stack.reconcile.names import Owner, successive
from stack.reconcile.observed import Observed
from stack.reconcile.observed_balancers import Listener, LoadBalancer, Rule, TargetGroup
from stack.reconcile.observed_index import ObservedIndex
from stack.reconcile.observed_names import Record, Registry
from stack.reconcile.planner import plan
from tests.unit.stack.reconcile.settled import REVISION, example, service_in, settled

WEB, API = Owner('prod', 'web'), Owner('prod', 'api')


def balancer(name: str, owner: Owner | None = None, *listeners: Listener) -> LoadBalancer:
    tags = owner.tags if owner else {}
    return LoadBalancer(
        f'arn:{name}', name, f'{name}.dns', 'Z', 'internal', 'vpc', 'application', listeners=listeners, tags=tags
    )


def group(name: str, owner: Owner | None = None) -> TargetGroup:
    return TargetGroup(f'arn:{name}', name, 'HTTP', 'vpc', 'ip', tags=owner.tags if owner else {})


def index(*balancers: LoadBalancer, groups: tuple = (), registries: tuple = (), records: tuple = ()) -> ObservedIndex:
    return ObservedIndex(balancers, groups, registries, records)


def test_parts_by_owner():
    rules = Rule('arn:r1', 1, tags=WEB.tags), Rule('arn:r2', 2, tags=API.tags), Rule('arn:r3', 3)
    entry = Registry('srv', 'arn:srv', 'web', 'ns', tags=WEB.tags)
    found = index(
        balancer('web-lb', WEB, Listener('arn:l', 80, 'HTTP', rules=rules)),
        balancer('other'),
        groups=(group('web', WEB), group('api', API)),
        registries=(entry,),
    )
    assert [part.name for part in found.load_balancers_of(WEB)] == ['web-lb']
    assert [part.name for part in found.target_groups_of(API)] == ['api']
    assert (found.registries_of(WEB), found.registries_of(API)) == ([entry], ())
    assert [rule.arn for rule in found.rules_of(API)] == ['arn:r2']
    assert found.load_balancers_of(Owner('prod', 'gone')) == ()


def test_of_several_with_one_name_the_first_counts():
    entries = Registry('srv-1', 'arn:1', 'web', 'ns'), Registry('srv-2', 'arn:2', 'web', 'ns')
    records = Record('Z', 'web.example', 'A'), Record('Z', 'web.example', 'A', {'DNSName': 'other'})
    found = index(registries=entries, records=records)
    assert found.named_registries['ns', 'web'] is entries[0]
    assert found.records['Z', 'web.example', 'A'] is records[0]


def test_target_groups_by_arn_or_name_come_in_the_order_of_the_listing():
    groups = group('prod-web-l2'), group('other'), group('prod-web-lb'), group('named')
    found = index(groups=groups).some_target_groups({'arn:named', 'arn:gone', None}, successive('prod-web-lb'))
    assert [each.name for each in found] == ['prod-web-l2', 'prod-web-lb', 'named']


def test_the_load_balancers_that_lead_to_a_target_group():
    rule = Rule('arn:r', 1, forwards={'arn:api': 1})
    found = index(balancer('one', None, Listener('arn:l', 80, 'HTTP', target_group='arn:web', rules=(rule,))))
    assert found.leading == {'arn:web': {'arn:one'}, 'arn:api': {'arn:one'}}


class CountedTags(dict):
    """Tags that count how often their owner is asked for."""

    reads = 0

    def get(self, *arguments: Any) -> Any:
        CountedTags.reads += 1
        return super().get(*arguments)


def reads_of_a_plan(services: int) -> int:
    """How often a plan asks for owners, where each service has a load balancer and an entry in Cloud Map."""
    document = example()
    web = service_in(document, 'web')
    dns = {'hosted_zone_id': 'Z1'}
    document['services'] = [
        {
            f's{n}': {
                **web,
                'elb': {**web['elb'], 'dns': {**dns, 'record_name': f's{n}.example.com'}},
                'dns_discovery': {'name': f's{n}'},
            }
        }
        for n in range(services)
    ]
    observed = settled(document)
    for part in (*observed.load_balancers, *observed.target_groups, *observed.registries):
        object.__setattr__(part, 'tags', CountedTags(part.tags))
    CountedTags.reads = 0
    assert plan(document, observed, revision=REVISION).is_empty
    return CountedTags.reads


def test_a_plan_of_many_services_asks_for_owners_in_proportion():
    few, many = reads_of_a_plan(10), reads_of_a_plan(40)
    assert few <= many <= 5 * few


@pytest.mark.parametrize('part', ['load_balancers', 'target_groups', 'registries', 'records'])
def test_an_observed_state_with_other_parts_has_another_index(part: str):
    empty = Observed('prod')
    assert empty.index is empty.index
    assert Observed('prod', **{part: ()}).index is not empty.index
