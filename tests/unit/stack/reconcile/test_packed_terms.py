"""Terms of AWS as bytes."""

import copy
import pickle
from typing import Any

import pytest

from stack.reconcile.packed_terms import UNPACKED, PackedTerms
from stack.stackfile.main_container import main_first
from stack.stackfile.restarts import LABEL, settled

TERMS: dict[str, Any] = {'family': 'prod-web', 'containerDefinitions': [{'name': 'web', 'image': 'web:1'}], 'cpu': None}


def test_packed_terms_read_as_the_terms_do():
    packed = PackedTerms(TERMS)
    assert dict(packed) == TERMS
    assert (len(packed), list(packed), packed.get('none', 1), 'cpu' in packed) == (3, list(TERMS), 1, True)
    with pytest.raises(KeyError):
        packed['none']


def test_they_are_equal_to_equal_terms():
    packed = PackedTerms(TERMS)
    assert packed == PackedTerms(copy.deepcopy(TERMS))
    assert packed == TERMS
    plain: Any = TERMS
    assert plain.__eq__(packed) is NotImplemented, 'so that the packed terms are asked'
    assert packed != PackedTerms({**TERMS, 'cpu': '256'})
    assert packed != list(TERMS)


def test_the_text_of_a_key_need_not_be_one_object():
    """Equal terms may have different bytes."""
    once, twice = ''.join(['im', 'age']), ''.join(['im', 'age'])
    one, other = {'image': once, 'other': once}, {'image': once, 'other': twice}
    assert pickle.dumps(one) != pickle.dumps(other)
    assert PackedTerms(one) == PackedTerms(other)


class Forgetful(dict):
    """Terms of which each read gives other objects, as those of packed ones may."""

    def get(self, *arguments: Any) -> Any:
        return copy.deepcopy(super().get(*arguments))


def test_what_compares_the_identity_of_parts_reads_them_once():
    containers = [{'name': 'side', 'image': 'side:1'}, {'name': 'web', 'image': 'web:1'}]
    forgetful = Forgetful(TERMS, containerDefinitions=containers)
    assert [each['name'] for each in main_first(forgetful, 'web')['containerDefinitions']] == ['web', 'side']
    restarted = {**TERMS, 'containerDefinitions': [{**containers[1], 'dockerLabels': {LABEL: '2026-03-01T00:00:00Z'}}]}
    before = {**restarted, 'containerDefinitions': [{**containers[1], 'dockerLabels': {LABEL: '2026-04-01T00:00:00Z'}}]}
    found = settled(Forgetful(before), Forgetful(restarted))
    assert found['containerDefinitions'][0]['dockerLabels'] == {LABEL: '2026-03-01T00:00:00Z'}


def test_a_few_stay_unpacked():
    packed = [PackedTerms({'number': number, 'part': {}}) for number in range(UNPACKED)]
    first = packed[0]['part']
    assert packed[0]['part'] is first
