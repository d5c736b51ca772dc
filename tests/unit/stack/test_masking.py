"""What is kept from those who may only look."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stack.masking import MASK, masked

SECRETS = [
    {'services': [{'web': {'environment': [{'DB_PASSWORD': 'hunter2'}]}}]},
    {'services': [{'web': {'environment': {'API_KEY': 'hunter2'}}}]},
    {'services': [{'web': {'environment': ['GITHUB_TOKEN=hunter2']}}]},
    {'services': [{'web': {'environment': [{'URL': 'postgres://app:hunter2@db/app'}]}}]},
    {'services': [{'web': {'environment': ['URL=postgres://app:hunter2@db/app']}}]},
    {'defaults': {'environment': {'PRIVATE_KEY': '-----BEGIN RSA PRIVATE KEY-----\nhunter2'}}},
    {'logging': {'options': {'splunk-token': 'hunter2'}}},
    {'services': [{'web': {'command': ['run', 'PASSWORD=hunter2']}}]},
    {'path': 'environment.DB_PASSWORD', 'before': 'hunter2', 'after': 'hunter2!'},
    {'path': 'environment', 'before': None, 'after': {'DB_PASSWORD': 'hunter2'}},
    {'path': 'environment.URL', 'before': None, 'after': 'https://me:hunter2@example.com'},
    {'services': [{'changes': [{'path': 'defaults.environment.TOKEN', 'after': 'hunter2'}]}]},
    {'log': {'lines': [{'message': 'connects to postgres://app:hunter2@db/app'}]}},
]

HARMLESS = [
    {'services': [{'web': {'environment': [{'LEVEL': 'debug'}, {'TOKEN_TTL': '60'}, {'PASSWORD_MIN': 8}]}}]},
    {'environment': {'TOKEN': '${TOKEN}', 'SECRET': 'true', 'PASSWORD': '', 'KEYS': 12}},
    {'secrets': [{'DB_PASSWORD': 'arn:aws:secretsmanager:us-east-1:1:secret:db'}]},
    {'path': 'secrets.DB_PASSWORD', 'before': None, 'after': 'arn:aws:ssm:us-east-1:1:parameter/db'},
    {'path': 'image', 'before': 'nginx:1', 'after': 'nginx:2'},
    {'image': 'host:5000/team/app:v1@sha256:' + '0' * 64},
]


@pytest.mark.parametrize('content', SECRETS)
def test_secrets_are_masked_wherever_they_stand(content: dict):
    shown = json.dumps(masked(content), ensure_ascii=False)
    assert 'hunter2' not in shown
    assert MASK in shown


@pytest.mark.parametrize('content', HARMLESS)
def test_what_is_no_secret_stays(content: dict):
    assert masked(content) == content


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda each: st.lists(each) | st.dictionaries(st.text(), each),
)


@given(JSON)
def test_anything_can_be_masked_and_is_the_same_when_masked_again(content):
    assert masked(masked(content)) == masked(content)
