"""What a desired state may name as its account, region and ECS cluster."""

import pytest

from stack.changes.placing import check_place
from stack.configuration.accounts import Account, AccountTable
from stack.errors import InvalidStackfile

ROLE = 'arn:aws:iam::111111111111:role/nysa'
TABLE = AccountTable((Account('prod', ROLE, ('prod-*',)), Account('all', ROLE, ('prod-us',))), 'us-east-1')


def test_what_the_setting_gives_is_allowed():
    for document in ({}, {'account': 'prod'}, {'account': 'all', 'region': 'us-west-2'}):
        check_place(TABLE, 'prod-us', None, document)
        check_place(TABLE, 'prod-us', document, {**document, 'services': []})
    check_place(TABLE, 'prod-us', {}, {'account': 'prod', 'region': 'us-east-1', 'ecs_cluster': 'prod-us'})
    check_place(TABLE, 'prod-us', {'ecs_cluster': 'us'}, {'ecs_cluster': 'us', 'services': []})


@pytest.mark.parametrize(
    ('before', 'after', 'path'),
    [
        (None, {'account': 'home'}, 'account'),
        ({}, {'account': 'home'}, 'account'),
        ({}, {'account': 'all'}, 'account'),
        ({'account': 'all'}, {}, 'account'),
        ({}, {'region': 'eu-west-1'}, 'region'),
        ({'region': 'eu-west-1'}, {}, 'region'),
        ({}, {'ecs_cluster': 'default'}, 'ecs_cluster'),
        ({'ecs_cluster': 'default'}, {'ecs_cluster': 'other'}, 'ecs_cluster'),
        ({'ecs_cluster': 'default'}, {}, 'ecs_cluster'),
        ({'ecs_cluster': 'default'}, {'region': 'eu-west-1'}, 'region'),
    ],
)
def test_another_place_is_refused(before, after, path):
    with pytest.raises(InvalidStackfile, match='Nothing was changed') as refused:
        check_place(TABLE, 'prod-us', before, after)
    assert [detail['path'] for detail in refused.value.details()] == [path]


def test_what_was_stored_before_the_setting_changed_is_no_reason_to_refuse_another_edit():
    check_place(TABLE, 'prod-eu', {'account': 'gone', 'services': []}, {'account': 'gone', 'services': [{}]})
    check_place(TABLE, 'prod-eu', {'account': 'gone'}, {'account': 'prod'})
