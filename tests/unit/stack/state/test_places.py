"""The place of a cluster by what this process knows of it."""

from stack.configuration.accounts import HOME, Account, AccountTable, Place
from stack.state.places import Places

TABLE = AccountTable((Account('prod', 'arn:aws:iam::111111111111:role/nysa', ('prod-*',)),), 'us-east-1')


class Known:
    def __init__(self, **documents):
        self.documents = documents

    def known(self, cluster):
        document = self.documents.get(cluster)
        return type('Known', (), {'document_or_empty': document}) if document else None


def test_an_event_belongs_to_a_cluster_of_its_account_and_region():
    places = Places(TABLE, Known(eu={'region': 'eu-west-1'}))
    assert places.is_at('prod-a', '111111111111', 'us-east-1')
    assert not places.is_at('prod-a', '111111111111', 'eu-west-1')
    assert not places.is_at('prod-a', '222222222222', 'us-east-1')
    assert places.is_at('other', '222222222222', 'us-east-1')
    assert not places.is_at('other', '111111111111', 'us-east-1')
    assert places.is_at('eu', '222222222222', 'eu-west-1')
    assert places.known('eu') == Place(HOME, 'eu-west-1')


def test_a_document_that_the_setting_does_not_allow_has_no_place():
    places = Places(TABLE, Known(other={'account': 'prod'}))
    assert not places.is_at('other', '111111111111', 'us-east-1')
    assert places.region('other', {'account': 'prod'}) is None
    assert places.known('other') == Place(HOME, 'us-east-1')
    assert places.region('other', {}) == 'us-east-1'
    assert places.planned('prod-a', {}) == Place('prod', 'us-east-1')
    assert places.planned('other', {'account': HOME}) == Place(HOME, 'us-east-1')
