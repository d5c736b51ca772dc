"""What is wanted of AWS, worked out for one desired state after the other."""

from copy import deepcopy
from typing import Any

import pytest

from stack.reconcile.wanted import Successive, wanted_services

DOCUMENT = {
    'vpc': {'id': 'vpc-1'},
    'defaults': {'memory': 128},
    'services': [
        {'web': {'image': 'team/web:1', 'environment': [{'DEBUG': 1}]}},
        {'job': {'image': 'team/job:1'}},
    ],
}


def changed(*path: Any, to: Any) -> dict[str, Any]:
    document = deepcopy(DOCUMENT)
    *above, last = path
    place: Any = document
    for key in above:
        place = place[key]
    place[last] = to
    return document


@pytest.mark.parametrize(
    'after',
    [
        DOCUMENT,
        changed('services', 0, 'web', 'image', to='team/web:2'),
        changed('services', 0, 'web', 'environment', 0, 'DEBUG', to=True),
        changed('services', 1, to={'job': {'image': 'team/other:1'}, 'new': {'image': 'team/new:1'}}),
        changed('defaults', 'memory', to=256),
        changed('vpc', to={'id': 'vpc-2', 'subnets': {'private': ['subnet-1']}}),
        changed('services', to=[{'job': {'image': 'a:1'}}, {'job': {'image': 'b:1'}}]),
        changed('services', to=[]),
        None,
    ],
)
def test_it_makes_no_difference_what_was_wanted_before(after: Any):
    successive = Successive('prod', 'us-east-1')
    for document in (DOCUMENT, after, DOCUMENT):
        found = successive.services(document)
        assert (found, list(found)) == ((fresh := wanted_services('prod', document, 'us-east-1')), list(fresh))


def test_unchanged_services_are_not_rendered_again():
    successive = Successive('prod')
    before = successive.services(DOCUMENT)
    after = successive.services(changed('services', 0, 'web', 'image', to='team/web:2'))
    assert after['job'] is before['job']
    assert after['web'].definition['containerDefinitions'][0]['image'] == 'team/web:2'
