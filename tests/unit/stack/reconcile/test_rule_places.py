"""Places of rules: which existing rule becomes which wanted one, and their priorities."""

from dataclasses import replace

from stack.reconcile.conditions import as_arguments, parked, wanted_conditions
from stack.reconcile.names import Owner
from stack.reconcile.observed_balancers import Rule
from stack.reconcile.rule_places import Claim, Place, Places, WantedRule, assign
from stack.stackfile.rule_fields import ElbRule

API, WEB = Owner('prod', 'api'), Owner('prod', 'web')


def wanted(path: str, priority: int | None = None) -> WantedRule:
    return WantedRule(wanted_conditions(ElbRule(path=(path,))), priority)


def rule(path: str, priority: int, owner: Owner | None = API, group: str = 'g') -> Rule:
    conditions = tuple(as_arguments(wanted(path).conditions))
    return Rule(f'arn:{path}', priority, conditions, {group: 1}, tags=owner.tags if owner else {})


def places(found: Places, owner: Owner = API) -> list[tuple[str | None, int]]:
    return [(place.there.arn if place.there else None, place.priority) for place in found.of[owner, '']]


def claim(*rules: WantedRule, owner: Owner = API, groups: frozenset[str] = frozenset()) -> Claim:
    return Claim(owner, '', rules, groups)


def test_more_particular_rules_get_lower_numbers():
    several = WantedRule(wanted_conditions(ElbRule(path=('/a',), host=('a.example.com',))))
    found = assign([claim(wanted('/*'), wanted('/api/*'), several)], [])
    everything, api, host = (place.priority for place in found.of[API, ''])
    assert host < api < everything


def test_priorities_are_unique_and_those_of_existing_rules_are_kept():
    there = [rule('/a', 17), rule('/x', 39_900, WEB)]
    found = assign([claim(wanted('/a'), wanted('/b'))], there)
    [(first, kept), (second, priority)] = places(found)
    assert (first, kept, second) == ('arn:/a', 17, None)
    assert priority not in (17, 39_900)
    assert found.moves == {}


def test_changed_conditions_change_the_rule_in_place():
    found = assign([claim(wanted('/b'), wanted('/a'))], [rule('/a', 17), rule('/old', 18)])
    assert places(found) == [('arn:/old', 18), ('arn:/a', 17)]


def test_a_parked_rule_is_that_of_its_conditions():
    conditions = tuple(as_arguments(parked(wanted('/b').conditions)))
    found = assign([claim(wanted('/a'), wanted('/b'))], [replace(rule('/p', 17), conditions=conditions)])
    assert places(found)[1] == ('arn:/p', 17)


def test_stated_priorities_swap_in_one_call():
    there = [rule('/a', 1), rule('/b', 2, WEB)]
    found = assign([claim(wanted('/a', 2)), claim(wanted('/b', 1), owner=WEB)], there)
    assert found.moves == {'arn:/a': 2, 'arn:/b': 1}
    assert found.conflicts == {}


def test_a_chosen_priority_gives_way_to_a_stated_one():
    found = assign([claim(wanted('/a')), claim(wanted('/b', 1), owner=WEB)], [rule('/a', 1)])
    [(arn, priority)] = places(found)
    assert found.moves == {arn: priority}
    assert priority != 1


def test_a_rule_that_goes_gives_way_too():
    found = assign([claim(wanted('/b', 7), owner=WEB)], [rule('/gone', 7)])
    assert found.moves.keys() == {'arn:/gone'}
    assert found.moves['arn:/gone'] != 7


def test_the_priority_of_another_owner_s_rule_is_a_conflict():
    found = assign([claim(wanted('/b', 7))], [rule('/theirs', 7, None)])
    assert 'Priority 7 is that of a rule that Nysa did not create' in found.conflicts[API]
    assert found.moves == {}


def test_an_equal_rule_that_leads_to_the_service_is_taken_over():
    strangers = rule('/a', 7, None)
    assert places(assign([claim(wanted('/a'), groups=frozenset({'g'}))], [strangers])) == [('arn:/a', 7)]
    [(other, _)] = places(assign([claim(wanted('/a'))], [strangers]))
    assert other is None
    assert isinstance(assign([claim(wanted('/a'))], [strangers]).of[API, ''][0], Place)


def test_rules_with_the_same_conditions_keep_their_priorities():
    there = [replace(rule('/a', priority), arn=f'arn:{priority}') for priority in (39_800, 2, 39_801)]
    for wants in ([None, 2, None], [None, None, 2], [2, None, None]):
        found = assign([claim(*(wanted('/a', priority) for priority in wants))], there)
        assert found.moves == {}, wants
