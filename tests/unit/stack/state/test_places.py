"""The address of a cluster by what this process knows of it."""

import json
from datetime import UTC, datetime
from typing import Any

from stack.configuration.accounts import HOME, Account, AccountTable, Address, Place
from stack.errors import NotFound
from stack.runtime.observers import Observers
from stack.state.places import Places
from stack.state.revisions import Revision
from tests.asynchronous import asynchronous

ID = '111111111111'
TABLE = AccountTable((Account('prod', f'arn:aws:iam::{ID}:role/nysa', ('prod-*',)),), 'us-east-1')


class Known:
    def __init__(self, documents: dict[str, Any]):
        self.revisions: dict[str, Revision] = {}
        self.seen: Observers[[Revision]] = Observers()
        self._documents = documents

    def known(self, cluster: str) -> Revision | None:
        return self.revisions.get(cluster)

    async def read(self, cluster: str) -> Revision:
        self.see()
        if cluster not in self.revisions:
            raise NotFound(cluster)
        return self.revisions[cluster]

    def see(self) -> None:
        for cluster, document in self._documents.items():
            body = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.revisions[cluster] = Revision(cluster, '"e"', None, body, datetime.now(UTC))
            self.seen.notify(self.revisions[cluster])


def knowing(documents: dict[str, Any]) -> tuple[Places, Known]:
    known = Known(documents)
    places = Places(TABLE, known)
    known.see()
    return places, known


def test_an_event_belongs_to_a_cluster_of_its_account_and_region():
    places, _ = knowing({'eu': {'region': 'eu-west-1'}})
    assert places.cluster_at('prod-a', ID, 'us-east-1') == 'prod-a'
    assert places.cluster_at('prod-a', ID, 'eu-west-1') is None
    assert places.cluster_at('prod-a', '222222222222', 'us-east-1') is None
    assert places.cluster_at('other', '222222222222', 'us-east-1') == 'other'
    assert places.cluster_at('other', ID, 'us-east-1') is None
    assert places.cluster_at('eu', '222222222222', 'eu-west-1') == 'eu'
    assert places.known('eu') == Place(HOME, 'eu-west-1')


def test_an_event_belongs_to_the_cluster_that_names_its_ecs_cluster():
    places, known = knowing(
        {
            'prod-default': {'ecs_cluster': 'default', 'services': []},
            'staging-default': {'ecs_cluster': 'default', 'services': []},
            # Two clusters may have the names of each other.
            'one': {'ecs_cluster': 'two', 'services': []},
            'two': {'ecs_cluster': 'one', 'services': []},
            'torn': b'{"ecs_cluster": ',
            'odd': {'ecs_cluster': 7, 'services': []},
        }
    )
    assert places.cluster_at('default', ID, 'us-east-1') == 'prod-default'
    assert places.cluster_at('default', '222222222222', 'us-east-1') == 'staging-default'
    assert places.cluster_at('prod-default', ID, 'us-east-1') is None
    assert places.cluster_at('one', '222222222222', 'us-east-1') == 'two'
    assert places.cluster_at('two', '222222222222', 'us-east-1') == 'one'
    assert places.cluster_at('odd', '222222222222', 'us-east-1') == 'odd'
    # A cluster that is no longer managed has no events.
    del known.revisions['prod-default']
    assert places.cluster_at('default', ID, 'us-east-1') is None


def test_a_document_that_the_setting_does_not_allow_has_no_place():
    places, _ = knowing({'other': {'account': 'prod'}})
    assert places.cluster_at('other', ID, 'us-east-1') is None
    assert places.region('other', {'account': 'prod'}) is None
    assert places.known('other') == Place(HOME, 'us-east-1')
    assert places.region('other', {}) == 'us-east-1'
    assert places.planned('prod-a', {}) == Address(Place('prod', 'us-east-1'), 'prod-a')
    stated = {'account': HOME, 'ecs_cluster': 'default'}
    assert places.planned('other', stated) == Address(Place(HOME, 'us-east-1'), 'default')


def test_an_event_of_an_account_that_is_not_in_the_setting_belongs_to_no_cluster():
    places, _ = knowing({'other': {'services': []}})
    places.home_id = '222222222222'
    assert places.cluster_at('other', '222222222222', 'us-east-1') == 'other'
    assert places.cluster_at('other', '333333333333', 'us-east-1') is None
    assert places.cluster_at('prod-a', '222222222222', 'us-east-1') is None
    # As lists of ECS clusters name the own account.
    assert places.cluster_at('other', HOME, 'us-east-1') == 'other'


def test_the_own_account_may_be_in_the_setting_as_well():
    places, _ = knowing({'other': {'services': []}})
    places.home_id = ID
    assert places.cluster_at('other', ID, 'us-east-1') == 'other'
    assert places.cluster_at('prod-a', ID, 'us-east-1') == 'prod-a'


@asynchronous
async def test_the_place_of_a_cluster_that_is_not_known_is_read():
    known = Known({'eu': {'region': 'eu-west-1'}})
    places = Places(TABLE, known)
    assert places.known('eu') == Place(HOME, 'us-east-1')
    assert await places.found('missing') == Place(HOME, 'us-east-1')
    assert await places.found('eu') == Place(HOME, 'eu-west-1')
