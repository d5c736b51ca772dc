"""The tags of a resource that has none but those of its owner."""

import sys

from stack.reconcile.names import Owner, owner
from stack.reconcile.owner_tags import OwnerTags


def test_they_are_those_of_the_owner():
    for given in (Owner('prod', 'web'), Owner('prod')):
        tags = OwnerTags(given)
        assert tags == given.tags == dict(tags)
        assert len(tags) == len(given.tags)
        assert owner(tags) == given
    assert OwnerTags(Owner('prod', 'web')) != OwnerTags(Owner('prod', 'api'))


def test_they_take_a_quarter_of_a_dict():
    given = Owner('prod', 'web')
    assert 3 * sys.getsizeof(OwnerTags(given)) < sys.getsizeof(given.tags)
