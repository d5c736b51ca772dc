"""Waves and cycles of a dependency graph."""

import random

from stack.stackfile.waves import closure, cycles, waves


def test_each_name_is_in_the_first_wave_after_what_it_needs():
    needs = {'web': ['api'], 'api': ['database', 'cache'], 'database': [], 'cache': [], 'docs': ['nothing-known']}
    assert waves(needs) == [['database', 'cache', 'docs'], ['api'], ['web']]
    assert cycles(needs) == []


def test_a_cycle_is_found_from_its_first_name_and_not_by_those_that_only_need_it():
    needs = {'above': ['b'], 'a': ['c'], 'b': ['a'], 'c': ['b'], 'free': []}
    assert waves(needs) == [['free']]
    assert cycles(needs) == [('a', 'c', 'b')]


def test_every_separate_cycle_is_found():
    needs = {'a': ['b'], 'b': ['a'], 'c': ['d'], 'd': ['c'], 'self': ['self']}
    assert cycles(needs) == [('a', 'b'), ('c', 'd'), ('self',)]


def test_the_closure_has_what_is_needed_through_others():
    needs = {'web': ['api'], 'api': ['database'], 'database': ['elsewhere'], 'docs': []}
    assert closure(needs)['web'] == {'api', 'database'}
    assert closure(needs)['docs'] == frozenset()


def test_waves_of_random_graphs():
    for seed in range(200):
        chance = random.Random(seed)
        names = [f's{i}' for i in range(chance.randint(1, 12))]
        needs = {name: chance.sample(names[:place], chance.randint(0, place)) for place, name in enumerate(names)}
        chance.shuffle(names)
        needs = {name: needs[name] for name in names}
        found = waves(needs)
        at = {name: place for place, wave in enumerate(found) for name in wave}
        assert sorted(at) == sorted(names)
        for name in names:
            assert at[name] == max((at[need] + 1 for need in needs[name]), default=0)
            assert closure(needs)[name] >= set(needs[name])
        assert cycles(needs) == []
